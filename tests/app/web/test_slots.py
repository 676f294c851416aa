"""Slots on offer are judged before anybody plans them exactly as they would be judged once they are planned."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.web.rehearsal import Foresight
from app.web.slots import DAYS_OFFERED, SHIFTS, Offer, Offering
from domain import commands as c
from domain import events as e
from domain.gates import judge
from domain.time import When, to_the_minute
from domain.words import STEPS, HoldPoint
from tests.builders import Story, Trial, by_, dose

ABOVE, AT_THE_LIMIT = "on too much of a steroid, without an end", "on as much of a steroid as may be, without an end"
TO_BE_DEPLETED, TO_BE_INFUSED = "looked at for lymphodepletion", "looked at for the infusion"


def takes_on_and_on(story: Story, mg: str) -> None:
    """A course of a steroid that began long ago and has no end on record, and all else that is asked for before leukapheresis."""
    began = When.at(story.is_eligible().trial.clock() - timedelta(days=10))
    story.reports(dose("prednisone", mg, began, per_day=1))
    story.is_seen_before("leukapheresis")


def is_to_be_depleted(story: Story) -> None:
    first = story.is_eligible().is_collected().has_product().trial.clock() + timedelta(days=1)
    story.plans("infusion", first + timedelta(days=5)).plans("lymphodepletion", first)
    story.lives_until(first)
    story.is_seen_before("lymphodepletion")


def is_to_be_infused(story: Story) -> None:
    story.is_ready().lives_until(story.now.plans["infusion"].slot.start - timedelta(hours=1))
    story.is_seen_before("infusion").checks_identity()


UNTIL: dict[str, Callable[[Story], object]] = {
    "eligible": lambda story: story.is_eligible(),
    "on a steroid that stops the step": lambda story: story.is_eligible().reports(dose("prednisone", "40", story.at())),
    ABOVE: lambda story: takes_on_and_on(story, "10.5"),
    AT_THE_LIMIT: lambda story: takes_on_and_on(story, "10"),
    "looked at for the step": lambda story: story.is_eligible().is_seen_before("leukapheresis"),
    "collected": lambda story: story.is_eligible().is_collected(),
    "with a product": lambda story: story.is_eligible().is_collected().has_product(),
    TO_BE_DEPLETED: is_to_be_depleted,
    "depleted": lambda story: story.is_ready(),
    TO_BE_INFUSED: is_to_be_infused,
    "planned and seen": lambda story: story.is_eligible().plans("leukapheresis", story.trial.clock() + timedelta(days=2)).reviews(),
}
TAKEN: dict[str, tuple[HoldPoint, ...]] = {
    "collected": ("leukapheresis",),
    "with a product": ("leukapheresis",),
    TO_BE_DEPLETED: ("leukapheresis",),
    "depleted": ("leukapheresis", "lymphodepletion"),
    TO_BE_INFUSED: ("leukapheresis", "lymphodepletion"),
}
"""The steps that were taken by then, and are planned no more."""
BY_THEN = [(stage, step) for stage, steps in TAKEN.items() for step in steps]
AHEAD = [(stage, step) for stage in UNTIL for step in STEPS if (stage, step) not in BY_THEN]


def offered(stage: str, step: HoldPoint) -> tuple[Story, list[Offer]]:
    """A participant at a stage, and every slot that is offered for a step there."""
    story = Trial().participant()
    UNTIL[stage](story)
    by = by_("coordinator", story.trial.next_id())
    offering = Offering(step, Foresight(story.record, story.trial.participants.study(), by, story.trial.clock()))
    offers = [*offering.days(None), *offering.shifts()]
    assert len(offers) == DAYS_OFFERED + (len(SHIFTS) if step in story.now.plans else 0)
    return story, offers


@pytest.mark.parametrize(("stage", "step"), AHEAD)
def test_a_slot_on_offer_is_judged_as_it_would_be_once_it_is_planned(stage: str, step: HoldPoint) -> None:
    story, offers = offered(stage, step)
    study, now = story.trial.participants.study(), story.trial.clock()
    ahead = [offer for offer in offers if offer.slot.until > now]
    assert len(ahead) >= DAYS_OFFERED
    for offer in ahead:
        assert not offer.reasons
        after = story.record.then(story.would(c.Plan(step=step, slot=offer.slot)), now, by_("coordinator", story.trial.next_id()))
        verdict = judge(step, after.participant, study, max(offer.slot.start, to_the_minute(now))).verdict(offer.slot, now)
        assert _foretold(offer) == _recorded(verdict)


@pytest.mark.parametrize(("stage", "step"), BY_THEN)
def test_no_slot_can_be_taken_for_a_step_that_was_taken(stage: str, step: HoldPoint) -> None:
    assert all(offer.reasons for offer in offered(stage, step)[1])


@pytest.mark.parametrize(
    ("stage", "step", "state"),
    [
        ("eligible", "leukapheresis", "waiting"),
        ("looked at for the step", "leukapheresis", "cleared"),
        (AT_THE_LIMIT, "leukapheresis", "cleared"),
        (ABOVE, "leukapheresis", "held"),
        (TO_BE_DEPLETED, "lymphodepletion", "cleared"),
        (TO_BE_INFUSED, "infusion", "cleared"),
    ],
)
def test_the_next_working_day_is_on_offer_as_it_is_judged(stage: str, step: HoldPoint, state: str) -> None:
    _, (first, *_) = offered(stage, step)
    assert first.state == state


def _foretold(offer: Offer) -> tuple[str, object]:
    return offer.state, offer.earliest


def _recorded(verdict: e.StepCleared | e.StepWaiting | e.StepHeld) -> tuple[str, object]:
    match verdict:
        case e.StepCleared():
            return "cleared", verdict.covers_from
        case e.StepWaiting():
            return "waiting", verdict.possible_from
        case e.StepHeld():
            return "held", verdict.earliest
