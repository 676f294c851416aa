"""A gate: all rules of a hold point over all time, and the verdict on a planned slot that is read from them.

From the sets of instants follow, for any instant t of the slot: *cleared* when every rule passes at t, *held* when no instant
is left in the slot that nothing forbids, *waiting* otherwise. Before its start, a slot is judged as at its start.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, reduce
from typing import Literal, assert_never

from domain import protocol as p
from domain.events import ManuallyReleased, Slot, StepCleared, StepHeld, StepWaiting
from domain.instants import ALWAYS, InstantSet
from domain.participant import Participant
from domain.rules.absences import none_within
from domain.rules.health import afebrile, attested, not_pregnant, not_present
from domain.rules.judgement import Found, Judgement
from domain.rules.steroids import Counted, no_therapeutic_steroid
from domain.rules.treatment import days_since_lymphodepletion, product_ready, same_identity, steps_before
from domain.standing import Plan
from domain.study import Study
from domain.time import to_the_minute
from domain.verdicts import Derivation, Instruments, RuleVerdict
from domain.words import HoldPoint

SlotVerdict = StepCleared | StepWaiting | StepHeld


@dataclass(frozen=True, slots=True)
class Cleared:
    """Every rule passes at `at`, and goes on to from `opens` until `closes`."""

    at: datetime
    opens: datetime
    closes: datetime
    state: Literal["cleared"] = "cleared"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing forbids the step from `opens` on, though not all is known at `at`."""

    at: datetime
    opens: datetime
    state: Literal["waiting"] = "waiting"


@dataclass(frozen=True, slots=True)
class Held:
    """Something forbids the step to the end of its slot; nothing that is known does so from `opens` on, or (None) something always will."""

    at: datetime
    opens: datetime | None
    state: Literal["held"] = "held"


SlotOutlook = Cleared | Waiting | Held
"""How the verdict on a slot turns out, without its reasons."""


@dataclass(frozen=True)
class Gate:
    """The judgements of every rule of a step, always all of them. Valid for instants from the one it was judged since."""

    step: HoldPoint
    judgements: tuple[Judgement, ...]
    made_with: Instruments

    @cached_property
    def passes(self) -> InstantSet:
        """Where every rule passes."""
        return reduce(InstantSet.__and__, (judgement.passes for judgement in self.judgements), ALWAYS)

    @cached_property
    def possible(self) -> InstantSet:
        """Where no rule fails, though some may not be known yet."""
        return reduce(InstantSet.__sub__, (judgement.fails for judgement in self.judgements), ALWAYS)

    def derivation(self, instant: datetime) -> Derivation:
        return Derivation(at=instant, rules=tuple(one.verdict(instant) for one in self.judgements), made_with=self.made_with)

    def not_passing(self, instant: datetime) -> tuple[RuleVerdict, ...]:
        return tuple(verdict for verdict in self.derivation(instant).rules if verdict.outcome != "passes")

    def verdict(self, slot: Slot, now: datetime) -> SlotVerdict:
        """The verdict on a slot as at `now`, or at its start while that lies ahead."""
        found = self.outlook(slot, now)
        derivation = self.derivation(found.at)
        match found:
            case Cleared(opens=opens, closes=closes):
                return StepCleared(step=self.step, covers_from=opens, covers_until=closes, derivation=derivation)
            case Waiting(opens=opens):
                return StepWaiting(step=self.step, possible_from=opens, derivation=derivation)
            case Held(opens=earliest):
                return StepHeld(step=self.step, earliest=earliest, derivation=derivation)
            case _:
                assert_never(found)

    def outlook(self, slot: Slot, now: datetime) -> SlotOutlook:
        """How the verdict on a slot turns out; its reasons take longer to put together."""
        at = max(slot.start, to_the_minute(now))
        left = InstantSet.between(at, slot.until)
        cover = (self.passes & left).around(at)
        if cover is not None:
            return Cleared(at, *cover)
        open_from = (self.possible & left).first_from(at)
        return Held(at, self.possible.first_from(at)) if open_from is None else Waiting(at, open_from)

    def turns(self, slot: Slot, after: datetime) -> Iterator[datetime]:
        """The instants after `after`, up to the slot's end, at which the verdict on it can change."""
        edges = {edge for one in self.judgements for edge in one.edges if max(slot.start, after) < edge < slot.until}
        yield from sorted(edges | ({slot.until} if after < slot.until else set()))


def judged_for(plan: Plan | None, now: datetime) -> datetime:
    """For when a gate is best judged: for the start of the planned slot while that lies ahead, else for now, to the minute."""
    minute = to_the_minute(now)
    return minute if plan is None else max(plan.slot.start, minute)


def judge(step: HoldPoint, participant: Participant, study: Study, since: datetime) -> Gate:
    """Judge every rule of a step for instants from `since` on."""
    protocol = study.protocol(participant.protocol)
    judgements = tuple(
        Judgement(rule, _found(rule, participant, study, since), protocol.assumes(rule.interpretations))
        for rule in protocol.steps[step].rules
    )
    return Gate(step, judgements, study.instruments(participant.protocol))


def _found(rule: p.Rule, participant: Participant, study: Study, since: datetime) -> tuple[Found, ...]:
    zone, protocol = study.zone(participant.site), study.protocol(participant.protocol)
    match rule:
        case p.NoneWithin():
            return none_within(rule, participant, zone)
        case p.NoTherapeuticSteroid():
            return no_therapeutic_steroid(rule, participant, Counted.by(study), zone, since)
        case p.StepsBefore():
            return steps_before(rule, participant, zone)
        case p.ProductReady():
            return product_ready(rule, participant, zone)
        case p.SameIdentity():
            return same_identity(rule, participant, zone)
        case p.DaysSinceLymphodepletion():
            return days_since_lymphodepletion(rule, participant, protocol.lymphodepletion_days, zone)
        case p.NotPresent():
            return not_present(rule, participant, study)
        case p.Afebrile():
            return afebrile(rule, participant, protocol.tests[rule.test], zone)
        case p.NotPregnant():
            return not_pregnant(rule, participant, study)
        case p.Attested():
            return attested(rule, participant, protocol.attestations[rule.attestation], zone)
        case _:
            assert_never(rule)


def next_verdict(step: HoldPoint, plan: Plan, participant: Participant, study: Study) -> tuple[datetime, SlotVerdict] | None:
    """When the verdict on record for a planned step first stops being true, and what it is from then on; None if it never does.

    A verdict stops being true when its outcome, its reasons or its cover change: because of a fact (then at once, as of the
    last recording) or because time passes a turn.
    """
    gate = judge(step, participant, study, plan.slot.start)
    at = max(plan.judged_at, participant.recorded_at)
    if not _same(plan.verdict, gate.verdict(plan.slot, at)):
        return at, gate.verdict(plan.slot, at)
    for turn in gate.turns(plan.slot, at):
        verdict = gate.verdict(plan.slot, turn)
        if not _same(plan.verdict, verdict):
            return turn, verdict
    return None


def _same(recorded: object, derived: SlotVerdict) -> bool:
    """Whether a recorded verdict still says the same: outcome, reasons and cover, not the instant of judging."""
    if isinstance(recorded, StepCleared | ManuallyReleased) and isinstance(derived, StepCleared):
        return (recorded.covers_until, recorded.derivation.rules) == (derived.covers_until, derived.derivation.rules)
    if isinstance(recorded, StepWaiting) and isinstance(derived, StepWaiting):
        return recorded.derivation.rules == derived.derivation.rules
    if isinstance(recorded, StepHeld) and isinstance(derived, StepHeld):
        return (recorded.earliest, recorded.derivation.rules) == (derived.earliest, derived.derivation.rules)
    return False
