"""Steps that are held, revoked or lapse: each is told of once, and nobody is called for what has been put right since."""

from datetime import timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.notices import notices
from domain.time import When
from tests.builders import Story, Trial, dose, go, temperature

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
