"""Heads are signed over what was proved, never against an earlier head, and a proof goes on from where the last one ended."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Barrier

import pytest

from store.errors import DamagedEntry, Fault
from store.examining import Examination, examine
from store.growing import packed
from store.heads import Head
from store.ledger import Ledger
from store.merkle import HASH_BYTES, TILE_WIDTH
from store.sealing import Seal
from tests.builders import START, Clock
from tests.store.given import ANNA, BORIS, KEYS, Elsewhere, Hand, append, by, dose, opened
from tests.store.mutations import FORGER, KEY, SEAL, TABLES


def proved(ledger: Ledger, since: str | None = None) -> Examination:
    return examine(ledger.recorder, KEY.public, since=since)


def append_many(ledger: Ledger, entries: int, stream: str = ANNA) -> None:
    """As one command does it."""
    command = by()
    append(ledger, stream, *(dose(command) for _ in range(entries)))


def test_nothing_recorded_is_stated_too(ledger: Ledger) -> None:
    assert SEAL.seal(ledger).size == 0
    assert proved(ledger).damage == ()


def test_a_head_states_what_stands_and_when(ledger: Ledger, clock: Clock) -> None:
    append_many(ledger, 3)
    first = SEAL.seal(ledger)
    clock.move(hours=1)
    append_many(ledger, 2, BORIS)
    second = SEAL.seal(ledger)
    assert (first.size, second.size, second.at - first.at, second.before) == (3, 5, timedelta(hours=1), first.digest)
    found = proved(ledger)
    assert (found.entries, found.streams, found.heads, found.last, found.unsigned, found.damage) == (5, 2, 2, second, 0, ())


def test_no_head_is_made_where_nothing_was_recorded_since(ledger: Ledger, clock: Clock) -> None:
    append_many(ledger, 3)
    first = SEAL.seal(ledger)
    clock.move(hours=1)
    assert SEAL.seal(ledger) == first
    append_many(ledger, 1)
    assert proved(ledger).unsigned == 1
    assert SEAL.seal(ledger) != first


@pytest.mark.parametrize("entries", [TILE_WIDTH - 1, TILE_WIDTH, TILE_WIDTH + 1, 2 * TILE_WIDTH + 7])
@pytest.mark.places("memory")
def test_a_tree_is_kept_in_tiles_and_grown_from_them(ledger: Ledger, hand: Hand, entries: int) -> None:
    for some in (entries, 1, entries):
        append_many(ledger, some)
        SEAL.seal(ledger)
    found = proved(ledger)
    assert (found.entries, found.damage) == (2 * entries + 1, ())
    lengths = [length for (length,) in hand("SELECT length(hashes) FROM tiles WHERE of_row = 0 ORDER BY number")]
    assert sum(lengths) == (2 * entries + 1) * HASH_BYTES
    assert set(lengths[:-1]) == {TILE_WIDTH * HASH_BYTES}


def test_a_proof_goes_on_from_where_the_last_one_ended(ledger: Ledger) -> None:
    append_many(ledger, TILE_WIDTH + 3)
    since = SEAL.seal(ledger).note
    append_many(ledger, 5)
    append_many(ledger, 2, BORIS)
    SEAL.seal(ledger)
    found = proved(ledger, since)
    assert (found.since, found.entries, found.damage) == (TILE_WIDTH + 3, 7, ())


def test_a_proof_that_goes_on_finds_what_was_done_since(ledger: Ledger, hand: Hand) -> None:
    append_many(ledger, 5)
    since = SEAL.seal(ledger).note
    append_many(ledger, 5)
    hand.free()("DELETE FROM entries WHERE position = 6")
    assert [(one.position, one.why) for one in proved(ledger, since).damage] == [
        (6, "nothing stands at position 6"),
        (7, "it is missing"),
    ]


@pytest.mark.parametrize("table", ["tiles", "heads"])
def test_a_proof_does_not_go_on_from_what_is_not_as_it_was_signed(ledger: Ledger, hand: Hand, table: str) -> None:
    append_many(ledger, 5)
    since = SEAL.seal(ledger).note
    hand.free(*TABLES)(f"DELETE FROM {table}")
    found = proved(ledger, since)
    assert (found.since, found.entries) == (0, 5)
    assert found.damage


def test_nothing_is_signed_over_damage(ledger: Ledger, hand: Hand) -> None:
    append_many(ledger, 3)
    SEAL.seal(ledger)
    append_many(ledger, 3)
    hand.free()("UPDATE entries SET kind = 'contact-lost.v1' WHERE position = 5")
    with pytest.raises(DamagedEntry, match=f"Entry 5 of {ANNA} is damaged"):
        SEAL.seal(ledger)


def test_no_head_contradicts_an_earlier_one(ledger: Ledger, hand: Hand) -> None:
    """The tree goes on from what was signed: whatever befell an old entry since, the new head continues the old one."""
    append_many(ledger, 3)
    SEAL.seal(ledger)
    hand.free(*TABLES)("UPDATE tiles SET hashes = ?", packed([b"0" * HASH_BYTES] * 3))
    append_many(ledger, 3)
    with pytest.raises(Fault, match="what is kept of the tree is not what was signed"):
        SEAL.seal(ledger)


def test_only_the_key_whose_turn_it_is_signs(ledger: Ledger) -> None:
    append_many(ledger, 1)
    with pytest.raises(Fault, match="not the one whose turn it is"):
        Seal(FORGER, KEY.public).seal(ledger)
    SEAL.seal(ledger, next_key=FORGER.public)
    append_many(ledger, 1)
    with pytest.raises(Fault, match="not the one whose turn it is"):
        SEAL.seal(ledger)
    assert Seal(FORGER, KEY.public).seal(ledger).size == 2
    assert proved(ledger).damage == ()


def test_heads_that_somebody_else_signed_are_not_gone_on_from(ledger: Ledger) -> None:
    append_many(ledger, 1)
    Seal(FORGER, FORGER.public).seal(ledger)
    append_many(ledger, 1)
    with pytest.raises(Fault, match="head 1 is none"):
        SEAL.seal(ledger)
    assert "head 1 is none" in proved(ledger).damage[0].why


def test_whoever_proves_while_others_record_and_sign_finds_nothing_damaged(ledger: Ledger, shared: str) -> None:
    append_many(ledger, TILE_WIDTH - 20)
    SEAL.seal(ledger)

    def write() -> None:
        for _ in range(40):
            append_many(ledger, 1)
            SEAL.seal(ledger)

    other = opened(shared)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        while not writing.done():
            assert proved(other).damage == ()
        writing.result()
    assert proved(other).heads == 41
    other.close()


@dataclass
class ReadByBoth:
    """A clock that is first read when the other one is, too: each has read what stands by then, and has yet to keep a head of it."""

    both: Barrier
    instant: datetime
    read: bool = False

    def __call__(self) -> datetime:
        if not self.read:
            self.read = True
            self.both.wait(30)
        return self.instant


@pytest.mark.parametrize("before", [0, 3])
def test_two_who_seal_at_once_make_one_head(ledger: Ledger, shared: str, before: int) -> None:
    if before:
        append_many(ledger, before)
        SEAL.seal(ledger)
    append_many(ledger, 2)
    known, both = len(ledger.recorder.heads()), Barrier(2)

    def seal(hours: int) -> Head:
        with closing(Ledger.open(shared, clock=ReadByBoth(both, START + timedelta(hours=hours)), keys=KEYS)) as other:
            return SEAL.seal(other)

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(seal, (1, 2))
    assert one == two, "whoever came second is told what stands"
    assert ledger.recorder.heads()[known:] == [(known + 1, one.note)]
    assert (proved(ledger).unsigned, proved(ledger).damage) == (0, ())


SEALS = """
from hashlib import sha256
from tests.store.mutations import SEAL
for _ in range(25):
    append(ledger, sys.argv[2], dose())
    print(sha256(SEAL.seal(ledger).note.encode()).hexdigest(), flush=True)
print("done", flush=True)
"""


@pytest.mark.slow
def test_processes_that_record_and_seal_side_by_side_make_one_line_of_heads(ledger: Ledger, shared: str) -> None:
    others = [Elsewhere(shared, SEALS, stream) for stream in (ANNA, BORIS)]
    for other in others:
        other.go()
    told = {line for other in others for line in iter(other.line, "done")}
    for other in others:
        other.finish()
    heads = ledger.recorder.heads()
    assert told == {sha256(note.encode()).hexdigest() for _, note in heads}, (
        "nobody was told of a head that is not kept, nor kept one untold"
    )
    assert [number for number, _ in heads] == list(range(1, len(heads) + 1))
    found = proved(ledger)
    assert (found.entries, found.heads, found.unsigned, found.damage) == (50, len(heads), 0, ())
