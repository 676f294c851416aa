"""What can go wrong between Daybook and its disk, and the one place where the databases' own errors are translated.

    StoreError
    ├── Fault                the database cannot serve us now; the text says what to do, and of an append, what became of it
    │   ├── Busy             another process holds the database
    │   ├── Missing          there is no ledger at that address
    │   ├── Full             the disk is full
    │   ├── Unreachable      the database does not answer, or the connection broke
    │   ├── Sealed           contact data cannot be sealed: the key is absent, wrong or destroyed
    │   └── NotCarriedOut    a decision is on record, and what it decided could not be carried out yet
    ├── DamagedEntry         what is on disk is not what was recorded
    ├── LostRace             somebody else recorded something first; read again and decide again
    ├── CommandReused        the id of a command was used before, for another command
    └── LostLease            another follower of the same name has taken over

Every text is fit for a coordinator's screen; what the database itself said is the `__cause__`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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


class NotCarriedOut(Fault):
    """A decision is on record, and what it decided could not be carried out yet; the `__cause__` is in the way of that.

    What is in the way is told, and not what that would have whoever meets it do: nothing is to be repeated here.
    """

    def __init__(self, trouble: StoreError) -> None:
        in_the_way, _, _ = str(trouble).partition(". ")
        super().__init__(
            f"The decision is on record, and need not be made again. Carrying it out was broken off: {in_the_way.rstrip('.')}. "
            "The worker goes on with it every minute, and so does whatever next opens the record; the list of erasures tells how far it is."
        )


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
def in_plain_words(*, appending: bool = False) -> Iterator[None]:
    """Turn whatever a database raises inside into a fault; who was `appending` is told what became of that."""
    try:
        yield
    except (PersistenceError, ConnectionPoolClosedError, sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise fault(error, appending=appending) from error
    except Exception as error:  # The driver of PostgreSQL may be absent, so its errors are known by their module.
        if not type(error).__module__.startswith("psycopg"):
            raise
        raise fault(error, appending=appending) from error


def fault(error: BaseException, *, appending: bool = False) -> Fault:
    """The fault that an error of sqlite3, psycopg or eventsourcing amounts to."""
    return _meaning(error).told(appending=appending)


@dataclass(frozen=True, slots=True)
class _Meaning:
    """A kind of fault: what is the matter, and what to do about it."""

    kind: type[Fault]
    what: str
    do: str

    def told(self, *, appending: bool) -> Fault:
        if not appending:
            return self.kind(f"{self.what} {self.do}")
        return self.kind(f"{self.what} {_UNCERTAIN}" if self.kind is Unreachable else f"{self.what} {_NOTHING} {self.do}")


def _meaning(error: BaseException) -> _Meaning:
    origin: BaseException | None = error
    while origin is not None:
        if isinstance(origin, UnicodeDecodeError):  # What SQLite quotes of a broken schema may be no text.
            return _BROKEN
        name = getattr(origin, "sqlite_errorname", None) or _of_postgres(origin)
        for beginning, meaning in _MEANINGS.items():
            if name and name.startswith(beginning):
                return meaning
        origin = origin.__cause__
    return _BUSY if isinstance(error, ConnectionUnavailableError) else _UNKNOWN


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


_NOTHING = "Nothing was recorded."
_UNCERTAIN = "It is not certain that the last step was recorded: repeat it, it will not be recorded twice."

_BUSY = _Meaning(Busy, "The database is busy with another program.", "Try again in a moment.")
_FULL = _Meaning(Full, "The disk is full.", "Ask the administrator to make room, then repeat.")
_MISSING = _Meaning(Missing, "There is no ledger at the configured address.", "Check the address, or create the ledger first.")
_LOST = _Meaning(Unreachable, "The database does not answer.", "Try again in a moment, or tell the administrator.")
_DENIED = _Meaning(Fault, "The database does not let Daybook in or does not let it write.", "Tell the administrator.")
_BROKEN = _Meaning(Fault, "The database cannot be read from its disk.", "Stop, and ask the administrator to restore it.")
_UNKNOWN = _Meaning(Fault, "The database refused to work.", "Tell the administrator; the log says why.")

_MEANINGS: dict[str, _Meaning] = {
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_FULL": _FULL,
    "SQLITE_CANTOPEN": _MISSING,
    "SQLITE_READONLY": _DENIED,
    "SQLITE_PERM": _DENIED,
    "SQLITE_AUTH": _DENIED,
    "SQLITE_IOERR_SHMSIZE": _FULL,  # The file that readers share beside the ledger could not grow.
    "SQLITE_IOERR": _BROKEN,
    "SQLITE_CORRUPT": _BROKEN,
    "SQLITE_NOTADB": _BROKEN,
    "08": _LOST,
    "57P": _LOST,
    "53100": _FULL,
    "53": _BUSY,
    "55P03": _BUSY,
    "57014": _BUSY,
    "25P03": _LOST,
    "3D000": _MISSING,
    "3F000": _MISSING,
    "42P01": _MISSING,
    "42883": _MISSING,
    "28": _DENIED,
    "42501": _DENIED,
    "58": _BROKEN,
    "XX": _BROKEN,
}
"""By the beginning of SQLite's error name or PostgreSQL's code, the first that fits."""
