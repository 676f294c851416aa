"""What is learned late of the time before a confirmation undoes it, whatever the order; what came later does not."""

import pytest

from domain import commands as c
from domain import events as e
from domain.rejections import Refused
from domain.study import Ruled
from domain.time import When
from tests.builders import Story, Trial, by_, codes, dose, review
from tests.domain.enrolling import (
    DAY,
    belimumab_or_rituximab,
    haemodialysis,
    malignancy,
    refusal,
    report_of,
    screened_story,
    signs,
    standing,
)


@pytest.fixture
def story() -> Story:
    return screened_story()


# What is learned late


def test_a_later_event_leaves_the_confirmation_as_it_was_signed(story: Story) -> None:
    signs(story, report_of(story))
    story.trial.clock.move(minutes=1)
    story.reports(malignancy(story.at()))
    story.reports(dose("prednisone", "200", story.at(), per_day=1))
    assert story.now.reconsidered is None
    assert not standing(story)


def test_a_fact_of_the_time_before_undoes_it_at_once_and_says_which_parts(story: Story) -> None:
    signs(story, report_of(story))
    story.plans("leukapheresis", story.trial.clock() + DAY)
    before = story.at()
    story.trial.clock.move(hours=24)
    story.is_seen_before("leukapheresis")
    story.advances()
    assert story.now.clearance("leukapheresis") is not None
    events = story.reports(malignancy(before)).events
    assert events[1] == e.EligibilityReconsidered(overall="not eligible", otherwise=("E32",))
    assert {event.kind for event in events[2:]} == {"deviation-recorded.v1", "clearance-revoked.v1"}
    assert standing(story) == {f"eligibility:{story.entry_of(e.ScreeningStarted)}"}
    with pytest.raises(Refused) as refused:
        story.asks(c.Perform(beginning=c.BeginLeukapheresis()))
    assert "consent-and-eligibility" in {reason.rule for reason in refused.value.reasons}


def test_more_evidence_for_the_same_answers_undoes_nothing(story: Story) -> None:
    signs(story, report_of(story))
    before = story.at()
    story.trial.clock.move(hours=1)
    story.reports(review(before, None, "history"))
    story.reports(dose("paracetamol", "500", before))
    assert story.now.reconsidered is None


def test_who_is_still_eligible_is_confirmed_anew_for_the_enrolment_by_what_is_known_now(story: Story) -> None:
    enrolled = report_of(story)
    signs(story, enrolled)
    story.trial.clock.move(days=2)
    events = story.reports(haemodialysis(story)).events
    assert events[1:] == (e.EligibilityReconsidered(overall="eligible", otherwise=("E2b",)),)
    assert not standing(story)
    again = report_of(story)
    assert (again.at, again.overall) == (enrolled.at, "eligible")
    assert again.digest != enrolled.digest
    assert codes(refusal(story, enrolled)) == {"another-report"}
    assert signs(story, again) == (e.EligibilityConfirmed(at=When.at(enrolled.at), report=again.digest),)
    assert story.now.reconsidered is None


def test_until_it_is_signed_anew_the_next_step_waits_for_the_investigator(story: Story) -> None:
    signs(story, report_of(story))
    story.trial.clock.move(hours=1)
    story.plans("leukapheresis", story.trial.clock())
    story.is_seen_before("leukapheresis")
    story.reports(haemodialysis(story))
    story.advances()
    waits = story.now.plans["leukapheresis"].verdict
    assert isinstance(waits, e.StepWaiting)
    finding = next(rule for rule in waits.derivation.rules if rule.rule == "consent-and-eligibility").findings[0]
    assert (finding.outcome, finding.supplied_by) == ("not yet known", "investigator")
    signs(story, report_of(story))
    story.advances()
    assert story.now.clearance("leukapheresis") is not None


def test_what_is_thought_of_the_confirmation_later_is_no_deviation_of_a_step_that_was_taken(story: Story) -> None:
    signs(story, report_of(story))
    story.trial.clock.move(days=1)
    story.is_collected()
    story.reports(malignancy(When.at(story.trial.clock() - 3 * DAY)))
    assert set(story.now.deviations) == standing(story) != set()


def test_a_confirmation_that_stands_as_signed_is_not_signed_twice(story: Story) -> None:
    report = report_of(story)
    signs(story, report)
    assert codes(refusal(story, report)) == {"already-confirmed"}


def test_a_correction_of_what_was_judged_counts_as_learned_late(story: Story) -> None:
    signs(story, report_of(story))
    story.trial.clock.move(days=1)
    told = next(one for one in story.now.observations if one.fact.test == "hepatitis-c-antibody")
    fact = told.fact.model_copy(update={"result": "positive"})
    events = story.asks(c.Correct(entry=told.entry, fact=fact), reason="the laboratory's sheet says positive").events
    assert events[1] == e.EligibilityReconsidered(overall="not eligible", otherwise=("E11b",))


def test_a_retraction_of_what_came_late_lets_the_confirmation_stand_as_it_was_signed(story: Story) -> None:
    signs(story, report_of(story))
    before = story.at()
    story.trial.clock.move(hours=1)
    story.reports(malignancy(before))
    assert story.now.reconsidered is not None
    events = story.asks(c.Retract(entry=story.entry_of(e.ConditionNoted)), reason="another participant's letter").events
    assert events[1] == e.EligibilityReconsidered(overall="eligible", otherwise=())
    assert story.now.reconsidered is None
    assert not standing(story)


def test_a_retracted_confirmation_takes_what_was_thought_of_it_along(story: Story) -> None:
    signs(story, report_of(story))
    before = story.at()
    story.trial.clock.move(hours=1)
    story.reports(malignancy(before))
    story.asks(c.Retract(entry=story.entry_of(e.EligibilityConfirmed)), "investigator", reason="signed by mistake", signed=True)
    assert (story.now.eligible, story.now.reconsidered) == (None, None)
    assert not standing(story)


# What else is learned, and in which order


def test_who_turns_out_to_be_too_old_was_not_eligible(story: Story) -> None:
    signs(story, report_of(story))
    story.trial.clock.move(hours=1)
    born = e.DemographicsRecorded(at=story.at(), born=When("1930"), sex="female")
    assert story.reports(born).events[1] == e.EligibilityReconsidered(overall="not eligible", otherwise=("I2",))


def test_a_ruling_undoes_no_confirmation_and_hides_no_fact(story: Story) -> None:
    administrator = by_("administrator", story.trial.next_id())
    desk = story.trial.participants.desk
    desk.record((Ruled(ruling="baff-april-inhibitors", choice="other-biologic"),), administrator)
    story.reports(belimumab_or_rituximab("belimumab"))
    story.reports(review(story.at(), None))
    signs(story, report_of(story))
    story.trial.clock.move(hours=1)
    desk.record((Ruled(ruling="baff-april-inhibitors", choice="b-cell-targeted"),), by_("administrator", story.trial.next_id()))
    story.reports(e.ProcedurePerformed(name="a mole removed", major=False, at=When("2025")))
    assert (story.now.reconsidered, standing(story)) == (None, set())
    story.reports(belimumab_or_rituximab("rituximab"))
    assert story.now.reconsidered is not None
    assert "E21" in story.now.reconsidered.fact.otherwise
    assert standing(story)


def test_a_step_that_is_taken_although_the_confirmation_fell_is_a_deviation_of_its_gate(story: Story) -> None:
    signs(story, report_of(story))
    before = story.at()
    story.trial.clock.move(hours=1)
    story.reports(malignancy(before))
    story.trial.clock.move(days=1)
    story.reports(e.LeukapheresisStarted(at=story.at()))
    assert "gate:leukapheresis:1:consent-and-eligibility" in story.now.deviations


def test_a_signed_report_is_not_corrected_so_that_enrolment_does_not_move(story: Story) -> None:
    signs(story, report_of(story))
    moved = c.Correct(entry=story.entry_of(e.EligibilityConfirmed), fact=e.EligibilityConfirmed(at=story.at()))
    with pytest.raises(Refused) as refused:
        story.asks(moved, "investigator", reason="the date was wrong", signed=True)
    assert codes(refused.value) == {"signed-report"}


def test_a_confirmation_on_paper_names_its_date(story: Story) -> None:
    with pytest.raises(Refused) as refused:
        story.reports(e.EligibilityConfirmed(at=When("2026-01")), "investigator", signed=True)
    assert codes(refused.value) == {"too-vague"}


def test_who_is_known_not_to_have_been_eligible_can_fail_screening_and_the_deviation_stays(story: Story) -> None:
    signs(story, report_of(story))
    before = story.at()
    story.trial.clock.move(hours=1)
    with pytest.raises(Refused) as refused:
        story.reports(e.ScreenFailed(at=story.at(), criteria=("E32",)))
    assert codes(refused.value) == {"already-confirmed"}
    story.reports(malignancy(before))
    deviation = standing(story)
    story.reports(e.ScreenFailed(at=story.at(), criteria=("E32",)))
    assert standing(story) == deviation != set()
    story.trial.clock.move(days=40)
    story.consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    assert standing(story) == deviation


def test_a_screening_that_is_taken_back_leaves_no_deviation_behind_for_ever() -> None:
    story = Trial().participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.reports(e.EligibilityConfirmed(at=story.at()), "investigator", signed=True)
    assert len(standing(story)) == 1
    story.asks(c.Retract(entry=story.entry_of(e.ScreeningStarted)), reason="another participant")
    assert len(standing(story)) == 1
    story.asks(c.Retract(entry=story.entry_of(e.EligibilityConfirmed)), "investigator", reason="another participant", signed=True)
    assert not standing(story)
