"""Every entry of the ledger, to be searched by who, what, when and how late; of what entries say, nothing is kept here."""

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from domain.belonging import Belongs, belongs
from domain.entry import Entry
from domain.events import FACTS, VisitBooked, begins
from domain.notices import at_work
from domain.searching import OF_ACCESSES, SHELVES, Question, Shelf
from domain.study import SiteOpened
from domain.time import local_date, working_day
from domain.words import Role, Source
from projections.views import Around, Told, Views, among, instant, stored

TABLES = (
    """entries (participant TEXT, version INTEGER NOT NULL, position INTEGER PRIMARY KEY, site TEXT NOT NULL, zone TEXT NOT NULL,
    recorded_at TEXT NOT NULL, occurred TEXT, late_minutes INTEGER, kind TEXT NOT NULL, actor TEXT NOT NULL, role TEXT NOT NULL,
    source TEXT NOT NULL, out_of_hours INTEGER NOT NULL, signed INTEGER NOT NULL, digest TEXT NOT NULL, shelf TEXT NOT NULL,
    person TEXT, UNIQUE (participant, shelf, position)) STRICT""",
    """sites_opened (site TEXT PRIMARY KEY, position INTEGER NOT NULL, opened TEXT NOT NULL) STRICT, WITHOUT ROWID""",
)
INDEXES = (
    "entries_of_a_site ON entries (site)",
    "entries_of_a_shelf ON entries (shelf, site)",
    "entries_by_somebody ON entries (actor)",
    "entries_of_a_kind ON entries (kind)",
    "entries_that_were_late ON entries (late_minutes) WHERE late_minutes IS NOT NULL",
)
"""Each is in the order of the ledger by itself, since the position is the key."""
OF_PROGRAMS = frozenset({"journey", "notices"})
"""The sources of what no person recorded."""
AT_THE_DOOR: Role = "door"
"""The role of what the door noted of somebody."""
OF_THE_STUDY, ITS_ZONE = "", "UTC"
"""What stands for the site of an entry of the whole study, and on which clocks it is told."""
IN_HOURS, AT_THE_WEEKEND, OUTSIDE = range(3)
"""Whether people work at the site: by its hours alone it is only what is outside those on whichever day that is out of hours."""


class Row(NamedTuple):
    """An entry; `occurred` is the first instant at which it can have happened, `late_minutes` how long after the last it was recorded.

    `participant` and `person`: of whom it tells. The site of what is of the whole study is empty.
    """

    participant: str | None
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
    shelf: Shelf
    person: str | None


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
    """All that a search found, for whoever reviews it: the digests in the order of the ledger, and who recorded any of them.

    What the door noted of somebody was recorded by nobody: a stranger at the door can bring it about in anybody's name.
    """

    digests: tuple[str, ...]
    actors: frozenset[str]


def found_in_all(views: Views, question: Question, bounds: Bounds) -> Found:
    """Everything that a search finds, of each entry its digest and its actor."""
    condition, given = _condition(question, bounds)
    asked = f"SELECT digest, actor, role FROM entries WHERE {condition} ORDER BY position"  # noqa: S608 - Only marks are put in.
    with views.reading() as connection:
        rows = connection.execute(asked, given).fetchall()
    return Found(tuple(digest for digest, *_ in rows), frozenset(actor for _, actor, role in rows if role != AT_THE_DOOR))


def apply(views: sqlite3.Connection, told: Told) -> None:
    """Add what is new."""
    site = told.study.record.sites[told.participant.site]
    whose = Belongs(site.site, told.participant.id)
    _add(views, (_kept("participants", entry, whose, site) for entry in told.entries))


def forget(views: sqlite3.Connection, participant_id: str) -> None:
    """Take the entries of a participant's record out."""
    views.execute("DELETE FROM entries WHERE participant = ? AND shelf = 'participants'", (participant_id,))


def apply_around(views: sqlite3.Connection, told: Around) -> None:
    """Add what is new around the participants. Where the sites are is kept, since entries of another stream may be told alone."""
    opened = [entry for entry in told.entries if isinstance(entry.event, SiteOpened)]
    said = [(entry.event.site, entry.position, entry.event.model_dump_json()) for entry in opened]
    views.executemany("INSERT OR REPLACE INTO sites_opened VALUES (?, ?, ?)", said)
    sites = {site: (position, SiteOpened.model_validate_json(one)) for site, position, one in views.execute("SELECT * FROM sites_opened")}
    _add(views, (_kept_around(told.shelf, entry, sites) for entry in told.entries))


def forget_around(views: sqlite3.Connection, shelf: Shelf) -> None:
    """Take the entries of a shelf out; the sites stay where they are."""
    views.execute("DELETE FROM entries WHERE shelf = ?", (shelf,))


def _add(views: sqlite3.Connection, rows: Iterator[tuple[object, ...]]) -> None:
    marks = ", ".join("?" * len(Row._fields))
    views.executemany(f"INSERT INTO entries VALUES ({marks})", rows)  # noqa: S608 - Only marks are put in.


def _kept_around(shelf: Shelf, entry: Entry[Any], sites: Mapping[str, tuple[int, SiteOpened]]) -> tuple[object, ...]:
    """A row of what is no participant's; of a site that was not open yet, whose entries nobody there could see, it is the whole study's."""
    whose = belongs(entry.event)
    position, site = sites.get(whose.site or OF_THE_STUDY, (0, None))
    return _kept(shelf, entry, whose, site if position <= entry.position else None)


def _kept(shelf: Shelf, entry: Entry[Any], whose: Belongs, site: SiteOpened | None) -> tuple[object, ...]:
    """A row of the table: what an entry said when it was recorded, whatever was corrected since."""
    who, event, zone, occurred, late = entry.circumstances, entry.event, site.zone if site else ITS_ZONE, None, None
    if isinstance(event, FACTS) and not isinstance(event, VisitBooked):
        span = begins(event).span(zone)
        occurred, late = span.earliest, max(0, int((entry.recorded_at - span.latest).total_seconds() // 60))
    return (
        whose.participant,
        entry.version,
        entry.position,
        site.site if site else OF_THE_STUDY,
        zone,
        stored(entry.recorded_at),
        stored(occurred),
        late,
        event.kind,
        who.actor.id,
        who.actor.role,
        who.source,
        IN_HOURS if site is None or who.source in OF_PROGRAMS else _hours(entry.recorded_at, site),
        who.signature is not None,
        entry.digest,
        shelf,
        whose.person,
    )


def _hours(instant_: datetime, site: SiteOpened) -> int:
    """Whether people work at a site at an instant, by its clocks and its calendar."""
    if not at_work(instant_, site):
        return OUTSIDE
    return IN_HOURS if working_day(local_date(instant_, site.zone)) else AT_THE_WEEKEND


def _condition(question: Question, bounds: Bounds) -> tuple[str, tuple[object, ...]]:
    """The condition that a row is looked for, and what its marks stand for."""
    parts = list(_parts(question, bounds))
    return " AND ".join(part for part, _ in parts), tuple(value for _, values in parts for value in values)


def _parts(question: Question, bounds: Bounds) -> Iterator[tuple[str, tuple[object, ...]]]:
    sites = (*question.sites, OF_THE_STUDY) if question.whole_study else question.sites
    yield among(sites), sites
    if question.shelves != SHELVES:
        yield f"shelf IN ({', '.join('?' * len(question.shelves))})", question.shelves
    if question.whole_study and not question.accesses:
        yield f"(site <> ? OR shelf NOT IN ({', '.join('?' * len(OF_ACCESSES))}))", (OF_THE_STUDY, *OF_ACCESSES)
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
        yield "out_of_hours >= ?", (OUTSIDE if question.over is None else AT_THE_WEEKEND,)
    if question.mark == "signature":
        yield "signed = 1", ()


def _row(values: tuple[object, ...]) -> Row:
    row = Row._make(values)
    at, occurred = instant(str(row.recorded_at)), instant(None if row.occurred is None else str(row.occurred))
    assert at is not None, "an entry was recorded at an instant"  # noqa: S101 - cannot happen; see house style
    return row._replace(recorded_at=at, occurred=occurred, out_of_hours=bool(row.out_of_hours), signed=bool(row.signed))
