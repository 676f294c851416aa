"""A form that was shown on an older record: what a person recorded since is looked at first, what a journey added is not in the way."""

from datetime import timedelta
from decimal import Decimal

import pytest

from domain import commands as c
from domain import events as e
from domain.time import When
from store.ledger import Ledger
from store.participants import Overtaken
from tests.builders import Clock, Story, Trial, by_


@pytest.fixture
def story(ledger: Ledger, clock: Clock) -> Story:
    return Trial(clock, ledger).participant().consents()


def took(day: int) -> c.Report:
    taken = e.MedicationTaken(drug="ibuprofen", dose_mg=Decimal(400), route="oral", start=When(f"2026-01-0{day}"), indication="pain")
    return c.Report(fact=taken)


def sends(story: Story, command: c.Command, seen: int) -> None:
    story.trial.participants.handle(story.id, command, by_("coordinator", story.trial.next_id(), id="m-weber"), seen=seen)


def test_a_form_shown_on_the_record_as_it_stands_is_taken(story: Story) -> None:
    sends(story, took(1), story.record.version)


def test_a_form_shown_before_a_person_recorded_something_is_not_and_says_which_entry(story: Story) -> None:
    seen = story.record.version
    story.asks(took(1))
    with pytest.raises(Overtaken) as overtaken:
        sends(story, took(2), seen)
    assert [entry.version for entry in overtaken.value.since] == [seen + 1]
    assert f"entry {seen + 1}" in str(overtaken.value)
    sends(story, took(2), seen + 1)


def test_what_the_journey_adds_never_fails_a_form(story: Story) -> None:
    story.reports(e.ScreeningStarted(at=story.at()))
    seen = story.record.version
    story.lives_until(story.trial.clock() + timedelta(days=40))
    assert {entry.circumstances.source for entry in story.record.entries[seen:]} == {"journey"}, "the journey has added something"
    sends(story, took(1), seen)


def test_a_form_that_was_taken_has_the_outcome_it_had_although_others_recorded_since(story: Story) -> None:
    seen, by = story.record.version, by_("coordinator", story.trial.next_id(), id="m-weber")
    first = story.trial.participants.handle(story.id, took(1), by, seen=seen)
    story.asks(took(2))
    assert story.trial.participants.handle(story.id, took(1), by, seen=seen) == first
