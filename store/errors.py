"""What can go wrong between Daybook and its disk, and the one place where the databases' own errors are translated.

    StoreError
    ├── Fault                the database cannot serve us now; nothing was recorded, and the text says what to do
    │   ├── Busy             another process holds the database
    │   ├── Missing          there is no ledger at that address
    │   ├── Full             the disk is full
    │   ├── Unreachable      the database does not answer, or the connection broke
    │   └── Sealed           contact data cannot be sealed: the key is absent, wrong or destroyed
    ├── DamagedEntry         what is on disk is not what was recorded
    ├── LostRace             somebody else recorded something first; read again and decide again
    ├── CommandReused        the id of a command was used before, for another command
    └── LostLease            another follower of the same name has taken over

Every text is fit for a coordinator's screen; what the database itself said is the `__cause__`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from eventsourcing.persistence import ConnectionPoolClosedError, ConnectionUnavailableError, PersistenceError


class StoreError(Exception):
    """Whatever the store raises on purpose."""


class Fault(StoreError):
    """The database cannot serve us now; trying again later is safe, because a command is remembered."""


class Busy(Fault):
    """Another process holds the database."""


class Missing(Fault):
    """There is no ledger at that address."""


class Full(Fault):
    """The disk is full."""


class Unreachable(Fault):
    """The database does not answer, or the connection broke; whether a running append was recorded is not known."""


class Sealed(Fault):
    """Contact data cannot be sealed."""


class DamagedEntry(StoreError):
    """What is on disk is not what was recorded."""

    def __init__(self, stream: str, version: int, why: str) -> None:
        super().__init__(f"Entry {version} of {stream} is damaged: {why}. Do not rely on this record; tell the administrator.")
        self.stream, self.version, self.why = stream, version, why


class LostRace(StoreError):
    """Somebody else recorded something first."""

    def __init__(self, stream: str, expected: int, found: int) -> None:
        super().__init__(f"{stream} has {found} entries, not {expected}: somebody recorded something meanwhile. Look again and repeat.")
        self.stream, self.expected, self.found = stream, expected, found


class CommandReused(StoreError):
    """The id of a command was used before, for another command."""

    def __init__(self, actor_id: str, command_id: UUID) -> None:
        super().__init__("This form was already sent with other contents. Open it afresh and send it again.")
        self.actor_id, self.command_id = actor_id, command_id


class LostLease(StoreError):
    """Another follower of the same name has taken over."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Another process follows the ledger as {name!r} now; this one steps back.")
        self.name = name


@contextmanager
def in_plain_words() -> Iterator[None]:
    """Turn whatever a database raises inside into a fault."""
    try:
        yield
    except (PersistenceError, ConnectionPoolClosedError, sqlite3.Error, OSError) as error:
        raise fault(error) from error
    except Exception as error:  # The driver of PostgreSQL may be absent, so its errors are known by their module.
        if not type(error).__module__.startswith("psycopg"):
            raise
        raise fault(error) from error


def fault(error: BaseException) -> Fault:
    """The fault that an error of sqlite3, psycopg or eventsourcing amounts to."""
    origin: BaseException | None = error
    while origin is not None:
        name = getattr(origin, "sqlite_errorname", None) or _of_postgres(origin)
        for beginning, (kind, sentence) in _MEANINGS.items():
            if name and name.startswith(beginning):
                return kind(sentence)
        origin = origin.__cause__
    if isinstance(error, ConnectionUnavailableError):
        return Busy(_BUSY)
    return Fault("The database refused to work. Nothing was recorded. Tell the administrator; the log says why.")


def _of_postgres(error: BaseException) -> str | None:
    """PostgreSQL's code for an error. A connection that broke or never came about has none; the server's words tell which."""
    if not type(error).__module__.startswith("psycopg"):
        return None
    code: str | None = getattr(error, "sqlstate", None)
    if code is None and "database" in str(error) and "does not exist" in str(error):
        return "3D000"
    if code is None and any(base.__name__ in {"OperationalError", "InterfaceError"} for base in type(error).__mro__):
        return "08"
    return code


_BUSY = "The database is busy with another program. Nothing was recorded. Try again in a moment."
_FULL = "The disk is full. Nothing was recorded. Ask the administrator to make room, then repeat."
_MISSING = "There is no ledger at the configured address. Check the address, or create the ledger first."
_LOST = "The database does not answer. It is not certain that the last step was recorded: repeat it, it will not be recorded twice."
_DENIED = "The database does not let Daybook in or does not let it write. Nothing was recorded. Tell the administrator."
_BROKEN = "The database cannot be read from its disk. Nothing was recorded. Stop, and ask the administrator to restore it."

_MEANINGS: dict[str, tuple[type[Fault], str]] = {
    "SQLITE_BUSY": (Busy, _BUSY),
    "SQLITE_LOCKED": (Busy, _BUSY),
    "SQLITE_FULL": (Full, _FULL),
    "SQLITE_CANTOPEN": (Missing, _MISSING),
    "SQLITE_READONLY": (Fault, _DENIED),
    "SQLITE_PERM": (Fault, _DENIED),
    "SQLITE_AUTH": (Fault, _DENIED),
    "SQLITE_IOERR_SHMSIZE": (Full, _FULL),  # The file that readers share beside the ledger could not grow.
    "SQLITE_IOERR": (Fault, _BROKEN),
    "SQLITE_CORRUPT": (Fault, _BROKEN),
    "SQLITE_NOTADB": (Fault, _BROKEN),
    "08": (Unreachable, _LOST),
    "57P": (Unreachable, _LOST),
    "53100": (Full, _FULL),
    "53": (Busy, _BUSY),
    "55P03": (Busy, _BUSY),
    "57014": (Busy, _BUSY),
    "25P03": (Unreachable, _LOST),
    "3D000": (Missing, _MISSING),
    "3F000": (Missing, _MISSING),
    "42P01": (Missing, _MISSING),
    "42883": (Missing, _MISSING),
    "28": (Fault, _DENIED),
    "42501": (Fault, _DENIED),
    "58": (Fault, _BROKEN),
    "XX": (Fault, _BROKEN),
}
"""By the beginning of SQLite's error name or PostgreSQL's code, the first that fits."""
