"""Each way of leaving: what it ends, and what may still be recorded about the time on either side of it."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import pytest

from domain import commands as c
from domain import events as e
from domain.leaving import visits_ended_at
from domain.rejections import Refused
from domain.time import MINUTE, When
from domain.visits import windows
from tests.builders import BERLIN, CODE, Story, Trial, codes, consent, dose, review, slot
from tests.domain.harms import adverse, more_of


class Way(NamedTuple):
    """A way of leaving: what states it, whether visits end with it, and what may still be told of the time after it."""

    words: str
    leave: Callable[[When], e.Leaving]
    ends_visits: bool
    still: set[str]


EVIDENCE = {"medication", "procedure", "condition", "review", "harm", "grading"}
TO_THE_END = {"death", "product", "going", "more of harm"}
WAYS = [
    Way("stopped treatment", lambda at: e.TreatmentStopped(at=at, why="too tired"), False, EVIDENCE | TO_THE_END | {"visit"}),
    Way("withdrew from treatment", lambda at: e.ConsentWithdrawn(at=at, scope="treatment"), False, EVIDENCE | TO_THE_END | {"visit"}),
    Way("stopped visits", lambda at: e.VisitsStopped(at=at, why="moved away", records_allowed=True), True, EVIDENCE | TO_THE_END),
    Way("withdrew from visits", lambda at: e.ConsentWithdrawn(at=at, scope="visits"), True, EVIDENCE | TO_THE_END),
    Way("allows no records", lambda at: e.VisitsStopped(at=at, why="moved away", records_allowed=False), True, TO_THE_END),
    Way("withdrew from everything", lambda at: e.ConsentWithdrawn(at=at, scope="everything"), True, {"product", "more of harm"}),
    Way("was lost", lambda at: e.ContactLost(at=at), True, EVIDENCE | TO_THE_END | {"visit", "regained"}),
    Way("died", lambda at: e.Died(at=at), True, {"product", "more of harm"}),
    Way("will never be infused", lambda at: e.NeverInfused(at=at, why="no cells"), True, EVIDENCE | TO_THE_END),
]
FALL = 4
"""The entry that tells of an adverse event that goes on when the participant leaves."""
FACTS: dict[str, Callable[[When], e.Fact]] = {
    "medication": lambda at: dose("paracetamol", "500", at),
    "procedure": lambda at: e.ProcedurePerformed(name="biopsy", major=False, at=at),
    "condition": lambda at: e.ConditionNoted(at=at, condition="pregnancy", start=at, marks={}),
    "review": lambda at: review(at, None),
    "harm": adverse,
    "more of harm": lambda at: more_of(FALL, at, grade=1),
    "grading": lambda at: e.CytokineReleaseGraded(at=at, grade=0),
    "visit": lambda at: e.VisitCompleted(visit="screening", at=at),
    "treatment": lambda at: e.LymphodepletionDose(at=at, day=-5, drug="fludarabine"),
    "product": lambda at: e.ProductFailed(at=at, identity=CODE, why="too few cells"),
    "death": lambda at: e.Died(at=at),
    "going": lambda at: e.TreatmentStopped(at=at, why="too tired"),
    "regained": lambda at: e.ContactRegained(at=at),
    "consent": consent,
    "screening": lambda at: e.ScreenFailed(at=at, criteria=("I3",)),
}
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.words)


def in_screening() -> Story:
    """A participant in screening, with cells collected by exception, a product on its way and an infusion planned."""
    story = Trial().participant().consents()
    assert story.reports(adverse(story.at(), term="a fall")).version == FALL
    story.reports(e.ScreeningStarted(at=story.at()))
    story.trial.clock.move(days=1)
    collected = e.LeukapheresisEnded(at=story.at(), identity=CODE, yield_e6_per_kg=Decimal(12))
    story.reports(e.LeukapheresisStarted(at=story.at()))
    story.reports(collected)
    story.asks(c.Plan(step="infusion", slot=slot(story.trial.clock() + timedelta(days=20))))
    story.trial.clock.move(days=2)
    return story


@pytest.fixture
def story() -> Story:
    return in_screening()


@every_way
def test_no_further_step_is_taken_planned_or_reminded_of(story: Story, way: Way) -> None:
    outcome = story.reports(way.leave(story.at()))
    assert "step-cancelled.v1" in [event.kind for event in outcome.events]
    assert not story.now.plans
    with pytest.raises(Refused) as refused:
        story.asks(c.Plan(step="infusion", slot=slot(story.trial.clock() + timedelta(days=20))))
    assert "left" in codes(refused.value)
    with pytest.raises(Refused) as refused:
        story.asks(c.Perform(beginning=c.BeginLeukapheresis()))
    assert "left" in codes(refused.value)
    _, agenda = story.trial.participants.agenda(story.id)
    assert not [item.key for item in agenda.items if item.key.startswith(("judge", "black-out", "review"))]


@every_way
def test_visits_end_or_go_on(story: Story, way: Way) -> None:
    story.reports(way.leave(story.at()))
    assert (visits_ended_at(story.now, BERLIN) == story.trial.clock()) == way.ends_visits
    expected = {window.visit for window in windows(story.now, story.trial.participants.study())}
    assert ("screening" in expected) != way.ends_visits


@cache
def whoever(words: str) -> Story:
    """A participant who left three days ago; nothing more is recorded of them."""
    way, story = next(way for way in WAYS if way.words == words), in_screening()
    story.reports(way.leave(story.at()))
    story.trial.clock.move(days=3)
    return story


@every_way
@pytest.mark.parametrize("kind", FACTS)
def test_what_may_still_be_recorded_about_the_time_after_leaving(way: Way, kind: str) -> None:
    story = whoever(way.words)
    minute_after = When.at(story.now.leaving[0].recorded_at + MINUTE)
    assert allowed(story, FACTS[kind](minute_after)) == (kind in way.still)


@every_way
@pytest.mark.parametrize("kind", [kind for kind in FACTS if kind not in {"regained", "screening", "death"}])
def test_everything_that_happened_until_then_may_be_recorded_later(way: Way, kind: str) -> None:
    story = whoever(way.words)
    assert allowed(story, FACTS[kind](When.at(story.now.leaving[0].recorded_at)))


def allowed(story: Story, fact: e.Fact) -> bool:
    """Whether nothing about the leaving stands against a fact."""
    try:
        story.would(c.Report(fact=fact))
    except Refused as refused:
        return codes(refused).isdisjoint({"left", "already-reported", "not-lost"})
    return True


@every_way
def test_treatment_after_leaving_in_any_way_is_recorded_with_a_reason_and_its_deviations(story: Story, way: Way) -> None:
    story.reports(way.leave(story.at()))
    story.trial.clock.move(minutes=1)
    fact = FACTS["treatment"](story.at())
    with pytest.raises(Refused) as refused:
        story.reports(fact)
    assert codes(refused.value) == {"left"}
    outcome = story.reports(fact, reason="given by mistake")
    assert outcome.events[0] == fact
    assert "gate:lymphodepletion:1:leave" in story.now.deviations


@every_way
def test_death_after_leaving_in_any_way_is_recorded_with_a_reason(story: Story, way: Way) -> None:
    story.reports(way.leave(story.at()))
    story.trial.clock.move(days=1)
    dies = c.Report(fact=e.Died(at=story.at()))
    if way.words == "died":
        with pytest.raises(Refused) as refused:
            story.asks(dies, reason="told by the family")
        assert codes(refused.value) == {"already-reported"}
    else:
        story.asks(dies, reason="told by the family")
        assert story.told_of(e.Died)


@every_way
@pytest.mark.parametrize("kind", ["consent", "screening"])
def test_a_reason_opens_nothing_but_treatment_and_death_after_leaving(story: Story, way: Way, kind: str) -> None:
    story.reports(way.leave(story.at()))
    story.trial.clock.move(minutes=1)
    with pytest.raises(Refused) as refused:
        story.reports(FACTS[kind](story.at()), reason="it did happen")
    assert codes(refused.value) == {"left"}


def test_nobody_is_said_to_be_never_infused_after_an_infusion_but_after_a_thaw_they_may_be() -> None:
    story = Trial().participant().is_ready().is_cleared()
    story.reports(e.ThawStarted(at=story.at(), identity=CODE))
    story.trial.clock.move(minutes=5)
    never = e.NeverInfused(at=story.at(), why="the bag broke")
    assert story.would(c.Report(fact=never))[0].kind == "never-infused.v1"
    story.reports(e.InfusionStarted(at=story.at(), identity=CODE))
    with pytest.raises(Refused) as refused:
        story.reports(never, reason="it was so")
    assert codes(refused.value) == {"infused"}


def test_a_date_of_leaving_without_the_hour_ends_with_its_last_minute(story: Story) -> None:
    story.reports(e.Died(at=When(story.at().root[:10])))
    story.trial.clock.move(days=2)
    last = visits_ended_at(story.now, BERLIN)
    assert last is not None
    assert allowed(story, FACTS["medication"](When.at(last)))
    assert not allowed(story, FACTS["medication"](When.at(last + MINUTE)))


def test_a_course_that_began_before_leaving_may_be_recorded_with_its_end_after_it(story: Story) -> None:
    began = story.at()
    story.reports(e.ConsentWithdrawn(at=story.at(), scope="everything"))
    story.trial.clock.move(days=2)
    assert allowed(story, dose("prednisone", "5", began, per_day=1, stop=story.at()))


# Lost, and found again


def test_whoever_is_reached_again_has_visits_again_and_may_be_planned_for(story: Story) -> None:
    story.reports(e.ContactLost(at=story.at()))
    story.trial.clock.move(days=5)
    story.reports(e.ContactRegained(at=story.at()))
    assert visits_ended_at(story.now, BERLIN) is None
    story.asks(c.Plan(step="infusion", slot=slot(story.trial.clock() + timedelta(days=20))))
    assert "screening" in {window.visit for window in windows(story.now, story.trial.participants.study())}


def test_whoever_stopped_treatment_while_lost_can_still_be_reached_again_and_treatment_stays_stopped(story: Story) -> None:
    story.reports(e.ContactLost(at=story.at()))
    story.reports(e.TreatmentStopped(at=story.at(), why="by letter"))
    story.trial.clock.move(days=5)
    story.reports(e.ContactRegained(at=story.at()))
    assert visits_ended_at(story.now, BERLIN) is None
    with pytest.raises(Refused) as refused:
        story.asks(c.Plan(step="infusion", slot=slot(story.trial.clock() + timedelta(days=20))))
    assert codes(refused.value) == {"left"}
    with pytest.raises(Refused) as refused:
        story.reports(e.ContactRegained(at=story.at()))
    assert codes(refused.value) == {"not-lost"}


# Screened out


def test_a_failed_screening_ends_all_but_a_new_one() -> None:
    story = Trial().participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    story.reports(e.ScreenFailed(at=story.at(), criteria=("E24a", "I3")))
    story.trial.clock.move(days=1)
    for command in (c.Plan(step="leukapheresis", slot=slot(story.trial.clock())), c.Report(fact=e.LeukapheresisStarted(at=story.at()))):
        with pytest.raises(Refused) as refused:
            story.asks(command)
        assert codes(refused.value) == {"left"}
    story.reports(e.ScreeningStarted(at=story.at()))
    story.reports(e.VisitCompleted(visit="screening", at=story.at()))
    story.reports(e.EligibilityConfirmed(at=story.at()), "investigator", signed=True)
    story.asks(c.Plan(step="leukapheresis", slot=slot(story.trial.clock())))
    assert "leukapheresis" in story.now.plans


def test_leaving_that_was_recorded_by_mistake_is_taken_back_and_the_step_is_planned_again(story: Story) -> None:
    story.reports(e.Died(at=story.at()))
    story.asks(c.Retract(entry=story.entry_of(e.Died)), reason="another participant")
    assert visits_ended_at(story.now, BERLIN) is None
    assert not story.now.plans
    story.asks(c.Plan(step="infusion", slot=slot(story.trial.clock() + timedelta(days=20))))
    assert "infusion" in story.now.plans


def test_a_visit_that_took_place_before_death_is_recorded_after_it_though_its_window_was_still_open() -> None:
    story = Trial().participant().is_ready().is_infused()
    infused = story.trial.clock()
    story.trial.clock.move_to(infused + timedelta(days=3))
    story.reports(e.Died(at=story.at()))
    story.trial.clock.move(days=5)
    story.reports(e.VisitCompleted(visit="day-3", at=When.at(infused + timedelta(days=2))))
    held = {window.visit: window.state for window in windows(story.now, story.trial.participants.study())}
    assert held["day-3"] == "completed"
    assert "day-7" not in held


def test_the_product_of_somebody_who_has_left_is_accounted_for_to_the_end(story: Story) -> None:
    story.reports(e.Died(at=story.at()))
    story.trial.clock.move(days=10)
    story.reports(e.ProductReceived(at=story.at(), identity=CODE, expires=date(2026, 5, 1)), "cell-lab")
    story.reports(e.ProductFailed(at=story.at(), identity=CODE, why="destroyed: the participant has died"), "cell-lab")
    assert story.now.collection is None
