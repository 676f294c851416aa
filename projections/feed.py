"""The feed: follows the ledger and tells every view, batch by batch, what became of whom."""

import sqlite3
from collections.abc import Sequence
from typing import Any

import structlog

from domain.belonging import shelf_of
from domain.entry import Entry
from domain.participant import PARTICIPANT, Participant
from domain.study import Study
from projections import calendar, deviations, notices, roster, search, timeline, worklist
from projections.rebuilding import digest_at, rebuild
from projections.telling import Anew, amends, in_order, park, study_of, tell, tell_around, told_anew, told_further
from projections.views import Around, Mark, Told, View, Views, marked, move, parked_in
from store.errors import Fault, LostLease
from store.follow import Batch, Follower
from store.ledger import Ledger, Unreadable
from store.recorder import Claim
from store.study import StudyDesk

PARTICIPANTS_REMEMBERED = 1024
"""Of how many participants the feed remembers the state, so that it need not read their records again."""
PARTICIPANTS_AT_ONCE = 50
"""How many participants are told again in one transaction when the study has changed."""
log = structlog.get_logger()

EVERY_VIEW: tuple[View, ...] = (worklist, timeline, deviations, calendar, roster, notices, search)


class Feed:
    """Keeps one file of views up to date. Any number of feeds may run on it: one works, the others stand by."""

    def __init__(self, ledger: Ledger, desk: StudyDesk, views: Views) -> None:
        self._ledger, self._desk, self._views = ledger, desk, views
        self._mark = Mark(0, 0, "")
        self._known: dict[str, Participant] = {}

    def follower(self) -> Follower:
        """Whoever follows the ledger for this feed: `run` it in a thread of its own, `stop` it from any other."""
        return Follower(self._ledger, "views", self, _report)

    def begin(self, claim: Claim) -> int:
        """Take the file over; views that are of another ledger, or of none, are built from its beginning."""
        self._known.clear()
        self._views.prepare()
        with self._views.writing() as connection:
            was = marked(connection)
            ours = was.position > 0 and was.digest == digest_at(self._ledger, was.position)
            if ours and was.token > claim.token:
                raise LostLease("views")
            move(connection, was, was._replace(token=claim.token) if ours else Mark(claim.token, 0, ""))
            connection.execute("DELETE FROM parked WHERE NOT ?", (ours,))
        if not ours:
            rebuild(self._ledger, self._desk, self._views)
        with self._views.reading() as connection:
            self._mark = marked(connection)
        return self._mark.position

    def take(self, batch: Batch) -> None:
        """Tell a batch, and keep its position in the same transaction; first tell everybody again if it changes the study."""
        mark = self._mark._replace(position=batch[-1].position, digest=_digest(batch[-1]))
        streams = _by_stream(batch)
        study = study_of(self._desk) if any(stream.startswith(PARTICIPANT) for stream in streams) else None
        if self._desk.stream in streams:
            self._tell_everybody_again()
        with self._views.writing() as connection:
            move(connection, self._mark, mark)
            parked = {one.stream for one in parked_in(connection)}
            for stream in in_order(stream for stream in streams if stream not in parked or not stream):
                self._tell(connection, streams[stream], study)
        self._mark = mark
        self._views.announce(mark.position)
        log.info("told", entries=len(batch), position=mark.position)

    def _tell(self, connection: sqlite3.Connection, found: Sequence[Entry[Any] | Unreadable], study: Study | None) -> None:
        stream, last = found[0].stream, found[-1]
        entries = [entry for entry in found if not isinstance(entry, Unreadable)]
        damage = [entry for entry in found if isinstance(entry, Unreadable)]
        for one in damage[:1] if stream else damage:  # A record is parked once; a gap is nobody's, so each is named.
            park(connection, self._views.views, one)
        shelf, place = shelf_of(stream), Unreadable(last.position, stream, last.version, "")
        if damage or shelf is None:
            return
        if shelf != "participants":
            tell_around(connection, self._views.views, place, lambda: Around(shelf, entries, anew=False))
        elif study is not None:
            self._remember(stream, tell(connection, self._views.views, place, lambda: self._told(entries, study)))

    def _told(self, entries: Sequence[Entry[Any]], study: Study) -> Told | None:
        """How things stand, by what is remembered where that is all that came before; by the whole record after an amendment."""
        first, last = entries[0], entries[-1]
        was = Participant() if first.version == 1 else self._known.get(first.stream)
        follows = was is not None and (was.version + 1, last.version) == (first.version, first.version + len(entries) - 1)
        if was is not None and follows and not amends(entries):
            return told_further(was, entries, study)
        whole = told_anew(self._ledger, first.stream, study, last.position)
        return whole if whole is None or amends(entries) else Told(whole.participant, study, entries, anew=False)

    def _remember(self, stream: str, participant: Participant | None) -> None:
        self._known.pop(stream, None)
        if participant is not None:
            self._known[stream] = participant
        if len(self._known) > PARTICIPANTS_REMEMBERED:
            del self._known[next(iter(self._known))]

    def _tell_everybody_again(self) -> None:
        """The study judges everybody anew, as of the position that the views tell up to."""
        anew = Anew(self._ledger, self._views.views, study_of(self._desk))
        everybody = self._ledger.streams(PARTICIPANT)
        for first in range(0, len(everybody), PARTICIPANTS_AT_ONCE):
            with self._views.writing() as connection:
                move(connection, self._mark, self._mark)
                parked = {one.stream for one in parked_in(connection)}
                streams = [stream for stream in everybody[first : first + PARTICIPANTS_AT_ONCE] if stream not in parked]
                anew.tell(connection, streams, self._mark.position)


def _by_stream(batch: Batch) -> dict[str, list[Entry[Any] | Unreadable]]:
    """The entries of each stream, in their order."""
    streams: dict[str, list[Entry[Any] | Unreadable]] = {}
    for entry in batch:
        streams.setdefault(entry.stream, []).append(entry)
    return streams


def _digest(entry: Entry[Any] | Unreadable) -> str:
    return "" if isinstance(entry, Unreadable) else entry.digest


def _report(trouble: Fault | LostLease) -> None:
    log.warning("feed-interrupted", error=type(trouble).__name__)
