"""Every fact that can be recorded about a participant; each class's `kind` is its stable, stored name."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, get_args

from pydantic import Field

from domain.base import Value
from domain.time import Day, Moment, Planned, When
from domain.verdicts import Derivation, Overall
from domain.words import (
    Account,
    Asked,
    AstctGrade,
    Bag,
    CellsPerKilogram,
    ChainOfIdentity,
    Channel,
    CtcaeGrade,
    DeviationCategory,
    Digest,
    DoseOutcome,
    DosesPerDay,
    HoldPoint,
    IceScore,
    LymphodepletionDay,
    Milligrams,
    Name,
    Relation,
    ReviewKind,
    Role,
    Route,
    RuleId,
    Rung,
    Scope,
    Sentence,
    Seriousness,
    SiteId,
    Urgency,
)

OTHER_PROCEDURE = "other"
"""The category of a procedure that no criterion asks for."""

# Joining


class Registered(Value):
    """The study opened a record for the participant at a site."""

    kind: Literal["registered.v1"] = "registered.v1"
    site: SiteId


class ProtocolAdopted(Value):
    """From here on the participant is judged under this version of the protocol."""

    kind: Literal["protocol-adopted.v1"] = "protocol-adopted.v1"
    protocol: int
    digest: Digest


class ConsentSigned(Value):
    """The participant, or a representative for one who lacks capacity, signed the informed consent form."""

    kind: Literal["consent-signed.v1"] = "consent-signed.v1"
    at: When
    document: Sentence
    document_digest: Digest
    signer: Literal["participant", "representative"] = "participant"
    relation: Sentence | None = None
    obtained_by: Sentence
    witness: Sentence | None = None
    copy_given: bool
    optional_parts: tuple[Name, ...] = ()


# Screening


class ScreeningStarted(Value):
    """The first study-specific procedure of a screening episode took place."""

    kind: Literal["screening-started.v1"] = "screening-started.v1"
    at: When


class EligibilityConfirmed(Value):
    """The investigator confirmed eligibility by signature; this is enrolment.

    `report` is the digest of the report, judged for `at`, that was signed; None where it was confirmed on paper.
    """

    kind: Literal["eligibility-confirmed.v1"] = "eligibility-confirmed.v1"
    at: When
    report: Digest | None = None


class EligibilityReconsidered(Value):
    """What is now known of the time before it bears the confirmation out no longer, or (with no part `otherwise`) does so again.

    `otherwise` are the parts of which anything is judged otherwise than in the report that was signed; after a confirmation on paper,
    those that do not pass.
    """

    kind: Literal["eligibility-reconsidered.v1"] = "eligibility-reconsidered.v1"
    overall: Overall
    otherwise: tuple[RuleId, ...]


class ConfirmationRefused(Value):
    """A confirmation of eligibility was submitted on a report and refused, for all these reasons."""

    kind: Literal["confirmation-refused.v1"] = "confirmation-refused.v1"
    report: Digest
    reasons: Annotated[tuple[Account, ...], Field(min_length=1)]


class ScreenFailed(Value):
    """The participant was found not eligible by these parts of the criteria, or screening ended in vain for another reason."""

    kind: Literal["screen-failed.v1"] = "screen-failed.v1"
    at: When
    criteria: tuple[Sentence, ...] = ()
    why: Sentence | None = None


# Evidence


class DemographicsRecorded(Value):
    """When the participant was born, as precisely as the study may know it, and of which sex; the last such entry counts."""

    kind: Literal["demographics-recorded.v1"] = "demographics-recorded.v1"
    at: When
    born: When
    sex: Literal["female", "male"]


class ObservationMade(Value):
    """A test or measurement of the protocol gave a value or a result; `at` is when it was taken, not when it was reported.

    `valid` is false where the laboratory, or whoever measured, takes the result back: such a one decides nothing.
    """

    kind: Literal["observation-made.v1"] = "observation-made.v1"
    at: When
    test: Name
    value: Annotated[Decimal, Field(ge=-1_000_000, le=1_000_000)] | None = None
    unit: Sentence | None = None
    result: Name | None = None
    valid: bool = True


class ConditionNoted(Value):
    """A condition of the protocol's list was noted `at` a time; without a `stop` it still went on then.

    `marks` say what criteria ask of it, such as active or severe; a mark that is not there is not known. `grade` is by CTCAE.
    """

    kind: Literal["condition-noted.v1"] = "condition-noted.v1"
    at: When
    condition: Name
    start: When
    stop: When | None = None
    marks: Annotated[dict[Name, bool], Field(default_factory=dict)]
    grade: Annotated[int, Field(ge=1, le=5)] | None = None
    detail: Sentence | None = None


class ScoreItem(Value):
    """An item of a score: whether it was present, since when, and by which source."""

    item: Name
    present: bool
    since: When | None = None
    source: Sentence | None = None


class ScoreAssessed(Value):
    """The items of a score were assessed; an item that is not there was not answered."""

    kind: Literal["score-assessed.v1"] = "score-assessed.v1"
    at: When
    score: Name
    items: Annotated[tuple[ScoreItem, ...], Field(min_length=1)]
    drawn: dict[Name, When] = Field(default_factory=dict)
    """When the sample was drawn that an item of the laboratory rests on."""


class Attested(Value):
    """Whoever may judge it attests what the protocol asks, each either so or not so; one signature covers all."""

    kind: Literal["attested.v1"] = "attested.v1"
    at: When
    holds: Annotated[dict[Name, bool], Field(min_length=1)]


class VaccineGiven(Value):
    """A vaccine was given."""

    kind: Literal["vaccine-given.v1"] = "vaccine-given.v1"
    at: When
    vaccine: Name
    classes: tuple[Name, ...] = ()
    outside_every_class: bool = False
    class_unknown: bool = False


class MedicationTaken(Value):
    """A drug was taken: once (over a time, if it has a stop), or `doses_per_day` times a day from start to stop.

    A course without a stop is still going on, or nobody knows.
    """

    kind: Literal["medication-taken.v1"] = "medication-taken.v1"
    drug: Name
    dose_mg: Milligrams
    doses_per_day: DosesPerDay | None = None
    route: Route
    start: When
    stop: When | None = None
    indication: Sentence
    depot: bool | None = None
    """Whether the preparation goes on releasing the drug for weeks after the injection; into a muscle, it does unless this says no."""
    investigational: bool = False
    classes: tuple[Name, ...] = ()
    """Settled at entry: the drug is not in the reference and belongs to these classes."""
    outside_every_class: bool = False
    """Settled at entry: the drug is not in the reference and belongs to none of the classes that the protocol names."""
    class_unknown: bool = False
    """Nobody could tell at entry: the study's medical monitor classifies the drug, once for everybody."""

    @property
    def lasting(self) -> bool:
        """Whether it was injected to act for weeks: a depot, or into a joint."""
        into_muscle = self.route == "intramuscular" and self.depot is None
        return self.depot is True or into_muscle or self.route == "intra-articular"


class ProcedurePerformed(Value):
    """An operation or another procedure that is not part of the trial."""

    kind: Literal["procedure-performed.v1"] = "procedure-performed.v1"
    name: Sentence
    major: bool
    at: When
    category: Name = OTHER_PROCEDURE
    """Of which kind, by the protocol's list."""
    volume_ml: Annotated[int, Field(ge=1, le=20_000)] | None = None


class ReviewMade(Value):
    """Somebody looked: what is on record for this review's subject is complete from `covers_from` (None: lifetime) to `at`."""

    kind: Literal["review-made.v1"] = "review-made.v1"
    review: ReviewKind
    at: When
    covers_from: Day | None
    sources: Annotated[tuple[Asked, ...], Field(min_length=1)]


# Steps


class Slot(Value):
    """When a step is planned: a range of instants and the target inside it."""

    start: Planned
    until: Planned
    target: Planned


class StepPlanned(Value):
    """A hold point has a slot."""

    kind: Literal["step-planned.v1"] = "step-planned.v1"
    step: HoldPoint
    slot: Slot


class StepReplanned(Value):
    """A planned hold point moved to another slot; leave for the old one is gone."""

    kind: Literal["step-replanned.v1"] = "step-replanned.v1"
    step: HoldPoint
    slot: Slot


class StepCancelled(Value):
    """A planned hold point was given up, by a person or because the participant left."""

    kind: Literal["step-cancelled.v1"] = "step-cancelled.v1"
    step: HoldPoint


class StepCleared(Value):
    """The journey gave leave: every rule of the gate passes from `covers_from` up to `covers_until`, within the slot."""

    kind: Literal["step-cleared.v1"] = "step-cleared.v1"
    step: HoldPoint
    covers_from: Moment
    covers_until: Moment
    derivation: Derivation


class StepWaiting(Value):
    """Only time, or evidence not yet due, stands in the way of the step; `possible_from` is the first instant nothing forbids."""

    kind: Literal["step-waiting.v1"] = "step-waiting.v1"
    step: HoldPoint
    possible_from: Moment
    derivation: Derivation


class StepHeld(Value):
    """No instant is left in the slot at which every rule could pass; `earliest` is the first one outside it, if any will come."""

    kind: Literal["step-held.v1"] = "step-held.v1"
    step: HoldPoint
    earliest: Moment | None
    derivation: Derivation


class ClearanceRevoked(Value):
    """A standing clearance no longer holds, because of what was recorded."""

    kind: Literal["clearance-revoked.v1"] = "clearance-revoked.v1"
    step: HoldPoint
    derivation: Derivation


class ClearanceLapsed(Value):
    """A clearance reached the end of its cover unused."""

    kind: Literal["clearance-lapsed.v1"] = "clearance-lapsed.v1"
    step: HoldPoint


class ManuallyReleased(Value):
    """An investigator gave leave while no journey could answer; judged at once and marked as such."""

    kind: Literal["manually-released.v1"] = "manually-released.v1"
    step: HoldPoint
    covers_from: Moment
    covers_until: Moment
    derivation: Derivation


class StepRefused(Value):
    """A step was submitted and leave was refused, for all these reasons."""

    kind: Literal["step-refused.v1"] = "step-refused.v1"
    step: HoldPoint
    reasons: Annotated[tuple[Account, ...], Field(min_length=1)]
    derivation: Derivation | None = None


# Treatment


class LeukapheresisStarted(Value):
    """A collection began."""

    kind: Literal["leukapheresis-started.v1"] = "leukapheresis-started.v1"
    at: When


class LeukapheresisEnded(Value):
    """The collection ended; the cells carry this chain-of-identity code. Yield in 10⁶ CD3-positive cells per kg."""

    kind: Literal["leukapheresis-ended.v1"] = "leukapheresis-ended.v1"
    at: When
    identity: ChainOfIdentity
    yield_e6_per_kg: CellsPerKilogram


class LeukapheresisFailed(Value):
    """A collection was broken off without usable cells."""

    kind: Literal["leukapheresis-failed.v1"] = "leukapheresis-failed.v1"
    at: When
    why: Sentence


class ProductReceived(Value):
    """The manufactured product arrived on site; it expires at the end of `expires`."""

    kind: Literal["product-received.v1"] = "product-received.v1"
    at: When
    identity: ChainOfIdentity
    expires: Day


class ProductReleased(Value):
    """Quality assurance released the product for infusion."""

    kind: Literal["product-released.v1"] = "product-released.v1"
    at: When
    identity: ChainOfIdentity


class ProductFailed(Value):
    """Manufacture failed, or the product was rejected; a second collection may follow."""

    kind: Literal["product-failed.v1"] = "product-failed.v1"
    at: When
    identity: ChainOfIdentity
    why: Sentence


class LymphodepletionDose(Value):
    """A planned dose of the lymphodepletion course was given, reduced or omitted; `day` counts from the planned infusion."""

    kind: Literal["lymphodepletion-dose.v1"] = "lymphodepletion-dose.v1"
    at: When
    day: LymphodepletionDay
    drug: Name
    outcome: DoseOutcome = "given"


class IdentityChecked(Value):
    """Two persons compared the code on the product with the participant, before thaw."""

    kind: Literal["identity-checked.v1"] = "identity-checked.v1"
    at: When
    identity: ChainOfIdentity
    checked_by: tuple[Sentence, Sentence]


class ThawStarted(Value):
    """The product was released to thaw: the infusion's point of no return."""

    kind: Literal["thaw-started.v1"] = "thaw-started.v1"
    at: When
    identity: ChainOfIdentity
    bag: Bag = 1


class InfusionStarted(Value):
    """The first bag's start is day 0 of the follow-up."""

    kind: Literal["infusion-started.v1"] = "infusion-started.v1"
    at: When
    identity: ChainOfIdentity
    bag: Bag = 1


class InfusionEnded(Value):
    """A bag was infused, or its infusion was broken off."""

    kind: Literal["infusion-ended.v1"] = "infusion-ended.v1"
    at: When
    bag: Bag = 1


# Follow-up


class VisitCompleted(Value):
    """A visit took place."""

    kind: Literal["visit-completed.v1"] = "visit-completed.v1"
    visit: Name
    at: When


class VisitBooked(Value):
    """The participant has an appointment for a visit; booked again, the last booking counts."""

    kind: Literal["visit-booked.v1"] = "visit-booked.v1"
    visit: Name
    at: When


class UnscheduledVisit(Value):
    """The participant was seen at a visit that the protocol does not plan."""

    kind: Literal["unscheduled-visit.v1"] = "unscheduled-visit.v1"
    at: When
    why: Sentence


class AssessmentDone(Value):
    """An assessment of a visit was made that leaves no result, score or attestation in this record."""

    kind: Literal["assessment-done.v1"] = "assessment-done.v1"
    visit: Name
    assessment: Name
    at: When


class VisitUnaccounted(Value):
    """The window of a visit closed (after `closed_on`, or at an instant where it is one of hours) with nothing recorded."""

    kind: Literal["visit-unaccounted.v1"] = "visit-unaccounted.v1"
    visit: Name
    closed_on: date
    closed_at: Moment | None = None


class VisitIncomplete(Value):
    """The window of a visit that took place closed, as that of one unaccounted for, while these assessments were missing."""

    kind: Literal["visit-incomplete.v1"] = "visit-incomplete.v1"
    visit: Name
    closed_on: date
    closed_at: Moment | None = None
    missing: Annotated[tuple[Name, ...], Field(min_length=1)]


class VisitMissed(Value):
    """It is final that the visit did not take place."""

    kind: Literal["visit-missed.v1"] = "visit-missed.v1"
    visit: Name


# Exceptions


class DeviationProposed(Value):
    """Something looks like a protocol deviation; a person, or the grace period, makes it final."""

    kind: Literal["deviation-proposed.v1"] = "deviation-proposed.v1"
    key: Sentence
    says: Account
    category: DeviationCategory = "procedure"
    important: bool = False


class DeviationRecorded(Value):
    """A protocol deviation; it stays open until the investigator has reviewed it."""

    kind: Literal["deviation-recorded.v1"] = "deviation-recorded.v1"
    key: Sentence
    says: Account
    category: DeviationCategory = "procedure"
    important: bool = False


class DeviationVoided(Value):
    """What was proposed or recorded as a deviation turned out not to be one."""

    kind: Literal["deviation-voided.v1"] = "deviation-voided.v1"
    key: Sentence
    why: Sentence


class DeviationDetails(Value):
    """What people find out about a deviation.

    Important: it may bear on the data, or on the participant's rights or safety. None: nobody has said, and it is as it arose.
    """

    important: bool | None = None
    occurred_on: Day | None = None
    discovered_on: Day | None = None
    cause: Sentence | None = None
    prevention: Sentence | None = None
    reported_to_sponsor_on: Day | None = None
    reported_to_ethics_committee_on: Day | None = None


class DeviationDescribed(Value):
    """Somebody looked into a deviation; the last description counts."""

    kind: Literal["deviation-described.v1"] = "deviation-described.v1"
    key: Sentence
    details: DeviationDetails


class DeviationReviewed(Value):
    """The investigator reviewed, by signature, a deviation as it stood after this entry."""

    kind: Literal["deviation-reviewed.v1"] = "deviation-reviewed.v1"
    key: Sentence
    entry: Annotated[int, Field(ge=1)]


class SafetyReportDue(Value):
    """Something has come to light that the investigator must report to the sponsor as a matter of safety, within 24 hours."""

    kind: Literal["safety-report-due.v1"] = "safety-report-due.v1"
    key: Sentence
    says: Account
    since: Moment | None = None
    """When the site learned of it, from which its hours run; None: when it came to light in the record."""


class SafetyReportVoided(Value):
    """What was to be reported as a matter of safety turned out not to have happened."""

    kind: Literal["safety-report-voided.v1"] = "safety-report-voided.v1"
    key: Sentence
    why: Sentence


class SafetyReported(Value):
    """A matter of safety was reported to the sponsor."""

    kind: Literal["safety-reported.v1"] = "safety-reported.v1"
    at: When
    key: Sentence


class OverrideSigned(Value):
    """An investigator took a step against the gate, for a reason of the protocol's closed list."""

    kind: Literal["override-signed.v1"] = "override-signed.v1"
    step: HoldPoint
    ground: Name
    rules: tuple[RuleId, ...]


# Harm


class AdverseEvent(Value):
    """Something untoward befell the participant, whether or not by the product, and the site learned of it `at` a time.

    It began at `start`; without a `stop` it still went on then. It is serious by any criterion of ICH E2A that it meets.
    """

    kind: Literal["adverse-event.v1"] = "adverse-event.v1"
    at: When
    term: Sentence
    grade: CtcaeGrade
    start: When
    stop: When | None = None
    serious: tuple[Seriousness, ...] = ()
    relation: Relation | None = None
    """None: nobody has judged it yet."""
    narrative: Sentence | None = None


class AdverseEventUpdated(Value):
    """More became known `at` a time of the adverse event that an entry tells of: what is not said again stays as it was.

    `serious` are the criteria that it meets besides those that were told; the earlier ones were met as well.
    """

    kind: Literal["adverse-event-updated.v1"] = "adverse-event-updated.v1"
    entry: Annotated[int, Field(ge=1)]
    at: When
    grade: CtcaeGrade | None = None
    stop: When | None = None
    serious: tuple[Seriousness, ...] = ()
    relation: Relation | None = None
    narrative: Sentence | None = None


class CytokineReleaseGraded(Value):
    """Somebody graded the cytokine release syndrome, by ASTCT."""

    kind: Literal["cytokine-release-graded.v1"] = "cytokine-release-graded.v1"
    at: When
    grade: AstctGrade


class NeurotoxicityGraded(Value):
    """Somebody graded the neurotoxicity of the cells (ICANS), by ASTCT, where it could be tested with the ICE score."""

    kind: Literal["neurotoxicity-graded.v1"] = "neurotoxicity-graded.v1"
    at: When
    grade: AstctGrade
    ice: IceScore | None = None


# Notices


class ReminderDue(Value):
    """A person should be told; `skipped` when it fell due while nothing ran and had become pointless."""

    kind: Literal["reminder-due.v1"] = "reminder-due.v1"
    key: Sentence
    urgency: Urgency
    to: Role
    says: Sentence
    skipped: bool = False


Call = Annotated[int, Field(ge=1)]
"""How often the ladder of something urgent was called out, counted from 1; what is not urgent is told in its first call."""
WhyNotTold = Literal["refused", "unreachable", "too-late"]
"""Refused for good by the other side; not reached within days; or pointless before it was reached."""


class ReminderSent(Value):
    """A reminder was handed over for a person, by a message with this id."""

    kind: Literal["reminder-sent.v1"] = "reminder-sent.v1"
    key: Sentence
    to: Name
    channel: Channel
    call: Call = 1
    message: Sentence


class ReminderFailed(Value):
    """It is final that a person was not told in a call."""

    kind: Literal["reminder-failed.v1"] = "reminder-failed.v1"
    key: Sentence
    to: Name
    channel: Channel
    call: Call = 1
    why: WhyNotTold


class ReminderAcknowledged(Value):
    """Somebody took note of a reminder; who, the entry says. Nobody else is told from here on."""

    kind: Literal["reminder-acknowledged.v1"] = "reminder-acknowledged.v1"
    key: Sentence


class SendingAgainAsked(Value):
    """Somebody has seen to it that those can be reached whom no message reached: they are told of a reminder again."""

    kind: Literal["sending-again-asked.v1"] = "sending-again-asked.v1"
    key: Sentence


class ReminderEscalated(Value):
    """Nobody acknowledged something urgent in time: the next rung of the ladder is called."""

    kind: Literal["reminder-escalated.v1"] = "reminder-escalated.v1"
    key: Sentence
    call: Call
    rung: Rung


class ReminderWithdrawn(Value):
    """Before it was sent to anybody, a reminder that had fallen due no longer applied. Should it apply again, it falls due anew."""

    kind: Literal["reminder-withdrawn.v1"] = "reminder-withdrawn.v1"
    key: Sentence


# Leaving


class TreatmentStopped(Value):
    """No further step will be taken; visits go on."""

    kind: Literal["treatment-stopped.v1"] = "treatment-stopped.v1"
    at: When
    why: Sentence


class VisitsStopped(Value):
    """The participant comes no more; whether records may still be consulted is theirs to say."""

    kind: Literal["visits-stopped.v1"] = "visits-stopped.v1"
    at: When
    why: Sentence
    records_allowed: bool


class ConsentWithdrawn(Value):
    """The participant withdrew consent: from treatment, from visits as well, or from any further collection."""

    kind: Literal["consent-withdrawn.v1"] = "consent-withdrawn.v1"
    at: When
    scope: Scope


class ContactLost(Value):
    """The participant can no longer be reached."""

    kind: Literal["contact-lost.v1"] = "contact-lost.v1"
    at: When


class ContactRegained(Value):
    """A participant who was lost to follow-up has been reached again."""

    kind: Literal["contact-regained.v1"] = "contact-regained.v1"
    at: When


class Died(Value):
    """The participant has died."""

    kind: Literal["died.v1"] = "died.v1"
    at: When


class NeverInfused(Value):
    """It is final that the participant will not be infused; the study ends for them without follow-up after infusion."""

    kind: Literal["never-infused.v1"] = "never-infused.v1"
    at: When
    why: Sentence


class StudyCompleted(Value):
    """Every visit is settled and the last window has closed."""

    kind: Literal["study-completed.v1"] = "study-completed.v1"


Treatment = (
    LeukapheresisStarted
    | LeukapheresisEnded
    | LeukapheresisFailed
    | ProductReceived
    | ProductReleased
    | ProductFailed
    | LymphodepletionDose
    | IdentityChecked
    | ThawStarted
    | InfusionStarted
    | InfusionEnded
)
Evidence = (
    DemographicsRecorded
    | ObservationMade
    | ConditionNoted
    | ScoreAssessed
    | Attested
    | VaccineGiven
    | MedicationTaken
    | ProcedurePerformed
    | ReviewMade
)
Leaving = TreatmentStopped | VisitsStopped | ConsentWithdrawn | ContactLost | ContactRegained | Died | NeverInfused
Grading = CytokineReleaseGraded | NeurotoxicityGraded
Harm = AdverseEvent | AdverseEventUpdated | Grading
Screening = ScreeningStarted | EligibilityConfirmed | ScreenFailed
Visiting = VisitBooked | VisitCompleted | UnscheduledVisit | AssessmentDone
Fact = Annotated[ConsentSigned | Screening | Evidence | Treatment | Visiting | Harm | SafetyReported | Leaving, Field(discriminator="kind")]
"""What people state has happened in the world; only these are corrected or retracted."""


class EntryCorrected(Value):
    """An earlier entry was wrong; this is what it should have said."""

    kind: Literal["entry-corrected.v1"] = "entry-corrected.v1"
    entry: Annotated[int, Field(ge=1)]
    fact: Fact


class EntryRetracted(Value):
    """An earlier entry should never have been made."""

    kind: Literal["entry-retracted.v1"] = "entry-retracted.v1"
    entry: Annotated[int, Field(ge=1)]


NoticeFact = ReminderSent | ReminderFailed | ReminderEscalated | ReminderWithdrawn
"""What becomes of a reminder by itself."""
Step = StepPlanned | StepReplanned | StepCancelled
Verdict = StepCleared | StepWaiting | StepHeld | ClearanceRevoked | ClearanceLapsed | ManuallyReleased | StepRefused
Refusal = StepRefused | ConfirmationRefused
"""What was submitted and refused: auditors ask about near misses."""
Deviating = DeviationProposed | DeviationRecorded | DeviationVoided | DeviationDescribed | DeviationReviewed
SafetyMatter = SafetyReportDue | SafetyReportVoided
Event = Annotated[
    Registered
    | ProtocolAdopted
    | ConsentSigned
    | Screening
    | Evidence
    | Treatment
    | Visiting
    | Harm
    | SafetyReported
    | Leaving
    | Step
    | Verdict
    | EligibilityReconsidered
    | ConfirmationRefused
    | Deviating
    | SafetyMatter
    | OverrideSigned
    | VisitUnaccounted
    | VisitIncomplete
    | VisitMissed
    | ReminderDue
    | NoticeFact
    | ReminderAcknowledged
    | SendingAgainAsked
    | StudyCompleted
    | EntryCorrected
    | EntryRetracted,
    Field(discriminator="kind"),
]
FACTS = get_args(get_args(Fact)[0])
EVENTS = get_args(get_args(Event)[0])
"""Every class of event, in the order of the catalogue."""


def begins(fact: Fact) -> When:
    """When what a fact states began: a course, a condition or an adverse event at its start, anything else when it happened."""
    return fact.start if isinstance(fact, MedicationTaken | ConditionNoted | AdverseEvent) else fact.at
