"""Who should be told what, and when: black-outs, reviews, visits, and leave that was refused or revoked.

The words reach a ward, so they are safe to obey: they never ask anybody to stop a drug abruptly.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from domain.anchors import anchors
from domain.events import ManuallyReleased, StepCleared, StepHeld, StepWaiting, VisitUnaccounted
from domain.leaving import steps_ended, visits_ended_at
from domain.participant import Participant
from domain.protocol import Afebrile, Attested, NoneWithin, NoTherapeuticSteroid, NotPregnant, NotPresent, Rule
from domain.rules.reviews import TITLES
from domain.screening import awaited
from domain.standing import Noted, Plan, SafetyReport
from domain.study import Study
from domain.time import MINUTE, Period, When, day_after, local_date, midnight, shown
from domain.visits import VisitWindow, windows
from domain.words import STEPS, HoldPoint, Role, Urgency

DAY = timedelta(days=1)
NEAR = timedelta(hours=72)
"""A step held or revoked this close to its slot is urgent."""
A_WEEK = timedelta(days=7)
LONG = timedelta(days=730)
"""As long as a participant is followed: what must be done however late it is stays on somebody's list."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """Something a person should be told once it is due, unless it has become pointless by then."""

    key: str
    due: datetime
    pointless_after: datetime
    urgency: Urgency
    to: Role
    says: str


def reminders(participant: Participant, open_windows: tuple[VisitWindow, ...], study: Study) -> Iterator[Reminder]:
    """Every reminder that has not been given yet, however far ahead it falls due."""
    return (one for key, one in _every(participant, open_windows, study).items() if key not in participant.reminded)


def that_apply(participant: Participant, study: Study) -> dict[str, Reminder]:
    """Every reminder that the record asks for by now, given or not, by its key."""
    return _every(participant, windows(participant, study), study) if participant.protocol else {}


def _every(participant: Participant, open_windows: tuple[VisitWindow, ...], study: Study) -> dict[str, Reminder]:
    zone = study.zone(participant.site)
    every = [
        *(one for step in STEPS if (plan := participant.plans.get(step)) for one in _of_step(step, plan, participant, study, zone)),
        *(one for window in open_windows for one in _of_visit(window, participant.unaccounted.get(window.visit), zone)),
        *(() if steps_ended(participant, zone) else _of_product(participant, zone)),
        *_of_toxicity(participant, study, zone),
        *_of_screening(participant, study, zone),
        *(one for matter in participant.safety_reports.values() if matter.open for one in _of_safety(matter)),
    ]
    return {one.key: one for one in every}


def _of_step(step: HoldPoint, plan: Plan, participant: Participant, study: Study, zone: str) -> Iterator[Reminder]:
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
        if (asked := _asked(rule, participant, study)) is not None:
            yield from _of_evidence(step, plan, asked, zone)
    yield from _of_verdict(step, plan, zone)


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


def _black_out(key: str, plan: Plan, starts: datetime, words: str) -> Iterator[Reminder]:
    """Told at planning, a day before, and when it starts; each replaces the one before."""
    moments = [("planned", plan.planned_at), ("day-before", starts - DAY), ("start", starts), ("", plan.slot.until)]
    for (name, due), (_, following) in pairwise(moments):
        if due < following and plan.planned_at < following:
            yield Reminder(f"{key}:{name}", due, following, "timely", "coordinator", words)


def _of_verdict(step: HoldPoint, plan: Plan, zone: str) -> Iterator[Reminder]:
    near = plan.slot.start - plan.judged_at <= NEAR
    until = plan.slot.until + DAY
    if plan.revoked_in and not isinstance(plan.verdict, StepCleared | ManuallyReleased):
        says = f"Leave for the {step} has been revoked. Look at the reasons before anything is prepared."
        yield Reminder(f"revoked:{step}:{plan.revoked_in}", plan.judged_at, until, "urgent" if near else "timely", "coordinator", says)
    if plan.lapsed_in and isinstance(plan.verdict, StepWaiting):
        says = f"Leave for the {step} has lapsed before the end of its slot. Look at what is missing."
        yield Reminder(f"lapsed:{step}:{plan.lapsed_in}", plan.judged_at, plan.slot.until, "urgent", "coordinator", says)
    if isinstance(plan.verdict, StepHeld):
        earliest = plan.verdict.earliest
        when = f"It is possible from {shown(earliest, zone)}." if earliest else "No instant is in sight at which it would be."
        says = f"The planned {step} is held: nothing in its slot is possible. {when}"
        if not near:
            yield Reminder(f"held:{step}:{plan.judged_in}", plan.judged_at, plan.slot.start - NEAR, "timely", "coordinator", says)
        yield Reminder(
            f"held-near:{step}:{plan.judged_in}", max(plan.judged_at, plan.slot.start - NEAR), until, "urgent", "coordinator", says
        )


def _of_visit(window: VisitWindow, account: Noted[VisitUnaccounted] | None, zone: str) -> Iterator[Reminder]:
    booking = window.booking
    if booking is not None and window.state in {"open", "unaccounted"} and (how := window.booked_outside(zone)):
        key = f"visit-booked-{how}:{window.visit}:{window.edition}:{booking.entry}"
        says = f"The visit {window.visit} is booked for {booking.fact.at.shown(zone)}, outside its window: {window.range(zone)}."
        told = max(booking.known_since, window.known_since)
        yield Reminder(key, told, told + A_WEEK, "timely", "coordinator", says)
    if window.closes_at <= window.known_since:
        return
    if window.state == "open":
        yield from _of_hours(window, zone) if window.in_hours else _of_dates(window, zone)
    if window.state == "unaccounted":
        key = f"visit-unaccounted:{window.visit}:{window.edition}"
        says = f"Nothing was recorded for the visit {window.visit}, whose window closed at {window.end(zone)}."
        due = window.closes_at if account is None else max(window.closes_at, account.recorded_at)
        yield Reminder(key, due, due + 14 * DAY, "timely", "coordinator", says)


def _of_dates(window: VisitWindow, zone: str) -> Iterator[Reminder]:
    """That it opens, unless it is booked; that it closes, unless it is booked for what is left of the window then."""
    key, last_day = f"{window.visit}:{window.edition}", midnight(window.closes, zone)
    if window.booked is None:
        range_ = f"can take place from {window.range(zone)}, best on {window.target}"
        says = f"The visit {window.visit} {range_ if window.opens < window.closes else f'is due on {window.target}'}."
        yield Reminder(f"visit-opens:{key}", window.opens_at, window.closes_at, "digest", "coordinator", says)
    booked = None if window.booked is None or window.booked_outside(zone) else window.booked.span(zone)
    if window.opens < window.closes and (booked is None or booked.latest < last_day):
        says = f"The window of the visit {window.visit} closes at the end of {window.closes}."
        yield Reminder(f"visit-closes:{key}", last_day, window.closes_at, "timely", "coordinator", says)


def _of_hours(window: VisitWindow, zone: str) -> Iterator[Reminder]:
    """A window of hours is too short for a warning inside it: it is announced a day ahead, unless it is booked within it."""
    if window.booked is None or window.booked_outside(zone):
        says = f"The visit {window.visit} can take place from {window.range(zone)}, best at {window.best(zone)}."
        due = max(window.opens_at - DAY, window.known_since)
        yield Reminder(f"visit-opens:{window.visit}:{window.edition}", due, window.closes_at, "timely", "coordinator", says)


def _of_product(participant: Participant, zone: str) -> Iterator[Reminder]:
    collection = participant.collection
    product = participant.products.get(collection.ended.fact.identity) if collection and collection.ended else None
    if product is None or product.received is None or participant.taken_step("infusion"):
        return
    expires = midnight(day_after(product.received.fact.expires), zone)
    says = f"The product expires at the end of {product.received.fact.expires}."
    key = f"product-expires:{product.received.entry}:{product.received.fact.expires:%Y%m%d}"
    yield Reminder(key, max(expires - A_WEEK, product.received.known_since), expires, "urgent", "coordinator", says)


def _of_toxicity(participant: Participant, study: Study, zone: str) -> Iterator[Reminder]:
    """The toxicity period is counted in dates from the infusion; its end is when daily watching may end."""
    infused = anchors(participant, study).get("infusion")
    if infused is None or visits_ended_at(participant, zone) is not None:
        return
    days = study.protocol(participant.protocol).toxicity_period_days
    last = infused.on + timedelta(days=days)
    ends = midnight(day_after(last), zone)
    if infused.known_since < ends:
        says = f"The toxicity period ends with {last}, day {days} after the infusion."
        yield Reminder(f"toxicity-ends:{last:%Y%m%d}", ends, ends + A_WEEK, "digest", "investigator", says)


def _of_screening(participant: Participant, study: Study, zone: str) -> Iterator[Reminder]:
    """A screening that will expire, or has; and a confirmation that no longer stands as it was signed."""
    waits = awaited(participant, study)
    if waits is None:
        return
    if waits.state == "superseded":
        says = (
            "Something was learned about the time before eligibility was confirmed, and it is judged otherwise by now. Read the report "
            "again: confirm it anew, or decide what becomes of the participant."
        )
        key = f"eligibility-superseded:{waits.entry}"
        yield Reminder(key, waits.since, waits.since + 14 * DAY, "timely", "investigator", says)
    if waits.expires is not None and waits.since < waits.expires:
        last = local_date(waits.expires - MINUTE, zone)
        says = f"The screening expires at the end of {last}, and eligibility has not been confirmed."
        soon = max(waits.expires - A_WEEK, waits.since)
        yield Reminder(f"screening-expires:{last:%Y%m%d}", soon, waits.expires, "timely", "coordinator", says)
        says = f"The screening expired at the end of {last} without a confirmation. Record that it failed; it can be started again."
        yield Reminder(f"screening-expired:{last:%Y%m%d}", waits.expires, waits.expires + 14 * DAY, "timely", "coordinator", says)


def _of_safety(matter: SafetyReport) -> Iterator[Reminder]:
    """Told at once, and again when its 24 hours are over."""
    says = "Something has come to light that must be reported to the sponsor as a matter of safety within 24 hours. See the record."
    yield Reminder(f"safety-report:{matter.key}:{matter.entry}", matter.since, matter.due, "urgent", "investigator", says)
    says = "A matter of safety has not been reported to the sponsor within its 24 hours. Report it now."
    yield Reminder(f"safety-report-late:{matter.key}:{matter.entry}", matter.due, matter.due + LONG, "urgent", "investigator", says)


def _back(instant: datetime, period: Period, zone: str) -> datetime:
    """The instant a look-back reaches: elapsed time before, or the start of the date so many days before."""
    if period.elapsed is not None:
        return instant - period.elapsed
    return midnight(period.before(local_date(instant, zone)), zone)
