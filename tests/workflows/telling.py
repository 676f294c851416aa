"""People who are told, and where messages reach them: a real mail server and a real receiver of webhooks, in this process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import Message
from typing import Any

from aiosmtpd.smtp import SMTP
from temporalio.worker import Interceptor

from app.notices.mail import MailServer
from domain.contacts import ContactNamed
from domain.letters import Letter
from store.participants import Participants
from tests.builders import Trial, by_
from workflows.journeys import Journeys
from workflows.relay import Relay
from workflows.worker import tell, work

WEBER = ContactNamed(person="m-weber", roles=("coordinator",), site="BER", mail="m.weber@ber.example")
NOVAK = ContactNamed(person="k-novak", roles=("coordinator",), site="BER", mail="k.novak@ber.example")


@dataclass
class Mailroom:
    """A real mail server, which takes everything but what is for an `unknown` or a `busy` mailbox, or while it is `down`."""

    unknown: set[str] = field(default_factory=set)
    busy: set[str] = field(default_factory=set)
    down: bool = False
    taken: list[Message] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - The name is aiosmtpd's.
        self.asked.append(address)
        if address in self.unknown:
            return "550 there is no such mailbox"
        if address in self.busy:
            return "450 4.2.0 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - The name is aiosmtpd's.
        if self.down:
            return "451 not now"
        self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def to(self) -> list[str]:
        return [str(message["To"]) for message in self.taken]

    @property
    def server(self) -> MailServer:
        return MailServer(host="127.0.0.1", port=self.port, security="none", sender="daybook@study.example", desk="http://127.0.0.1:8080")

    async def send(self, letter: Letter) -> None:
        await self.server.send(letter)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Mailroom"]:
        """Listen, at the same port as before if it has been open already."""
        loop = asyncio.get_running_loop()
        listening = await loop.create_server(lambda: SMTP(self, hostname="localhost"), "127.0.0.1", self.port)
        self.port = listening.sockets[0].getsockname()[1]
        async with listening:
            yield self


def names(trial: Trial, *contacts: ContactNamed) -> None:
    trial.participants.desk.record(contacts, by_("administrator", trial.next_id()))


@asynccontextmanager
async def told_by(
    participants: Participants,
    journeys: Journeys,
    send: Callable[[Letter], Any],
    interceptors: Sequence[Interceptor] = (),
) -> AsyncIterator[Relay]:
    """Journeys, notices and the relay at work."""
    relay = Relay(participants, journeys)
    async with AsyncExitStack() as stack:
        parts = [
            asyncio.create_task(relay.run()),
            asyncio.create_task(work(journeys, participants, interceptors)),
            asyncio.create_task(tell(journeys, participants, send, interceptors)),
        ]

        async def stop() -> None:
            for part in parts:
                part.cancel()
            await asyncio.wait(parts)

        stack.push_async_callback(stop)
        yield relay
