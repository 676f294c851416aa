"""Telling the views about one participant: folded once, in one go, and parked when the record cannot be told."""

import sqlite3
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path

import structlog

from domain.entry import Entry
from domain.events import EntryCorrected, EntryRetracted, Event
from domain.folding import as_of, evolve, fold
from domain.participant import PARTICIPANT, Participant
from domain.study import Study
from projections.views import Told, View
from store.errors import DamagedEntry, Fault, StoreError
from store.ledger import Ledger, Unreadable
from store.study import StudyDesk

log = structlog.get_logger()


def tell(connection: sqlite3.Connection, views: Sequence[View], place: Unreadable, told: Callable[[], Told | None]) -> Participant | None:
    """Let every view take in what `told` finds out; a record that cannot be told is parked, under `place` with the reason.

    Faults of a database are raised: they are nobody's record.
    """
    connection.execute("SAVEPOINT told")
    try:
        found = told()
        if found is not None:
            _take_in(connection, views, found)
    except (Fault, sqlite3.OperationalError):
        raise
    except Exception as error:  # noqa: BLE001 - Whatever is wrong with one record, the others go on.
        connection.execute("ROLLBACK TO told")
        park(connection, views, _blamed(error, place))
        found = None
    connection.execute("RELEASE told")
    return found.participant if found else None


def told_anew(ledger: Ledger, stream: str, study: Study, position: int) -> Told | None:
    """The whole record as it stood at a position of the ledger, if it had begun. Raises DamagedEntry."""
    entries = [entry for entry in ledger.read(stream) if entry.position <= position]
    return Told(fold(entries), study, entries, anew=True) if entries else None


@dataclass(frozen=True, slots=True)
class Anew:
    """Tells whole records under the study as it stands; without a study there is nobody to tell of."""

    ledger: Ledger
    views: Sequence[View]
    study: Study | None

    def tell(self, connection: sqlite3.Connection, streams: Sequence[str], position: int) -> None:
        """Tell these records as they stood at a position of the ledger, those that were parked too."""
        for stream in streams if self.study else ():
            connection.execute("DELETE FROM main.parked WHERE stream = ?", (stream,))
            tell(connection, self.views, Unreadable(position, stream, 0, ""), partial(self._told, stream, position))

    def _told(self, stream: str, position: int) -> Told | None:
        return told_anew(self.ledger, stream, self.study, position) if self.study else None


def told_further(was: Participant, entries: Sequence[Entry[Event]], study: Study) -> Told:
    """What comes next in a record that was told before, none of it an amendment."""
    return Told(as_of(reduce(evolve, entries, was), entries[-1]), study, entries, anew=False)


def amends(entries: Sequence[Entry[Event]]) -> bool:
    """Whether what was told before is not so any more."""
    return any(isinstance(entry.event, EntryCorrected | EntryRetracted) for entry in entries)


def park(connection: sqlite3.Connection, views: Sequence[View], found: Unreadable) -> None:
    """Leave a record out, with the reason: nothing of it is shown until it can be told again."""
    for view in views:
        view.forget(connection, found.stream.removeprefix(PARTICIPANT))
    values = (found.stream, found.version, found.position, found.why)
    connection.execute("INSERT OR REPLACE INTO parked (stream, version, position, why) VALUES (?, ?, ?, ?)", values)
    log.error("parked", stream=found.stream, version=found.version, position=found.position)


def study_of(desk: StudyDesk) -> Study:
    """The study as it stands; what keeps it from being read holds up every record, so it is a fault."""
    try:
        return desk.current()
    except Fault:
        raise
    except StoreError as error:
        raise Fault(str(error)) from error


def _take_in(connection: sqlite3.Connection, views: Sequence[View], told: Told) -> None:
    for view in views:
        if told.anew:
            view.forget(connection, told.participant.id)
        view.apply(connection, told)


def _blamed(error: Exception, place: Unreadable) -> Unreadable:
    """Why a record cannot be told; of a bug only its kind and its place in the program, for its words may hold what is clinical."""
    if isinstance(error, DamagedEntry):
        return Unreadable(place.position, error.stream, error.version, error.why)
    where = traceback.extract_tb(error.__traceback__)[-1]
    why = f"the program failed on it ({type(error).__name__} in {Path(where.filename).name}, line {where.lineno})"
    return Unreadable(place.position, place.stream, place.version, why)
