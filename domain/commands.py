"""Every request that can be made of a participant's record."""

from typing import Annotated, Literal

from pydantic import Field

from domain.base import Value
from domain.entry import Identifiers
from domain.events import DeviationDetails, Fact, LeukapheresisStarted, LymphodepletionDose, NoticeFact, Slot, ThawStarted
from domain.time import Moment, When
from domain.words import ChainOfIdentity, DeviationCategory, Digest, HoldPoint, LymphodepletionDay, Name, Sentence, SiteId


class Register(Value):
    """Open a record for a participant at a site, under the protocol that the site has approved last."""

    kind: Literal["register"] = "register"
    site: SiteId
    identifiers: Identifiers | None = None


class Report(Value):
    """State what has happened in the world. A report is never refused on a rule."""

    kind: Literal["report"] = "report"
    fact: Fact


class ReportTogether(Value):
    """State several things that have happened, as they stand on one form: all are recorded, or none."""

    kind: Literal["report-together"] = "report-together"
    facts: Annotated[tuple[Fact, ...], Field(min_length=1, max_length=200)]


class ConfirmEligibility(Value):
    """Confirm eligibility, which is enrolment, by the report with this digest that was judged at an instant."""

    kind: Literal["confirm-eligibility"] = "confirm-eligibility"
    judged_at: Moment
    report: Digest


class Plan(Value):
    """Plan a hold point in a slot, or move it to another."""

    kind: Literal["plan"] = "plan"
    step: HoldPoint
    slot: Slot


class Cancel(Value):
    """Give up a planned step."""

    kind: Literal["cancel"] = "cancel"
    step: HoldPoint


class BeginLeukapheresis(Value):
    """Start the collection now."""

    kind: Literal["leukapheresis"] = "leukapheresis"

    def fact(self, now: Moment) -> LeukapheresisStarted:
        return LeukapheresisStarted(at=When.at(now))


class BeginLymphodepletion(Value):
    """Give the first dose of the course now."""

    kind: Literal["lymphodepletion"] = "lymphodepletion"
    day: LymphodepletionDay
    drug: Name

    def fact(self, now: Moment) -> LymphodepletionDose:
        return LymphodepletionDose(at=When.at(now), day=self.day, drug=self.drug)


class ReleaseToThaw(Value):
    """Thaw the first bag now, after which nothing blocks the infusion."""

    kind: Literal["infusion"] = "infusion"
    identity: ChainOfIdentity

    def fact(self, now: Moment) -> ThawStarted:
        return ThawStarted(at=When.at(now), identity=self.identity)


Beginning = Annotated[BeginLeukapheresis | BeginLymphodepletion | ReleaseToThaw, Field(discriminator="kind")]
"""What asks leave; each kind is the name of its hold point."""


class Perform(Value):
    """Ask leave to take a step now."""

    kind: Literal["perform"] = "perform"
    beginning: Beginning


class Override(Value):
    """Take a step now against its gate, by an investigator's signature, on a ground of the protocol's closed list."""

    kind: Literal["override"] = "override"
    beginning: Beginning
    ground: Name


class ReleaseManually(Value):
    """Give leave by hand while no journey can answer."""

    kind: Literal["release-manually"] = "release-manually"
    step: HoldPoint


class Correct(Value):
    """Say what an earlier entry should have said."""

    kind: Literal["correct"] = "correct"
    entry: Annotated[int, Field(ge=1)]
    fact: Fact


class Retract(Value):
    """Take back an earlier entry that should never have been made."""

    kind: Literal["retract"] = "retract"
    entry: Annotated[int, Field(ge=1)]


class MissVisit(Value):
    """State finally that a visit did not take place."""

    kind: Literal["miss-visit"] = "miss-visit"
    visit: Name


class RecordDeviation(Value):
    """Record a protocol deviation that no rule finds."""

    kind: Literal["record-deviation"] = "record-deviation"
    says: Sentence
    category: DeviationCategory
    details: DeviationDetails


class DescribeDeviation(Value):
    """Say what was found out about a deviation that stands under a key."""

    kind: Literal["describe-deviation"] = "describe-deviation"
    key: Sentence
    details: DeviationDetails


class ReviewDeviation(Value):
    """Review, by an investigator's signature, a deviation as it stood after the last entry that says anything about it."""

    kind: Literal["review-deviation"] = "review-deviation"
    key: Sentence
    entry: Annotated[int, Field(ge=1)]


class VoidDeviation(Value):
    """Take back a deviation that was recorded by hand."""

    kind: Literal["void-deviation"] = "void-deviation"
    key: Sentence


class ActOn(Value):
    """Do what the agenda lists under a key. Only the journey may ask this."""

    kind: Literal["act-on"] = "act-on"
    key: Sentence


class Acknowledge(Value):
    """Take note of a reminder that fell due; nobody else is told of it from here on."""

    kind: Literal["acknowledge"] = "acknowledge"
    key: Sentence


class SendAgain(Value):
    """Have those told of a reminder again whom no message reached, once it is known how they can be reached."""

    kind: Literal["send-again"] = "send-again"
    key: Sentence


class RecordNotice(Value):
    """Record what became of telling people. Only the notices may ask this."""

    kind: Literal["record-notice"] = "record-notice"
    fact: Annotated[NoticeFact, Field(discriminator="kind")]


PersonsCommand = Annotated[
    Register
    | Report
    | ReportTogether
    | ConfirmEligibility
    | Plan
    | Cancel
    | Perform
    | Override
    | ReleaseManually
    | Correct
    | Retract
    | MissVisit
    | RecordDeviation
    | DescribeDeviation
    | ReviewDeviation
    | VoidDeviation
    | Acknowledge
    | SendAgain,
    Field(discriminator="kind"),
]
"""What people can ask, through the web, the interface for programs and the command line."""
Command = Annotated[PersonsCommand | ActOn | RecordNotice, Field(discriminator="kind")]
