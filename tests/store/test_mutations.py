"""Whatever is done to a ledger behind its back is found, and named where it was done."""

import sqlite3

import psycopg
import pytest

from store.examining import examine
from tests.campaign import Campaign
from tests.store.given import Hand
from tests.store.mutations import KEY, Copy, mutate

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
    for _ in range(campaign.rounds(10_000)):
        done = mutate(copy, campaign.dice, REFUSED_BY_THE_DATABASE)
        found = examine(copy.hand.ledger.recorder, KEY.public, kept=done.kept)
        assert done.named_by(found.damage), f"{done}\nwas told as {found.damage}"
        copy.put_back()
