"""The calendar: where windows of visits, appointments and slots of steps lie, for everybody at some sites.

What was withdrawn is found in the record itself when somebody asks; the view says whose record can tell of anything like that.
"""

import sqlite3
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from domain.scheduled import UNSETTLED, Kind, State, may_withdraw, scheduled
from projections.views import Told, Views, among, marked, stored

TABLES = (
    """calendar (participant TEXT, key TEXT, site TEXT NOT NULL, zone TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    title TEXT NOT NULL, state TEXT NOT NULL, starts TEXT NOT NULL, ends TEXT NOT NULL, target TEXT NOT NULL, whole_days INTEGER NOT NULL,
    PRIMARY KEY (participant, key)) STRICT, WITHOUT ROWID""",
    """calendar_records (participant TEXT PRIMARY KEY, site TEXT NOT NULL, version INTEGER NOT NULL, recorded_at TEXT NOT NULL,
    withdrew INTEGER NOT NULL) STRICT, WITHOUT ROWID""",
)
INDEXES = ("lies ON calendar (site, ends, starts)",)
COLUMNS = "participant, site, zone, key, kind, name, title, state, starts, ends, target, whole_days"


class Row(NamedTuple):
    """Something of a participant that stands in the calendar, as `domain.scheduled` says it. Instants are in UTC, `zone` is the site's."""

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


def calendar(views: Views, sites: Collection[str], since: datetime) -> Calendar:
    """What somebody still has to see to, or need not any more, and has not ended before an instant, at these sites."""
    states = ", ".join(f"'{state}'" for state in sorted({*UNSETTLED, "withdrawn"}))
    question = f"SELECT {COLUMNS} FROM calendar WHERE {among(sites)} AND ends >= ? AND state IN ({states}) ORDER BY participant, key"  # noqa: S608 - Only marks are put in.
    records = f"SELECT participant, site, version, recorded_at, withdrew FROM calendar_records WHERE {among(sites)} ORDER BY participant"  # noqa: S608 - Only marks are put in.
    with views.reading() as connection:
        return Calendar(
            marked(connection).position,
            tuple(_row(*values) for values in connection.execute(question, (*sites, stored(since)))),
            tuple(_record(*values) for values in connection.execute(records, tuple(sites))),
        )


def between(views: Views, sites: Collection[str], start: datetime, end: datetime) -> tuple[Row, ...]:
    """What lies at least partly between two instants and was not withdrawn, at these sites, in the order in which it starts."""
    question = (
        f"SELECT {COLUMNS} FROM calendar WHERE {among(sites)} AND ends >= ? AND starts < ? AND (ends > ? OR starts = ends) "  # noqa: S608 - Only marks are put in.
        "AND state <> 'withdrawn' ORDER BY starts, ends, participant, key"
    )
    with views.reading() as connection:
        return tuple(_row(*values) for values in connection.execute(question, (*sites, stored(start), stored(end), stored(start))))


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
    rows = [
        (
            one.id,
            found.key,
            one.site,
            zone,
            found.kind,
            found.name,
            found.title,
            found.state,
            stored(found.starts),
            stored(found.ends),
            stored(found.target),
            found.whole_days,
        )
        for found in scheduled(one, told.agenda.windows, told.study)
    ]
    views.executemany("INSERT INTO calendar VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    record = (one.id, one.site, one.version, stored(one.recorded_at), withdrew)
    views.execute("INSERT INTO calendar_records VALUES (?, ?, ?, ?, ?)", record)


def forget(views: sqlite3.Connection, participant_id: str) -> None:
    """Take a participant out of the calendar."""
    views.execute("DELETE FROM calendar WHERE participant = ?", (participant_id,))
    views.execute("DELETE FROM calendar_records WHERE participant = ?", (participant_id,))


def _row(*values: Any) -> Row:
    *named, starts, ends, target, whole_days = values
    return Row._make((*named, *map(datetime.fromisoformat, (starts, ends, target)), bool(whole_days)))


def _record(participant: str, site: str, version: int, recorded_at: str, withdrew: int) -> Record:
    return Record(participant, site, version, datetime.fromisoformat(recorded_at), bool(withdrew))
