"""The views' own file: answers kept ready in SQLite, which can be thrown away and built again at any time."""

import sqlite3
import time
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from threading import Condition, Lock
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable
from urllib.parse import quote
from zlib import crc32

from domain.agenda import Agenda, agenda
from domain.base import Value
from domain.entry import Entry
from domain.events import Event
from domain.participant import PARTICIPANT, Participant
from domain.searching import Shelf
from domain.study import Study
from projections.answers import Answers
from store.errors import LostLease, Missing, in_plain_words

BUSY_SECONDS = 30.0
"""How long a writer waits for another; the longest transaction is the end of a rebuild."""
READERS_BYTES = 2**31 - 65_536
"""How much of the file readers look at where the system holds it in memory: what they copied themselves they would drop at every change."""
LOOK_EVERY_SECONDS = 0.005
"""How often a reader looks whether the feed of another process has reached a position."""
OWN_TABLES = (
    """mark (one INTEGER PRIMARY KEY CHECK (one = 1), token INTEGER NOT NULL, position INTEGER NOT NULL, digest TEXT NOT NULL) STRICT""",
    """parked (stream TEXT, version INTEGER NOT NULL, position INTEGER, why TEXT NOT NULL, PRIMARY KEY (stream, position))
    STRICT, WITHOUT ROWID""",
)

T = TypeVar("T")


@dataclass(frozen=True)
class Told:
    """What every view is told about a participant: how things stand, and the entries that are new (all, when it begins `anew`)."""

    participant: Participant
    study: Study
    entries: Sequence[Entry[Event]]
    anew: bool

    @cached_property
    def agenda(self) -> Agenda:
        """Everything that falls due, found once for all views; nothing does until a protocol has been adopted."""
        return agenda(self.participant, self.study)

    @property
    def zone(self) -> str:
        return self.study.zone(self.participant.site)


@dataclass(frozen=True, slots=True)
class Around:
    """What a view is told of what stands around the records of participants: the entries of a shelf that are new (all, `anew`)."""

    shelf: Shelf
    entries: Sequence[Entry[Any]]
    anew: bool


class Mark(NamedTuple):
    """How far the views tell: who may move it (only the highest token), up to which position, and the digest of the entry there."""

    token: int
    position: int
    digest: str


class _Reader(NamedTuple):
    """A connection that only reads, and the file that it has open."""

    connection: sqlite3.Connection
    file: int


class View(Protocol):
    """A module that keeps one view: its tables, how it takes in what it is told, and how it forgets a participant.

    What it is asked for often may have INDEXES, a tuple like TABLES.
    """

    @property
    def TABLES(self) -> tuple[str, ...]: ...  # noqa: N802 - It is a constant of a module.

    def apply(self, views: sqlite3.Connection, told: Told, /) -> None: ...

    def forget(self, views: sqlite3.Connection, participant_id: str, /) -> None: ...


@runtime_checkable
class ViewOfAll(View, Protocol):
    """A view that tells also of the study, of its people, of what happened at the door, of reviews, and of what was handed out."""

    def apply_around(self, views: sqlite3.Connection, told: Around, /) -> None: ...

    def forget_around(self, views: sqlite3.Connection, shelf: Shelf, /) -> None: ...


class Parked(Value):
    """A record that the views leave out until it is retried: the entry to blame, the position at which that was noticed, and why."""

    stream: str
    version: int
    position: int
    why: str

    @property
    def around(self) -> bool:
        """Whether it is no participant's record, but stands around those."""
        return bool(self.stream) and not self.stream.startswith(PARTICIPANT)

    @property
    def participant(self) -> str:
        """Whose record it is; empty where it is nobody's, or that cannot be known."""
        return "" if self.around else self.stream.removeprefix(PARTICIPANT)

    @property
    def site(self) -> str:
        """At whose site, as the code of a participant begins with it; empty where it concerns every site, or that cannot be known."""
        return self.participant.partition("-")[0]


class Views:
    """The file with all views and the position in the ledger up to which they tell. Safe to use from any thread and process.

    A file that another version of the program made, or that has other tables, is as good as none: the feed builds it again.
    """

    def __init__(self, path: Path, views: Sequence[View], program: str) -> None:
        self.path = path
        self.views = views
        self.names = [table.split()[0] for view in views for table in view.TABLES]
        """The names of the tables that hold answers."""
        self.tables = (*OWN_TABLES, *(table for view in views for table in view.TABLES))
        self.indexes = [index for view in views for index in getattr(view, "INDEXES", ())]
        self._edition = crc32("\n".join((program, *self.tables, *self.indexes)).encode()) >> 1  # SQLite keeps 31 bits of it.
        self._moved = Condition()
        self._told = 0
        self._writing = Lock()
        self._writer: sqlite3.Connection | None = None
        self._idle: list[_Reader] = []
        self._watching = Lock()
        self._watch: _Reader | None = None
        self._answers = Answers()

    def reached(self, position: int, within_seconds: float = 5.0) -> bool:
        """Wait until the views tell what stands in the ledger up to a position; False when they did not within that time.

        A feed of the same process wakes whoever waits at once; whether one of another process has moved is asked again and again.
        """
        deadline = time.monotonic() + within_seconds
        with self._moved:
            while self._told < position and time.monotonic() < deadline:
                if not self._moved.wait(LOOK_EVERY_SECONDS):
                    self._told = self._position_if_built()
            return self._told >= position

    def position(self) -> int:
        """The position in the ledger up to which the views tell. Raises Missing before they were first built."""
        with self.reading() as connection:
            return marked(connection).position

    def parked(self) -> tuple[Parked, ...]:
        """The records that the views leave out, and why."""
        with self.reading() as connection:
            return parked_in(connection)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """All views as they stand at one instant. Raises Missing before they were first built."""
        with in_plain_words(), ExitStack() as unless_read:
            reader = self._reader()
            unless_read.callback(reader.connection.close)
            yield reader.connection
            reader.connection.execute("ROLLBACK")
            unless_read.pop_all()
            self._idle.append(reader)

    def remembered(self, question: Hashable, answer: Callable[[sqlite3.Connection], T]) -> T:
        """An answer from the views as they stand, found out once for everybody who asks the same before they change."""

        def made() -> T:
            with self.reading() as connection:
                return answer(connection)

        return self._answers.once(self._stand(), question, made)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction of the writer, which is kept as a whole or not at all."""
        with in_plain_words(), self._writing:
            self._writer = self._writer or self._open("rwc")
            with immediately(self._writer):
                yield self._writer

    def prepare(self) -> None:
        """Make the tables, unless they are there as this program wants them."""
        with self.writing() as connection:
            if _edition(connection) != self._edition:
                found = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
                for (name,) in found:
                    connection.execute(f"DROP TABLE {name}")
                create(connection, self.tables)
                for index in self.indexes:
                    connection.execute(f"CREATE INDEX {index}")
                connection.execute("INSERT INTO mark VALUES (1, 0, 0, '')")
                connection.execute(f"PRAGMA user_version = {self._edition}")

    def beside(self) -> sqlite3.Connection:
        """The same tables, empty, in a database that vanishes by itself; the file is attached to it as `real`."""
        connection = sqlite3.connect("", isolation_level=None, timeout=BUSY_SECONDS)
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("PRAGMA synchronous = OFF")
        create(connection, self.tables)
        connection.execute("ATTACH ? AS real", (str(self.path),))
        return connection

    def announce(self, position: int) -> None:
        """Wake whoever waits for a position that was reached."""
        with self._moved:
            self._told = position
            self._moved.notify_all()

    def close(self) -> None:
        """Let go of the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        for reader in (*self._idle, *filter(None, [self._watch])):
            reader.connection.close()
        self._idle, self._watch = [], None

    def _position_if_built(self) -> int:
        try:
            return self.position()
        except Missing:
            return 0

    def _reader(self) -> "_Reader":
        """A reader in its transaction, one that has read before if any is idle: a new one would have to open the file."""
        file = self._file()
        reader = self._one_idle(file) or _Reader(self._opened_to_read(), file)
        reader.connection.execute("BEGIN")
        if _edition(reader.connection) != self._edition:
            reader.connection.close()
            raise Missing(NOT_BUILT)
        return reader

    def _stand(self) -> tuple[int, int]:
        """What is another one after every commit, whoever made it: the file, and what SQLite counts for a connection that only watches."""
        with in_plain_words(), self._watching:
            file = self._file()
            if self._watch is not None and self._watch.file != file:
                self._watch.connection.close()
                self._watch = None
            if self._watch is None:
                self._watch = _Reader(self._opened_to_read(), file)
            return file, int(self._watch.connection.execute("PRAGMA data_version").fetchone()[0])

    def _one_idle(self, file: int) -> "_Reader | None":
        """A reader of this very file; those of one that was thrown away are let go."""
        while self._idle:
            with suppress(IndexError):  # Another thread may have taken the last one.
                reader = self._idle.pop()
                if reader.file == file:
                    return reader
                reader.connection.close()
        return None

    def _file(self) -> int:
        """Which file it is: one that was thrown away and made anew is another one."""
        try:
            return self.path.stat().st_ino
        except OSError as error:
            raise Missing(NOT_BUILT) from error

    def _opened_to_read(self) -> sqlite3.Connection:
        try:
            return self._open("ro")
        except sqlite3.OperationalError as error:
            raise Missing(NOT_BUILT) from error

    def _open(self, mode: str) -> sqlite3.Connection:
        address = f"file:{quote(str(self.path.absolute()))}?mode={mode}"
        connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY_SECONDS, check_same_thread=False)
        if mode == "ro":
            connection.execute(f"PRAGMA mmap_size = {READERS_BYTES}")
        else:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # What a power failure takes away is built again from the ledger.
        return connection


NOT_BUILT = "The views have not been built yet, or by another version of Daybook. Start the feed, and ask again."


@contextmanager
def immediately(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that is a writer from its beginning, and over at its end whatever happened."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def create(connection: sqlite3.Connection, tables: Sequence[str]) -> None:
    """Make tables in a connection's own database."""
    for table in tables:
        connection.execute(f"CREATE TABLE {table}")


def marked(connection: sqlite3.Connection, schema: str = "main") -> Mark:
    """How far the views tell."""
    return Mark(*connection.execute(f"SELECT token, position, digest FROM {schema}.mark").fetchone())  # noqa: S608 - The schema is ours.


def move(connection: sqlite3.Connection, was: Mark, now: Mark) -> None:
    """Move the mark; raises LostLease when somebody else has moved it."""
    moved = connection.execute(
        "UPDATE mark SET (token, position, digest) = (?, ?, ?) WHERE (token, position, digest) = (?, ?, ?)", (*now, *was)
    )
    if moved.rowcount != 1:
        raise LostLease("views")


def parked_in(connection: sqlite3.Connection) -> tuple[Parked, ...]:
    """Every record that is parked, in the order of the streams."""
    found = connection.execute("SELECT stream, version, position, why FROM parked ORDER BY stream, position")
    return tuple(Parked(stream=stream, version=version, position=position, why=why) for stream, version, position, why in found)


def among(sites: Collection[str] | None) -> str:
    """The condition that a row is of one of these sites, each a parameter; None is no condition."""
    return "1" if sites is None else f"site IN ({', '.join('?' * len(sites))})"


def literally(word: str) -> str:
    """A word for LIKE, in which nothing stands for anything else."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@lru_cache(maxsize=65536)
def stored(instant: datetime | None) -> str | None:
    """An instant as the views keep it: text in UTC that sorts as the instants do."""
    return None if instant is None else instant.astimezone(UTC).isoformat(timespec="microseconds")


def instant(text: str | None) -> datetime | None:
    """The instant that the views keep."""
    return None if text is None else datetime.fromisoformat(text)


def _edition(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
