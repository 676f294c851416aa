"""How long the record is kept, whose identity is erased from it before or after that, and cuts through it that are named and signed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator

from domain.base import Value
from domain.rejections import Reason
from domain.time import MINUTE, Day, Moment, local_date, to_the_minute
from domain.words import Name, ParticipantId, Sentence

Minute = Annotated[Moment, AfterValidator(to_the_minute)]
"""The beginning of the minute in which an instant lies."""


class RetentionSet(Value):
    """Until the end of this date the record is kept with everything that identifies participants.

    The sponsor says so, by the law of the sites. (EU 536/2014, article 58: 25 years after the end of the trial; EC 1394/2007, article 15:
    30 years for the traceability of an advanced therapy after its expiry. Both are still to be compared with the texts.)
    """

    kind: Literal["retention-set.v1"] = "retention-set.v1"
    until: Day


class IdentifiersErased(Value):
    """What identifies a participant directly was made unreadable for good, by destroying the key under which it is sealed.

    `approved_by` says who allowed it, and by which document; `legal_decision` the decision by which it had to be done before the record
    need no longer be kept.
    """

    kind: Literal["identifiers-erased.v1"] = "identifiers-erased.v1"
    participant: ParticipantId
    approved_by: Sentence
    legal_decision: Sentence | None = None


class DataCutMade(Value):
    """A cut through the record for a purpose: everything that had been recorded by one instant about what had happened by another."""

    kind: Literal["data-cut-made.v1"] = "data-cut-made.v1"
    name: Name
    purpose: Sentence
    recorded_by: Minute
    occurred_by: Minute


OfKeeping = RetentionSet | IdentifiersErased | DataCutMade


@dataclass(frozen=True)
class Keeping:
    """How the record is kept, as decided so far. `erased`: the participants of whom nothing identifies them any more."""

    until: date | None = None
    erased: frozenset[str] = frozenset()
    cuts: Mapping[str, DataCutMade] = field(default_factory=dict)


def evolve_keeping(kept: Keeping, event: OfKeeping) -> Keeping:
    """Take one more decision into account; never refuses."""
    match event:
        case RetentionSet():
            return replace(kept, until=event.until)
        case IdentifiersErased():
            return replace(kept, erased=kept.erased | {event.participant})
        case DataCutMade():
            return replace(kept, cuts={**kept.cuts, event.name: event})


def to_be_kept(kept: Keeping, now: datetime) -> bool:
    """Whether the record is still to be kept with everything in it; so it is while nobody has said until when. The date is that of UTC."""
    return kept.until is None or local_date(now, "UTC") <= kept.until


def not_to_be_kept_so(event: OfKeeping, kept: Keeping, now: datetime) -> Iterator[Reason]:
    """Why something cannot be decided at an instant about how the record is kept."""
    match event:
        case RetentionSet():
            if kept.until is not None and event.until < kept.until:
                yield Reason(code="kept-longer", says=f"the record is to be kept until {kept.until} already; that is never made shorter")
        case IdentifiersErased():
            if event.participant in kept.erased:
                yield Reason(code="erased-already", says=f"what identifies {event.participant} was erased before")
            if event.legal_decision is None and to_be_kept(kept, now):
                end = "nobody has said until when" if kept.until is None else f"until the end of {kept.until}"
                says = f"the record is to be kept with everything in it, {end}; only a legal decision, named here, goes before that"
                yield Reason(code="to-be-kept", says=says)
        case DataCutMade():
            if event.name in kept.cuts:
                yield Reason(code="cut-already", says=f"there is a data cut {event.name} already; another one needs another name")
            if now < event.recorded_by + MINUTE:
                says = "a cut is made through minutes that are over, so that it stays what is signed"
                yield Reason(code="cut-ahead", says=says, earliest=event.recorded_by + MINUTE)
            if event.recorded_by < event.occurred_by:
                yield Reason(code="cut-foreseen", says="what happens later than what was recorded by then cannot be known at a cut")
