"""Who looked at which participant, and when: rows that are only ever added, each bound to the one before it.

What people look at is no fact of the trial, and there is far more of it than of those; so it stands beside the accounts, and not in
the ledger. The last row of a day is bound into the ledger once the first of a later day was noted: see `app.watching`.
"""

import json
from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from threading import Lock
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, func, or_, select

from app.accounts.tables import Clock, accesses, add, transaction
from domain.time import to_the_minute
from domain.words import Source
from store.errors import Fault

SEAL = "daybook-access-1"
"""The name of the way in which rows are bound; another way will need another name."""
NOTHING_BEFORE = "0" * 64
REMEMBERED = 4096
"""Of how many looks a process remembers that they were noted, so that a page that is shown again in the same minute is noted once."""
RACES = 50
ROWS_AT_ONCE = 5000
LAST = select(accesses).order_by(accesses.c.number.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody looked: at a participant of a site, or (None) at a list; `what` is the place, as an address or a command names it."""

    person: str
    what: str
    source: Source
    participant: str | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """A look as it was noted, to the minute, in its place."""

    number: int
    at: datetime
    look: Look
    hash: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which looks are asked for; an empty text narrows nothing. The bounds of the period are included."""

    sites: Collection[str]
    participant: str = ""
    person: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the looks, the last first, and how many there are."""

    rows: tuple[Access, ...]
    found: int
    number: int


class Accesses:
    """Notes who looks, and tells it. Safe to use from any thread and process."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._lock = Lock()
        self._noted: OrderedDict[tuple[Look, datetime], None] = OrderedDict()

    def note(self, look: Look) -> Access | None:
        """Note that somebody looks, before they are answered; a look that was noted in this minute already is not noted again.

        Returns the row before it where that is the last of an earlier day, which is to be bound into the ledger. Raises Fault.
        """
        at = to_the_minute(self._clock())
        if self._remembered((look, at)):
            return None
        for _ in range(RACES):
            with transaction(self._engine) as connection:
                before = _last(connection)
                row = _after(before, at, look)
                added = add(connection, accesses, _columns(row))
            if added:
                self._remember(row)
                return before if before is not None and before.at.date() < at.date() else None
        raise Fault("Daybook cannot note just now who looks at what. Nothing was shown; try again in a moment.")

    def page(self, wanted: Wanted, number: int, size: int) -> Page:
        """A page of the looks, counted from 1; beyond the last page there is the last."""
        which = _which(wanted)
        with transaction(self._engine) as connection:
            found = connection.execute(select(func.count()).select_from(accesses).where(which)).scalar_one()
            number = min(number, max(1, -(-found // size)))
            asked = select(accesses).where(which).order_by(accesses.c.number.desc()).limit(size).offset((number - 1) * size)
            return Page(tuple(map(_access, connection.execute(asked))), found, number)

    def all(self) -> Iterator[Access]:
        """Every look, in its order, some at a time."""
        after = 0
        while True:
            with transaction(self._engine) as connection:
                asked = select(accesses).where(accesses.c.number > after).order_by(accesses.c.number).limit(ROWS_AT_ONCE)
                rows = list(map(_access, connection.execute(asked)))
            if not rows:
                return
            yield from rows
            after = rows[-1].number

    def _remembered(self, noted: tuple[Look, datetime]) -> bool:
        with self._lock:
            return noted in self._noted

    def _remember(self, row: Access) -> None:
        with self._lock:
            self._noted[row.look, row.at] = None
            if len(self._noted) > REMEMBERED:
                self._noted.popitem(last=False)


def first_that_is_wrong(rows: Iterator[Access], sealed: dict[int, str]) -> int | None:
    """The number of the first row that is not what was noted, by the row before it or by what the ledger says of it; None if none is."""
    number, previous = 0, NOTHING_BEFORE
    for number, row in enumerate(rows, 1):
        if row.number != number or row.hash != _hash(number, previous, row.at, row.look) or sealed.get(number, row.hash) != row.hash:
            return number
        previous = row.hash
    return number + 1 if max(sealed, default=0) > number else None


def _last(connection: Connection) -> Access | None:
    found = connection.execute(LAST).one_or_none()
    return None if found is None else _access(found)


def _after(before: Access | None, at: datetime, look: Look) -> Access:
    number, previous = (1, NOTHING_BEFORE) if before is None else (before.number + 1, before.hash)
    return Access(number, at, look, _hash(number, previous, at, look))


def _columns(row: Access) -> dict[str, Any]:
    look = row.look
    said = {"person": look.person, "what": look.what, "source": look.source, "participant": look.participant, "site": look.site}
    return {"number": row.number, "at": row.at, **said, "hash": row.hash}


def _hash(number: int, previous: str, at: datetime, look: Look) -> str:
    """Over everything that a row says, written in one way only."""
    said = [SEAL, number, previous, at.isoformat(), look.person, look.what, look.source, look.participant, look.site]
    return sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def _access(row: Row[Any]) -> Access:
    return Access(row.number, row.at, Look(row.person, row.what, row.source, row.participant, row.site), row.hash)


def _which(wanted: Wanted) -> ColumnElement[bool]:
    """Looks at lists concern every site."""
    columns = accesses.c
    parts = [or_(columns.site.is_(None), columns.site.in_(sorted(wanted.sites)))]
    parts += [columns.participant == wanted.participant] if wanted.participant else []
    parts += [columns.person == wanted.person] if wanted.person else []
    parts += [columns.at >= wanted.since] if wanted.since else []
    parts += [columns.at <= wanted.until] if wanted.until else []
    return and_(*parts)
