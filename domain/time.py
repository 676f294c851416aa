"""Instants, dates and periods: the only place where clinical time is reckoned.

Instants are aware and in UTC; study days and windows are dates at the site. A period says its own basis: hours and
minutes are elapsed time, days, weeks, months and years are calendar time at the site (months clamp to the month's end).
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Annotated, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, Field, RootModel, model_validator
from whenever import Date, Instant, PlainDateTime

from domain.base import Value

BEGINNING = datetime(1, 1, 3, tzinfo=UTC)
"""Before every instant that can be recorded."""
FOREVER = datetime(9999, 12, 28, tzinfo=UTC)
"""After every instant that can be recorded; as the end of an interval it means "without end"."""
MINUTE = timedelta(minutes=1)
SATURDAY = 5
"""The weekday, counted from Monday, with which the weekend begins."""


def _in_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An aware instant, kept in UTC. A naive one is refused."""


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Whatever a person states lies within these years; anything else is a slip."""
Day = Annotated[date, Field(ge=date(FIRST_YEAR, 1, 1), le=date(LAST_YEAR, 12, 31))]
"""A date at the site that a person states."""
Planned = Annotated[Moment, Field(ge=datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), le=datetime(LAST_YEAR, 12, 31, tzinfo=UTC))]
"""An instant that a person plans."""


def _known_zone(name: str) -> str:
    if name not in _zones():
        raise ValueError(f"there is no time zone {name!r}")
    return name


Zone = Annotated[str, AfterValidator(_known_zone)]
"""The IANA name of a time zone."""


class Interval(Value):
    """The instants from `start` up to but not including `end`."""

    start: Moment
    end: Moment

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end


class Period(RootModel[str]):
    """A length of time that says its basis: `PT72H`, `PT90M` elapsed; `P7D`, `P4W`, `P6M`, `P2Y` calendar."""

    model_config = Value.model_config | {"extra": None}

    @model_validator(mode="after")
    def _readable(self) -> Self:
        if not re.fullmatch(r"PT\d{1,5}[HM]|P\d{1,4}[DWMY]", self.root, re.ASCII):
            raise ValueError(f"{self.root!r} is no period; write PT72H for elapsed hours, P7D, P4W, P6M or P2Y for calendar time")
        return self

    @property
    def elapsed(self) -> timedelta | None:
        """The elapsed time, or None when the period is counted on the calendar."""
        if not self.root.startswith("PT"):
            return None
        count = int(self.root[2:-1])
        return timedelta(hours=count) if self.root.endswith("H") else timedelta(minutes=count)

    def after(self, day: date) -> date:
        """Count the period forward from a date."""
        return shifted(day, self, 1)

    def before(self, day: date) -> date:
        """Count the period back from a date."""
        return shifted(day, self, -1)

    def __str__(self) -> str:
        return _in_words(self.root)


@cache
def _in_words(period: str) -> str:
    words = {"D": "day", "W": "week", "M": "month", "Y": "year"} | ({"H": "hour", "M": "minute"} if period.startswith("PT") else {})
    count, unit = int("".join(filter(str.isdigit, period))), words[period[-1]]
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def shifted(day: date, period: Period, sign: int) -> date:
    """Move a date by a calendar period, forward or back; months clamp to the end of the month."""
    count = sign * int(period.root[1:-1])
    match period.root[-1]:
        case "D":
            moved = Date(day).add(days=count)
        case "W":
            moved = Date(day).add(weeks=count)
        case "M":
            moved = Date(day).add(months=count)
        case _:
            moved = Date(day).add(years=count)
    return moved.to_stdlib()


@lru_cache(maxsize=65536)
def midnight(day: date, zone: str) -> datetime:
    """The first instant of a date at the site, in UTC (not always 00:00: a clock change may skip it)."""
    return PlainDateTime(day.year, day.month, day.day).assume_tz(zone, disambiguation="compatible").start_of("day").to_instant().to_stdlib()


@lru_cache(maxsize=65536)
def local_date(instant: datetime, zone: str) -> date:
    """The date at the site at an instant."""
    return Instant(instant).to_tz(zone).date().to_stdlib()


def local_time(instant: datetime, zone: str) -> datetime:
    """The same instant on the clocks of the site, with its offset."""
    return Instant(instant).to_tz(zone).to_stdlib()


@lru_cache(maxsize=65536)
def shown(instant: datetime, zone: str) -> str:
    """An instant as people read it: on the clocks of the site, with their offset from UTC, as in `2026-03-01 11:30+01:00`."""
    return local_time(instant, zone).isoformat(" ", "minutes")


def clock_time(day: date, hour: int, minute: int, zone: str) -> datetime:
    """The instant at which the clocks of the site show a time; the later one where a clock change repeats or skips it."""
    return PlainDateTime(day.year, day.month, day.day, hour, minute).assume_tz(zone, disambiguation="later").to_instant().to_stdlib()


def to_the_minute(instant: datetime) -> datetime:
    """The whole minute in which an instant lies: clinical times are kept to the minute."""
    return instant.replace(second=0, microsecond=0)


def day_after(day: date) -> date:
    """The date that follows."""
    return day + timedelta(days=1)


def working_day(day: date) -> bool:
    """Whether people work on a date as a rule: from Monday to Friday, at every site. Holidays are nowhere on record."""
    return day.weekday() < SATURDAY


_SHAPES = {16 + 1: r"\d{4}-\d\d-\d\dT\d\d:\d\dZ", 10: r"\d{4}-\d\d-\d\d", 7: r"\d{4}-\d\d", 4: r"\d{4}"}


@lru_cache(maxsize=65536)
def _refuse_unless_a_time(text: str) -> None:
    """Raise ValueError where nobody can know what time is meant; what was found to be one is not looked at again."""
    if not re.fullmatch(_SHAPES.get(len(text), "never^"), text, re.ASCII):
        raise ValueError(f"{text!r} is no time; write 2026-03-01T10:30Z, 2026-03-01, 2026-03 or 2026")
    if not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        raise ValueError(f"{text} lies outside the years {FIRST_YEAR} to {LAST_YEAR}")
    _span(text, "UTC")


class When(RootModel[str]):
    """A time as precisely as it is known: `2026-03-01T10:30Z`, `2026-03-01`, `2026-03` or `2026`.

    A time with minutes is in UTC; anything coarser is the whole day, month or year at the site.
    """

    model_config = Value.model_config | {"extra": None}

    @model_validator(mode="after")
    def _readable(self) -> Self:
        _refuse_unless_a_time(self.root)
        return self

    @classmethod
    def at(cls, instant: datetime) -> "When":
        """The whole minute of an instant."""
        return cls(instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ"))

    @classmethod
    def on(cls, day: date) -> "When":
        return cls(day.isoformat())

    @property
    def exact(self) -> bool:
        """Whether the minute is known."""
        return self.root.endswith("Z")

    def dated(self, zone: str) -> bool:
        """Whether the date at the site is known."""
        span = self.span(zone)
        return local_date(span.earliest, zone) == local_date(span.latest, zone)

    def span(self, zone: str) -> "Span":
        """The whole minutes at which it can have been."""
        return _span(self.root, zone)

    def shown(self, zone: str) -> str:
        """A time as people read it: a minute on the clocks of the site, anything coarser as it is."""
        return shown(self.span(zone).earliest, zone) if self.exact else self.root


@dataclass(frozen=True, slots=True)
class Span:
    """The first and the last whole minute at which something can have been, both included."""

    earliest: datetime
    latest: datetime

    @property
    def exact(self) -> bool:
        return self.earliest == self.latest


@lru_cache(maxsize=65536)
def _span(text: str, zone: str) -> Span:
    if text.endswith("Z"):
        minute = datetime.fromisoformat(text)
        return Span(minute, minute)
    first = date.fromisoformat((text + "-01-01")[:10])
    period = {10: Period("P1D"), 7: Period("P1M"), 4: Period("P1Y")}[len(text)]
    return Span(midnight(first, zone), midnight(period.after(first), zone) - MINUTE)


def found_until(instant: datetime, period: Period, zone: str) -> datetime:
    """The first anchor whose look-back of `period` no longer finds what happened at `instant`."""
    if period.elapsed is not None:
        return instant + period.elapsed + MINUTE
    return midnight(day_after(period.after(local_date(instant, zone))), zone)
