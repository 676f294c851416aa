"""What stands of a participant: facts as noted, plans, leave, cells, steps taken, deviations."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar, assert_never

from domain import events as e
from domain.base import Value
from domain.time import BEGINNING, When, to_the_minute
from domain.words import DeviationCategory, HoldPoint

F = TypeVar("F", bound=Value)
F_co = TypeVar("F_co", bound=Value, covariant=True)


@dataclass(frozen=True, slots=True)
class Noted(Generic[F_co]):
    """A fact as noted in the record: in which entry, when that was recorded, and since when it says what it says."""

    fact: F_co
    entry: int
    recorded_at: datetime
    known_since: datetime


@dataclass(frozen=True, slots=True)
class Clearance:
    """Leave for a step: what it covers, when it was given, and when it ended (None: it stands)."""

    step: HoldPoint
    covers_from: datetime
    covers_until: datetime
    given_at: datetime
    by_hand: bool
    ended_at: datetime | None = None

    def covers(self, instant: datetime) -> bool:
        return self.covers_from <= instant < self.covers_until

    def stood_at(self, instant: datetime) -> bool:
        """Whether it was known and valid at an instant in the past."""
        return self.covers(instant) and to_the_minute(self.given_at) <= instant and (self.ended_at is None or instant < self.ended_at)


StandingVerdict = e.StepCleared | e.StepWaiting | e.StepHeld | e.ManuallyReleased


@dataclass(frozen=True, slots=True)
class Plan:
    """A planned step: its slot, and the last verdict with its entry and instant.

    `held_in`, `held_since`: the entry since which it is held without a break, and when that was. `revoked_in`, `lapsed_in`: by which leave
    ended, if none was given since.
    """

    slot: e.Slot
    planned_at: datetime
    verdict: StandingVerdict | None = None
    judged_in: int = 0
    judged_at: datetime = BEGINNING
    held_in: int = 0
    held_since: datetime = BEGINNING
    revoked_in: int = 0
    lapsed_in: int = 0


@dataclass(frozen=True, slots=True)
class Collection:
    """One leukapheresis; `identity` binds its cells."""

    started: Noted[e.LeukapheresisStarted]
    ended: Noted[e.LeukapheresisEnded] | None = None
    failed: Noted[e.LeukapheresisFailed] | Noted[e.ProductFailed] | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """The cells made from one collection."""

    received: Noted[e.ProductReceived] | None = None
    released: Noted[e.ProductReleased] | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A hold point that was passed: by which entry and when; an infusion is `done` only when the thawed cells are given."""

    step: HoldPoint
    occurrence: int
    at: When
    entry: int
    done: When | None = None


@dataclass(frozen=True, slots=True)
class SafetyReport:
    """A matter of safety: since when its 24 hours run, by which entry it last came to light, and by which it was reported.

    What turned out to be none is `void`; should it come to light again, its hours and what was reported of it have not been forgotten.
    """

    key: str
    says: str
    since: datetime
    entry: int
    reported_in: int | None = None
    void: bool = False

    @property
    def open(self) -> bool:
        """Whether it is still to be reported."""
        return self.reported_in is None and not self.void

    @property
    def due(self) -> datetime:
        """By when it must have been reported."""
        return self.since + timedelta(hours=24)


def with_matter(
    known: Mapping[str, SafetyReport], event: e.SafetyReportDue | e.SafetyReportVoided | e.SafetyReported, version: int, at: datetime
) -> Mapping[str, SafetyReport]:
    """Matters of safety by their keys, with what an entry tells of one; what nobody knows of is told of in vain.

    A matter that takes the place of an open one of the same promise takes over its hours, unless it is said since when they run.
    """
    was = known.get(event.key)
    if was is None:
        if not isinstance(event, e.SafetyReportDue):
            return known
        promise = event.key.rpartition(":")[0]
        same = (one.since for key, one in known.items() if one.open and key.rpartition(":")[0] == promise)
        since = event.since or min(same, default=at)
        return {**known, event.key: SafetyReport(event.key, event.says, since, version)}
    match event:
        case e.SafetyReportDue():
            matter = replace(was, says=event.says, since=event.since or was.since, entry=version, void=False)
        case e.SafetyReportVoided():
            matter = replace(was, void=True)
        case e.SafetyReported():
            matter = replace(was, reported_in=version)
        case _:
            assert_never(event)
    return {**known, event.key: matter}


@dataclass(frozen=True, slots=True)
class Deviation:
    """A protocol deviation: proposed until it is final, open until it has been reviewed."""

    key: str
    says: str
    final: bool
    entry: int
    category: DeviationCategory = "procedure"
    marked: bool = False
    """Whether it was important as it arose."""
    details: e.DeviationDetails | None = None
    told_in: int = 0
    """The last entry that says anything about it, but for its review."""
    opened_in: int = 0
    """The entry since which it is to be reviewed as it stands, or was."""
    open_since: datetime = BEGINNING
    reviewed_in: int | None = None
    """The entry in which the investigator reviewed it as it stands."""

    @property
    def reviewed(self) -> bool:
        return self.reviewed_in is not None

    @property
    def important(self) -> bool:
        """As it arose, unless somebody has said since whether it is."""
        return self.marked if self.details is None or self.details.important is None else self.details.important


Found = Mapping[str, e.DeviationDetails]
"""What people found out about deviations that were voided, by their keys: it is not forgotten, should they arise again."""


def deviating(
    was: Mapping[str, Deviation], found: Found, event: e.Deviating, entry: int, at: datetime
) -> tuple[Mapping[str, Deviation], Found]:
    """The deviations that stand after one more entry about one of them, and what is kept of those that do not.

    What says otherwise of what happened reopens a deviation that had been reviewed; that it has been reported since does not.
    """
    known = was.get(event.key)
    match event:
        case e.DeviationProposed() | e.DeviationRecorded():
            return {**was, event.key: _arisen(event, known.details if known else found.get(event.key), entry, at)}, found
        case e.DeviationVoided():
            kept = {} if known is None or known.details is None else {event.key: known.details}
            return {key: one for key, one in was.items() if key != event.key}, {**found, **kept}
        case e.DeviationDescribed() if known is not None:
            return {**was, event.key: _described(known, event.details, entry, at)}, found
        case e.DeviationReviewed() if known is not None and event.entry == known.told_in:
            return {**was, event.key: replace(known, reviewed_in=entry)}, found
        case e.DeviationDescribed() | e.DeviationReviewed():
            return was, found
        case _:
            assert_never(event)


def _arisen(event: e.DeviationProposed | e.DeviationRecorded, details: e.DeviationDetails | None, entry: int, at: datetime) -> Deviation:
    return Deviation(
        event.key,
        event.says,
        isinstance(event, e.DeviationRecorded),
        entry,
        event.category,
        event.important,
        details,
        told_in=entry,
        opened_in=entry,
        open_since=at,
    )


def _described(known: Deviation, details: e.DeviationDetails, entry: int, at: datetime) -> Deviation:
    told = replace(known, details=details, told_in=entry)
    same = _apart_from_reports(known.details or e.DeviationDetails()) == _apart_from_reports(details)
    return told if same or not known.reviewed else replace(told, reviewed_in=None, opened_in=entry, open_since=at)


def _apart_from_reports(details: e.DeviationDetails) -> e.DeviationDetails:
    return details.model_copy(update={"reported_to_sponsor_on": None, "reported_to_ethics_committee_on": None})
