"""The desk where requests about participants are granted or refused."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from threading import Lock

from domain.agenda import Agenda, agenda
from domain.commands import Command, Register
from domain.decisions import decide
from domain.decisions.joining import of_another_site
from domain.entry import Circumstances, Draft, Entry
from domain.events import Event, Refusal
from domain.participant import PARTICIPANT
from domain.record import Record
from domain.rejections import Reason, Refused, refuse_if
from domain.study import Study
from store.errors import CommandReused, DamagedEntry
from store.glance import glanced
from store.ledger import Ledger
from store.orders import Appended
from store.people import raced
from store.study import StudyDesk

RECORDS_REMEMBERED = 64
"""A page asks for the same record several times, and a form that is sent soon after its page was shown asks for it once more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request brought about, and the version of the stream after it."""

    events: tuple[Event, ...]
    version: int


class Overtaken(Refused):
    """Somebody recorded something that whoever asks had not seen; `since` is what."""

    def __init__(self, since: tuple[Entry[Event], ...]) -> None:
        self.since = since
        entries = ", ".join(str(entry.version) for entry in since)
        super().__init__(Reason(code="overtaken", says=f"meanwhile somebody else has recorded entry {entries}; look at that first"))


def by_people(record: Record) -> Iterator[Entry[Event]]:
    """The entries that people wrote: what programs add by themselves overtakes nobody."""
    return (entry for entry in record.entries if entry.circumstances.source not in {"journey", "notices"})


def _nameless(entries: Iterable[Entry[Event]]) -> list[Entry[Event]]:
    return [entry if entry.identifiers is None else replace(entry, identifiers=None) for entry in entries]


class Participants:
    """Reads records, and records what requests bring about; every write goes through here."""

    def __init__(self, ledger: Ledger, desk: StudyDesk) -> None:
        self.ledger = ledger
        self.desk = desk
        self._lock = Lock()
        self._remembered: OrderedDict[str, Record] = OrderedDict()

    def ids(self) -> list[str]:
        """Every participant, in alphabetical order."""
        return [stream.removeprefix(PARTICIPANT) for stream in self.ledger.streams(PARTICIPANT)]

    def read(self, participant_id: str) -> Record:
        """A participant's record: of one that was read before, only what has been added since is read, proved and folded.

        It names nobody: who somebody is stands in the ledger alone, where erasing their key takes it away. Raises DamagedEntry.
        """
        length = glanced((self, participant_id), lambda: self.ledger.version_of(PARTICIPANT + participant_id))
        with self._lock:
            known = self._remembered.get(participant_id)
        if known is not None and known.version == length:
            return known
        record = self._read(participant_id, known)
        with self._lock:
            self._remembered[participant_id] = record
            self._remembered.move_to_end(participant_id)
            while len(self._remembered) > RECORDS_REMEMBERED:
                self._remembered.popitem(last=False)
        return record

    def _read(self, participant_id: str, known: Record | None) -> Record:
        """What follows a record that is known; the whole of it where that is not what the ledger holds any more."""
        if known is not None and known.entries:
            with suppress(DamagedEntry):
                return known.grown(_nameless(self.ledger.read(known.stream, known.entries[-1])))
        return Record.of(participant_id, _nameless(self.ledger.read(PARTICIPANT + participant_id)))

    def study(self) -> Study:
        return self.desk.current()

    def agenda(self, participant_id: str) -> tuple[Record, Agenda]:
        """A participant's record, and what falls due by it."""
        record = self.read(participant_id)
        return record, agenda(record.participant, self.study())

    def handle(self, participant_id: str, command: Command, by: Circumstances, *, seen: int | None = None) -> Outcome:
        """Record what a request brings about, at the ledger's clock; a request that came before has the outcome it had.

        `seen` is the version of the record that whoever asks had before them. Raises Refused with every reason, Overtaken where a
        person has recorded something since, CommandReused, or a Fault of the store. Of a refused step the refusal is recorded.
        """
        request = _Request(participant_id, command, by, seen)
        known = self.ledger.outcome(by.actor.id, by.command_id)
        if known is not None:
            return self._as_remembered(known, request)
        return raced(lambda: self._append(*self._granted(request, by), request))

    def weigh(self, participant_id: str, command: Command, supposed: Circumstances, *, seen: int | None = None) -> None:
        """Refuse now what would be refused even under the signature that is supposed, before whoever asks proves that it is theirs.

        Raises as `handle` does, and has a refusal recorded where `handle` would, without the signature. What would be granted is not
        recorded, and what came before is not weighed again.
        """
        request = _Request(participant_id, command, supposed.model_copy(update={"signature": None}), seen)
        known = self.ledger.outcome(supposed.actor.id, supposed.command_id)
        if known is None:
            raced(lambda: self._granted(request, supposed))
        elif known.digest == request.digest:
            self._as_remembered(known, request)

    def _granted(self, request: "_Request", by: Circumstances) -> tuple[Record, Study, tuple[Event, ...]]:
        """What a request brings about under these circumstances, and on what that was decided."""
        study = self.study()
        if isinstance(request.command, Register):  # Nor does anybody hear of another site's code that what stands under it cannot be read.
            refuse_if(of_another_site(request.command, request.participant_id, study))
        record = self.read(request.participant_id)
        if request.seen is not None and (since := tuple(entry for entry in by_people(record) if entry.version > request.seen)):
            raise Overtaken(since)
        at = max(self.ledger.clock(), record.participant.recorded_at)
        try:
            return record, study, decide(request.command, record, study, at, by)
        except Refused as refusal:
            if refusal.recorded is not None:
                self._append(record, study, (refusal.recorded,), request)
            raise

    def _append(self, record: Record, study: Study, events: tuple[Event, ...], request: "_Request") -> Outcome:
        drafts = [Draft(event=event, circumstances=request.by, study_version=study.record.version) for event in events]
        if isinstance(request.command, Register):
            drafts[0] = drafts[0].model_copy(update={"identifiers": request.command.identifiers})
        expect = {record.stream: record.version, self.desk.stream: study.record.version}
        appended = self.ledger.append({record.stream: drafts}, expect=expect, command_digest=request.digest)
        if appended.first != record.version + 1:
            return self._as_remembered(appended, request)
        return Outcome(events, appended.last)

    def _as_remembered(self, known: Appended, request: "_Request") -> Outcome:
        if known.digest != request.digest:
            raise CommandReused(known.actor_id, known.command_id)
        events = tuple(entry.event for entry in self.ledger.read(known.stream)[known.first - 1 : known.last])
        if isinstance(events[0], Refusal):
            raise Refused(*(Reason(code="refused-before", says=says) for says in events[0].reasons), recorded=events[0])
        return Outcome(events, known.last)


@dataclass(frozen=True)
class _Request:
    """A command with whom it is about and who asks."""

    participant_id: str
    command: Command
    by: Circumstances
    seen: int | None

    @cached_property
    def digest(self) -> str:
        """What makes two requests under one id the same; contact data are left out, since a digest would betray them to a guess."""
        command = self.command.model_dump_json(exclude={"identifiers"})
        return sha256(f"{self.participant_id}\n{command}\n{self.by.model_dump_json()}".encode()).hexdigest()
