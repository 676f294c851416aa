"""The ways of leaving: what each ends, what may still be recorded, and who goes on to long-term follow-up."""

from dataclasses import dataclass
from datetime import datetime

from domain import events as e
from domain.base import Value
from domain.participant import Participant


Kinds = frozenset[type[Value]]


@dataclass(frozen=True, slots=True)
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
COMINGS: Kinds = frozenset({e.VisitCompleted, e.ContactRegained})
EVIDENCE: Kinds = frozenset({e.MedicationTaken, e.ProcedurePerformed, e.ReviewMade})
GOINGS: Kinds = frozenset({e.TreatmentStopped, e.VisitsStopped, e.ConsentWithdrawn, e.ContactLost, e.NeverInfused})
JOINING: Kinds = frozenset({e.ScreeningStarted, e.ConsentSigned})

TREATMENT_ENDS = Way("stopped treatment", True, False, DISPOSITION | SURVIVAL | COMINGS | EVIDENCE | GOINGS, True)
VISITS_END = Way("stopped visits", True, True, DISPOSITION | SURVIVAL | EVIDENCE | GOINGS, True)
NO_RECORDS = Way("stopped visits and allows no records", True, True, DISPOSITION | SURVIVAL | GOINGS, False)
ALL_ENDS = Way("withdrew consent to everything", True, True, DISPOSITION, False)
LOST = Way("is lost to follow-up", True, True, DISPOSITION | SURVIVAL | COMINGS | GOINGS, True)
DEAD = Way("has died", True, True, DISPOSITION, False)
UNTREATED = Way("will never be infused", True, True, DISPOSITION | SURVIVAL | GOINGS, False)
SCREENED_OUT = Way("failed screening", True, True, SURVIVAL | EVIDENCE | GOINGS | JOINING, False)
DONE = Way("completed the study", True, True, DISPOSITION | SURVIVAL, True)


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
        if isinstance(noted.fact, e.ContactRegained):
            left = [one for one in left if one[0] is not LOST]
        elif (one := way(noted.fact)) is not None:
            left.append((one, noted.fact.at.span(zone).latest))
    if participant.screen_failed is not None:
        left.append((SCREENED_OUT, participant.screen_failed.fact.at.span(zone).latest))
    if participant.completed_at is not None:
        left.append((DONE, participant.completed_at))
    return tuple(left)


def steps_ended(participant: Participant, zone: str) -> bool:
    return any(one.ends_steps for one, _ in ways_in_force(participant, zone))


def visits_ended_at(participant: Participant, zone: str) -> datetime | None:
    """From when on no visit is expected any more; None while visits go on."""
    return min((at for one, at in ways_in_force(participant, zone) if one.ends_visits), default=None)
