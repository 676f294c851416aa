"""A message to be sent, and servers that answer as they are told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from domain.letters import Letter
from tests.builders import START

LETTER = Letter(
    id="0123456789abcdef0123456789abcdef",
    channel="mail",
    address="m.weber@ber.example",
    study="cd19-cart-sle",
    urgency="urgent",
    reminders=(("BER-001", "0123456789ab"),),
    heading="Urgent: cd19-cart-sle BER-001",
    lines=("Study cd19-cart-sle, participant BER-001.", "The window of the visit <day-1> closes."),
    at=START,
)


def to(address: str) -> Letter:
    return replace(LETTER, channel="webhook", address=address)


@dataclass
class Receiver:
    """A real receiver of webhooks. `answers` is the status of the next requests; None never answers. Then it takes everything."""

    answers: list[int | None] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Receiver"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/pager"
        async with server:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()[1:-1]
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
            self.received.append((headers, await reader.readexactly(int(headers["content-length"]))))
            status = self.answers.pop(0) if self.answers else 204
            if status is None:
                await reader.read()  # until the other side gives up
            else:
                writer.write(f"HTTP/1.1 {status} Answer\r\nLocation: {self.url}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
                await writer.drain()
        finally:
            writer.close()


def raised(doing: Callable[[], None]) -> str:
    """The name of what was raised, and what it says."""
    try:
        doing()
    except Exception as error:  # noqa: BLE001 - The test compares whatever it is.
        return f"{type(error).__name__}: {error}"
    return ""
