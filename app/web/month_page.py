"""The calendar of a month: a grid of weeks with a bar for everything that stands in it, or the same as a list by day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple, Self

from app.clinic_time import SiteClock
from app.web.asked import Asked, pages_of
from app.web.worklist_page import participant_href
from domain.scheduled import Kind
from domain.time import local_date
from projections.calendar import Row, Standing

DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
LANES = 4
"""How many bars lie above one another in a week; what does not fit is counted."""
LINES_ON_A_PAGE = 50
KINDS: Mapping[Kind, str] = {"step": "Planned step", "booked": "Appointment", "window": "Window"}
SHORT: Mapping[str, str] = {"window": "", "booked": "booked: ", "step": "planned: "}


@dataclass(frozen=True, slots=True)
class MonthAsked(Asked):
    """Which month somebody wants to see and where, as a grid or (the `view` agenda) as a list, which can be of one `day` of it."""

    PATH, LONGEST = "/calendar", 20
    month: str = ""
    site: str = ""
    view: str = ""
    day: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """The month that is asked for; what is no month there is this one. A `day` is one of the month, in the list only."""

    asked: MonthAsked
    first: date
    day: date | None

    @classmethod
    def of(cls, asked: MonthAsked, today: date) -> Self:
        """As the address says, on a date at the site."""
        day = _date(asked.day)
        first = _date(f"{asked.month}-01") or (day or today).replace(day=1)
        return cls(asked, first, day if asked.view == "agenda" and day is not None and day.replace(day=1) == first else None)

    @property
    def listed(self) -> bool:
        """Whether it is a list, and not a grid."""
        return self.asked.view == "agenda"

    @property
    def following(self) -> date:
        """The first of the month that follows."""
        return (self.first.replace(day=28) + A_WEEK).replace(day=1)

    @property
    def days(self) -> tuple[date, date]:
        """The first date that is shown and the last: of a grid a Monday and a Sunday, of a list those of the month or its one day."""
        if self.day is not None:
            return self.day, self.day
        last = self.following - DAY
        if self.listed:
            return self.first, last
        return self.first - timedelta(days=self.first.weekday()), last + timedelta(days=6 - last.weekday())

    def url(self, first: date | None = None, **but: str) -> str:
        """The address of the same calendar but for another month, or some parts."""
        return self.asked.url(month=f"{first or self.first:%Y-%m}", **but)

    def address(self, page: int) -> str:
        """Where another page of the list is."""
        return self.asked.url(month=f"{self.first:%Y-%m}", page=page)


class Day(NamedTuple):
    """A date of the grid: how much stands on it, how much of that is not drawn, and where it is listed."""

    day: date
    within: bool
    today: bool
    total: int
    more: int
    href: str


class Bar(NamedTuple):
    """Something that is drawn over some days of a week, counted from 1, in one of the lanes."""

    begins: int
    days: int
    lane: int
    text: str
    says: str
    state: str
    kind: Kind
    href: str


class Week(NamedTuple):
    """A week of the grid."""

    days: tuple[Day, ...]
    bars: tuple[Bar, ...]


class Line(NamedTuple):
    """Something in the list. `edges` are its bounds in words of the site's calendar."""

    participant: str
    title: str
    kind: str
    edges: str
    state: str
    href: str


@dataclass(frozen=True, slots=True)
class MonthPage:
    """Everything that the page of the calendar shows."""

    month: Month
    title: str
    weeks: tuple[Week, ...]
    listed: tuple[tuple[date, tuple[Line, ...]], ...]
    sites: tuple[str, ...]
    found: int
    page: int
    pages: int
    today: date

    @property
    def before(self) -> str:
        return self.month.url((self.month.first - DAY).replace(day=1), day="")

    @property
    def after(self) -> str:
        return self.month.url(self.month.following, day="")

    @property
    def now(self) -> str:
        return self.month.url(self.today.replace(day=1), day="")


def month_page(standing: Standing, month: Month, sites: Sequence[str], now: datetime, today: date) -> MonthPage:
    """The page that was asked for; beyond the last page of the list stands the last."""
    days = month.days
    found = standing.number(*days) if month.listed else 0
    pages = pages_of(found, LINES_ON_A_PAGE)
    page = min(month.asked.page, pages)
    rows = standing.listed(*days, LINES_ON_A_PAGE, (page - 1) * LINES_ON_A_PAGE) if month.listed else ()
    return MonthPage(
        month=month,
        title=f"{month.first:%B %Y}",
        weeks=() if month.listed else tuple(_weeks(standing, month, now, today)),
        listed=_by_day(rows, days[0], now),
        sites=tuple(sites),
        found=found,
        page=page,
        pages=pages,
        today=today,
    )


def state_now(row: Row, now: datetime) -> str:
    """Where a row stands at an instant: a window opens, passes its target and closes by itself."""
    if row.state != "open":
        return row.state
    if now >= row.ends:
        return "closed"
    if now < row.starts:
        return "not open"
    past = local_date(now, row.zone) > local_date(row.target, row.zone) if row.whole_days else now > row.target
    return "past target" if past else "open"


def _weeks(standing: Standing, month: Month, now: datetime, today: date) -> Iterator[Week]:
    begins, ends = month.days
    totals = standing.counted(begins, ends)
    for offset in range(0, len(totals), 7):
        monday = begins + timedelta(days=offset)
        bars, laid = _laid(standing, monday, now)
        days = zip(range(7), totals[offset : offset + 7], laid, strict=True)
        yield Week(tuple(_day(monday + n * DAY, total, total - drawn, month, today) for n, total, drawn in days), bars)


def _laid(standing: Standing, monday: date, now: datetime) -> tuple[tuple[Bar, ...], list[int]]:
    """The bars of a week, what presses most first; and how many of them lie on each day.

    Of what lies on the very same days no more than fills them is looked at: where one of them has no room, none that follows has.
    """
    lanes: list[set[int]] = [set() for _ in range(LANES)]
    bars = []
    for place in standing.pressing(monday, monday + 6 * DAY, LANES):
        days = range(max(0, (place.first - monday).days), min(6, (place.last - monday).days) + 1)
        lane = next((number for number, taken in enumerate(lanes) if not taken & set(days)), None)
        if lane is not None:
            lanes[lane] |= set(days)
            bars.append(_bar(standing.row(place.participant, place.key), days, lane, now))
    return tuple(bars), [sum(day in taken for taken in lanes) for day in range(7)]


def _bar(row: Row, days: range, lane: int, now: datetime) -> Bar:
    text, state = f"{row.participant} {SHORT[row.kind]}{row.title}", state_now(row, now)
    return Bar(
        days[0] + 1, len(days), lane + 1, text, f"{text}: {_edges(row)}, {state}", state, row.kind, participant_href(row.participant)
    )


def _day(day: date, total: int, more: int, month: Month, today: date) -> Day:
    href = month.url(day, view="agenda", day=f"{day}")
    return Day(day, day.replace(day=1) == month.first, day == today, total, more, href)


def _by_day(rows: Sequence[Row], first: date, now: datetime) -> tuple[tuple[date, tuple[Line, ...]], ...]:
    """What stands in a list, on the date on which it begins or, where that was before, on the first of the list."""
    dated = groupby(rows, key=lambda row: max(row.first, first))
    return tuple((day, tuple(_line(row, now) for row in some)) for day, some in dated)


def _line(row: Row, now: datetime) -> Line:
    href = participant_href(row.participant)
    return Line(row.participant, row.title, KINDS[row.kind], _edges(row), state_now(row, now), href)


def dates_of(row: Row) -> str:
    """The dates at the site on which a row lies."""
    return f"{row.first}" if row.first == row.last else f"{row.first} to {row.last}"


def _edges(row: Row) -> str:
    """From when to when, by the calendar or the clocks of the site."""
    if row.whole_days:
        return dates_of(row)
    clock = SiteClock(row.zone, row.starts)
    return clock.shows(row.starts) if row.starts == row.ends else f"{clock.shows(row.starts)} to {clock.shows(row.ends)}"


def _date(typed: str) -> date | None:
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return None
    return found if 1900 < found.year < 2200 else None  # noqa: PLR2004 - The years of any trial.
