"""Visits that nobody booked, kept, accounted for or completed: when somebody is told, until when it matters, and what ends it."""

from datetime import date, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.agenda import agenda
from domain.reminding.reminder import Reminder
from domain.time import MINUTE, When, local_date, midnight
from tests.builders import BERLIN, CODE, Story, Trial
from tests.domain.planned import infused_under, window_of

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)


@pytest.fixture
def story() -> Story:
    """A participant who has just been infused, by the book."""
    return Trial().participant().is_ready().is_infused()


def day(story: Story, number: int) -> date:
    return local_date(story.now.infusions[0].fact.at.span(BERLIN).earliest, BERLIN) + number * DAY


def to_come(story: Story, beginning: str) -> list[Reminder]:
    """The reminders that are still to be given, whose key begins so."""
    items = agenda(story.now, story.trial.participants.study()).items
    return [item.act for item in items if isinstance(item.act, Reminder) and item.key.startswith(beginning)]


def given(story: Story, beginning: str) -> list[str]:
    told = [one for _, one in story.told_of(e.ReminderDue) if isinstance(one, e.ReminderDue) and not one.skipped]
    return [one.key for one in told if one.key.startswith(beginning)]


def books(story: Story, visit: str, number: int) -> None:
    at = midnight(day(story, number), BERLIN) + timedelta(hours=10)
    story.reports(e.VisitBooked(visit=visit, at=When.at(at)))


# Not booked


def test_a_visit_that_nobody_has_booked_is_asked_for_a_week_before_its_window_opens_until_it_does(story: Story) -> None:
    [one] = to_come(story, "visit-not-booked:day-28")
    assert one.key == f"visit-not-booked:day-28:{day(story, 31):%Y%m%d}"
    assert (one.due, one.pointless_after) == (midnight(day(story, 25 - 7), BERLIN), midnight(day(story, 25), BERLIN))
    assert (one.urgency, one.to) == ("digest", "coordinator")
    story.lives_until(one.due - MINUTE)
    assert given(story, "visit-not-booked:day-28") == []
    story.lives_until(one.due)
    assert given(story, "visit-not-booked:day-28") == [one.key]


def test_a_visit_that_is_booked_is_not_asked_for(story: Story) -> None:
    books(story, "day-28", 28)
    assert not to_come(story, "visit-not-booked:day-28")


def infused_but_told(late: timedelta) -> Story:
    """Somebody whose infusion was recorded so long after the first instant of day 2."""
    story = Trial().participant().is_ready()
    infused = story.trial.clock()
    story.trial.clock.move_to(midnight(local_date(infused, BERLIN) + 2 * DAY, BERLIN) + late)
    story.reports(e.InfusionStarted(at=When.at(infused), identity=CODE), reason="the system was unavailable")
    return story


@pytest.mark.parametrize(("late", "asked"), [(timedelta(0), True), (MINUTE, False)])
def test_a_visit_that_becomes_known_within_the_week_before_its_window_is_only_announced(late: timedelta, *, asked: bool) -> None:
    story = infused_but_told(late)
    assert bool(to_come(story, "visit-not-booked:day-10")) == asked, "it can take place from day 9 on"
    assert to_come(story, "visit-opens:day-10")


def test_a_visit_with_a_date_of_its_own_is_not_asked_for_ahead(story: Story) -> None:
    assert to_come(story, "visit-opens:toxicity-day-14")
    assert not to_come(story, "visit-not-booked:toxicity-day-14")


# Booked, and nothing recorded


def test_whether_an_appointment_was_kept_is_asked_when_its_date_is_over_until_the_window_closes(story: Story) -> None:
    books(story, "day-7", 7)
    [one] = to_come(story, "visit-passed:day-7")
    assert one.key == f"visit-passed:day-7:{day(story, 7):%Y%m%d}"
    assert (one.due, one.pointless_after) == (midnight(day(story, 8), BERLIN), midnight(day(story, 9), BERLIN))
    assert (one.urgency, one.to) == ("timely", "coordinator")
    story.lives_until(one.due - MINUTE)
    assert given(story, "visit-passed") == []
    story.lives_until(one.due)
    assert given(story, "visit-passed") == [one.key]


def test_an_appointment_that_was_kept_is_not_asked_about(story: Story) -> None:
    books(story, "day-7", 7)
    story.lives_until(midnight(day(story, 7), BERLIN) + timedelta(hours=11))
    story.reports(e.VisitCompleted(visit="day-7", at=story.at()))
    assert not to_come(story, "visit-passed")


@pytest.mark.parametrize(("booked", "asked"), [(7, True), (8, False), (9, True)])
def test_an_appointment_at_the_end_of_the_window_is_asked_about_only_as_it_closes(story: Story, booked: int, *, asked: bool) -> None:
    books(story, "day-7", booked)
    assert bool(to_come(story, "visit-passed:day-7")) == asked


def test_an_appointment_after_the_window_is_asked_about_for_two_weeks(story: Story) -> None:
    books(story, "day-7", 10)
    [one] = to_come(story, "visit-passed:day-7")
    assert (one.due, one.pointless_after) == (midnight(day(story, 11), BERLIN), midnight(day(story, 25), BERLIN))
    story.lives_until(one.due)
    assert given(story, "visit-passed") == [one.key], "though nothing was recorded when its window closed, and that was told too"


# Closed before it was known


def test_a_window_that_had_closed_when_it_became_known_is_asked_about_a_day_later_if_nothing_follows() -> None:
    story = Trial().participant().is_ready()
    infused = When.at(story.trial.clock() + timedelta(hours=1))
    story.trial.clock.move(days=5)
    story.reports(e.InfusionStarted(at=infused, identity=CODE), reason="the system was unavailable")
    told = story.trial.clock()
    story.advances()
    assert story.now.unaccounted["day-1"].recorded_at == told
    story.trial.clock.move(hours=1)
    story.reports(e.VisitCompleted(visit="day-1", at=When.on(day(story, 1))))
    story.lives_until(told + DAY - MINUTE)
    assert given(story, "visit-unaccounted:toxicity-day-1") == []
    story.lives_until(told + DAY)
    assert given(story, "visit-unaccounted:toxicity-day-1") == [f"visit-unaccounted:toxicity-day-1:{day(story, 1):%Y%m%d}"]
    assert not given(story, "visit-unaccounted:day-1"), "that one was recorded meanwhile"


# Something missing

REQUIRED = ("day = 7, early = 1, late = 1, interp", 'day = 7, early = 1, late = 1, assessments = ["late-effects"], interp')


def came(*, recorded: int) -> Story:
    """Somebody who came on day 7, which was recorded some days after the infusion, without what was required."""
    story = infused_under(REQUIRED)
    story.lives_until(midnight(day(story, recorded), BERLIN) + timedelta(hours=12))
    story.reports(e.VisitCompleted(visit="day-7", at=When.on(day(story, 7))))
    return story


@pytest.mark.parametrize(
    ("recorded", "due", "over"),
    [(7, 9, 23), (8, 9, 23), (9, 10, 24), (12, 13, 27)],
    ids=["on its date", "on the last date of the window", "a day later", "days later"],
)
def test_what_is_missing_is_asked_for_when_the_window_has_closed_and_the_entry_is_of_yesterday(recorded: int, due: int, over: int) -> None:
    story = came(recorded=recorded)
    [one] = to_come(story, "visit-incomplete")
    assert one.key == f"visit-incomplete:day-7:{window_of(story, 'day-7').closes:%Y%m%d}"
    assert (one.due, one.pointless_after) == (midnight(day(story, due), BERLIN), midnight(day(story, over), BERLIN))
    assert (one.urgency, one.to) == ("digest", "coordinator")
    story.lives_until(one.pointless_after - MINUTE)
    assert (given(story, "visit-incomplete"), "visit:day-7:incomplete" in story.now.deviations) == ([one.key], False)
    story.lives_until(one.pointless_after)
    assert "visit:day-7:incomplete" in story.now.deviations, "the days of grace are over"


def test_what_was_found_is_not_asked_for() -> None:
    story = came(recorded=7)
    story.reports(e.AssessmentDone(visit="day-7", assessment="late-effects", at=story.at()))
    assert not to_come(story, "visit-incomplete")
    story.asks(c.Retract(entry=story.entry_of(e.AssessmentDone)), reason="it was not asked")
    assert to_come(story, "visit-incomplete")
