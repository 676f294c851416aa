"""What could not be told at its time, because nobody was named or nothing ran, and would by now be told in the night."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from domain import events as e
from domain.notices import SPREAD, Notice, best_told, told_from
from domain.reminding.reminder import Reminder
from domain.time import local_date, midnight, shown
from domain.words import Urgency
from tests.builders import BERLIN, CODE, Trial, local
from tests.domain.planned import SAMPLE, files_with, window_of
from tests.domain.test_notices import FAR, SITE, WEBER, key_of, names, on_the_last_day, turns


@pytest.mark.parametrize(
    ("urgency", "now", "told_on"),
    [
        ("timely", "2026-03-10 16:59", None),
        ("timely", "2026-03-10 17:00", "2026-03-11"),
        ("timely", "2026-03-11 03:00", "2026-03-11"),
        ("timely", "2026-03-11 08:00", None),
        ("digest", "2026-03-10 22:00", "2026-03-11"),
        ("digest", "2026-03-11 12:00", None),
        ("urgent", "2026-03-11 03:00", None),
    ],
)
def test_what_nobody_could_tell_at_its_time_is_not_told_at_night_either(urgency: Urgency, now: str, told_on: str | None) -> None:
    due, since = e.ReminderDue(key="visit-opens:day-1:20260310", urgency=urgency, to="coordinator", says="told"), local("2026-03-10 08:00")
    applies, notice = Reminder(due.key, since, FAR, urgency, "coordinator", "told"), Notice(due, since, since)
    found = told_from(notice, applies, SITE, "BER-001", local(now))
    assert (found <= local(now)) is (told_on is None)
    assert told_on is None or local(f"{told_on} 08:00") <= found < local(f"{told_on} 08:00") + SPREAD


def test_what_would_be_pointless_by_the_next_opening_is_told_at_night_all_the_same() -> None:
    due, since = e.ReminderDue(key="visit-opens:day-1:20260310", urgency="timely", to="coordinator", says="told"), local("2026-03-10 08:00")
    applies = Reminder(due.key, since, local("2026-03-11 00:00"), "timely", "coordinator", "told")
    assert told_from(Notice(due, since, since), applies, SITE, "BER-001", local("2026-03-10 22:00")) == local("2026-03-10 22:00")


def test_a_site_that_is_open_for_a_minute_is_told_all_the_same() -> None:
    brief = SITE.model_copy(update={"closes": time(8, 1)})
    due, since = e.ReminderDue(key="visit-opens:day-1:20260310", urgency="timely", to="coordinator", says="told"), local("2026-03-10 03:00")
    applies, notice = Reminder(due.key, since, FAR, "timely", "coordinator", "told"), Notice(due, since, since)
    starts = best_told(notice, applies, brief, "BER-001")
    assert starts > local("2026-03-10 08:01"), "after it has closed"
    assert told_from(notice, applies, brief, "BER-001", starts) == starts


def test_somebody_who_is_named_in_the_night_is_told_when_work_begins() -> None:
    trial = Trial()
    story = on_the_last_day(trial)
    story.lives_until(local("2026-02-03 22:00"))
    names(trial, WEBER)
    key = key_of(story, "screening-expired")
    waits = turns(story, key)
    assert (waits.tell, waits.record) == ((), ())
    assert waits.until is not None
    assert local("2026-02-04 08:00") <= waits.until < local("2026-02-04 08:00") + SPREAD
    trial.clock.move_to(waits.until)
    assert [one.person for one in turns(story, key).tell] == ["m-weber"]


@pytest.mark.parametrize(("later", "at_night"), [(timedelta(0), True), (timedelta(minutes=1), False)])
def test_what_would_be_too_late_by_the_morning_is_told_at_night_though_it_is_of_use_long_after(later: timedelta, *, at_night: bool) -> None:
    due, since = e.ReminderDue(key="visit-ahead:sample", urgency="timely", to="coordinator", says="told"), local("2026-03-10 23:00")
    applies, notice = Reminder(due.key, since, FAR, "timely", "coordinator", "told"), Notice(due, since, since)
    morning = best_told(notice, applies, SITE, "BER-001")
    assert morning >= local("2026-03-11 08:00")
    hurried = replace(applies, late_from=morning + later)
    assert best_told(notice, hurried, SITE, "BER-001") == (since if at_night else morning)


@pytest.mark.slow
def test_hours_that_open_before_the_morning_are_announced_the_evening_before() -> None:
    trial = Trial(files=files_with(SAMPLE))
    names(trial, WEBER)
    story = trial.participant().is_ready()
    trial.clock.move_to(midnight(local_date(trial.clock(), BERLIN) + timedelta(days=1), BERLIN) + timedelta(hours=9))
    infused = story.at()
    trial.clock.move(hours=11)
    story.reports(e.InfusionStarted(at=infused, identity=CODE), reason="the system was unavailable")
    story.advances()
    window = window_of(story, "sample")
    assert (shown(window.opens_at, BERLIN)[11:16], shown(window.closes_at, BERLIN)[11:16]) == ("07:00", "11:01")
    assert [one.person for one in turns(story, key_of(story, "visit-ahead:sample")).tell] == ["m-weber"], "at eight in the evening"
