"""What stands in a calendar about a participant: windows of visits, appointments and slots of steps; and what was withdrawn from it.

An appointment for which the participant came sooner stands as withdrawn, since the record as it is tells of that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain import events as e
from domain.entry import Entry
from domain.folding import fold
from domain.leaving import visits_ended_at
from domain.participant import Participant
from domain.study import Study
from domain.time import FOREVER, MINUTE, local_date, midnight
from domain.visits import VisitWindow, windows

Kind = Literal["window", "booked", "step"]
State = Literal["open", "completed", "out of window", "incomplete", "omitted", "missed", "unaccounted", "booked", "planned", "withdrawn"]
UNSETTLED: frozenset[State] = frozenset({"open", "unaccounted", "booked", "planned"})
"""What somebody still has to see to."""
Anchoring = (
    e.ScreeningStarted | e.LeukapheresisStarted | e.LymphodepletionDose | e.InfusionStarted | e.VisitBooked | e.ScreenFailed | e.Leaving
)
"""Facts that, once corrected, may leave a visit with nothing to be counted from, or let a participant have left earlier."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Something with a place in the calendar. `key` names it for ever, wherever it moves.

    `ends` is the first instant after it; an appointment to the minute ends as it starts, since nobody says how long it takes.
    """

    key: str
    kind: Kind
    name: str
    title: str
    state: State
    starts: datetime
    ends: datetime
    target: datetime
    whole_days: bool
    """Whether it is of dates at the site rather than of hours and minutes."""


def scheduled(participant: Participant, found: tuple[VisitWindow, ...], study: Study) -> tuple[Scheduled, ...]:
    """Everything that stands in the calendar of a participant with these windows."""
    if not participant.protocol:
        return ()
    zone = study.zone(participant.site)
    return (
        *(_window(window, zone) for window in found),
        *_booked(participant, found, study, zone),
        *_steps(participant, study, zone),
    )


def may_withdraw(event: e.Event) -> bool:
    """Whether something that stood in the calendar may stand there no more because of this entry, though it never took place."""
    match event:
        case e.EntryCorrected(fact=fact):
            return isinstance(fact, Anchoring)
        case e.StepCancelled() | e.ScreenFailed() | e.StudyCompleted() | e.EntryRetracted():
            return True
        case _:
            return isinstance(event, e.Leaving)


def withdrawn(entries: Sequence[Entry[e.Event]], study: Study) -> tuple[Scheduled, ...]:
    """What stood in the calendar and was withdrawn, as it stood last. What took place was not withdrawn."""
    now = fold(entries)
    stands = {one.key for one in scheduled(now, windows(now, study), study)}
    stood: dict[str, Scheduled] = {}
    for place, entry in enumerate(entries):
        if may_withdraw(entry.event):
            then = fold(entries[:place])
            stood |= {one.key: one for one in scheduled(then, windows(then, study), study)}
    return tuple(one for key, one in stood.items() if key not in stands and not _took_place(one, now))


def _window(window: VisitWindow, zone: str) -> Scheduled:
    return Scheduled(
        key=f"window:{window.visit}",
        kind="window",
        name=window.visit,
        title=window.title,
        state=_state(window, zone),
        starts=window.opens_at,
        ends=window.closes_at,
        target=window.target_at,
        whole_days=not window.in_hours,
    )


def _state(window: VisitWindow, zone: str) -> State:
    if window.state != "completed":
        return window.state
    return "out of window" if window.out_of_window(zone) else "incomplete" if window.missing else "completed"


def _booked(participant: Participant, found: tuple[VisitWindow, ...], study: Study, zone: str) -> Iterator[Scheduled]:
    """Every appointment up to when the participant left, kept or not; one for a later date than that of the visit is withdrawn."""
    left = visits_ended_at(participant, zone) or FOREVER
    rules = study.protocol(participant.protocol).visits
    came = {one.visit: local_date(one.held.span(zone).latest, zone) for one in found if one.held is not None}
    for visit, booking in participant.booked.items():
        at = booking.fact.at.span(zone)
        needless = visit in came and came[visit] < local_date(at.earliest, zone)
        if visit in rules and (needless or at.earliest <= left):
            yield Scheduled(
                key=f"booked:{visit}",
                kind="booked",
                name=visit,
                title=rules[visit].title,
                state="withdrawn" if needless else "booked",
                starts=at.earliest,
                ends=at.latest if at.exact else at.latest + MINUTE,
                target=at.earliest,
                whole_days=not at.exact,
            )


def _steps(participant: Participant, study: Study, zone: str) -> Iterator[Scheduled]:
    """Every planned step, by the occurrence that it would be."""
    steps = study.protocol(participant.protocol).steps
    for step, plan in participant.plans.items():
        slot = plan.slot
        yield Scheduled(
            key=f"step:{step}:{participant.occurrence(step)}",
            kind="step",
            name=step,
            title=steps[step].title,
            state="planned",
            starts=slot.start,
            ends=slot.until,
            target=slot.target,
            whole_days=all(midnight(local_date(at, zone), zone) == at for at in (slot.start, slot.until)),
        )


def _took_place(one: Scheduled, now: Participant) -> bool:
    """Whether a step that is planned no more was taken."""
    return one.kind == "step" and any(one.key == f"step:{taken.step}:{taken.occurrence}" for taken in now.taken)
