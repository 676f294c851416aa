"""How long after a commit the views tell of it, and how fast they are built again, each against a floor measured in the same run.

The floor of a commit is a thread that is woken, inserts the rows that the views wrote and wakes whoever waits. The bare floor of
a rebuild reads the rows of the ledger as bytes and inserts the finished rows of the view; the verified floor reads the records
as anybody must who trusts them, with every proof checked and every fact understood, and inserts the same rows.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any
from uuid import uuid4

import structlog

from domain.entry import Draft, Entry
from domain.participant import PARTICIPANT
from projections import timeline, worklist
from projections.feed import EVERY_VIEW, Feed
from projections.rebuilding import rebuild
from projections.telling import told_anew
from projections.views import View, Views, create
from store.keys import Keyring
from store.ledger import Ledger
from tests.builders import Clock, Story, Trial, dose

COMMITS = 500
ENTRIES = 100_000
LIVES = (60, 120, 180, 1000)
"""At which entry a record ends at the latest: some participants are at the beginning of their follow-up, some have completed."""
ROUNDS = 3
PARTS = 10
"""In how many appends a record is written, so that the records lie mixed in the ledger as they do in life."""
Rows = dict[str, list[Any]]


def main() -> None:
    """Print how late the views are, and what a rebuild takes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with TemporaryDirectory() as folder:
        measure_commits(Path(folder))
    with TemporaryDirectory() as folder:
        measure_rebuilds(Path(folder))


def measure_commits(folder: Path) -> None:
    """Print the time from a commit to the view, in process."""
    with closing(ledger_in(folder)) as ledger:
        trial = Trial(Clock(), ledger)
        trial.clock = ledger.clock  # type: ignore[assignment]  # The ledger was opened with a clock of the builders.
        story = trial.participant().is_eligible().is_collected().has_product().is_depleted().is_infused()
        views = Views(folder / "views.db", EVERY_VIEW, "benchmark")
        with following(Feed(ledger, trial.participants.desk, views)):
            assert views.reached(ledger.head(), 60)  # noqa: S101 - Without a view there is nothing to measure.
            ours = sorted(delay(story, views) for _ in range(COMMITS))
        views.close()
        theirs = sorted(bare_delays(folder, rows_of(views)))
    print(f"{'commit to view':24}{'bare':>12}{'views':>12}{'ratio':>8}   milliseconds, {COMMITS} commits")
    for name, place in (("p50", 49), ("p99", 98)):
        floor, product = (quantiles(each, n=100)[place] * 1000 for each in (theirs, ours))
        print(f"{name:24}{floor:12.2f}{product:12.2f}{product / floor:8.1f}")


def delay(story: Story, views: Views) -> float:
    """Seconds from the moment at which a commit has returned until the views tell of it."""
    story.trial.clock.move(minutes=1)
    story.reports(dose("prednisone", "2", story.at()))
    head = story.trial.participants.ledger.head()
    start = time.perf_counter()
    assert views.reached(head, 60)  # noqa: S101 - Without a view there is nothing to measure.
    return time.perf_counter() - start


def bare_delays(folder: Path, rows: Rows) -> Iterator[float]:
    """Seconds from a call until another thread has written what the views keep anew at each commit."""
    anew = {name: found for name, found in rows.items() if name != "timeline_entries"}
    called: SimpleQueue[int] = SimpleQueue()
    answered: SimpleQueue[int] = SimpleQueue()

    def answer() -> None:
        with closing(bare_database(folder / "bare.db", anew)) as database:
            while called.get():
                with database:
                    for name, found in anew.items():
                        database.execute(f"DELETE FROM {name}")  # noqa: S608 - The names are those of the views.
                        insert(database, name, found)
                answered.put(1)

    thread = Thread(target=answer)
    thread.start()
    for _ in range(COMMITS):
        start = time.perf_counter()
        called.put(1)
        answered.get()
        yield time.perf_counter() - start
    called.put(0)
    thread.join()


def measure_rebuilds(folder: Path) -> None:
    """Print what building each view from the whole ledger takes."""
    with closing(ledger_in(folder)) as ledger:
        trial = Trial(Clock(), ledger)
        participants, entries = fill(ledger)
        print(f"\nrebuild of {entries:,} entries of {participants:,} participants; seconds, the median of {ROUNDS} rounds")
        print(f"{'':12}{'bare':>10}{'verified':>10}{'rebuild':>10}{'to bare':>10}{'to verified':>13}{'ms a participant':>18}")
        for name, every in (("timeline", (timeline,)), ("worklist", (worklist,)), ("both", EVERY_VIEW)):
            bare, verified, product = (median(column) for column in zip(*rounds(folder, trial, every), strict=True))
            each = product / participants * 1000
            print(f"{name:12}{bare:10.2f}{verified:10.2f}{product:10.2f}{product / bare:10.1f}{product / verified:13.2f}{each:18.2f}")
        measure_judging(trial)


def rounds(folder: Path, trial: Trial, every: Sequence[View]) -> Iterator[tuple[float, float, float]]:
    """The bare floor, the verified floor and the rebuild, one after the other."""
    ledger, desk = trial.participants.ledger, trial.participants.desk
    for _ in range(ROUNDS):
        path = folder / f"{uuid4().hex}.db"
        views = Views(path, every, "benchmark")
        product = seconds(partial(rebuild, ledger, desk, views))
        rows = rows_of(views)
        bare = seconds(partial(copy, path.with_suffix(".bare"), rows, partial(read_bare, folder / "ledger.db")))
        verified = seconds(partial(copy, path.with_suffix(".verified"), rows, partial(read_verified, ledger)))
        yield bare, verified, product
        views.close()


def measure_judging(trial: Trial) -> None:
    """Print what judging a participant's whole list takes, once the record has been read and folded."""
    ledger, study = trial.participants.ledger, trial.participants.study()
    told = [one for stream in ledger.streams(PARTICIPANT) if (one := told_anew(ledger, stream, study, ledger.head()))]
    with closing(sqlite3.connect("")) as database:
        create(database, worklist.TABLES)
        took = [seconds(partial(worklist.apply, database, one)) * 1000 for one in told]
    print(f"worklist judged once per participant: {median(took):.2f} ms in the median, {quantiles(took, n=100)[98]:.2f} ms at p99")


def read_bare(path: Path) -> None:
    """Every row of every record as it stands on disk, record by record."""
    with closing(sqlite3.connect(path)) as database:
        for (stream,) in database.execute("SELECT stream FROM entries WHERE version = 1").fetchall():
            database.execute("SELECT * FROM entries WHERE stream = ? ORDER BY version", (stream,)).fetchall()


def read_verified(ledger: Ledger) -> None:
    """Every entry of every record, proved and understood."""
    for stream in ledger.streams(PARTICIPANT):
        ledger.read(stream)


def copy(path: Path, rows: Rows, read: Callable[[], None]) -> None:
    """Read something, and insert these rows with the durability of the views."""
    read()
    with closing(bare_database(path, rows)) as database, database:
        for name, found in rows.items():
            insert(database, name, found)


def bare_database(path: Path, rows: Rows) -> sqlite3.Connection:
    """The tables of the views, with their keys."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    for table in (table for view in EVERY_VIEW for table in view.TABLES if table.split()[0] in rows):
        database.execute(f"CREATE TABLE {table}")
    return database


def insert(database: sqlite3.Connection, name: str, rows: list[Any]) -> None:
    """All rows of one table."""
    if rows:
        places = ", ".join("?" * len(rows[0]))
        database.executemany(f"INSERT INTO {name} VALUES ({places})", rows)  # noqa: S608 - The names are those of the views.


def rows_of(views: Views) -> Rows:
    """Every row of every table of answers."""
    with views.reading() as connection:
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in views.names}  # noqa: S608 - The names are ours.


def fill(ledger: Ledger) -> tuple[int, int]:
    """Copy one long life under other names until there are entries enough; how many participants and entries that makes."""
    story = Trial().participant().is_eligible().is_collected().has_product().is_depleted().is_infused()
    story.lives_until(story.trial.clock() + timedelta(days=800))
    life = story.record.entries
    lives = [life[: LIVES[number % len(LIVES)]] for number in range(ENTRIES)]
    count, total = 0, 0
    while total < ENTRIES:
        total, count = total + len(lives[count]), count + 1
    for part in range(PARTS):
        for number in range(count):
            write(ledger, f"{PARTICIPANT}BER-{number:06}", parts(lives[number])[part])
    return count, total


def parts(life: Sequence[Entry[Any]]) -> list[list[Entry[Any]]]:
    """A life in so many pieces."""
    numbered = groupby(enumerate(life), lambda one: one[0] * PARTS // len(life))
    return [[entry for _, entry in piece] for _, piece in numbered]


def write(ledger: Ledger, stream: str, entries: Sequence[Entry[Any]]) -> None:
    """Append the same facts to another record, all of them by one command of whoever recorded the first."""
    clock = ledger.clock
    assert isinstance(clock, Clock)  # noqa: S101 - The ledger was opened with a clock of the builders.
    clock.move_to(entries[-1].recorded_at)
    by = {"command_id": uuid4(), "actor": entries[0].circumstances.actor}
    drafts = [
        Draft(
            event=entry.event,
            circumstances=entry.circumstances.model_copy(update=by),
            study_version=entry.study_version,
        )
        for entry in entries
    ]
    ledger.append({stream: drafts}, expect={stream: entries[0].version - 1}, command_digest="0" * 64)


def ledger_in(folder: Path) -> Ledger:
    """A ledger on disk, with a clock that stands where it is put."""
    return Ledger.open(f"sqlite:///{folder / 'ledger.db'}", clock=Clock(), keys=Keyring(b"k" * 32))


@contextmanager
def following(feed: Feed) -> Iterator[None]:
    """A feed in a thread of its own."""
    follower = feed.follower()
    thread = Thread(target=follower.run)
    thread.start()
    yield
    follower.stop()
    thread.join()


def seconds(job: Callable[[], None]) -> float:
    """How long a job takes."""
    start = time.perf_counter()
    job()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
