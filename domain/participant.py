"""A participant, as the fold of the effective history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce
from typing import TYPE_CHECKING, Any, assert_never

from domain import events as e
from domain.entry import Entry
from domain.history import effective
from domain.standing import (
    Clearance,
    Collection,
    Deviation,
    F,
    Noted,
    Plan,
    Product,
    SafetyReport,
    StandingVerdict,
    Taken,
    deviating,
    with_matter,
)
from domain.time import BEGINNING, When
from domain.words import HoldPoint

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
    safety_reports: Mapping[str, SafetyReport] = field(default_factory=dict)
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
        return tuple(sorted(given, key=lambda dose: _first(dose.fact.at)))

    def clearance(self, step: HoldPoint) -> Clearance | None:
        """The clearance of a step that stands."""
        return next((c for c in reversed(self.clearances) if c.step == step and c.ended_at is None), None)

    def occurrence(self, step: HoldPoint) -> int:
        """Which occurrence of a step comes next, counted from 1."""
        return 1 + sum(taken.step == step for taken in self.taken)

    def taken_step(self, step: HoldPoint) -> Taken | None:
        """The last occurrence of a step that was taken."""
        return next((taken for taken in reversed(self.taken) if taken.step == step), None)


def fold(entries: Iterable[Entry[e.Event]]) -> Participant:
    """The participant as of the last entry: corrections applied, then entry by entry.

    The version, and the instant of the last recording, are those of the stream, also where the last entry was retracted.
    """
    history = tuple(entries)
    return as_of(reduce(evolve, effective(history), Participant()), history[-1]) if history else Participant()


def as_of(participant: Participant, last: Entry[e.Event]) -> Participant:
    """The participant with the place in the stream that it was folded to."""
    return but(participant, id=last.stream.removeprefix(PARTICIPANT), version=last.version, recorded_at=last.recorded_at)


def evolve(participant: Participant, entry: Entry[e.Event]) -> Participant:
    """Take one more effective entry into account; never refuses. What place in the stream that is, `as_of` says."""
    event, was = entry.event, participant
    match event:  # What time brings about comes first, since it is the most of what there is.
        case e.ReminderDue():
            return but(was, reminded=was.reminded | {event.key})
        case e.ReminderWithdrawn():
            return but(was, reminded=was.reminded - {event.key})
        case e.ReminderSent() | e.ReminderFailed() | e.ReminderEscalated() | e.ReminderAcknowledged():
            return was
        case e.VisitUnaccounted():
            return but(was, unaccounted={**was.unaccounted, event.visit: _noted(event, entry)})
        case e.VisitMissed():
            return but(was, missed={**was.missed, event.visit: _noted(event, entry)})
        case e.VisitIncomplete():
            return but(was, incomplete={**was.incomplete, event.visit: _noted(event, entry)})
        case _ if isinstance(event, e.Deviating):
            return but(was, deviations=deviating(was.deviations, event, entry.version))
        case e.Registered():
            return but(was, site=event.site)
        case e.ProtocolAdopted():
            return but(was, protocol=event.protocol)
        case e.ConsentSigned():
            return but(was, consents=(*was.consents, _noted(event, entry)))
        case e.ScreeningStarted():
            return but(was, screenings=(*was.screenings, _noted(event, entry)), eligible=None, reconsidered=None, screen_failed=None)
        case e.EligibilityConfirmed():
            return but(was, eligible=_noted(event, entry), enrolled=was.enrolled or _noted(event, entry), reconsidered=None)
        case e.EligibilityReconsidered():
            return but(was, reconsidered=_noted(event, entry) if was.eligible is not None and event.otherwise else None)
        case e.ScreenFailed():
            failed = _noted(event, entry)
            return but(was, screen_failed=failed, screenings_failed=(*was.screenings_failed, failed))
        case _ if isinstance(event, e.Evidence):
            return _evident(was, event, entry)
        case e.StepPlanned() | e.StepReplanned():
            return but(_without_clearance(was, event.step, entry), plans={**was.plans, event.step: Plan(event.slot, entry.recorded_at)})
        case e.StepCancelled():
            return _without_plan(was, event.step, entry)
        case e.StepCleared() | e.ManuallyReleased():
            return _with_clearance(_judged(was, event, entry), event, entry)
        case e.StepWaiting() | e.StepHeld():
            return _judged(was, event, entry)
        case e.ClearanceRevoked() | e.ClearanceLapsed():
            return _judged(_without_clearance(was, event.step, entry), event, entry)
        case (
            e.LeukapheresisStarted()
            | e.LeukapheresisEnded()
            | e.LeukapheresisFailed()
            | e.ProductReceived()
            | e.ProductReleased()
            | e.ProductFailed()
            | e.LymphodepletionDose()
            | e.IdentityChecked()
            | e.ThawStarted()
            | e.InfusionStarted()
            | e.InfusionEnded()
        ):
            return _treated(was, event, entry)
        case e.VisitBooked():
            return but(was, booked={**was.booked, event.visit: _noted(event, entry)})
        case e.VisitCompleted():
            return but(was, visits={**was.visits, event.visit: _noted(event, entry)})
        case e.UnscheduledVisit():
            return but(was, unscheduled=(*was.unscheduled, _noted(event, entry)))
        case e.AssessmentDone():
            return but(was, assessed=(*was.assessed, _noted(event, entry)))
        case e.SafetyReportDue() | e.SafetyReportVoided() | e.SafetyReported():
            return but(was, safety_reports=with_matter(was.safety_reports, event, entry.version, entry.recorded_at))
        case (
            e.TreatmentStopped()
            | e.VisitsStopped()
            | e.ConsentWithdrawn()
            | e.ContactLost()
            | e.ContactRegained()
            | e.Died()
            | e.NeverInfused()
        ):
            return but(was, leaving=(*was.leaving, _noted(event, entry)))
        case e.StudyCompleted():
            return but(was, completed_at=entry.recorded_at)
        case e.StepRefused() | e.ConfirmationRefused() | e.OverrideSigned() | e.EntryCorrected() | e.EntryRetracted():
            return was
        case _:
            assert_never(event)


def _evident(was: Participant, event: e.Evidence, entry: Entry[e.Event]) -> Participant:
    match event:
        case e.DemographicsRecorded():
            return but(was, demographics=_noted(event, entry))
        case e.ObservationMade():
            return but(was, observations=(*was.observations, _noted(event, entry)))
        case e.ConditionNoted():
            return but(was, conditions=(*was.conditions, _noted(event, entry)))
        case e.ScoreAssessed():
            return but(was, assessments=(*was.assessments, _noted(event, entry)))
        case e.Attested():
            return but(was, attestations=(*was.attestations, _noted(event, entry)))
        case e.VaccineGiven():
            return but(was, vaccines=(*was.vaccines, _noted(event, entry)))
        case e.MedicationTaken():
            return but(was, medications=(*was.medications, _noted(event, entry)))
        case e.ProcedurePerformed():
            return but(was, procedures=(*was.procedures, _noted(event, entry)))
        case e.ReviewMade():
            return but(was, reviews=(*was.reviews, _noted(event, entry)))
        case _:
            assert_never(event)


ONE_INFUSION = timedelta(hours=48)
"""Bags given within this time of one another are one infusion; our assumption, for cells that are thawed one bag at a time."""
PARTICIPANT = "participant:"
"""What the name of every participant's stream begins with."""


def _noted(fact: F, entry: Entry[e.Event]) -> Noted[F]:
    return Noted(fact, entry.version, entry.recorded_at)


def _judged(now: Participant, said: StandingVerdict | e.ClearanceRevoked | e.ClearanceLapsed, entry: Entry[e.Event]) -> Participant:
    plan = now.plans.get(said.step)
    if plan is None:
        return now
    judged = replace(plan, verdict=None, judged_in=entry.version, judged_at=entry.recorded_at)
    match said:
        case e.ClearanceRevoked():
            judged = replace(judged, revoked_in=entry.version)
        case e.ClearanceLapsed():
            judged = replace(judged, lapsed_in=entry.version)
        case _:
            judged = replace(judged, verdict=said)
    return but(now, plans={**now.plans, said.step: judged})


def _without_plan(now: Participant, step: HoldPoint, entry: Entry[e.Event]) -> Participant:
    return but(_without_clearance(now, step, entry), plans={name: plan for name, plan in now.plans.items() if name != step})


def _with_clearance(now: Participant, given: e.StepCleared | e.ManuallyReleased, entry: Entry[e.Event]) -> Participant:
    by_hand = isinstance(given, e.ManuallyReleased)
    clearance = Clearance(given.step, given.covers_from, given.covers_until, entry.recorded_at, by_hand)
    return but(now, clearances=(*_without_clearance(now, given.step, entry).clearances, clearance))


def _without_clearance(now: Participant, step: HoldPoint, entry: Entry[e.Event]) -> Participant:
    ended = tuple(replace(c, ended_at=entry.recorded_at) if c.step == step and c.ended_at is None else c for c in now.clearances)
    return but(now, clearances=ended)


def _treated(now: Participant, event: e.Treatment, entry: Entry[e.Event]) -> Participant:
    match event:
        case e.LeukapheresisStarted():
            began = _begun(now, "leukapheresis", event.at, entry)
            return but(began, collections=(*now.collections, Collection(_noted(event, entry))))
        case e.LeukapheresisEnded():
            return _of_collection(now, None, ended=_noted(event, entry))
        case e.LeukapheresisFailed():
            return _of_collection(now, None, failed=_noted(event, entry))
        case e.ProductFailed():
            products = {code: product for code, product in now.products.items() if code != event.identity}
            return _of_collection(but(now, products=products), event.identity, failed=_noted(event, entry))
        case e.ProductReceived():
            known = now.products.get(event.identity, Product())
            product = replace(known, received=known.received or _noted(event, entry))
            return but(now, products={**now.products, event.identity: product})
        case e.ProductReleased():
            product = replace(now.products.get(event.identity, Product()), released=_noted(event, entry))
            return but(now, products={**now.products, event.identity: product})
        case e.LymphodepletionDose():
            course = but(now, course_from=len(now.doses)) if repeats(event, now) else now
            began = course if event.outcome == "omitted" else _depleted(course, event.at, entry)
            return but(began, doses=(*now.doses, _noted(event, entry)))
        case e.IdentityChecked():
            return but(now, identity_checks=(*now.identity_checks, _noted(event, entry)))
        case e.ThawStarted():
            again = now.taken_step("infusion") is None or repeats(event, now)
            began = _begun(now, "infusion", event.at, entry) if again else _thawed(now, event.at)
            return but(began, thaws=(*now.thaws, _noted(event, entry)))
        case e.InfusionStarted():
            again = now.taken_step("infusion") is None or repeats(event, now)
            began = _begun(now, "infusion", event.at, entry) if again else now
            return but(_infused(began, event.at), infusions=(*now.infusions, _noted(event, entry)))
        case e.InfusionEnded():
            return but(now, infusion_ends=(*now.infusion_ends, _noted(event, entry)))
        case _:
            assert_never(event)


def repeats(fact: e.LymphodepletionDose | e.ThawStarted | e.InfusionStarted, participant: Participant) -> bool:
    """Whether a fact is on record already for the course or the infusion in force, so that another one begins with it."""
    last = participant.taken_step("infusion")
    match fact:
        case e.LymphodepletionDose(day=day, drug=drug):
            return any((dose.fact.day, dose.fact.drug) == (day, drug) for dose in participant.course)
        case e.ThawStarted(bag=bag):
            later = last is not None and _first(fact.at) - _first(last.at) > ONE_INFUSION
            return later or any(thaw.fact.bag == bag for thaw in participant.thaws)
        case e.InfusionStarted(bag=bag):
            infused = sum(start.fact.bag == bag for start in participant.infusions)
            later = last is not None and last.done is not None and _first(fact.at) - _first(last.done) > ONE_INFUSION
            return later or (infused > 0 and infused >= sum(thaw.fact.bag == bag for thaw in participant.thaws))


def _thawed(now: Participant, at: When) -> Participant:
    """A thaw that is told after the infusion it was for is where the hold point was passed."""
    last = now.taken_step("infusion")
    if last is None or last.done != last.at or _first(last.at) <= _first(at):
        return now
    return but(now, taken=tuple(replace(one, at=at) if one is last else one for one in now.taken))


def _infused(now: Participant, at: When) -> Participant:
    """The first bag of an infusion is its anchor, also when it is told late; without a thaw on record it is the hold point too."""
    last = now.taken_step("infusion")
    if last is None or (last.done is not None and _first(last.done) <= _first(at)):
        return now
    moved = replace(last, done=at, at=at if last.at == last.done else last.at)
    return but(now, taken=tuple(moved if one is last else one for one in now.taken))


def _first(at: When) -> datetime:
    """For comparing times where no site is known: exact to the minute among exact times, to the date otherwise."""
    return at.span("UTC").earliest


def _depleted(now: Participant, at: When, entry: Entry[e.Event]) -> Participant:
    """The course starts with the earliest of its doses, also when that one is told late."""
    last = now.taken_step("lymphodepletion")
    if last is None or not now.given_doses:
        return _begun(now, "lymphodepletion", at, entry)
    if _first(last.at) <= _first(at):
        return now
    return but(now, taken=tuple(replace(one, at=at) if one is last else one for one in now.taken))


def _begun(now: Participant, step: HoldPoint, at: When, entry: Entry[e.Event]) -> Participant:
    taken = Taken(step, now.occurrence(step), at, entry.version)
    return but(_without_plan(now, step, entry), taken=(*now.taken, taken))


def _of_collection(
    now: Participant,
    identity: str | None,
    *,
    ended: Noted[e.LeukapheresisEnded] | None = None,
    failed: Noted[e.LeukapheresisFailed] | Noted[e.ProductFailed] | None = None,
) -> Participant:
    """Of the last collection whose cells carry the code, or of the last one."""
    if not now.collections:
        return now
    coded = (one for one in reversed(now.collections) if one.ended is not None and one.ended.fact.identity == identity)
    meant = next(coded, now.collections[-1])
    told = replace(meant, ended=ended or meant.ended, failed=failed or meant.failed)
    return but(now, collections=tuple(told if one is meant else one for one in now.collections))
