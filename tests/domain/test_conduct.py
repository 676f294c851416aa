"""Promises: from the confirmation on a breach is a deviation or a matter of safety, and eligibility stays as it is."""

from datetime import date, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.agenda import agenda
from domain.rejections import Refused
from domain.reminding.reminder import Reminder
from domain.time import MINUTE, When, local_date
from domain.words import Role
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


def matters(story: Story) -> list[str]:
    """The promises about which something is to be reported as a matter of safety."""
    return [one.key.split(":")[1] for one in story.now.safety_reports.values() if one.open]


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
    assert (broken(story), matters(story)) == ({}, [])


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
    assert matters(story) == [matter]
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
    assert matters(story) == ["pregnancy"]


def test_a_pregnancy_that_began_before_the_confirmation_and_goes_on_is_reported_and_undoes_it(story: Story) -> None:
    begun = When.at(story.trial.clock() - 20 * DAY)
    story.trial.clock.move(days=3)
    story.reports(pregnancy(begun))
    assert matters(story) == ["pregnancy"]
    assert story.now.reconsidered is not None
    assert story.now.reconsidered.fact.otherwise == ("E31a",)


def test_a_pregnancy_that_ended_before_the_confirmation_is_no_matter(story: Story) -> None:
    story.reports(pregnancy(When("2019")).model_copy(update={"stop": When("2020")}))
    assert not matters(story)


def test_what_is_told_again_before_it_is_reported_is_one_matter_and_what_comes_after_the_report_another(story: Story) -> None:
    positive = e.ObservationMade(at=story.at(), test="pregnancy-test", result="positive")
    story.reports(positive)
    story.trial.clock.move(hours=1)
    story.reports(pregnancy(story.at()))
    story.reports(positive)
    assert matters(story) == ["pregnancy"]
    (key,) = [one.key for one in story.now.safety_reports.values() if one.open]
    story.reports(e.SafetyReported(at=story.at(), key=key), "investigator")
    assert not matters(story)
    story.trial.clock.move(days=300)
    story.reports(pregnancy(story.at()))
    assert matters(story) == ["pregnancy"]


def test_what_came_and_went_and_came_back_is_reminded_of_again_and_keeps_its_hours(story: Story) -> None:
    story.reports(e.ObservationMade(at=story.at(), test="pregnancy-test", result="positive"))
    version, since = story.entry_of(e.ObservationMade), story.trial.clock()
    story.advances()
    right, wrong = (e.ObservationMade(at=story.at(), test="pregnancy-test", result=result) for result in ("positive", "negative"))
    story.trial.clock.move(hours=1)
    story.asks(c.Correct(entry=version, fact=wrong), reason="misread")
    assert (matters(story), told(story)) == ([], [])
    story.asks(c.Correct(entry=version, fact=right), reason="read right the first time")
    assert told(story) == [("safety-report", "urgent")]
    assert [one.since for one in story.now.safety_reports.values()] == [since]


def test_what_was_reported_stays_reported_whatever_becomes_of_the_confirmation(story: Story) -> None:
    story.reports(pregnancy(story.at()))
    (key,) = story.now.safety_reports
    story.reports(e.SafetyReported(at=story.at(), key=key), "investigator")
    confirmed = story.now.eligible
    assert confirmed is not None
    story.asks(c.Retract(entry=confirmed.entry), "investigator", reason="signed in the wrong record", signed=True)
    story.reports(e.EligibilityConfirmed(at=confirmed.fact.at), "investigator", signed=True)
    assert not matters(story)


@pytest.mark.parametrize("role", ["cell-lab", "pharmacist"])
def test_not_everybody_reports_a_matter_of_safety(story: Story, role: Role) -> None:
    story.reports(pregnancy(story.at()))
    (key,) = story.now.safety_reports
    with pytest.raises(Refused) as refused:
        story.reports(e.SafetyReported(at=story.at(), key=key), role)
    assert codes(refused.value) == {"investigator-only"}


def test_a_correction_moves_no_report_to_another_matter(story: Story) -> None:
    story.reports(pregnancy(story.at()))
    (key,) = story.now.safety_reports
    story.reports(e.SafetyReported(at=story.at(), key=key), "investigator")
    other = c.Correct(entry=story.entry_of(e.SafetyReported), fact=e.SafetyReported(at=story.at(), key="conduct:pregnancy:1"))
    with pytest.raises(Refused) as refused:
        story.asks(other, "investigator", reason="mistyped")
    assert codes(refused.value) == {"other-matter"}


def test_an_unknown_drug_is_only_a_possible_breach_and_says_why(story: Story) -> None:
    unknown = e.VaccineGiven(at=story.at(), vaccine="newvax", class_unknown=True)
    story.reports(unknown)
    assert broken(story) == {"live-vaccine": False}
    (deviation,) = story.now.deviations.values()
    assert "nobody has said of which class it is" in deviation.says


@pytest.mark.parametrize("leaving", ["lost", "never infused"])
def test_a_pregnancy_is_learned_of_whoever_has_left(story: Story, leaving: str) -> None:
    left = e.ContactLost(at=story.at()) if leaving == "lost" else e.NeverInfused(at=story.at(), why="no cells")
    story.reports(left)
    story.trial.clock.move(days=10)
    story.reports(pregnancy(story.at()))
    assert matters(story) == ["pregnancy"]


def positive(at: When) -> e.ObservationMade:
    return e.ObservationMade(at=at, test="pregnancy-test", result="positive")


def test_a_matter_that_comes_back_weeks_later_is_told_of_as_late_and_not_passed_over(story: Story) -> None:
    story.reports(positive(story.at()))
    version, fact = story.entry_of(e.ObservationMade), story.now.observations[-1].fact
    story.asks(c.Correct(entry=version, fact=fact.model_copy(update={"result": "negative"})), reason="misread")
    story.advances()
    story.trial.clock.move(days=30)
    story.asks(c.Correct(entry=version, fact=fact), reason="read right the first time")
    story.advances()
    given = [event for _, event in story.told_of(e.ReminderDue) if isinstance(event, e.ReminderDue)]
    late = [event for event in given if event.key.startswith("safety-report-late:")]
    assert [event.skipped for event in late] == [False]


def test_a_breach_that_a_correction_brings_to_light_after_a_report_is_another_matter(story: Story) -> None:
    negative = e.ObservationMade(at=story.at(), test="pregnancy-test", result="negative")
    story.reports(negative)
    first = story.entry_of(e.ObservationMade)
    story.reports(positive(story.at()))
    (key,) = [one.key for one in story.now.safety_reports.values() if one.open]
    story.reports(e.SafetyReported(at=story.at(), key=key), "investigator")
    story.trial.clock.move(days=30)
    story.asks(c.Correct(entry=first, fact=negative.model_copy(update={"result": "positive"})), reason="the sheets were mixed up")
    assert matters(story) == ["pregnancy"]


def test_a_double_that_is_taken_back_leaves_the_hours_of_the_first(story: Story) -> None:
    since = story.trial.clock()
    story.reports(positive(story.at()))
    first = story.entry_of(e.ObservationMade)
    story.trial.clock.move(hours=1)
    story.reports(positive(story.at()))
    story.trial.clock.move(hours=20)
    story.asks(c.Retract(entry=first), reason="entered twice")
    assert [one.since for one in story.now.safety_reports.values() if one.open] == [since]
