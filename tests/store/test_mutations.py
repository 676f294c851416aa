"""Whatever is done to a ledger behind its back is found, and named where it was done."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from store.errors import StoreError
from store.examining import examine
from store.heads import Head
from store.ledger import Ledger
from store.merkle import TILE_WIDTH
from tests.builders import Clock
from tests.campaign import Campaign
from tests.store.given import KEYS, Hand
from tests.store.mutations import KEY, TABLES, Copy, mutate

REFUSED_BY_THE_DATABASE = (sqlite3.IntegrityError, psycopg.IntegrityError, psycopg.DataError)


@pytest.fixture
def copy(hand: Hand) -> Copy:
    return Copy(hand)


@pytest.mark.places("memory", "postgresql")
def test_a_whole_ledger_is_proved(copy: Copy) -> None:
    kept = [head.note for head in copy.heads]
    found = examine(copy.hand.ledger.recorder, KEY.public, kept=kept)
    assert (found.damage, found.since, found.unsigned, found.heads) == ((), 0, 0, 5)
    for note in kept:
        assert examine(copy.hand.ledger.recorder, KEY.public, kept=kept, since=note).damage == ()


@pytest.mark.clause("21 CFR 11", "11.10(a)")
@pytest.mark.clause("FDA Q&A 2024", "security")
@pytest.mark.clause("EMA 2023", "audit trail")
@pytest.mark.clause("EU Annex 11", "7")
@pytest.mark.torture
@pytest.mark.timeout(900)
@pytest.mark.places("memory", "postgresql")
def test_whatever_is_done_to_a_ledger_is_found_and_named(copy: Copy, campaign: Campaign) -> None:
    altered_and_found(copy, campaign, 10_000)


@pytest.mark.torture
@pytest.mark.timeout(900)
@pytest.mark.places("memory", "postgresql")
def test_and_so_it_is_in_a_ledger_whose_tree_has_several_tiles(hand: Hand, campaign: Campaign) -> None:
    copy = Copy(hand, commands=400)
    assert copy.heads[-1].size > 2 * TILE_WIDTH
    altered_and_found(copy, campaign, 200)


def altered_and_found(copy: Copy, campaign: Campaign, rounds: int) -> None:
    for _ in range(campaign.rounds(rounds)):
        done = mutate(copy, campaign.dice, REFUSED_BY_THE_DATABASE)
        found = examine(copy.hand.ledger.recorder, KEY.public, kept=done.kept)
        assert done.named_by(found.damage), f"{done}\nwas told as {found.damage}"
        copy.put_back()


@pytest.mark.torture
@pytest.mark.places("sqlite")
def test_a_byte_that_is_flipped_anywhere_in_the_file_is_found_or_changes_nothing(
    address: str, ledger: Ledger, hand: Hand, campaign: Campaign
) -> None:
    """There are places in a file where nothing of the ledger stands, such as what is left free of a page."""
    copy, path = Copy(hand, commands=12), Path(address.removeprefix("sqlite:///"))
    ledger.close()
    written, told = path.read_bytes(), contents(path)
    for _ in range(campaign.rounds(3000)):
        place, bit = campaign.dice.randrange(len(written)), campaign.dice.randrange(8)
        path.write_bytes(written[:place] + bytes([written[place] ^ 1 << bit]) + written[place + 1 :])
        assert found_damaged(address, copy.heads[-1]) or contents(path) == told, f"bit {bit} of byte {place}"


def contents(path: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(path)) as file:
        return {table: file.execute(f"SELECT * FROM {table} NOT INDEXED").fetchall() for table in TABLES}


def found_damaged(address: str, head: Head) -> bool:
    """Whether it is told, by a proof or by a fault in plain words."""
    try:
        ledger = Ledger.open(address, clock=Clock(), keys=KEYS, create=False)
        try:
            return bool(examine(ledger.recorder, KEY.public, kept=[head.note]).damage)
        finally:
            ledger.close()
    except StoreError:
        return True
