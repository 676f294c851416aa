"""Whatever is altered on disk is found when it is read, and named."""

from collections.abc import Callable
from typing import Any

import pytest

from store.codec import Row, chained, placed
from store.errors import DamagedEntry
from store.ledger import Ledger, Unreadable
from tests.store.given import ANNA, BORIS, Hand, append, dose, lost, registered


@pytest.fixture
def history(ledger: Ledger, hand: Hand) -> Ledger:
    """Three entries of Anna (positions 1, 3, 5) and three of Boris (2, 4, 6), with nothing to guard them."""
    for draft in (registered, dose, lost):
        for stream in (ANNA, BORIS):
            append(ledger, stream, draft())
    hand.free()
    return ledger


def swap(hand: Hand, column: str, a: int, b: int) -> None:
    (first,), (second,) = (hand(f"SELECT {column} FROM entries WHERE position = ?", position)[0] for position in (a, b))
    hand(f"UPDATE entries SET {column} = ? WHERE position = ?", second, a)
    hand(f"UPDATE entries SET {column} = ? WHERE position = ?", first, b)


def swap_rows(hand: Hand, a: int, b: int) -> None:
    """Exchange the places of two rows."""
    for before, after in ((a, -1), (b, a), (-1, b)):
        hand("UPDATE entries SET position = ? WHERE position = ?", after, before)


def alter_a_byte(hand: Hand) -> None:
    (state,) = hand("SELECT state FROM entries WHERE position = 3")[0]
    hand("UPDATE entries SET state = ? WHERE position = 3", bytes(state).replace(b'"dose_mg":"5"', b'"dose_mg":"6"'))


TAMPERING: list[tuple[Callable[[Hand], object], str]] = [
    (alter_a_byte, "its contents do not agree with its hash"),
    (lambda hand: swap(hand, "state", 3, 5), "its contents do not agree with its hash"),
    (lambda hand: swap(hand, "state", 3, 4), "its contents do not agree with its hash"),
    (lambda hand: hand("UPDATE entries SET kind = 'contact-lost.v1' WHERE position = 3"), "its contents do not agree with its hash"),
    (lambda hand: hand("UPDATE entries SET kind = 'os.system' WHERE position = 3"), "no fact is called 'os.system'"),
    (lambda hand: hand("UPDATE entries SET hash = previous WHERE position = 3"), "its contents do not agree with its hash"),
    (lambda hand: hand("UPDATE entries SET previous = hash WHERE position = 3"), "its contents do not agree with its hash"),
    (lambda hand: hand("UPDATE entries SET position = 99 WHERE position = 3"), "it does not stand at the position where it was recorded"),
    (lambda hand: swap_rows(hand, 3, 4), "it does not stand at the position where it was recorded"),
    (lambda hand: hand("UPDATE entries SET version = 9 WHERE position = 3"), "it is missing"),
    (lambda hand: hand("UPDATE entries SET stream = 'participant:X' WHERE position = 3"), "it is missing"),
    (lambda hand: hand("DELETE FROM entries WHERE position = 3"), "it is missing"),
]


@pytest.mark.parametrize(("tamper", "why"), TAMPERING)
def test_what_was_altered_is_named(history: Ledger, hand: Hand, tamper: Callable[[Hand], object], why: str) -> None:
    tamper(hand)
    with pytest.raises(DamagedEntry) as damage:
        history.read(ANNA)
    assert (damage.value.stream, damage.value.version, damage.value.why) == (ANNA, 2, why)


def rewrite(hand: Hand, position: int, **columns: Any) -> None:
    """Alter a row and make its hashes agree again, as somebody who knows how would."""
    row = Row(*hand(f"SELECT {', '.join(Row._fields)} FROM entries WHERE position = ?", position)[0])._replace(**columns)
    row = row._replace(hash=chained(row.previous, row.stream, row.version, row.kind, row.state))
    row = row._replace(placed=placed(row.hash, row.position))
    for column, value in row._asdict().items():
        hand(f"UPDATE entries SET {column} = ? WHERE position = ?", value, position)


def test_a_row_that_was_rewritten_with_its_hash_is_betrayed_by_the_next(history: Ledger, hand: Hand) -> None:
    (state,) = hand("SELECT state FROM entries WHERE position = 3")[0]
    rewrite(hand, 3, state=bytes(state).replace(b'"dose_mg":"5"', b'"dose_mg":"6"'))
    with pytest.raises(DamagedEntry) as damage:
        history.read(ANNA)
    assert (damage.value.version, damage.value.why) == (3, "it does not follow the entry before it")


def test_contents_of_another_kind_are_damage_even_under_a_good_hash(history: Ledger, hand: Hand) -> None:
    rewrite(hand, 5, kind="registered.v1")
    with pytest.raises(DamagedEntry, match="its contents cannot be understood"):
        history.read(ANNA)


@pytest.mark.parametrize(("tamper", "why"), TAMPERING[:8])
def test_a_follower_is_told_of_damage_in_its_place(history: Ledger, hand: Hand, tamper: Callable[[Hand], object], why: str) -> None:
    tamper(hand)
    found = history.after(0, 100)
    damaged = [one for one in found if isinstance(one, Unreadable)]
    assert (ANNA, 2, why) in [(one.stream, one.version, one.why) for one in damaged]
    assert [one.position for one in found] == sorted(one.position for one in found)
    assert {(one.stream, one.version) for one in found if one.position not in {3, 5, 98, 99}} == {
        (ANNA, 1),
        (BORIS, 1),
        (BORIS, 2),
        (BORIS, 3),
    }


def test_a_follower_is_told_of_what_is_missing(history: Ledger, hand: Hand) -> None:
    hand("DELETE FROM entries WHERE position IN (3, 4)")
    found = history.after(2, 100)
    assert found[0] == Unreadable(4, "", 0, "nothing stands at position 3, where something was recorded")
    assert [one.position for one in found] == [4, 5, 6]


def test_nothing_is_appended_to_a_damaged_end(history: Ledger, hand: Hand) -> None:
    hand("UPDATE entries SET kind = 'registered.v1' WHERE position = 5")
    history._tails.clear()
    with pytest.raises(DamagedEntry):
        append(history, ANNA)


def test_nothing_is_appended_when_the_end_was_exchanged_after_it_was_read(history: Ledger, hand: Hand) -> None:
    history.read(ANNA)
    (state,) = hand("SELECT state FROM entries WHERE position = 5")[0]
    rewrite(hand, 5, state=bytes(state).replace(b"2026-03-01", b"2026-03-02"))
    with pytest.raises(DamagedEntry, match="it is not the entry that was read before"):
        append(history, ANNA)
    assert history.version_of(ANNA) == 3


def test_the_other_streams_can_still_be_read(history: Ledger, hand: Hand) -> None:
    alter_a_byte(hand)
    assert len(history.read(BORIS)) == 3
