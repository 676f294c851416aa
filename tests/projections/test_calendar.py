"""The calendar of whole sites, kept ready."""

import re
import sqlite3
from contextlib import closing
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis.strategies import integers, lists, tuples

from domain import commands as c
from domain import events as e
from domain.participant import Participant
from domain.scheduled import Scheduled, scheduled
from domain.time import MINUTE, When, local_date, midnight
from domain.visits import windows
from projections.calendar import TABLES, Row, Standing, calendar, insert, row_of, standing, windows_of
from projections.views import Views, create
from tests.builders import START, Trial
from tests.projections.given import up_to_date

DAY = timedelta(days=1)
TODAY = START.date()
LONG_AGO, FAR_AHEAD = TODAY - 365 * DAY, TODAY + 3650 * DAY


def stands(participant: Participant, trial: Trial) -> set[tuple[str, str]]:
    study = trial.participants.study()
    return {(participant.id, one.key) for one in scheduled(participant, windows(participant, study), study)}


def standing_at(views: Views, *sites: str, first: date = LONG_AGO, last: date = FAR_AHEAD) -> list[Row]:
    """Everything that stands at some sites on some dates."""
    with standing(views, sites) as found:
        rows = found.listed(first, last, 1000)
        assert found.number(first, last) == len(rows)
        assert {(one.participant, one.key) for one in found.pressing(first, last, 1000)} == {(row.participant, row.key) for row in rows}
        return list(rows)


def test_the_calendar_holds_what_stands_of_everybody(trial: Trial, views: Views) -> None:
    stories = [trial.participant(id, id[:3]).is_eligible() for id in ("BER-001", "SAO-001")]
    stories[0].plans("leukapheresis", trial.clock() + DAY)
    found = standing_at(up_to_date(trial, views), "BER", "SAO")
    assert {(row.participant, row.key) for row in found} == stands(stories[0].now, trial) | stands(stories[1].now, trial)
    assert {row.zone for row in found} == {"Europe/Berlin", "America/Sao_Paulo"}
    assert [row.first for row in found] == sorted(row.first for row in found)


def test_nothing_is_told_of_other_sites(trial: Trial, views: Views) -> None:
    for id in ("BER-001", "SAO-001"):
        trial.participant(id, id[:3]).is_eligible().plans("leukapheresis", trial.clock() + DAY)
    up_to_date(trial, views)
    assert {row.site for row in standing_at(views, "SAO")} == {"SAO"}
    assert standing_at(views) == []
    told = calendar(views, {"SAO"}, START)
    assert {row.site for row in told.rows} == {one.site for one in told.records} == {"SAO"}
    assert told.position == trial.participants.ledger.head()


@pytest.mark.parametrize(("id", "zone"), [("BER-001", "Europe/Berlin"), ("SAO-001", "America/Sao_Paulo")])
def test_what_touches_a_date_at_the_site_is_found_on_both_sides(trial: Trial, views: Views, id: str, zone: str) -> None:
    story = trial.participant(id, id[:3]).is_eligible()
    day = local_date(trial.clock(), zone) + 3 * DAY
    story.plans("leukapheresis", midnight(day + DAY, zone) - MINUTE, hours=1)
    up_to_date(trial, views)

    def found(first: date, last: date) -> bool:
        return any(row.kind == "step" for row in standing_at(views, id[:3], first=first, last=last))

    assert [found(one, one) for one in (day - DAY, day, day + DAY, day + 2 * DAY)] == [False, True, True, False]


@given(
    lie=lists(tuples(integers(-400, 400), integers(0, 300)), max_size=30),
    since=integers(-400, 400),
    more=integers(0, 60),
)
def test_whatever_lies_on_some_dates_is_found_and_counted_and_nothing_else_is(lie: list[tuple[int, int]], since: int, more: int) -> None:
    """However long each thing is and however far it began before them."""
    first, last = TODAY + since * DAY, TODAY + (since + more) * DAY
    rows = [_lying(number, TODAY + begins * DAY, TODAY + (begins + length) * DAY) for number, (begins, length) in enumerate(lie)]
    touching = [row for row in rows if row.first <= last and row.last >= first]
    with closing(sqlite3.connect(":memory:")) as connection:
        create(connection, TABLES)
        insert(connection, rows)
        found = Standing(connection, ("BER",))
        assert sorted(found.listed(first, last, 1000)) == sorted(touching)
        assert found.number(first, last) == len(touching)
        days = [first + n * DAY for n in range(more + 1)]
        assert found.counted(first, last) == tuple(sum(row.first <= day <= row.last for row in touching) for day in days)


def _lying(number: int, first: date, last: date) -> Row:
    starts, ends = midnight(first, "Europe/Berlin"), midnight(last + DAY, "Europe/Berlin")
    one = Scheduled("window:day-7", "window", "day-7", "Day 7", "open", starts, ends, starts, True)
    return row_of(f"BER-{number:03}", "BER", "Europe/Berlin", one)


def test_what_stands_is_found_by_where_it_lies_and_is_read_no_further(trial: Trial, views: Views) -> None:
    trial.participant().is_eligible()
    with standing(up_to_date(trial, views), ("BER", "SAO")) as found:
        asked: list[str] = []
        found.connection.set_trace_callback(asked.append)
        found.counted(TODAY, TODAY)
        found.number(TODAY, TODAY)
        found.listed(TODAY, TODAY, 1)
        list(found.pressing(TODAY, TODAY, 4))
        found.connection.set_trace_callback(None)
        plans = [step for one in asked for *_, step in found.connection.execute(f"EXPLAIN QUERY PLAN {one}")]
    assert len(asked) >= 4
    reads = [step for step in plans if "calendar" in step]
    assert all(re.search(r"USING (COVERING INDEX lies \(site=\? AND reach=\? AND first_day>|PRIMARY KEY)", step) for step in reads), reads


def test_only_whose_plan_or_whose_stay_ended_may_have_something_withdrawn(trial: Trial, views: Views) -> None:
    kept, cancelled = trial.participant("BER-001").is_eligible(), trial.participant("BER-002").is_eligible()
    for story in (kept, cancelled):
        story.plans("leukapheresis", trial.clock() + DAY)
    cancelled.asks(c.Cancel(step="leukapheresis"))
    told = calendar(up_to_date(trial, views), {"BER"}, START)
    assert {one.participant: one.withdrew for one in told.records} == {"BER-001": False, "BER-002": True}
    assert {one.participant: one.version for one in told.records} == {story.id: story.record.version for story in (kept, cancelled)}
    cancelled.plans("leukapheresis", trial.clock() + DAY)
    told = calendar(up_to_date(trial, views), {"BER"}, START)
    assert {one.participant: one.withdrew for one in told.records} == {"BER-001": False, "BER-002": True}


def test_an_appointment_for_which_the_participant_came_sooner_is_told_as_withdrawn_and_drawn_no_more(trial: Trial, views: Views) -> None:
    story = trial.participant().is_ready().is_infused()
    story.reports(e.VisitBooked(visit="day-7", at=When.at(trial.clock() + 8 * DAY)))

    def stands() -> tuple[list[str], list[str]]:
        told, drawn = calendar(up_to_date(trial, views), {"BER"}, START).rows, standing_at(views, "BER")
        return [one.state for one in told if one.kind == "booked"], [one.state for one in drawn if one.kind == "booked"]

    assert stands() == (["booked"], ["booked"])
    trial.clock.move(days=7)
    story.comes("day-7")
    assert stands() == (["withdrawn"], [])


def test_the_windows_of_some_participants_are_found_whatever_became_of_them(trial: Trial, views: Views) -> None:
    for id in ("BER-001", "BER-002", "BER-003"):
        trial.participant(id).is_eligible()
    found = windows_of(up_to_date(trial, views), ("BER-001", "BER-003"))
    assert [(row.participant, row.name, row.state) for row in found] == [
        ("BER-001", "screening", "completed"),
        ("BER-003", "screening", "completed"),
    ]
