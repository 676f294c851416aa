"""Whoever no message reached is told again once somebody asks for it, and nobody else is told twice."""

import pytest

from domain import commands as c
from domain import events as e
from domain.notices import FINISHED, notices
from domain.rejections import Refused
from tests.builders import Story, Trial
from tests.domain.test_notices import NOVAK, WEBER, key_of, names, on_the_last_day, record, sent, turns


def unreached() -> tuple[Story, str]:
    """A reminder of which the coordinator was told by no message, and the monitor was."""
    trial = Trial()
    names(trial, WEBER, NOVAK)
    story = on_the_last_day(trial)
    key = key_of(story, "visit-closes")
    record(story, e.ReminderFailed(key=key, to="m-weber", channel="mail", why="refused"))
    record(story, sent(key, "k-novak"))
    return story, key


def test_whom_no_message_reached_is_told_again_and_nobody_else() -> None:
    story, key = unreached()
    assert turns(story, key) == FINISHED
    story.asks(c.SendAgain(key=key))
    assert [one.person for one in turns(story, key).tell] == ["m-weber"]
    record(story, sent(key))
    assert turns(story, key) == FINISHED
    assert not notices(story.record)[key].unreached


def test_nothing_is_sent_again_where_everybody_was_told() -> None:
    story, key = unreached()
    story.asks(c.SendAgain(key=key))
    with pytest.raises(Refused, match="nobody is known whom no message"):
        story.asks(c.SendAgain(key=key))


def test_nothing_is_sent_again_of_what_somebody_has_taken_note_of() -> None:
    story, key = unreached()
    story.asks(c.Acknowledge(key=key))
    with pytest.raises(Refused, match="nobody needs to be told"):
        story.asks(c.SendAgain(key=key))


def test_what_never_fell_due_is_not_sent_again() -> None:
    story, _ = unreached()
    with pytest.raises(Refused, match="no such reminder has fallen due"):
        story.asks(c.SendAgain(key="visit-closes:day-1:20260401"))
