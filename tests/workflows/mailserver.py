"""A mail server that is a process of its own and may be killed: `python -m tests.workflows.mailserver <port> <folder>`.

Every message that arrives is a file, whether or not it has come before; it is written before the server says that it was taken.
"""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from aiosmtpd.smtp import SMTP


@dataclass
class Kept:
    """Keeps all that it takes in a folder."""

    folder: Path

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - The name is aiosmtpd's.
        beside = self.folder / f"{uuid4().hex}.part"
        beside.write_bytes(envelope.content)
        beside.rename(beside.with_suffix(".eml"))
        return "250 OK"


async def serve(port: int, folder: Path) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(Kept(folder), hostname="localhost"), "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
