"""The study's own stream: opened once, added to by whoever runs the study, read by every decision."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import reduce
from hashlib import sha256
from threading import Lock
from typing import TypeVar

from domain.base import Value
from domain.decided import decisions_signed, to_decide
from domain.entry import Circumstances, Draft
from domain.keeping import DataCutMade, IdentifiersErased, OfKeeping, not_to_be_kept_so
from domain.participant import PARTICIPANT
from domain.protocol import Protocol
from domain.protocol_checks.criteria import check_classes
from domain.protocol_file import ProtocolFaults
from domain.reference import Reference
from domain.rejections import Reason, Refused, refuse_if
from domain.signatures import Signed
from domain.study import STUDY, Study, StudyEvent, StudyRecord, evolve_study, not_theirs_to_decide, reasons_against
from domain.time import to_the_minute
from store.errors import CommandReused
from store.glance import glanced
from store.ledger import Ledger
from store.studies import StudyFiles

D = TypeVar("D", bound=Value)


class StudyDesk:
    """Reads the study as decisions see it, and records what is decided about the study itself.

    `program` and `time_zone_data` are the versions that this machine runs with; every derivation names them.
    """

    def __init__(self, ledger: Ledger, files: StudyFiles, name: str, *, program: str, time_zone_data: str) -> None:
        self.name = name
        self.stream = STUDY + name
        self._ledger, self._files = ledger, files
        self._program, self._time_zone_data = program, time_zone_data
        self._lock = Lock()
        self._current: Study | None = None

    def current(self) -> Study:
        """The study as recorded, with its files; read again only when its stream has grown."""
        return glanced(self, self._now) or self._read()

    def at(self, version: int) -> Study:
        """The study as it stood after so many of its entries, for replaying what was decided then."""
        return self._read(version)

    def as_known_at(self, instant: datetime) -> Study:
        """The study as it stood at an instant: with every entry that had been recorded by the end of that minute."""
        return self._read(sum(to_the_minute(entry.recorded_at) <= instant for entry in self._ledger.read(self.stream)))

    def opened(self) -> bool:
        """Whether anything about the study has been recorded."""
        return self._length() > 0

    def so_far(self) -> StudyRecord:
        """What has been recorded of the study; nothing before it is opened."""
        found = glanced(self, self._now)
        return found.record if found else StudyRecord()

    def _length(self) -> int:
        return self._ledger.version_of(self.stream)

    def _now(self) -> Study | None:
        """The study as it stands; None before anything of it is recorded."""
        length = self._length()
        with self._lock:
            if length and (self._current is None or self._current.record.version != length):
                self._current = self._read()
            return self._current if length else None

    def record(self, events: Sequence[StudyEvent], by: Circumstances) -> Study:
        """Record what was decided about the study; what came before under the same command id is not recorded again.

        Raises Refused or ProtocolFaults with every reason, CommandReused, or a Fault of the store, and then records nothing.
        """
        digest = self._digest(events, by)
        known = self._ledger.outcome(by.actor.id, by.command_id)
        if known is None:
            self._append(events, by, digest)
        elif known.digest != digest:
            raise CommandReused(known.actor_id, known.command_id)
        return self.current()

    def weigh(self, events: Sequence[StudyEvent], supposed: Circumstances) -> None:
        """Refuse now what would be refused even under the signature that is supposed, before whoever asks proves that it is theirs.

        Raises as `record` does; nothing is recorded, and what came before under the same command id is not weighed again.
        """
        if self._ledger.outcome(supposed.actor.id, supposed.command_id) is None:
            self._granted(events, supposed)

    def _append(self, events: Sequence[StudyEvent], by: Circumstances, digest: str) -> None:
        expected = self._granted(events, by)
        drafts = [Draft(event=event, circumstances=by, study_version=expected) for event in events]
        self._ledger.append({self.stream: drafts}, expect={self.stream: expected}, command_digest=digest)

    def _granted(self, events: Sequence[StudyEvent], by: Circumstances) -> int:
        """How many entries the stream has to which these may be added. Raises Refused or ProtocolFaults with every reason."""
        record, asker = self._record(), by.actor
        refuse_if(reason for event in events for reason in not_theirs_to_decide(event, record, asker.id, asker.role, by.reason))
        refuse_if(self._not_signed(events, by))
        expected = record.version
        for event in events:
            after = evolve_study(record, event)
            refuse_if(reasons_against(event, record, self._protocols(after), self._reference(record)))
            if isinstance(event, OfKeeping):
                refuse_if(self._against_keeping(event, record))
            record = after
        self._load(record)
        return expected

    def _not_signed(self, events: Sequence[StudyEvent], by: Circumstances) -> Iterator[Reason]:
        if by.signature is None:
            if any(isinstance(event, IdentifiersErased | DataCutMade) for event in events):
                yield Reason(code="signature-missing", says="to erase or to cut is decided by signature")
        elif by.signature.signed != to_decide(self.name, events, by):
            yield Reason(code="signed-otherwise", says="the signature binds something else than what is decided, and what is said of it")

    def _against_keeping(self, event: OfKeeping, record: StudyRecord) -> Iterator[Reason]:
        yield from not_to_be_kept_so(event, record.kept, self._ledger.clock())
        if isinstance(event, IdentifiersErased) and not self._ledger.version_of(PARTICIPANT + event.participant):
            yield Reason(code="unknown-participant", says=f"there is no participant {event.participant}")

    def record_again(self, event: StudyEvent, by: Circumstances) -> None:
        """Record what was decided before and is missing from a ledger that was restored; what is there is not recorded twice."""
        if self._ledger.outcome(by.actor.id, by.command_id) is None:
            length = self._ledger.version_of(self.stream)
            draft = Draft(event=event, circumstances=by, study_version=length)
            self._ledger.append({self.stream: [draft]}, expect={self.stream: length}, command_digest=self._digest((event,), by))

    def erased(self) -> list[tuple[IdentifiersErased, Circumstances]]:
        """Every decision to erase what identifies a participant, and how it came to be recorded."""
        entries = self._ledger.read(self.stream)
        return [(entry.event, entry.circumstances) for entry in entries if isinstance(entry.event, IdentifiersErased)]

    def signed(self) -> tuple[Signed, ...]:
        """Every signature under a decision about the study, and whether it binds what stands there."""
        return decisions_signed(self.name, self._ledger.read(self.stream))

    def cuts(self) -> Mapping[str, tuple[DataCutMade, Signed]]:
        """Every data cut by its name, with the signature under which it was made."""
        return {made.name: (made, signed) for made, signed in self._decided(DataCutMade)}

    def erasures(self) -> Mapping[str, tuple[IdentifiersErased, Signed]]:
        """Every decision to erase what identifies a participant, by their code, with the signature under which it was made."""
        return {erased.participant: (erased, signed) for erased, signed in self._decided(IdentifiersErased)}

    def _decided(self, kind: type[D]) -> Iterator[tuple[D, Signed]]:
        """Every decision of a kind, each of which takes a signature, with that."""
        entries = self._ledger.read(self.stream)
        under = {version: one for one in decisions_signed(self.name, entries) for version in range(one.first, one.last + 1)}
        return ((entry.event, under[entry.version]) for entry in entries if isinstance(entry.event, kind))

    def _digest(self, events: Sequence[StudyEvent], by: Circumstances) -> str:
        """What makes two requests under one id the same: which study, what is decided, who asks and how."""
        return sha256("\n".join([self.stream, *(one.model_dump_json() for one in (*events, by))]).encode()).hexdigest()

    def _record(self, version: int | None = None) -> StudyRecord:
        return reduce(evolve_study, (entry.event for entry in self._ledger.read(self.stream)[:version]), StudyRecord())

    def _read(self, version: int | None = None) -> Study:
        record = self._record(version)
        if not record.name:
            raise Refused(Reason(code="no-study", says=f"the study {self.name} has not been opened in this ledger"))
        return self._load(record)

    def _load(self, record: StudyRecord) -> Study:
        """The files that the record's digests bind. Raises ProtocolFaults where a protocol and the reference do not fit together."""
        reference = self._reference(record)
        if reference is None:
            raise Refused(Reason(code="no-reference", says="no drug reference has been adopted"))
        protocols = self._protocols(record)
        if faults := [fault for protocol in protocols.values() for fault in check_classes(protocol, reference)]:
            raise ProtocolFaults(faults)
        return Study(record, protocols, reference, self._program, self._time_zone_data)

    def _reference(self, record: StudyRecord) -> Reference | None:
        """The drug reference in force: the latest version that was adopted."""
        latest = max(record.references, default=None)
        return None if latest is None else self._files.reference(latest, expect=record.references[latest]).reference

    def _protocols(self, record: StudyRecord) -> dict[int, Protocol]:
        return {version: self._files.protocol(self.name, version, expect=digest).protocol for version, digest in record.released.items()}
