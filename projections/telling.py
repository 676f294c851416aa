"""Telling the views about one stream: folded once, in one go, and parked when it cannot be told."""

import sqlite3
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path
from typing import TypeVar

import structlog

from domain.belonging import shelf_of
from domain.entry import Entry
from domain.events import EntryCorrected, EntryRetracted, Event
from domain.folding import as_of, evolve, fold
from domain.participant import PARTICIPANT, Participant
from domain.searching import Shelf
from domain.study import STUDY, Study
from projections.views import Around, Told, View, ViewOfAll
from store.errors import DamagedEntry, Fault, StoreError
from store.ledger import Ledger, Unreadable
from store.study import StudyDesk

T = TypeVar("T")
log = structlog.get_logger()


def tell(connection: sqlite3.Connection, views: Sequence[View], place: Unreadable, told: Callable[[], Told | None]) -> Participant | None:
    """Let every view take in what `told` finds out; a record that cannot be told is parked, under `place` with the reason.

    Faults of a database are raised: they are nobody's record.
    """

    def take() -> Participant | None:
        if (found := told()) is not None:
            _take_in(connection, views, found)
        return found.participant if found else None

    return _or_parked(connection, views, place, take)


def tell_around(connection: sqlite3.Connection, views: Sequence[View], place: Unreadable, told: Callable[[], Around]) -> None:
    """The same of what stands around the participants, to the views that tell of it."""

    def take() -> None:
        found = told()
        for view in views:
            if isinstance(view, ViewOfAll):
                if found.anew:
                    view.forget_around(connection, found.shelf)
                view.apply_around(connection, found)

    _or_parked(connection, views, place, take)


def told_anew(ledger: Ledger, stream: str, study: Study, position: int) -> Told | None:
    """The whole record as it stood at a position of the ledger, if it had begun. Raises DamagedEntry."""
    entries = _upto(ledger, stream, position)
    return Told(fold(entries), study, entries, anew=True) if entries else None


@dataclass(frozen=True, slots=True)
class Anew:
    """Tells whole streams under the study as it stands; without a study there is no participant to tell of."""

    ledger: Ledger
    views: Sequence[View]
    study: Study | None

    def tell(self, connection: sqlite3.Connection, streams: Iterable[str], position: int) -> None:
        """Tell these streams as they stood at a position of the ledger, those that were parked too."""
        for stream in in_order(streams):
            shelf, place = shelf_of(stream), Unreadable(position, stream, 0, "")
            connection.execute("DELETE FROM main.parked WHERE stream = ?", (stream,))
            if stream.startswith(PARTICIPANT):
                tell(connection, self.views, place, partial(self._told, stream, position))
            elif shelf is not None:
                tell_around(connection, self.views, place, partial(self._around, shelf, stream, position))

    def _told(self, stream: str, position: int) -> Told | None:
        return told_anew(self.ledger, stream, self.study, position) if self.study else None

    def _around(self, shelf: Shelf, stream: str, position: int) -> Around:
        return Around(shelf, _upto(self.ledger, stream, position), anew=True)


def in_order(streams: Iterable[str]) -> list[str]:
    """Streams in the order in which they are told: the study's first, for it says where the sites are."""
    return sorted(streams, key=lambda stream: not stream.startswith(STUDY))


def told_further(was: Participant, entries: Sequence[Entry[Event]], study: Study) -> Told:
    """What comes next in a record that was told before, none of it an amendment."""
    return Told(as_of(reduce(evolve, entries, was), entries[-1]), study, entries, anew=False)


def amends(entries: Sequence[Entry[Event]]) -> bool:
    """Whether what was told before is not so any more."""
    return any(isinstance(entry.event, EntryCorrected | EntryRetracted) for entry in entries)


def park(connection: sqlite3.Connection, views: Sequence[View], found: Unreadable) -> None:
    """Leave a stream out, with the reason: nothing of it is shown until it can be told again."""
    shelf = shelf_of(found.stream)
    for view in views:
        if found.stream.startswith(PARTICIPANT):
            view.forget(connection, found.stream.removeprefix(PARTICIPANT))
        elif shelf is not None and isinstance(view, ViewOfAll):
            view.forget_around(connection, shelf)
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


def _upto(ledger: Ledger, stream: str, position: int) -> list[Entry[Event]]:
    return [entry for entry in ledger.read(stream) if entry.position <= position]


def _or_parked(connection: sqlite3.Connection, views: Sequence[View], place: Unreadable, take: Callable[[], T]) -> T | None:
    connection.execute("SAVEPOINT told")
    try:
        found = take()
    except (Fault, sqlite3.OperationalError):
        raise
    except Exception as error:  # noqa: BLE001 - Whatever is wrong with one stream, the others go on.
        connection.execute("ROLLBACK TO told")
        park(connection, views, _blamed(error, place))
        found = None
    connection.execute("RELEASE told")
    return found


def _take_in(connection: sqlite3.Connection, views: Sequence[View], told: Told) -> None:
    for view in views:
        if told.anew:
            view.forget(connection, told.participant.id)
        view.apply(connection, told)


def _blamed(error: Exception, place: Unreadable) -> Unreadable:
    """Why a stream cannot be told; of a bug only its kind and its place in the program, for its words may hold what is clinical."""
    if isinstance(error, DamagedEntry):
        return Unreadable(place.position, error.stream, error.version, error.why)
    where = traceback.extract_tb(error.__traceback__)[-1]
    why = f"the program failed on it ({type(error).__name__} in {Path(where.filename).name}, line {where.lineno})"
    return Unreadable(place.position, place.stream, place.version, why)
