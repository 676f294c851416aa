"""The ledger in SQLite: one file for one machine, or memory for one process.

WAL, every commit on disk before it is acknowledged, writers one after the other from the first statement on.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from threading import Lock
from types import TracebackType
from urllib.parse import quote
from uuid import UUID, uuid4

from eventsourcing.sqlite import (
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteRecorder,
    SQLiteTransaction,
)

from store.codec import NOTHING_SEALED, Row
from store.editions import APPENDED_BY_COMMANDS, EDITION, outdated
from store.errors import Missing
from store.keys import DESTROYED, GONE, OVERWRITTEN
from store.orders import Appended, InTheWay, Order
from store.recorder import MOST, Candidate, Claim, Ears, Found, Stretch
from store.sqlite_queries import AFTER, APPENDED, BEFORE, ENDED, HEADS, MISSING, SEALED, STANDS, STREAM, STREAMS, STRETCH, TAIL
from store.sqlite_schema import SCHEMA

LOCK_TIMEOUT_SECONDS = 5
EMPTIED_WITHIN_MILLISECONDS = 250
ASK_EVERY_SECONDS = 0.002
"""How often a follower looks whether another process has committed; one look takes microseconds."""


class SQLiteLedgerRecorder(SQLiteRecorder):
    """Entries, commands and what they appended, keys and followers in SQLite."""

    def __init__(self, path: Path | None, *, create: bool) -> None:
        self.path = path
        self._locks: dict[str, Lock] = {}
        super().__init__(_Datastore(_uri(path, create=create)))
        if not create and not self._has_tables():
            raise Missing(f"{path} holds no ledger. Create it first, or correct the address.")
        with self._reading() as cursor:
            edition = _edition(cursor)
        if outdated(edition):
            self.create_table()

    def create_table(self) -> None:
        with self._writing() as cursor:
            edition = _edition(cursor)
            if not outdated(edition):
                return  # Another process was first.
            for statement in SCHEMA:
                cursor.execute(statement)
            if not edition:
                cursor.execute(APPENDED_BY_COMMANDS.replace("{schema}.", ""))
            cursor.execute(f"PRAGMA user_version = {EDITION}")

    def record(self, orders: Sequence[Order]) -> int | InTheWay:
        with self._writing() as cursor:
            in_the_way = _in_the_way(cursor, orders)
            return in_the_way if any(in_the_way) else _insert(cursor, orders)

    def stream(self, stream: str, after: int = 0) -> Found:
        return self._found(STREAM, stream, stream, after)

    def tail(self, stream: str) -> Found:
        return self._found(TAIL, stream, stream)

    def after(self, position: int, limit: int) -> Found:
        return self._found(AFTER, position, limit)

    def head(self) -> int:
        with self._reading() as cursor:
            return max(_last_position(cursor, "entries"), _last_position(cursor, "appended"))

    def streams(self, prefix: str) -> list[str]:
        with self._reading() as cursor:
            found = cursor.execute(STREAMS, (prefix, prefix))
            return [stream for (stream,) in found if stream.startswith(prefix)]

    def command(self, actor_id: str, command_id: UUID) -> Appended | None:
        with self._reading() as cursor:
            return _command(cursor, actor_id, command_id)

    def keys(self, streams: Sequence[str]) -> dict[str, bytes]:
        with self._reading() as cursor:
            found = (
                cursor.execute("SELECT stream, wrapped FROM participant_keys WHERE stream = ?", (stream,)).fetchone() for stream in streams
            )
            return dict(filter(None, found))

    def sealed(self) -> list[Row]:
        with self._reading() as cursor:
            return [Row(*row) for row in cursor.execute(SEALED, (NOTHING_SEALED,))]

    def destroy_key(self, stream: str) -> bool:
        if self.keys([stream]).get(stream) not in GONE:
            with self._writing() as cursor:
                cursor.execute("PRAGMA secure_delete = ON")
                cursor.execute("INSERT OR REPLACE INTO participant_keys VALUES (?, ?)", (stream, OVERWRITTEN))
        if not self._emptied_log():
            return False
        with self._writing() as cursor:
            cursor.execute("UPDATE participant_keys SET wrapped = ? WHERE stream = ?", (DESTROYED, stream))
        return True

    def _emptied_log(self) -> bool:
        """Have the log of writes, which holds what was overwritten, put into the file and emptied; False while a reader still needs it."""
        with self._reading() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {EMPTIED_WITHIN_MILLISECONDS}")  # Whoever writes waits for as long.
            try:
                return bool(cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT_SECONDS * 1000}")

    def stretch(self, first: int, limit: int) -> Stretch:
        with self._reading() as cursor:
            cursor.execute("BEGIN")
            try:
                entries = cursor.execute(STRETCH, (first, limit)).fetchall()
                ends = (first, entries[-1][0] if len(entries) == limit else MOST)
                return Stretch(entries, cursor.execute(ENDED, ends).fetchall(), cursor.execute(APPENDED, ends).fetchall())
            finally:
                cursor.execute("ROLLBACK")

    def before(self, stream: str, position: int) -> tuple[int, bytes] | None:
        with self._reading() as cursor:
            found: tuple[int, bytes] | None = cursor.execute(BEFORE, (stream, position)).fetchone()
            return found

    def heads(self) -> list[tuple[int, str]]:
        with self._reading() as cursor:
            found = cursor.execute(HEADS).fetchall()
            return [(number, note.decode(errors="replace")) for number, note in found]

    def tile(self, row: int, number: int) -> bytes:
        with self._reading() as cursor:
            found = cursor.execute("SELECT hashes FROM tiles WHERE of_row = ? AND number = ?", (row, number)).fetchone()
            return bytes(found[0]) if found else b""

    def tiles(self) -> int:
        with self._reading() as cursor:
            return int(cursor.execute("SELECT count(*) FROM tiles").fetchone()[0])

    def flaw(self) -> str | None:
        with self._reading() as cursor:
            (found,) = cursor.execute("PRAGMA integrity_check(1)").fetchone()
            return None if found == "ok" else str(found)

    def add_head(self, number: int, note: str, tiles: Mapping[tuple[int, int], bytes]) -> bool:
        with self._writing() as cursor:
            if cursor.execute("SELECT 1 FROM heads WHERE number = ?", (number,)).fetchone():
                return False
            cursor.execute("INSERT INTO heads VALUES (?, ?)", (number, note))
            values = [(row, place, hashes) for (row, place), hashes in tiles.items()]
            cursor.executemany("INSERT OR REPLACE INTO tiles VALUES (?, ?, ?)", values)
            return True

    def claim(self, name: str) -> Claim:
        with self._writing() as cursor:
            cursor.execute("INSERT INTO followers VALUES (?, 1, 0) ON CONFLICT (name) DO UPDATE SET token = token + 1", (name,))
            return Claim(*cursor.execute("SELECT token, position FROM followers WHERE name = ?", (name,)).fetchone())

    def move(self, name: str, token: int, before: int, after: int) -> bool:
        with self._writing() as cursor:
            moved = cursor.execute(
                "UPDATE followers SET position = ? WHERE name = ? AND token = ? AND position = ?", (after, name, token, before)
            )
            return moved.rowcount == 1

    def candidate(self, name: str) -> Candidate:
        if self.path is None:
            return _InMemory(self._locks.setdefault(name, Lock()))
        return _WithFile(self.path.with_name(f"{self.path.name}.{name}.lease"))

    def ears(self) -> Ears:
        return _MemoryEars() if self.path is None else _FileEars(self.datastore.pool.db_name)

    def close(self) -> None:
        self.datastore.close()

    def _found(self, statement: str, *values: object) -> Found:
        with self._reading() as cursor:
            return Found.of(cursor.execute(statement, values).fetchall())

    def _has_tables(self) -> bool:
        with self._reading() as cursor:
            return cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'entries'").fetchone() is not None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Cursor]:
        with self.datastore.get_connection(commit=False) as connection, connection.cursor() as cursor:
            yield cursor

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Cursor]:
        with (
            self.datastore.get_connection(commit=True) as connection,
            _Immediately(connection, commit=True) as transaction,
            transaction as cursor,
        ):
            yield cursor


class _Immediately(SQLiteTransaction):
    """A transaction that is a writer from its beginning, and that is over at its end even when the commit fails."""

    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        return cursor

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            super().__exit__(kind, error, trace)
        finally:
            self.connection.rollback()  # This does nothing after a commit that went well.


class _Datastore(SQLiteDatastore):
    """The library's datastore, with connections that are durable."""

    def __init__(self, address: str) -> None:
        super().__init__(address, lock_timeout=LOCK_TIMEOUT_SECONDS, originator_id_type="text")
        self.pool = _Pool(db_name=address, lock_timeout=LOCK_TIMEOUT_SECONDS)


class _Pool(SQLiteConnectionPool):
    """Makes connections of its own: those of the library keep a single prepared statement, so each would be parsed at every use."""

    def _create_connection(self) -> SQLiteConnection:
        connection = sqlite3.connect(self.db_name, uri=True, check_same_thread=False, isolation_level=None, timeout=LOCK_TIMEOUT_SECONDS)
        try:
            if connection.execute("PRAGMA journal_mode").fetchone() == ("delete",):  # To ask for it again may find the file locked.
                connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        except (sqlite3.Error, UnicodeDecodeError):
            connection.close()
            raise
        return SQLiteConnection(connection, max_age=None)


def _in_the_way(cursor: sqlite3.Cursor, orders: Sequence[Order]) -> InTheWay:
    commands = {
        (order.command.actor_id, order.command.command_id): _command(cursor, order.command.actor_id, order.command.command_id)
        for order in orders
    }
    streams = {}
    for order in orders:
        for stream, (expected, hash_) in order.expected.items():
            version, upto, last = cursor.execute(STANDS, (stream, stream, stream)).fetchone()
            if not version == expected == upto or (last is not None and hash_ not in (None, last)):
                streams[stream] = (version, upto)
    return InTheWay({key: command for key, command in commands.items() if command}, streams, cursor.execute(MISSING).fetchone())


def _insert(cursor: sqlite3.Cursor, orders: Sequence[Order]) -> int:
    head = end = _last_position(cursor, "entries")
    for order in orders:
        rows = order.placed_after(end)
        end += len(rows)
        cursor.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        cursor.executemany("INSERT INTO appended VALUES (?, ?, ?, ?)", _appended(rows))
        cursor.executemany("INSERT INTO participant_keys VALUES (?, ?)", order.keys.items())
        command = order.command
        values = (command.actor_id, str(command.command_id), command.digest, command.stream, command.first, command.last, end)
        cursor.execute("INSERT INTO commands VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    return head


def _appended(rows: Sequence[Row]) -> Iterator[tuple[int, str, int, int]]:
    """What one command appended to each of its streams: the position of the last entry, the stream, its first and its last version."""
    for stream, of_stream in groupby(rows, lambda row: row.stream):
        own = list(of_stream)
        yield own[-1].position, stream, own[0].version, own[-1].version


def _last_position(cursor: sqlite3.Cursor, table: str) -> int:
    return int(cursor.execute(f"SELECT coalesce(max(position), 0) FROM {table}").fetchone()[0])  # noqa: S608 - The table is one of ours.


def _edition(cursor: sqlite3.Cursor) -> int:
    return int(cursor.execute("PRAGMA user_version").fetchone()[0])


def _command(cursor: sqlite3.Cursor, actor_id: str, command_id: UUID) -> Appended | None:
    found = cursor.execute(
        "SELECT digest, stream, first, last, position FROM commands WHERE actor = ? AND command = ?", (actor_id, str(command_id))
    ).fetchone()
    return Appended(actor_id, command_id, *found) if found else None


def _uri(path: Path | None, *, create: bool) -> str:
    if path is None:
        return f"file:daybook-{uuid4().hex}?mode=memory&cache=shared"
    if not path.parent.is_dir():
        raise Missing(f"There is no folder {path.parent} for the ledger. Create the folder, or correct the address.")
    if not create and not path.exists():
        raise Missing(f"There is no ledger at {path}. Create it first, or correct the address.")
    return f"file:{quote(str(path.absolute()))}?mode={'rwc' if create else 'rw'}"


class _FileEars:
    """Asks SQLite again and again whether another connection has committed."""

    def __init__(self, address: str) -> None:
        self._connection = sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None, timeout=LOCK_TIMEOUT_SECONDS)
        self._seen = self._commits()

    def wait(self, wait: Callable[[float, int | None], bool]) -> None:
        while not wait(ASK_EVERY_SECONDS, None) and self._commits() == self._seen:
            continue
        self._seen = self._commits()

    def close(self) -> None:
        self._connection.close()

    def _commits(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])


class _MemoryEars:
    """Memory belongs to one process, and that calls by itself."""

    def wait(self, wait: Callable[[float, int | None], bool]) -> None:
        wait(60.0, None)

    def close(self) -> None:
        """There is nothing to let go of."""


class _InMemory:
    """A lock among the threads of one process."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock
        self._held = False

    def take(self) -> bool:
        self._held = self._held or self._lock.acquire(blocking=False)
        return self._held

    def close(self) -> None:
        if self._held:
            self._lock.release()


class _WithFile:
    """A lock on a file beside the ledger, among the processes of one machine."""

    def __init__(self, path: Path) -> None:
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take(self) -> bool:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        os.close(self._handle)
