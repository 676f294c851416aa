"""Daybook's processes, run as the real thing and killed without warning.

Run by itself it is one of them: `python -m tests.workflows.processes worker|relay|notices <ledger> <temporal address> <name of the
journeys> [<port of a mail server> [<seconds ahead> [<seconds within which a herd is told>]]]`.
"""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGKILL

from temporalio.client import Client

from app.notices.channels import Channels
from app.notices.mail import MailServer
from app.notices.webhook import Webhook
from store.keys import Keyring
from store.ledger import Ledger
from store.participants import Participants
from store.studies import StudyFiles
from store.study import StudyDesk
from tests.builders import STUDY
from workflows.activities import AT_ONCE
from workflows.journeys import Journeys, NoTemporal, connect
from workflows.relay import Relay
from workflows.worker import tell, work

ROOT = Path(__file__).parents[2]
MASTER = b"k" * 32


class RealClock:
    """The clock on the wall, for tests in which other processes act; ahead of it where something is to fall due soon."""

    ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


def participants(ledger_address: str, ahead: timedelta = RealClock.ahead) -> Participants:
    clock = RealClock()
    clock.ahead = ahead
    ledger = Ledger.open(ledger_address, clock=clock, keys=Keyring(MASTER), create=False)
    return Participants(ledger, StudyDesk(ledger, StudyFiles(), STUDY, program="test", time_zone_data="test"))


async def be(role: str, ledger: str, address: str, name: str, mail: str = "0", ahead: str = "0", herd: str = "0") -> None:  # noqa: PLR0913, PLR0917 - They are typed as a command.
    journeys, desk = Journeys(await reached(address), name), participants(ledger, timedelta(seconds=float(ahead)))
    match role:
        case "worker":
            await begun(lambda: work(journeys, desk, herd_within=timedelta(seconds=float(herd))))
        case "relay":
            await Relay(desk, journeys).run()
        case "notices":
            server = MailServer(
                host="127.0.0.1", port=int(mail), security="none", sender="daybook@study.example", desk="http://127.0.0.1:8080"
            )
            await begun(lambda: tell(journeys, desk, Channels(server, Webhook(MASTER, RealClock())).send))
        case _:
            raise AssertionError(role)


async def reached(address: str) -> Client:
    """A client of a server that may be down for the moment: whatever looks after these programs would begin them again until it is not."""
    while True:
        with suppress(NoTemporal):
            return await connect(address)
        await asyncio.sleep(0.1)  # awaits another process


async def begun(carry: Callable[[], Awaitable[None]]) -> None:
    """Work until cancelled; where the server went away just as the work began, begin again."""
    while True:
        try:
            return await carry()
        except RuntimeError as trouble:
            if "validation failed" not in str(trouble):
                raise
        await asyncio.sleep(0.1)  # awaits another process


@dataclass(frozen=True, slots=True)
class Killed:
    """That a program was killed: it was alive until `began`, and is dead since `ended`."""

    name: str
    began: datetime
    ended: datetime


class Processes:
    """Programs by name, each of which may be killed and started again."""

    def __init__(self, commands: Mapping[str, Sequence[str]], log: Path) -> None:
        self.names = sorted(commands)
        self._commands = commands
        self._log = log
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.killed: list[Killed] = []

    def start(self, name: str) -> None:
        with self._log.open("ab") as log:
            self._running[name] = subprocess.Popen(self._commands[name], cwd=ROOT, stdout=log, stderr=log)

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def stop(self) -> None:
        for name in list(self._running):
            self.kill(name)

    def kill(self, name: str) -> None:
        """Without warning, as a power cut would; nothing else may have ended it before."""
        process = self._running.pop(name)
        assert process.poll() is None, f"the {name} ended by itself:\n{self._log.read_text()[-4000:]}"
        began = datetime.now(UTC)
        process.send_signal(SIGKILL)
        process.wait()
        self.killed.append(Killed(name, began, datetime.now(UTC)))


@contextmanager
def running(commands: Mapping[str, Sequence[str]], log: Path) -> Iterator[Processes]:
    processes = Processes(commands, log)
    try:
        for name in processes.names:
            processes.start(name)
        yield processes
    finally:
        processes.stop()


def worker_and_relay(ledger: str, address: str, name: str) -> dict[str, list[str]]:
    """The programs that carry the journeys of that name; the name is their own, so that they share a server with others."""
    return {role: [sys.executable, "-m", "tests.workflows.processes", role, ledger, address, name] for role in ("worker", "relay")}


def that_tell(  # noqa: PLR0913, PLR0917 - They are typed as a command.
    ledger: str, address: str, name: str, mail: int, ahead: timedelta = RealClock.ahead, herd_within: timedelta = AT_ONCE
) -> dict[str, list[str]]:
    """The same, and the program that tells people, by webhooks and by a mail server at a port of this machine."""
    arguments = [ledger, address, name, str(mail), str(ahead.total_seconds()), str(herd_within.total_seconds())]
    return {role: [sys.executable, "-m", "tests.workflows.processes", role, *arguments] for role in ("worker", "relay", "notices")}


if __name__ == "__main__":
    asyncio.run(be(*sys.argv[1:]))
