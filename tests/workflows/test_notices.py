"""Reminders reach people by a real Temporal server, a real mail server and a real receiver of webhooks, whatever fails on the way."""

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest

from app.notices.channels import Channels
from app.notices.webhook import Webhook
from domain import commands as c
from domain import events as e
from domain.contacts import ContactNamed
from domain.entry import Circumstances
from domain.letters import Letter
from domain.notices import notices, tag
from domain.rejections import Refused
from store.errors import Busy
from store.participants import Outcome, Participants
from tests.app.notices.given import Receiver
from tests.builders import Story, Trial
from tests.workflows.telling import NOVAK, WEBER, Mailroom, names, told_by
from tests.workflows.waiting import until
from workflows.journeys import Journeys, connect
from workflows.notices import Notices
from workflows.sending import About, looked

pytestmark = pytest.mark.slow
DUE = {"visit-opens", "visit-closes", "screening-expires"}
"""What falls due by the last day of the screening visit's window."""
KEY = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
ITO = ContactNamed(person="dr-ito", roles=("coordinator",), site="BER", webhook="http://127.0.0.1:9/")


def on_the_last_day(trial: Trial, *contacts: ContactNamed) -> Story:
    """Ten o'clock on the last day of the screening visit's window: what falls due is sent at once."""
    if contacts:
        names(trial, *contacts)
    story = trial.participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    [closes] = [item.due for item in trial.participants.agenda(story.id)[1].items if item.key.startswith("visit-closes")]
    trial.clock.move_to(closes + timedelta(hours=10))
    return story


def sent(story: Story) -> list[e.ReminderSent]:
    return [entry.event for entry in story.record.entries if isinstance(entry.event, e.ReminderSent)]


def failed(story: Story) -> list[e.ReminderFailed]:
    return [entry.event for entry in story.record.entries if isinstance(entry.event, e.ReminderFailed)]


def kinds(told: list[e.ReminderSent] | list[e.ReminderFailed]) -> set[str]:
    return {one.key.split(":")[0] for one in told}


async def settled(story: Story, persons: int = 1) -> None:
    """Wait until it is on record what became of telling everybody."""

    async def come() -> bool:
        return len(await asyncio.to_thread(sent, story)) + len(await asyncio.to_thread(failed, story)) == persons * len(DUE)

    await until(come)


def tell(
    temporal_server: str,
    story: Story,
    send: Callable[[Letter], Awaitable[None]],
    meanwhile: Callable[[], Awaitable[None]],
    participants: Participants | None = None,
) -> None:
    async def live() -> None:
        journeys = Journeys(await connect(temporal_server), f"test-{uuid4().hex}")
        async with told_by(participants or story.trial.participants, journeys, send):
            await meanwhile()

    asyncio.run(live())


def test_a_reminder_that_falls_due_is_mailed_and_that_is_on_record(temporal_server: str) -> None:
    story, room = on_the_last_day(Trial(), WEBER), Mailroom()

    async def meanwhile() -> None:
        async with room.open():
            await settled(story)

    tell(temporal_server, story, room.send, meanwhile)
    assert kinds(sent(story)) == DUE
    assert {(one.to, one.channel, one.call) for one in sent(story)} == {("m-weber", "mail", 1)}
    assert room.to() == ["m.weber@ber.example"] * len(DUE)
    assert {str(message["Message-ID"]) for message in room.taken} == {f"<{one.message}@study.example>" for one in sent(story)}


def test_a_notice_that_has_told_everybody_does_not_look_once_more(temporal_server: str) -> None:
    story, room = on_the_last_day(Trial(), WEBER, NOVAK), Mailroom()
    asked: list[str] = []
    nudges: list[str] = []

    async def live() -> None:
        journeys = Journeys(await connect(temporal_server), f"test-{uuid4().hex}")
        async with room.open(), told_by(story.trial.participants, journeys, room.send):
            await settled(story, persons=2)
            key = next(key for key in notices(story.record) if key.startswith("visit-closes"))
            handle = journeys.client.get_workflow_handle(Notices(story.trial.participants, journeys).id_of(story.id, key))
            await handle.result()
            async for event in handle.fetch_history_events():
                asked.append(event.activity_task_scheduled_event_attributes.activity_type.name)
                nudges.append(event.workflow_execution_signaled_event_attributes.signal_name)

    asyncio.run(live())
    assert asked.count("tell") == 2
    assert asked.count("look") < nudges.count("nudge"), "whoever begins it has looked; it looks again only when nudged"
    [about] = [About(participant=story.id, tag=tag(key)) for key in notices(story.record) if key.startswith("visit-closes")]
    found = looked(story.trial.participants, about)
    assert (found.finished, found.last) == (True, True), "a look that meets the end of a call is not followed by another"


def test_a_mail_server_that_is_down_only_delays_what_is_sent_once(temporal_server: str) -> None:
    story, room, tried = on_the_last_day(Trial(), WEBER), Mailroom(), asyncio.Event()

    async def send(letter: Letter) -> None:
        try:
            await room.send(letter)
        finally:
            tried.set()

    async def meanwhile() -> None:
        async with room.open():
            pass
        await tried.wait()
        async with room.open():
            await settled(story)

    tell(temporal_server, story, send, meanwhile)
    assert kinds(sent(story)) == DUE
    assert len(room.taken) == len(DUE)


def test_a_mailbox_that_does_not_exist_is_given_up_at_once_and_keeps_nobody_else_from_being_told(temporal_server: str) -> None:
    story, room = on_the_last_day(Trial(), WEBER, NOVAK), Mailroom(unknown={"m.weber@ber.example"})

    async def meanwhile() -> None:
        async with room.open():
            await settled(story, persons=2)

    tell(temporal_server, story, room.send, meanwhile)
    assert {(one.to, one.why) for one in failed(story)} == {("m-weber", "refused")}
    assert {one.to for one in sent(story)} == {"k-novak"}
    assert kinds(failed(story)) == kinds(sent(story)) == DUE


def test_whom_no_message_reached_is_told_again_at_the_address_that_was_put_right(temporal_server: str) -> None:
    story, room = on_the_last_day(Trial(), WEBER), Mailroom(unknown={"m.weber@ber.example"})

    async def meanwhile() -> None:
        async with room.open():
            await settled(story)
            names(story.trial, WEBER.model_copy(update={"mail": "weber@ber.example"}))
            for key in await asyncio.to_thread(lambda: list(notices(story.record))):
                await asyncio.to_thread(story.asks, c.SendAgain(key=key))
            await settled(story, persons=2)

    tell(temporal_server, story, room.send, meanwhile)
    assert kinds(failed(story)) == kinds(sent(story)) == DUE
    assert {one.to for one in sent(story)} == {"m-weber"}
    assert len(room.taken) == len(DUE)


def test_a_receiver_that_answers_500_or_not_at_all_is_told_later_under_the_same_id(temporal_server: str) -> None:
    receiver = Receiver([500, 500, 500, None, None, None])
    story = Story(Trial(), "BER-001")

    async def meanwhile() -> None:
        async with receiver.open():
            by_webhook = ITO.model_copy(update={"webhook": receiver.url, "timely": "webhook", "digest": "webhook", "urgent": "webhook"})
            await asyncio.to_thread(on_the_last_day, story.trial, by_webhook)
            await settled(story)

    tell(temporal_server, story, Channels(None, Webhook(KEY, story.trial.clock, 3)).send, meanwhile)
    assert {one.channel for one in sent(story)} == {"webhook"}
    ids = [headers["webhook-id"] for headers, _ in receiver.received]
    assert len(ids) == 3 * len(DUE)
    assert set(ids) == {one.message for one in sent(story)}


def test_an_attempt_that_breaks_off_between_sending_and_recording_is_made_again_under_the_same_message_id(temporal_server: str) -> None:
    story, room = on_the_last_day(Trial(), WEBER), Mailroom()
    breaks_off = set(DUE)

    async def send(letter: Letter) -> None:
        await room.send(letter)
        if breaks_off:
            breaks_off.pop()
            raise RuntimeError("it breaks off before anything was recorded")

    async def meanwhile() -> None:
        async with room.open():
            await settled(story)

    tell(temporal_server, story, send, meanwhile)
    ids = [str(message["Message-ID"]) for message in room.taken]
    assert len(ids) == 2 * len(DUE)
    assert {f"<{one.message}@study.example>" for one in sent(story)} == set(ids)
    assert len(sent(story)) == len(DUE), "the ledger has each once"


class BusyAtFirst(Participants):
    """A desk whose database is busy whenever something is first to be recorded of a notice."""

    def handle(self, participant_id: str, command: c.Command, by: Circumstances, *, seen: int | None = None) -> Outcome:
        known: set[str] = self.__dict__.setdefault("known", set())
        if isinstance(command, c.RecordNotice) and command.fact.key not in known:
            known.add(command.fact.key)
            raise Busy("The database is busy with another program.")
        return super().handle(participant_id, command, by, seen=seen)


def test_a_database_that_is_busy_when_something_was_sent_has_nothing_sent_twice(temporal_server: str) -> None:
    story, room = on_the_last_day(Trial(), WEBER), Mailroom()

    async def meanwhile() -> None:
        async with room.open():
            await settled(story)

    busy = BusyAtFirst(story.trial.participants.ledger, story.trial.participants.desk)
    tell(temporal_server, story, room.send, meanwhile, busy)
    assert len(room.taken) == len(sent(story)) == len(DUE)


def test_somebody_who_is_named_later_is_told_what_still_applies(temporal_server: str) -> None:
    story, room = on_the_last_day(Trial()), Mailroom()

    async def meanwhile() -> None:
        async with room.open():
            await until(lambda: asyncio.to_thread(lambda: len(notices(story.record)) == len(DUE)))
            names(story.trial, WEBER)
            await settled(story)

    tell(temporal_server, story, room.send, meanwhile)
    assert kinds(sent(story)) == DUE


def test_of_many_who_acknowledge_at_once_one_is_on_record() -> None:
    story = on_the_last_day(Trial())
    story.advances()
    key = min(notices(story.record))

    def acknowledge(_: int) -> str:
        try:
            story.asks(c.Acknowledge(key=key))
        except Refused as refused:
            return refused.reasons[0].code
        return "done"

    with ThreadPoolExecutor(8) as people:
        answers = sorted(people.map(acknowledge, range(8)))
    assert answers == ["acknowledged-already"] * 7 + ["done"]
    assert len(story.told_of(e.ReminderAcknowledged)) == 1
