"""Slips: what is possible, but far more often an error of the hand. A reason lets it be recorded all the same."""

from collections.abc import Iterator

from domain import events as e
from domain.decisions.harm import improbable_grading
from domain.decisions.steps import other_identity
from domain.leaving import LOST, way
from domain.participant import Participant
from domain.rejections import Reason
from domain.rules.treatment import reached
from domain.study import Study
from domain.time import When
from domain.treating import repeats

ALL_THE_SAME = "give a reason to record it all the same"


def improbable_in(fact: e.Fact, participant: Participant, study: Study) -> Iterator[Reason]:
    """Why a report is taken for a slip."""
    zone = study.zone(participant.site)
    yield from _without_consent(fact, participant, zone)
    if isinstance(fact, e.IdentityChecked | e.ThawStarted | e.InfusionStarted):
        for reason in other_identity(fact.identity, participant):
            yield reason.model_copy(update={"says": f"{reason.says}; {ALL_THE_SAME}"})
    if isinstance(fact, e.ProductReceived) and fact.identity in participant.products and participant.products[fact.identity].received:
        yield Reason(code="already-reported", says=f"this product has been received: correct that entry, or {ALL_THE_SAME}")
    coded = {one.ended.fact.identity for one in participant.collections[:-1] if one.ended is not None}
    if isinstance(fact, e.LeukapheresisEnded) and fact.identity in coded:
        yield Reason(code="code-used", says=f"other cells carry the code {fact.identity} already; {ALL_THE_SAME}")
    if isinstance(fact, e.LymphodepletionDose | e.ThawStarted | e.InfusionStarted) and repeats(fact, participant):
        yield Reason(code="already-reported", says=f"this is on record: correct that entry, or, if it was done again, {ALL_THE_SAME}")
    if isinstance(fact, e.Grading):
        for odd in improbable_grading(fact, participant, zone):
            yield Reason(code="improbable-grading", says=f"{odd}; {ALL_THE_SAME}")
    for what, earlier in _comes_after(fact, participant):
        if e.begins(fact).span(zone).latest < earlier.span(zone).earliest:
            yield Reason(code="out-of-order", says=f"this lies before {what} ({earlier.shown(zone)}); {ALL_THE_SAME}")


def _without_consent(fact: e.Fact, participant: Participant, zone: str) -> Iterator[Reason]:
    """Nothing is recorded before consent is; procedures of the study do not lie before it."""
    consent = reached("consent", participant, zone)
    if consent is None:
        if not isinstance(fact, e.ConsentSigned):
            yield Reason(code="no-consent", says=f"no consent is on record; {ALL_THE_SAME}")
    elif (
        isinstance(fact, e.Treatment | e.Screening | e.VisitCompleted | e.UnscheduledVisit)
        and fact.at.span(zone).latest < consent[0].earliest
    ):
        yield Reason(code="before-consent", says=f"this lies before consent was signed; {ALL_THE_SAME}")


def _comes_after(fact: e.Fact, participant: Participant) -> Iterator[tuple[str, When]]:
    """What must have come first, where that is on record."""
    collection = participant.collections[-1] if participant.collections else None
    match fact:
        case e.EligibilityConfirmed() | e.ScreenFailed() if participant.screenings:
            yield "the start of screening", participant.screenings[-1].fact.at
        case e.LeukapheresisEnded() | e.LeukapheresisFailed() if collection:
            yield "the start of the collection", collection.started.fact.at
        case e.ProductReceived() | e.ProductReleased() | e.ProductFailed() if collection and collection.ended:
            yield "the end of the collection", collection.ended.fact.at
        case e.InfusionStarted(bag=bag):
            yield from (("the thaw of the bag", thaw.fact.at) for thaw in participant.thaws if thaw.fact.bag == bag)
        case e.InfusionEnded(bag=bag):
            yield from (("the start of its infusion", start.fact.at) for start in participant.infusions if start.fact.bag == bag)
        case e.ContactRegained():
            yield from (("the loss of contact", left.fact.at) for left in participant.leaving if way(left.fact) is LOST)
        case _:
            pass
