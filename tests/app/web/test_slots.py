"""Slots on offer are judged before anybody plans them exactly as they would be judged once they are planned."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from app.web.rehearsal import Foresight
from app.web.slots import DAYS_OFFERED, Offer, Offering
from domain import commands as c
from domain import events as e
from domain.gates import judge
from domain.time import to_the_minute
from domain.words import STEPS, HoldPoint
from tests.builders import Story, Trial, by_, dose

UNTIL: dict[str, Callable[[Story], object]] = {
    "eligible": lambda story: story.is_eligible(),
    "on a steroid that stops the step": lambda story: story.is_eligible().reports(dose("prednisone", "40", story.at())),
    "looked at for the step": lambda story: story.is_eligible().is_seen_before("leukapheresis"),
    "collected": lambda story: story.is_eligible().is_collected(),
    "with a product": lambda story: story.is_eligible().is_collected().has_product(),
    "depleted": lambda story: story.is_eligible().is_collected().has_product().is_depleted(),
    "planned and seen": lambda story: story.is_eligible().plans("leukapheresis", story.trial.clock() + timedelta(days=2)).reviews(),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("stage", UNTIL)
def test_a_slot_on_offer_is_judged_as_it_would_be_once_it_is_planned(stage: str, step: HoldPoint) -> None:
    story = Trial().participant()
    UNTIL[stage](story)
    study, now = story.trial.participants.study(), story.trial.clock()
    offering = Offering(step, Foresight(story.record, study, by_("coordinator", story.trial.next_id()), now))
    offers = [*offering.days(None), *offering.shifts()]
    assert len(offers) >= DAYS_OFFERED
    for offer in (one for one in offers if not one.reasons):
        after = story.record.then(story.would(c.Plan(step=step, slot=offer.slot)), now, by_("coordinator", story.trial.next_id()))
        verdict = judge(step, after.participant, study, max(offer.slot.start, to_the_minute(now))).verdict(offer.slot, now)
        assert _foretold(offer) == _recorded(verdict)


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
