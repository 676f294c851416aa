"""The calendar: where windows of visits, appointments and slots of steps lie, for everybody at some sites.

What was withdrawn is found in the record itself when somebody asks; the view says whose record can tell of anything like that.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

from domain.scheduled import UNSETTLED, Kind, Scheduled, State, may_withdraw, scheduled
from domain.time import MINUTE, local_date
from projections.views import Told, Views, among, marked, stored

TABLES = (
    """calendar (participant TEXT, key TEXT, site TEXT NOT NULL, zone TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    title TEXT NOT NULL, state TEXT NOT NULL, starts TEXT NOT NULL, ends TEXT NOT NULL, target TEXT NOT NULL, whole_days INTEGER NOT NULL,
    first_day INTEGER NOT NULL, last_day INTEGER NOT NULL, reach INTEGER NOT NULL,
    PRIMARY KEY (participant, key)) STRICT, WITHOUT ROWID""",
    """calendar_records (participant TEXT PRIMARY KEY, site TEXT NOT NULL, version INTEGER NOT NULL, recorded_at TEXT NOT NULL,
    withdrew INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
)
INDEXES = ("lies ON calendar (site, reach, first_day, last_day, state, kind)",)
COLUMNS = "participant, site, zone, key, kind, name, title, state, starts, ends, target, whole_days, first_day, last_day"
LENGTHS = f"WITH lengths (reach, days) AS (VALUES {', '.join(f'({reach}, {1 << reach})' for reach in range(23))})"
"""How many dates a row of each reach is at most long; the last of them reaches over every date that there is.

What touches a date began no longer before it than that, so that rows of each reach are found by where they begin, however much lies
ahead of them or was before.
"""
PRESSING = (
    "state IN ('completed', 'missed', 'omitted'), CASE kind WHEN 'step' THEN 0 WHEN 'booked' THEN 1 ELSE 2 END, "
    "first_day, last_day, participant, key"
)
"""What presses most first: steps, then appointments, then windows; what is settled comes last."""


class Row(NamedTuple):
    """Something of a participant that stands in the calendar, as `domain.scheduled` says it.

    Instants are in UTC, `zone` is the site's; `first` and `last` are the dates there on which it lies, both included.
    """

    participant: str
    site: str
    zone: str
    key: str
    kind: Kind
    name: str
    title: str
    state: State
    starts: datetime
    ends: datetime
    target: datetime
    whole_days: bool
    first: date
    last: date


class Record(NamedTuple):
    """A participant whose record the calendar tells of: its version, when it last grew, and whether anything may have been withdrawn."""

    participant: str
    site: str
    version: int
    recorded_at: datetime
    withdrew: bool


class Calendar(NamedTuple):
    """All that stands at some sites from an instant on, of everybody whom the views tell of up to a position in the ledger."""

    position: int
    rows: tuple[Row, ...]
    records: tuple[Record, ...]


class Place(NamedTuple):
    """A row by its name, with the dates on which it lies."""

    participant: str
    key: str
    first: date
    last: date


class Standing(NamedTuple):
    """What stands at some sites, as the views tell at one instant, and was not withdrawn. Bounds are dates at each site, both included."""

    connection: sqlite3.Connection
    sites: tuple[str, ...]

    def counted(self, first: date, last: date) -> tuple[int, ...]:
        """How much stands on each of these dates."""
        changes = [0] * ((last - first).days + 2)
        begins, ends = first.toordinal(), last.toordinal()
        asked = self._asked("max(first_day, ?), min(last_day, ?), count(*)", "GROUP BY 1, 2")
        for since, until, number in self.connection.execute(asked, (begins, ends, *self._lying(first, last))):
            changes[since - begins] += number
            changes[until - begins + 1] -= number
        return tuple(accumulate(changes[:-1]))

    def number(self, first: date, last: date) -> int:
        """How much stands on any of these dates."""
        return int(self.connection.execute(self._asked("count(*)"), self._lying(first, last)).fetchone()[0])

    def pressing(self, first: date, last: date, most: int) -> Iterator[Place]:
        """What stands on any of these dates, what presses most first; of what lies on the very same ones of them so many at most."""
        begins, ends = first.toordinal(), last.toordinal()
        alike = f"row_number() OVER (PARTITION BY max(first_day, ?), min(last_day, ?) ORDER BY {PRESSING}) AS number"
        every = self._asked(f"participant, key, first_day, last_day, state, kind, {alike}")
        asked = f"SELECT participant, key, first_day, last_day FROM ({every}) WHERE number <= ? ORDER BY {PRESSING}"  # noqa: S608 - The words are ours.
        for participant, key, since, until in self.connection.execute(asked, (begins, ends, *self._lying(first, last), most)):
            yield Place(participant, key, date.fromordinal(since), date.fromordinal(until))

    def listed(self, first: date, last: date, limit: int, skipped: int = 0) -> tuple[Row, ...]:
        """Some of the same, by the date on which each begins or, where that was before them, by the first of these."""
        asked = self._asked("participant, key", f"ORDER BY max(first_day, ?), {PRESSING} LIMIT ? OFFSET ?")
        given = (*self._lying(first, last), first.toordinal(), limit, skipped)
        return tuple(self.row(*place) for place in self.connection.execute(asked, given).fetchall())

    def row(self, participant: str, key: str) -> Row:
        """What has this name."""
        asked = f"SELECT {COLUMNS} FROM calendar WHERE participant = ? AND key = ?"  # noqa: S608 - Only marks are put in.
        return _row(*self.connection.execute(asked, (participant, key)).fetchone())

    def _asked(self, what: str, how: str = "") -> str:
        return (
            f"{LENGTHS} SELECT {what} FROM lengths CROSS JOIN calendar ON calendar.reach = lengths.reach AND {among(self.sites)} "  # noqa: S608 - The words are ours.
            f"AND first_day > ? - days AND first_day <= ? AND last_day >= ? AND state <> 'withdrawn' {how}"
        )

    def _lying(self, first: date, last: date) -> tuple[str | int, ...]:
        return (*self.sites, first.toordinal(), last.toordinal(), first.toordinal())


@contextmanager
def standing(views: Views, sites: Collection[str]) -> Iterator[Standing]:
    """What stands at these sites, for as long as somebody reads it."""
    with views.reading() as connection:
        yield Standing(connection, tuple(sites))


def calendar(views: Views, sites: Collection[str], since: datetime) -> Calendar:
    """What somebody still has to see to, or need not any more, and has not ended before an instant, at these sites."""
    states = ", ".join(f"'{state}'" for state in sorted({*UNSETTLED, "withdrawn"}))
    question = (
        f"{LENGTHS} SELECT {COLUMNS} FROM lengths CROSS JOIN calendar ON calendar.reach = lengths.reach AND {among(sites)} "  # noqa: S608 - Only marks are put in.
        f"AND first_day > ? - days AND ends >= ? AND state IN ({states}) ORDER BY participant, key"
    )
    records = f"SELECT participant, site, version, recorded_at, withdrew FROM calendar_records WHERE {among(sites)} ORDER BY participant"  # noqa: S608 - Only marks are put in.
    with views.reading() as connection:
        given = (*sites, (since - SURELY_BEFORE).toordinal(), stored(since))
        return Calendar(
            marked(connection).position,
            tuple(_row(*values) for values in connection.execute(question, given)),
            tuple(_record(*values) for values in connection.execute(records, tuple(sites))),
        )


SURELY_BEFORE = timedelta(days=2)
"""No site's dates lie a day away from those of UTC, and what ends with an instant lies on the date before it."""


def windows_of(views: Views, participants: Sequence[str]) -> tuple[Row, ...]:
    """The windows of these participants' visits."""
    marks = ", ".join("?" * len(participants))
    question = f"SELECT {COLUMNS} FROM calendar WHERE participant IN ({marks}) AND kind = 'window'"  # noqa: S608 - Only marks are put in.
    with views.reading() as connection:
        return tuple(_row(*values) for values in connection.execute(question, tuple(participants)))


def apply(views: sqlite3.Connection, told: Told) -> None:
    """Write anew what stands of a participant."""
    one, zone = told.participant, told.zone
    was = views.execute("SELECT withdrew FROM calendar_records WHERE participant = ?", (one.id,)).fetchone()
    withdrew = (was is not None and bool(was[0])) or any(may_withdraw(entry.event) for entry in told.entries)
    forget(views, one.id)
    insert(views, (row_of(one.id, one.site, zone, found) for found in scheduled(one, told.agenda.windows, told.study)))
    record = (one.id, one.site, one.version, stored(one.recorded_at), withdrew)
    views.execute("INSERT INTO calendar_records VALUES (?, ?, ?, ?, ?)", record)


def row_of(participant: str, site: str, zone: str, one: Scheduled) -> Row:
    """Something that stands in the calendar, as the view holds it."""
    ends = one.starts if one.ends == one.starts else one.ends - MINUTE
    named = (participant, site, zone, one.key, one.kind, one.name, one.title, one.state)
    return Row(*named, one.starts, one.ends, one.target, one.whole_days, local_date(one.starts, zone), local_date(ends, zone))


def insert(views: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Have rows stand in the calendar."""
    marks = f"{COLUMNS}, reach) VALUES ({', '.join('?' * len(Row._fields))}, ?)"
    views.executemany(f"INSERT INTO calendar ({marks}", map(_values, rows))


def forget(views: sqlite3.Connection, participant_id: str) -> None:
    """Take a participant out of the calendar."""
    views.execute("DELETE FROM calendar WHERE participant = ?", (participant_id,))
    views.execute("DELETE FROM calendar_records WHERE participant = ?", (participant_id,))


def _row(*values: Any) -> Row:
    *named, starts, ends, target, whole_days, first, last = values
    instants = map(datetime.fromisoformat, (starts, ends, target))
    return Row._make((*named, *instants, bool(whole_days), date.fromordinal(first), date.fromordinal(last)))


def _values(row: Row) -> tuple[Any, ...]:
    """A row as it is kept, with its reach: the first power of two that is no fewer dates than it lies on."""
    *named, starts, ends, target, whole_days, first, last = row
    reach = (last - first).days.bit_length()
    return (*named, *map(stored, (starts, ends, target)), whole_days, first.toordinal(), last.toordinal(), reach)


def _record(participant: str, site: str, version: int, recorded_at: str, withdrew: int) -> Record:
    return Record(participant, site, version, datetime.fromisoformat(recorded_at), bool(withdrew))
