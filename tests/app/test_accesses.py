"""Who looked at whom is noted once a minute, in rows of which none can be changed or taken out unnoticed."""

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import create_engine, text

from app.accounts import accesses_at
from app.accounts.accesses import Accesses, Look, Wanted, first_that_is_wrong
from store.errors import Fault
from tests.builders import START, Clock
from tests.store.conftest import as_url

BER, SAO = (Look("m-weber", f"/participants/{site}-001", "web", f"{site}-001", site) for site in ("BER", "SAO"))
A_LIST = Look("r-haas", "/worklist", "web")
EVERYWHERE = Wanted(("BER", "SAO"))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'accounts.db'}"
    return as_url(request.getfixturevalue("postgres"))


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def accesses(address: str, clock: Clock) -> Iterator[Accesses]:
    with accesses_at(address, clock) as kept:
        yield kept


def looks(kept: Accesses, wanted: Wanted = EVERYWHERE) -> list[Look]:
    return [one.look for one in kept.page(wanted, 1, 100).rows]


def test_a_look_is_noted_once_a_minute_for_each_person_and_place(accesses: Accesses, clock: Clock) -> None:
    for _ in range(3):
        accesses.note(BER)
    accesses.note(A_LIST)
    clock.move(seconds=59)
    accesses.note(BER)
    assert looks(accesses) == [A_LIST, BER]
    clock.move(seconds=1)
    accesses.note(BER)
    assert looks(accesses) == [BER, A_LIST, BER]


def test_looks_are_found_by_participant_person_and_period_at_ones_sites_and_at_lists(accesses: Accesses, clock: Clock) -> None:
    for look in (BER, SAO, A_LIST):
        accesses.note(look)
        clock.move(minutes=1)
    first = START
    assert looks(accesses, Wanted(("BER",))) == [A_LIST, BER]
    assert looks(accesses, Wanted(("BER", "SAO"), participant="SAO-001")) == [SAO]
    assert looks(accesses, Wanted(("BER", "SAO"), person="r-haas")) == [A_LIST]
    assert looks(accesses, Wanted(("BER", "SAO"), until=first)) == [BER]
    assert looks(accesses, Wanted(("BER", "SAO"), since=first)) == [A_LIST, SAO, BER]
    pages = [accesses.page(EVERYWHERE, number, 2) for number in (1, 2, 9)]
    assert [[one.look for one in page.rows] for page in pages] == [[A_LIST, SAO], [BER], [BER]]
    assert [(page.found, page.number) for page in pages] == [(3, 1), (3, 2), (3, 2)]


def test_the_first_look_of_a_new_day_tells_the_last_row_of_the_day_before(accesses: Accesses, clock: Clock) -> None:
    assert accesses.note(BER) is None
    assert accesses.note(SAO) is None
    clock.move(hours=15, minutes=59)
    assert accesses.note(BER) is None
    clock.move(minutes=1)
    ended = accesses.note(BER)
    assert ended is not None
    assert (ended.number, ended.look) == (3, BER)
    assert accesses.note(SAO) is None


CHANGES = (
    ("UPDATE accesses SET person = 'a-kim' WHERE number = 2", 2),
    ("UPDATE accesses SET what = '/matrix' WHERE number = 3", 3),
    ("UPDATE accesses SET participant = NULL WHERE number = 2", 2),
    ("UPDATE accesses SET site = 'SAO' WHERE number = 1", 1),
    ("UPDATE accesses SET source = 'cli' WHERE number = 4", 4),
    ("UPDATE accesses SET at = '2026-01-05T08:03:00.000000+00:00' WHERE number = 2", 2),
    ("UPDATE accesses SET hash = (SELECT hash FROM accesses WHERE number = 1) WHERE number = 2", 2),
    ("UPDATE accesses SET number = 9 WHERE number = 4", 4),
    ("DELETE FROM accesses WHERE number = 1", 1),
    ("DELETE FROM accesses WHERE number = 3", 3),
    ("DELETE FROM accesses WHERE number = 4", 4),
)


@pytest.mark.parametrize(("change", "named"), CHANGES, ids=[change for change, _ in CHANGES])
def test_whatever_is_changed_or_taken_out_is_named(accesses: Accesses, address: str, clock: Clock, change: str, named: int) -> None:
    for look in (BER, SAO, A_LIST, BER):
        accesses.note(look)
        clock.move(minutes=1)
    sealed = {one.number: one.hash for one in accesses.all()}
    assert first_that_is_wrong(accesses.all(), sealed) is None
    engine = create_engine(address.replace("postgresql://", "postgresql+psycopg://", 1))
    with engine.begin() as connection:
        connection.execute(text(change))
    engine.dispose()
    assert first_that_is_wrong(accesses.all(), sealed) == named


def test_a_table_that_was_written_anew_from_its_beginning_is_told_by_what_the_ledger_says(accesses: Accesses) -> None:
    accesses.note(BER)
    (row,) = accesses.all()
    assert first_that_is_wrong(iter([row]), {1: "0" * 64}) == 1
    assert first_that_is_wrong(iter([row]), {2: "0" * 64}) == 2
    assert first_that_is_wrong(iter([]), {}) is None


def test_those_who_look_at_once_are_all_noted_in_one_chain(address: str, clock: Clock) -> None:
    """Each thread as a process of its own: none knows what another one noted."""

    def looks_often(person: str) -> None:
        with accesses_at(address, clock) as kept:
            for number in range(20):
                kept.note(Look(person, f"/participants/BER-{number:03}", "web", f"BER-{number:03}", "BER"))

    with accesses_at(address, clock) as kept:
        threads = [Thread(target=looks_often, args=(f"p-{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert kept.page(EVERYWHERE, 1, 1).found == 80
        assert first_that_is_wrong(kept.all(), {}) is None


def test_what_cannot_be_noted_is_a_fault(tmp_path: Path, clock: Clock) -> None:
    with accesses_at(f"sqlite:///{tmp_path / 'accounts.db'}", clock) as kept:
        engine = create_engine(f"sqlite:///{tmp_path / 'accounts.db'}")
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE accesses"))
        engine.dispose()
        with pytest.raises(Fault):
            kept.note(BER)
