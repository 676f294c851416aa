"""What the worklist says of visits that took place without all they require, and of windows of hours."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain import commands as c
from domain import events as e
from domain.agenda import agenda
from projections.timeline import Timeline, timeline
from projections.views import Views
from projections.worklist import worklist
from projections.worklist_rows import SOON, Row
from tests.builders import Story
from tests.domain.planned import SAMPLE, infused_under, window_of
from tests.projections.given import ByHand, views_at

REQUIRED = ("day = 7, early = 1, late = 1, interp", 'day = 7, early = 1, late = 1, assessments = ["late-effects"], interp')
DAY = timedelta(days=1)


@pytest.fixture
def views(tmp_path: Path) -> Iterator[Views]:
    found = views_at(tmp_path / "views.sqlite")
    yield found
    found.close()


def row(story: Story, views: Views, name: str) -> Row | None:
    feed = ByHand(story.trial.participants.ledger, story.trial.participants.desk, views)
    feed.takes()
    return next((one for one in worklist(views, story.trial.clock()) if one.name == name), None)


def test_a_visit_with_something_missing_stays_until_that_comes_or_the_investigator_has_reviewed_it(views: Views) -> None:
    story = infused_under(REQUIRED)
    story.lives_until(window_of(story, "day-7").target_at)
    story.reports(e.VisitCompleted(visit="day-7", at=story.at()))
    found = row(story, views, "day-7")
    assert found is not None
    assert (found.category, found.state, found.action) == ("due today", "incomplete", "record-assessments")
    assert found.says == "It took place; these assessments are missing: late-effects."
    story.lives_until(window_of(story, "day-7").closes_at + timedelta(days=15))
    found = row(story, views, "day-7")
    assert found is not None
    assert found.category == "overdue"
    told = timeline(views, story.id)
    assert isinstance(told, Timeline)
    assert next(one for one in told.windows if one.visit == "day-7").missing == ("late-effects",)
    key = "visit:day-7:incomplete"
    story.signs(c.ReviewDeviation(key=key, entry=story.now.deviations[key].told_in))
    assert row(story, views, "day-7") is None


def test_what_is_missing_of_a_visit_long_before_its_window_is_asked_for_at_once(views: Views) -> None:
    story = infused_under(REQUIRED)
    assert story.trial.clock() < window_of(story, "month-6").opens_at - SOON
    story.reports(e.VisitCompleted(visit="month-6", at=story.at()), reason="the participant was there anyway")
    found = row(story, views, "month-6")
    assert found is not None
    assert (found.category, found.state, found.action) == ("due today", "incomplete", "record-assessments")


def test_a_window_of_hours_is_told_with_its_minutes(views: Views) -> None:
    story = infused_under(SAMPLE)
    found = row(story, views, "sample")
    window = window_of(story, "sample")
    assert found is not None
    assert found.says == f"From {window.range('Europe/Berlin')}, best at {window.best('Europe/Berlin')}."
    assert (found.opens, found.target, found.closes) == (window.opens_at, window.target_at, window.closes_at)
    assert window.closes_at - window.opens_at == timedelta(hours=4, minutes=1)
    assert agenda(story.now, story.trial.participants.study()).awaiting == ()
