"""A participant, as the record tells of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from domain import events as e
from domain.entry import Entry
from domain.standing import Clearance, Collection, Deviation, F, Noted, Plan, Product, SafetyReport, Taken
from domain.time import BEGINNING, When
from domain.words import HoldPoint

__all__ = ["PARTICIPANT", "Participant", "but", "first", "noted", "without_clearance", "without_plan"]

if TYPE_CHECKING:
    from dataclasses import replace as but  # So that a change of what a participant does not have is found by its type.
else:

    def but(was: "Participant", **changes: Any) -> "Participant":
        """The same participant but for some changes, as `replace` makes it at ten times the cost; a fold does this for every entry."""
        now = object.__new__(Participant)
        now.__dict__.update(was.__dict__, **changes)
        return now


@dataclass(frozen=True)
class Participant:
    """All that decisions need to know of one participant."""

    id: str = ""
    version: int = 0
    recorded_at: datetime = BEGINNING
    site: str = ""
    protocol: int = 0
    consents: tuple[Noted[e.ConsentSigned], ...] = ()
    screenings: tuple[Noted[e.ScreeningStarted], ...] = ()
    eligible: Noted[e.EligibilityConfirmed] | None = None
    enrolled: Noted[e.EligibilityConfirmed] | None = None
    """The first confirmation that stands on record, whatever became of it: what was promised then holds on."""
    reconsidered: Noted[e.EligibilityReconsidered] | None = None
    """Since when, and how, what is known no longer bears the confirmation out."""
    screen_failed: Noted[e.ScreenFailed] | None = None
    screenings_failed: tuple[Noted[e.ScreenFailed], ...] = ()
    demographics: Noted[e.DemographicsRecorded] | None = None
    observations: tuple[Noted[e.ObservationMade], ...] = ()
    conditions: tuple[Noted[e.ConditionNoted], ...] = ()
    assessments: tuple[Noted[e.ScoreAssessed], ...] = ()
    attestations: tuple[Noted[e.Attested], ...] = ()
    vaccines: tuple[Noted[e.VaccineGiven], ...] = ()
    medications: tuple[Noted[e.MedicationTaken], ...] = ()
    procedures: tuple[Noted[e.ProcedurePerformed], ...] = ()
    reviews: tuple[Noted[e.ReviewMade], ...] = ()
    plans: Mapping[HoldPoint, Plan] = field(default_factory=dict)
    infusion_targets: tuple[datetime, ...] = ()
    """What every plan for the infusion aimed at, also those that were given up."""
    clearances: tuple[Clearance, ...] = ()
    taken: tuple[Taken, ...] = ()
    collections: tuple[Collection, ...] = ()
    products: Mapping[str, Product] = field(default_factory=dict)
    doses: tuple[Noted[e.LymphodepletionDose], ...] = ()
    course_from: int = 0
    """Where among the doses the lymphodepletion course in force begins."""
    identity_checks: tuple[Noted[e.IdentityChecked], ...] = ()
    thaws: tuple[Noted[e.ThawStarted], ...] = ()
    infusions: tuple[Noted[e.InfusionStarted], ...] = ()
    infusion_ends: tuple[Noted[e.InfusionEnded], ...] = ()
    visits: Mapping[str, Noted[e.VisitCompleted]] = field(default_factory=dict)
    booked: Mapping[str, Noted[e.VisitBooked]] = field(default_factory=dict)
    unscheduled: tuple[Noted[e.UnscheduledVisit], ...] = ()
    assessed: tuple[Noted[e.AssessmentDone], ...] = ()
    unaccounted: Mapping[str, Noted[e.VisitUnaccounted]] = field(default_factory=dict)
    incomplete: Mapping[str, Noted[e.VisitIncomplete]] = field(default_factory=dict)
    missed: Mapping[str, Noted[e.VisitMissed]] = field(default_factory=dict)
    deviations: Mapping[str, Deviation] = field(default_factory=dict)
    found_out: Mapping[str, e.DeviationDetails] = field(default_factory=dict)
    """What people found out about deviations that were voided since."""
    safety_reports: Mapping[str, SafetyReport] = field(default_factory=dict)
    adverse_events: tuple[Noted[e.AdverseEvent], ...] = ()
    adverse_event_updates: tuple[Noted[e.AdverseEventUpdated], ...] = ()
    gradings: tuple[Noted[e.Grading], ...] = ()
    """How severe toxicities of the cells were, of each kind, in the order in which it was told."""
    reminded: frozenset[str] = frozenset()
    leaving: tuple[Noted[e.Leaving], ...] = ()
    completed_at: datetime | None = None

    @property
    def registered(self) -> bool:
        return bool(self.site)

    @property
    def collection(self) -> Collection | None:
        """The collection in force: the last one, unless it or its product failed."""
        last = self.collections[-1] if self.collections else None
        return last if last is not None and last.failed is None else None

    @property
    def course(self) -> tuple[Noted[e.LymphodepletionDose], ...]:
        """What is told of the lymphodepletion course in force, dose by dose."""
        return self.doses[self.course_from :]

    @property
    def given_doses(self) -> tuple[Noted[e.LymphodepletionDose], ...]:
        """The doses of the lymphodepletion course in force that the participant got, whole or reduced, the earliest first."""
        given = (dose for dose in self.course if dose.fact.outcome != "omitted")
        return tuple(sorted(given, key=lambda dose: first(dose.fact.at)))

    def clearance(self, step: HoldPoint) -> Clearance | None:
        """The clearance of a step that stands."""
        return next((c for c in reversed(self.clearances) if c.step == step and c.ended_at is None), None)

    def occurrence(self, step: HoldPoint) -> int:
        """Which occurrence of a step comes next, counted from 1."""
        return 1 + sum(taken.step == step for taken in self.taken)

    def taken_step(self, step: HoldPoint) -> Taken | None:
        """The last occurrence of a step that was taken."""
        return next((taken for taken in reversed(self.taken) if taken.step == step), None)


PARTICIPANT = "participant:"
"""What the name of every participant's stream begins with."""


def noted(fact: F, entry: Entry[e.Event]) -> Noted[F]:
    """What an entry states, with its place in the record."""
    return Noted(fact, entry.version, entry.recorded_at, entry.amended_at or entry.recorded_at)


def without_plan(now: Participant, step: HoldPoint, entry: Entry[e.Event]) -> Participant:
    """The participant once a step is no longer planned; leave for it ends with that."""
    return but(without_clearance(now, step, entry), plans={name: plan for name, plan in now.plans.items() if name != step})


def without_clearance(now: Participant, step: HoldPoint, entry: Entry[e.Event]) -> Participant:
    """The participant once leave for a step no longer stands."""
    ended = tuple(replace(c, ended_at=entry.recorded_at) if c.step == step and c.ended_at is None else c for c in now.clearances)
    return but(now, clearances=ended)


def first(at: When) -> datetime:
    """For comparing times where no site is known: exact to the minute among exact times, to the date otherwise."""
    return at.span("UTC").earliest
