"""What a requirement answers over all times of its anchor, and how answers combine: passes, fails, or not yet known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce

from domain.base import Value
from domain.instants import ALWAYS, NEVER, InstantSet
from domain.rules.judgement import Found
from domain.verdicts import Finding, Outcome
from domain.words import Account, Role


class Remark(Value):
    """What whoever reads a verdict is told besides, whatever the verdict; it decides nothing."""

    says: Account
    evidence: tuple[int, ...] = ()


@dataclass(frozen=True)
class Answer:
    """Where a requirement passes and where it fails, with what was found for it or the answers it was put together from."""

    says: str
    passes: InstantSet
    fails: InstantSet
    found: tuple[Found, ...] = ()
    parts: tuple["Answer", ...] = ()
    remarks: tuple[Remark, ...] = ()

    @classmethod
    def by(cls, says: str, found: Iterable[Found], remarks: Iterable[Remark] = ()) -> "Answer":
        """From findings: a failing one outweighs an unknown one, and that a passing one; where nothing was found nothing is known."""
        told = tuple(one for one in found if one.over)
        fails, unknown, passes = (_over(told, outcome) for outcome in ("fails", "not yet known", "passes"))
        return cls(says, passes - fails - unknown, fails, told, remarks=tuple(remarks))

    def outcome(self, possible: InstantSet) -> Outcome:
        """The outcome at a time that may itself be uncertain: what holds at every minute at which it can have been, else not yet known."""
        return "passes" if possible <= self.passes else "fails" if possible <= self.fails else "not yet known"

    def __invert__(self) -> "Answer":
        return Answer(f"not {self.says}", self.fails, self.passes, parts=(self,))


def all_of(says: str, parts: tuple[Answer, ...]) -> Answer:
    """Passes where each passes, fails where any fails."""
    passes = reduce(InstantSet.__and__, (part.passes for part in parts), ALWAYS)
    return Answer(says, passes, reduce(InstantSet.__or__, (part.fails for part in parts), NEVER), parts=parts)


def any_of(says: str, parts: tuple[Answer, ...]) -> Answer:
    """Passes where any passes, fails where each fails."""
    fails = reduce(InstantSet.__and__, (part.fails for part in parts), ALWAYS)
    return Answer(says, reduce(InstantSet.__or__, (part.passes for part in parts), NEVER), fails, parts=parts)


def or_missing(found: Sequence[Found], says: str, role: Role = "coordinator", outcome: Outcome = "not yet known") -> tuple[Found, ...]:
    """What was found and, wherever nothing was, what is missing, what that means, and who can supply it."""
    told = InstantSet.of(pair for one in found for pair in one.over.intervals)
    return (*found, Found(outcome, ALWAYS - told, says, supplied_by=role))


def throughout(found: Iterable[Found], at: datetime) -> tuple[Found, ...]:
    """What is found at an instant, over all times: what is asked of this screening as a whole stands beside every anchor."""
    return tuple(replace(one, over=ALWAYS) for one in found if at in one.over)


def findings(answer: Answer, outcome: Outcome, possible: InstantSet) -> tuple[Finding, ...]:
    """What was found that bears on the outcome at the anchor: what decides it or, while it is not known, what is unknown."""
    deciding = [one for one in answer.found if outcome in {one.outcome, "not yet known"} and one.over & possible]
    return tuple(_finding(one, outcome) for one in deciding)


def _finding(found: Found, outcome: Outcome) -> Finding:
    asked = found.supplied_by if outcome == "not yet known" and found.outcome == "not yet known" else None
    return Finding(outcome=found.outcome, says=found.says, evidence=found.evidence, supplied_by=asked)


def _over(found: tuple[Found, ...], outcome: Outcome) -> InstantSet:
    sets = [one.over for one in found if one.outcome == outcome]
    return sets[0] if len(sets) == 1 else InstantSet.of(pair for one in sets for pair in one.intervals)
