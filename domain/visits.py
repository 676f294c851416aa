"""Visits and their windows, in dates at the site or, for some, in hours."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple

from domain import events as e
from domain.anchors import Anchored, anchors, first_infusion
from domain.assessing import missing
from domain.leaving import visits_ended_at
from domain.participant import Participant
from domain.protocol import Anchor, Outside, Protocol, VisitRule
from domain.standing import Noted
from domain.study import Study
from domain.time import FOREVER, MINUTE, Period, When, day_after, local_date, midnight, shown

State = Literal["open", "completed", "omitted", "missed", "unaccounted"]
Stray = Literal["early", "late"]


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
    target_at: datetime
    """The instant that is aimed at; of a date its first."""
    closes_at: datetime
    in_hours: bool
    """Whether the window is one of hours, so that the instants say more than the dates."""
    outside: Outside
    state: State
    held: When | None
    """When the visit took place; of several doses, the one that strays furthest from the target."""
    held_known_since: datetime
    """Since when the record says so; of a visit that has not taken place, since when its window is known."""
    booking: Noted[e.VisitBooked] | None
    """The appointment for a visit that has not taken place."""
    missing: tuple[str, ...]
    """The required assessments that nobody has recorded, of a visit that took place."""
    incomplete: bool
    """Whether the window is known to have closed while they were missing."""
    known_since: datetime
    """Since when the record knows what the window is counted from."""
    firm: bool
    """Whether the anchor has happened; a window counted from a plan may still move."""

    @property
    def booked(self) -> When | None:
        """When the visit is to take place."""
        return None if self.booking is None else self.booking.fact.at

    def out_of_window(self, zone: str) -> Stray | None:
        """How a visit that took place missed its window; a time too vague to tell counts as inside."""
        return None if self.held is None else self.strays(self.held, zone)

    def booked_outside(self, zone: str) -> Stray | None:
        """How the appointment misses the window."""
        return None if self.booked is None else self.strays(self.booked, zone)

    def strays(self, at: When, zone: str) -> Stray | None:
        """How a time surely misses the window."""
        span = at.span(zone)
        return "early" if span.latest < self.opens_at else "late" if span.earliest >= self.closes_at else None

    def range(self, zone: str) -> str:
        """From when to when it may take place, in words."""
        if self.in_hours:
            return f"{shown(self.opens_at, zone)} to {self.end(zone)}"
        return f"{self.opens} to {self.closes}"

    def best(self, zone: str) -> str:
        """What is aimed at, in words."""
        return shown(self.target_at, zone) if self.in_hours else f"{self.target}"

    def end(self, zone: str) -> str:
        """When the window closes, in words: at the end of a date, or with a minute."""
        return shown(self.closes_at - MINUTE, zone) if self.in_hours else f"the end of {self.closes}"

    def grace_over(self, said_at: datetime, days: int, zone: str) -> datetime:
        """When the days of grace are over that follow its last date, or the date on which something was said of it, if later."""
        return midnight(day_after(Period(f"P{days}D").after(max(self.closes, local_date(said_at, zone)))), zone)

    @property
    def edition(self) -> str:
        """What tells this window from the one that it was before it moved."""
        return f"{self.closes_at:%Y%m%dT%H%MZ}" if self.in_hours else f"{self.closes:%Y%m%d}"


@dataclass(frozen=True, slots=True)
class Awaiting:
    """Visits that have no window yet, because what they are counted from has not happened."""

    anchor: Anchor
    visits: tuple[str, ...]


def windows(participant: Participant, study: Study) -> tuple[VisitWindow, ...]:
    """The visits whose anchor is known, in the order of their targets.

    A window that had not closed when the participant left is void, unless the visit took place.
    """
    if not participant.protocol:
        return ()
    protocol, zone = study.protocol(participant.protocol), study.zone(participant.site)
    anchored = anchors(participant, study)
    found = [
        _window(name, anchor, participant, protocol, zone)
        for name, rule in protocol.visits.items()
        if (anchor := anchored.get(rule.anchor)) is not None
    ]
    left = visits_ended_at(participant, zone) or FOREVER
    running = (one for one in found if one.held is not None or one.closes_at <= left)
    return tuple(sorted(running, key=lambda one: (one.target_at, one.closes_at, one.visit)))


def awaiting(participant: Participant, study: Study) -> tuple[Awaiting, ...]:
    """The visits whose anchor has not happened, by anchor, while the participant still comes to visits."""
    if not participant.protocol or visits_ended_at(participant, study.zone(participant.site)) is not None:
        return ()
    known, ahead = anchors(participant, study), dict[Anchor, list[str]]()
    for name, rule in study.protocol(participant.protocol).visits.items():
        if rule.anchor not in known:
            ahead.setdefault(rule.anchor, []).append(name)
    return tuple(Awaiting(anchor, tuple(names)) for anchor, names in ahead.items())


class _Bounds(NamedTuple):
    """Where a window begins, aims and ends; of its end also the date at the site."""

    opens_at: datetime
    target_at: datetime
    closes_at: datetime
    closes: date


def target_date(rule: VisitRule, anchor: date) -> date:
    """The date on which a visit is due; months clamp to the month's end."""
    return Period(f"P{rule.month}M").after(anchor) if rule.month is not None else anchor + timedelta(days=rule.day or 0)


def _window(name: str, anchor: Anchored, participant: Participant, protocol: Protocol, zone: str) -> VisitWindow:
    rule = protocol.visits[name]
    bounds, known_since = _bounds(rule, anchor, participant, zone)
    target = local_date(bounds.target_at, zone)
    noted = _held(name, rule, bounds, participant, zone)
    held = None if noted is None else noted.fact.at
    lacking = missing(name, held, participant, protocol, zone) if held is not None else ()
    return VisitWindow(
        visit=name,
        title=rule.title,
        series=rule.series,
        opens=local_date(bounds.opens_at, zone),
        target=target,
        closes=bounds.closes,
        opens_at=bounds.opens_at,
        target_at=bounds.target_at,
        closes_at=bounds.closes_at,
        in_hours=rule.hour is not None,
        outside=rule.outside,
        state=_state(name, rule, bounds, held, participant),
        held=held,
        held_known_since=known_since if noted is None else noted.known_since,
        booking=participant.booked.get(name) if held is None else None,
        missing=lacking,
        incomplete=bool(lacking) and _is_of(participant.incomplete.get(name), bounds),
        known_since=known_since,
        firm=rule.anchor != "planned-infusion" or bool(participant.given_doses),
    )


def _bounds(rule: VisitRule, anchor: Anchored, participant: Participant, zone: str) -> tuple[_Bounds, datetime]:
    """Where a window lies, and since when the record knows; a second anchor tells something new only where it moved the window."""
    if rule.hour is not None:
        return _in_hours(rule, rule.hour, anchor, zone), anchor.known_since
    alone = _in_dates(rule, anchor.on, None, zone)
    other = participant.visits.get(rule.not_before.visit) if rule.not_before else None
    if other is None or (pushed := _in_dates(rule, anchor.on, other, zone)) == alone:
        return alone, anchor.known_since
    return pushed, max(anchor.known_since, other.known_since)


def _in_dates(rule: VisitRule, anchor: date, other: Noted[e.VisitCompleted] | None, zone: str) -> _Bounds:
    """A window of whole dates. A second anchor pushes its opening, and with that whatever would lie before: the last date stays one."""
    target = target_date(rule, anchor)
    opens, closes = target - timedelta(days=rule.early), target + timedelta(days=rule.late)
    if rule.not_before is not None and other is not None:
        opens = max(opens, local_date(other.fact.at.span(zone).earliest, zone) + timedelta(days=rule.not_before.days))
    target, closes = max(target, opens), max(closes, opens)
    return _Bounds(midnight(opens, zone), midnight(target, zone), midnight(day_after(closes), zone), closes)


def _in_hours(rule: VisitRule, hour: int, anchor: Anchored, zone: str) -> _Bounds:
    """A window of elapsed hours, both ends included; where the minute of the anchor is not known, as wide as that leaves it."""
    assert anchor.at is not None, "hours are counted from what has happened"  # noqa: S101 - the checks of the file see to it
    span, after = anchor.at.span(zone), timedelta(hours=hour)
    early, late = timedelta(hours=rule.early_hours), timedelta(hours=rule.late_hours)
    last = span.latest + after + late
    return _Bounds(span.earliest + after - early, span.earliest + after, last + MINUTE, local_date(last, zone))


def _state(name: str, rule: VisitRule, bounds: _Bounds, held: When | None, participant: Participant) -> State:
    """An account of a closed window is void once the window has moved."""
    if held is not None:
        return "completed"
    if rule.settled_by == "lymphodepletion-dose.v1" and rule.day in {dose.fact.day for dose in participant.course}:
        return "omitted"
    unaccounted = participant.unaccounted.get(name)
    accounted = _is_of(unaccounted, bounds)
    missed = participant.missed.get(name)
    if missed is not None and (unaccounted is None or (accounted and missed.entry > unaccounted.entry)):
        return "missed"
    return "unaccounted" if accounted else "open"


def _is_of(account: Noted[e.VisitUnaccounted] | Noted[e.VisitIncomplete] | None, bounds: _Bounds) -> bool:
    """Whether what was said when a window closed was said of this one."""
    return account is not None and account.fact.closed_on == bounds.closes and account.fact.closed_at in {None, bounds.closes_at}


Took = e.VisitCompleted | e.LeukapheresisStarted | e.LymphodepletionDose | e.InfusionStarted


def _held(name: str, rule: VisitRule, bounds: _Bounds, participant: Participant, zone: str) -> Noted[Took] | None:
    held = participant.visits.get(name)
    if held is not None and not _of_another_round(held, rule, bounds, participant, zone):
        return held
    match rule.settled_by:
        case "leukapheresis-started.v1":
            return participant.collections[-1].started if participant.collections else None
        case "lymphodepletion-dose.v1":
            target = local_date(bounds.target_at, zone)
            given = (dose for dose in participant.given_doses if dose.fact.day == rule.day)
            return max(given, key=lambda dose: abs(local_date(dose.fact.at.span(zone).earliest, zone) - target), default=None)
        case "infusion-started.v1":
            return first_infusion(participant, zone)
        case None:
            return None


def _of_another_round(held: Noted[e.VisitCompleted], rule: VisitRule, bounds: _Bounds, participant: Participant, zone: str) -> bool:
    """Whether a visit belongs to an earlier screening, or kept the window of an infusion that was planned anew for later."""
    match rule.anchor:
        case "screening":
            return bool(participant.screenings) and held.entry <= participant.screenings[-1].entry
        case "planned-infusion":
            at = held.fact.at.span(zone)
            planned = (_in_dates(rule, local_date(target, zone), None, zone) for target in participant.infusion_targets)
            return at.latest < bounds.opens_at and any(one.opens_at <= at.earliest and at.latest < one.closes_at for one in planned)
        case _:
            return False
