"""A mail catcher for one machine: takes every message and keeps it in the folder, so that no mail server is needed to see them."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
TAKEN = "250 Message accepted for delivery"


@dataclass(frozen=True, slots=True)
class Caught:
    """A message that was caught: its number, counted from 1 in the order of the dates it bears, and what it says."""

    number: int
    message: EmailMessage

    @property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        return "" if body is None else str(body.get_content())


class Keeper:
    """Keeps each message in a file named after its Message-ID: one that comes twice is one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - The name is aiosmtpd's.
        await asyncio.to_thread(self._keep, bytes(envelope.content))
        return TAKEN

    def _keep(self, content: bytes) -> None:
        said = message_from_bytes(content, policy=policy.default)["Message-ID"]
        name = sha256(str(said).encode() if said else content).hexdigest()[:32]
        beside = self._folder / f".{name}"
        beside.write_bytes(content)
        beside.replace(self._folder / f"{name}.eml")


@asynccontextmanager
async def catching(folder: Path) -> AsyncIterator[int]:
    """Catch mail meanwhile, and give the port at which that is done."""
    from aiosmtpd.smtp import SMTP  # noqa: PLC0415 - It comes with an extra, which a production image does not have.

    keeper = Keeper(folder)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(keeper, hostname=HOST), HOST, 0)
    async with server:
        yield int(server.sockets[0].getsockname()[1])


def caught(folder: Path) -> list[Caught]:
    """Every message that was caught, the oldest first."""
    found = sorted(_read(folder), key=lambda message: (message["Date"].datetime, message["Message-ID"]))
    return [Caught(number, message) for number, message in enumerate(found, 1)]


def _read(folder: Path) -> Iterator[EmailMessage]:
    for path in folder.glob("*.eml"):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        assert isinstance(message, EmailMessage), "the policy makes messages of this kind"  # noqa: S101 - cannot happen; see house style
        yield message
