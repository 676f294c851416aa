"""The tables of what must be forgotten again, on SQLite or PostgreSQL, each change one transaction."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    create_engine,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeDecorator

from store.errors import Fault

Clock = Callable[[], datetime]
KEPT, CONNECTIONS = 4, 8
"""How many connections an engine keeps, and how many it has at most: each is needed for a moment, and a database has few."""


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as text in UTC that sorts as the instants do."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy names it.
        return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy names it.
        return None if value is None else datetime.fromisoformat(value)


TABLES = MetaData()
passwords = Table(
    "passwords",
    TABLES,
    Column("person", String(60), primary_key=True),
    Column("hash", String(200), nullable=False),
    Column("chosen", Boolean, nullable=False),  # By the person; what an administrator gave them opens only the way to choose one.
)
attempts = Table(
    "attempts",
    TABLES,
    Column("person", String(60), primary_key=True),
    Column("failed", Integer, nullable=False),
    Column("last", Instant, nullable=False),
)
sessions = Table(
    "sessions",
    TABLES,
    Column("digest", String(64), primary_key=True),
    Column("person", String(60), nullable=False, index=True),
    Column("csrf", String(64), nullable=False),
    Column("by", String(20), nullable=False),
    Column("began", Instant, nullable=False),
    Column("seen", Instant, nullable=False),
)
signers = Table(
    "signers",
    TABLES,
    Column("digest", String(64), primary_key=True),  # Of a session, beside and not in its row: tables that stand get no column.
)
calendars = Table(
    "calendars",
    TABLES,
    Column("person", String(60), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
)
errands = Table(
    "errands",
    TABLES,
    Column("state", String(64), primary_key=True),
    Column("sealed", Text, nullable=False),  # Under a key that only the browser holds: forms hold clinical values.
    Column("began", Instant, nullable=False),
)
proofs = Table(
    "proofs",
    TABLES,
    Column("token", String(64), primary_key=True),
    Column("signs", String(64), nullable=False),
    Column("began", Instant, nullable=False),
)
identities = Table(
    "identities",
    TABLES,
    Column("person", String(60), primary_key=True),
    Column("known_as", String(64), nullable=False),
)
accesses = Table(
    "accesses",
    TABLES,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False, index=True),
    Column("person", String(60), nullable=False, index=True),
    Column("what", String(200), nullable=False),
    Column("source", String(20), nullable=False),
    Column("participant", String(20), index=True),
    Column("site", String(20), index=True),
    Column("hash", String(64), nullable=False),
)


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """One transaction, all of it or nothing. Raises Fault where the database cannot serve us now."""
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise Fault("Daybook's accounts do not answer just now. Nothing was changed; try again in a moment.") from error


def put(
    connection: Connection, table: Table, row: Mapping[str, Any], where: ColumnElement[bool] | None = None, **otherwise: Any
) -> Row[Any] | None:
    """Insert a row or, where its key stands already and `where` holds, change that one by `otherwise`: in one statement, since others race.

    Returns the row as it stands then; None where nothing was changed.
    """
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table).values(row)
    keys = list(table.primary_key.columns)
    upsert = insert.on_conflict_do_update(index_elements=keys, set_=otherwise or dict(row), where=where)
    return connection.execute(upsert.returning(*table.columns)).one_or_none()


def add(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row, unless its key stands already; tells whether it was inserted."""
    return connection.execute(_added(connection.dialect.name, table), row).one_or_none() is not None


@cache
def _added(dialect: str, table: Table) -> ReturningInsert[Any]:
    insert = (sqlite if dialect == "sqlite" else postgresql).insert(table)
    added: ReturningInsert[Any] = insert.on_conflict_do_nothing().returning(*table.primary_key.columns)
    return added


def opened(address: str, *, waiting: bool = True) -> Engine:
    """Open the accounts at `sqlite:///path/to/file` or `postgresql://…`, and make their tables where there are none. Raises Fault.

    Without `waiting` for the disk, a power failure may take away the last moments; a program that ends takes away nothing.
    """
    hurries = {} if waiting or address.startswith("sqlite") else {"options": "-c synchronous_commit=off"}
    engine = create_engine(
        address.replace("postgresql://", "postgresql+psycopg://", 1),
        pool_pre_ping=True,
        max_overflow=CONNECTIONS - KEPT,
        pool_size=KEPT,
        connect_args=hurries,
    )
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _durable if waiting else _hurried)
    try:
        if address.startswith("sqlite:///"):
            Path(address.removeprefix("sqlite:///")).touch(mode=0o600)
        TABLES.create_all(engine)
    except (OSError, SQLAlchemyError) as error:
        raise Fault(f"Daybook cannot open its accounts: {type(error).__name__}. Put DAYBOOK_ACCOUNTS right, then repeat.") from error
    return engine


def _durable(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA busy_timeout = 5000")


def _hurried(connection: Any, record: Any) -> None:
    _durable(connection, record)
    connection.execute("PRAGMA synchronous = NORMAL")
