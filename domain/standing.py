"""What stands of a participant: facts as noted, plans, leave, cells, steps taken, deviations."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from domain import events as e
from domain.base import Value
from domain.time import BEGINNING, When, to_the_minute
from domain.words import HoldPoint

F = TypeVar("F", bound=Value)
F_co = TypeVar("F_co", bound=Value, covariant=True)


@dataclass(frozen=True, slots=True)
class Noted(Generic[F_co]):
    """A fact as noted in the record: in which entry, and when that was recorded."""

    fact: F_co
    entry: int
    recorded_at: datetime


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
    """A planned step: its slot, the last verdict with its entry and instant, and the entries by which leave last was revoked, or lapsed."""

    slot: e.Slot
    planned_at: datetime
    verdict: StandingVerdict | None = None
    judged_in: int = 0
    judged_at: datetime = BEGINNING
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


@dataclass(frozen=True, slots=True)
class Deviation:
    """A protocol deviation: proposed until it is final, open until it has been reviewed."""

    key: str
    says: str
    final: bool
    entry: int
