"""The card of a participant's next step: every rule of its gate, why it is met or not, and from when it can be."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from app.web.worklist_page import participant_href
from domain.events import ManuallyReleased, Slot, StepCleared, StepHeld, StepWaiting
from domain.gates import Gate, SlotVerdict, judge, judged_for
from domain.leaving import next_to_plan, steps_ended
from domain.participant import Participant
from domain.standing import Plan
from domain.study import Study
from domain.time import FOREVER, to_the_minute
from domain.verdicts import Outcome, RuleVerdict
from domain.words import HoldPoint
from projections.sentences import says

ORDER: tuple[Outcome, ...] = ("fails", "not yet known", "passes")
"""What stands in the way comes first."""


class Told(NamedTuple):
    """One thing that a rule found, and the entries that it rests on."""

    says: str
    entries: str
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RuleShown:
    """A rule of the gate with its verdict: why, until when that holds (None: until something is recorded), and who can supply what."""

    id: str
    says: str
    outcome: Outcome
    findings: tuple[Told, ...]
    until: datetime | None
    supplied_by: str
    assumption: bool


@dataclass(frozen=True, slots=True)
class StepShown:
    """A step with its gate. `earliest` is when nothing forbids it any more, as far as that is known."""

    step: HoldPoint
    title: str
    state: str
    says: str
    slot: Slot | None
    judged_for: datetime
    earliest: datetime | None
    covers_until: datetime | None
    rules: tuple[RuleShown, ...]
    blocked: tuple[tuple[str, datetime, datetime], ...]
    """The black-outs that lie ahead: what each is, from when, until when."""
    href: str

    @property
    def passing(self) -> int:
        return sum(rule.outcome == "passes" for rule in self.rules)

    @property
    def in_the_way(self) -> tuple[RuleShown, ...]:
        """The rules that do not pass."""
        return tuple(rule for rule in self.rules if rule.outcome != "passes")

    @property
    def at_rest(self) -> tuple[RuleShown, ...]:
        """The rules that pass."""
        return tuple(rule for rule in self.rules if rule.outcome == "passes")


def steps_ahead(participant: Participant, study: Study, now: datetime) -> tuple[StepShown, ...]:
    """Every planned step, soonest first; where none is planned the one that comes next, as if it were now."""
    zone = study.zone(participant.site)
    if not participant.eligible or steps_ended(participant, zone):
        return ()
    planned: list[HoldPoint] = sorted(participant.plans, key=lambda step: participant.plans[step].slot.start)
    following = next_to_plan(participant, zone)
    return tuple(step_shown(step, participant, study, now) for step in planned or ([following] if following else []))


def step_shown(step: HoldPoint, participant: Participant, study: Study, instant: datetime) -> StepShown:
    """A step with its gate, judged for its slot or, where none is planned, as if it were now."""
    plan, now = participant.plans.get(step), to_the_minute(instant)
    at = judged_for(plan, now)
    gate, zone = judge(step, participant, study, at), study.zone(participant.site)
    derived = None if plan is None else gate.verdict(plan.slot, now)
    return StepShown(
        step=step,
        title=study.protocol(participant.protocol).steps[step].title,
        state=_state(plan, derived),
        says=_says(plan, derived, zone),
        slot=None if plan is None else plan.slot,
        judged_for=at,
        earliest=_earliest(gate, derived, at),
        covers_until=derived.covers_until if isinstance(derived, StepCleared) else None,
        rules=tuple(sorted(_rules(gate, at), key=lambda rule: ORDER.index(rule.outcome))),
        blocked=tuple(_blocked(gate, now)),
        href=f"{participant_href(participant.id)}/steps/{step}",
    )


def _state(plan: Plan | None, derived: SlotVerdict | None) -> str:
    """What is on record; leave that record or study no longer bear out is no leave."""
    if plan is None:
        return "not planned"
    match plan.verdict:
        case StepCleared() | ManuallyReleased():
            return "cleared" if isinstance(derived, StepCleared) else "no longer valid"
        case _ if plan.revoked_in:
            return "revoked"
        case StepHeld():
            return "held"
        case StepWaiting():
            return "waiting"
        case None:
            return "not judged"


def _says(plan: Plan | None, derived: SlotVerdict | None, zone: str) -> str:
    """What to know before anything is begun: a verdict that no longer stands is never shown as leave."""
    if plan is None or derived is None:
        return "It is not planned, so nothing gives leave for it. Judged as if it began now:"
    if plan.verdict is None:
        return f"There is no verdict on record yet, so nothing gives leave. Judged now: {says(derived, zone)}"
    if isinstance(plan.verdict, ManuallyReleased):
        return f"{says(plan.verdict, zone)} Judged now: {says(derived, zone)}"
    if isinstance(plan.verdict, StepCleared) and not isinstance(derived, StepCleared):
        return f"The leave on record no longer holds. Begin nothing; it is judged again. Judged now: {says(derived, zone)}"
    return ""


def _earliest(gate: Gate, derived: SlotVerdict | None, at: datetime) -> datetime | None:
    match derived:
        case StepHeld():
            return derived.earliest
        case StepWaiting():
            return derived.possible_from
        case StepCleared():
            return derived.covers_from
        case None:
            return gate.possible.first_from(at)


def _rules(gate: Gate, at: datetime) -> Iterator[RuleShown]:
    sentences = {judgement.rule.id: judgement.rule.says for judgement in gate.judgements}
    for verdict in gate.derivation(at).rules:
        yield RuleShown(
            id=verdict.rule,
            says=sentences[verdict.rule],
            outcome=verdict.outcome,
            findings=tuple(Told(one.says, _entries(one.evidence), one.evidence) for one in verdict.findings),
            until=until(verdict),
            supplied_by=", ".join(sorted({one.supplied_by for one in verdict.findings if one.supplied_by})),
            assumption=verdict.assumption,
        )


def until(verdict: RuleVerdict) -> datetime | None:
    """Until when a verdict holds: a rule passes until the first of its findings ends, and fails until the last; None if none tells."""
    ends = [one.until for one in verdict.findings if one.until is not None]
    if not ends or (verdict.outcome != "passes" and len(ends) < len(verdict.findings)):
        return None
    return min(ends) if verdict.outcome == "passes" else max(ends)


def _entries(evidence: tuple[int, ...]) -> str:
    return f"{'entry' if len(evidence) == 1 else 'entries'} {', '.join(map(str, evidence))}" if evidence else ""


def _blocked(gate: Gate, now: datetime) -> Iterator[tuple[str, datetime, datetime]]:
    """Of each rule the times that it forbids, from now on, where they have an end."""
    for judgement in gate.judgements:
        for start, end in judgement.fails.intervals:
            if now < end < FOREVER:
                yield judgement.rule.id, max(start, now), end
