"""Reminders of planned steps: black-outs, fresh evidence, cells to be released, leave refused or revoked, and slots that have ended.

The words reach a ward, so they are safe to obey: they never ask anybody to stop a drug abruptly.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from domain.events import ManuallyReleased, StepCleared, StepHeld, StepWaiting
from domain.participant import Participant
from domain.protocol import Afebrile, Attested, NoneWithin, NoTherapeuticSteroid, NotPregnant, NotPresent, ProductReady, Rule
from domain.reminding.reminder import A_WEEK, DAY, Reminder
from domain.rules.reviews import TITLES
from domain.standing import Plan, Product
from domain.study import Study
from domain.time import Period, When, local_date, midnight, shown
from domain.words import HoldPoint, Role

NEAR = timedelta(hours=72)
"""A step held or revoked this close to its slot is urgent."""


def of_step(step: HoldPoint, plan: Plan, participant: Participant, study: Study, zone: str) -> Iterator[Reminder]:
    """Everything that somebody should be told of a planned step."""
    slot = plan.slot
    for rule in study.protocol(participant.protocol).steps[step].rules:
        if isinstance(rule, NoTherapeuticSteroid):
            starts = _back(slot.start, rule.within, zone)
            words = (
                f"From {shown(starts, zone)}, systemic steroid above {rule.above_mg} mg/day prednisone-equivalent "
                f"blocks the {step} planned from {shown(slot.start, zone)}. Do not stop maintenance or replacement "
                "abruptly, ask the investigator. In an emergency treat, then record."
            )
            yield from _black_out(f"black-out:{step}:{rule.id}:{slot.start:%Y%m%dT%H%MZ}", plan, starts, words)
        if isinstance(rule, ProductReady) and (step == "lymphodepletion" or "lymphodepletion" not in participant.plans):
            yield from _of_release(step, plan, participant)
        if (asked := _asked(rule, participant, study)) is not None:
            yield from _of_evidence(step, plan, asked, zone)
    yield from _of_verdict(step, plan, zone)
    yield from _of_end(step, plan, zone)


class _Asked(NamedTuple):
    """Evidence that a step needs no older than that: what it is called, when it was made so far, and who can supply it."""

    kind: str
    name: str
    what: str
    no_older_than: Period
    made: tuple[When, ...]
    of: Role = "coordinator"


def _asked(rule: Rule, participant: Participant, study: Study) -> _Asked | None:
    """The fresh evidence that a rule asks of this participant, if it asks for any."""
    protocol = study.protocol(participant.protocol)
    match rule:
        case NoTherapeuticSteroid(review=review) | NoneWithin(review=review) | NotPresent(review=review):
            made = tuple(one.fact.at for one in participant.reviews if one.fact.review == review.kind)
            return _Asked("review", review.kind, f"a review of {TITLES[review.kind]}", review.no_older_than, made)
        case NotPregnant() if participant.demographics is not None and participant.demographics.fact.sex == "male":
            return None
        case NotPregnant(no_older_than=None):
            return None
        case NotPregnant(test=test, no_older_than=Period() as age) | Afebrile(test=test, no_older_than=age):
            made = tuple(one.fact.at for one in participant.observations if one.fact.test == test and one.fact.valid)
            return _Asked("test", test, f"this test: {protocol.tests[test].title}", age, made)
        case Attested(attestation=name):
            made = tuple(one.fact.at for one in participant.attestations if name in one.fact.holds)
            return _Asked("attestation", name, f"the attestation {name}", rule.no_older_than, made, protocol.attestations[name].by)
        case _:
            return None


def _of_evidence(step: HoldPoint, plan: Plan, asked: _Asked, zone: str) -> Iterator[Reminder]:
    """Due when it begins to be fresh enough for the slot's start; silent once it has been made since."""
    due = _back(plan.slot.start, asked.no_older_than, zone)
    if not any(made.span(zone).earliest >= due for made in asked.made):
        key = f"{asked.kind}:{step}:{asked.name}:{plan.slot.start:%Y%m%dT%H%MZ}"
        says = f"The {step} planned from {shown(plan.slot.start, zone)} needs {asked.what}."
        yield Reminder(key, due, plan.slot.until, "timely", asked.of, says)


def _of_release(step: HoldPoint, plan: Plan, participant: Participant) -> Iterator[Reminder]:
    """A week before lymphodepletion, which must not begin without them, that the cells have not been released; else before the infusion."""
    product = product_of(participant)
    if product is None or product.released is None:
        says = f"The {step} needs cells that have been released, and none are on record."
        due = max(plan.slot.start - A_WEEK, plan.planned_at)
        yield Reminder(f"release:{step}:{plan.slot.start:%Y%m%dT%H%MZ}", due, plan.slot.until, "timely", "cell-lab", says)


def product_of(participant: Participant) -> Product | None:
    """What is known of the cells of the collection in force."""
    collection = participant.collection
    return participant.products.get(collection.ended.fact.identity) if collection and collection.ended else None


def _black_out(key: str, plan: Plan, starts: datetime, words: str) -> Iterator[Reminder]:
    """Told at planning, a day before, and when it starts; each replaces the one before."""
    moments = [("planned", plan.planned_at), ("day-before", starts - DAY), ("start", starts), ("", plan.slot.until)]
    for (name, due), (_, following) in pairwise(moments):
        if due < following and plan.planned_at < following:
            yield Reminder(f"{key}:{name}", due, following, "timely", "coordinator", words)


def _of_verdict(step: HoldPoint, plan: Plan, zone: str) -> Iterator[Reminder]:
    """Of leave that was revoked and a step that is held by that, one call is made and not two: that of the held step says both.

    A step that is held only since its slot has ended is no such matter: it may be under way, and the reminder of the slot's end says so.
    """
    near = plan.slot.start - plan.judged_at <= NEAR
    until = plan.slot.until + DAY
    held = plan.verdict if isinstance(plan.verdict, StepHeld) and plan.held_since < plan.slot.until else None
    if plan.revoked_in and held is None and not isinstance(plan.verdict, StepCleared | ManuallyReleased):
        says = f"Leave for the {step} has been revoked. Look at the reasons before anything is prepared."
        yield Reminder(f"revoked:{step}:{plan.revoked_in}", plan.judged_at, until, "urgent" if near else "timely", "coordinator", says)
    if plan.lapsed_in and isinstance(plan.verdict, StepWaiting):
        says = f"Leave for the {step} has lapsed before the end of its slot. Look at what is missing."
        yield Reminder(f"lapsed:{step}:{plan.lapsed_in}", plan.judged_at, plan.slot.until, "urgent", "coordinator", says)
    if held is not None:
        revoked = f"Leave for the {step} has been revoked. " if plan.revoked_in else ""
        says = f"{revoked}The planned {step} is held: nothing in its slot is possible. {not_before(held.earliest, zone)}"
        if not near:
            yield Reminder(f"held:{step}:{plan.held_in}", plan.judged_at, plan.slot.start - NEAR, "timely", "coordinator", says)
        yield Reminder(
            f"held-near:{step}:{plan.held_in}", max(plan.judged_at, plan.slot.start - NEAR), until, "urgent", "coordinator", says
        )


def not_before(earliest: datetime | None, zone: str) -> str:
    """From when nothing on record forbids a step, in words that nobody can take for leave."""
    if earliest is None:
        return "No instant is in sight at which nothing would forbid it."
    return f"Nothing on record forbids it from {shown(earliest, zone)} on; leave is still needed."


def _of_end(step: HoldPoint, plan: Plan, zone: str) -> Iterator[Reminder]:
    """That the slot of a step has ended and nobody has said what became of it: it may have been taken, or be under way."""
    ended = plan.slot.until
    says = (
        f"The slot of the {step} ended at {shown(ended, zone)}, and nothing is recorded of it. Report what took place, or plan it again. "
        "Neither begin it nor break it off because of this message."
    )
    yield Reminder(f"slot-ended:{step}:{ended:%Y%m%dT%H%MZ}", ended, ended + 14 * DAY, "timely", "coordinator", says)


def _back(instant: datetime, period: Period, zone: str) -> datetime:
    """The instant a look-back reaches: elapsed time before, or the start of the date so many days before."""
    if period.elapsed is not None:
        return instant - period.elapsed
    return midnight(period.before(local_date(instant, zone)), zone)
