"""What visits are counted from: the planned infusion, and what has actually happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.events import InfusionStarted, LeukapheresisStarted, LymphodepletionDose, ScreeningStarted
from domain.participant import Participant
from domain.protocol import Anchor, Protocol
from domain.standing import Noted
from domain.study import Study
from domain.time import When, local_date

IN_WORDS: Mapping[Anchor, str] = {
    "screening": "the start of screening",
    "leukapheresis": "the collection of cells",
    "planned-infusion": "a plan for the infusion",
    "last-lymphodepletion-dose": "the last dose of lymphodepletion",
    "infusion": "the infusion",
}


@dataclass(frozen=True, slots=True)
class Anchored:
    """The date that visits are counted from, when it happened (None: it follows a plan), and since when the record knows it."""

    on: date
    at: When | None
    known_since: datetime


def anchors(participant: Participant, study: Study) -> Mapping[Anchor, Anchored]:
    """What visits are counted from, as far as it is known."""
    zone = study.zone(participant.site)
    screening = participant.screenings[-1] if participant.screenings else None
    collection = participant.collections[-1].started if participant.collections else None
    found: dict[Anchor, Anchored | None] = {
        "screening": _anchored(screening, zone),
        "leukapheresis": _anchored(collection, zone),
        "planned-infusion": _planned_infusion(participant, zone),
        "last-lymphodepletion-dose": _anchored(_last_dose(participant, study), zone),
        "infusion": _anchored(first_infusion(participant, zone), zone),
    }
    return {anchor: one for anchor, one in found.items() if one is not None}


def day_0(participant: Participant, study: Study) -> date | None:
    """The date of the infusion at the site, from which the days on screens are counted; None before it is known."""
    zone = study.zone(participant.site)
    infused = _anchored(first_infusion(participant, zone), zone)
    return None if infused is None else infused.on


def first_infusion(participant: Participant, zone: str) -> Noted[InfusionStarted] | None:
    """The first bag that was infused, also when it was told after another."""
    return min(participant.infusions, key=lambda one: one.fact.at.span(zone).earliest, default=None)


def _planned_infusion(participant: Participant, zone: str) -> Anchored | None:
    """The date that lymphodepletion days count back from: the plan's target until the first dose, and what that dose fixed after it."""
    if participant.given_doses:
        first = participant.given_doses[0]
        given = _anchored(first, zone)
        return None if given is None else Anchored(given.on - timedelta(days=first.fact.day), None, given.known_since)
    plan = participant.plans.get("infusion")
    return None if plan is None else Anchored(local_date(plan.slot.target, zone), None, plan.planned_at)


def _last_dose(participant: Participant, study: Study) -> Noted[LymphodepletionDose] | None:
    """The last dose that was given, once every day of the course is told: until then another may follow."""
    protocol: Protocol | None = study.protocol(participant.protocol) if participant.given_doses else None
    told = {dose.fact.day for dose in participant.course}
    return participant.given_doses[-1] if protocol is not None and protocol.lymphodepletion_days <= told else None


Started = ScreeningStarted | LeukapheresisStarted | LymphodepletionDose | InfusionStarted


def _anchored(noted: Noted[Started] | None, zone: str) -> Anchored | None:
    day = None if noted is None else _date_of(noted.fact.at, zone)
    return None if noted is None or day is None else Anchored(day, noted.fact.at, noted.known_since)


def _date_of(at: When, zone: str) -> date | None:
    """The date at the site, where the time is known well enough to have one."""
    span = at.span(zone)
    first = local_date(span.earliest, zone)
    return first if first == local_date(span.latest, zone) else None
