"""Handing over a morning's message, cut off at every point between handing over and recording."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from domain import commands as c
from domain import events as e
from domain.contacts import ContactRemoved
from domain.digests import MOST_IN_A_MESSAGE, morning
from domain.entry import Circumstances
from domain.letters import Letter
from domain.notices import notices, tag
from domain.record import Record
from store.errors import Busy, DamagedEntry
from store.participants import Outcome, Participants
from tests.builders import Story, Trial, by_
from tests.domain.test_digests import in_screening, next_morning
from tests.domain.test_notices import NOVAK, WEBER, key_of, names
from workflows.activities import Activities
from workflows.gathering import Batch, BatchCame, Gathered, Gathering, Waiting, Whose
from workflows.sending import AT_NIGHT, About, Came, NotNow, RefusedForGood, Sending, Telling

A = TypeVar("A")
R = TypeVar("R")
WHOSE = Whose(site="BER", person="m-weber")


@dataclass
class Post:
    """Takes every message, or answers as it is told to."""

    answers: list[Exception] = field(default_factory=list)
    taken: list[Letter] = field(default_factory=list)

    async def send(self, letter: Letter) -> None:
        if self.answers:
            raise self.answers.pop(0)
        self.taken.append(letter)


class CutOff(Participants):
    """A desk that is cut off once so many accounts of telling somebody were recorded; `left` may be set again."""

    left = 0

    def handle(self, participant_id: str, command: c.Command, by: Circumstances, *, seen: int | None = None) -> Outcome:
        if isinstance(command, c.RecordNotice):
            if not self.left:
                raise Busy("The database is busy with another program.")
            self.left -= 1
        return super().handle(participant_id, command, by, seen=seen)


def on_a_morning(count: int) -> list[Story]:
    trial = Trial()
    names(trial, WEBER)
    stories = [in_screening(trial, f"BER-{number:03}") for number in range(1, count + 1)]
    next_morning(stories[0])
    return stories


def cut_off(stories: list[Story], left: int) -> CutOff:
    participants = stories[0].trial.participants
    desk = CutOff(participants.ledger, participants.desk)
    desk.left = left
    return desk


def gathered(participants: Participants, *of: str) -> Gathered:
    return run(Gathering(participants, Post().send).gather, Waiting(whose=WHOSE, participants=of or tuple(participants.ids())))


def batch_of(stories: list[Story]) -> Batch:
    batch = gathered(stories[0].trial.participants).batch
    assert batch is not None
    return batch


def tell(participants: Participants, post: Post, batch: Batch) -> BatchCame | None:
    return run(Gathering(participants, post.send).tell, batch)


def run(doing: Callable[[A], Awaitable[R]], about: A) -> R:
    async def once() -> R:
        return await ActivityEnvironment().run(doing, about)

    return asyncio.run(once())


def told(stories: list[Story]) -> list[e.ReminderSent]:
    return [one for story in stories for _, one in story.told_of(e.ReminderSent) if isinstance(one, e.ReminderSent)]


def test_what_is_gathered_is_whatever_is_told_now_and_of_whom_something_is_left() -> None:
    stories = on_a_morning(3)
    participants = stories[0].trial.participants
    found = gathered(participants)
    assert found.batch is not None
    assert [one.participant for one in found.batch.told] == ["BER-001", "BER-002", "BER-003"]
    assert found.left == ("BER-001", "BER-002", "BER-003")
    tell(participants, Post(), found.batch)
    assert gathered(participants) == Gathered(batch=None, left=(), wait=None)


def test_before_the_morning_nothing_is_told_and_everybody_is_left() -> None:
    trial = Trial()
    names(trial, WEBER)
    story = in_screening(trial)
    until = morning(story.record, trial.participants.study(), "m-weber", trial.clock()).until
    assert until is not None
    assert gathered(trial.participants) == Gathered(batch=None, left=("BER-001",), wait=until - trial.clock())


def test_for_somebody_who_was_removed_nothing_is_gathered_and_nothing_handed_over() -> None:
    stories = on_a_morning(1)
    batch, trial, post = batch_of(stories), stories[0].trial, Post()
    names(trial, NOVAK)
    trial.participants.desk.record((ContactRemoved(person="m-weber"),), by_("administrator", trial.next_id()))
    assert tell(trial.participants, post, batch) is None
    assert gathered(trial.participants) == Gathered(batch=None, left=(), wait=None)
    assert not post.taken


def test_a_message_is_not_longer_than_anybody_reads() -> None:
    stories = on_a_morning(1)
    found = gathered(stories[0].trial.participants, *["BER-001"] * (MOST_IN_A_MESSAGE + 1))
    assert found.batch is not None
    assert len(found.batch.told) == MOST_IN_A_MESSAGE


@pytest.mark.parametrize("recorded", [0, 1, 2])
def test_cut_off_while_recording_the_rest_is_recorded_later_and_nothing_is_handed_over_again(recorded: int) -> None:
    stories, post = on_a_morning(3), Post()
    desk, batch = cut_off(stories, recorded), batch_of(stories)
    came = tell(desk, post, batch)
    assert came is not None, "what came of it is returned"
    assert len(told(stories)) == recorded
    desk.left = 3
    run(Gathering(desk, post.send).record, came)
    assert len(post.taken) == 1
    assert {one.message for one in told(stories)} == {post.taken[0].id}
    assert len(told(stories)) == 3


@pytest.mark.parametrize(("recorded", "handed_over"), [(0, 2), (1, 1), (2, 1)])
def test_killed_while_recording_it_is_handed_over_again_only_if_nothing_was_on_record_and_under_the_same_id(
    recorded: int, handed_over: int
) -> None:
    stories, post = on_a_morning(3), Post()
    batch = batch_of(stories)
    tell(cut_off(stories, recorded), post, batch)
    assert tell(stories[0].trial.participants, post, batch) is None
    assert [letter.id for letter in post.taken] == [batch.message] * handed_over
    assert len(told(stories)) == 3


def test_what_is_handed_over_again_has_nothing_that_was_not_in_it_before_and_leaves_out_what_is_settled() -> None:
    stories, post = on_a_morning(3), Post()
    batch = batch_of(stories)
    tell(cut_off(stories, 0), post, batch)
    stories[1].asks(c.Acknowledge(key=key_of(stories[1], "visit-opens")))
    in_screening(stories[0].trial, "BER-004")
    tell(stories[0].trial.participants, post, batch)
    first, second = post.taken
    assert first.id == second.id
    assert [one for one, _ in second.reminders] == ["BER-001", "BER-003"]
    assert {one for one, _ in second.reminders} < {one for one, _ in first.reminders}


def test_a_mailbox_that_takes_nothing_is_on_record_for_each_reminder() -> None:
    stories, post = on_a_morning(2), Post([RefusedForGood("SMTP 550")])
    assert tell(stories[0].trial.participants, post, batch_of(stories)) is None
    failed = [one for story in stories for _, one in story.told_of(e.ReminderFailed) if isinstance(one, e.ReminderFailed)]
    assert [(one.to, one.why) for one in failed] == [("m-weber", "refused")] * 2


def test_what_may_pass_is_tried_again_and_nothing_of_it_is_on_record() -> None:
    stories, post = on_a_morning(2), Post([NotNow("SMTP 451")])
    with pytest.raises(ApplicationError, match="SMTP 451"):
        tell(stories[0].trial.participants, post, batch_of(stories))
    assert not told(stories)


def test_what_is_tried_since_the_morning_is_not_handed_over_once_work_is_over_but_the_next_morning() -> None:
    stories, post = on_a_morning(2), Post()
    clock, batch = stories[0].trial.clock, batch_of(stories)
    clock.move(hours=12)
    with pytest.raises(ApplicationError, match=AT_NIGHT):
        tell(stories[0].trial.participants, post, batch)
    assert not post.taken
    clock.move(hours=12)
    assert tell(stories[0].trial.participants, post, batch) is None
    assert [letter.at for letter in post.taken] == [clock()], "it bears the time at which it was handed over"


def test_what_would_be_pointless_by_the_morning_is_told_at_night_and_the_rest_of_its_message_with_it() -> None:
    [first], post = on_a_morning(1), Post()
    trial = first.trial
    trial.clock.move(days=26)
    second = in_screening(trial, "BER-002")
    next_morning(second)
    batch = batch_of([first, second])
    trial.clock.move(hours=12)
    tell(trial.participants, post, batch)
    assert [one for one, _ in post.taken[0].reminders] == ["BER-001", "BER-002"]


def test_whoever_wants_to_be_told_by_another_way_meanwhile_is_told_by_that() -> None:
    stories, post = on_a_morning(1), Post()
    batch, trial = batch_of(stories), stories[0].trial
    names(trial, WEBER.model_copy(update={"webhook": "https://pager.example/", "digest": "webhook"}))
    assert tell(trial.participants, post, batch) is None
    assert not post.taken
    assert batch_of(stories).channel == "webhook"


def telling_of(story: Story, batch: Batch) -> Telling:
    """What a notice of its own would do about the same reminder."""
    notice = notices(story.record)[key_of(story, "visit-opens")]
    about = About(participant=story.id, tag=tag(notice.due.key))
    assert batch.told == (about,)
    return Telling(about=about, person=WHOSE.person, call=1, channel=batch.channel)


def test_what_stands_in_the_message_of_a_morning_is_told_by_no_notice_of_its_own() -> None:
    [story], post = on_a_morning(1), Post()
    participants, batch = story.trial.participants, batch_of([story])
    assert run(Sending(participants, post.send).tell, telling_of(story, batch)) is None
    assert (post.taken, told([story])) == ([], [])
    tell(participants, post, batch)
    assert [letter.id for letter in post.taken] == [batch.message]
    assert run(Sending(participants, post.send).tell, telling_of(story, batch)) is None
    assert len(post.taken) == len(told([story])) == 1


def test_what_a_notice_of_its_own_has_told_meanwhile_is_not_told_again() -> None:
    [story], post = on_a_morning(1), Post()
    participants, batch = story.trial.participants, batch_of([story])
    came = Came(telling=telling_of(story, batch), to="sent")  # by a release that told each reminder by itself
    run(Sending(participants, post.send).record, came)
    assert tell(participants, post, batch) is None
    assert post.taken == []
    assert len(told([story])) == 1
    assert gathered(participants) == Gathered(batch=None, left=(), wait=None)


class Damaged(Participants):
    """A desk at which the record of one participant is damaged."""

    def read(self, participant_id: str) -> Record:
        if participant_id == "BER-002":
            raise DamagedEntry("participant:BER-002", 3, "it is missing")
        return super().read(participant_id)


def test_a_damaged_record_keeps_nobody_from_being_told_of_the_others() -> None:
    stories, post = on_a_morning(3), Post()
    desk, batch = stories[0].trial.participants, batch_of(stories)
    damaged = Damaged(desk.ledger, desk.desk)
    assert gathered(damaged).left == ("BER-001", "BER-003")
    assert tell(damaged, post, batch) is None
    assert [one for one, _ in post.taken[0].reminders] == ["BER-001", "BER-003"]
    assert len(told(stories)) == 2


@pytest.mark.parametrize("back", [timedelta(seconds=1), timedelta(hours=5), timedelta(days=40)])
def test_a_clock_that_steps_back_has_nothing_fall_due_or_told_again_and_no_record_goes_back(back: timedelta) -> None:
    [story], post = on_a_morning(1), Post()
    participants, batch = story.trial.participants, batch_of([story])
    tell(participants, post, batch)
    last = story.record.entries[-1].recorded_at
    story.trial.clock.move(seconds=-back.total_seconds())
    ActivityEnvironment().run(Activities(participants).advance, story.id)
    assert gathered(participants) == Gathered(batch=None, left=(), wait=None)
    assert run(Sending(participants, post.send).look, batch.told[0]).finished
    assert tell(participants, post, batch) is None
    assert len(post.taken) == len(told([story])) == len(story.told_of(e.ReminderDue)) == 1
    story.reviews()
    assert story.record.entries[-1].recorded_at == last, "as long as the clock is behind, it is as if no time had passed"


def test_what_fell_due_before_the_clock_stepped_back_is_told_when_its_morning_comes_and_once() -> None:
    [story], post = on_a_morning(1), Post()
    participants, clock = story.trial.participants, story.trial.clock
    clock.move(hours=-1)
    found = gathered(participants)
    assert found.batch is None, "it is an hour before the morning once more"
    assert found.wait == timedelta(hours=1)
    clock.move(hours=1)
    tell(participants, post, batch_of([story]))
    assert len(post.taken) == len(told([story])) == 1
