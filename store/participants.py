"""The desk where requests about participants are granted or refused."""

from dataclasses import dataclass
from hashlib import sha256

from domain.agenda import Agenda, agenda
from domain.commands import Command
from domain.decisions import decide
from domain.entry import Circumstances, Draft
from domain.events import Event, StepRefused
from domain.participant import PARTICIPANT
from domain.record import Record
from domain.rejections import Reason, Refused
from domain.study import Study
from store.errors import CommandReused, LostRace
from store.ledger import Ledger
from store.orders import Appended
from store.study import StudyDesk

RACES = 20
"""How often a request is decided again because somebody else recorded something first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request brought about, and the version of the stream after it."""

    events: tuple[Event, ...]
    version: int


class Participants:
    """Reads records, and records what requests bring about; every write goes through here."""

    def __init__(self, ledger: Ledger, desk: StudyDesk) -> None:
        self.ledger = ledger
        self.desk = desk

    def ids(self) -> list[str]:
        """Every participant, in alphabetical order."""
        return [stream.removeprefix(PARTICIPANT) for stream in self.ledger.streams(PARTICIPANT)]

    def read(self, participant_id: str) -> Record:
        return Record.of(participant_id, self.ledger.read(PARTICIPANT + participant_id))

    def study(self) -> Study:
        return self.desk.current()

    def agenda(self, participant_id: str) -> tuple[Record, Agenda]:
        """A participant's record, and what falls due by it."""
        record = self.read(participant_id)
        return record, agenda(record.participant, self.study())

    def handle(self, participant_id: str, command: Command, by: Circumstances) -> Outcome:
        """Record what a request brings about, at the ledger's clock; a request that came before has the outcome it had.

        Raises Refused with every reason, CommandReused, or a Fault of the store. Of a refused step the refusal is recorded.
        """
        digest = _digest(participant_id, command, by)
        known = self.ledger.outcome(by.actor.id, by.command_id)
        if known is not None:
            return self._as_remembered(known, digest)
        for _ in range(RACES - 1):
            try:
                return self._decided(participant_id, command, by, digest)
            except LostRace:
                continue  # the record has grown: decide again on what it says now
        return self._decided(participant_id, command, by, digest)

    def _decided(self, participant_id: str, command: Command, by: Circumstances, digest: str) -> Outcome:
        record, study = self.read(participant_id), self.study()
        at = max(self.ledger.clock(), record.participant.recorded_at)
        try:
            events = decide(command, record, study, at, by)
        except Refused as refusal:
            if refusal.recorded is None:
                raise
            self._append(record, study, (refusal.recorded,), command, by, digest)
            raise
        return self._append(record, study, events, command, by, digest)

    def _append(self, record: Record, study: Study, events: tuple[Event, ...], command: Command, by: Circumstances, digest: str) -> Outcome:
        identifiers = command.identifiers if command.kind == "register" else None
        drafts = [
            Draft(
                event=event, circumstances=by, study_version=study.record.version, identifiers=identifiers if event is events[0] else None
            )
            for event in events
        ]
        expect = {record.stream: record.version, self.desk.stream: study.record.version}
        appended = self.ledger.append({record.stream: drafts}, expect=expect, command_digest=digest)
        if appended.first != record.version + 1:
            return self._as_remembered(appended, digest)
        return Outcome(events, appended.last)

    def _as_remembered(self, known: Appended, digest: str) -> Outcome:
        if known.digest != digest:
            raise CommandReused(known.actor_id, known.command_id)
        events = tuple(entry.event for entry in self.ledger.read(known.stream)[known.first - 1 : known.last])
        if isinstance(events[0], StepRefused):
            raise Refused(*(Reason(code="refused-before", says=says) for says in events[0].reasons), recorded=events[0])
        return Outcome(events, known.last)


def _digest(participant_id: str, command: Command, by: Circumstances) -> str:
    """What makes two requests under one id the same request."""
    return sha256("\n".join((participant_id, command.model_dump_json(), by.model_dump_json())).encode()).hexdigest()
