"""Notices in a night in which the site's clocks change, at a window's edge."""

from datetime import datetime, timedelta

import pytest

from domain import events as e
from domain.digests import morning
from domain.notices import SPREAD
from tests.builders import Clock, Story, Trial, local
from tests.domain.test_digests import in_screening
from tests.domain.test_notices import WEBER, key_of, names, turns

WINDOW = timedelta(days=28)
"""How long a screening may take; its window closes at the end of the day so long after it began."""


def began_before(last_day: str) -> Story:
    """A screening whose window closes at the end of a day; the journey has lived until just before that day."""
    began = local(f"{last_day} 12:00") - WINDOW
    trial = Trial(Clock(began))
    names(trial, WEBER)
    story = in_screening(trial)
    story.lives_until(local(f"{last_day} 00:00") - timedelta(minutes=1))
    return story


def recorded(story: Story, kind: type[e.Event]) -> list[datetime]:
    return [at for at, event in story.told_of(kind) if getattr(event, "key", "visit-closes").startswith("visit-closes")]


@pytest.mark.parametrize(
    ("last_day", "starts", "opens", "closes"),
    [
        ("2026-03-28", "2026-03-27T23:00Z", "2026-03-28T07:00Z", "2026-03-28T23:00Z"),  # the night before the clocks go forward
        ("2026-03-29", "2026-03-28T23:00Z", "2026-03-29T06:00Z", "2026-03-29T22:00Z"),  # 23 hours long
        ("2026-03-30", "2026-03-29T22:00Z", "2026-03-30T06:00Z", "2026-03-30T22:00Z"),
        ("2026-10-24", "2026-10-23T22:00Z", "2026-10-24T06:00Z", "2026-10-24T22:00Z"),  # the night before they go back
        ("2026-10-25", "2026-10-24T22:00Z", "2026-10-25T07:00Z", "2026-10-25T23:00Z"),  # 25 hours long
        ("2026-10-26", "2026-10-25T23:00Z", "2026-10-26T07:00Z", "2026-10-26T23:00Z"),
    ],
)
def test_a_window_closes_and_is_announced_by_the_sites_clocks_in_a_night_that_changes_them(
    last_day: str, starts: str, opens: str, closes: str
) -> None:
    story, at = began_before(last_day), datetime.fromisoformat
    clock = story.trial.clock
    clock.move_to(at(starts) - timedelta(seconds=1))
    assert not story.advances()
    clock.move_to(at(starts))
    story.advances()
    assert recorded(story, e.ReminderDue) == [at(starts)]
    until = turns(story, key_of(story, "visit-closes")).until
    assert until is not None
    assert at(opens) <= until < at(opens) + SPREAD
    clock.move_to(at(closes) - timedelta(seconds=1))
    assert not story.advances()
    clock.move_to(at(closes))
    story.advances()
    assert recorded(story, e.VisitUnaccounted) == [at(closes)]


@pytest.mark.parametrize(
    ("began", "opens"),
    [
        ("2026-03-28 15:00", "2026-03-29T06:00Z"),
        ("2026-03-29 15:00", "2026-03-30T06:00Z"),
        ("2026-10-24 15:00", "2026-10-25T07:00Z"),
        ("2026-10-25 15:00", "2026-10-26T07:00Z"),
    ],
)
def test_the_message_of_a_morning_comes_by_the_sites_clocks_after_a_night_that_changes_them(began: str, opens: str) -> None:
    trial = Trial(Clock(local(began)))
    names(trial, WEBER)
    story = in_screening(trial)
    until = morning(story.record, trial.participants.study(), "m-weber", trial.clock()).until
    assert until is not None
    assert datetime.fromisoformat(opens) <= until < datetime.fromisoformat(opens) + SPREAD
