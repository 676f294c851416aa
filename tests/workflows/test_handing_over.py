"""What is urgent reaches people although a mail server hangs, and what was begun by an earlier version is handed over by this one."""

import asyncio
import json
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from temporalio import workflow
from temporalio.client import WorkflowHandle
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from app.notices.channels import Channels
from app.notices.mail import AGREES_WITHIN_SECONDS, TAKES_WITHIN_SECONDS
from app.notices.webhook import Webhook
from domain import events as e
from domain.contacts import ContactNamed
from domain.notices import notices
from tests.app.notices.given import Receiver
from tests.builders import Story, Trial
from tests.workflows.telling import NOVAK, WEBER, Mailroom, names, told_by
from tests.workflows.waiting import until
from workflows.handing_over import AN_ATTEMPT
from workflows.journeys import Journeys, connect
from workflows.notices import Notices
from workflows.patience import FOR_DAYS, WITH_PATIENCE
from workflows.sending import About, Outlook, Sending
from workflows.worker import TOLD_AT_ONCE, tell

pytestmark = pytest.mark.slow
KEY = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
PAGED = ContactNamed(
    person="dr-ito",
    roles=("investigator",),
    webhook="http://127.0.0.1:9/",
    urgent="webhook",
    timely="inbox",
    digest="inbox",
    rung="coordinator",
)
DUE = 3
"""How much falls due by the last day of a screening visit's window."""


@dataclass
class Silent:
    """A mail server that lets everybody in and never says a word."""

    let_in: int = 0
    gave_up: int = 0
    port: int = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Silent"]:
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            self.port = server.sockets[0].getsockname()[1]
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.let_in += 1
        await reader.read()  # until the other side gives up
        self.gave_up += 1
        writer.close()


@dataclass
class Gated(Mailroom):
    """A mail server that keeps everybody waiting until it opens."""

    opened: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - The name is aiosmtpd's.
        self.waiting += 1
        await self.opened.wait()
        return await super().handle_RCPT(server, session, envelope, address, options)


def a_herd(trial: Trial, count: int) -> Story:
    """So many participants of whom people are told on this day, and one whose cells have been collected."""
    collected = trial.participant("BER-099").is_eligible().is_collected()
    for number in range(1, count + 1):
        story = trial.participant(f"BER-{number:03}").consents()
        story.reports(e.ScreeningStarted(at=story.at()))
    [closes] = [item.due for item in trial.participants.agenda("BER-001")[1].items if item.key.startswith("visit-closes")]
    trial.clock.move_to(closes + timedelta(hours=10))
    return collected


def expires_soon(story: Story) -> None:
    """The cells come back and are soon of no use: somebody is called at once."""
    expires = (story.trial.clock() + timedelta(days=3)).date()
    story.reports(e.ProductReceived(at=story.at(), identity="COI-0001", expires=expires), "cell-lab")


def called_for(story: Story) -> list[str]:
    """The keys of what somebody is called for."""
    return [key for key, one in notices(story.record).items() if one.due.urgency == "urgent"]


def of_participant(receiver: Receiver, participant: str) -> int:
    told = (json.loads(body)["data"]["reminders"] for _, body in receiver.received)
    return sum(one["participant"] == participant for reminders in told for one in reminders)


def test_a_pager_is_called_although_a_mail_server_hangs(temporal_server: str) -> None:
    trial, silent, receiver = Trial(), Silent(), Receiver()
    story = a_herd(trial, TOLD_AT_ONCE)

    async def live() -> None:
        journeys = Journeys(await connect(temporal_server), f"test-{uuid4().hex}")
        async with silent.open(), receiver.open():
            names(trial, WEBER, PAGED.model_copy(update={"webhook": receiver.url}))
            server = Mailroom(port=silent.port).server
            async with told_by(trial.participants, journeys, Channels(server, Webhook(KEY, trial.clock)).send):
                await until(lambda: asyncio.to_thread(lambda: silent.let_in == TOLD_AT_ONCE))
                before = of_participant(receiver, story.id)
                await asyncio.to_thread(expires_soon, story)
                await until(lambda: asyncio.to_thread(lambda: of_participant(receiver, story.id) > before))
                assert (silent.let_in, silent.gave_up) == (TOLD_AT_ONCE, 0), "nobody has given up yet"

    asyncio.run(live())


async def pending(handle: WorkflowHandle[Any, Any]) -> bool:
    """Whether it waits for something to be done."""
    return bool((await handle.describe()).raw_description.pending_activities)


def test_what_is_urgent_is_mailed_before_what_can_wait(temporal_server: str) -> None:
    trial, room, count = Trial(), Gated(), 12
    story = a_herd(trial, count)
    names(
        trial,
        WEBER.model_copy(update={"urgent": "inbox"}),
        NOVAK.model_copy(update={"timely": "inbox", "digest": "inbox", "rung": "coordinator"}),
    )

    async def live() -> None:
        journeys = Journeys(await connect(temporal_server), f"test-{uuid4().hex}")
        begun = Notices(trial.participants, journeys)

        def all_wait() -> bool:
            return all(len(notices(trial.participants.read(f"BER-{number:03}"))) == DUE for number in range(1, count + 1))

        async with room.open(), told_by(trial.participants, journeys, room.send) as relay:
            await until(lambda: asyncio.to_thread(all_wait))
            await until(relay.caught_up)
            await asyncio.to_thread(expires_soon, story)
            await until(lambda: asyncio.to_thread(lambda: len(called_for(story)) == 1))
            await until(relay.caught_up)
            [key] = called_for(story)
            await until(lambda: pending(journeys.client.get_workflow_handle(begun.id_of(story.id, key))))
            room.opened.set()
            await until(lambda: asyncio.to_thread(lambda: len(room.taken) > count * DUE))

    asyncio.run(live())
    assert room.to().index("k.novak@ber.example") < count * DUE / 2
    assert room.to().count("k.novak@ber.example") == 1


@workflow.defn(name="Notice")
class AsItWas:
    """A notice as it was when everything was handed over from the one queue."""

    @workflow.run
    async def run(self, _about: About, outlook: Outlook) -> None:
        await workflow.execute_activity_method(
            Sending.tell,
            outlook.tell[0],
            start_to_close_timeout=timedelta(seconds=60),
            schedule_to_close_timeout=FOR_DAYS,
            retry_policy=WITH_PATIENCE,
        )

    @workflow.signal
    def nudge(self) -> None: ...


def test_a_notice_that_was_begun_before_the_channels_had_queues_is_told_to_the_end(temporal_server: str) -> None:
    trial, room = Trial(), Mailroom(down=True)
    names(trial, WEBER)
    a_herd(trial, 1)

    def told() -> list[e.ReminderSent]:
        record = trial.participants.read("BER-001")
        return [entry.event for entry in record.entries if isinstance(entry.event, e.ReminderSent)]

    async def live() -> None:
        journeys = Journeys(await connect(temporal_server), f"test-{uuid4().hex}")
        begun, sending = Notices(trial.participants, journeys), Sending(trial.participants, room.send)
        await asyncio.to_thread(Story(trial, "BER-001").advances)
        async with room.open():
            before = Worker(
                journeys.client,
                task_queue=begun.queue,
                workflows=[AsItWas],
                activities=[sending.tell],
                workflow_runner=UnsandboxedWorkflowRunner(),
            )
            async with before:
                await begun.begin("BER-001")
                await until(lambda: asyncio.to_thread(lambda: len(room.asked) >= DUE))
            room.down = False
            now = asyncio.create_task(tell(journeys, trial.participants, room.send))
            await until(lambda: asyncio.to_thread(lambda: len(told()) == DUE))
            for key in notices(trial.participants.read("BER-001")):
                await journeys.client.get_workflow_handle(begun.id_of("BER-001", key)).result()
            now.cancel()
            await asyncio.wait([now])

    asyncio.run(live())
    assert len(room.taken) == DUE


def test_an_attempt_outlasts_the_patience_with_a_mail_server() -> None:
    assert timedelta(seconds=AGREES_WITHIN_SECONDS + TAKES_WITHIN_SECONDS + 60) < AN_ATTEMPT
