"""A participant's record: the entries as they were read, and the participant they fold to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce

from domain.entry import Circumstances, Entry
from domain.events import (
    EntryCorrected,
    EntryRetracted,
    Event,
    ReminderAcknowledged,
    ReminderEscalated,
    ReminderFailed,
    ReminderSent,
    SendingAgainAsked,
)
from domain.folding import as_of, evolve, fold
from domain.history import effective
from domain.participant import PARTICIPANT, Participant
from domain.time import to_the_minute

OF_TELLING = (ReminderSent, ReminderFailed, ReminderEscalated, ReminderAcknowledged, SendingAgainAsked)
"""What becomes of a reminder once it has fallen due. That one is withdrawn is another matter: it may fall due anew."""


@dataclass(frozen=True, slots=True)
class Record:
    """The stream of one participant, as read."""

    id: str
    entries: tuple[Entry[Event], ...]
    participant: Participant

    @classmethod
    def of(cls, participant_id: str, entries: Sequence[Entry[Event]]) -> "Record":
        return cls(participant_id, tuple(entries), fold(entries))

    @property
    def stream(self) -> str:
        return PARTICIPANT + self.id

    @property
    def version(self) -> int:
        return self.entries[-1].version if self.entries else 0

    @property
    def news(self) -> int:
        """The version of the last entry that changes what falls due. Who was told of what, and who took note, changes nothing of that."""
        return next((entry.version for entry in reversed(self.entries) if not isinstance(entry.event, OF_TELLING)), 0)

    def as_known_at(self, instant: datetime) -> "Record":
        """The record as it was known at an instant: with every entry that had been recorded by the end of that minute."""
        return Record.of(self.id, tuple(entry for entry in self.entries if to_the_minute(entry.recorded_at) <= instant))

    def entry(self, version: int) -> Entry[Event] | None:
        """The entry of a version, saying what it now says; None where it never was or has been retracted."""
        return next((entry for entry in effective(self.entries) if entry.version == version), None)

    def then(self, events: Sequence[Event], at: datetime, by: Circumstances) -> "Record":
        """The record as it would be with these events appended at an instant."""
        recorded_at = max(at, self.participant.recorded_at)
        return self.grown(
            [Entry(self.stream, self.version + n, 0, event, recorded_at, by, 0, "") for n, event in enumerate(events, start=1)]
        )

    def grown(self, added: Sequence[Entry[Event]]) -> "Record":
        """The record with the entries that follow it: the same as if it had been read whole, and folded again only where it was amended."""
        entries = (*self.entries, *added)
        if not self.entries or any(isinstance(entry.event, EntryCorrected | EntryRetracted) for entry in added):
            return Record.of(self.id, entries)
        participant = as_of(reduce(evolve, added, self.participant), added[-1]) if added else self.participant
        return replace(self, entries=entries, participant=participant)
