"""Times as a clinic writes and reads them: on the clocks of the site, never naive inside."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from domain.rejections import Reason, Refused
from domain.time import When, clock_time, local_date, local_time, midnight, shown, to_the_minute

AS_TYPED = re.compile(r"(?P<day>\d{4}-\d\d-\d\d)[ T](?P<clock>\d\d:\d\d)(?P<offset>Z|[+-]\d\d:\d\d)?")
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
HOUR = re.compile(r"\d\d:\d\d", re.ASCII)
OUR_TIME = range(1900, 2200)
NO_TIME = "write 2026-03-01 10:30 on the site's clocks, 2026-03-01T10:30+01:00, or 2026-03-01, 2026-03 or 2026 where no more is known"
NO_MINUTE = "write 2026-03-01 10:30 on the site's clocks, 2026-03-01T10:30+01:00, or now"


@dataclass(frozen=True, slots=True)
class SiteClock:
    """The clocks and the calendar of a site, at an instant."""

    zone: str
    now: datetime

    def when(self, typed: str) -> When:
        """A time as precisely as it was typed; refused if the site's clocks never showed it, or showed it twice."""
        if re.fullmatch(r"\d{4}(-\d\d){0,2}", typed):
            return _or_refused(typed)
        return When.at(self.instant(typed, NO_TIME))

    def instant(self, typed: str, otherwise: str = NO_MINUTE) -> datetime:
        """A time that is known to the minute."""
        if typed == "now":
            return to_the_minute(self.now)
        parts = AS_TYPED.fullmatch(typed)
        if parts is None:
            raise Refused(Reason(code="not-a-time", says=f"{typed!r} is no time that can be read: {otherwise}"))
        try:
            stated = datetime.fromisoformat(f"{parts['day']}T{parts['clock']}{parts['offset'] or ''}")
        except ValueError:
            raise Refused(Reason(code="not-a-time", says=f"{typed!r} is on no calendar or clock")) from None
        _in_our_time(stated.year, typed)
        return stated if parts["offset"] else self._on_the_clocks(stated)

    def bound(self, typed: str, *, end: bool = False) -> datetime:
        """A bound of a slot: a time, or a date, which stands for its beginning or, at the end of the slot, for its end."""
        if not DAY.fullmatch(typed):
            return self.instant(typed)
        day = date.fromisoformat(_or_refused(typed).root)
        return midnight(day + timedelta(days=1) if end else day, self.zone)

    def _on_the_clocks(self, stated: datetime) -> datetime:
        instant = clock_time(stated.date(), stated.hour, stated.minute, self.zone)
        there = local_time(instant, self.zone)
        if there.replace(tzinfo=None, fold=0) != stated:
            says = f"the clocks in {self.zone} never show {stated:%Y-%m-%d %H:%M}, they are put forward then; look at the time again"
            raise Refused(Reason(code="clock-skipped", says=says))
        if there.fold:
            earlier = self.shows(there.replace(fold=0))
            says = (
                f"the clocks in {self.zone} show {stated:%Y-%m-%d %H:%M} twice, they are put back then; "
                f"write {earlier} or {self.shows(instant)}"
            )
            raise Refused(Reason(code="clock-repeated", says=says))
        return instant

    def shows(self, instant: datetime) -> str:
        """An instant on the site's clocks, with the offset."""
        return shown(instant, self.zone)

    def shows_when(self, when: When) -> str:
        """A time as precisely as it is known."""
        return when.shown(self.zone)

    def date_at(self, instant: datetime) -> date:
        """The date at the site."""
        return local_date(instant, self.zone)

    def date_of(self, when: When) -> date:
        """The first date at the site on which it can have been."""
        return self.date_at(when.span(self.zone).earliest)

    def away(self, instant: datetime) -> str:
        """How far away an instant is: by the calendar of the site, and within a day by the clock."""
        minutes = round((instant - self.now).total_seconds() / 60)
        days = (local_date(instant, self.zone) - local_date(self.now, self.zone)).days
        if abs(minutes) < 60:  # noqa: PLR2004 - an hour has sixty minutes everywhere
            return _ahead_or_ago(minutes, "minute")
        return _ahead_or_ago(days, "day") if days and abs(minutes) >= 24 * 60 else _ahead_or_ago(round(minutes / 60), "hour")

    def days_away(self, day: date) -> str:
        """How far away a date is at the site."""
        return days_away(day, self.date_at(self.now))


def days_away(day: date, today: date) -> str:
    """How far away a date is from another."""
    days = (day - today).days
    return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(days) or _ahead_or_ago(days, "day")


def day_of(typed: str, otherwise: str = "write 2026-03-01") -> date:
    """A date that is known to the day. Raises Refused."""
    try:
        return date.fromisoformat(typed if DAY.fullmatch(typed) else "")
    except ValueError:
        raise Refused(Reason(code="not-a-date", says=f"{typed!r} is no date; {otherwise}")) from None


def hour_of(typed: str) -> time:
    """A time of day. Raises Refused."""
    try:
        return time.fromisoformat(typed if HOUR.fullmatch(typed) else "")
    except ValueError:
        raise Refused(Reason(code="no-hour", says=f"{typed!r} is no time of day; write 08:00")) from None


def study_day(day: date, infusion: date | None) -> str:
    """The day counted from the infusion, which is day 0, such as D+14; empty before the infusion is known."""
    days = None if infusion is None else (day - infusion).days
    return "" if days is None else f"D{days:+d}" if days else "D0"


def _in_our_time(year: int, typed: str) -> None:
    if year not in OUR_TIME:
        raise Refused(Reason(code="not-a-time", says=f"{typed!r} lies outside the time of any trial; look at the year again"))


def _or_refused(typed: str) -> When:
    _in_our_time(int(typed[:4]), typed)
    try:
        return When(typed)
    except ValueError:
        raise Refused(Reason(code="not-a-time", says=f"{typed!r} is on no calendar")) from None


def _ahead_or_ago(count: int, unit: str) -> str:
    if count == 0:
        return "now"
    words = f"{abs(count)} {unit}{'' if abs(count) == 1 else 's'}"
    return f"in {words}" if count > 0 else f"{words} ago"
