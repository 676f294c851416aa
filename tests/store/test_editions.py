"""A ledger of an earlier program is brought up to date by whoever opens it first, and one of a later program is left alone."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest

from store import postgres_schema, sqlite_schema
from store.editions import APPENDED_BY_COMMANDS, EDITION
from store.errors import Fault
from store.examining import Examination, examine
from store.ledger import Ledger
from tests.builders import Clock
from tests.store.given import KEYS, WHO, append, by, dose
from tests.store.mutations import KEY, SEAL

FOSSILS = Path(__file__).parents[1] / "fossils" / "ledgers"
"""Ledgers as the first programs left them: what a command appended was not remembered by itself, and there were no heads."""
STREAMS = {"participant:BER-001": 5, "participant:SAO-001": 3, "study:cd19-cart-sle": 9}
FIRST = "participant:BER-001"
COMMANDS = 7
pytestmark = pytest.mark.places("sqlite", "postgresql")


def by_hand(address: str, *statements: str) -> list[tuple[object, ...]]:
    """What a database answers to the last of some statements, to whoever goes past the program."""
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)) as database:
            *before, last = statements
            for statement in before:
                database.executescript(statement)
            return database.execute(last).fetchall()
    with psycopg.connect(address.partition("&schema=")[0], autocommit=True) as connection:
        connection.execute(f"SET search_path TO {schema_of(address)}")
        *before, last = statements
        for statement in before:
            connection.execute(statement)
        found = connection.execute(last)
        return found.fetchall() if found.description else []


def schema_of(address: str) -> str:
    return address.partition("&schema=")[2]


def place_of(address: str) -> str:
    return "sqlite" if address.startswith("sqlite") else "postgresql"


@pytest.fixture
def old(address: str) -> str:
    """The address of a ledger that an earlier program made."""
    text = (FOSSILS / f"{place_of(address)}.sql").read_text()
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as database:
            database.executescript(text)
    else:
        with psycopg.connect(address.partition("&schema=")[0], autocommit=True) as connection:
            connection.execute(text.replace("fossil", schema_of(address)))
    return address


def opened(address: str, *, create: bool = False) -> Ledger:
    return Ledger.open(address, clock=Clock(), keys=KEYS, create=create)


def proved(ledger: Ledger) -> Examination:
    return examine(ledger.recorder, KEY.public)


@pytest.fixture(params=[False, True], ids=["opened", "opened to create"])
def ledger(old: str, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    with closing(opened(old, create=request.param)) as ledger:
        yield ledger


@pytest.mark.clause("21 CFR 11", "11.10(c)")
@pytest.mark.clause("EU Annex 11", "17", "7")
def test_an_old_ledger_is_read_proved_added_to_and_signed(ledger: Ledger) -> None:
    assert {stream: len(ledger.read(stream)) for stream in ledger.streams("")} == STREAMS
    assert ledger.read(FIRST)[0].identifiers == WHO
    before = proved(ledger)
    assert (before.entries, before.damage, before.unreadable) == (sum(STREAMS.values()), (), ())
    command = by()
    append(ledger, FIRST, dose(command), dose(command))
    assert SEAL.seal(ledger).size == before.entries + 2
    after = proved(ledger)
    assert (after.entries, after.heads, after.unsigned, after.damage) == (before.entries + 2, 1, 0, ())


def test_what_an_old_ledger_did_before_is_remembered(ledger: Ledger) -> None:
    last = ledger.read(FIRST)[-1]
    appended = ledger.outcome(last.circumstances.actor.id, last.circumstances.command_id)
    assert appended is not None
    assert (appended.stream, appended.last, appended.position) == (FIRST, last.version, last.position)


def test_what_is_recorded_in_an_old_ledger_is_guarded_as_in_a_new_one(ledger: Ledger, old: str) -> None:
    append(ledger, FIRST)
    for table in ("entries", "commands", "appended"):
        for change in (f"DELETE FROM {table}", f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"):
            if not (change.startswith("INSERT") and place_of(old) == "postgresql"):
                with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match="what is recorded is never changed"):
                    by_hand(old, change)
    assert proved(ledger).damage == ()


def test_what_was_cut_off_an_old_ledger_is_missed(old: str) -> None:
    off = {
        "sqlite": ["DROP TRIGGER entries_bear_no_delete;"],
        "postgresql": ["DROP TRIGGER entries_bear_no_change ON entries"],
    }[place_of(old)]
    by_hand(old, *off, f"DELETE FROM entries WHERE position = {sum(STREAMS.values())}")
    with closing(opened(old)) as ledger:
        assert [(one.position, one.why) for one in proved(ledger).damage] == [(17, "nothing stands at position 17")]


def test_several_who_open_an_old_ledger_at_once_bring_it_up_to_date_once(old: str) -> None:
    def read(_: int) -> int:
        with closing(opened(old)) as ledger:
            return len(ledger.read(FIRST))

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(read, range(6))) == {STREAMS[FIRST]}
    assert by_hand(old, "SELECT count(*) FROM appended") == [(COMMANDS,)]


def test_what_is_up_to_date_is_not_brought_up_to_date_again(old: str) -> None:
    opened(old).close()
    off = {"sqlite": "DROP INDEX endings;", "postgresql": "DROP INDEX endings"}[place_of(old)]
    by_hand(old, off, "SELECT 1")
    opened(old).close()
    there = {
        "sqlite": "SELECT 1 FROM sqlite_master WHERE name = 'endings'",
        "postgresql": "SELECT 1 WHERE to_regclass('endings') IS NOT NULL",
    }
    assert by_hand(old, there[place_of(old)]) == []


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize(("later", "left_alone"), [(0, False), (1, True)])
def test_a_ledger_of_a_later_program_is_left_alone(old: str, *, create: bool, later: int, left_alone: bool) -> None:
    opened(old).close()
    number = EDITION + later
    said = {"sqlite": f"PRAGMA user_version = {number}", "postgresql": f"COMMENT ON TABLE entries IS 'Daybook, edition {number}'"}
    by_hand(old, said[place_of(old)])
    if left_alone:
        with pytest.raises(Fault, match="opened by a later version of Daybook"):
            opened(old, create=create)
    else:
        opened(old, create=create).close()


@pytest.mark.places("postgresql")
def test_whoever_may_not_bring_it_up_to_date_says_who_may(old: str) -> None:
    name = schema_of(old)
    by_hand(
        old,
        f"CREATE ROLE {name} LOGIN",
        f"GRANT USAGE ON SCHEMA {name} TO {name}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {name}",
    )
    guest = f"postgresql://{name}@{old.partition('@')[2]}"
    with pytest.raises(Fault, match="by the role that owns it"):
        opened(guest)
    opened(old).close()
    by_hand(old, f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {name}")
    with closing(opened(guest)) as ledger:
        assert len(ledger.read(FIRST)) == STREAMS[FIRST]


def test_every_change_of_the_tables_is_another_edition() -> None:
    stated = "\n".join((*sqlite_schema.SCHEMA, *postgres_schema.SCHEMA, APPENDED_BY_COMMANDS))
    assert (EDITION, sha256(stated.encode()).hexdigest()[:16]) == (1, "199600c45c7916f7"), (
        "Raise EDITION in store/editions.py, and put both here."
    )
