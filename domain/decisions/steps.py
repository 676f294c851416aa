"""Hold points: planned in a slot, performed with leave, overridden by signature, released by hand."""

from collections.abc import Iterator
from datetime import datetime

from domain import commands as c
from domain import events as e
from domain.consequences import against_the_gate, may_be_taken
from domain.entry import Circumstances
from domain.gates import Gate, judge
from domain.instants import ALWAYS
from domain.leaving import ways_in_force
from domain.participant import Participant
from domain.protocol import Protocol
from domain.record import Record
from domain.rejections import Reason, Refused, refuse_if
from domain.study import Study
from domain.time import Period, local_date, midnight, to_the_minute
from domain.verdicts import RuleVerdict
from domain.words import HoldPoint


def plan(command: c.Plan, record: Record, study: Study, at: datetime) -> tuple[e.Event, ...]:
    """Plan a step, or move it; the journey judges the slot by itself."""
    participant = record.participant
    zone, protocol = study.zone(participant.site), study.protocol(participant.protocol)
    slot = command.slot
    reasons = [*_left(participant, zone), *_again(command.step, participant, protocol)]
    if not participant.consents:
        reasons.append(Reason(code="no-consent", says="consent has not been signed, or its record is missing"))
    if slot.until <= slot.start:
        reasons.append(Reason(code="slot-order", says="the slot must end later than it starts"))
    elif not slot.start <= slot.target < slot.until:
        reasons.append(Reason(code="slot-order", says="the slot's target must lie from its start to before its end"))
    if any(to_the_minute(instant) != instant for instant in (slot.start, slot.target, slot.until)):
        reasons.append(Reason(code="slot-minutes", says="a slot is planned in whole minutes"))
    if slot.until <= at:
        reasons.append(Reason(code="slot-past", says="the slot lies in the past"))
    longest = protocol.steps[command.step].longest_slot
    if slot.until > _after(slot.start, longest, zone):
        reasons.append(Reason(code="slot-long", says=f"a slot for {command.step} is at most {longest} long"))
    refuse_if(reasons)
    if command.step in participant.plans:
        return (e.StepReplanned(step=command.step, slot=slot),)
    return (e.StepPlanned(step=command.step, slot=slot),)


def cancel(command: c.Cancel, record: Record) -> tuple[e.Event, ...]:
    """Give up a planned step, and the leave for it."""
    if command.step not in record.participant.plans:
        raise Refused(Reason(code="not-planned", says=f"{command.step} is not planned"))
    return (e.StepCancelled(step=command.step),)


def perform(command: c.Perform, record: Record, study: Study, at: datetime) -> tuple[e.Event, ...]:
    """Leave is needed: a clearance that covers now, and a gate that passes now. A refusal is recorded with every reason."""
    step = command.beginning.kind
    participant, now = record.participant, to_the_minute(at)
    gate = judge(step, participant, study, now)
    clearance = participant.clearance(step)
    reasons = [*_impossible(command.beginning, participant, study), *(_why(one, gate, now) for one in gate.not_passing(now))]
    if clearance is None or not clearance.covers(now):
        reasons.append(Reason(code="no-leave", says=_no_leave(step, participant), earliest=clearance.covers_from if clearance else None))
    if reasons:
        raise _refusal(step, reasons, gate, now)
    return (command.beginning.fact(now),)


def override(command: c.Override, record: Record, study: Study, at: datetime, by: Circumstances) -> tuple[e.Event, ...]:
    """An investigator takes the step against the rules that may be overridden; each of them becomes a deviation."""
    step = command.beginning.kind
    participant, now = record.participant, to_the_minute(at)
    protocol, gate = study.protocol(participant.protocol), judge(step, participant, study, now)
    standing_in_the_way = gate.not_passing(now)
    firm = {rule.id for rule in protocol.steps[step].rules if not rule.overridable}
    refuse_if(_unsigned(by, "an override"))
    reasons = [
        *_impossible(command.beginning, participant, study),
        *(_why(one, gate, now) for one in standing_in_the_way if one.rule in firm),
    ]
    if command.ground not in protocol.override_grounds:
        reasons.append(Reason(code="unknown-ground", says=f"{command.ground} is none of: {', '.join(protocol.override_grounds)}"))
    if step not in participant.plans:
        reasons.append(Reason(code="not-planned", says=f"{step} is not planned"))
    if reasons:
        raise _refusal(step, reasons, gate, now)
    fact = command.beginning.fact(now)
    signed = e.OverrideSigned(step=step, ground=command.ground, rules=tuple(one.rule for one in standing_in_the_way))
    after = record.then((signed, fact), at, by)
    return signed, fact, *against_the_gate(after.participant.taken[-1], after, study, study.zone(participant.site))


def release_manually(command: c.ReleaseManually, record: Record, study: Study, at: datetime, by: Circumstances) -> tuple[e.Event, ...]:
    """Leave by hand needs the same gate to pass, judged at once; only the journey's part is taken over."""
    participant, now = record.participant, to_the_minute(at)
    refuse_if(_unsigned(by, "a manual release"))
    gate = judge(command.step, participant, study, now)
    planned = participant.plans.get(command.step)
    if planned is None:
        raise Refused(Reason(code="not-planned", says=f"{command.step} is not planned"))
    verdict = gate.verdict(planned.slot, now)
    if isinstance(verdict, e.StepCleared):
        return (e.ManuallyReleased.model_validate(verdict.model_dump(exclude={"kind"})),)
    reasons = [_why(one, gate, now) for one in gate.not_passing(verdict.derivation.at)]
    raise _refusal(command.step, reasons or [_slot_over(command.step)], gate, now)


def _refusal(step: HoldPoint, reasons: list[Reason], gate: Gate, now: datetime) -> Refused:
    """A step that was submitted and refused is a fact of its own."""
    says = tuple(reason.says for reason in reasons)
    return Refused(*reasons, recorded=e.StepRefused(step=step, reasons=says, derivation=gate.derivation(now)))


def _why(verdict: RuleVerdict, gate: Gate, now: datetime) -> Reason:
    found = "; ".join(finding.says for finding in verdict.findings)
    judgement = next(one for one in gate.judgements if one.rule.id == verdict.rule)
    outcome = "is not yet known" if verdict.outcome == "not yet known" else verdict.outcome
    return Reason(
        code=f"rule-{verdict.outcome.replace(' ', '-')}",
        says=f"{verdict.rule} {outcome}: {found or judgement.rule.says}",
        rule=verdict.rule,
        earliest=(ALWAYS - judgement.fails).first_from(now) if verdict.outcome == "fails" else None,
    )


def _no_leave(step: HoldPoint, participant: Participant) -> str:
    if step not in participant.plans:
        return f"{step} is not planned, so nothing gives leave for it"
    if participant.clearance(step) is not None:
        return f"the leave for {step} does not cover this instant"
    return f"no leave for {step} stands"


def _slot_over(step: HoldPoint) -> Reason:
    return Reason(code="slot-past", says=f"the slot for {step} is over")


def _unsigned(by: Circumstances, what: str) -> Iterator[Reason]:
    if by.actor.role != "investigator":
        yield Reason(code="investigator-only", says=f"only an investigator signs {what}")
    if by.signature is None:
        yield Reason(code="signature-missing", says=f"{what} needs a signature")
    if by.reason is None:
        yield Reason(code="reason-missing", says=f"{what} needs a reason")


def _left(participant: Participant, zone: str) -> Iterator[Reason]:
    for way, _ in ways_in_force(participant, zone):
        if way.ends_steps:
            yield Reason(code="left", says=f"the participant {way.words}; no further step is taken")


def _again(step: HoldPoint, participant: Participant, protocol: Protocol) -> Iterator[Reason]:
    """A step that was taken may be taken again only after what the protocol lists."""
    if not may_be_taken(step, participant.occurrence(step), participant, protocol):
        yield Reason(code="already-taken", says=f"{step} has been taken; the protocol does not let it be taken again")


def _impossible(beginning: c.Beginning, participant: Participant, study: Study) -> Iterator[Reason]:
    """Reasons that are no rule of the gate: who has left, what was taken, another code, a day that is none."""
    protocol = study.protocol(participant.protocol)
    yield from _left(participant, study.zone(participant.site))
    yield from _again(beginning.kind, participant, protocol)
    if isinstance(beginning, c.ReleaseToThaw):
        yield from other_identity(beginning.identity, participant)
    if isinstance(beginning, c.BeginLymphodepletion):
        yield from unknown_day(beginning.day, protocol)


def other_identity(identity: str, participant: Participant) -> Iterator[Reason]:
    """The code must be the one that the collection in force carries."""
    collection = participant.collection
    if collection is None or collection.ended is None:
        yield Reason(code="no-collection", says="no collection in force carries a chain-of-identity code")
    elif collection.ended.fact.identity != identity:
        yield Reason(code="wrong-identity", says=f"the code {identity} is not the one that the participant's cells carry")


def unknown_day(day: int, protocol: Protocol) -> Iterator[Reason]:
    """Lymphodepletion days are those that the protocol lists."""
    days = sorted(protocol.lymphodepletion_days)
    if day not in days:
        yield Reason(code="unknown-day", says=f"day {day} is no lymphodepletion day; these are: {', '.join(map(str, days))}")


def _after(start: datetime, period: Period, zone: str) -> datetime:
    if period.elapsed is not None:
        return start + period.elapsed
    return midnight(period.after(local_date(start, zone)), zone) + (start - midnight(local_date(start, zone), zone))
