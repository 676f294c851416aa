"""A record that was read before grows by what was added since, and is the same as if it were read whole."""

from dataclasses import replace

import pytest

from domain import commands as c
from domain.entry import Identifiers
from domain.participant import PARTICIPANT
from domain.record import Record
from domain.time import When
from store.errors import DamagedEntry
from store.ledger import Ledger
from tests.builders import Clock, Story, Trial, dose
from tests.store.given import Hand


@pytest.fixture
def story(ledger: Ledger, clock: Clock) -> Story:
    return Trial(clock, ledger).participant().consents()


def whole(story: Story) -> Record:
    """The record as somebody reads it who never read it before."""
    return Trial(story.trial.clock, story.trial.participants.ledger).participants.read(story.id)


def test_what_was_added_since_is_part_of_the_record(story: Story) -> None:
    before = story.record
    story.reports(dose("prednisone", "5", When("2026-01-03")))
    assert story.record.version == before.version + 1
    assert story.record == whole(story)


def test_a_correction_changes_what_was_folded_before_it(story: Story) -> None:
    story.reports(dose("prednisone", "5", When("2026-01-03")))
    wrong = story.record.version
    story.asks(c.Correct(entry=wrong, fact=dose("prednisone", "7.5", When("2026-01-03"))), reason="misread")
    assert [str(noted.fact.dose_mg) for noted in story.now.medications] == ["7.5"]
    assert story.record == whole(story)
    story.asks(c.Retract(entry=wrong), reason="somebody else's")
    assert not story.now.medications
    assert story.record == whole(story)


def test_what_was_altered_and_grew_again_behind_our_back_is_read_whole(story: Story) -> None:
    """As where a backup is restored under a process that goes on: what it knew is not what stands there any more."""
    known = replace(story.record.entries[-1], digest="0" * 64)
    of_before = Record.of(story.id, (*story.record.entries[:-1], known))
    story.trial.participants._remembered[story.id] = of_before
    story.reports(dose("prednisone", "5", When("2026-01-03")))
    assert story.record == whole(story)


def test_a_record_names_nobody_whatever_the_ledger_knows(ledger: Ledger, clock: Clock) -> None:
    story = Story(Trial(clock, ledger), "BER-001")
    story.asks(c.Register(site="BER", identifiers=Identifiers(name="Erika Mustermann")))
    assert any(entry.identifiers for entry in ledger.read(PARTICIPANT + story.id))
    assert not any(entry.identifiers for entry in story.record.entries)


def test_an_entry_that_does_not_follow_what_was_read_before_is_damage(story: Story, ledger: Ledger, hand: Hand) -> None:
    known = story.record
    story.reports(dose("prednisone", "5", When("2026-01-03")))
    hand.free()("UPDATE entries SET previous = ? WHERE stream = ? AND version = ?", b"0" * 32, known.stream, known.version + 1)
    with pytest.raises(DamagedEntry, match=f"Entry {known.version + 1}"):
        Trial(story.trial.clock, ledger).participants.read(story.id)
    with pytest.raises(DamagedEntry, match=f"Entry {known.version + 1}"):
        ledger.read(known.stream, known.entries[-1])
