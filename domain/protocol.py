"""A version of the study's protocol, as data: steps with the rules of their gates, visits with their windows."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.base import Value
from domain.criteria.language import Attestation, Condition, Criterion, Procedure, Score, Sought, Test
from domain.time import Period
from domain.words import HoldPoint, Name, ReviewKind, Role, RuleId, Sentence

Milestone = Literal["consent", "eligibility", "leukapheresis", "lymphodepletion"]


class Approval(Value):
    """Who approved a reading of the protocol, when, and what binds the approval."""

    role: Sentence
    on: date
    signature: Sentence


class Interpretation(Value):
    """How we read a sentence that the registry entry leaves open, and why; proposed until somebody approves it."""

    reads: Sentence
    because: Sentence
    approved: Approval | None = None


class Ruling(Value):
    """A question without a safe default: only the study can settle it, once, for everybody."""

    asks: Sentence
    choices: dict[Name, Sentence]


class ReviewAsked(Value):
    """The review that lets an absence pass: of this kind, covering the look-back, no older than that before the step."""

    kind: ReviewKind
    no_older_than: Period


class RuleOfGate(Value):
    """What every rule of a gate says of itself."""

    id: RuleId
    says: Sentence
    supplied_by: Role = "coordinator"
    overridable: bool = True
    interpretations: tuple[Name, ...] = ()


class NoneWithin(RuleOfGate):
    """No such event in the look-back before the step, and somebody has looked."""

    kind: Literal["none-within"]
    event: Literal["investigational-drug", "major-surgery"]
    within: Period
    review: ReviewAsked


class NoTherapeuticSteroid(RuleOfGate):
    """No systemic steroid in the look-back on a day whose doses add up to more than `above_mg` mg of prednisone."""

    kind: Literal["no-therapeutic-steroid"]
    above_mg: Annotated[Decimal, Field(ge=0)]
    within: Period
    review: ReviewAsked


class StepsBefore(RuleOfGate):
    """These have been taken, and stand."""

    kind: Literal["steps-before"]
    milestones: Annotated[tuple[Milestone, ...], Field(min_length=1)]


class ProductReady(RuleOfGate):
    """The product made from the standing collection is released, on site and in date."""

    kind: Literal["product-ready"]


class SameIdentity(RuleOfGate):
    """One chain-of-identity code on collection, product and, where asked, the check by two persons."""

    kind: Literal["same-identity"]
    checked_by_two: bool


class DaysSinceLymphodepletion(RuleOfGate):
    """The step falls on a date this many days after the date of the last lymphodepletion dose, both bounds included."""

    kind: Literal["days-since-lymphodepletion"]
    at_least: Annotated[int, Field(ge=0)]
    at_most: int


class NotPresent(RuleOfGate):
    """No such condition that carries one of these marks goes on at the step, and somebody has looked."""

    kind: Literal["not-present"]
    condition: Name
    marked: Annotated[tuple[Name, ...], Field(min_length=1)]
    review: ReviewAsked


class Afebrile(RuleOfGate):
    """So long without fever, if there was any since the start of lymphodepletion; and a temperature without fever, no older than that."""

    kind: Literal["afebrile"]
    test: Name
    fever_from: Decimal
    """The least value that is fever, in the unit of the test."""
    free_for: Period
    no_older_than: Period


class NotPregnant(RuleOfGate):
    """No pregnancy of a woman goes on, and her last valid test is negative: no older than that before the step, if one is asked for."""

    kind: Literal["not-pregnant"]
    condition: Name
    test: Name
    negative: Annotated[tuple[Name, ...], Field(min_length=1)]
    positive: Annotated[tuple[Name, ...], Field(min_length=1)]
    no_older_than: Period | None = None
    """None where no test is asked for, and only what is on record can stop the step."""


class Attested(RuleOfGate):
    """What was attested last, no older than that before the step, is that it is so."""

    kind: Literal["attested"]
    attestation: Name
    no_older_than: Period


Rule = Annotated[
    NoneWithin
    | NoTherapeuticSteroid
    | StepsBefore
    | ProductReady
    | SameIdentity
    | DaysSinceLymphodepletion
    | NotPresent
    | Afebrile
    | NotPregnant
    | Attested,
    Field(discriminator="kind"),
]


class GateRule(Value):
    """A hold point: the rules of its gate, the longest slot, and what must have happened for it to be taken again."""

    title: Sentence
    longest_slot: Period
    may_repeat_after: tuple[Literal["leukapheresis-failed", "product-failed"], ...] = ()
    rules: Annotated[tuple[Rule, ...], Field(min_length=1)]


class Assessment(Value):
    """What is assessed at a visit: all of these on its date or, where none is named, whatever somebody says was done for the visit."""

    title: Sentence
    tests: tuple[Name, ...] = ()
    scores: tuple[Name, ...] = ()
    attestations: tuple[Name, ...] = ()


Anchor = Literal["screening", "leukapheresis", "planned-infusion", "last-lymphodepletion-dose", "infusion"]
Outside = Literal["record", "approve", "stop"]
"""What a visit outside its window means. Each is a deviation that needs a reason; to *approve* one takes the investigator's signature.
A window that *stops* lets nothing be booked outside, and a visit outside it is an important deviation."""


class NotBefore(Value):
    """A second anchor: so many days after the date on which another visit took place, if it did."""

    visit: Name
    days: Annotated[int, Field(ge=1)]


class VisitRule(Value):
    """When a visit is due, counted in days, months or hours from an anchor, and how many days or hours it may be early or late."""

    title: Sentence
    series: Name
    anchor: Anchor
    day: int | None = None
    month: int | None = None
    hour: int | None = None
    early: Annotated[int, Field(ge=0)] = 0
    late: Annotated[int, Field(ge=0)] = 0
    early_hours: Annotated[int, Field(ge=0)] = 0
    late_hours: Annotated[int, Field(ge=0)] = 0
    not_before: NotBefore | None = None
    outside: Outside = "record"
    assessments: tuple[Name, ...] = ()
    settled_by: Literal["leukapheresis-started.v1", "lymphodepletion-dose.v1", "infusion-started.v1"] | None = None
    interpretations: tuple[Name, ...] = ()


class Conduct(Value):
    """A promise that was attested at confirmation, as what would break it, and what a breach calls for; `until` after the infusion."""

    criterion: RuleId
    says: Sentence
    of: Sought | None = None
    major_surgery: bool = False
    results: Annotated[dict[Name, tuple[Name, ...]], Field(default_factory=dict)]
    """Results of tests that break it."""
    until: Period
    calls_for: Literal["deviation", "safety-report"]
    interpretations: tuple[Name, ...] = ()


class Protocol(Value):
    """What the study asks of each participant, in one version."""

    study: Name
    version: Annotated[int, Field(ge=1)]
    title: Sentence
    demonstration: bool
    reference: Annotated[int, Field(ge=1)]
    toxicity_period_days: Annotated[int, Field(ge=1)]
    visit_grace_days: Annotated[int, Field(ge=0)]
    interpretations: dict[Name, Interpretation]
    rulings: Annotated[dict[Name, Ruling], Field(default_factory=dict)]
    override_grounds: dict[Name, Sentence]
    steps: dict[HoldPoint, GateRule]
    visits: dict[Name, VisitRule]
    assessments: Annotated[dict[Name, Assessment], Field(default_factory=dict)]
    tests: dict[Name, Test]
    conditions: dict[Name, Condition]
    procedures: dict[Name, Procedure]
    scores: dict[Name, Score]
    attestations: dict[Name, Attestation]
    criteria: Annotated[tuple[Criterion, ...], Field(min_length=1)]
    conduct: Annotated[dict[Name, Conduct], Field(default_factory=dict)]

    @property
    def lymphodepletion_days(self) -> frozenset[int]:
        """The days of the course, counted from the planned infusion."""
        doses = (visit for visit in self.visits.values() if visit.settled_by == "lymphodepletion-dose.v1")
        return frozenset(visit.day for visit in doses if visit.day is not None)

    def assumes(self, names: tuple[str, ...]) -> bool:
        """Whether one of these interpretations is still only proposed."""
        return any(self.interpretations[name].approved is None for name in names)
