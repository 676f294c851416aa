"""Reminders over days and nights, on a server that skips time and with a real mail server."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.contacts import ContactNamed
from domain.notices import A_CALL, SPREAD
from domain.time import local_time
from tests.builders import BERLIN, Story, Trial
from tests.workflows.telling import WEBER, Mailroom, names
from tests.workflows.waiting import until
from workflows.virtual_time import VirtualTime, virtual_time

pytestmark = pytest.mark.slow
LADDER = (
    WEBER.model_copy(update={"rung": "coordinator"}),
    ContactNamed(person="k-novak", roles=("coordinator",), mail="k.novak@ber.example", rung="second-coordinator"),
    ContactNamed(person="dr-ito", roles=("investigator",), mail="dr.ito@ber.example", rung="investigator"),
)


def live(story: Story, room: Mailroom, course: Callable[[VirtualTime], Awaitable[None]]) -> None:
    async def begin() -> None:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(room.open())
            course_of = await stack.enter_async_context(virtual_time(story.trial.participants, story.trial.clock.move_to, room.send))
            await course(course_of)

    asyncio.run(begin())


def screening(trial: Trial) -> tuple[Story, datetime]:
    """A participant in screening, and when the last day of its window begins."""
    story = trial.participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    [closes] = [item.due for item in trial.participants.agenda(story.id)[1].items if item.key.startswith("visit-closes")]
    return story, closes


def told(story: Story, kind: type[e.Event], beginning: str) -> list[datetime]:
    """When something was recorded of the reminders whose keys begin so."""
    return [at for at, event in story.told_of(kind) if str(getattr(event, "key", "")).startswith(beginning)]


async def recorded(story: Story, kind: type[e.Event], beginning: str, count: int = 1) -> None:
    await until(lambda: asyncio.to_thread(lambda: len(told(story, kind, beginning)) == count))


def test_what_falls_due_in_the_night_is_sent_when_work_begins() -> None:
    trial, room = Trial(), Mailroom()
    names(trial, WEBER)
    story, closes = screening(trial)

    async def course(time: VirtualTime) -> None:
        await time.pass_until(closes + timedelta(hours=7, minutes=59))
        assert told(story, e.ReminderDue, "visit-closes")
        assert not told(story, e.ReminderSent, "visit-closes")
        await time.pass_until(closes + timedelta(hours=8) + SPREAD)
        await recorded(story, e.ReminderSent, "visit-closes")

    live(story, room, course)
    [at] = told(story, e.ReminderSent, "visit-closes")
    assert local_time(at, BERLIN).hour == 8


def test_a_reminder_that_is_settled_before_the_morning_is_withdrawn_and_sent_to_nobody() -> None:
    trial, room = Trial(), Mailroom()
    names(trial, WEBER)
    story, closes = screening(trial)

    async def course(time: VirtualTime) -> None:
        await time.pass_until(closes + timedelta(hours=3))
        story.reports(e.VisitCompleted(visit="screening", at=story.at()))
        await time.pass_until(closes + timedelta(hours=9))
        await recorded(story, e.ReminderWithdrawn, "visit-closes")

    live(story, room, course)
    assert not told(story, e.ReminderSent, "visit-closes")
    assert not any("visit screening closes" in str(message) for message in room.taken)


def test_a_mail_server_that_is_down_for_two_days_loses_nothing_and_doubles_nothing() -> None:
    trial, room = Trial(), Mailroom(down=True)
    names(trial, WEBER)
    story, closes = screening(trial)

    async def course(time: VirtualTime) -> None:
        await time.pass_until(closes + timedelta(hours=9))
        await recorded(story, e.ReminderDue, "visit-closes")
        for day in range(1, 4):
            await time.pass_until(closes + timedelta(days=day))
        room.down = False
        await time.pass_until(closes + timedelta(days=3, hours=7, minutes=59))
        assert not told(story, e.ReminderSent, ""), "it is night when the server is back"
        await time.pass_until(closes + timedelta(days=3, hours=8, minutes=30))
        await recorded(story, e.ReminderSent, "visit-unaccounted")
        await recorded(story, e.ReminderWithdrawn, "visit-closes")

    live(story, room, course)
    assert len(told(story, e.ReminderSent, "visit-unaccounted")) == 1
    assert len({str(message["Message-ID"]) for message in room.taken}) == len(room.taken)
    assert len(told(story, e.ReminderWithdrawn, "visit-closes")) == 1, "the window closed meanwhile, and that is on record"


def test_whoever_cannot_be_reached_for_days_is_given_up_and_that_is_on_record() -> None:
    trial, room = Trial(), Mailroom(down=True)
    names(trial, WEBER)
    story, closes = screening(trial)

    async def course(time: VirtualTime) -> None:
        for day in range(1, 8):
            await time.pass_until(closes + timedelta(days=day))
        await recorded(story, e.ReminderFailed, "visit-unaccounted")

    live(story, room, course)
    [failed] = [one for _, one in story.told_of(e.ReminderFailed) if isinstance(one, e.ReminderFailed) and "unaccounted" in one.key]
    assert (failed.to, failed.why) == ("m-weber", "unreachable")


def test_something_urgent_climbs_the_ladder_at_any_hour_until_it_is_acknowledged() -> None:
    trial, room = Trial(), Mailroom()
    names(trial, *LADDER)
    story = trial.participant().is_eligible().is_collected()
    trial.clock.move(hours=13)
    expires = (trial.clock() + timedelta(days=3)).date()
    beginning = "product-expires"

    async def course(time: VirtualTime) -> None:
        story.reports(e.ProductReceived(at=story.at(), identity="COI-0001", expires=expires), "cell-lab")
        await time.settle()
        await recorded(story, e.ReminderSent, beginning, 1)
        await time.pass_until(trial.clock() + 2 * A_CALL + timedelta(minutes=1))
        await recorded(story, e.ReminderSent, beginning, 3)
        [key] = {one.key for _, one in story.told_of(e.ReminderDue) if isinstance(one, e.ReminderDue) and one.key.startswith(beginning)}
        story.asks(c.Acknowledge(key=key), "investigator")
        await time.pass_until(trial.clock() + timedelta(hours=5))

    live(story, room, course)
    sent = [one for _, one in story.told_of(e.ReminderSent) if isinstance(one, e.ReminderSent) and one.key.startswith(beginning)]
    assert [(one.to, one.call) for one in sent] == [("m-weber", 1), ("k-novak", 2), ("dr-ito", 3)]
    first, second, third = told(story, e.ReminderSent, beginning)
    assert abs(second - first - A_CALL) < timedelta(minutes=1)
    assert abs(third - second - A_CALL) < timedelta(minutes=1)


def test_a_mail_server_that_is_down_while_calls_climb_has_each_on_the_ladder_told_once_when_it_is_back() -> None:
    trial, room = Trial(), Mailroom(down=True)
    names(trial, *LADDER)
    story = trial.participant().is_eligible().is_collected()
    expires = (trial.clock() + timedelta(days=3)).date()
    beginning = "product-expires"

    async def course(time: VirtualTime) -> None:
        story.reports(e.ProductReceived(at=story.at(), identity="COI-0001", expires=expires), "cell-lab")
        await time.pass_until(trial.clock() + timedelta(days=2))
        assert not told(story, e.ReminderSent, "")
        room.down = False
        await time.pass_until(trial.clock() + timedelta(hours=1))
        await recorded(story, e.ReminderSent, beginning, 3)

    live(story, room, course)
    called = [str(message["To"]) for message in room.taken if str(message["Subject"]).startswith("Urgent")]
    assert sorted(called) == sorted(str(one.mail) for one in LADDER)
