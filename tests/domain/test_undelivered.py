from datetime import timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.notices import A_CALL, message_id
from domain.undelivered import LATE, Undelivered, together, undelivered
from tests.builders import Story, Trial, local
from tests.domain.test_digests import in_screening, next_morning
from tests.domain.test_notices import ITO, NOVAK, WEBER, key_of, names, on_the_last_day, record, sent, urgent

A_SECOND = timedelta(seconds=1)


def of(story: Story) -> Undelivered:
    return undelivered(story.record, story.trial.participants.study(), story.trial.clock())


def fails(story: Story, key: str, why: e.WhyNotTold, to: str = "m-weber") -> None:
    record(story, e.ReminderFailed(key=key, to=to, channel="mail", why=why))


def late_in_the_day(*who: str) -> Story:
    trial = Trial()
    names(trial, *(one for one in (WEBER, NOVAK) if one.person in who))
    return on_the_last_day(trial)


@pytest.mark.parametrize(("after", "late"), [(timedelta(0), 0), (LATE - A_SECOND, 0), (LATE, 6), (LATE + A_SECOND, 6)])
def test_a_message_is_late_once_it_should_have_been_handed_over_for_a_quarter_of_an_hour(after: timedelta, late: int) -> None:
    story = late_in_the_day("m-weber", "k-novak")
    story.trial.clock.move(seconds=after.total_seconds())
    assert of(story) == Undelivered(late=late)


def test_what_is_late_is_late_in_the_night_as_well_in_which_nobody_is_told() -> None:
    story = late_in_the_day("m-weber")
    story.lives_until(local("2026-02-03 12:00"))
    by_day = of(story).late
    assert by_day
    story.trial.clock.move_to(local("2026-02-03 22:00"))
    assert of(story).late == by_day


@pytest.mark.parametrize(("after", "late"), [(LATE - A_SECOND, 0), (LATE, 1)])
def test_what_waits_for_the_morning_is_late_only_after_it(after: timedelta, late: int) -> None:
    trial = Trial()
    names(trial, WEBER)
    story = in_screening(trial)
    trial.clock.move(hours=10)
    assert of(story) == Undelivered()
    next_morning(story)
    trial.clock.move(seconds=after.total_seconds())
    assert of(story) == Undelivered(late=late)


def test_whoever_is_called_next_is_late_only_a_quarter_of_an_hour_after_the_call() -> None:
    trial = Trial()
    names(trial, WEBER, NOVAK, ITO)
    story = urgent(trial)
    key = key_of(story, "product-expires")
    record(story, sent(key))
    trial.clock.move(seconds=A_CALL.total_seconds())
    record(story, e.ReminderEscalated(key=key, call=2, rung="second-coordinator"))
    assert of(story).late == 0
    trial.clock.move(seconds=LATE.total_seconds())
    assert of(story).late == 1


@pytest.mark.parametrize(("why", "failed"), [("refused", 1), ("unreachable", 1), ("too-late", 0)])
def test_what_was_given_up_has_failed_for_good(why: e.WhyNotTold, failed: int) -> None:
    story = late_in_the_day("m-weber")
    fails(story, key_of(story, "visit-closes"), why)
    assert of(story) == Undelivered(failed=failed)


def test_each_person_who_was_not_reached_counts_until_a_later_call_reaches_them() -> None:
    trial = Trial()
    names(trial, WEBER, NOVAK)
    story = urgent(trial)
    key = key_of(story, "product-expires")
    fails(story, key, "unreachable")
    fails(story, key, "unreachable", to="k-novak")
    assert of(story).failed == 2
    record(story, e.ReminderSent(key=key, to="m-weber", channel="mail", call=3, message=message_id("BER-001", key, "m-weber", 3)))
    assert of(story).failed == 1


def test_what_was_acknowledged_or_no_longer_applies_counts_no_more() -> None:
    story = late_in_the_day("m-weber")
    for beginning in ("visit-closes", "screening-expires"):
        fails(story, key_of(story, beginning), "refused")
    assert of(story).failed == 2
    story.asks(c.Acknowledge(key=key_of(story, "screening-expires")))
    assert of(story).failed == 1
    story.reports(e.VisitCompleted(visit="screening", at=story.at()))
    assert of(story) == Undelivered()


def test_what_is_counted_of_each_is_counted_of_all() -> None:
    assert together([Undelivered(1, 2), Undelivered(3, 4)]) == Undelivered(4, 6)
    assert together([]) == Undelivered()
