"""Visits and their windows, in dates at the site."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from domain.events import InfusionStarted, LeukapheresisStarted, LymphodepletionDose, ScreeningStarted
from domain.leaving import visits_ended_at
from domain.participant import Participant
from domain.protocol import Anchor, VisitRule
from domain.standing import Noted
from domain.study import Study
from domain.time import FOREVER, Period, Span, When, day_after, local_date, midnight

State = Literal["open", "completed", "omitted", "missed", "unaccounted"]


@dataclass(frozen=True, slots=True)
class VisitWindow:
    """A visit with its window: dates included at both ends, and the instants between which it may take place."""

    visit: str
    title: str
    series: str
    opens: date
    target: date
    closes: date
    opens_at: datetime
    closes_at: datetime
    state: State
    held: When | None
    """When the visit took place; of several doses, the one that strays furthest from the target."""
    known_since: datetime
    """Since when the record knows the anchor."""
    firm: bool
    """Whether the anchor has happened; a window counted from a plan may still move."""

    def out_of_window(self, zone: str) -> Literal["early", "late"] | None:
        """How a visit that took place missed its window; a time too vague to tell counts as inside."""
        if self.held is None:
            return None
        span = self.held.span(zone)
        return "early" if span.latest < self.opens_at else "late" if span.earliest >= self.closes_at else None


def windows(participant: Participant, study: Study) -> tuple[VisitWindow, ...]:
    """The visits whose anchor is known, in the order of their targets.

    A window that had not closed when the participant left is void, unless the visit took place.
    """
    if not participant.protocol:
        return ()
    protocol, zone = study.protocol(participant.protocol), study.zone(participant.site)
    anchored = anchors(participant, zone)
    found = [
        _window(name, rule, anchor, participant, zone)
        for name, rule in protocol.visits.items()
        if (anchor := anchored.get(rule.anchor)) is not None
    ]
    left = visits_ended_at(participant, zone) or FOREVER
    running = (one for one in found if one.held is not None or one.closes_at <= left)
    return tuple(sorted(running, key=lambda one: (one.target, one.closes, one.visit)))


@dataclass(frozen=True, slots=True)
class Anchored:
    """The date that visits are counted from, and since when the record knows it."""

    on: date
    known_since: datetime


def anchors(participant: Participant, zone: str) -> Mapping[Anchor, Anchored]:
    """The dates from which visits are counted, as far as they are known."""
    screening = participant.screenings[-1] if participant.screenings else None
    collection = participant.collections[-1].started if participant.collections else None
    infusion = first_infusion(participant, zone)
    found: dict[Anchor, Anchored | None] = {
        "screening": _anchored(screening, zone),
        "leukapheresis": _anchored(collection, zone),
        "planned-infusion": planned_infusion(participant, zone),
        "infusion": _anchored(infusion, zone),
    }
    return {anchor: one for anchor, one in found.items() if one is not None}


def first_infusion(participant: Participant, zone: str) -> Noted[InfusionStarted] | None:
    """The first bag that was infused, also when it was told after another."""
    return min(participant.infusions, key=lambda one: one.fact.at.span(zone).earliest, default=None)


def planned_infusion(participant: Participant, zone: str) -> Anchored | None:
    """The date that lymphodepletion days count back from: the plan's target until the first dose, and what that dose fixed after it."""
    if participant.given_doses:
        first = participant.given_doses[0]
        given = _anchored(first, zone)
        return None if given is None else Anchored(given.on - timedelta(days=first.fact.day), given.known_since)
    plan = participant.plans.get("infusion")
    return None if plan is None else Anchored(local_date(plan.slot.target, zone), plan.planned_at)


Started = ScreeningStarted | LeukapheresisStarted | LymphodepletionDose | InfusionStarted


def _anchored(noted: Noted[Started] | None, zone: str) -> Anchored | None:
    day = None if noted is None else _date_of(noted.fact.at, zone)
    return None if noted is None or day is None else Anchored(day, noted.recorded_at)


def target_date(rule: VisitRule, anchor: date) -> date:
    """The date on which a visit is due; months clamp to the month's end."""
    return Period(f"P{rule.month}M").after(anchor) if rule.month is not None else anchor + timedelta(days=rule.day or 0)


def _window(name: str, rule: VisitRule, anchor: Anchored, participant: Participant, zone: str) -> VisitWindow:
    target = target_date(rule, anchor.on)
    opens, closes = target - timedelta(days=rule.early), target + timedelta(days=rule.late)
    held = _held(name, rule, target, participant, zone)
    return VisitWindow(
        visit=name,
        title=rule.title,
        series=rule.series,
        opens=opens,
        target=target,
        closes=closes,
        opens_at=midnight(opens, zone),
        closes_at=midnight(day_after(closes), zone),
        state=_state(name, rule, closes, held, participant),
        held=held,
        known_since=anchor.known_since,
        firm=rule.anchor != "planned-infusion" or bool(participant.given_doses),
    )


def _state(name: str, rule: VisitRule, closes: date, held: When | None, participant: Participant) -> State:
    """An account of a closed window is void once the window has moved."""
    if held is not None:
        return "completed"
    if rule.settled_by == "lymphodepletion-dose.v1" and rule.day in {dose.fact.day for dose in participant.course}:
        return "omitted"
    unaccounted = participant.unaccounted.get(name)
    if name in participant.missed and (unaccounted is None or unaccounted.fact.closed_on == closes):
        return "missed"
    return "unaccounted" if unaccounted is not None and unaccounted.fact.closed_on == closes else "open"


def _held(name: str, rule: VisitRule, target: date, participant: Participant, zone: str) -> When | None:
    if name in participant.visits:
        return participant.visits[name].fact.at
    match rule.settled_by:
        case "leukapheresis-started.v1":
            return participant.collections[-1].started.fact.at if participant.collections else None
        case "lymphodepletion-dose.v1":
            given = (dose.fact.at for dose in participant.given_doses if dose.fact.day == rule.day)
            return max(given, key=lambda at: abs(local_date(at.span(zone).earliest, zone) - target), default=None)
        case "infusion-started.v1":
            infusion = first_infusion(participant, zone)
            return infusion.fact.at if infusion else None
        case None:
            return None


def _date_of(at: When, zone: str) -> date | None:
    """The date at the site, where the time is known well enough to have one."""
    span: Span = at.span(zone)
    first = local_date(span.earliest, zone)
    return first if first == local_date(span.latest, zone) else None
