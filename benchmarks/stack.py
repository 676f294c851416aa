"""What the whole stack of one machine holds in memory: `daybook up --demo` with its dozen participants, once it has come to rest."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.conftest import free_port

DAYBOOK = Path(sys.executable).with_name("daybook")
KILOBYTES = 1024
ASKS_EVERY_SECONDS = 1.0


def main() -> None:
    """Print the share of memory of each process, and the sum."""
    with TemporaryDirectory() as folder:
        ports = {"DAYBOOK_TEMPORAL_PORT": str(free_port()), "DAYBOOK_WEB_PORT": str(free_port())}
        environment = os.environ | ports | {"DAYBOOK_FOLDER": f"{folder}/daybook"}
        stack = subprocess.Popen([DAYBOOK, "up", "--demo"], env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 - The program is ours.
        while subprocess.run([DAYBOOK, "status", "--json"], env=environment, check=False, capture_output=True).returncode:  # noqa: S603 - So is this.
            time.sleep(ASKS_EVERY_SECONDS)
        found = [(name_of(pid), megabytes) for pid in tree(stack.pid) if (megabytes := share(pid)) >= 1]
        for name, megabytes in found:
            print(f"{f'stack, {name}':<48} {megabytes:10.0f} MB")
        print(f"{'stack, together':<48} {sum(megabytes for _, megabytes in found):10.0f} MB")
        stack.send_signal(signal.SIGTERM)
        stack.wait()


def tree(pid: int) -> Iterator[int]:
    """A process, and all that came from it."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from tree(int(child))


def share(pid: int) -> float:
    """The memory of a process, of what it shares with others its part, by Linux's own account of it."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / KILOBYTES


def name_of(pid: int) -> str:
    """The program that a process runs."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


if __name__ == "__main__":
    main()
