"""The people of a study, in a stream of their own; and, in another, what happened at the door."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import reduce
from hashlib import sha256
from threading import Lock
from typing import TypeVar
from uuid import uuid4

from domain.doorkeeping import DOOR, DoorEvent
from domain.entry import Actor, Circumstances, Draft, Entry
from domain.people import PEOPLE, IdentityVerified, People, PeopleEvent, against_people, evolve_people
from domain.rejections import Reason, Refused, refuse_if
from domain.vouching import against_vouching
from domain.words import Source
from store.errors import CommandReused, LostRace
from store.glance import glanced
from store.ledger import Ledger
from store.study import StudyDesk

RACES = 20
"""How often something is recorded anew because somebody else recorded something first."""
T = TypeVar("T")


class PeopleDesk:
    """Reads who the people are, and records what is decided about them."""

    def __init__(self, ledger: Ledger, desk: StudyDesk) -> None:
        self.stream, self.door = PEOPLE + desk.name, DOOR + desk.name
        self._ledger, self._desk = ledger, desk
        self._lock = Lock()
        self._current = People()

    def current(self) -> People:
        """Everybody as recorded; read again only when the stream has grown."""
        return glanced(self, self._now)

    def _now(self) -> People:
        length = self._ledger.version_of(self.stream)
        with self._lock:
            if self._current.version != length:
                self._current = _folded(self._ledger.read(self.stream))
            return self._current

    def at(self, version: int) -> People:
        """Everybody as they stood after so many entries of the stream."""
        return _folded(self._ledger.read(self.stream)[:version])

    def as_known_at(self, instant: datetime) -> People:
        """Everybody as they stood at an instant."""
        entries = self._ledger.read(self.stream)
        return _folded(entry for entry in entries if entry.recorded_at <= instant)

    def record(self, events: Sequence[PeopleEvent], by: Circumstances, *, first: bool = False) -> People:
        """Record what was decided about people, all of it or none; what came before under the same command id is not recorded again.

        What makes the `first` account is refused where somebody has one. Raises Refused with every reason, CommandReused, or a Fault.
        """
        digest = sha256("\n".join([self.stream, *(one.model_dump_json() for one in (*events, by))]).encode()).hexdigest()
        known = self._ledger.outcome(by.actor.id, by.command_id)
        if known is None:
            raced(lambda: self._append(events, by, digest, first=first))
        elif known.digest != digest:
            raise CommandReused(known.actor_id, known.command_id)
        return self.current()

    def note(self, event: DoorEvent, source: Source) -> None:
        """Record what happened at the door, in the name of the person whom it is about."""
        self.done_for(event, Circumstances(actor=Actor(id=event.person, role="door"), source=source, command_id=uuid4()))

    def done_for(self, event: DoorEvent, by: Circumstances) -> None:
        """Record what a request did for somebody at the door; what came before under the same command id is not recorded again.

        Raises CommandReused where something else was recorded under it.
        """
        digest = sha256(event.model_dump_json().encode()).hexdigest()
        raced(lambda: self._noted(event, by, digest))

    def knows(self, by: Circumstances) -> bool:
        """Whether a request was recorded before."""
        return self._ledger.outcome(by.actor.id, by.command_id) is not None

    def happened(self) -> Sequence[Entry[DoorEvent]]:
        """Everything that happened at the door, in its order."""
        return self._ledger.read(self.door)

    def _noted(self, event: DoorEvent, by: Circumstances, digest: str) -> None:
        expected = self._ledger.version_of(self.door)
        self._ledger.append({self.door: [Draft(event=event, circumstances=by)]}, expect={self.door: expected}, command_digest=digest)

    def _append(self, events: Sequence[PeopleEvent], by: Circumstances, digest: str, *, first: bool) -> None:
        before, study, today = self.current(), self._desk.so_far(), self._ledger.clock().astimezone(UTC).date()
        people = before
        if first and people.anybody:
            raise Refused(Reason(code="not-the-first", says="somebody has an account already"))
        expected = people.version
        for event in events:
            refuse_if(against_people(event, people, study.sites, today))
            if isinstance(event, IdentityVerified):
                refuse_if(against_vouching(event, by.actor.id, before, people.persons[event.person], today))
            people = evolve_people(people, event, by.actor.id)
        if not people.administrators(today):
            raise Refused(Reason(code="no-administrator", says="the first account is an administrator's, who then admits everybody else"))
        drafts = [Draft(event=event, circumstances=by, study_version=study.version) for event in events]
        self._ledger.append({self.stream: drafts}, expect={self.stream: expected}, command_digest=digest)


def _folded(entries: Iterable[Entry[PeopleEvent]]) -> People:
    return reduce(lambda people, entry: evolve_people(people, entry.event, entry.circumstances.actor.id), entries, People())


def raced(record: Callable[[], T]) -> T:
    """Record, and decide again on what stands now wherever somebody else recorded something first."""
    for _ in range(RACES - 1):
        try:
            return record()
        except LostRace:
            continue  # the stream has grown
    return record()
