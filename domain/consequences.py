"""What follows from a fact by itself, in the same append: leave that no longer holds, deviations that arise or turn out to be none."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import reduce

from domain import events as e
from domain.folding import evolve
from domain.gates import judge
from domain.history import effective
from domain.instants import InstantSet
from domain.leaving import steps_ended
from domain.participant import Participant
from domain.protocol import Protocol
from domain.reconsidering import TELLS_OF_BEFORE
from domain.record import Record
from domain.standing import Deviation, Taken
from domain.study import Study
from domain.time import MINUTE
from domain.visit_deviations import of_visits
from domain.words import STEPS, DeviationCategory, HoldPoint


def consequences(before: Record, record: Record, study: Study, at: datetime) -> tuple[e.Event, ...]:
    """Everything that follows from what was appended between two states of a record."""
    after = record.participant
    if not after.registered:
        return ()
    zone = study.zone(after.site)
    if steps_ended(after, zone):
        leave: tuple[e.Event, ...] = tuple(e.StepCancelled(step=step) for step in STEPS if step in after.plans)
    else:
        leave = tuple(_revocations(after, study, at))
    return (*leave, *_standing_deviations(after, study, zone), *_gate_deviations(before, record, study, zone))


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


def _standing_deviations(after: Participant, study: Study, zone: str) -> Iterator[e.Event]:
    """Visits, doses and cells as they are on record now; what was told of them before is made to agree."""
    arising: list[e.DeviationProposed | e.DeviationRecorded] = [*of_visits(after, study, zone), *_of_doses(after), *_of_cells(after)]
    expected = {one.key: one for one in arising}
    known = {key: one for key, one in after.deviations.items() if key.startswith(("visit:", "dose:", "cells:"))}
    for key, deviation in expected.items():
        was = known.get(key)
        if was is None or not _says_so(was, deviation):
            yield deviation
    for key in sorted(known.keys() - expected.keys()):
        yield e.DeviationVoided(key=key, why="what is on record now says otherwise")


def _says_so(known: Deviation, arises: e.DeviationProposed | e.DeviationRecorded) -> bool:
    """Whether what is known of a deviation is what arises from the record as it is now."""
    said = (known.final, known.says, known.category, known.marked)
    return said == (isinstance(arises, e.DeviationRecorded), arises.says, arises.category, arises.important)


def _of_doses(after: Participant) -> Iterator[e.DeviationRecorded]:
    """Planned doses that were omitted, of every course; a dose that was reduced is none."""
    times: Counter[tuple[int, str]] = Counter()
    for dose in (one.fact for one in after.doses):
        times[dose.day, dose.drug] += 1
        if dose.outcome == "omitted":
            key = f"dose:{dose.day}:{dose.drug}:{times[dose.day, dose.drug]}"
            says = f"the dose of {dose.drug} on lymphodepletion day {dose.day} was omitted"
            yield e.DeviationRecorded(key=key, says=says)


def _of_cells(after: Participant) -> Iterator[e.DeviationRecorded]:
    """Cells that were thawed or infused under another code than the participant's own."""
    ended = after.collections[-1].ended if after.collections else None
    facts: list[e.ThawStarted | e.InfusionStarted] = [*(one.fact for one in after.thaws), *(one.fact for one in after.infusions)]
    for fact in facts:
        if ended is None or fact.identity != ended.fact.identity:
            key = f"cells:{fact.kind}:{fact.bag}"
            says = f"bag {fact.bag} ({fact.kind}) carries the code {fact.identity}, which is not the participant's"
            yield e.DeviationRecorded(key=key, says=says)


def _gate_deviations(before: Record, record: Record, study: Study, zone: str) -> Iterator[e.Event]:
    """Steps taken earlier, judged again by what is now known: a rule that does not pass is a deviation, one that passes is none."""
    told = [entry.event for entry in record.entries[len(before.entries) :] if isinstance(entry.event, TELLS_OF_BEFORE)]
    if not told:
        return
    after = record.participant
    for taken in after.taken:
        if taken.entry <= before.version and not all(_occurred_after(during(taken, zone).intervals[-1][1], event, zone) for event in told):
            yield from _judged_again(taken, record, study, zone)
    stand = tuple(gate_key(taken, "") for taken in after.taken)
    for key in after.deviations:
        if key.startswith("gate:") and not key.startswith(stand):
            yield e.DeviationVoided(key=key, why="by what is now known, the step was not taken")


def _judged_again(taken: Taken, record: Record, study: Study, zone: str) -> Iterator[e.Event]:
    known = record.participant.deviations
    expected = {deviation.key: deviation for deviation in against_the_gate(taken, record, study, zone)}
    yield from (deviation for key, deviation in expected.items() if key not in known)
    for key in sorted(known.keys() - expected.keys()):
        if key.startswith(gate_key(taken, "")):
            yield e.DeviationVoided(key=key, why="by what is now known, it passed")


def against_the_gate(taken: Taken, record: Record, study: Study, zone: str) -> Iterator[e.DeviationRecorded]:
    """A deviation for every rule that did not surely pass when a step that is on record was taken, and one if nothing gave leave."""
    instants = during(taken, zone)
    start, end = instants.intervals[0][0], instants.intervals[-1][1] - MINUTE
    then = _until(end, taken.entry, record, zone)
    category: DeviationCategory = "override" if _overridden(taken, record) else "procedure"
    for judgement in judge(taken.step, then, study, start).judgements:
        if not instants <= judgement.passes:
            says = f"{taken.step} was taken while {judgement.rule.id} did not pass: {judgement.rule.says.rstrip('.')}"
            yield e.DeviationRecorded(key=gate_key(taken, judgement.rule.id), says=says, category=category)
    if not _had_leave(taken, record, zone):
        yield e.DeviationRecorded(key=gate_key(taken, "leave"), says=f"{taken.step} was taken without leave that stood at the time")
    if not may_be_taken(taken.step, taken.occurrence, then, study.protocol(then.protocol)):
        yield e.DeviationRecorded(key=gate_key(taken, "again"), says=f"{taken.step} was taken again, which the protocol does not list")


def _had_leave(taken: Taken, record: Record, zone: str) -> bool:
    """Whether leave stood at the time, or an investigator signed for the step as it was taken."""
    if _overridden(taken, record):
        return True
    begun = taken.at.span(zone)
    given = reduce(evolve, (entry for entry in effective(record.entries) if entry.version < taken.entry), Participant()).clearances
    return any(one.step == taken.step and one.stood_at(begun.earliest) and one.stood_at(begun.latest) for one in given)


def _overridden(taken: Taken, record: Record) -> bool:
    """Whether an investigator signed for the step as it was taken."""
    signed, fact = record.entry(taken.entry - 1), record.entry(taken.entry)
    if signed is None or fact is None or not isinstance(signed.event, e.OverrideSigned):
        return False
    return isinstance(fact.event, e.Treatment) and fact.event.at == taken.at


def _until(instant: datetime, version: int, record: Record, zone: str) -> Participant:
    """The participant by the facts that had occurred by an instant, whenever they were recorded.

    What was thought of the confirmation counts as of the entry that tells of the step: what is thought of it later is another matter.
    """
    then = (entry for entry in effective(record.entries) if not _occurred_after(instant, entry.event, zone))
    known = (entry for entry in then if entry.version < version or not isinstance(entry.event, e.EligibilityReconsidered))
    return reduce(evolve, known, Participant())


def _occurred_after(instant: datetime, event: e.Event, zone: str) -> bool:
    """Whether a fact is of the time after an instant; who somebody is was so all along, whenever it was asked."""
    if isinstance(event, e.DemographicsRecorded):
        return False
    return isinstance(event, e.FACTS) and e.begins(event).span(zone).earliest > instant


def may_be_taken(step: HoldPoint, occurrence: int, participant: Participant, protocol: Protocol) -> bool:
    """Each time after the first needs one of the failures after which the protocol lets the step be taken again."""
    failures = [one.failed.fact.kind.removesuffix(".v1") for one in participant.collections if one.failed is not None]
    return sum(failure in protocol.steps[step].may_repeat_after for failure in failures) >= occurrence - 1


def during(taken: Taken, zone: str) -> InstantSet:
    """The minutes at which a step can have been taken: when it passed its hold point and, where that was before it, when it was done."""
    spans = [at.span(zone) for at in (taken.at, taken.done) if at is not None]
    return InstantSet.of((span.earliest, span.latest + MINUTE) for span in spans)


def gate_key(taken: Taken, rule: str) -> str:
    """The key of a deviation from a rule of a gate."""
    return f"gate:{taken.step}:{taken.occurrence}:{rule}"
