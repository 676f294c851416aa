"""What a screening waits for: the investigator's signature, until it expires or again once something was learned late."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from domain.criteria.background import screening_expires
from domain.criteria.language import ScreeningWithin
from domain.leaving import ways_in_force
from domain.participant import Participant
from domain.protocol import Protocol
from domain.study import Study
from domain.verdicts import Overall


@dataclass(frozen=True, slots=True)
class Awaited:
    """Eligibility that is to be confirmed, or confirmed anew because by what is now known it is judged otherwise than was signed."""

    state: Literal["to confirm", "superseded"]
    since: datetime
    entry: int
    expires: datetime | None = None
    """From when on this screening can no longer be confirmed; of one whose date is not sure, the earliest such instant."""
    overall: Overall | None = None
    """How a superseded confirmation is judged by now."""


def awaited(participant: Participant, study: Study) -> Awaited | None:
    """What the investigator has to confirm; None where there is nothing, or the participant has left."""
    if not participant.screenings or ways_in_force(participant, zone := study.zone(participant.site)):
        return None
    if (otherwise := participant.reconsidered) is not None:
        return Awaited("superseded", otherwise.recorded_at, otherwise.entry, overall=otherwise.fact.overall)
    if participant.eligible is not None:
        return None
    started, rule = participant.screenings[-1], _longest(study.protocol(participant.protocol))
    expires = None if rule is None else screening_expires(rule, started.fact.at.span(zone).earliest, zone)
    return Awaited("to confirm", started.recorded_at, started.entry, expires=expires)


def _longest(protocol: Protocol) -> ScreeningWithin | None:
    """How long a screening may take, where a criterion of the protocol says so."""
    return next((rule for one in protocol.criteria if isinstance(rule := one.requires, ScreeningWithin)), None)
