"""A rule's answer over all time: findings, each over a set of instants; what no finding passes is not yet known."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from domain.instants import NEVER, InstantSet
from domain.protocol import RuleOfGate
from domain.time import FOREVER
from domain.verdicts import Finding, Outcome, RuleVerdict
from domain.words import Role


@dataclass(frozen=True)
class Found:
    """What was found, over which instants, and who can supply what is missing.

    Of overlapping findings a failing one outweighs an unknown one, and that a passing one.
    """

    outcome: Outcome
    over: InstantSet
    says: str
    evidence: tuple[int, ...] = ()
    supplied_by: Role | None = None


@dataclass(frozen=True)
class Judgement:
    """The answer of one rule over all time."""

    rule: RuleOfGate
    found: tuple[Found, ...]
    assumption: bool

    @cached_property
    def fails(self) -> InstantSet:
        return self._over("fails")

    @cached_property
    def passes(self) -> InstantSet:
        return self._over("passes") - self.fails - self._over("not yet known")

    @cached_property
    def edges(self) -> tuple[datetime, ...]:
        """Every instant at which something that was found begins or ends."""
        return tuple(sorted({edge for found in self.found for pair in found.over.intervals for edge in pair}))

    def verdict(self, instant: datetime) -> RuleVerdict:
        """The verdict at an instant, with the findings that decide it."""
        outcome: Outcome = "fails" if instant in self.fails else "passes" if instant in self.passes else "not yet known"
        deciding = [found for found in self.found if found.outcome == outcome and instant in found.over]
        return RuleVerdict(
            rule=self.rule.id,
            outcome=outcome,
            findings=tuple(_finding(found, instant) for found in deciding),
            assumption=self.assumption,
        )

    def _over(self, outcome: Outcome) -> InstantSet:
        sets: Iterable[InstantSet] = (found.over for found in self.found if found.outcome == outcome)
        return InstantSet.of(pair for one in sets for pair in one.intervals) or NEVER


def _finding(found: Found, instant: datetime) -> Finding:
    interval = found.over.around(instant)
    until = None if interval is None or interval[1] == FOREVER else interval[1]
    asked = found.supplied_by if found.outcome == "not yet known" else None
    return Finding(outcome=found.outcome, says=found.says, evidence=found.evidence, until=until, supplied_by=asked)
