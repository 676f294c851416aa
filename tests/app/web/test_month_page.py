"""A month of the calendar, from rows alone."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from app.web.month_page import LANES, Month, MonthAsked, MonthPage, month_page, state_now
from domain.scheduled import Kind, Scheduled, State
from domain.time import MINUTE, midnight
from projections.calendar import TABLES, Row, Standing, insert, row_of
from projections.views import create

ZONE = "America/Sao_Paulo"
NOW = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
TODAY, DAY = date(2026, 11, 10), timedelta(days=1)


def row(first: date, last: date, number: int = 1, kind: Kind = "window", state: State = "open") -> Row:
    starts, ends = midnight(first, ZONE), midnight(last + DAY, ZONE)
    found = Scheduled(f"{kind}:{first}", kind, "day-7", "Day 7", state, starts, ends, starts + DAY, True)
    return row_of(f"SAO-{number:03}", "SAO", ZONE, found)


def page(*rows: Row, query: str = "month=2026-11") -> MonthPage:
    month = Month.of(MonthAsked.of(dict(one.split("=") for one in query.split("&"))), TODAY)
    with closing(sqlite3.connect(":memory:")) as views:
        create(views, TABLES)
        insert(views, rows)
        return month_page(Standing(views, ("SAO",)), month, ("SAO",), NOW, TODAY)


def bars(shown: MonthPage) -> list[tuple[int, int, int]]:
    """Each bar with its week, the day of the week on which it begins, and how many days it covers."""
    return [(number, bar.begins, bar.days) for number, week in enumerate(shown.weeks) for bar in week.bars]


def test_a_grid_has_whole_weeks_from_monday_and_knows_today() -> None:
    shown = page()
    days = [day for week in shown.weeks for day in week.days]
    assert (days[0].day, days[-1].day, len(days)) == (date(2026, 10, 26), date(2026, 12, 6), 42)
    assert [day.day for day in days if day.today] == [date(2026, 11, 10)]
    assert [day.day for day in days if day.within] == [date(2026, 11, 1) + n * DAY for n in range(30)]


def test_a_month_of_four_weeks_has_four() -> None:
    assert len(page(query="month=2027-02").weeks) == 4


def test_a_window_is_a_bar_in_each_week_that_it_touches() -> None:
    assert bars(page(row(date(2026, 11, 5), date(2026, 11, 17)))) == [(1, 4, 4), (2, 1, 7), (3, 1, 2)]


def test_a_window_that_ends_before_the_grid_or_begins_after_it_is_not_drawn() -> None:
    outside = (row(date(2026, 10, 20), date(2026, 10, 25)), row(date(2026, 12, 7), date(2026, 12, 9)))
    assert bars(page(*outside)) == []
    touching = (row(date(2026, 10, 20), date(2026, 10, 26)), row(date(2026, 12, 6), date(2026, 12, 9)))
    assert bars(page(*touching)) == [(0, 1, 1), (5, 7, 1)]


@pytest.mark.parametrize(("rows", "drawn", "more"), [(LANES, LANES, 0), (LANES + 1, LANES, 1), (LANES + 9, LANES, 9)])
def test_what_does_not_fit_is_counted(rows: int, drawn: int, more: int) -> None:
    shown = page(*(row(date(2026, 11, 10), date(2026, 11, 11), number) for number in range(rows)))
    days = {day.day: day for week in shown.weeks for day in week.days}
    assert len(bars(shown)) == drawn
    assert (days[date(2026, 11, 10)].more, days[date(2026, 11, 10)].total) == (more, rows)
    assert days[date(2026, 11, 12)].total == 0


def test_bars_that_do_not_touch_share_a_lane_and_steps_lie_above_windows() -> None:
    window, step = row(date(2026, 11, 9), date(2026, 11, 15)), row(date(2026, 11, 11), date(2026, 11, 11), 2, "step", "planned")
    later = row(date(2026, 11, 12), date(2026, 11, 12), 3, "step", "planned")
    week = page(window, later, step).weeks[2]
    assert [(bar.kind, bar.lane) for bar in week.bars] == [("step", 1), ("step", 1), ("window", 2)]


def test_what_would_fit_is_found_however_much_presses_more_than_it() -> None:
    steps = [row(date(2026, 11, 9), date(2026, 11, 9), number, "step", "planned") for number in range(100)]
    week = page(*steps, row(date(2026, 11, 10), date(2026, 11, 15), 100)).weeks[2]
    assert [(bar.kind, bar.begins, bar.days) for bar in week.bars] == [*[("step", 1, 1)] * LANES, ("window", 2, 6)]
    assert [(day.total, day.more) for day in week.days] == [(100, 96), *[(1, 0)] * 6]


def test_a_list_has_each_thing_once_on_the_date_on_which_it_begins_in_the_month() -> None:
    early, late = row(date(2026, 10, 20), date(2026, 11, 17)), row(date(2026, 11, 30), date(2026, 12, 4), 2)
    shown = page(early, late, query="month=2026-11&view=agenda")
    assert [(day, [line.participant for line in lines]) for day, lines in shown.listed] == [
        (date(2026, 11, 1), ["SAO-001"]),
        (date(2026, 11, 30), ["SAO-002"]),
    ]


def test_a_list_of_a_day_has_whatever_stands_on_it() -> None:
    found = row(date(2026, 11, 5), date(2026, 11, 17))
    for day, count in (("2026-11-04", 0), ("2026-11-05", 1), ("2026-11-17", 1), ("2026-11-18", 0)):
        assert page(found, query=f"month=2026-11&view=agenda&day={day}").found == count


def test_a_long_list_is_read_page_by_page_and_beyond_the_last_page_stands_the_last() -> None:
    rows = [row(date(2026, 11, 10), date(2026, 11, 11), number) for number in range(51)]
    first, last, beyond = (page(*rows, query=f"month=2026-11&view=agenda&page={number}") for number in (1, 2, 9))
    assert (sum(len(lines) for _, lines in first.listed), first.pages) == (50, 2)
    assert last.listed == beyond.listed
    assert [line.participant for _, lines in last.listed for line in lines] == ["SAO-050"]


def test_the_address_carries_every_filter_and_drops_the_page_once_anything_changes() -> None:
    month = Month.of(MonthAsked.of({"month": "2026-11", "site": "SAO", "view": "agenda", "page": "3"}), date(2026, 1, 1))
    assert month.address(3) == "/calendar?month=2026-11&site=SAO&view=agenda&page=3"
    assert month.url(month.following) == "/calendar?month=2026-12&site=SAO&view=agenda"


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (midnight(date(2026, 11, 5), ZONE) - MINUTE, "not open"),
        (midnight(date(2026, 11, 5), ZONE), "open"),
        (midnight(date(2026, 11, 7), ZONE) - MINUTE, "open"),
        (midnight(date(2026, 11, 7), ZONE), "past target"),
        (midnight(date(2026, 11, 18), ZONE) - MINUTE, "past target"),
        (midnight(date(2026, 11, 18), ZONE), "closed"),
    ],
)
def test_a_window_opens_passes_its_target_and_closes_by_itself(at: datetime, state: str) -> None:
    assert state_now(row(date(2026, 11, 5), date(2026, 11, 17)), at) == state


def test_what_became_of_a_visit_stays_whatever_the_time() -> None:
    assert state_now(row(date(2026, 11, 5), date(2026, 11, 17), state="completed"), NOW) == "completed"
