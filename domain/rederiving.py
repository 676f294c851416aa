"""What was judged or signed once, derived again by today's program from what was known then, and every difference named."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.criteria.report import EligibilityReport, confirmation, eligibility
from domain.entry import Entry
from domain.events import (
    ClearanceRevoked,
    ConfirmationRefused,
    EligibilityConfirmed,
    Event,
    ManuallyReleased,
    StepCleared,
    StepHeld,
    StepRefused,
    StepWaiting,
)
from domain.gates import judge
from domain.record import Record
from domain.study import Study
from domain.verdicts import Derivation, Instruments, RuleVerdict

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


@dataclass(frozen=True, slots=True)
class ReportAgain:
    """A report of eligibility that was signed, beside what today's program makes of the same entries under the same study.

    `made_with` is what the signed one was made with; None where today's is another report, whatever it is made with.
    """

    entry: int
    recorded_at: datetime
    event: EligibilityConfirmed | ConfirmationRefused
    today: EligibilityReport
    made_with: Instruments | None

    @property
    def same(self) -> bool:
        """Whether today's program makes the report that was signed."""
        return self.made_with is not None

    @property
    def instruments(self) -> tuple[str, ...]:
        """What it was made with that is otherwise today, as far as it can be told."""
        return () if self.made_with is None else _others(self.made_with, self.today.made_with)


def derived_again(record: Record, version: int, study: Study) -> Rederived | ReportAgain | None:
    """The verdict or report of an entry, derived again from the entries before it, under the study as it stood then.

    None where the entry is neither, or where what it was judged by is not on record any more.
    """
    entry = record.entries[version - 1]
    if isinstance(entry.event, EligibilityConfirmed) and entry.event.report is not None:
        return report_again(record, version, study)
    event, before = entry.event, Record.of(record.id, record.entries[: version - 1]).participant
    if not isinstance(event, JUDGED) or event.derivation is None or not before.protocol:
        return None
    recorded, plan = event.derivation, before.plans.get(event.step)
    gate = judge(event.step, before, study, recorded.at if plan is None else plan.slot.start)
    today = gate.derivation(recorded.at)
    others = _others(recorded.made_with, today.made_with)
    outcome = plan is not None and _otherwise(event, gate.verdict(plan.slot, recorded.at))
    rules = tuple(_differing(recorded, today))
    return Rederived(version, entry.recorded_at, event, recorded, today, others, rules, outcome)


def report_again(record: Record, version: int, study: Study, amendments: Sequence[Entry[Event]] = ()) -> ReportAgain | None:
    """The report that was signed in an entry, on what was on record before that, as amended; None where none can be made."""
    entry = record.entries[version - 1]
    before = Record.of(record.id, (*record.entries[: version - 1], *amendments)).participant
    after = Record.of(record.id, record.entries[:version]).participant
    if not isinstance(entry.event, EligibilityConfirmed | ConfirmationRefused) or not before.protocol or after.eligible is None:
        return None
    today = eligibility(before, study, confirmation(after, study, entry.recorded_at))
    made_with = (today.made_with, *dict.fromkeys(_instruments(record)))
    signed = (one for one in made_with if today.model_copy(update={"made_with": one}).digest == entry.event.report)
    return ReportAgain(version, entry.recorded_at, entry.event, today, next(signed, None))


def verdicts_to_explain(record: Record) -> Iterator[int]:
    """The report that was signed, the verdicts that stand for the planned steps, and the last entry where that is one; each once."""
    last, confirmed = record.entries[-1:], record.participant.eligible
    yield from () if confirmed is None else (confirmed.entry,)
    found = [plan.judged_in for plan in record.participant.plans.values() if plan.judged_in]
    found += [entry.version for entry in last if isinstance(entry.event, JUDGED)]
    yield from dict.fromkeys(found)


def _instruments(record: Record) -> Iterator[Instruments]:
    """Everything that anything of a record was judged with: a report does not say itself what it was made with."""
    for entry in record.entries:
        if isinstance(entry.event, JUDGED) and entry.event.derivation is not None:
            yield entry.event.derivation.made_with


def _others(was: Instruments, today: Instruments) -> tuple[str, ...]:
    return tuple(name for name, value in was if getattr(today, name) != value)


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
