"""An entry of a kind that this program does not know: nobody altered it, and nobody else's record is concerned."""

import pytest

from store.chains import Damage
from store.codec import chained, placed
from store.errors import DamagedEntry
from store.examining import examine
from store.ledger import Ledger
from tests.store.given import ANNA, BORIS, Hand, append, by, dose
from tests.store.mutations import KEY, SEAL

WHY = "no fact is called 'pulse-taken.v0'"


@pytest.fixture
def version(ledger: Ledger, hand: Hand) -> int:
    """The last entry of Anna's, as a program of another time recorded it; it stands between those of Boris."""
    for stream in (BORIS, ANNA):
        command = by()
        append(ledger, stream, dose(command), dose(command))
    last = ledger.version_of(ANNA)
    (position, previous, state) = hand("SELECT position, previous, state FROM entries WHERE stream = ? AND version = ?", ANNA, last)[0]
    old = bytes(state).replace(b"medication-taken.v1", b"pulse-taken.v0")
    hash_ = chained(bytes(previous), ANNA, last, "pulse-taken.v0", old)
    change = "UPDATE entries SET kind = ?, state = ?, hash = ?, placed = ? WHERE position = ?"
    hand.free()(change, "pulse-taken.v0", old, hash_, placed(hash_, position), position)
    ledger._tails.clear()
    append(ledger, BORIS, dose())
    return last


def test_it_is_told_apart_from_what_was_altered(ledger: Ledger, version: int) -> None:
    found = examine(ledger.recorder, KEY.public)
    assert found.damage == ()
    assert found.unreadable == (Damage(2 + version, ANNA, version, WHY),)
    assert found.entries == ledger.head()


def test_the_next_head_states_it_like_every_other_entry(ledger: Ledger, version: int) -> None:
    assert version
    head = SEAL.seal(ledger)
    assert head.size == ledger.head()
    assert examine(ledger.recorder, KEY.public, kept=[head.note]).damage == ()


def test_once_altered_it_is_damage_like_any_other(ledger: Ledger, hand: Hand, version: int) -> None:
    hand("UPDATE entries SET state = ? WHERE stream = ? AND version = ?", b'{"kind":"pulse-taken.v0"}', ANNA, version)
    found = examine(ledger.recorder, KEY.public)
    assert [(one.stream, one.version, one.why) for one in found.damage] == [(ANNA, version, "its contents do not agree with its hash")]
    assert found.unreadable == ()


def test_everybody_else_is_read(ledger: Ledger, version: int) -> None:
    assert len(ledger.read(BORIS)) == 3
    with pytest.raises(DamagedEntry, match=WHY) as damage:
        ledger.read(ANNA)
    assert damage.value.version == version
