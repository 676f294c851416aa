"""What the journey does by itself when something falls due; granted to the journey's actor alone."""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from domain import agenda as a
from domain import commands as c
from domain import events as e
from domain.entry import Circumstances
from domain.gates import judge
from domain.participant import Participant
from domain.record import Record
from domain.rejections import Reason, Refused
from domain.reminding.reminder import Reminder
from domain.study import Study
from domain.visits import VisitWindow
from domain.words import HoldPoint


def act_on(command: c.ActOn, record: Record, study: Study, at: datetime, by: Circumstances) -> tuple[e.Event, ...]:
    """Do what is due under a key; refused when somebody else asks, or when nothing is due under it any more."""
    if by.actor.role != "journey":
        raise Refused(Reason(code="journey-only", says="only the journey acts on the agenda"))
    item = a.agenda(record.participant, study).item(command.key)
    if item is None or item.due > at:
        raise Refused(Reason(code="not-due", says=f"nothing is due under {command.key}"))
    match item.act:
        case a.JudgeStep(step=step):
            return tuple(_judged(step, record.participant, study, at))
        case a.CloseVisit(window=window):
            return (e.VisitUnaccounted(visit=window.visit, closed_on=window.closes, closed_at=_closed_at(window)),)
        case a.FindIncomplete(window=window):
            closed_at = _closed_at(window)
            return (e.VisitIncomplete(visit=window.visit, closed_on=window.closes, closed_at=closed_at, missing=window.missing),)
        case a.FinaliseVisit(window=window):
            return (e.VisitMissed(visit=window.visit),)
        case a.CompleteStudy():
            return (e.StudyCompleted(),)
        case Reminder() as due:
            skipped = at >= due.pointless_after
            return (e.ReminderDue(key=due.key, urgency=due.urgency, to=due.to, says=due.says, skipped=skipped),)
        case _:
            assert_never(item.act)


def _closed_at(window: VisitWindow) -> datetime | None:
    """Of a window of hours its end, which the date alone would not tell from another of that date."""
    return window.closes_at if window.in_hours else None


def _judged(step: HoldPoint, participant: Participant, study: Study, at: datetime) -> Iterator[e.Event]:
    """The verdict as at now; leave that stood ends first, by lapse at the end of its cover, by revocation before."""
    plan = participant.plans[step]
    gate = judge(step, participant, study, plan.slot.start)
    verdict = gate.verdict(plan.slot, at)
    standing = participant.clearance(step)
    if standing is not None and standing.covers_until <= at:
        yield e.ClearanceLapsed(step=step)
    elif standing is not None and not isinstance(verdict, e.StepCleared):
        yield e.ClearanceRevoked(step=step, derivation=verdict.derivation)
    yield verdict
