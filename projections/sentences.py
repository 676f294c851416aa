"""Every entry as one sentence in the clinic's words, safe to read on a ward; times are those of the site's clocks."""

from typing import assert_never

from domain import events as e
from domain.entry import Entry
from domain.notices import tag
from domain.reminding.steps import not_before
from domain.rules.reviews import TITLES
from domain.time import MINUTE, When, shown
from domain.verdicts import Derivation
from domain.words import few

NOT_TOLD = {
    "refused": "it was refused for good",
    "unreachable": "it could not be handed over for days",
    "too-late": "it became pointless before it could be handed over",
}


def sentence(entry: Entry[e.Event], zone: str) -> str:
    """What an entry of a participant's record says."""
    return says(entry.event, zone)


def says(event: e.Event, zone: str) -> str:  # noqa: PLR0915 - A closed union is one `match` with a case for each member.
    """What an event says; `zone` is the site's IANA zone."""
    match event:  # What time brings about comes first, since it is the most of what there is.
        case e.ReminderDue():
            told = "Reminder not sent, it had become pointless" if event.skipped else f"Reminder for the {event.to} ({event.urgency})"
            return f"{told}: {event.says}"
        case e.ReminderSent():
            return f"Reminder {tag(event.key)} sent to {event.to} by {event.channel}{_call(event.call)}."
        case e.ReminderFailed():
            return f"Reminder {tag(event.key)} did not reach {event.to} by {event.channel}{_call(event.call)}: {NOT_TOLD[event.why]}."
        case e.ReminderEscalated():
            return f"Nobody acknowledged reminder {tag(event.key)} in time: the {event.rung} is called{_call(event.call)}."
        case e.ReminderAcknowledged():
            return f"Reminder {tag(event.key)} acknowledged."
        case e.SendingAgainAsked():
            return f"Reminder {tag(event.key)} is sent again to those whom no message reached."
        case e.ReminderWithdrawn():
            return f"Reminder {tag(event.key)} withdrawn before it was sent: it no longer applies."
        case e.VisitUnaccounted():
            return f"The window of the visit {event.visit} closed at {_end(event, zone)} with nothing recorded."
        case e.VisitIncomplete():
            return f"The window of the visit {event.visit} closed at {_end(event, zone)}; missing: {', '.join(event.missing)}."
        case e.DeviationProposed():
            return f"Possible protocol deviation: {event.says}."
        case e.DeviationRecorded():
            return f"Protocol deviation: {event.says}."
        case e.Registered():
            return f"Registered at the site {event.site}."
        case e.ProtocolAdopted():
            return f"From here on judged under version {event.protocol} of the protocol."
        case e.ConsentSigned(signer="representative"):
            return f"Consent signed {when(event.at, zone)} by a representative ({event.relation}); {_form(event)}."
        case e.ConsentSigned():
            return f"Consent signed {when(event.at, zone)} by the participant; {_form(event)}."
        case e.ScreeningStarted():
            return f"Screening started {when(event.at, zone)}."
        case e.EligibilityConfirmed():
            on_paper = "" if event.report else " on paper"
            return f"Eligibility confirmed{on_paper} by the investigator's signature {when(event.at, zone)}."
        case e.EligibilityReconsidered():
            return reconsidered(event)
        case e.ConfirmationRefused():
            return f"Confirmation of eligibility refused: {'; '.join(event.reasons)}."
        case e.ScreenFailed():
            return f"Screening failed {when(event.at, zone)}: {'; '.join((*event.criteria, *filter(None, [event.why])))}."
        case e.DemographicsRecorded():
            return f"Born {event.born.shown(zone)}, {event.sex}."
        case e.ObservationMade():
            return _observation(event, zone)
        case e.ConditionNoted():
            return _condition(event, zone)
        case e.ScoreAssessed():
            present = [item.item for item in event.items if item.present]
            return f"Score {event.score}, {len(event.items)} items, {when(event.at, zone)}; present: {', '.join(present) or 'none'}."
        case e.Attested():
            so, not_so = ([name for name, holds in event.holds.items() if holds is wanted] for wanted in (True, False))
            denied = f"; not so: {', '.join(not_so)}" if not_so else ""
            return f"Attested {when(event.at, zone)}: {', '.join(so) or 'nothing'}{denied}."
        case e.VaccineGiven():
            return f"Vaccine {event.vaccine} given {when(event.at, zone)}{_classes(event)}."
        case e.MedicationTaken():
            return _medication(event, zone)
        case e.ProcedurePerformed():
            return _procedure(event, zone)
        case e.ReviewMade():
            covers = "the whole life" if event.covers_from is None else f"the time from {event.covers_from}"
            return f"Review of {TITLES[event.review]} made {when(event.at, zone)}, covering {covers}; asked: {', '.join(event.sources)}."
        case e.StepPlanned():
            return f"{event.step.capitalize()} planned for {slot(event.slot, zone)}."
        case e.StepReplanned():
            return f"{event.step.capitalize()} moved to {slot(event.slot, zone)}."
        case e.StepCancelled():
            return f"The plan for {event.step} was given up."
        case e.StepCleared():
            return f"Leave given for {event.step}, from {shown(event.covers_from, zone)} to before {shown(event.covers_until, zone)}."
        case e.StepWaiting():
            return waiting(event, zone)
        case e.StepHeld():
            return held(event, zone)
        case e.ClearanceRevoked():
            return f"Leave for {event.step} revoked{_because(event.derivation)}. Do not begin it; look at the reasons first."
        case e.ClearanceLapsed():
            return f"Leave for {event.step} ended unused."
        case e.ManuallyReleased():
            cover = f"from {shown(event.covers_from, zone)} to before {shown(event.covers_until, zone)}"
            return f"Leave for {event.step} given by hand by an investigator, {cover}."
        case e.StepRefused():
            return f"{event.step.capitalize()} was asked for and refused: {'; '.join(event.reasons)}."
        case e.LeukapheresisStarted():
            return f"Leukapheresis started {when(event.at, zone)}."
        case e.LeukapheresisEnded():
            cells = f"{event.yield_e6_per_kg:f} × 10⁶ CD3-positive cells per kg"
            return f"Leukapheresis ended {when(event.at, zone)} with {cells}, code {event.identity}."
        case e.LeukapheresisFailed():
            return f"Leukapheresis failed {when(event.at, zone)}: {event.why}."
        case e.ProductReceived():
            return f"Product {event.identity} received {when(event.at, zone)}; it expires at the end of {event.expires}."
        case e.ProductReleased():
            return f"Product {event.identity} released for infusion {when(event.at, zone)}."
        case e.ProductFailed():
            return f"Product {event.identity} failed {when(event.at, zone)}: {event.why}."
        case e.LymphodepletionDose():
            return f"Lymphodepletion, day {event.day}: {event.drug} {event.outcome} {when(event.at, zone)}."
        case e.IdentityChecked():
            return f"Code {event.identity} compared with the participant {when(event.at, zone)} by {' and '.join(event.checked_by)}."
        case e.ThawStarted():
            return f"Thaw of bag {event.bag} of product {event.identity} started {when(event.at, zone)}."
        case e.InfusionStarted():
            return f"Infusion of bag {event.bag} of product {event.identity} started {when(event.at, zone)}."
        case e.InfusionEnded():
            return f"Infusion of bag {event.bag} ended {when(event.at, zone)}."
        case e.VisitBooked():
            return f"Visit {event.visit} booked for {event.at.shown(zone)}."
        case e.UnscheduledVisit():
            return f"Unscheduled visit {when(event.at, zone)}: {event.why}."
        case e.AssessmentDone():
            return f"Assessment {event.assessment} of the visit {event.visit} done {when(event.at, zone)}."
        case e.VisitCompleted():
            return f"Visit {event.visit} took place {when(event.at, zone)}."
        case e.VisitMissed():
            return f"The visit {event.visit} was missed; that is final."
        case e.DeviationVoided():
            return f"No deviation after all ({_named(event)}): {event.why}."
        case e.DeviationDescribed():
            return _description(event)
        case e.DeviationReviewed():
            return f"The investigator reviewed the deviation ({_named(event)}), as it stood after entry {event.entry}, by signature."
        case e.SafetyReportDue():
            return f"A matter of safety is to be reported within 24 hours: {event.says}."
        case e.SafetyReportVoided():
            return f"Nothing is to be reported as a matter of safety: {event.why}."
        case e.SafetyReported():
            return f"A matter of safety was reported to the sponsor {when(event.at, zone)}."
        case e.AdverseEvent():
            return _adverse_event(event, zone)
        case e.AdverseEventUpdated():
            return _more_of_harm(event, zone)
        case e.CytokineReleaseGraded():
            return _graded("Cytokine release", event.grade, "", event.at, zone)
        case e.NeurotoxicityGraded():
            return _graded("Neurotoxicity (ICANS)", event.grade, "" if event.ice is None else f", ICE score {event.ice}", event.at, zone)
        case e.OverrideSigned():
            against = f", against {', '.join(event.rules)}" if event.rules else ""
            return f"An investigator signed an override for {event.step}{against}; ground: {event.ground}."
        case e.TreatmentStopped():
            return f"Treatment stopped {when(event.at, zone)}; visits go on. Reason: {event.why}."
        case e.VisitsStopped():
            records = "records may still be consulted" if event.records_allowed else "records may no longer be consulted"
            return f"Visits stopped {when(event.at, zone)}; {records}. Reason: {event.why}."
        case e.ConsentWithdrawn():
            return f"Consent withdrawn {when(event.at, zone)}, for {event.scope}."
        case e.ContactLost():
            return f"Contact lost {when(event.at, zone)}."
        case e.ContactRegained():
            return f"Contact regained {when(event.at, zone)}."
        case e.Died():
            return f"The participant died {when(event.at, zone)}."
        case e.NeverInfused():
            return f"It is final {when(event.at, zone)} that the participant will not be infused: {event.why}."
        case e.StudyCompleted():
            return "Completed the study: every visit is settled."
        case e.EntryCorrected():
            return f"Entry {event.entry} corrected. It should have said: {says(event.fact, zone)}"
        case e.EntryRetracted():
            return f"Entry {event.entry} taken back: it should never have been made."
        case _:
            assert_never(event)


def _named(event: e.Deviating) -> str:
    return event.key.replace(":", " ")


def _description(event: e.DeviationDescribed) -> str:
    """What was found out about a deviation, as far as anything was."""
    details = event.details
    found = {
        "occurred": details.occurred_on,
        "discovered": details.discovered_on,
        "cause": details.cause,
        "prevention": details.prevention,
        "reported to the sponsor": details.reported_to_sponsor_on,
        "reported to the ethics committee": details.reported_to_ethics_committee_on,
    }
    weight = {True: ["important"], False: ["not important"], None: []}[details.important]
    told = [*weight, *(f"{name}: {what}" for name, what in found.items() if what is not None)]
    return f"Deviation ({_named(event)}): {'; '.join(told) or 'nothing was found out so far'}."


def _end(event: e.VisitUnaccounted | e.VisitIncomplete, zone: str) -> str:
    """When a window closed: with the end of a date, or after a minute."""
    return f"the end of {event.closed_on}" if event.closed_at is None else shown(event.closed_at - MINUTE, zone)


def _call(call: int) -> str:
    return "" if call == 1 else f", call {call}"


def waiting(verdict: e.StepWaiting, zone: str) -> str:
    """What a waiting step waits for, and who supplies it."""
    title = verdict.step.capitalize()
    return f"{title} waits; nothing forbids it from {shown(verdict.possible_from, zone)}{_because(verdict.derivation)}."


def held(verdict: e.StepHeld, zone: str) -> str:
    """Why a step is held and from when nothing would forbid it; or that its slot is over, after which it may be under way."""
    title = verdict.step.capitalize()
    if verdict.earliest == verdict.derivation.at:  # Nothing forbids it but that no instant of its slot is left.
        return f"{title} is held: its slot is over, and nothing was recorded of it. Report what took place, or plan it again."
    reasons, when = _because(verdict.derivation), not_before(verdict.earliest, zone)
    return f"{title} is held: nothing in its slot is possible{reasons}. {when}"


def when(at: When, zone: str) -> str:
    """When something was, as precisely as it is known, on the clocks of the site."""
    return f"{'on' if at.exact or len(at.root) == len('2026-03-01') else 'in'} {at.shown(zone)}"


def slot(planned: e.Slot, zone: str) -> str:
    """A slot on the clocks of the site."""
    return f"{shown(planned.start, zone)} to {shown(planned.until, zone)}"


def reconsidered(event: e.EligibilityReconsidered) -> str:
    """What is to be thought of a confirmation by now."""
    if not event.otherwise:
        return "By what is now known of the time before it, the confirmation of eligibility stands as it was signed."
    answer = "still eligible" if event.overall == "eligible" else "not known to be eligible"
    answer = event.overall if event.overall == "not eligible" else answer
    return (
        f"By what is now known of the time before it, the confirmation of eligibility no longer stands as it was signed: the participant "
        f"is {answer}. Otherwise: {few(event.otherwise)}."
    )


def _form(consent: e.ConsentSigned) -> str:
    return f"{consent.document}, obtained by {consent.obtained_by}"


def _observation(event: e.ObservationMade, zone: str) -> str:
    what = event.result if event.value is None else f"{event.value:f} {event.unit or ''}".rstrip()
    return f"{event.test.capitalize()} {when(event.at, zone)}: {what}{'' if event.valid else '; not valid, it decides nothing'}."


def _condition(event: e.ConditionNoted, zone: str) -> str:
    marks = [f"{'' if holds else 'not '}{mark}" for mark, holds in event.marks.items()]
    told = ", ".join([*([f"grade {event.grade}"] if event.grade else []), *marks])
    end = "still going on then" if event.stop is None else f"until {event.stop.shown(zone)}"
    more = f" ({told})" if told else ""
    return f"{event.condition.capitalize()}, noted {when(event.at, zone)}: since {event.start.shown(zone)}, {end}{more}."


def _procedure(event: e.ProcedurePerformed, zone: str) -> str:
    size = "Major procedure" if event.major else "Procedure"
    kind = "" if event.category == e.OTHER_PROCEDURE else event.category
    told = ", ".join(filter(None, [kind, f"{event.volume_ml} mL" if event.volume_ml else ""]))
    return f"{size} performed {when(event.at, zone)}: {event.name}{f' ({told})' if told else ''}."


def _medication(taken: e.MedicationTaken, zone: str) -> str:
    dose = f"{taken.drug} {taken.dose_mg:f} mg {taken.route}"
    if taken.doses_per_day is None:
        return f"Medication: {dose}, once, {when(taken.start, zone)}, for {taken.indication}{_classes(taken)}."
    until = "no stop recorded" if taken.stop is None else f"until {taken.stop.shown(zone)}"
    return (
        f"Medication: {dose}, {taken.doses_per_day} a day from {taken.start.shown(zone)}, {until}, for {taken.indication}{_classes(taken)}."
    )


def _adverse_event(event: e.AdverseEvent, zone: str) -> str:
    end = "going on" if event.stop is None else f"until {event.stop.shown(zone)}"
    serious = f"serious ({_criteria(event)})" if event.serious else "not serious"
    told = "; ".join([f"grade {event.grade}", f"since {event.start.shown(zone)}, {end}", serious, *_judged_harm(event)])
    return f"Adverse event, of which the site learned {when(event.at, zone)}: {event.term}; {told}.{_narrative(event)}"


def _more_of_harm(event: e.AdverseEventUpdated, zone: str) -> str:
    """What more became known, as far as anything but the narrative did."""
    told = [
        *([f"grade {event.grade}"] if event.grade else []),
        *([f"ended {when(event.stop, zone)}"] if event.stop else []),
        *([f"serious as well ({_criteria(event)})"] if event.serious else []),
        *_judged_harm(event),
    ]
    more = f": {'; '.join(told)}" if told else ""
    return f"More became known {when(event.at, zone)} of the adverse event of entry {event.entry}{more}.{_narrative(event)}"


def _criteria(event: e.AdverseEvent | e.AdverseEventUpdated) -> str:
    return ", ".join(criterion.replace("-", " ") for criterion in event.serious)


def _judged_harm(event: e.AdverseEvent | e.AdverseEventUpdated) -> list[str]:
    return [f"{event.relation.replace('-', ' ')} to the product"] if event.relation else []


def _narrative(event: e.AdverseEvent | e.AdverseEventUpdated) -> str:
    return f" {event.narrative}" if event.narrative else ""


def _graded(toxicity: str, grade: int, score: str, at: When, zone: str) -> str:
    return f"{toxicity} graded {grade} by ASTCT{score}, {when(at, zone)}."


def _classes(given: e.MedicationTaken | e.VaccineGiven) -> str:
    """What was settled at entry of a drug that the reference has not, or that it was not."""
    if given.class_unknown:
        return " (its class left to the medical monitor)"
    settled = "outside every class" if given.outside_every_class else ", ".join(given.classes)
    return f" (settled at entry: {settled})" if settled else ""


def _because(derivation: Derivation) -> str:
    """The findings of every rule that does not pass, with whoever can supply what is missing."""
    findings = [
        f"{finding.says} ({finding.supplied_by})" if finding.supplied_by else finding.says
        for rule in derivation.rules
        if rule.outcome != "passes"
        for finding in rule.findings
    ]
    return f": {'; '.join(findings)}" if findings else ""
