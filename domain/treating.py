"""How treatment changes what is known of a participant: collections, products, doses, thaws and infusions, told in any order."""

from dataclasses import replace
from datetime import timedelta
from typing import assert_never

from domain import events as e
from domain.entry import Entry
from domain.participant import Participant, but, first, noted, without_plan
from domain.standing import Collection, Noted, Product, Taken
from domain.time import When
from domain.words import HoldPoint

ONE_INFUSION = timedelta(hours=48)
"""Bags given within this time of one another are one infusion; our assumption, for cells that are thawed one bag at a time."""


def treated(now: Participant, event: e.Treatment, entry: Entry[e.Event]) -> Participant:
    """Take one more entry about the treatment into account."""
    match event:
        case e.LeukapheresisStarted():
            began = _begun(now, "leukapheresis", event.at, entry)
            return but(began, collections=(*now.collections, Collection(noted(event, entry))))
        case e.LeukapheresisEnded():
            return _of_collection(now, None, ended=noted(event, entry))
        case e.LeukapheresisFailed():
            return _of_collection(now, None, failed=noted(event, entry))
        case e.ProductFailed():
            products = {code: product for code, product in now.products.items() if code != event.identity}
            return _of_collection(but(now, products=products), event.identity, failed=noted(event, entry))
        case e.ProductReceived():
            known = now.products.get(event.identity, Product())
            product = replace(known, received=known.received or noted(event, entry))
            return but(now, products={**now.products, event.identity: product})
        case e.ProductReleased():
            product = replace(now.products.get(event.identity, Product()), released=noted(event, entry))
            return but(now, products={**now.products, event.identity: product})
        case e.LymphodepletionDose():
            course = but(now, course_from=len(now.doses)) if repeats(event, now) else now
            began = course if event.outcome == "omitted" else _depleted(course, event.at, entry)
            return but(began, doses=(*now.doses, noted(event, entry)))
        case e.IdentityChecked():
            return but(now, identity_checks=(*now.identity_checks, noted(event, entry)))
        case e.ThawStarted():
            again = now.taken_step("infusion") is None or repeats(event, now)
            began = _begun(now, "infusion", event.at, entry) if again else _thawed(now, event.at)
            return but(began, thaws=(*now.thaws, noted(event, entry)))
        case e.InfusionStarted():
            again = now.taken_step("infusion") is None or repeats(event, now)
            began = _begun(now, "infusion", event.at, entry) if again else now
            return but(_infused(began, event.at), infusions=(*now.infusions, noted(event, entry)))
        case e.InfusionEnded():
            return but(now, infusion_ends=(*now.infusion_ends, noted(event, entry)))
        case _:
            assert_never(event)


def repeats(fact: e.LymphodepletionDose | e.ThawStarted | e.InfusionStarted, participant: Participant) -> bool:
    """Whether a fact is on record already for the course or the infusion in force, so that another one begins with it."""
    last = participant.taken_step("infusion")
    match fact:
        case e.LymphodepletionDose(day=day, drug=drug):
            return any((dose.fact.day, dose.fact.drug) == (day, drug) for dose in participant.course)
        case e.ThawStarted(bag=bag):
            later = last is not None and first(fact.at) - first(last.at) > ONE_INFUSION
            return later or any(thaw.fact.bag == bag for thaw in participant.thaws)
        case e.InfusionStarted(bag=bag):
            infused = sum(start.fact.bag == bag for start in participant.infusions)
            later = last is not None and last.done is not None and first(fact.at) - first(last.done) > ONE_INFUSION
            return later or (infused > 0 and infused >= sum(thaw.fact.bag == bag for thaw in participant.thaws))


def _thawed(now: Participant, at: When) -> Participant:
    """A thaw that is told after the infusion it was for is where the hold point was passed."""
    last = now.taken_step("infusion")
    if last is None or last.done != last.at or first(last.at) <= first(at):
        return now
    return but(now, taken=tuple(replace(one, at=at) if one is last else one for one in now.taken))


def _infused(now: Participant, at: When) -> Participant:
    """The first bag of an infusion is its anchor, also when it is told late; without a thaw on record it is the hold point too."""
    last = now.taken_step("infusion")
    if last is None or (last.done is not None and first(last.done) <= first(at)):
        return now
    moved = replace(last, done=at, at=at if last.at == last.done else last.at)
    return but(now, taken=tuple(moved if one is last else one for one in now.taken))


def _depleted(now: Participant, at: When, entry: Entry[e.Event]) -> Participant:
    """The course starts with the earliest of its doses, also when that one is told late."""
    last = now.taken_step("lymphodepletion")
    if last is None or not now.given_doses:
        return _begun(now, "lymphodepletion", at, entry)
    if first(last.at) <= first(at):
        return now
    return but(now, taken=tuple(replace(one, at=at) if one is last else one for one in now.taken))


def _begun(now: Participant, step: HoldPoint, at: When, entry: Entry[e.Event]) -> Participant:
    taken = Taken(step, now.occurrence(step), at, entry.version)
    return but(without_plan(now, step, entry), taken=(*now.taken, taken))


def _of_collection(
    now: Participant,
    identity: str | None,
    *,
    ended: Noted[e.LeukapheresisEnded] | None = None,
    failed: Noted[e.LeukapheresisFailed] | Noted[e.ProductFailed] | None = None,
) -> Participant:
    """Of the last collection whose cells carry the code, or of the last one."""
    if not now.collections:
        return now
    coded = (one for one in reversed(now.collections) if one.ended is not None and one.ended.fact.identity == identity)
    meant = next(coded, now.collections[-1])
    told = replace(meant, ended=ended or meant.ended, failed=failed or meant.failed)
    return but(now, collections=tuple(told if one is meant else one for one in now.collections))
