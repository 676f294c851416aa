"""The timeline: everything on record of one participant in its order, with the windows of the visits and the deviations that stand."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter

from domain.base import Value
from domain.entry import Entry
from domain.events import EntryCorrected, EntryRetracted, Event, VisitBooked
from domain.participant import PARTICIPANT
from domain.protocol import Anchor
from domain.time import When
from domain.visits import State
from domain.words import DeviationCategory, Role, Source
from projections.sentences import says, sentence
from projections.views import Parked, Told, Views, parked_in, stored

TABLES = (
    """timeline (participant TEXT PRIMARY KEY, site TEXT NOT NULL, zone TEXT NOT NULL, protocol INTEGER NOT NULL, version INTEGER NOT NULL,
    windows BLOB NOT NULL, awaiting BLOB NOT NULL, deviations BLOB NOT NULL) STRICT, WITHOUT ROWID""",
    """timeline_entries (participant TEXT, version INTEGER, position INTEGER NOT NULL, recorded_at TEXT NOT NULL, occurred TEXT,
    kind TEXT NOT NULL, says TEXT NOT NULL, said TEXT, amended_by INTEGER, retracted INTEGER NOT NULL, actor TEXT NOT NULL,
    role TEXT NOT NULL, source TEXT NOT NULL, reason TEXT, PRIMARY KEY (participant, version)) STRICT, WITHOUT ROWID""",
)


class Line(Value):
    """One entry. `says` is what it says now, `said` what it said before it was corrected."""

    version: int
    position: int
    recorded_at: datetime
    occurred: When | None
    """When it happened, as precisely as it is known."""
    kind: str
    says: str
    said: str | None
    amended_by: int | None
    """The entry that corrected it, or took it back."""
    retracted: bool
    actor: str
    role: Role
    source: Source
    reason: str | None


class Window(Value):
    """A visit with its window: dates at the site, both included, and the instants between which it may take place.

    Of a window `in_hours` the instants say more than the dates.
    """

    visit: str
    title: str
    opens: date
    target: date
    closes: date
    opens_at: datetime
    target_at: datetime
    closes_at: datetime
    in_hours: bool
    state: State
    held: When | None
    """When the visit took place."""
    booked: When | None
    """When the visit is to take place."""
    missing: tuple[str, ...]
    """The required assessments that are missing, of a visit that took place."""
    firm: bool
    """Whether the window no longer moves with a plan."""


class Awaits(Value):
    """Visits without a window, because what they are counted from has not happened."""

    anchor: Anchor
    visits: tuple[str, ...]


class Standing(Value):
    """A protocol deviation that stands, proposed or final, reviewed as it stands or not, and the entry that says so."""

    key: str
    says: str
    final: bool
    entry: int
    category: DeviationCategory
    important: bool
    reviewed: bool


WINDOWS = TypeAdapter(tuple[Window, ...])
AWAITING = TypeAdapter(tuple[Awaits, ...])
DEVIATIONS = TypeAdapter(tuple[Standing, ...])


class Timeline(Value):
    """Everything on record of a participant. Instants are in UTC, `zone` is the site's."""

    participant: str
    site: str
    zone: str
    protocol: int
    version: int
    entries: tuple[Line, ...]
    windows: tuple[Window, ...]
    awaiting: tuple[Awaits, ...]
    deviations: tuple[Standing, ...]


def timeline(views: Views, participant_id: str, latest: int | None = None) -> Timeline | Parked | None:
    """A participant's timeline, or its `latest` entries only; why there is none, where the record cannot be told; None for nobody."""
    with views.reading() as connection:
        head = connection.execute("SELECT * FROM timeline WHERE participant = ?", (participant_id,)).fetchone()
        if head is None:
            return next((one for one in parked_in(connection) if one.stream == PARTICIPANT + participant_id), None)
        participant, site, zone, protocol, version, windows, awaiting, deviations = head
        return Timeline(
            participant=participant,
            site=site,
            zone=zone,
            protocol=protocol,
            version=version,
            entries=tuple(_lines(connection, participant_id, max(0, version - latest) if latest is not None else 0)),
            windows=WINDOWS.validate_json(windows),
            awaiting=AWAITING.validate_json(awaiting),
            deviations=DEVIATIONS.validate_json(deviations),
        )


def apply(views: sqlite3.Connection, told: Told) -> None:
    """Add what is new, and write anew what stands."""
    one, zone = told.participant, told.zone
    amended = _amended(told.entries)
    rows = [_kept(one.id, entry, amended.get(entry.version), zone) for entry in told.entries]
    views.executemany("INSERT INTO timeline_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    windows = WINDOWS.dump_json(tuple(Window.model_validate(window, from_attributes=True) for window in told.agenda.windows))
    awaiting = AWAITING.dump_json(tuple(Awaits.model_validate(each, from_attributes=True) for each in told.agenda.awaiting))
    deviations = DEVIATIONS.dump_json(tuple(Standing.model_validate(each, from_attributes=True) for each in one.deviations.values()))
    stands = (one.id, one.site, zone, one.protocol, one.version, windows, awaiting, deviations)
    views.execute("INSERT OR REPLACE INTO timeline VALUES (?, ?, ?, ?, ?, ?, ?, ?)", stands)


def forget(views: sqlite3.Connection, participant_id: str) -> None:
    """Take everything of a participant out."""
    views.execute("DELETE FROM timeline_entries WHERE participant = ?", (participant_id,))
    views.execute("DELETE FROM timeline WHERE participant = ?", (participant_id,))


Amended = tuple[int, EntryCorrected | EntryRetracted]
"""The version of an amending entry, and what it says."""


def _amended(entries: Sequence[Entry[Event]]) -> dict[int, Amended]:
    """Of each amended entry the last amendment."""
    return {
        entry.event.entry: (entry.version, entry.event) for entry in entries if isinstance(entry.event, EntryCorrected | EntryRetracted)
    }


def _kept(participant_id: str, entry: Entry[Event], amended: Amended | None, zone: str) -> tuple[Any, ...]:
    """A row of the table of entries."""
    by, amendment = amended or (None, None)
    corrected = amendment.fact if isinstance(amendment, EntryCorrected) else None
    said = sentence(entry, zone)
    who = entry.circumstances
    return (
        participant_id,
        entry.version,
        entry.position,
        stored(entry.recorded_at),
        _occurred(corrected or entry.event),
        entry.event.kind,
        says(corrected, zone) if corrected else said,
        said if corrected else None,
        by,
        isinstance(amendment, EntryRetracted),
        who.actor.id,
        who.actor.role,
        who.source,
        who.reason,
    )


def _occurred(event: Event) -> str | None:
    """When it happened, where the event says so; a course of medication when it began. An appointment has not happened."""
    stated = {} if isinstance(event, VisitBooked) else vars(event)
    at = stated.get("start") or stated.get("at")
    return at.root if isinstance(at, When) else None


def _lines(views: sqlite3.Connection, participant_id: str, after: int) -> Iterator[Line]:
    found = views.execute(
        "SELECT version, position, recorded_at, occurred, kind, says, said, amended_by, retracted, actor, role, source, reason "
        "FROM timeline_entries WHERE participant = ? AND version > ? ORDER BY version",
        (participant_id, after),
    )
    for version, position, recorded_at, occurred, kind, says_, said, amended_by, retracted, actor, role, source, reason in found:
        yield Line(
            version=version,
            position=position,
            recorded_at=datetime.fromisoformat(recorded_at),
            occurred=When(occurred) if occurred else None,
            kind=kind,
            says=says_,
            said=said,
            amended_by=amended_by,
            retracted=bool(retracted),
            actor=actor,
            role=role,
            source=source,
            reason=reason,
        )
