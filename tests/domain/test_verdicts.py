"""A planned slot is judged by itself: it waits, is cleared, lapses, is revoked or held, and each change is recorded once."""

from datetime import datetime, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.rejections import Refused
from domain.time import MINUTE, When
from tests.builders import Story, Trial, codes, dose, local, slot

pytestmark = pytest.mark.slow

DOSE = local("2026-02-07 09:00")
"""When a steroid is taken: the evening before is the last date of lymphodepletion."""
SLOT = slot(DOSE + timedelta(hours=48), hours=36)
"""From 48 to 84 hours after the dose."""
FREE = DOSE + timedelta(hours=72, minutes=1)
VERDICTS = (e.StepCleared, e.StepWaiting, e.StepHeld, e.ClearanceRevoked, e.ClearanceLapsed)


@pytest.fixture
def story() -> Story:
    """A participant who took a steroid after lymphodepletion, with an infusion planned from 48 to 84 hours after it."""
    story = Trial().participant().is_ready()
    story.lives_until(DOSE)
    story.reports(dose("prednisone", "20", When.at(DOSE)))
    story.asks(c.Plan(step="infusion", slot=SLOT))
    story.checks_identity()
    return story


def spoken(story: Story, since: datetime = DOSE) -> list[tuple[str, datetime]]:
    """Every verdict on the infusion since an instant, with the instant at which it was recorded."""
    return [(event.kind, at) for at, event in story.told_of(*VERDICTS) if at >= since and getattr(event, "step", "") == "infusion"]


def last(story: Story) -> e.Event:
    return story.told_of(*VERDICTS)[-1][1]


def cleared(story: Story) -> Story:
    story.lives_until(FREE - MINUTE)
    story.is_seen_before("infusion")
    story.lives_until(FREE)
    assert isinstance(last(story), e.StepCleared)
    return story


def late_dexamethasone(story: Story) -> e.MedicationTaken:
    return dose("dexamethasone", "8", When.at(story.trial.clock() - timedelta(hours=15)), route="intravenous")


# Waiting, then cleared


def test_a_slot_in_the_shadow_of_a_steroid_waits_and_says_until_when_and_for_what(story: Story) -> None:
    story.advances()
    waiting = last(story)
    assert isinstance(waiting, e.StepWaiting)
    assert (waiting.derivation.at, waiting.possible_from) == (SLOT.start, FREE)
    outcomes = {rule.rule: rule.outcome for rule in waiting.derivation.rules}
    assert outcomes == {
        "consent-and-eligibility": "passes",
        "steps-before": "passes",
        "E24b": "fails",
        "days-since-lymphodepletion": "passes",
        "product-ready": "passes",
        "same-identity": "passes",
        "no-infection": "not yet known",
        "no-pregnancy": "passes",
        "afebrile": "not yet known",
        "go": "not yet known",
    }
    finding = next(rule for rule in waiting.derivation.rules if rule.rule == "E24b").findings[0]
    assert finding.until == FREE
    assert finding.evidence == (story.entry_of(e.MedicationTaken),)


def test_it_is_cleared_by_itself_at_the_minute_that_72_hours_are_over(story: Story) -> None:
    story.lives_until(FREE - timedelta(hours=1))
    story.is_seen_before("infusion")
    story.lives_until(FREE - MINUTE)
    assert not isinstance(last(story), e.StepCleared)
    story.lives_until(FREE)
    assert spoken(story)[-1] == ("step-cleared.v1", FREE)
    clearance = last(story)
    assert isinstance(clearance, e.StepCleared)
    assert (clearance.covers_from, clearance.covers_until) == (FREE, SLOT.until)


def test_without_a_fresh_review_it_goes_on_waiting_and_is_cleared_at_once_when_somebody_has_looked(story: Story) -> None:
    story.lives_until(FREE + timedelta(hours=2))
    assert isinstance(last(story), e.StepWaiting)
    story.is_seen_before("infusion")
    story.advances()
    assert spoken(story)[-1] == ("step-cleared.v1", FREE + timedelta(hours=2))


def test_a_slot_that_lies_ahead_is_cleared_ahead_when_nothing_but_time_is_missing(story: Story) -> None:
    late = slot(DOSE + timedelta(hours=96))
    story.asks(c.Plan(step="infusion", slot=late))
    story.lives_until(late.start - timedelta(hours=20))
    story.is_seen_before("infusion")
    story.advances()
    clearance = last(story)
    assert isinstance(clearance, e.StepCleared)
    assert (clearance.covers_from, clearance.covers_until) == (late.start, late.start + timedelta(hours=4, minutes=1))
    with pytest.raises(Refused) as refused:
        story.asks(c.Perform(beginning=c.ReleaseToThaw(identity="COI-0001")))
    assert codes(refused.value) == {"no-leave"}
    assert refused.value.reasons[0].earliest == late.start


# Revoked, held, planned anew


def test_a_fact_that_is_learned_late_revokes_in_the_same_append(story: Story) -> None:
    cleared(story)
    outcome = story.reports(late_dexamethasone(story))
    assert [event.kind for event in outcome.events] == ["medication-taken.v1", "clearance-revoked.v1"]
    revoked = outcome.events[1]
    assert isinstance(revoked, e.ClearanceRevoked)
    assert [rule.rule for rule in revoked.derivation.rules if rule.outcome == "fails"] == ["E24b"]
    assert story.now.clearance("infusion") is None
    with pytest.raises(Refused):
        story.asks(c.Perform(beginning=c.ReleaseToThaw(identity="COI-0001")))


def test_when_no_instant_is_left_in_the_slot_it_is_held_with_the_earliest_one_outside(story: Story) -> None:
    cleared(story)
    taken = story.trial.clock() - timedelta(hours=15)
    story.reports(late_dexamethasone(story))
    story.advances()
    held = last(story)
    assert isinstance(held, e.StepHeld)
    assert held.earliest == taken + timedelta(hours=72, minutes=1)
    assert held.earliest > SLOT.until


def test_a_held_step_is_cleared_after_it_has_been_planned_anew_and_reviewed(story: Story) -> None:
    cleared(story)
    story.reports(late_dexamethasone(story))
    story.advances()
    held = last(story)
    assert isinstance(held, e.StepHeld)
    assert held.earliest is not None
    assert story.asks(c.Plan(step="infusion", slot=slot(held.earliest))).events[0].kind == "step-replanned.v1"
    story.lives_until(held.earliest)
    assert isinstance(last(story), e.StepWaiting)
    story.is_seen_before("infusion")
    story.advances()
    assert spoken(story)[-1] == ("step-cleared.v1", held.earliest)
    story.asks(c.Perform(beginning=c.ReleaseToThaw(identity="COI-0001")))
    assert story.now.thaws
    assert not any(key.startswith("gate:") for key in story.now.deviations)


def test_cleared_revoked_and_cleared_again_are_three_facts(story: Story) -> None:
    cleared(story)
    story.reports(late_dexamethasone(story))
    story.asks(c.Retract(entry=story.entry_of(e.MedicationTaken)), reason="another participant's drug")
    story.advances()
    assert [kind for kind, _ in spoken(story)][-3:] == ["step-cleared.v1", "clearance-revoked.v1", "step-cleared.v1"]
    commands = [entry.circumstances.command_id for entry in story.record.entries if isinstance(entry.event, e.StepCleared)]
    assert len(commands) == len(set(commands))


def test_withdrawn_consent_ends_the_plan_and_the_leave_for_it(story: Story) -> None:
    cleared(story)
    outcome = story.reports(e.ConsentWithdrawn(at=story.at(), scope="treatment"))
    assert [event.kind for event in outcome.events] == ["consent-withdrawn.v1", "step-cancelled.v1"]
    assert not story.now.plans
    assert story.now.clearance("infusion") is None


def test_a_product_that_fails_revokes_in_the_same_append(story: Story) -> None:
    cleared(story)
    outcome = story.reports(e.ProductFailed(at=story.at(), identity="COI-0001", why="the bag leaked"), "cell-lab")
    assert [event.kind for event in outcome.events] == ["product-failed.v1", "clearance-revoked.v1"]


def test_a_steroid_taken_after_the_infusion_never_revokes_or_deviates(story: Story) -> None:
    cleared(story)
    story.asks(c.Perform(beginning=c.ReleaseToThaw(identity="COI-0001")))
    story.trial.clock.move(hours=6)
    outcome = story.reports(dose("dexamethasone", "10", story.at(), route="intravenous"))
    assert [event.kind for event in outcome.events] == ["medication-taken.v1"]


# Lapse


def test_leave_lapses_at_the_end_of_its_slot_and_the_step_is_held(story: Story) -> None:
    cleared(story)
    story.lives_until(SLOT.until)
    assert spoken(story)[-2:] == [("clearance-lapsed.v1", SLOT.until), ("step-held.v1", SLOT.until)]
    with pytest.raises(Refused) as refused:
        story.asks(c.Perform(beginning=c.ReleaseToThaw(identity="COI-0001")))
    assert "no-leave" in codes(refused.value)


def test_leave_lapses_when_the_review_has_aged_and_comes_back_with_a_new_one(story: Story) -> None:
    late = slot(DOSE + timedelta(hours=96), hours=48)
    story.asks(c.Plan(step="infusion", slot=late))
    story.lives_until(late.start)
    story.is_seen_before("infusion")
    story.lives_until(late.start + timedelta(hours=30))
    stale = late.start + timedelta(hours=24, minutes=1)
    assert spoken(story, late.start)[-2:] == [("clearance-lapsed.v1", stale), ("step-waiting.v1", stale)]
    story.is_seen_before("infusion")
    story.advances()
    assert spoken(story)[-1] == ("step-cleared.v1", late.start + timedelta(hours=30))


def test_a_newer_review_lengthens_leave_that_stands_without_a_gap(story: Story) -> None:
    late = slot(DOSE + timedelta(hours=96), hours=48)
    story.asks(c.Plan(step="infusion", slot=late))
    story.lives_until(late.start)
    story.is_seen_before("infusion")
    story.lives_until(late.start + timedelta(hours=10))
    story.is_seen_before("infusion")
    story.lives_until(late.start + timedelta(hours=30))
    assert [kind for kind, _ in spoken(story, late.start)][-2:] == ["step-cleared.v1", "step-cleared.v1"]
    lengthened = last(story)
    assert isinstance(lengthened, e.StepCleared)
    assert lengthened.covers_until == late.start + timedelta(hours=34, minutes=1)


# Recorded once


def test_a_verdict_is_recorded_only_when_outcome_reasons_or_cover_have_changed(story: Story) -> None:
    cleared(story)
    before = spoken(story)
    for fact in (
        dose("paracetamol", "500", story.at()),
        dose("prednisone", "5", story.at()),
        dose("prednisolone", "40", story.at(), route="topical"),
        e.ProcedurePerformed(name="line placed", major=False, at=story.at()),
    ):
        story.trial.clock.move(minutes=5)
        story.reports(fact)
        story.advances()
    assert spoken(story) == before


def test_a_new_reason_for_the_same_outcome_is_recorded(story: Story) -> None:
    story.advances()
    assert [kind for kind, _ in spoken(story)] == ["step-waiting.v1"]
    story.reports(dose("prednisone", "30", story.at()))
    story.advances()
    assert [kind for kind, _ in spoken(story)] == ["step-waiting.v1", "step-waiting.v1"]
    story.advances()
    assert len(spoken(story)) == 2


def test_after_downtime_the_verdict_is_that_of_now_and_not_those_that_were_missed(story: Story) -> None:
    story.advances()
    story.trial.clock.move_to(SLOT.until + timedelta(days=3))
    story.advances()
    assert [kind for kind, _ in spoken(story)] == ["step-waiting.v1", "step-held.v1"]


BLURRED = local("2026-02-09 12:00")
"""On this date a steroid is taken at some hour: it may block for four dates, and surely blocks from their first midnight to the third."""


def blurred() -> Story:
    """An infusion planned over five days from a dose of that date, for which nobody has made a review."""
    story = Trial().participant().is_ready()
    story.lives_until(BLURRED)
    story.checks_identity()
    story.reports(dose("prednisone", "20", When("2026-02-09")))
    story.asks(c.Plan(step="infusion", slot=slot(BLURRED, hours=120)))
    story.advances()
    return story


def reasons(story: Story) -> list[tuple[datetime, str]]:
    """The verdicts on E24b since the plan, each with the instant at which it was recorded."""
    said = [(at, event) for at, event in story.told_of(e.StepWaiting) if at >= BLURRED and isinstance(event, e.StepWaiting)]
    return [(at, next(rule.outcome for rule in event.derivation.rules if rule.rule == "E24b")) for at, event in said]


def test_each_turn_of_a_verdict_is_recorded_while_the_journey_runs() -> None:
    story = blurred()
    story.lives_until(local("2026-02-12 12:00"))
    assert reasons(story) == [
        (BLURRED, "not yet known"),
        (local("2026-02-09 23:59"), "fails"),
        (local("2026-02-12 00:01"), "not yet known"),
    ]


def test_after_downtime_a_verdict_that_was_otherwise_in_between_is_recorded_once_more_though_it_says_the_same() -> None:
    """Why that is so, docs/decisions/0012 says."""
    story = blurred()
    story.trial.clock.move_to(local("2026-02-12 12:00"))
    for _ in range(2):
        story.advances()
        assert reasons(story) == [(BLURRED, "not yet known"), (local("2026-02-12 12:00"), "not yet known")]
    first, again = (event for at, event in story.told_of(e.StepWaiting) if at >= BLURRED)
    assert isinstance(first, e.StepWaiting)
    assert isinstance(again, e.StepWaiting)
    assert first.derivation.rules == again.derivation.rules
    assert first.derivation.at < again.derivation.at


# Planned anew, given up


def test_leave_for_the_old_slot_is_gone_as_soon_as_the_step_is_planned_anew(story: Story) -> None:
    cleared(story)
    story.asks(c.Plan(step="infusion", slot=slot(FREE)))
    with pytest.raises(Refused) as refused:
        story.asks(c.Perform(beginning=c.ReleaseToThaw(identity="COI-0001")))
    assert codes(refused.value) == {"no-leave"}
    story.advances()
    assert isinstance(last(story), e.StepCleared)


def test_a_step_that_was_given_up_is_judged_no_more(story: Story) -> None:
    cleared(story)
    assert [event.kind for event in story.asks(c.Cancel(step="infusion")).events] == ["step-cancelled.v1"]
    before = spoken(story)
    story.lives_until(SLOT.until + timedelta(days=1))
    assert spoken(story) == before
    assert story.now.clearance("infusion") is None
