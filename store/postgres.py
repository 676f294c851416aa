"""The ledger in PostgreSQL: one schema for a study, any number of processes.

An append is one round trip: a function takes the ledger's lock, looks for what is in the way, and otherwise inserts, notifies and
returns. The lock lasts until the commit, so that positions appear in their order and a follower never overtakes one.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID

import psycopg
from eventsourcing.persistence import InterfaceError, OperationalError
from eventsourcing.postgres import PostgresDatastore, PostgresRecorder
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow, tuple_row
from psycopg.sql import SQL, Identifier, Literal
from psycopg_pool import PoolTimeout

from store.codec import NOTHING_SEALED, Row
from store.editions import APPENDED_BY_COMMANDS, EDITION, outdated
from store.errors import Fault, Missing, Unreachable, fault
from store.keys import DESTROYED, GONE, OVERWRITTEN
from store.orders import Appended, InTheWay, Order
from store.postgres_schema import GRANTED, SCHEMA, WITH_ENTRIES
from store.recorder import MOST, Claim, Found, Stretch

CONNECT_TIMEOUT_SECONDS = 5
CONNECTIONS = 16
KEYS_FREE_WITHIN_MILLISECONDS = 250
"""For so long everybody who reads a key waits behind whoever wants to write them anew, and no longer."""
ASK_EVERY_SECONDS = 1.0
"""How often a follower looks by itself, should a notification be lost."""
OF_EDITION = "Daybook, edition "
NOT_ITS_OWNER = (
    "The ledger in the schema {schema} is to be made, or brought up to date, by the role that owns it: "
    "have a process of that role open it once."
)
KEYS_OF_ITS_OWNER = (
    "The key was overwritten. The role that owns the tables in the schema {schema} is to rid their files of it: "
    "have a process of that role open the record once."
)
SESSION = {"lock_timeout": "10s", "idle_in_transaction_session_timeout": "10s"}
SESSION |= {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off"}
"""Every statement here goes through an index, whatever the statistics of a young table say; so plan each once, and so."""


class PostgresLedgerRecorder(PostgresRecorder):
    """Entries, commands and what they appended, keys and followers in one schema of a PostgreSQL database."""

    def __init__(self, address: str, *, create: bool) -> None:
        self.schema, self._parameters = _parsed(address)
        super().__init__(_datastore(self.schema, self._parameters))
        names = {"schema": Identifier(self.schema), "channel": Identifier(self.schema), "lock": Literal(_lock(self.schema, ""))}
        names["edition"] = Literal(f"{OF_EDITION}{EDITION}")
        self.sql_create_statements = [SQL(statement).format(**names) for statement in SCHEMA]
        self._said = {name: SQL(text).format(**names).as_string() for name, text in STATEMENTS.items()}
        self._pen = _Pen(self._connected, self._said["record"])
        with self._connected() as connection:
            self._prepare(connection, create=create)

    def record(self, orders: Sequence[Order]) -> int | InTheWay:
        found = self._pen.ask(_payload(orders))
        if isinstance(found, int):
            return found
        commands = {(actor, UUID(command)): Appended(actor, UUID(command), *rest) for actor, command, *rest in _named("command", found)}
        streams = {stream: (version, upto) for stream, version, upto in _named("stream", found)}
        return InTheWay(commands, streams, next(((stream, last) for stream, last in _named("missing", found)), None))

    def stream(self, stream: str, after: int = 0) -> Found:
        return Found.of(self._ask("stream", stream, stream, after))

    def tail(self, stream: str) -> Found:
        return Found.of(self._ask("tail", stream, stream))

    def after(self, position: int, limit: int) -> Found:
        return Found.of(self._ask("after", position, limit))

    def head(self) -> int:
        return int(self._ask("head")[0][0])

    def streams(self, prefix: str) -> list[str]:
        return sorted(stream for (stream,) in self._ask("streams", prefix, prefix))

    def command(self, actor_id: str, command_id: UUID) -> Appended | None:
        return next((Appended(actor_id, command_id, *row) for row in self._ask("command", actor_id, command_id)), None)

    def keys(self, streams: Sequence[str]) -> dict[str, bytes]:
        return dict(self._ask("keys", list(streams)))

    def sealed(self) -> list[Row]:
        return [Row(*row) for row in self._ask("sealed", NOTHING_SEALED)]

    def destroy_key(self, stream: str) -> bool:
        if self.keys([stream]).get(stream) not in GONE:
            self._ask("put_key", stream, OVERWRITTEN)
        if not self._written_keys_anew(stream):
            return False
        self._ask("put_key", stream, DESTROYED)
        return True

    def _written_keys_anew(self, without: str) -> bool:
        """Have the file of the table written anew: the row that held a key is not taken over, unless something may still see it."""
        with self._connected() as connection:
            connection.execute(f"SET lock_timeout = {KEYS_FREE_WITHIN_MILLISECONDS}")
            file = connection.execute(self._said["file_of_keys"]).fetchone()
            try:
                connection.execute(SQL("VACUUM (FULL, FREEZE) {}.participant_keys").format(Identifier(self.schema)))
            except psycopg.errors.LockNotAvailable:
                return False
            if connection.execute(self._said["file_of_keys"]).fetchone() == file:  # Whoever may not do so was only warned.
                raise Fault(KEYS_OF_ITS_OWNER.format(schema=self.schema))
            return connection.execute(self._said["none_sees_it"], (without,)).fetchone() == (True,)

    def stretch(self, first: int, limit: int) -> Stretch:
        with self._together("REPEATABLE READ READ ONLY") as cursor:
            entries = self._all(cursor, "stretch", first, limit)
            ends = (first, entries[-1][0] if len(entries) == limit else MOST)
            return Stretch(entries, self._all(cursor, "ended", *ends), self._all(cursor, "appended", *ends))

    def before(self, stream: str, position: int) -> tuple[int, bytes] | None:
        return next(((version, hash_) for version, hash_ in self._ask("before", stream, position)), None)

    def heads(self) -> list[tuple[int, str]]:
        return [(number, note) for number, note in self._ask("heads")]

    def tile(self, row: int, number: int) -> bytes:
        return next((bytes(hashes) for (hashes,) in self._ask("tile", row, number)), b"")

    def tiles(self) -> int:
        return int(self._ask("tiles")[0][0])

    def flaw(self) -> str | None:
        # Each page is proved by its checksum as it is read, where the cluster keeps them: it does from version 18 on, unless told not to.
        return None

    def add_head(self, number: int, note: str, tiles: Mapping[tuple[int, int], bytes]) -> bool:
        with self._together("READ COMMITTED") as cursor:
            if not self._all(cursor, "add_head", number, note):
                return False
            cursor.executemany(self._said["add_tile"], [(row, place, hashes) for (row, place), hashes in tiles.items()])
            return True

    def claim(self, name: str) -> Claim:
        return Claim(*self._ask("claim", name)[0])

    def move(self, name: str, token: int, before: int, after: int) -> bool:
        return bool(self._ask("move", after, name, token, before))

    def candidate(self, name: str) -> "_Candidate":
        return _Candidate(self._connected(), _lock(self.schema, name))

    def ears(self) -> "_Ears":
        return _Ears(self._connected(), self.schema)

    def close(self) -> None:
        self._pen.close()
        self.datastore.close()

    def _ask(self, name: str, *values: Any) -> list[TupleRow]:
        """Ask, and ask once more where the connection had broken meanwhile."""
        try:
            return self._asked(name, *values)
        except (InterfaceError, OperationalError) as error:
            if isinstance(error.__cause__, PoolTimeout) or not isinstance(fault(error), Unreachable):
                raise
            self.datastore.pool.check()
            return self._asked(name, *values)

    def _asked(self, name: str, *values: Any) -> list[TupleRow]:
        with self.datastore.get_connection() as connection, connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            return cursor.execute(self._said[name], values, prepare=True).fetchall()

    @contextmanager
    def _together(self, level: str) -> Iterator[psycopg.Cursor[TupleRow]]:
        """A transaction in which several things are asked or told."""
        with self._connected() as connection, connection.transaction(), connection.cursor(row_factory=tuple_row, binary=True) as cursor:
            cursor.execute(SQL("SET TRANSACTION ISOLATION LEVEL {}").format(SQL(level)))
            yield cursor

    def _all(self, cursor: psycopg.Cursor[TupleRow], name: str, *values: Any) -> list[TupleRow]:
        return cursor.execute(self._said[name], values, prepare=True).fetchall()

    def _connected(self) -> psycopg.Connection[TupleRow]:
        return psycopg.connect(**self._parameters, autocommit=True)

    def _prepare(self, connection: psycopg.Connection[TupleRow], *, create: bool) -> None:
        edition = _edition(connection, self.schema)
        if edition is None and not create:
            raise Missing(f"There is no ledger in the schema {self.schema} of that database. Create it first, or correct the address.")
        if edition is None or outdated(edition):
            try:
                self._bring_up_to_date(connection)
            except psycopg.errors.InsufficientPrivilege as error:
                raise Fault(NOT_ITS_OWNER.format(schema=self.schema)) from error

    def _bring_up_to_date(self, connection: psycopg.Connection[TupleRow]) -> None:
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [_lock(self.schema, "")])
            edition = _edition(connection, self.schema)
            if edition is not None and not outdated(edition):
                return  # Another process was first.
            if connection.execute("SELECT to_regnamespace(%s)", [f'"{self.schema}"']).fetchone() == (None,):
                connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(self.schema)))
            for statement in self.sql_create_statements:
                connection.execute(statement)
            if not edition:
                connection.execute(SQL(APPENDED_BY_COMMANDS).format(schema=Identifier(self.schema)))
            self._grant_alike(connection)

    def _grant_alike(self, connection: psycopg.Connection[TupleRow]) -> None:
        """Whoever may read entries, or add to them, may do so in the tables that came beside them later."""
        for role, may in connection.execute(GRANTED, [f'"{self.schema}".entries']).fetchall():
            for table, what in WITH_ENTRIES[may]:
                granted = SQL("GRANT {} ON {} TO {}").format(
                    SQL(what), Identifier(self.schema, table), SQL("PUBLIC") if role is None else Identifier(role)
                )
                connection.execute(granted)


STATEMENTS = {
    "record": "SELECT {schema}.record(%b::text::jsonb)",
    "stream": """SELECT * FROM (SELECT coalesce(max(last), 0) AS upto FROM {schema}.appended WHERE stream = %b) AS known
        LEFT JOIN (SELECT * FROM {schema}.entries WHERE stream = %b AND version > %b) AS found ON true ORDER BY version""",
    "tail": """SELECT * FROM (SELECT coalesce(max(last), 0) AS upto FROM {schema}.appended WHERE stream = %b) AS known
        LEFT JOIN (SELECT * FROM {schema}.entries WHERE stream = %b ORDER BY version DESC LIMIT 1) AS found ON true""",
    "after": """SELECT * FROM (SELECT coalesce(max(position), 0) AS upto FROM {schema}.appended) AS known
        LEFT JOIN (SELECT * FROM {schema}.entries WHERE position > %b ORDER BY position LIMIT %b) AS found ON true ORDER BY position""",
    "head": """SELECT coalesce(greatest((SELECT max(position) FROM {schema}.entries), (SELECT max(position) FROM {schema}.appended)), 0)""",
    "streams": """SELECT stream FROM {schema}.entries WHERE version = 1 AND starts_with(stream, %b)
        UNION SELECT stream FROM {schema}.appended WHERE first = 1 AND starts_with(stream, %b)""",
    "command": "SELECT digest, stream, first, last, position FROM {schema}.commands WHERE actor = %b AND command = %b",
    "keys": "SELECT stream, wrapped FROM {schema}.participant_keys WHERE stream = ANY(%b)",
    "sealed": "SELECT * FROM {schema}.entries WHERE version = 1 AND position(%b in state) = 0 ORDER BY stream",
    "put_key": """INSERT INTO {schema}.participant_keys VALUES (%b, %b)
        ON CONFLICT (stream) DO UPDATE SET wrapped = excluded.wrapped RETURNING stream""",
    "none_sees_it": """SELECT age(keys.xmin) > age(kept.relfrozenxid) FROM {schema}.participant_keys AS keys, pg_class AS kept
        WHERE keys.stream = %b AND kept.oid = keys.tableoid""",
    "file_of_keys": "SELECT pg_relation_filenode(tableoid) FROM {schema}.participant_keys LIMIT 1",
    "stretch": """SELECT position, convert_to(stream, 'UTF8'), version, convert_to(kind, 'UTF8'), state, previous, hash, placed
        FROM {schema}.entries WHERE position >= %b ORDER BY position LIMIT %b""",
    "ended": """SELECT position, convert_to(actor, 'UTF8'), convert_to(command::text, 'UTF8'), convert_to(digest, 'UTF8'),
        convert_to(stream, 'UTF8'), first, last FROM {schema}.commands WHERE position BETWEEN %b AND %b ORDER BY position""",
    "appended": """SELECT position, convert_to(stream, 'UTF8'), first, last FROM {schema}.appended
        WHERE position BETWEEN %b AND %b ORDER BY position""",
    "before": """SELECT version, hash FROM {schema}.entries WHERE stream = %b AND position < %b ORDER BY version DESC LIMIT 1""",
    "heads": "SELECT number, note FROM {schema}.heads ORDER BY number",
    "tile": "SELECT hashes FROM {schema}.tiles WHERE of_row = %b AND number = %b",
    "tiles": "SELECT count(*) FROM {schema}.tiles",
    "add_head": "INSERT INTO {schema}.heads VALUES (%b, %b) ON CONFLICT DO NOTHING RETURNING number",
    "add_tile": """INSERT INTO {schema}.tiles VALUES (%b, %b, %b)
        ON CONFLICT (of_row, number) DO UPDATE SET hashes = excluded.hashes""",
    "claim": """INSERT INTO {schema}.followers AS mine VALUES (%b, 1, 0)
        ON CONFLICT (name) DO UPDATE SET token = mine.token + 1 RETURNING token, position""",
    "move": "UPDATE {schema}.followers SET position = %b WHERE name = %b AND token = %b AND position = %b RETURNING name",
}


class _Pen:
    """The connection on which a process appends, made when it is first used and again after it broke."""

    def __init__(self, connect: Callable[[], psycopg.Connection[TupleRow]], statement: str) -> None:
        self._connect = connect
        self._statement = statement
        self._lock = Lock()
        self._cursor: psycopg.Cursor[TupleRow] | None = None

    def ask(self, payload: str) -> Any:
        with self._lock:
            if self._cursor is None or self._cursor.connection.closed:
                self._cursor = self._connect().cursor(binary=True)
            row = self._cursor.execute(self._statement, (payload,), prepare=True).fetchone()
            return row and row[0]

    def close(self) -> None:
        with self._lock:
            if self._cursor is not None:
                self._cursor.connection.close()


class _Ears:
    """Hears PostgreSQL's notifications, and looks every so often without one."""

    def __init__(self, connection: psycopg.Connection[TupleRow], channel: str) -> None:
        self._connection = connection
        connection.execute(SQL("LISTEN {}").format(Identifier(channel)))

    def wait(self, wait: Callable[[float, int | None], bool]) -> None:
        wait(ASK_EVERY_SECONDS, self._connection.fileno())
        self._connection.pgconn.consume_input()
        while self._connection.pgconn.notifies():
            continue

    def close(self) -> None:
        self._connection.close()


class _Candidate:
    """An advisory lock on a connection of its own; PostgreSQL lets go of it when the connection ends."""

    def __init__(self, connection: psycopg.Connection[TupleRow], lock: int) -> None:
        self._connection = connection
        self._lock = lock

    def take(self) -> bool:
        return self._connection.execute("SELECT pg_try_advisory_lock(%s)", [self._lock]).fetchone() == (True,)

    def close(self) -> None:
        self._connection.close()


def _named(what: str, found: list[list[Any]]) -> list[list[Any]]:
    return [rest for name, *rest in found if name == what]


def _payload(orders: Sequence[Order]) -> str:
    """The orders as the one argument of the function `record`; bytes that are JSON travel as text, others in hexadecimal."""
    entries = [row for order in orders for row in order.rows]
    ends = iter(_ends(orders))
    return json.dumps(
        {
            "entries": [[row.stream, row.version, row.kind, row.state.decode(), row.previous.hex(), row.hash.hex()] for row in entries],
            "streams": [
                [stream, version, hash_ and hash_.hex()] for order in orders for stream, (version, hash_) in order.expected.items()
            ],
            "commands": [
                [c.actor_id, str(c.command_id), c.digest, c.stream, c.first, c.last, next(ends)]
                for c in (order.command for order in orders)
            ],
            "keys": [[stream, wrapped.hex()] for order in orders for stream, wrapped in order.keys.items()],
        },
        ensure_ascii=False,
    )


def _ends(orders: Sequence[Order]) -> Iterator[int]:
    """How many entries have been appended at the end of each order."""
    end = 0
    for order in orders:
        end += len(order.rows)
        yield end


def stands_at(address: str) -> bool:
    """Whether the tables of a ledger are in the schema of that database."""
    schema, parameters = _parsed(address)
    with psycopg.connect(**parameters, autocommit=True) as connection:
        return _edition(connection, schema) is not None


def _edition(connection: psycopg.Connection[TupleRow], schema: str) -> int | None:
    """The edition of the tables in a schema, as their comment says; None where there are none."""
    asked = "SELECT found, obj_description(found, 'pg_class') FROM to_regclass(%s) AS found"
    table, says = connection.execute(asked, [f'"{schema}".entries']).fetchone() or (None, None)
    if table is None:
        return None
    return int(says.removeprefix(OF_EDITION)) if says and says.startswith(OF_EDITION) else 0


def _parsed(address: str) -> tuple[str, dict[str, Any]]:
    """The schema, and the parameters of a connection."""
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query))
    schema = query.pop("schema", "daybook")
    plain = conninfo_to_dict(parts._replace(query=urlencode(query)).geturl())
    session = (f"-c {name}={value}" for name, value in SESSION.items())
    options = " ".join((str(plain.get("options", "")), *session))
    return schema, {"connect_timeout": CONNECT_TIMEOUT_SECONDS, **plain, "options": options}


def _datastore(schema: str, parameters: dict[str, Any]) -> PostgresDatastore:
    datastore = PostgresDatastore(
        dbname="",
        host="",
        port="",
        user="",
        password="",
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        pool_size=1,
        max_overflow=CONNECTIONS - 1,
        schema=schema,
        originator_id_type="text",
    )
    datastore.pool.kwargs = parameters
    return datastore


def _lock(schema: str, name: str) -> int:
    """The number of an advisory lock; PostgreSQL shares these numbers over the whole database."""
    return int.from_bytes(sha256(f"daybook {schema} {name}".encode()).digest()[:8], "big", signed=True)
