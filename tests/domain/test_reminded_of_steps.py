"""Steps that are held, revoked or lapse: each is told of once, and nobody is called for what has been put right since."""

from datetime import timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.letters import says
from domain.notices import notices
from domain.reminders import that_apply
from domain.reminding.steps import not_before
from domain.time import MINUTE, When, shown
from tests.builders import BERLIN, Story, Trial, dose, go, temperature

pytestmark = pytest.mark.slow


def urgent(story: Story) -> list[str]:
    """What somebody was called for, by kind."""
    return [key.split(":")[0] for key, one in notices(story.record).items() if one.due.urgency == "urgent"]


def held() -> Story:
    """The slot of the infusion has begun, and a steroid of that minute holds it."""
    story = Trial().participant().is_ready()
    story.lives_until(story.now.plans["infusion"].slot.start)
    story.reports(dose("prednisone", "50", story.at()))
    story.advances()
    return story


def test_a_step_that_stays_held_calls_nobody_again_whatever_else_becomes_known() -> None:
    story = held()
    assert urgent(story) == ["held-near"]
    [key] = [key for key in notices(story.record) if key.startswith("held-near")]
    story.asks(c.Acknowledge(key=key))
    for fact in (temperature(story.at()), dose("prednisone", "20", When.at(story.trial.clock() + timedelta(minutes=5)))):
        story.trial.clock.move(minutes=5)
        story.reports(fact)
        story.advances()
    assert len(story.told_of(e.StepHeld)) == 3, "its reasons have changed"
    assert urgent(story) == ["held-near"]
    assert notices(story.record)[key].over


def test_a_step_that_is_held_again_after_it_was_not_calls_again() -> None:
    story = held()
    story.asks(c.Retract(entry=story.entry_of(e.MedicationTaken)), reason="another participant's")
    story.advances()
    assert isinstance(story.now.plans["infusion"].verdict, e.StepWaiting)
    story.reports(dose("prednisone", "50", story.at()))
    story.advances()
    assert urgent(story) == ["held-near", "held-near"]


def test_leave_that_was_revoked_given_again_and_then_lapses_is_told_of_as_lapsed_only() -> None:
    story = Trial().participant().is_ready().is_cleared()
    story.trial.clock.move(minutes=30)
    measured = When.at(story.trial.clock() - timedelta(hours=21))
    story.asks(c.Correct(entry=story.entry_of(e.ObservationMade), fact=temperature(measured)), reason="it was measured yesterday")
    story.advances()
    assert story.told_of(e.ClearanceRevoked)
    clearance = story.now.clearance("infusion")
    assert clearance is not None, "leave is given again, for less"
    story.lives_until(clearance.covers_until)
    assert urgent(story) == ["lapsed"]
    assert story.now.plans["infusion"].revoked_in == 0


def test_leave_that_is_revoked_where_the_step_may_still_be_possible_is_called_out_as_revoked() -> None:
    story = Trial().participant().is_ready().is_cleared()
    story.reports(go(story.at(), so=False), "investigator", signed=True)
    story.advances()
    assert isinstance(story.now.plans["infusion"].verdict, e.StepWaiting)
    assert urgent(story) == ["revoked"]


# The end of the slot


def told_of_the_end(story: Story) -> list[e.ReminderDue]:
    told = [one for _, one in story.told_of(e.ReminderDue) if isinstance(one, e.ReminderDue)]
    return [one for one in told if one.key.startswith("slot-ended")]


def test_a_slot_that_ends_with_nothing_recorded_calls_nobody_and_asks_in_working_hours_for_a_report_or_another_plan() -> None:
    story = Trial().participant().is_ready().is_cleared()
    until = story.now.plans["infusion"].slot.until
    story.lives_until(until - MINUTE)
    assert told_of_the_end(story) == []
    story.lives_until(until + timedelta(hours=1))
    assert isinstance(story.now.plans["infusion"].verdict, e.StepHeld), "no instant is left in it"
    assert urgent(story) == []
    [told] = told_of_the_end(story)
    assert (told.key, told.urgency, told.to) == (f"slot-ended:infusion:{until:%Y%m%dT%H%MZ}", "timely", "coordinator")
    assert told.says == (
        f"The slot of the infusion ended at {shown(until, BERLIN)}, and nothing is recorded of it. Report what took place, or plan it "
        "again. Neither begin it nor break it off because of this message."
    )
    assert "Neither begin it nor break it off because of this message." in says(told.key, story.now, BERLIN)


def test_a_step_that_is_reported_or_planned_again_is_asked_about_no_more() -> None:
    story = Trial().participant().is_ready().is_cleared()
    key = f"slot-ended:infusion:{story.now.plans['infusion'].slot.until:%Y%m%dT%H%MZ}"
    applies = that_apply(story.now, story.trial.participants.study())
    assert applies[key].pointless_after - applies[key].due == timedelta(days=14)
    story.plans("infusion", story.trial.clock() + timedelta(days=1))
    assert key not in that_apply(story.now, story.trial.participants.study())
    infused = Trial().participant().is_ready().is_infused()
    infused.lives_until(infused.trial.clock() + timedelta(days=1))
    assert told_of_the_end(infused) == []


@pytest.mark.parametrize(("before", "called"), [(MINUTE, ["held-near"]), (timedelta(0), [])], ids=["its last minute", "its end"])
def test_only_what_holds_a_step_before_its_slot_has_ended_calls_anybody(before: timedelta, called: list[str]) -> None:
    story = Trial().participant().is_ready()
    story.lives_until(story.now.plans["infusion"].slot.until - before)
    story.reports(dose("prednisone", "50", story.at()))
    story.advances()
    assert isinstance(story.now.plans["infusion"].verdict, e.StepHeld)
    story.trial.clock.move(hours=1)
    story.reports(dose("prednisone", "20", story.at()))
    story.advances()
    assert urgent(story) == called
    assert len(told_of_the_end(story)) == 1


def test_leave_that_was_revoked_is_called_out_until_somebody_has_taken_note_though_the_slot_has_ended() -> None:
    story = Trial().participant().is_ready().is_cleared()
    story.reports(go(story.at(), so=False), "investigator", signed=True)
    story.lives_until(story.now.plans["infusion"].slot.until + timedelta(hours=1))
    [key] = [key for key in notices(story.record) if key.startswith("revoked")]
    assert isinstance(story.now.plans["infusion"].verdict, e.StepHeld)
    assert urgent(story) == ["revoked"]
    assert key in that_apply(story.now, story.trial.participants.study())


def test_from_when_nothing_forbids_a_held_step_is_said_in_words_that_nobody_takes_for_leave() -> None:
    story = held()
    verdict = story.now.plans["infusion"].verdict
    assert isinstance(verdict, e.StepHeld)
    assert verdict.earliest is not None
    [told] = [one for _, one in story.told_of(e.ReminderDue) if isinstance(one, e.ReminderDue) and one.key.startswith("held-near")]
    assert told.says == (
        "The planned infusion is held: nothing in its slot is possible. "
        f"Nothing on record forbids it from {shown(verdict.earliest, BERLIN)} on; leave is still needed."
    )
    assert not_before(None, BERLIN) == "No instant is in sight at which nothing would forbid it."
