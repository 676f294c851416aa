"""How soon a follower has an entry after its commit, in the same process and in another one."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from statistics import median, quantiles
from subprocess import PIPE, Popen
from tempfile import TemporaryDirectory
from threading import Thread

from benchmarks.append import draft, postgres
from store.follow import Bell, follow
from store.keys import Keyring
from store.ledger import Ledger

ENTRIES = 300
STREAM = "participant:BER-001"
APPENDER = "from benchmarks.follow import append_when_told; append_when_told()"


def main() -> None:
    """Print the milliseconds from commit to delivery."""
    print(f"{'follow':34}{'p50':>8}{'p95':>8}   milliseconds from the commit until the follower has the entry, of {ENTRIES}")
    with TemporaryDirectory() as folder, postgres(Path(folder, "postgres")) as server:
        for name, address in {"SQLite": f"sqlite:///{folder}/ledger.db", "PostgreSQL": server}.items():
            with closing(opened(address)) as ledger:
                show(f"{name}, same process", within(ledger))
                show(f"{name}, another process", across(ledger, address))


def show(name: str, seconds: list[float]) -> None:
    """Print one line."""
    print(f"{name:34}{median(seconds) * 1000:8.2f}{quantiles(seconds, n=20)[-1] * 1000:8.2f}")


def within(ledger: Ledger) -> list[float]:
    """The delays while the follower's own process appends."""
    with arrivals(ledger) as arrived:
        committed_and_arrived = [(append(ledger), arrived.get(timeout=10)) for _ in range(ENTRIES)]
        return [arrived_at - committed for committed, arrived_at in committed_and_arrived]


def across(ledger: Ledger, address: str) -> list[float]:
    """The delays while another process appends; both read the machine's monotonic clock."""
    command = [sys.executable, "-c", APPENDER, address]
    with arrivals(ledger) as arrived, Popen(command, stdin=PIPE, stdout=PIPE, text=True) as other:  # noqa: S603 - It starts itself.
        delays = []
        for _ in range(ENTRIES):
            print("go", file=other.stdin, flush=True)
            committed = float(other.stdout.readline()) if other.stdout else 0
            delays.append(arrived.get(timeout=10) - committed)
        print("stop", file=other.stdin, flush=True)
        return delays


def append_when_told() -> None:
    """Append an entry for every line `go` on the standard input, and print when it was committed."""
    with closing(opened(sys.argv[1])) as ledger:
        for line in sys.stdin:
            if line == "stop\n":
                return
            print(append(ledger), flush=True)


def append(ledger: Ledger) -> float:
    """Append an entry and return when that was done."""
    ledger.append({STREAM: [draft()]}, expect={STREAM: ledger.version_of(STREAM)}, command_digest="0" * 64)
    return time.perf_counter()


@contextmanager
def arrivals(ledger: Ledger) -> Iterator["Queue[float]"]:
    """When each entry arrives at a follower in a thread of its own."""
    arrived: Queue[float] = Queue()
    with closing(Bell()) as bell:

        def run(head: int) -> None:
            for batch in follow(ledger, head, bell):
                for _ in batch:
                    arrived.put(time.perf_counter())

        thread = Thread(target=run, args=[ledger.head()])
        thread.start()
        yield arrived
        bell.stop()
        thread.join()


def opened(address: str) -> Ledger:
    """A ledger without contact data."""
    return Ledger.open(address, clock=lambda: datetime.now(UTC), keys=Keyring(None))


if __name__ == "__main__":
    main()
