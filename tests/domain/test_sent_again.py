"""Whoever no message reached is told again once somebody asks for it, and nobody else is told twice."""

import pytest

from domain import commands as c
from domain import events as e
from domain.contacts import ContactRemoved
from domain.notices import A_CALL, FINISHED, MOST_CALLS, notices, unfinished
from domain.rejections import Refused
from tests.builders import Story, Trial, by_
from tests.domain.test_notices import ITO, NOVAK, WEBER, key_of, names, on_the_last_day, record, sent, turns, urgent


def unreached() -> tuple[Story, str]:
    """A reminder of which the coordinator was told by no message, and the monitor was."""
    trial = Trial()
    names(trial, WEBER, NOVAK)
    story = on_the_last_day(trial)
    key = key_of(story, "visit-closes")
    refused(story, key)
    record(story, sent(key, "k-novak"))
    return story, key


def refused(story: Story, key: str, call: int = 1) -> None:
    record(story, e.ReminderFailed(key=key, to="m-weber", channel="mail", call=call, why="refused"))


def called_out(calls: int) -> tuple[Story, str]:
    """The ladder was climbed in so many calls; no message reached the coordinator, and the others took no note."""
    trial = Trial()
    names(trial, WEBER, NOVAK, ITO)
    story = urgent(trial)
    key = key_of(story, "product-expires")
    for call in range(1, calls + 1):
        if call > 1:
            trial.clock.move(seconds=A_CALL.total_seconds())
            record(story, e.ReminderEscalated(key=key, call=call, rung="coordinator"))
        [called] = turns(story, key).tell
        if called.person == "m-weber":
            refused(story, key, call)
        else:
            record(story, sent(key, called.person, call))
    return story, key


def told_now(story: Story, key: str) -> list[str]:
    return [one.person for one in turns(story, key).tell]


def test_whom_no_message_reached_is_told_again_and_nobody_else() -> None:
    story, key = unreached()
    assert turns(story, key) == FINISHED
    story.asks(c.SendAgain(key=key))
    assert told_now(story, key) == ["m-weber"]
    record(story, sent(key))
    assert turns(story, key) == FINISHED
    assert not notices(story.record)[key].unreached


def test_whom_no_call_reached_is_told_again_when_calling_has_long_ended_on_another_rung() -> None:
    story, key = called_out(MOST_CALLS)
    assert turns(story, key).finished
    story.asks(c.SendAgain(key=key))
    assert told_now(story, key) == ["m-weber"]
    assert key in unfinished(story.record, story.trial.participants.study(), story.trial.clock()).keys
    record(story, sent(key, call=MOST_CALLS))
    assert turns(story, key).finished


def test_whom_a_call_did_not_reach_is_told_again_beside_those_of_the_call_at_hand_who_are_told_once() -> None:
    story, key = called_out(1)
    story.asks(c.SendAgain(key=key))
    assert told_now(story, key) == ["m-weber"]
    story.trial.clock.move(seconds=A_CALL.total_seconds())
    record(story, e.ReminderEscalated(key=key, call=2, rung="second-coordinator"))
    assert told_now(story, key) == ["k-novak", "m-weber"]
    story.trial.clock.move(seconds=A_CALL.total_seconds())
    [climbs] = turns(story, key).record
    assert climbs == e.ReminderEscalated(key=key, call=3, rung="investigator")
    record(story, sent(key, call=2))
    record(story, climbs)
    assert told_now(story, key) == ["dr-ito"]


def test_who_asks_twice_has_everybody_told_again_whom_no_message_reached() -> None:
    story, key = called_out(1)
    story.asks(c.SendAgain(key=key))
    record(story, e.ReminderEscalated(key=key, call=2, rung="second-coordinator"))
    record(story, e.ReminderFailed(key=key, to="k-novak", channel="mail", call=2, why="refused"))
    story.asks(c.SendAgain(key=key))
    assert told_now(story, key) == ["k-novak", "m-weber"]


def test_nothing_is_sent_again_where_everybody_was_told() -> None:
    story, key = unreached()
    story.asks(c.SendAgain(key=key))
    with pytest.raises(Refused, match="nobody is known whom no message"):
        story.asks(c.SendAgain(key=key))


def test_nothing_is_sent_again_to_those_who_are_sent_nothing_any_more_and_that_no_message_reached_them_stays_known() -> None:
    story, key = unreached()
    story.trial.participants.desk.record((ContactRemoved(person="m-weber"),), by_("administrator", story.trial.next_id()))
    with pytest.raises(Refused, match="sent nothing like it any more"):
        story.asks(c.SendAgain(key=key))
    assert notices(story.record)[key].unreached == {"m-weber"}


def test_nothing_is_sent_again_of_what_somebody_has_taken_note_of() -> None:
    story, key = unreached()
    story.asks(c.Acknowledge(key=key))
    with pytest.raises(Refused, match="nobody needs to be told"):
        story.asks(c.SendAgain(key=key))


def test_what_never_fell_due_is_not_sent_again() -> None:
    story, _ = unreached()
    with pytest.raises(Refused, match="no such reminder has fallen due"):
        story.asks(c.SendAgain(key="visit-closes:day-1:20260401"))
