"""Every entry of every participant, to be searched by who, what, when and how late; of what entries say, nothing is kept here."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from domain.entry import Entry
from domain.events import FACTS, Event, VisitBooked, begins
from domain.notices import at_work
from domain.searching import Question
from domain.study import SiteOpened
from domain.words import Role, Source
from projections.views import Told, Views, among, instant, stored

TABLES = (
    """entries (participant TEXT, version INTEGER, position INTEGER NOT NULL, site TEXT NOT NULL, zone TEXT NOT NULL,
    recorded_at TEXT NOT NULL, occurred TEXT, late_minutes INTEGER, kind TEXT NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL,
    source TEXT NOT NULL, out_of_hours INTEGER NOT NULL, signed INTEGER NOT NULL, digest TEXT NOT NULL,
    PRIMARY KEY (participant, version)) STRICT, WITHOUT ROWID""",
)
INDEXES = (
    "entries_in_order ON entries (position)",
    "entries_of_a_site ON entries (site, position)",
    "entries_by_somebody ON entries (actor, position)",
    "entries_of_a_kind ON entries (kind, position)",
    "entries_that_were_late ON entries (late_minutes, position) WHERE late_minutes IS NOT NULL",
)
OF_PROGRAMS = frozenset({"journey", "notices"})
"""The sources of what no person recorded."""


class Row(NamedTuple):
    """An entry; `occurred` is the first instant at which it can have happened, `late_minutes` how long after the last it was recorded."""

    participant: str
    version: int
    position: int
    site: str
    zone: str
    recorded_at: datetime
    occurred: datetime | None
    late_minutes: int | None
    kind: str
    actor: str
    role: Role
    source: Source
    out_of_hours: bool
    signed: bool
    digest: str


class Page(NamedTuple):
    """Some of the entries that were found, the last recorded first, and how many there are."""

    rows: tuple[Row, ...]
    found: int
    number: int
    upto: int
    """The position of the ledger up to which they were looked for."""


class Bounds(NamedTuple):
    """Between which positions of the ledger entries are looked for: after the one, up to the other; None is up to the last."""

    after: int = 0
    upto: int | None = None


def search(views: Views, question: Question, bounds: Bounds, page: int, size: int) -> Page:
    """A page of the entries, counted from 1; beyond the last page there is the last."""
    with views.reading() as connection:
        condition, given = _condition(question, bounds)
        (upto,) = connection.execute("SELECT position FROM mark").fetchone()
        (found,) = connection.execute(f"SELECT count(*) FROM entries WHERE {condition}", given).fetchone()  # noqa: S608 - Only marks are put in.
        number = min(page, max(1, -(-found // size)))
        asked = f"SELECT * FROM entries WHERE {condition} ORDER BY position DESC LIMIT ? OFFSET ?"  # noqa: S608 - Only marks are put in.
        rows = tuple(map(_row, connection.execute(asked, (*given, size, (number - 1) * size))))
        return Page(rows, found, number, upto if bounds.upto is None else min(upto, bounds.upto))


class Found(NamedTuple):
    """All that a search found, for whoever reviews it: the digests in the order of the ledger, and who recorded any of them."""

    digests: tuple[str, ...]
    actors: frozenset[str]


def found_in_all(views: Views, question: Question, bounds: Bounds) -> Found:
    """Everything that a search finds, of each entry its digest and its actor."""
    condition, given = _condition(question, bounds)
    asked = f"SELECT digest, actor FROM entries WHERE {condition} ORDER BY position"  # noqa: S608 - Only marks are put in.
    with views.reading() as connection:
        rows = connection.execute(asked, given).fetchall()
    return Found(tuple(digest for digest, _ in rows), frozenset(actor for _, actor in rows))


def apply(views: sqlite3.Connection, told: Told) -> None:
    """Add what is new."""
    site = told.study.record.sites[told.participant.site]
    rows, marks = (_kept(told.participant.id, entry, site) for entry in told.entries), ", ".join("?" * len(Row._fields))
    views.executemany(f"INSERT INTO entries VALUES ({marks})", rows)  # noqa: S608 - Only marks are put in.


def forget(views: sqlite3.Connection, participant_id: str) -> None:
    """Take a participant's entries out."""
    views.execute("DELETE FROM entries WHERE participant = ?", (participant_id,))


def _kept(participant_id: str, entry: Entry[Event], site: SiteOpened) -> tuple[object, ...]:
    """A row of the table: what an entry said when it was recorded, whatever was corrected since."""
    who, event, occurred, late = entry.circumstances, entry.event, None, None
    if isinstance(event, FACTS) and not isinstance(event, VisitBooked):
        span = begins(event).span(site.zone)
        occurred, late = span.earliest, max(0, int((entry.recorded_at - span.latest).total_seconds() // 60))
    by_a_person = who.source not in OF_PROGRAMS
    return (
        participant_id,
        entry.version,
        entry.position,
        site.site,
        site.zone,
        stored(entry.recorded_at),
        stored(occurred),
        late,
        event.kind,
        who.actor.id,
        who.actor.role,
        who.source,
        by_a_person and not at_work(entry.recorded_at, site),
        who.signature is not None,
        entry.digest,
    )


def _condition(question: Question, bounds: Bounds) -> tuple[str, tuple[object, ...]]:
    """The condition that a row is looked for, and what its marks stand for."""
    parts = list(_parts(question, bounds))
    return " AND ".join(part for part, _ in parts), tuple(value for _, values in parts for value in values)


def _parts(question: Question, bounds: Bounds) -> Iterator[tuple[str, tuple[object, ...]]]:
    yield among(question.sites), question.sites
    yield "position > ?", (bounds.after,)
    if bounds.upto is not None:
        yield "position <= ?", (bounds.upto,)
    for name in ("participant", "actor", "role", "source"):
        if (value := getattr(question, name)) is not None:
            yield f"{name} = ?", (value,)
    if question.kind or question.text or question.mark in {"correction", "override", "refusal"}:
        yield f"kind IN ({', '.join('?' * len(question.kinds))})", question.kinds
    for condition, at in (
        ("recorded_at >= ?", question.recorded_from),
        ("recorded_at <= ?", question.recorded_until),
        ("occurred >= ?", question.occurred_from),
        ("occurred <= ?", question.occurred_until),
    ):
        if at is not None:
            yield condition, (stored(at),)
    if question.late_hours is not None:
        yield "late_minutes >= ?", (question.late_hours * 60,)
    if question.out_of_hours:
        yield "out_of_hours = 1", ()
    if question.mark == "signature":
        yield "signed = 1", ()


def _row(values: tuple[object, ...]) -> Row:
    row = Row._make(values)
    at, occurred = instant(str(row.recorded_at)), instant(None if row.occurred is None else str(row.occurred))
    assert at is not None, "an entry was recorded at an instant"  # noqa: S101 - cannot happen; see house style
    return row._replace(recorded_at=at, occurred=occurred, out_of_hours=bool(row.out_of_hours), signed=bool(row.signed))
