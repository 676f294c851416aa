"""What a request would bring about, before anybody commits to it: the facts, and what moves because of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

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
    return foreseen(participants.read(participant), participants.study(), command, by, participants.ledger.clock())[0]


def foreseen(record: Record, study: Study, command: PersonsCommand, by: Circumstances, now: datetime) -> tuple[Rehearsal, Record]:
    """The same of a record at hand, with the record as it would be then."""
    at = max(now, record.participant.recorded_at)
    events = decide(command, record, study, at, by)
    after = record.then(events, at, by)
    zone = study.zone(after.participant.site)
    facts, moves = (says(event, zone) for event in events), _moves(record, after, study, zone)
    return Rehearsal(tuple(facts), tuple(moves), shown(to_the_minute(at), zone)), after


def _moves(before: Record, after: Record, study: Study, zone: str) -> Iterator[str]:
    """Slots and windows that would be elsewhere, or gone."""
    for step in STEPS:
        was, now = before.participant.plans.get(step), after.participant.plans.get(step)
        if was is not None and now is None and not after.participant.taken_step(step):
            yield f"The plan for the {step} would be gone."
        elif was is not None and now is not None and was.slot != now.slot:
            yield f"The {step} would move from {shown(was.slot.start, zone)} to {shown(now.slot.start, zone)}."
    gone = _windows(before, study)
    for visit, window in _windows(after, study).items():
        old = gone.pop(visit, None)
        if old is None:
            yield f"{window.title}: could take place from {window.range(zone)}."
        elif (old.opens_at, old.closes_at) != (window.opens_at, window.closes_at):
            yield f"{window.title}: from {window.range(zone)} instead of from {old.range(zone)}."
    yield from (f"{window.title}: would have no window any more." for window in gone.values())


def _windows(record: Record, study: Study) -> dict[str, VisitWindow]:
    return {one.visit: one for one in windows(record.participant, study)} if record.participant.protocol else {}
