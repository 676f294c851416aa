"""The calendar of a month: a grid of weeks with a bar for everything that stands in it, or the same as a list by day."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple, Self

from app.clinic_time import SiteClock
from app.web.asked import Asked, pages_of
from app.web.worklist_page import participant_href
from domain.scheduled import Kind
from domain.time import MINUTE, local_date
from projections.calendar import Row

DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
LANES = 4
"""How many bars lie above one another in a week; what does not fit is counted."""
LINES_ON_A_PAGE = 50
KINDS: Mapping[Kind, tuple[int, str]] = {"step": (0, "Planned step"), "booked": (1, "Appointment"), "window": (2, "Window")}
"""In the order in which bars are laid, and what each is called."""
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
    def begins(self) -> date:
        """The first date that is shown: of a grid, the Monday of the first week."""
        return self.first if self.listed else self.first - timedelta(days=self.first.weekday())

    @property
    def ends(self) -> date:
        """The first date that is not shown any more."""
        return self.following if self.listed else self.following + timedelta(days=-self.following.weekday() % 7)

    def url(self, first: date | None = None, **but: str | int) -> str:
        """The address of the same calendar but for another month, or some parts."""
        return self.asked.url(month=f"{first or self.first:%Y-%m}", **but)

    def address(self, page: int) -> str:
        """Where another page of the list is."""
        return self.url(page=page)


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


class Placed(NamedTuple):
    """A row with its dates at the site, both included, and its state now."""

    row: Row
    first: date
    last: date
    state: str

    @property
    def text(self) -> str:
        return f"{self.row.participant} {SHORT[self.row.kind]}{self.row.title}"


def month_page(rows: Sequence[Row], month: Month, sites: Sequence[str], now: datetime, today: date) -> MonthPage:
    """The page that was asked for; beyond the last page of the list stands the last."""
    placed = [one for row in rows if (one := _placed(row, now)).first < month.ends and one.last >= month.begins]
    listed = _listed(placed, month) if month.listed else []
    pages = pages_of(len(listed), LINES_ON_A_PAGE)
    page = min(month.asked.page, pages)
    return MonthPage(
        month=month,
        title=f"{month.first:%B %Y}",
        weeks=() if month.listed else tuple(_weeks(placed, month, today)),
        listed=_by_day(listed[(page - 1) * LINES_ON_A_PAGE : page * LINES_ON_A_PAGE]),
        sites=tuple(sites),
        found=len(listed) if month.listed else len(placed),
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


def _placed(row: Row, now: datetime) -> Placed:
    last = row.starts if row.ends == row.starts else row.ends - MINUTE
    return Placed(row, local_date(row.starts, row.zone), local_date(last, row.zone), state_now(row, now))


def _weeks(placed: Sequence[Placed], month: Month, today: date) -> Iterator[Week]:
    begins = month.begins
    while begins < month.ends:
        yield _week([one for one in placed if one.first < begins + A_WEEK and one.last >= begins], begins, month, today)
        begins += A_WEEK


def _week(found: Sequence[Placed], begins: date, month: Month, today: date) -> Week:
    """What presses most is laid first: steps, then appointments, then windows that are still to be used."""
    lanes: list[set[int]] = [set() for _ in range(LANES)]
    bars, more, total = [], [0] * 7, [0] * 7
    for one in sorted(found, key=_pressing):
        days = range(max(0, (one.first - begins).days), min(6, (one.last - begins).days) + 1)
        lane = next((number for number, taken in enumerate(lanes) if not taken & set(days)), None)
        for day in days:
            total[day] += 1
            more[day] += lane is None
        if lane is not None:
            lanes[lane] |= set(days)
            bars.append(_bar(one, days, lane))
    return Week(tuple(_day(begins + n * DAY, total[n], more[n], month, today) for n in range(7)), tuple(bars))


def _pressing(one: Placed) -> tuple[bool, int, date, date, str, str]:
    settled = one.state in {"completed", "omitted", "missed"}
    return settled, KINDS[one.row.kind][0], one.first, one.last, one.row.participant, one.row.key


def _bar(one: Placed, days: range, lane: int) -> Bar:
    row = one.row
    says = f"{one.text}: {_edges(one)}, {one.state}"
    return Bar(days[0] + 1, len(days), lane + 1, one.text, says, one.state, row.kind, _href(row))


def _day(day: date, total: int, more: int, month: Month, today: date) -> Day:
    href = month.url(day, view="agenda", day=f"{day}")
    return Day(day, day.replace(day=1) == month.first, day == today, total, more, href)


def _listed(placed: Sequence[Placed], month: Month) -> list[tuple[date, Line]]:
    """What stands on the day that was asked for; of a month each once, on the date in it on which it begins."""
    day = month.day
    wanted = placed if day is None else [one for one in placed if one.first <= day <= one.last]
    dated = [(day or max(one.first, month.first), one) for one in wanted]
    dated.sort(key=lambda pair: (pair[0], *_pressing(pair[1])))
    return [(at, _line(one)) for at, one in dated]


def _by_day(lines: Sequence[tuple[date, Line]]) -> tuple[tuple[date, tuple[Line, ...]], ...]:
    days: dict[date, list[Line]] = {}
    for day, line in lines:
        days.setdefault(day, []).append(line)
    return tuple((day, tuple(some)) for day, some in days.items())


def _line(one: Placed) -> Line:
    row = one.row
    return Line(row.participant, row.title, KINDS[row.kind][1], _edges(one), one.state, _href(row))


def _edges(one: Placed) -> str:
    """From when to when, by the calendar or the clocks of the site."""
    row, clock = one.row, SiteClock(one.row.zone, one.row.starts)
    if row.whole_days:
        return f"{one.first}" if one.first == one.last else f"{one.first} to {one.last}"
    return clock.shows(row.starts) if row.starts == row.ends else f"{clock.shows(row.starts)} to {clock.shows(row.ends)}"


def _href(row: Row) -> str:
    return participant_href(row.participant)


def _date(typed: str) -> date | None:
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        return None
    return found if 1900 < found.year < 2200 else None  # noqa: PLR2004 - The years of any trial.
