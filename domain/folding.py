"""How a participant comes of the effective history, entry by entry."""

from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from typing import assert_never

from domain import events as e
from domain.entry import Entry
from domain.history import effective
from domain.participant import PARTICIPANT, Participant, but, noted, without_clearance, without_plan
from domain.standing import Clearance, Plan, StandingVerdict, deviating, with_matter
from domain.treating import treated


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
        case e.ReminderSent() | e.ReminderFailed() | e.ReminderEscalated() | e.ReminderAcknowledged() | e.SendingAgainAsked():
            return was
        case e.VisitUnaccounted():
            return but(was, unaccounted={**was.unaccounted, event.visit: noted(event, entry)})
        case e.VisitMissed():
            return but(was, missed={**was.missed, event.visit: noted(event, entry)})
        case e.VisitIncomplete():
            return but(was, incomplete={**was.incomplete, event.visit: noted(event, entry)})
        case _ if isinstance(event, e.Deviating):
            standing, found = deviating(was.deviations, was.found_out, event, entry.version, entry.recorded_at)
            return but(was, deviations=standing, found_out=found)
        case e.Registered():
            return but(was, site=event.site)
        case e.ProtocolAdopted():
            return but(was, protocol=event.protocol)
        case e.ConsentSigned():
            return but(was, consents=(*was.consents, noted(event, entry)))
        case e.ScreeningStarted():
            return but(was, screenings=(*was.screenings, noted(event, entry)), eligible=None, reconsidered=None, screen_failed=None)
        case e.EligibilityConfirmed():
            return but(was, eligible=noted(event, entry), enrolled=was.enrolled or noted(event, entry), reconsidered=None)
        case e.EligibilityReconsidered():
            return but(was, reconsidered=noted(event, entry) if was.eligible is not None and event.otherwise else None)
        case e.ScreenFailed():
            failed = noted(event, entry)
            return but(was, screen_failed=failed, screenings_failed=(*was.screenings_failed, failed))
        case _ if isinstance(event, e.Evidence):
            return _evident(was, event, entry)
        case e.StepPlanned() | e.StepReplanned():
            return _planned(was, event, entry)
        case e.StepCancelled():
            return without_plan(was, event.step, entry)
        case e.StepCleared() | e.ManuallyReleased():
            return _with_clearance(_judged(was, event, entry), event, entry)
        case e.StepWaiting() | e.StepHeld():
            return _judged(was, event, entry)
        case e.ClearanceRevoked() | e.ClearanceLapsed():
            return _judged(without_clearance(was, event.step, entry), event, entry)
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
            return treated(was, event, entry)
        case e.VisitBooked():
            return but(was, booked={**was.booked, event.visit: noted(event, entry)})
        case e.VisitCompleted():
            return but(was, visits={**was.visits, event.visit: noted(event, entry)})
        case e.UnscheduledVisit():
            return but(was, unscheduled=(*was.unscheduled, noted(event, entry)))
        case e.AssessmentDone():
            return but(was, assessed=(*was.assessed, noted(event, entry)))
        case e.AdverseEvent():
            return but(was, adverse_events=(*was.adverse_events, noted(event, entry)))
        case e.AdverseEventUpdated():
            return but(was, adverse_event_updates=(*was.adverse_event_updates, noted(event, entry)))
        case e.CytokineReleaseGraded() | e.NeurotoxicityGraded():
            return but(was, gradings=(*was.gradings, noted(event, entry)))
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
            return but(was, leaving=(*was.leaving, noted(event, entry)))
        case e.StudyCompleted():
            return but(was, completed_at=entry.recorded_at)
        case e.StepRefused() | e.ConfirmationRefused() | e.OverrideSigned() | e.EntryCorrected() | e.EntryRetracted():
            return was
        case _:
            assert_never(event)


def _evident(was: Participant, event: e.Evidence, entry: Entry[e.Event]) -> Participant:
    match event:
        case e.DemographicsRecorded():
            return but(was, demographics=noted(event, entry))
        case e.ObservationMade():
            return but(was, observations=(*was.observations, noted(event, entry)))
        case e.ConditionNoted():
            return but(was, conditions=(*was.conditions, noted(event, entry)))
        case e.ScoreAssessed():
            return but(was, assessments=(*was.assessments, noted(event, entry)))
        case e.Attested():
            return but(was, attestations=(*was.attestations, noted(event, entry)))
        case e.VaccineGiven():
            return but(was, vaccines=(*was.vaccines, noted(event, entry)))
        case e.MedicationTaken():
            return but(was, medications=(*was.medications, noted(event, entry)))
        case e.ProcedurePerformed():
            return but(was, procedures=(*was.procedures, noted(event, entry)))
        case e.ReviewMade():
            return but(was, reviews=(*was.reviews, noted(event, entry)))
        case _:
            assert_never(event)


def _planned(now: Participant, event: e.StepPlanned | e.StepReplanned, entry: Entry[e.Event]) -> Participant:
    aims = (event.slot.target,) if event.step == "infusion" else ()
    planned = {**now.plans, event.step: Plan(event.slot, entry.recorded_at)}
    return but(without_clearance(now, event.step, entry), plans=planned, infusion_targets=(*now.infusion_targets, *aims))


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
        case e.StepHeld():
            goes_on = isinstance(plan.verdict, e.StepHeld)
            held_in, since = (plan.held_in, plan.held_since) if goes_on else (entry.version, entry.recorded_at)
            judged = replace(judged, verdict=said, held_in=held_in, held_since=since)
        case e.StepCleared() | e.ManuallyReleased():
            judged = replace(judged, verdict=said, revoked_in=0, lapsed_in=0)
        case e.StepWaiting():
            judged = replace(judged, verdict=said)
        case _:
            assert_never(said)
    return but(now, plans={**now.plans, said.step: judged})


def _with_clearance(now: Participant, given: e.StepCleared | e.ManuallyReleased, entry: Entry[e.Event]) -> Participant:
    by_hand = isinstance(given, e.ManuallyReleased)
    clearance = Clearance(given.step, given.covers_from, given.covers_until, entry.recorded_at, by_hand)
    return but(now, clearances=(*without_clearance(now, given.step, entry).clearances, clearance))
