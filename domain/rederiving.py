"""What was judged once, derived again by today's program from what was known then, and every difference named."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.events import ClearanceRevoked, ManuallyReleased, StepCleared, StepHeld, StepRefused, StepWaiting
from domain.gates import judge
from domain.record import Record
from domain.study import Study
from domain.verdicts import Derivation, RuleVerdict

Judged = StepCleared | StepWaiting | StepHeld | ManuallyReleased | ClearanceRevoked | StepRefused
"""What is recorded with a derivation; a refusal that rests on no rule has none."""
JUDGED = (StepCleared, StepWaiting, StepHeld, ManuallyReleased, ClearanceRevoked, StepRefused)


@dataclass(frozen=True, slots=True)
class RuleTwice:
    """A rule that is judged otherwise today; None where one of the two does not know it."""

    rule: str
    recorded: RuleVerdict | None
    today: RuleVerdict | None


@dataclass(frozen=True, slots=True)
class Rederived:
    """A verdict on record beside what today's program makes of the same entries under the same study.

    `instruments` names what it was made with and is otherwise today; `outcome` says that the answer itself, or its cover, is otherwise.
    """

    entry: int
    recorded_at: datetime
    event: Judged
    recorded: Derivation
    today: Derivation
    instruments: tuple[str, ...]
    rules: tuple[RuleTwice, ...]
    outcome: bool

    @property
    def same(self) -> bool:
        """Whether today's program says what was recorded, whatever it is made with."""
        return not self.rules and not self.outcome


def derived_again(record: Record, version: int, study: Study) -> Rederived | None:
    """The verdict in an entry, derived again from the entries before it, under the study as it stood then.

    None where the entry is no verdict, or where what it was judged by is not on record any more.
    """
    entry = record.entries[version - 1]
    event, before = entry.event, Record.of(record.id, record.entries[: version - 1]).participant
    if not isinstance(event, JUDGED) or event.derivation is None or not before.protocol:
        return None
    recorded, plan = event.derivation, before.plans.get(event.step)
    gate = judge(event.step, before, study, recorded.at if plan is None else plan.slot.start)
    today = gate.derivation(recorded.at)
    others = tuple(name for name, was in recorded.made_with if getattr(today.made_with, name) != was)
    outcome = plan is not None and _otherwise(event, gate.verdict(plan.slot, recorded.at))
    rules = tuple(_differing(recorded, today))
    return Rederived(version, entry.recorded_at, event, recorded, today, others, rules, outcome)


def verdicts_to_explain(record: Record) -> Iterator[int]:
    """The entries whose verdicts stand for the planned steps, and the last entry where that is one; each once."""
    last = record.entries[-1:]
    found = [plan.judged_in for plan in record.participant.plans.values() if plan.judged_in]
    found += [entry.version for entry in last if isinstance(entry.event, JUDGED)]
    yield from dict.fromkeys(found)


def _otherwise(recorded: Judged, today: object) -> bool:
    match recorded:
        case StepCleared() | StepWaiting() | StepHeld():
            said = recorded.model_dump(exclude={"derivation"})
            return not isinstance(today, StepCleared | StepWaiting | StepHeld) or today.model_dump(exclude={"derivation"}) != said
        case _:
            return False


def _differing(recorded: Derivation, today: Derivation) -> Iterator[RuleTwice]:
    was, now = ({rule.rule: rule for rule in one.rules} for one in (recorded, today))
    for rule in dict.fromkeys([*was, *now]):
        if was.get(rule) != now.get(rule):
            yield RuleTwice(rule, was.get(rule), now.get(rule))
