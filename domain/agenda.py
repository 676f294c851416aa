"""What falls due next for a participant, and when: the one place from which the journey, the worklist and reminders take their dates."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.gates import next_verdict
from domain.leaving import steps_ended, visits_ended_at
from domain.participant import Participant
from domain.protocol import Protocol
from domain.reminders import reminders
from domain.reminding.reminder import Reminder
from domain.study import Study
from domain.visits import Awaiting, VisitWindow, awaiting, windows
from domain.words import STEPS, HoldPoint

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class JudgeStep:
    """The verdict on a planned step stops being true."""

    step: HoldPoint


@dataclass(frozen=True, slots=True)
class CloseVisit:
    """The window of a visit has closed with nothing recorded."""

    window: VisitWindow


@dataclass(frozen=True, slots=True)
class FinaliseVisit:
    """The grace period after a closed window is over: the visit was missed."""

    window: VisitWindow


@dataclass(frozen=True, slots=True)
class FindIncomplete:
    """The days of grace after a closed window are over, and required assessments of the visit, which took place, are missing."""

    window: VisitWindow


@dataclass(frozen=True, slots=True)
class CompleteStudy:
    """Every visit is settled."""


Act = JudgeStep | CloseVisit | FinaliseVisit | FindIncomplete | CompleteStudy | Reminder


@dataclass(frozen=True, slots=True)
class Item:
    """Something that falls due: a stable key, the instant, and what is to be done about it."""

    key: str
    due: datetime
    act: Act


@dataclass(frozen=True, slots=True)
class Agenda:
    """All that falls due for a participant, soonest first, with the visits' windows. `finished`: nothing ever will again by itself."""

    items: tuple[Item, ...]
    windows: tuple[VisitWindow, ...]
    finished: bool
    awaiting: tuple[Awaiting, ...] = ()
    """The visits that have no window yet."""

    def due(self, now: datetime) -> tuple[Item, ...]:
        """The items that are due at an instant."""
        return tuple(item for item in self.items if item.due <= now)

    def item(self, key: str) -> Item | None:
        return next((item for item in self.items if item.key == key), None)


def agenda(participant: Participant, study: Study) -> Agenda:
    """Everything that falls due for a participant, as far as the record says today."""
    if not participant.protocol:
        return Agenda((), (), finished=True)
    zone = study.zone(participant.site)
    open_windows = windows(participant, study)
    items = [
        *_judgements(participant, study, zone),
        *_visits(participant, open_windows, study.protocol(participant.protocol), zone),
        *(Item(reminder.key, reminder.due, reminder) for reminder in reminders(participant, open_windows, study)),
    ]
    ended = visits_ended_at(participant, zone) is not None
    ordered = tuple(sorted(items, key=lambda item: (item.due, item.key)))
    return Agenda(ordered, open_windows, finished=ended and not items, awaiting=awaiting(participant, study))


def _judgements(participant: Participant, study: Study, zone: str) -> Iterator[Item]:
    if steps_ended(participant, zone):
        return
    for step in STEPS:
        plan = participant.plans.get(step)
        turn = next_verdict(step, plan, participant, study) if plan is not None else None
        if turn is not None:
            yield Item(f"judge:{step}", turn[0], JudgeStep(step))


def _visits(participant: Participant, found: tuple[VisitWindow, ...], protocol: Protocol, zone: str) -> Iterator[Item]:
    for window in found:
        if window.state == "open" and window.firm:
            yield Item(f"close:{window.visit}", window.closes_at, CloseVisit(window))
        if window.state == "unaccounted":
            said_at = participant.unaccounted[window.visit].recorded_at - A_DAY  # In time, it is said on the date after.
            yield Item(f"finalise:{window.visit}", window.grace_over(said_at, protocol.visit_grace_days, zone), FinaliseVisit(window))
        if window.missing and not window.incomplete and window.firm:
            over = window.grace_over(window.held_known_since, protocol.visit_grace_days, zone)
            yield Item(f"incomplete:{window.visit}", over, FindIncomplete(window))
    goes_on = bool(participant.infusions) and visits_ended_at(participant, zone) is None
    if goes_on and all(window.state in {"completed", "omitted", "missed"} for window in found):
        last = max(window.closes_at for window in found)
        yield Item("complete", max(last, participant.recorded_at), CompleteStudy())
