"""Whoever only looks asks the ledger once for each length; whoever records something sees how things stand at each moment."""

from collections import Counter
from collections.abc import Iterator
from contextvars import Context, copy_context
from threading import Thread

import pytest

from store.errors import DamagedEntry, LostRace
from store.glance import glancing
from store.ledger import Ledger
from tests.store.given import ANNA, BORIS, Hand, append, counted, dose, opened


@pytest.fixture
def asked(ledger: Ledger) -> Counter[str]:
    """How often the database is asked for the end of each stream, once there is one."""
    append(ledger, ANNA)
    return counted(ledger)


@pytest.fixture
def another(shared: str) -> Iterator[Ledger]:
    """The same ledger, opened by another process."""
    ledger = opened(shared)
    yield ledger
    ledger.close()


def elsewhere(another: Ledger) -> None:
    """Something is recorded by a process that is not glancing."""
    Context().run(append, another, ANNA)


def test_in_a_glance_each_length_is_asked_for_once(ledger: Ledger, asked: Counter[str]) -> None:
    with glancing():
        assert [ledger.version_of(stream) for stream in (ANNA, BORIS, ANNA, BORIS, ANNA)] == [1, 0, 1, 0, 1]
    assert asked == {ANNA: 1, BORIS: 1}


def test_without_a_glance_each_length_is_asked_for_each_time(ledger: Ledger, asked: Counter[str]) -> None:
    assert [ledger.version_of(ANNA), ledger.version_of(ANNA)] == [1, 1]
    assert asked == {ANNA: 2}


def test_threads_that_work_for_one_glance_share_it(ledger: Ledger, asked: Counter[str]) -> None:
    with glancing():
        ledger.version_of(ANNA)
        thread = Thread(target=copy_context().run, args=(ledger.version_of, ANNA))
        thread.start()
        thread.join()
    assert asked == {ANNA: 1}


def test_one_glance_knows_nothing_of_another(ledger: Ledger, asked: Counter[str]) -> None:
    for _ in range(2):
        with glancing():
            ledger.version_of(ANNA)
    assert asked == {ANNA: 2}


def test_what_another_process_records_meanwhile_is_seen_after_the_glance(ledger: Ledger, another: Ledger) -> None:
    append(ledger, ANNA)
    with glancing() as glance:
        assert ledger.version_of(ANNA) == 1
        elsewhere(another)
        assert ledger.version_of(ANNA) == 1, "a page is of one piece"
        glance.end()
        assert ledger.version_of(ANNA) == 2
    assert ledger.version_of(ANNA) == 2


def test_what_is_recorded_in_a_glance_is_seen_in_it(ledger: Ledger) -> None:
    with glancing():
        assert [append(ledger, ANNA).last, ledger.version_of(ANNA), append(ledger, ANNA).last, ledger.version_of(ANNA)] == [1, 1, 2, 2]


def test_a_lost_race_is_no_longer_lost_once_it_is_decided_again(ledger: Ledger, another: Ledger) -> None:
    append(ledger, ANNA)
    with glancing():
        assert ledger.version_of(ANNA) == 1
        elsewhere(another)
        with pytest.raises(LostRace):
            ledger.append({ANNA: [dose()]}, expect={ANNA: ledger.version_of(ANNA)}, command_digest="a")
        assert append(ledger, ANNA).last == 3


def test_two_ledgers_in_one_glance_are_two(ledger: Ledger) -> None:
    append(ledger, ANNA)
    other = opened("memory")
    with glancing():
        assert [ledger.version_of(ANNA), other.version_of(ANNA)] == [1, 0]


def test_damage_is_told_each_time_and_never_remembered_as_a_length(ledger: Ledger, address: str) -> None:
    append(ledger, ANNA)
    append(ledger, ANNA)
    with Hand(address, ledger).reaching() as hand:
        hand.free()("DELETE FROM entries WHERE version = 2")
        with glancing():
            for _ in range(2):
                with pytest.raises(DamagedEntry):
                    ledger.version_of(ANNA)
