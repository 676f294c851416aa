"""The ways of leaving: what each ends, what may still be recorded, and who goes on to long-term follow-up."""

from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from domain import events as e
from domain.base import Value
from domain.participant import Participant
from domain.standing import Noted
from domain.words import STEPS, HoldPoint

Kinds = frozenset[type[Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way of leaving. Earlier facts, corrections and deviations may always be recorded, and nothing collected goes away."""

    words: str
    ends_steps: bool
    ends_visits: bool
    still: Kinds
    """Facts about the time after leaving that may still be recorded."""
    long_term_follow_up: bool


DISPOSITION: Kinds = frozenset({e.ProductReceived, e.ProductReleased, e.ProductFailed})
"""What becomes of cells that were collected must be known to the end."""
SURVIVAL: Kinds = frozenset({e.Died})
SAFETY: Kinds = frozenset({e.SafetyReported, e.AdverseEventUpdated})
"""What has come to light is reported, and followed to its end, whoever has left since."""
COMINGS: Kinds = frozenset({e.VisitBooked, e.VisitCompleted, e.UnscheduledVisit, e.AssessmentDone, e.ContactRegained})
EVIDENCE: Kinds = frozenset(get_args(e.Evidence) + get_args(e.Harm))
GOINGS: Kinds = frozenset({e.TreatmentStopped, e.VisitsStopped, e.ConsentWithdrawn, e.ContactLost, e.NeverInfused})
JOINING: Kinds = frozenset({e.ScreeningStarted, e.ConsentSigned})

TREATMENT_ENDS = Way(
    words="stopped treatment",
    ends_steps=True,
    ends_visits=False,
    still=SAFETY | DISPOSITION | SURVIVAL | COMINGS | EVIDENCE | GOINGS,
    long_term_follow_up=True,
)
VISITS_END = Way(
    words="stopped visits",
    ends_steps=True,
    ends_visits=True,
    still=SAFETY | DISPOSITION | SURVIVAL | EVIDENCE | GOINGS,
    long_term_follow_up=True,
)
NO_RECORDS = Way(
    words="stopped visits and allows no records",
    ends_steps=True,
    ends_visits=True,
    still=SAFETY | DISPOSITION | SURVIVAL | GOINGS,
    long_term_follow_up=False,
)
ALL_ENDS = Way(
    words="withdrew consent to everything", ends_steps=True, ends_visits=True, still=SAFETY | DISPOSITION, long_term_follow_up=False
)
LOST = Way(
    words="is lost to follow-up",
    ends_steps=True,
    ends_visits=True,
    still=SAFETY | EVIDENCE | DISPOSITION | SURVIVAL | COMINGS | GOINGS,
    long_term_follow_up=True,
)
DEAD = Way(words="has died", ends_steps=True, ends_visits=True, still=SAFETY | DISPOSITION, long_term_follow_up=False)
UNTREATED = Way(
    words="will never be infused",
    ends_steps=True,
    ends_visits=True,
    still=SAFETY | EVIDENCE | DISPOSITION | SURVIVAL | GOINGS,
    long_term_follow_up=False,
)
SCREENED_OUT = Way(
    words="failed screening",
    ends_steps=True,
    ends_visits=True,
    still=SAFETY | SURVIVAL | EVIDENCE | GOINGS | JOINING,
    long_term_follow_up=False,
)
DONE = Way(
    words="completed the study",
    ends_steps=True,
    ends_visits=True,
    still=SAFETY | EVIDENCE | DISPOSITION | SURVIVAL,
    long_term_follow_up=True,
)


def way(fact: e.Leaving) -> Way | None:
    """The way of leaving that a fact states; regained contact states that nobody has left."""
    match fact:
        case e.TreatmentStopped():
            return TREATMENT_ENDS
        case e.VisitsStopped():
            return VISITS_END if fact.records_allowed else NO_RECORDS
        case e.ConsentWithdrawn():
            return {"treatment": TREATMENT_ENDS, "visits": VISITS_END, "everything": ALL_ENDS}[fact.scope]
        case e.ContactLost():
            return LOST
        case e.Died():
            return DEAD
        case e.NeverInfused():
            return UNTREATED
        case e.ContactRegained():
            return None


def ways_in_force(participant: Participant, zone: str) -> tuple[tuple[Way, datetime], ...]:
    """Every way in which the participant has left, with its earliest instant; regained contact undoes only a loss of contact."""
    left: list[tuple[Way, datetime]] = []
    for noted in participant.leaving:
        one = way(noted.fact)
        if one is not None and not (one is LOST and _regained(noted, participant, zone)):
            left.append((one, noted.fact.at.span(zone).latest))
    if participant.screen_failed is not None:
        left.append((SCREENED_OUT, participant.screen_failed.fact.at.span(zone).latest))
    if participant.completed_at is not None:
        left.append((DONE, participant.completed_at))
    return tuple(left)


def _regained(lost: Noted[e.Leaving], participant: Participant, zone: str) -> bool:
    """Whether contact was regained after a loss of it; where the times do not tell, the order of telling does."""
    since = lost.fact.at.span(zone)
    found = [(one.entry, one.fact.at.span(zone)) for one in participant.leaving if isinstance(one.fact, e.ContactRegained)]
    return any(at.earliest > since.latest or (at.latest >= since.earliest and entry > lost.entry) for entry, at in found)


def steps_ended(participant: Participant, zone: str) -> bool:
    """Whether the participant left in a way after which no step is taken."""
    return any(one.ends_steps for one, _ in ways_in_force(participant, zone))


def next_to_plan(participant: Participant, zone: str) -> HoldPoint | None:
    """The step that comes next for somebody who is eligible and whose treatment goes on, whether or not it is planned."""
    if not participant.eligible or steps_ended(participant, zone):
        return None
    return next((step for step in STEPS if participant.taken_step(step) is None), None)


def visits_ended_at(participant: Participant, zone: str) -> datetime | None:
    """From when on no visit is expected any more; None while visits go on."""
    return min((at for one, at in ways_in_force(participant, zone) if one.ends_visits), default=None)
