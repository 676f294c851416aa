"""Promises: from the confirmation on a breach is a deviation or a matter of safety, and eligibility stays as it is."""

from datetime import date, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.agenda import agenda
from domain.rejections import Refused
from domain.reminders import Reminder
from domain.time import MINUTE, When, local_date
from tests.builders import BERLIN, Story, Trial, codes

DAY = timedelta(days=1)


@pytest.fixture
def story() -> Story:
    """Enrolled a minute ago."""
    story = Trial().participant().is_eligible()
    story.trial.clock.move(minutes=1)
    return story


def vaccine(at: When, name: str = "vaccine-yellow-fever") -> e.VaccineGiven:
    return e.VaccineGiven(at=at, vaccine=name)


def pregnancy(at: When, whose: str = "pregnancy") -> e.ConditionNoted:
    return e.ConditionNoted(at=at, condition=whose, start=at, marks={})


def surgery(at: When, *, major: bool = True) -> e.ProcedurePerformed:
    return e.ProcedurePerformed(name="an operation", major=major, at=at)


def donation(at: When) -> e.ProcedurePerformed:
    return e.ProcedurePerformed(name="blood donated", category="blood-donation", major=False, at=at, volume_ml=450)


def broken(story: Story) -> dict[str, bool]:
    """The promises that stand as broken, and whether surely."""
    return {key.split(":")[1]: one.final for key, one in story.now.deviations.items() if key.startswith("conduct:")}


def matters(story: Story) -> set[str]:
    return {key.split(":")[1] for key in story.now.safety_reports}


@pytest.mark.parametrize(
    ("fact", "promise"),
    [(vaccine, "live-vaccine"), (surgery, "major-surgery"), (donation, "blood-donation")],
    ids=lambda one: str(one)[:20],
)
def test_a_breach_is_a_deviation_and_changes_no_eligibility(story: Story, fact: object, promise: str) -> None:
    assert callable(fact)
    events = story.reports(fact(story.at())).events
    assert [event.kind for event in events] == [events[0].kind, "deviation-recorded.v1"]
    assert broken(story) == {promise: True}
    assert story.now.reconsidered is None


@pytest.mark.parametrize(
    "fact",
    [lambda at: vaccine(at, "vaccine-influenza-inactivated"), lambda at: surgery(at, major=False)],
    ids=["an inactivated vaccine", "a minor operation"],
)
def test_what_was_not_promised_is_no_breach(story: Story, fact: object) -> None:
    assert callable(fact)
    story.reports(fact(story.at()))
    assert not broken(story)


def test_what_came_before_the_confirmation_is_for_the_criteria_and_no_breach(story: Story) -> None:
    story.reports(surgery(When.at(story.trial.clock() - MINUTE)))
    assert not broken(story)
    story.reports(surgery(story.at()))
    assert broken(story) == {"major-surgery": True}


def test_a_date_on_both_sides_of_the_confirmation_is_only_a_possible_breach(story: Story) -> None:
    story.reports(surgery(When.on(local_date(story.trial.clock(), BERLIN))))
    assert broken(story) == {"major-surgery": False}
    fact = surgery(story.at())
    story.asks(c.Correct(entry=story.entry_of(e.ProcedurePerformed), fact=fact), reason="the hour is known now")
    assert broken(story) == {"major-surgery": True}


def test_nobody_who_has_not_been_enrolled_breaks_a_promise() -> None:
    story = Trial().participant().consents()
    story.reports(vaccine(story.at()))
    story.reports(pregnancy(story.at()))
    assert (broken(story), matters(story)) == ({}, set())


def test_a_breach_that_is_retracted_or_corrected_is_none(story: Story) -> None:
    story.reports(vaccine(story.at()))
    story.asks(c.Retract(entry=story.entry_of(e.VaccineGiven)), reason="another participant's vaccine")
    assert broken(story) == {}
    story.reports(donation(story.at()))
    before = story.now.eligible
    assert before is not None
    fact = donation(When("2020"))
    story.asks(c.Correct(entry=story.entry_of(e.ProcedurePerformed), fact=fact), reason="it was long ago")
    assert broken(story) == {}


@pytest.mark.slow
def test_a_promise_holds_to_the_end_of_the_date_two_years_after_the_infusion_and_no_longer() -> None:
    story = Trial().participant().is_ready().is_infused()
    infused = local_date(story.trial.clock(), BERLIN)
    last = date(infused.year + 2, infused.month, infused.day)
    story.trial.clock.move(days=800)
    story.reports(donation(When.on(last + DAY)))
    assert broken(story) == {}
    story.reports(donation(When.on(last)))
    assert broken(story) == {"blood-donation": True}


# Pregnancy


@pytest.mark.parametrize(
    ("fact", "matter"),
    [
        (pregnancy, "pregnancy"),
        (lambda at: pregnancy(at, "pregnancy-of-partner"), "pregnancy-of-partner"),
        (lambda at: e.ObservationMade(at=at, test="pregnancy-test", result="positive"), "pregnancy"),
    ],
    ids=["her own", "the partner's", "by a test"],
)
def test_a_pregnancy_is_a_matter_of_safety_and_no_deviation(story: Story, fact: object, matter: str) -> None:
    assert callable(fact)
    story.reports(fact(story.at()))
    assert matters(story) == {matter}
    assert not broken(story)


def test_a_negative_test_is_none(story: Story) -> None:
    story.reports(e.ObservationMade(at=story.at(), test="pregnancy-test", result="negative"))
    assert not matters(story)


def told(story: Story) -> list[tuple[str, str]]:
    """What the investigator is reminded of now, urgent or not."""
    found = agenda(story.now, story.trial.participants.study()).due(story.trial.clock())
    acts = [item.act for item in found if isinstance(item.act, Reminder)]
    return [(act.key.split(":")[0], act.urgency) for act in acts if act.to == "investigator"]


def test_its_24_hours_run_from_when_it_was_learned_and_end_when_it_was_reported(story: Story) -> None:
    story.trial.clock.move(days=30)
    story.reports(pregnancy(When.at(story.trial.clock() - 20 * DAY)))
    assert told(story) == [("safety-report", "urgent")]
    story.advances()
    story.trial.clock.move(hours=23, minutes=59)
    assert told(story) == []
    story.trial.clock.move(minutes=1)
    assert told(story) == [("safety-report-late", "urgent")]
    (key,) = story.now.safety_reports
    story.reports(e.SafetyReported(at=story.at(), key=key), "investigator")
    assert told(story) == []
    with pytest.raises(Refused) as refused:
        story.reports(e.SafetyReported(at=story.at(), key=key), "investigator")
    assert codes(refused.value) == {"already-reported"}


def test_what_nobody_has_to_report_cannot_be_reported(story: Story) -> None:
    with pytest.raises(Refused) as refused:
        story.reports(e.SafetyReported(at=story.at(), key="conduct:pregnancy:9"))
    assert codes(refused.value) == {"no-such-matter"}


def test_a_test_that_is_taken_back_takes_the_matter_along(story: Story) -> None:
    story.reports(e.ObservationMade(at=story.at(), test="pregnancy-test", result="positive"))
    events = story.asks(c.Retract(entry=story.entry_of(e.ObservationMade)), reason="another participant's sample").events
    assert [event.kind for event in events][1:] == ["safety-report-voided.v1"]
    assert not matters(story)


def test_who_has_stopped_treatment_still_reports_a_pregnancy(story: Story) -> None:
    story.reports(e.TreatmentStopped(at=story.at(), why="wish of the participant"))
    story.trial.clock.move(days=10)
    story.reports(pregnancy(story.at()))
    assert matters(story) == {"pregnancy"}
