"""What falls due once a morning reaches a person in one message, on a server that skips time and with a real mail server."""

import asyncio
from datetime import datetime, timedelta

import pytest

from domain import events as e
from domain.notices import SPREAD
from domain.time import local_date, midnight
from tests.builders import BERLIN, Story, Trial
from tests.workflows.telling import NOVAK, WEBER, Mailroom, names
from tests.workflows.test_notices_in_time import live, told
from tests.workflows.waiting import until
from workflows.digest import A_MOMENT
from workflows.virtual_time import VirtualTime

pytestmark = pytest.mark.slow
DAY = timedelta(days=1)


def in_screening(trial: Trial, count: int, first: int = 1) -> list[Story]:
    """In the afternoon as many screening visits can take place."""
    stories = [trial.participant(f"BER-{number:03}").consents() for number in range(first, first + count)]
    for story in stories:
        story.reports(e.ScreeningStarted(at=story.at()))
    return stories


def morning_after(instant: datetime) -> datetime:
    """When everything has been told that is told once a morning, at a site that opens at eight."""
    return midnight(local_date(instant, BERLIN) + DAY, BERLIN) + timedelta(hours=8) + SPREAD + 3 * A_MOMENT


def digests(room: Mailroom) -> list[str]:
    return [str(message["Subject"]).split(": ")[1] for message in room.taken if "this morning" in str(message["Subject"])]


def accounts(stories: list[Story], kind: type[e.Event] = e.ReminderSent) -> int:
    return sum(len(told(story, kind, "visit-opens")) for story in stories)


async def told_all(stories: list[Story], count: int, kind: type[e.Event] = e.ReminderSent) -> None:
    await until(lambda: asyncio.to_thread(lambda: accounts(stories, kind) == count))


def test_a_person_gets_one_message_in_the_morning_and_each_reminder_its_own_account() -> None:
    trial, room = Trial(), Mailroom()
    names(trial, WEBER, NOVAK)
    stories = in_screening(trial, 5)

    async def course(time: VirtualTime) -> None:
        morning = morning_after(trial.clock())
        await time.pass_until(morning - 3 * A_MOMENT - SPREAD - timedelta(seconds=1))
        assert not room.taken
        await time.pass_until(morning)
        await told_all(stories, 10)
        await time.pass_until(morning + 2 * DAY)

    live(stories[0], room, course)
    assert digests(room) == ["5 reminders this morning"] * 2
    assert sorted(room.to()) == ["k.novak@ber.example", "m.weber@ber.example"]
    for story in stories:
        sent = [one for _, one in story.told_of(e.ReminderSent) if isinstance(one, e.ReminderSent)]
        assert {f"<{one.message}@study.example>" for one in sent} == {str(message["Message-ID"]) for message in room.taken}
        assert sorted(one.to for one in sent) == ["k-novak", "m-weber"]


def test_the_next_morning_brings_a_message_of_its_own_and_nothing_twice() -> None:
    trial, room = Trial(), Mailroom()
    names(trial, WEBER)
    stories = in_screening(trial, 2)

    async def course(time: VirtualTime) -> None:
        await time.pass_until(morning_after(trial.clock()))
        await told_all(stories, 2)
        more = in_screening(trial, 1, first=3)
        await time.pass_until(morning_after(trial.clock()))
        await told_all(more, 1)

    live(stories[0], room, course)
    assert digests(room) == ["2 reminders this morning", "1 reminder this morning"]


def test_what_is_settled_before_the_morning_is_withdrawn_and_stands_in_no_message() -> None:
    trial, room = Trial(), Mailroom()
    names(trial, WEBER)
    stories = in_screening(trial, 3)

    async def course(time: VirtualTime) -> None:
        await time.pass_until(trial.clock() + timedelta(hours=1))
        stories[0].reports(e.VisitCompleted(visit="screening", at=stories[0].at()))
        await time.pass_until(morning_after(trial.clock()))
        await told_all(stories, 2)
        await told_all(stories[:1], 1, e.ReminderWithdrawn)

    live(stories[0], room, course)
    assert digests(room) == ["2 reminders this morning"]


def test_nothing_urgent_and_nothing_timely_waits_for_the_message_of_the_morning() -> None:
    trial, room = Trial(), Mailroom()
    names(trial, WEBER)
    [story] = in_screening(trial, 1)
    called = trial.participant("BER-002").is_eligible().is_collected()
    expires = (trial.clock() + timedelta(days=3)).date()

    async def course(time: VirtualTime) -> None:
        await time.settle()
        called.reports(e.ProductReceived(at=called.at(), identity="COI-0001", expires=expires), "cell-lab")
        await time.settle()
        await until(lambda: asyncio.to_thread(lambda: bool(told(called, e.ReminderSent, "product-expires"))))
        assert not accounts([story])

    live(story, room, course)
    assert digests(room) == []


def test_a_mail_server_that_is_down_for_two_days_has_each_told_once_when_it_is_back() -> None:
    trial, room = Trial(), Mailroom(down=True)
    names(trial, WEBER)
    stories = in_screening(trial, 3)

    async def course(time: VirtualTime) -> None:
        await time.pass_until(morning_after(trial.clock()))
        stories.extend(in_screening(trial, 2, first=4))
        await time.pass_until(trial.clock() + 2 * DAY)
        assert not accounts(stories)
        room.down = False
        await time.pass_until(trial.clock() + timedelta(hours=1))
        await told_all(stories, 5)

    live(stories[0], room, course)
    assert digests(room) == ["3 reminders this morning", "2 reminders this morning"]


def came_to_nothing(room: Mailroom, days: int, why: str) -> None:
    trial = Trial()
    names(trial, WEBER)
    stories = in_screening(trial, 2)

    async def course(time: VirtualTime) -> None:
        for _ in range(days):
            await time.pass_until(morning_after(trial.clock()))
        await told_all(stories, 2, e.ReminderFailed)

    live(stories[0], room, course)
    failed = [one for story in stories for _, one in story.told_of(e.ReminderFailed) if isinstance(one, e.ReminderFailed)]
    assert {(one.to, one.why) for one in failed if one.key.startswith("visit-opens")} == {("m-weber", why)}


def test_a_mailbox_that_does_not_exist_is_on_record_for_each_reminder_of_the_message() -> None:
    came_to_nothing(Mailroom(unknown={"m.weber@ber.example"}), 1, "refused")


def test_a_message_that_cannot_be_handed_over_for_days_is_given_up_and_that_is_on_record() -> None:
    came_to_nothing(Mailroom(down=True), 6, "unreachable")


def test_somebody_who_is_named_days_later_gets_all_of_it_in_one_message() -> None:
    trial, room = Trial(), Mailroom()
    stories = in_screening(trial, 4)

    async def course(time: VirtualTime) -> None:
        await time.pass_until(trial.clock() + 2 * DAY)
        names(trial, WEBER)
        await time.pass_until(trial.clock() + timedelta(minutes=2))
        await told_all(stories, 4)

    live(stories[0], room, course)
    assert digests(room) == ["4 reminders this morning"]


def test_an_address_that_was_wrong_and_is_put_right_meanwhile_is_where_the_message_goes() -> None:
    trial, room = Trial(), Mailroom(down=True)
    names(trial, WEBER.model_copy(update={"mail": "m.waber@ber.example"}))
    stories = in_screening(trial, 2)

    async def course(time: VirtualTime) -> None:
        await time.pass_until(morning_after(trial.clock()))
        names(trial, WEBER)
        room.down = False
        await time.pass_until(trial.clock() + timedelta(hours=1))
        await told_all(stories, 2)

    live(stories[0], room, course)
    assert room.to() == ["m.weber@ber.example"]
