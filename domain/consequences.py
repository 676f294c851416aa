"""What follows from a fact by itself, in the same append: leave that no longer holds, deviations that arise or turn out to be none."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from domain import events as e
from domain.gates import judge
from domain.instants import InstantSet
from domain.leaving import steps_ended
from domain.participant import Participant, Taken
from domain.study import Study
from domain.time import MINUTE
from domain.visits import windows
from domain.words import STEPS

TELLS_OF_BEFORE = e.Evidence | e.EntryCorrected | e.EntryRetracted
"""What can be learned late about the time before a step."""


def consequences(before: Participant, events: Sequence[e.Event], after: Participant, study: Study, at: datetime) -> tuple[e.Event, ...]:
    """Everything that follows from events, given the participant before and after them."""
    if not after.registered:
        return ()
    zone = study.zone(after.site)
    if steps_ended(after, zone):
        leave: tuple[e.Event, ...] = tuple(e.StepCancelled(step=step) for step in STEPS if step in after.plans)
    else:
        leave = tuple(_revocations(after, study, at))
    return (*leave, *_visit_deviations(after, study, zone), *_gate_deviations(before, events, after, study, zone))


def _revocations(after: Participant, study: Study, at: datetime) -> Iterator[e.ClearanceRevoked]:
    """Leave that still stands must be covered by passing instants to its end."""
    for step, plan in after.plans.items():
        clearance = after.clearance(step)
        if clearance is None or clearance.covers_until <= at:
            continue
        now = max(clearance.covers_from, at)
        gate = judge(step, after, study, plan.slot.start)
        if not InstantSet.between(now, clearance.covers_until) <= gate.passes:
            broken = next((edge for edge in gate.turns(plan.slot, now) if edge not in gate.passes), now) if now in gate.passes else now
            yield e.ClearanceRevoked(step=step, derivation=gate.derivation(broken))


def _visit_deviations(after: Participant, study: Study, zone: str) -> Iterator[e.Event]:
    expected = dict(_expected(after, study, zone))
    known = {key: one for key, one in after.deviations.items() if key.startswith("visit:")}
    for key, deviation in expected.items():
        was = known.get(key)
        if was is None or (was.final, was.says) != (isinstance(deviation, e.DeviationRecorded), deviation.says):
            yield deviation
    for key in known.keys() - expected.keys():
        yield e.DeviationVoided(key=key, why="what is on record now says otherwise")


def _expected(after: Participant, study: Study, zone: str) -> Iterator[tuple[str, e.DeviationProposed | e.DeviationRecorded]]:
    for window in windows(after, study):
        missed, outside = f"visit:{window.visit}:missed", f"visit:{window.visit}:window"
        range_ = f"its window was {window.opens} to {window.closes}"
        if how := window.out_of_window(zone):
            yield outside, e.DeviationRecorded(key=outside, says=f"the visit {window.visit} took place {how}: {range_}")
        elif window.state == "unaccounted":
            yield missed, e.DeviationProposed(key=missed, says=f"nothing was recorded for the visit {window.visit}: {range_}")
        elif window.state == "missed":
            yield missed, e.DeviationRecorded(key=missed, says=f"the visit {window.visit} was missed: {range_}")


def _gate_deviations(before: Participant, events: Sequence[e.Event], after: Participant, study: Study, zone: str) -> Iterator[e.Event]:
    """Steps taken earlier, judged again by what is now known: a rule that surely failed is a deviation, one that passed is none."""
    if not any(isinstance(event, TELLS_OF_BEFORE) for event in events):
        return
    earlier = {taken.entry for taken in before.taken}
    for taken in after.taken:
        if taken.entry in earlier:
            yield from _judged_again(taken, after, study, zone)


def _judged_again(taken: Taken, after: Participant, study: Study, zone: str) -> Iterator[e.Event]:
    instants = during(taken, zone)
    for judgement in judge(taken.step, after, study, instants.intervals[0][0]).judgements:
        key = gate_key(taken, judgement.rule.id)
        if key not in after.deviations and instants <= judgement.fails:
            yield e.DeviationRecorded(
                key=key, says=f"by what is now known, {taken.step} was taken against {judgement.rule.id}: {judgement.rule.says}"
            )
        if key in after.deviations and instants <= judgement.passes:
            yield e.DeviationVoided(key=key, why=f"by what is now known, {judgement.rule.id} passed")


def against_the_gate(taken: Taken, record: Participant, study: Study, zone: str) -> Iterator[e.DeviationRecorded]:
    """A deviation for every rule that did not surely pass when a step was taken, and one if nothing gave leave."""
    instants = during(taken, zone)
    start, end = instants.intervals[0][0], instants.intervals[-1][1] - MINUTE
    for judgement in judge(taken.step, record, study, start).judgements:
        if not instants <= judgement.passes:
            says = f"{taken.step} was taken while {judgement.rule.id} did not pass: {judgement.rule.says}"
            yield e.DeviationRecorded(key=gate_key(taken, judgement.rule.id), says=says)
    if not any(one.step == taken.step and one.stood_at(start) and one.stood_at(end) for one in record.clearances):
        yield e.DeviationRecorded(key=gate_key(taken, "leave"), says=f"{taken.step} was taken without leave that stood at the time")


def during(taken: Taken, zone: str) -> InstantSet:
    """The minutes at which a step can have been taken."""
    span = taken.at.span(zone)
    return InstantSet.between(span.earliest, span.latest + MINUTE)


def gate_key(taken: Taken, rule: str) -> str:
    """The key of a deviation from a rule of a gate."""
    return f"gate:{taken.step}:{taken.occurrence}:{rule}"
