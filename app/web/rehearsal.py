"""What a request would bring about, before anybody commits to it: the facts, and what moves because of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from domain.commands import PersonsCommand
from domain.decisions import decide
from domain.entry import Circumstances
from domain.record import Record
from domain.study import Study
from domain.time import shown, to_the_minute
from domain.visits import VisitWindow, windows
from domain.words import STEPS
from projections.sentences import says
from store.participants import Participants


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would be recorded, and what would stand otherwise than before."""

    facts: tuple[str, ...]
    moves: tuple[str, ...]
    now: str
    """The minute for which it was found out, as it stands in what is said."""

    @property
    def timeless(self) -> tuple[str, ...]:
        """All that is said, but for the minute itself: it passes while somebody reads, and what would be recorded stays what it was."""
        return tuple(one.replace(self.now, "now") for one in (*self.facts, *self.moves))


def rehearsed(participants: Participants, participant: str, command: PersonsCommand, by: Circumstances) -> Rehearsal:
    """What a request would bring about now. Raises Refused where it would be refused; nothing is recorded either way."""
    return Foresight(participants.read(participant), participants.study(), by, participants.ledger.clock()).of(command)


@dataclass(frozen=True)
class Foresight:
    """What any request would bring about on a record at hand, made at an instant under these circumstances."""

    record: Record
    study: Study
    by: Circumstances
    now: datetime

    def of(self, command: PersonsCommand) -> Rehearsal:
        """What the request would bring about. Raises Refused where it would be refused."""
        at = max(self.now, self.record.participant.recorded_at)
        events = decide(command, self.record, self.study, at, self.by)
        after = self.record.then(events, at, self.by)
        zone = self.study.zone(after.participant.site)
        facts, moves = (says(event, zone) for event in events), self._moves(after, zone)
        return Rehearsal(tuple(facts), tuple(moves), shown(to_the_minute(at), zone))

    @cached_property
    def _windows(self) -> dict[str, VisitWindow]:
        """Where the windows are by now."""
        return _windows(self.record, self.study)

    def _moves(self, after: Record, zone: str) -> Iterator[str]:
        """Slots and windows that would be elsewhere, or gone."""
        for step in STEPS:
            was, now = self.record.participant.plans.get(step), after.participant.plans.get(step)
            if was is not None and now is None and not after.participant.taken_step(step):
                yield f"The plan for the {step} would be gone."
            elif was is not None and now is not None and was.slot != now.slot:
                yield f"The {step} would move from {shown(was.slot.start, zone)} to {shown(now.slot.start, zone)}."
        gone = dict(self._windows)
        for visit, window in _windows(after, self.study).items():
            old = gone.pop(visit, None)
            if old is None:
                yield f"{window.title}: could take place from {window.range(zone)}."
            elif (old.opens_at, old.closes_at) != (window.opens_at, window.closes_at):
                yield f"{window.title}: from {window.range(zone)} instead of from {old.range(zone)}."
        yield from (f"{window.title}: would have no window any more." for window in gone.values())


def _windows(record: Record, study: Study) -> dict[str, VisitWindow]:
    return {one.visit: one for one in windows(record.participant, study)} if record.participant.protocol else {}
