"""Several processes that answer at one port: a page that takes long in one of them keeps nobody waiting in another.

The first process holds the port, starts the others and answers too. They live as long as it holds their input open: however it ends,
they let answers under way end and go. Where one of them ends by itself all stop, and whoever started them starts them anew.
"""

import asyncio
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process

from app.tidying import tidily
from app.web.serving import GRACE_SECONDS, answering_at, bound
from app.wiring import Daybook
from store.errors import Fault
from workflows.worker import together

LEFT_TO_THE_FIRST = frozenset({signal.SIGINT, signal.SIGTERM})
"""What tells a process to stop; a terminal, or whoever looks after processes, may tell all of them at once."""
GOES_WITHIN_SECONDS = 3 * GRACE_SECONDS
"""How long a process may take to go once it is let go."""
ENDED = "A process that answers browsers ended by itself; its log says why. All stop, so that they can be started anew."


async def answering_side_by_side(daybook: Daybook) -> None:
    """Answer at the host and port of the settings, in as many processes as they say. Raises Fault where one ends, or none can begin."""
    with bound(daybook.settings) as listener:
        one_at_a_time = asyncio.Lock()
        further = (_further(listener.fileno(), one_at_a_time) for _ in range(daybook.settings.web_processes - 1))
        await together([answering_at(listener, daybook), *further])


async def _further(descriptor: int, one_at_a_time: asyncio.Lock) -> None:
    """A further process, for as long as this is not cancelled."""
    process = await _started(descriptor, one_at_a_time)
    try:
        await process.wait()
    finally:
        await _let_go(process)
    raise Fault(ENDED)


async def _started(descriptor: int, one_at_a_time: asyncio.Lock) -> Process:
    command = (sys.executable, "-P", "-m", "app", "web", "--beside", str(descriptor))  # -P: never an `app` that lies where we were started.
    async with one_at_a_time:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, LEFT_TO_THE_FIRST)  # What is blocked here stays so there.
        try:
            return await asyncio.create_subprocess_exec(*command, stdin=PIPE, pass_fds=(descriptor,))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


async def _let_go(process: Process) -> None:
    """Close its input, and wait until it is gone."""
    assert process.stdin is not None, "its input is a pipe"  # noqa: S101 - It was started with one.
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), GOES_WITHIN_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()


def answer_beside(descriptor: int, daybook: Daybook) -> None:
    """Answer at the socket with this descriptor until the process that passed it on lets go."""
    with socket.socket(fileno=descriptor) as listener:
        asyncio.run(_until_let_go(listener, daybook))


async def _until_let_go(listener: socket.socket, daybook: Daybook) -> None:
    loop, answering = asyncio.get_running_loop(), asyncio.ensure_future(tidily(answering_at(listener, daybook)))

    def let_go() -> None:
        loop.remove_reader(sys.stdin)
        answering.cancel()

    loop.add_reader(sys.stdin, let_go)
    await asyncio.wait([answering])
    if not answering.cancelled():
        answering.result()
