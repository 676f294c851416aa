"""What is being tried for days is told only to those who still need to be told by it."""

from datetime import datetime

import pytest

from domain import commands as c
from domain import events as e
from domain.notices import A_CALL, notices, told_in_call_from
from tests.builders import Story, Trial, local
from tests.domain.test_notices import ITO, NOVAK, WEBER, key_of, names, on_the_last_day, record, sent, urgent


def climbs(story: Story, key: str, call: int) -> None:
    story.trial.clock.move(seconds=A_CALL.total_seconds())
    record(story, e.ReminderEscalated(key=key, call=call, rung="coordinator"))


def told_from(story: Story, key: str, person: str, call: int) -> datetime | None:
    study, now = story.trial.participants.study(), story.trial.clock()
    return told_in_call_from(notices(story.record)[key], person, call, story.record, study, now)


def still(story: Story, key: str, person: str, call: int) -> bool:
    return told_from(story, key, person, call) is not None


def test_who_was_called_anew_is_told_in_their_last_call_only_and_who_was_not_still_in_their_first() -> None:
    trial = Trial()
    names(trial, WEBER, NOVAK, ITO)
    story = urgent(trial)
    key = key_of(story, "product-expires")
    for call in (2, 3):
        climbs(story, key, call)
    assert all(still(story, key, person, call) for call, person in enumerate(("m-weber", "k-novak", "dr-ito"), start=1))
    climbs(story, key, 4)
    assert not still(story, key, "m-weber", 1)
    assert still(story, key, "m-weber", 4)
    assert still(story, key, "k-novak", 2)
    record(story, sent(key, call=4))
    assert not still(story, key, "m-weber", 4)


def test_who_stands_alone_on_the_ladder_is_told_in_the_last_call_only() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = urgent(trial)
    key = key_of(story, "product-expires")
    assert still(story, key, "m-weber", 1)
    climbs(story, key, 2)
    assert [still(story, key, "m-weber", call) for call in (1, 2)] == [False, True]


def test_who_is_told_again_beside_the_call_at_hand_is_told_in_one_call_only() -> None:
    trial = Trial()
    names(trial, WEBER, NOVAK)
    story = urgent(trial)
    key = key_of(story, "product-expires")
    record(story, e.ReminderFailed(key=key, to="m-weber", channel="mail", why="refused"))
    climbs(story, key, 2)
    story.asks(c.SendAgain(key=key))
    assert still(story, key, "m-weber", 2)
    climbs(story, key, 3)
    assert [still(story, key, "m-weber", call) for call in (2, 3)] == [False, True]


def test_what_is_pointless_is_told_to_nobody() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = urgent(trial)
    key = key_of(story, "product-expires")
    assert still(story, key, "m-weber", 1)
    trial.clock.move(days=5)
    assert not still(story, key, "m-weber", 1)


@pytest.mark.parametrize(
    ("now", "told"),
    [("2026-02-03 16:59", True), ("2026-02-03 17:00", False), ("2026-02-04 07:59", False), ("2026-02-04 08:00", True)],
)
def test_what_is_tried_since_work_began_waits_for_the_next_morning_once_work_is_over(now: str, *, told: bool) -> None:
    trial = Trial()
    names(trial, WEBER)
    story = on_the_last_day(trial)
    story.lives_until(local("2026-02-03 12:00"))
    trial.clock.move_to(local(now))
    starts = told_from(story, key_of(story, "screening-expired"), "m-weber", 1)
    assert starts is not None
    assert (starts <= trial.clock()) is told
    assert told or starts.date() == local("2026-02-04 08:00").date()


def test_what_would_be_pointless_by_the_next_morning_is_told_at_night_all_the_same() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = on_the_last_day(trial)
    trial.clock.move(hours=12)
    assert told_from(story, key_of(story, "visit-closes"), "m-weber", 1) == trial.clock()


def test_what_is_urgent_is_told_at_night() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = urgent(trial)
    trial.clock.move(hours=14)
    starts = told_from(story, key_of(story, "product-expires"), "m-weber", 1)
    assert starts is not None
    assert starts < trial.clock()
