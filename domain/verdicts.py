"""What a rule answers: a verdict, the evidence it rests on, and the instruments it was derived with."""

from typing import Literal

from domain.base import Value
from domain.time import Moment
from domain.words import Account, Digest, Role, RuleId

Outcome = Literal["passes", "fails", "not yet known"]
Overall = Literal["eligible", "not eligible", "not yet known"]
"""The answer on eligibility as a whole."""


class Finding(Value):
    """One thing that a rule found, the entries it rests on, and until when it holds (None: until something is recorded)."""

    outcome: Outcome
    says: Account
    evidence: tuple[int, ...] = ()
    until: Moment | None = None
    supplied_by: Role | None = None


class RuleVerdict(Value):
    """The answer of one rule of a gate at an instant, with what it found."""

    rule: RuleId
    outcome: Outcome
    findings: tuple[Finding, ...]
    assumption: bool
    """Whether an interpretation that nobody has approved yet stands behind the rule."""


class Instruments(Value):
    """What a derivation was made with, so that it can be made again."""

    protocol: Digest
    reference: Digest
    time_zone_data: str
    program: str


class Derivation(Value):
    """The verdicts of every rule of a gate at `at`, always all of them."""

    at: Moment
    rules: tuple[RuleVerdict, ...]
    made_with: Instruments
