"""The ways through treatment that are not the straight one: a second collection, lymphodepletion days that move, the end of it all."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain import commands as c
from domain import events as e
from domain.gates import judge
from domain.rejections import Refused
from domain.time import When, local_date
from domain.visits import windows
from tests.builders import BERLIN, CODE, Story, Trial, codes, slot

SECOND = "COI-0002"
LYMPHODEPLETION = {"lymphodepletion-day-minus-5": -5, "lymphodepletion-day-minus-4": -4, "lymphodepletion-day-minus-3": -3}


def days(story: Story) -> dict[str, date]:
    """When the lymphodepletion visits are due."""
    found = windows(story.now, story.trial.participants.study())
    return {window.visit: window.target for window in found if window.visit in LYMPHODEPLETION}


# Manufacture fails


@pytest.mark.parametrize("what_failed", ["collection", "product"])
def test_after_a_failure_cells_are_collected_again_and_the_new_code_counts(what_failed: str) -> None:
    story = Trial().participant().is_eligible()
    if what_failed == "product":
        story.is_collected()
        story.reports(e.ProductFailed(at=story.at(), identity=CODE, why="too few cells"), "cell-lab")
    else:
        start = story.trial.clock()
        story.plans("leukapheresis", start).is_seen_before("leukapheresis")
        story.advances()
        story.asks(c.Perform(beginning=c.BeginLeukapheresis()))
        story.reports(e.LeukapheresisFailed(at=story.at(), why="the line clotted"))
    story.trial.clock.move(days=14)
    story.is_collected(SECOND)
    assert [taken.occurrence for taken in story.now.taken] == [1, 2]
    assert not [key for key in story.now.deviations if key.startswith("gate:")]
    with pytest.raises(Refused) as refused:
        story.reports(e.ProductReceived(at=story.at(), identity="COI-0003", expires=date(2027, 1, 1)), "cell-lab")
    assert codes(refused.value) == {"wrong-identity"}
    story.has_product(SECOND).is_depleted()
    assert story.now.taken_step("lymphodepletion") is not None


def test_the_product_of_an_earlier_collection_is_accounted_for_and_serves_for_nothing() -> None:
    story = Trial().participant().is_eligible().is_collected()
    story.reports(e.ProductFailed(at=story.at(), identity=CODE, why="too few cells"), "cell-lab")
    story.trial.clock.move(days=14)
    story.is_collected(SECOND)
    story.reports(e.ProductReceived(at=story.at(), identity=CODE, expires=date(2027, 1, 1)), "cell-lab")
    story.reports(e.ProductReleased(at=story.at(), identity=CODE), "cell-lab")
    ready = judge("lymphodepletion", story.now, story.trial.participants.study(), story.trial.clock()).derivation(story.trial.clock())
    outcomes = {rule.rule: rule.outcome for rule in ready.rules}
    assert (outcomes["product-ready"], outcomes["same-identity"]) == ("not yet known", "not yet known")


def reused() -> Story:
    """Cells that failed as a product, and a second collection that was given the code of the first."""
    story = Trial().participant().is_eligible().is_collected().has_product()
    story.reports(e.ProductFailed(at=story.at(), identity=CODE, why="too few cells"), "cell-lab")
    story.trial.clock.move(days=14)
    story.reports(e.LeukapheresisStarted(at=story.at()))
    ended = e.LeukapheresisEnded(at=story.at(), identity=CODE, yield_e6_per_kg=Decimal(12))
    with pytest.raises(Refused) as refused:
        story.reports(ended)
    assert codes(refused.value) == {"code-used"}
    story.reports(ended, reason="the laboratory has one code for each participant")
    return story


def test_a_code_that_was_given_to_other_cells_is_a_slip_and_with_a_reason_revives_no_product_that_failed() -> None:
    story = reused()
    at = story.trial.clock()
    for ready in (False, True):
        gate = judge("lymphodepletion", story.now, story.trial.participants.study(), at).derivation(at)
        outcomes = {rule.rule: rule.outcome for rule in gate.rules}
        assert {outcomes["product-ready"], outcomes["same-identity"]} == {"passes" if ready else "not yet known"}
        story.reports(e.ProductReceived(at=story.at(), identity=CODE, expires=date(2027, 1, 1)), "cell-lab", reason="the second product")
        story.reports(e.ProductReleased(at=story.at(), identity=CODE), "cell-lab")


def test_of_two_collections_of_one_code_the_later_one_fails_with_the_product() -> None:
    story = reused()
    story.trial.clock.move(days=14)
    story.reports(e.ProductFailed(at=story.at(), identity=CODE, why="too few cells again"), "cell-lab")
    assert story.now.collection is None
    assert [one.failed is not None for one in story.now.collections] == [True, True]


def test_a_product_that_is_received_twice_keeps_its_first_arrival_and_expiry_and_is_taken_for_a_slip() -> None:
    story = Trial().participant().is_eligible().is_collected().has_product()
    first = story.now.products[CODE].received
    again = e.ProductReceived(at=story.at(), identity=CODE, expires=date(2027, 1, 1))
    with pytest.raises(Refused) as refused:
        story.reports(again, "cell-lab")
    assert codes(refused.value) == {"already-reported"}
    story.reports(again, "cell-lab", reason="a second shipment of the same cells")
    assert story.now.products[CODE].received == first


def test_without_a_failure_cells_are_collected_once() -> None:
    story = Trial().participant().is_eligible().is_collected()
    with pytest.raises(Refused) as refused:
        story.asks(c.Perform(beginning=c.BeginLeukapheresis()))
    assert {"already-taken", "no-leave"} <= codes(refused.value)


def test_a_second_collection_is_judged_anew() -> None:
    story = Trial().participant().is_eligible().is_collected()
    story.reports(e.ProductFailed(at=story.at(), identity=CODE, why="too few cells"), "cell-lab")
    story.trial.clock.move(days=14)
    story.reports(e.LeukapheresisStarted(at=story.at()))
    assert {key for key in story.now.deviations if key.startswith("gate:")} == {
        f"gate:leukapheresis:2:{rule}" for rule in ("E24a", "E25", "no-infection", "go", "leave")
    }


def test_an_infusion_planned_on_a_product_that_fails_goes_no_further() -> None:
    story = Trial().participant().is_ready().is_cleared()
    outcome = story.reports(e.ProductFailed(at=story.at(), identity=CODE, why="the bag leaked"), "cell-lab")
    assert "clearance-revoked.v1" in [event.kind for event in outcome.events]
    with pytest.raises(Refused) as refused:
        story.asks(c.Perform(beginning=c.ReleaseToThaw(identity=CODE)))
    assert {reason.rule for reason in refused.value.reasons} == {None, "steps-before", "product-ready", "same-identity"}


# Lymphodepletion days


def test_lymphodepletion_days_follow_the_planned_infusion_until_the_first_dose() -> None:
    story = Trial().participant().is_eligible().is_collected().has_product()
    first, moved = story.trial.clock() + timedelta(days=10), story.trial.clock() + timedelta(days=13)
    assert days(story) == {}
    for target in (first, moved):
        story.asks(c.Plan(step="infusion", slot=slot(target)))
        planned = local_date(target, BERLIN)
        assert days(story) == {visit: planned + timedelta(days=day) for visit, day in LYMPHODEPLETION.items()}
    story.asks(c.Cancel(step="infusion"))
    assert days(story) == {}


def test_from_the_first_dose_on_the_days_are_facts_and_stay_when_the_infusion_moves() -> None:
    story = Trial().participant().is_ready()
    before = days(story)
    story.asks(c.Plan(step="infusion", slot=slot(story.trial.clock() + timedelta(days=9))))
    assert days(story) == before
    assert before["lymphodepletion-day-minus-3"] == local_date(story.trial.clock(), BERLIN)


def test_an_omitted_dose_fixes_no_day() -> None:
    story = Trial().participant().is_eligible().is_collected().has_product()
    start = story.trial.clock() + timedelta(days=6)
    story.asks(c.Plan(step="infusion", slot=slot(start)))
    story.trial.clock.move(days=1)
    story.reports(e.LymphodepletionDose(at=story.at(), day=-5, drug="fludarabine", outcome="omitted"))
    story.asks(c.Plan(step="infusion", slot=slot(start + timedelta(days=2))))
    assert days(story)["lymphodepletion-day-minus-4"] == local_date(start, BERLIN) - timedelta(days=2)
    assert story.now.taken_step("lymphodepletion") is None


def test_the_infusion_moves_as_far_as_the_days_since_lymphodepletion_allow_and_no_further() -> None:
    story = Trial().participant().is_ready()
    last = local_date(story.trial.clock(), BERLIN)
    too_late = story.trial.clock() + timedelta(days=15)
    story.asks(c.Plan(step="infusion", slot=slot(too_late)))
    story.advances()
    held = story.told_of(e.StepHeld)[-1][1]
    assert isinstance(held, e.StepHeld)
    assert held.earliest is None
    assert [rule.rule for rule in held.derivation.rules if rule.outcome == "fails"] == ["days-since-lymphodepletion"]
    assert local_date(too_late, BERLIN) == last + timedelta(days=15)
    story.asks(c.Plan(step="infusion", slot=slot(too_late - timedelta(days=1))))
    story.advances()
    assert story.told_of(e.StepHeld, e.StepWaiting)[-1][1].kind == "step-waiting.v1"


# To the end


@pytest.mark.slow
def test_two_years_pass_every_visit_is_settled_and_the_study_is_completed() -> None:
    story = Trial().participant().is_ready().is_infused()
    study = story.trial.participants.study()
    for _ in range(200):
        ahead = [w for w in windows(story.now, study) if w.state == "open" and w.firm]
        if not ahead:
            break
        story.lives_until(max(story.trial.clock(), min(w.opens_at for w in ahead)))
        visit = min(ahead, key=lambda window: window.opens_at)
        story.comes(visit.visit)
    story.lives_until(story.trial.clock() + timedelta(days=70))
    completed = [at for at, _ in story.told_of(e.StudyCompleted)]
    last = max(windows(story.now, study), key=lambda window: window.closes_at)
    assert completed == [last.closes_at]
    assert (last.visit, last.target) == ("month-24", date(2028, 2, 9))
    record, agenda = story.trial.participants.agenda(story.id)
    assert agenda.finished
    assert not agenda.items
    assert {key.split(":")[1] for key in record.participant.deviations} == {"pre-lymphodepletion-baseline"}
    story.trial.clock.move(minutes=1)
    with pytest.raises(Refused) as refused:
        story.reports(e.VisitCompleted(visit="screening", at=story.at()))
    assert "left" in codes(refused.value)


def test_a_first_dose_is_the_first_in_time_also_when_it_is_told_last() -> None:
    story = Trial().participant().is_eligible().is_collected().has_product()
    early, late = story.trial.clock(), story.trial.clock() + timedelta(days=1)
    story.trial.clock.move(days=2)
    story.reports(e.LymphodepletionDose(at=When.at(late), day=-4, drug="fludarabine"))
    story.reports(e.LymphodepletionDose(at=When.at(early), day=-5, drug="fludarabine"))
    taken = story.now.taken_step("lymphodepletion")
    assert taken is not None
    assert taken.at == When.at(early)


def test_yields_are_kept_exactly() -> None:
    story = Trial().participant().is_eligible().is_collected()
    ended = story.told_of(e.LeukapheresisEnded)[-1][1]
    assert isinstance(ended, e.LeukapheresisEnded)
    assert ended.yield_e6_per_kg == Decimal(12)
