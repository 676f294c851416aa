"""Windows in hours, windows with two anchors, and visits whose anchor has not happened: they move with what they are counted from."""

from datetime import date, datetime, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.agenda import agenda
from domain.time import MINUTE, When, local_date, midnight
from domain.visits import Awaiting, VisitWindow
from tests.builders import BERLIN, CODE, Story, Trial
from tests.domain.planned import SAMPLE, infused_under, window_of

pytestmark = pytest.mark.slow

HOURS = timedelta(hours=1)


def infusion(story: Story) -> datetime:
    return story.now.infusions[0].fact.at.span(BERLIN).earliest


def corrects_the_infusion(story: Story, at: When) -> None:
    fact = e.InfusionStarted(at=at, identity=CODE)
    story.asks(c.Correct(entry=story.entry_of(e.InfusionStarted), fact=fact), reason="read from the pump")


def sample(story: Story) -> VisitWindow:
    return window_of(story, "sample")


# Hours


@pytest.mark.parametrize(
    ("after", "how"),
    [
        (22 * HOURS - MINUTE, "early"),
        (22 * HOURS, None),
        (26 * HOURS, None),
        (26 * HOURS + MINUTE, "late"),
    ],
)
def test_a_window_of_hours_is_kept_to_the_minute_on_either_side(after: timedelta, how: str | None) -> None:
    story = infused_under(SAMPLE)
    at = When.at(infusion(story) + after)
    story.trial.clock.move(days=2)
    story.reports(e.VisitCompleted(visit="sample", at=at), reason="the ward was busy")
    assert sample(story).out_of_window(BERLIN) == how
    deviation = story.now.deviations.get("visit:sample:window")
    assert (deviation and deviation.category) == how
    assert deviation is None or deviation.important, "the window stops hard"


def test_hours_are_elapsed_across_a_clock_change_where_dates_are_not() -> None:
    story = infused_under(SAMPLE)
    eve = When("2026-03-28T11:00Z")
    story.trial.clock.move_to(datetime.fromisoformat("2026-03-31T10:00Z"))
    corrects_the_infusion(story, eve)
    assert sample(story).target_at == datetime.fromisoformat("2026-03-29T11:00Z")
    assert window_of(story, "day-1").opens_at == midnight(date(2026, 3, 29), BERLIN)


def test_an_infusion_whose_minute_is_not_known_widens_the_hours_by_what_is_not_known() -> None:
    story = infused_under(SAMPLE)
    day = local_date(infusion(story), BERLIN)
    corrects_the_infusion(story, When.on(day))
    found = sample(story)
    assert found.opens_at == midnight(day, BERLIN) + 22 * HOURS
    assert found.closes_at == midnight(day + timedelta(days=1), BERLIN) + 26 * HOURS


def test_a_window_of_hours_is_announced_a_day_ahead_and_accounted_for_when_it_has_closed() -> None:
    story = infused_under(SAMPLE)
    closes = sample(story).closes_at
    known = story.now.infusions[0].recorded_at
    items = {item.key: item.due for item in agenda(story.now, story.trial.participants.study()).items if ":sample" in item.key}
    opens = sample(story).opens_at
    assert items == {f"visit-ahead:sample:{opens:%Y%m%dT%H%MZ}:{closes:%Y%m%dT%H%MZ}": known, "close:sample": closes}
    story.lives_until(closes - MINUTE)
    assert sample(story).state == "open"
    story.lives_until(closes)
    assert sample(story).state == "unaccounted"
    told = [one for _, one in story.told_of(e.VisitUnaccounted) if isinstance(one, e.VisitUnaccounted) and one.visit == "sample"]
    assert [one.closed_at for one in told] == [closes]


@pytest.mark.parametrize(("by", "state"), [(timedelta(0), "unaccounted"), (MINUTE, "open")])
def test_an_account_of_closed_hours_is_void_once_they_moved_by_a_minute_of_the_same_date(by: timedelta, state: str) -> None:
    story = infused_under(SAMPLE)
    story.lives_until(sample(story).closes_at)
    assert sample(story).state == "unaccounted"
    right = infusion(story)
    corrects_the_infusion(story, When.at(right - MINUTE))
    corrects_the_infusion(story, When.at(right + by))
    assert sample(story).state == state
    assert ("visit:sample:missed" in story.now.deviations) == (state == "unaccounted")


# Two anchors

AFTER_14 = ("day = 21, early = 2, late = 2, interp", 'not_before = { visit = "day-14", days = 7 }, day = 21, early = 2, late = 2, interp')


@pytest.mark.parametrize(
    ("day_14", "opens", "target", "closes"),
    [
        (None, 19, 21, 23),
        (12, 19, 21, 23),
        (13, 20, 21, 23),
        (14, 21, 21, 23),
        (16, 23, 23, 23),
        (17, 24, 24, 24),
    ],
    ids=["not yet held", "early", "a day early", "on its day", "as late as it may", "a day late: what is left is that date"],
)
def test_a_second_anchor_pushes_the_window_and_never_closes_it_before_it_opens(
    day_14: int | None, opens: int, target: int, closes: int
) -> None:
    story = infused_under(AFTER_14)
    day_0 = local_date(infusion(story), BERLIN)
    story.trial.clock.move(days=18)
    if day_14 is not None:
        story.reports(e.VisitCompleted(visit="day-14", at=When.on(day_0 + timedelta(days=day_14))), reason="a holiday")
    found = window_of(story, "day-21")
    assert [(one - day_0).days for one in (found.opens, found.target, found.closes)] == [opens, target, closes]


@pytest.mark.parametrize(("day_14", "news"), [(12, False), (13, True)], ids=["pushes nothing", "pushes by a day"])
def test_a_second_anchor_is_news_of_a_window_only_where_it_moves_it(day_14: int, *, news: bool) -> None:
    story = infused_under(AFTER_14)
    known = window_of(story, "day-21").known_since
    day_0 = local_date(infusion(story), BERLIN)
    story.trial.clock.move(days=18)
    story.reports(e.VisitCompleted(visit="day-14", at=When.on(day_0 + timedelta(days=day_14))), reason="a holiday")
    assert window_of(story, "day-21").known_since == (story.trial.clock() if news else known)


def test_a_corrected_visit_moves_the_window_that_follows_it() -> None:
    story = infused_under(AFTER_14)
    day_0 = local_date(infusion(story), BERLIN)
    story.trial.clock.move(days=16)
    story.reports(e.VisitCompleted(visit="day-14", at=When.on(day_0 + timedelta(days=16))))
    assert window_of(story, "day-21").opens == day_0 + timedelta(days=23)
    assert window_of(story, "day-21").known_since == story.trial.clock()
    fact = e.VisitCompleted(visit="day-14", at=When.on(day_0 + timedelta(days=13)))
    story.asks(c.Correct(entry=story.entry_of(e.VisitCompleted), fact=fact), reason="misread")
    assert window_of(story, "day-21").opens == day_0 + timedelta(days=20)
    story.asks(c.Retract(entry=story.entry_of(e.VisitCompleted)), reason="another participant")
    assert window_of(story, "day-21").opens == day_0 + timedelta(days=19)


# What is awaited

LAST_DOSE = (SAMPLE[0], SAMPLE[1].replace('anchor = "infusion"', 'anchor = "last-lymphodepletion-dose"'))


def awaited(story: Story) -> dict[str, tuple[str, ...]]:
    found = agenda(story.now, story.trial.participants.study())
    of_visits = {item.key.split(":")[1] for item in found.items if item.key.startswith(("visit-", "close:"))}
    assert of_visits.isdisjoint(visit for group in found.awaiting for visit in group.visits)
    return {group.anchor: group.visits for group in found.awaiting}


def test_visits_whose_anchor_has_not_happened_are_awaited_and_remind_of_nothing() -> None:
    story = Trial().participant().consents()
    assert set(awaited(story)) == {"screening", "leukapheresis", "planned-infusion", "infusion"}
    story.reports(e.ScreeningStarted(at=story.at()))
    assert "screening" not in awaited(story)
    assert Awaiting("leukapheresis", ("collection",)) in agenda(story.now, story.trial.participants.study()).awaiting
    story.plans("infusion", story.trial.clock() + timedelta(days=40))
    assert set(awaited(story)) == {"leukapheresis", "infusion"}
    assert {"day-1", "month-24"} <= set(awaited(story)["infusion"])
    story.reports(e.ScreenFailed(at=story.at(), criteria=("E11a",)))
    assert awaited(story) == {}, "nobody waits for somebody who has left"


def test_the_last_dose_is_known_once_every_day_of_the_course_is_told() -> None:
    story = infused_under(LAST_DOSE)
    last = story.now.given_doses[-1].fact.at.span(BERLIN).earliest
    assert sample(story).target_at == last + 24 * HOURS
    entry = story.entry_of(e.LymphodepletionDose)
    story.asks(c.Retract(entry=entry), reason="not given by us")
    assert awaited(story) == {"last-lymphodepletion-dose": ("sample",)}
    omitted = e.LymphodepletionDose(at=story.at(), day=-3, drug="fludarabine", outcome="omitted")
    story.reports(omitted)
    assert awaited(story) == {}
    assert sample(story).target_at == story.now.given_doses[-1].fact.at.span(BERLIN).earliest + 24 * HOURS < last + 24 * HOURS


# Somebody who left


@pytest.mark.parametrize("left_on", [8, 9], ids=["while the window was open", "when it had closed"])
def test_an_exit_that_is_told_late_voids_what_was_proposed_for_a_window_it_lay_in(left_on: int) -> None:
    story = Trial().participant().is_ready().is_infused()
    day_0 = local_date(infusion(story), BERLIN)
    story.lives_until(midnight(day_0 + timedelta(days=10), BERLIN))
    assert "visit:day-7:missed" in story.now.deviations
    left = When.at(midnight(day_0 + timedelta(days=left_on), BERLIN))
    story.reports(e.VisitsStopped(at=left, why="moved away", records_allowed=True))
    assert ("visit:day-7:missed" in story.now.deviations) == (left_on == 9)
    assert {"visit:day-3:missed", "visit:day-1:missed"} <= story.now.deviations.keys()
