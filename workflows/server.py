"""A Temporal server on this machine, as a child process that never outlives its parent."""

import asyncio
import shutil
import socket
import sysconfig
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from workflows.journeys import NoTemporal, connect

STARTS_WITHIN_SECONDS = 30
STOPS_WITHIN_SECONDS = 10
UNTIL_INPUT_ENDS = 'exec 3<&0; (cat <&3 >/dev/null; kill $$) & exec "$@" </dev/null 3<&-'
"""Run a program and end it when our end of its input closes, as it does however we end."""


@asynccontextmanager
async def local_server(database: Path, *, port: int = 7233, program: Path | None = None) -> AsyncIterator[str]:
    """Run a server on a database file, and give its address. Its own words go to a log beside the file. Raises NoTemporal."""
    refuse_unless_free(port)
    address, words = f"127.0.0.1:{port}", database.with_suffix(".log")
    options = ["server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port), "--db-filename", str(database)]
    with words.open("wb") as log:
        server = await asyncio.create_subprocess_exec(
            *("sh", "-c", UNTIL_INPUT_ENDS, "sh", str(program or found("temporal", "embedded")), *options, "--log-level", "warn"),
            stdin=asyncio.subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,  # An interrupt at the keyboard is for us: we stop the server last.
        )
    try:
        await _ready(server, address, words)
        yield address
    finally:
        await _stopped(server)


def found(program: str, extra: str) -> Path:
    """A Temporal program: the user's own on the path, else the one that came with one of our extras. Raises NoTemporal."""
    beside_python = Path(sysconfig.get_path("scripts"), program)
    path = shutil.which(program) or (beside_python if beside_python.exists() else None)
    if path is None:
        raise NoTemporal(
            f"There is no program `{program}` here. Install Daybook with its extra `{extra}`, or name a server in DAYBOOK_TEMPORAL."
        )
    return Path(path)


def refuse_unless_free(port: int) -> None:
    """Find out that a server can listen at a port of this machine. Raises NoTemporal."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise NoTemporal(
                f"Something listens at 127.0.0.1:{port} already. Stop it, choose another DAYBOOK_TEMPORAL_PORT, or, if it is a "
                "Temporal server that you want to use, name it in DAYBOOK_TEMPORAL."
            )


async def _ready(server: asyncio.subprocess.Process, address: str, words: Path) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(STARTS_WITHIN_SECONDS):
            while server.returncode is None:
                with suppress(NoTemporal):
                    await connect(address)
                    return
                await asyncio.sleep(0.1)
    raise NoTemporal(f"The local Temporal server did not start. What it said stands in {words}.")


async def _stopped(server: asyncio.subprocess.Process) -> None:
    try:
        await asyncio.wait_for(server.communicate(b""), STOPS_WITHIN_SECONDS)
    except TimeoutError:
        server.kill()
        await server.wait()
