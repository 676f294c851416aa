"""Whatever is altered on disk is found when it is read, and named."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from domain.entry import Entry
from store.codec import Row, chained, placed
from store.errors import DamagedEntry
from store.ledger import Ledger, Unreadable
from tests.store.given import ANNA, BORIS, STUDY, Hand, append, by, dose, lost, opened, registered

CLARA = "participant:BER-003"


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


@pytest.mark.clause("21 CFR 11", "11.10(a)")
@pytest.mark.clause("EMA 2023", "control of data")
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


# The end of a stream


@pytest.fixture
def together(ledger: Ledger, hand: Hand) -> Ledger:
    """Three commands, each with an entry of the study beside one of Anna (the study at 1, 3, 5, Anna at 2, 4, 6); then Boris at 7."""
    for version in range(3):
        command = by()
        ledger.append({STUDY: [dose(command)], ANNA: [dose(command)]}, expect={STUDY: version, ANNA: version}, command_digest="a")
    append(ledger, BORIS)
    hand.free()
    return ledger


def refused(ledger: Ledger, *appended: str, expect: dict[str, int]) -> tuple[str, int, str]:
    """What an append was told when it was refused as damage."""
    with pytest.raises(DamagedEntry) as damage:
        ledger.append({stream: [dose()] for stream in appended}, expect=expect, command_digest="a")
    return damage.value.stream, damage.value.version, damage.value.why


@pytest.mark.clause("21 CFR 11", "11.10(a)")
@pytest.mark.parametrize("stream", [ANNA, STUDY])
@pytest.mark.parametrize("left", [2, 1, 0])
def test_a_stream_that_lost_its_end_is_not_trusted(together: Ledger, hand: Hand, stream: str, left: int) -> None:
    hand("DELETE FROM entries WHERE stream = ? AND version > ?", stream, left)
    for ask in (together.read, together.version_of):
        with pytest.raises(DamagedEntry) as damage:
            ask(stream)
        assert (damage.value.stream, damage.value.version, damage.value.why) == (stream, left + 1, "it is missing")
    assert len(together.read(BORIS)) == 1
    assert append(together, BORIS).position == 8


@pytest.mark.parametrize("stream", [ANNA, STUDY])
@pytest.mark.parametrize("left", [2, 1, 0])
@pytest.mark.parametrize("restarted", [False, True])
def test_nothing_is_appended_on_the_strength_of_a_stream_that_lost_its_end(
    together: Ledger, hand: Hand, stream: str, left: int, *, restarted: bool
) -> None:
    hand("DELETE FROM entries WHERE stream = ? AND version > ?", stream, left)
    for expected in (left, 3):
        if restarted:
            together._tails.clear()
        assert refused(together, stream, expect={stream: expected}) == (stream, left + 1, "it is missing")
        assert refused(together, CLARA, expect={CLARA: 0, stream: expected}) == (stream, left + 1, "it is missing")
    assert together.head() == 7


def test_a_stream_of_which_nothing_is_left_is_listed_all_the_same(together: Ledger, hand: Hand) -> None:
    hand("DELETE FROM entries WHERE stream IN (?, ?)", ANNA, STUDY)
    assert together.streams("") == [ANNA, BORIS, STUDY]


def test_an_entry_that_no_command_recorded_is_damage(history: Ledger, hand: Hand) -> None:
    hand("DELETE FROM appended WHERE stream = ? AND last = 3", ANNA)
    with pytest.raises(DamagedEntry) as damage:
        history.read(ANNA)
    assert (damage.value.version, damage.value.why) == (3, "no command is remembered that recorded it")
    assert refused(history, ANNA, expect={ANNA: 3}) == (ANNA, 3, "no command is remembered that recorded it")


# The end of the ledger


@pytest.mark.parametrize("left", [5, 4, 1, 0])
def test_positions_at_the_end_of_the_ledger_are_never_used_again(history: Ledger, hand: Hand, left: int) -> None:
    hand("DELETE FROM entries WHERE position > ?", left)
    for _ in range(2):
        assert refused(history, CLARA, expect={CLARA: 0}) == (BORIS, 3, "it is missing")
    assert hand("SELECT count(*) FROM entries") == [(left,)]
    assert history.version_of(CLARA) == 0


def test_a_command_that_was_recorded_is_known_whatever_is_missing(history: Ledger, hand: Hand) -> None:
    command = by()
    known = append(history, CLARA, dose(command))
    hand("DELETE FROM entries WHERE position > 5")
    assert history.append({CLARA: [dose(command)]}, expect={CLARA: 0}, command_digest="a") == known


@pytest.mark.parametrize("left", [5, 4, 1, 0])
def test_a_follower_is_told_that_the_end_of_the_ledger_is_missing(history: Ledger, hand: Hand, left: int) -> None:
    hand("DELETE FROM entries WHERE position > ?", left)
    found = history.after(0, 100)
    assert found[-1] == Unreadable(6, "", 0, f"nothing stands at position {left + 1}, where something was recorded")
    assert [one.position for one in found] == [*range(1, left + 1), 6]
    assert history.after(left, 100) == found[-1:]
    assert history.head() == 6
    assert history.after(6, 100) == []


def test_what_is_missing_at_the_end_is_named_once_everything_before_was_told(history: Ledger, hand: Hand) -> None:
    hand("DELETE FROM entries WHERE position > 4")
    assert [one.position for one in history.after(0, 4)] == [1, 2, 3, 4]
    assert [one.position for one in history.after(0, 5)] == [1, 2, 3, 4, 6]


def test_nobody_who_reads_while_others_append_takes_the_newest_for_missing(ledger: Ledger, shared: str) -> None:
    def write(stream: str) -> None:
        for _ in range(100):
            append(ledger, stream)

    other = opened(shared)
    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(write, stream) for stream in (ANNA, BORIS)]
        while not all(one.done() for one in writing):
            assert other.version_of(ANNA) <= len(other.read(ANNA))
            assert all(isinstance(one, Entry) for one in other.after(0, 1000))
    assert [one.position for one in other.after(0, 1000)] == list(range(1, 201))
    other.close()
