"""The language in which criteria are written: requirements as data, of a closed set of kinds, that can stand inside one another.

A requirement says what must be so. An exclusion criterion is written as the requirement that the excluded thing is absent.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.base import Value
from domain.time import Period
from domain.words import HoldPoint, Milligrams, Name, ReviewKind, Role, Route, RuleId, Sentence

Anchor = Literal["consent", "screening", "confirmation"]
"""The time that a criterion is judged at; what it says of the time before reaches up to the confirmation in any case."""
COUNT = Annotated[int, Field(ge=1)]


class IfRuled(Value):
    """Classes of drugs that count only if the study has ruled so; until it has ruled it is not known whether they do."""

    ruling: Name
    choice: Name
    classes: tuple[Name, ...]


class Sought(Value):
    """What is looked for on record. Each list adds; marks and a grade narrow the conditions, routes and exceptions the drugs."""

    conditions: tuple[Name, ...] = ()
    marked: tuple[Name, ...] = ()
    """Marks that a condition must carry, every one of them."""
    grade_at_least: Annotated[int, Field(ge=1, le=5)] | None = None
    procedures: tuple[Name, ...] = ()
    classes: tuple[Name, ...] = ()
    but_not: tuple[Name, ...] = ()
    """More specific classes, which have a criterion of their own and do not count here."""
    if_ruled: tuple[IfRuled, ...] = ()
    routes: tuple[Route, ...] = ()
    """Only these routes count; every route where none is named."""


class Looking(Value):
    """A requirement of absence: it passes only where somebody has looked, by a review of this kind."""

    review: ReviewKind


class NoneWithin(Looking):
    """Nothing of the kind overlaps the look-back before the anchor, nor the time from the anchor to the confirmation."""

    kind: Literal["none-within"]
    of: Sought
    within: Period


class Never(Looking):
    """Nothing of the kind up to the confirmation, or fewer than `fewer_than` of them, in the whole life."""

    kind: Literal["never"]
    of: Sought
    fewer_than: COUNT = 1


class NotPresent(Looking):
    """Nothing of the kind goes on at the anchor."""

    kind: Literal["not-present"]
    of: Sought


class VolumeBelow(Looking):
    """The volumes of such procedures in the look-back add up to less than this."""

    kind: Literal["volume-below"]
    of: Sought
    below_ml: COUNT
    within: Period


class WashedOut(Looking):
    """So many half-lives lie between the last dose of such a drug and the anchor, reckoned with the upper end of the range."""

    kind: Literal["washed-out"]
    of: Sought
    half_lives: COUNT


class NoSustainedDose(Looking):
    """No run of so many dates, each with at least so much steroid as prednisone, reaches into the look-back."""

    kind: Literal["no-sustained-dose"]
    at_least_mg: Milligrams
    days: COUNT
    within: Period


class Lasted(Looking):
    """Such drugs cover the time before the anchor without a longer gap; the review makes sure that no course is missing."""

    kind: Literal["lasted"]
    of: Sought
    at_least: Period
    longest_gap_days: Annotated[int, Field(ge=0)]


class ElapsedSince(Value):
    """At least so much time has passed since a condition was diagnosed and, if later, a score first reached its count."""

    kind: Literal["elapsed-since"]
    condition: Name
    score: Name
    reached: COUNT
    at_least: Period


class Aged(Value):
    """Age in completed years, both bounds included."""

    kind: Literal["aged"]
    at_least: int
    at_most: int


class Measured(Value):
    """The last valid value of a test in this screening lies in the range, bounds included."""

    kind: Literal["measured"]
    test: Name
    at_least: Decimal | None = None
    at_most: Decimal | None = None


class Resulted(Value):
    """The last valid result of a test in this screening is one that passes; one that is in neither list decides nothing.

    A test that is not asked for (`if_tested`) passes while it has no result, and counts once it has one; where that did not pass, to let
    it grow too old does not either.
    """

    kind: Literal["resulted"]
    test: Name
    if_tested: bool = False
    passing: Annotated[tuple[Name, ...], Field(min_length=1)]
    failing: Annotated[tuple[Name, ...], Field(min_length=1)]


class Scored(Value):
    """A score reaches so much: of the last assessment in this screening or, where items are `dated`, of all that were ever present."""

    kind: Literal["scored"]
    score: Name
    at_least: COUNT
    dated: bool = False


class Attested(Value):
    """Whoever may judge it has attested it in this screening; where it is judged `on` tests, each has a result, and none came later."""

    kind: Literal["attested"]
    attestation: Name
    on: tuple[Name, ...] = ()


class Reviewed(Value):
    """Somebody has looked, in this screening, by a review of this kind: what an attestation goes by, such as plans for a promise."""

    kind: Literal["reviewed"]
    review: ReviewKind


class ConsentedFirst(Value):
    """Consent of this screening was signed before its first procedure."""

    kind: Literal["consented-first"]


class ConsentFormCurrent(Value):
    """Consent of this screening was signed on the form that is in use at the site."""

    kind: Literal["consent-form-current"]


class ScreeningWithin(Value):
    """No more than so much time lies between the start of screening and the confirmation; a screening that took longer has expired."""

    kind: Literal["screening-within"]
    at_most: Period


class OfSex(Value):
    """The participant is of this sex."""

    kind: Literal["of-sex"]
    sex: Literal["female", "male"]


class RuledSo(Value):
    """The study has ruled so, on a question that concerns no drug; until it has ruled it is not known."""

    kind: Literal["ruled-so"]
    ruling: Name
    choice: Name


class AllOf(Value):
    """Each of them."""

    kind: Literal["all"]
    of: Annotated[tuple["Requirement", ...], Field(min_length=2)]


class AnyOf(Value):
    """At least one of them."""

    kind: Literal["any"]
    of: Annotated[tuple["Requirement", ...], Field(min_length=2)]


class Not(Value):
    """The opposite."""

    kind: Literal["not"]
    of: "Requirement"


class Whenever(Value):
    """If the one, then also the other."""

    kind: Literal["whenever"]
    condition: "Requirement"
    then: "Requirement"


Absence = NoneWithin | Never | NotPresent | VolumeBelow | WashedOut | NoSustainedDose
Leaf = (
    Absence
    | Lasted
    | ElapsedSince
    | Aged
    | Measured
    | Resulted
    | Scored
    | Attested
    | Reviewed
    | ConsentedFirst
    | ConsentFormCurrent
    | ScreeningWithin
    | OfSex
    | RuledSo
)
Composite = AllOf | AnyOf | Not | Whenever
Requirement = Annotated[
    NoneWithin
    | Never
    | NotPresent
    | VolumeBelow
    | WashedOut
    | NoSustainedDose
    | Lasted
    | ElapsedSince
    | Aged
    | Measured
    | Resulted
    | Scored
    | Attested
    | Reviewed
    | ConsentedFirst
    | ConsentFormCurrent
    | ScreeningWithin
    | OfSex
    | RuledSo
    | AllOf
    | AnyOf
    | Not
    | Whenever,
    Field(discriminator="kind"),
]
for composite in (AllOf, AnyOf, Not, Whenever):
    composite.model_rebuild()


class OtherReading(Value):
    """Another way to read the sentence of a criterion: it decides nothing, and whoever reads the report is told where it would."""

    says: Sentence
    requires: Requirement


class Criterion(Value):
    """One part of a criterion of the registry entry, in our own words."""

    id: RuleId
    name: Sentence
    says: Sentence
    anchor: Anchor | None = None
    requires: Requirement | None = None
    """What must be so, judged at the anchor."""
    otherwise_read: OtherReading | None = None
    at_gate: HoldPoint | None = None
    """The hold point at whose gate the part is judged, by the rule of the same id; it is not due at confirmation."""
    interpretations: tuple[Name, ...] = ()


class Flag(Value):
    """Values below or above which whoever judges is told so; they decide nothing by themselves."""

    below: Decimal | None = None
    above: Decimal | None = None
    says: Sentence

    def marks(self, value: Decimal) -> bool:
        """Whether a value lies beyond; the bound itself does not."""
        return (self.below is not None and value < self.below) or (self.above is not None and value > self.above)


class Test(Value):
    """A test or measurement: what it can result in, how old it may be at confirmation, and how often it may be repeated."""

    title: Sentence
    unit: Sentence | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    """The range of values that can be; whatever lies outside is a slip."""
    flag: Flag | None = None
    results: tuple[Name, ...] = ()
    no_older_than: Period
    repeats: Annotated[int, Field(ge=0)] = 1


class Condition(Value):
    """A condition that can be noted, with the marks that criteria ask for; `graded` by CTCAE, 1 to 5."""

    title: Sentence
    marks: tuple[Name, ...] = ()
    judged: tuple[Name, ...] = ()
    """Those of its marks that are the investigator's to judge."""
    graded: bool = False


class Procedure(Value):
    """A kind of procedure; `measured` in mL."""

    title: Sentence
    measured: bool = False


class Score(Value):
    """A score as the sum of the weights of its items; those of the laboratory count if drawn in the look-back before the assessment."""

    title: Sentence
    items: Annotated[dict[Name, COUNT], Field(min_length=1)]
    laboratory: tuple[Name, ...] = ()
    look_back: Period | None = None
    no_older_than: Period


class Attestation(Value):
    """What a person can attest, and who may; a promise concerns the time ahead."""

    says: Sentence
    by: Role
    promise: bool = False
