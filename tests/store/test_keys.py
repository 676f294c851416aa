"""What identifies a participant is sealed, and can be forgotten without breaking a proof."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.entry import Identifiers
from store.errors import DamagedEntry, LostRace, Sealed
from store.keys import Keyring
from store.ledger import Ledger
from tests.store.given import ANNA, BORIS, WHO, Hand, append, dose, opened, registered


def identifiers(ledger: Ledger, stream: str = ANNA) -> list[Identifiers | None]:
    return [entry.identifiers for entry in ledger.read(stream)]


def test_identifiers_are_read_back_with_the_key(ledger: Ledger) -> None:
    append(ledger, ANNA, registered(), dose(who=WHO), dose())
    append(ledger, ANNA, dose(who=Identifiers(email="new@example.org")))
    assert identifiers(ledger) == [None, WHO, None, Identifiers(email="new@example.org")]
    assert [one.identifiers for one in ledger.after(1, 1) if not hasattr(one, "why")] == [WHO]


def test_each_participant_has_one_key(ledger: Ledger, hand: Hand) -> None:
    for stream in (ANNA, BORIS, ANNA):
        append(ledger, stream, dose(who=WHO))
    assert sorted(stream for (stream,) in hand("SELECT stream FROM participant_keys")) == [ANNA, BORIS]


def test_a_key_is_made_only_where_something_is_sealed_and_recorded(ledger: Ledger, hand: Hand) -> None:
    append(ledger, ANNA)
    with pytest.raises(LostRace):
        ledger.append({BORIS: [dose(who=WHO)]}, expect={BORIS: 4}, command_digest="a")
    with pytest.raises(LostRace):
        ledger.append({BORIS: [dose(who=WHO)]}, expect={BORIS: 0, ANNA: 0}, command_digest="a")
    assert hand("SELECT stream FROM participant_keys") == []


@pytest.mark.parametrize("secret", [WHO.name, WHO.phone, WHO.email])
def test_identifiers_stand_nowhere_in_the_clear(shared: str, ledger: Ledger, hand: Hand, secret: str) -> None:
    append(ledger, ANNA, dose(who=WHO))
    for table in ("entries", "commands", "participant_keys"):
        assert secret not in str(
            [[bytes(one) if isinstance(one, memoryview) else one for one in row] for row in hand(f"SELECT * FROM {table}")]
        )
    if shared.startswith("sqlite"):
        path = Path(shared.removeprefix("sqlite:///"))
        written = b"".join(file.read_bytes() for file in path.parent.iterdir())
        assert ANNA.encode() in written
        assert secret.encode() not in written


@pytest.mark.parametrize("stranger", [Keyring(None), Keyring(b"x" * 32)])
def test_without_the_master_key_everything_but_the_identifiers_is_read(shared: str, ledger: Ledger, stranger: Keyring) -> None:
    append(ledger, ANNA, dose(who=WHO), dose())
    other = opened(shared, keys=stranger)
    assert identifiers(other) == [None, None]
    assert [entry.digest for entry in other.read(ANNA)] == [entry.digest for entry in ledger.read(ANNA)]
    append(other, ANNA, dose())
    with pytest.raises(Sealed):
        append(other, ANNA, dose(who=WHO))
    other.close()


def test_without_a_master_key_nothing_is_sealed_for_a_new_participant(address: str) -> None:
    ledger = opened(address, keys=Keyring(None))
    with pytest.raises(Sealed, match="started without the master key"):
        append(ledger, ANNA, dose(who=WHO))
    assert ledger.head() == 0
    ledger.close()


def test_a_destroyed_key_makes_identifiers_unreadable_for_good_and_breaks_no_proof(ledger: Ledger) -> None:
    for stream in (ANNA, BORIS):
        append(ledger, stream, dose(who=WHO), dose())
    digests = [entry.digest for entry in ledger.read(ANNA)]
    ledger.forget_identity(ANNA)
    assert identifiers(ledger, ANNA) == [None, None]
    assert identifiers(ledger, BORIS) == [WHO, None]
    assert [entry.digest for entry in ledger.read(ANNA)] == digests
    with pytest.raises(Sealed, match="erased for good"):
        append(ledger, ANNA, dose(who=WHO))
    assert append(ledger, ANNA).last == 3


def test_a_lost_key_makes_identifiers_unreadable_and_breaks_no_proof(ledger: Ledger, hand: Hand) -> None:
    append(ledger, ANNA, dose(who=WHO))
    hand("DELETE FROM participant_keys")
    assert identifiers(ledger) == [None]


def test_a_sealed_part_cannot_be_moved_to_another_place(ledger: Ledger, hand: Hand) -> None:
    append(ledger, ANNA, dose(who=WHO), dose())
    hand.free()
    (state,) = hand("SELECT state FROM entries WHERE version = 1")[0]
    hand("UPDATE entries SET state = ? WHERE version = 2", bytes(state))
    with pytest.raises(DamagedEntry):
        ledger.read(ANNA)


def test_writers_who_seal_for_the_same_participant_at_once_share_one_key(ledger: Ledger) -> None:
    def write(_: int) -> None:
        for _ in range(20):
            try:
                append(ledger, ANNA, dose(who=WHO))
            except LostRace:
                continue

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert set(identifiers(ledger)) == {WHO}


def test_a_master_key_of_another_length_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="a master key has 32 bytes, not 5"):
        Keyring(b"short")
