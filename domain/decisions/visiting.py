"""Visits outside their windows, appointments and assessments: what is asked before they are recorded."""

from collections.abc import Iterator
from datetime import datetime

from domain import events as e
from domain.assessing import by_word_alone
from domain.entry import Circumstances
from domain.leaving import ways_in_force
from domain.participant import Participant
from domain.protocol import Protocol
from domain.rejections import Reason
from domain.study import Study
from domain.time import When, local_date
from domain.visits import VisitWindow, windows


def outside_its_window(fact: e.Event, after: Participant, study: Study, by: Circumstances) -> Iterator[Reason]:
    """What the protocol asks for a visit, or for an appointment, that lies outside the window which the visit then has."""
    if not isinstance(fact, e.VisitCompleted | e.VisitBooked):
        return
    zone = study.zone(after.site)
    window = next((one for one in windows(after, study) if one.visit == fact.visit), None)
    if window is None or window.strays(fact.at, zone) is None:
        return
    says = f"{fact.at.shown(zone)} lies outside the window of the visit {window.visit}, {window.range(zone)}"
    if window.outside == "approve":
        yield from _unapproved(says, by)
    elif isinstance(fact, e.VisitBooked):
        yield from [Reason(code="window-stops", says=f"{says}: the protocol lets nothing be booked there")] * (window.outside == "stop")
    elif by.reason is None:
        yield Reason(code="reason-missing", says=f"{says}: give the reason{_stopped(window)}")


def _stopped(window: VisitWindow) -> str:
    return " if it took place then; the protocol's window stops hard" if window.outside == "stop" else ""


def _unapproved(says: str, by: Circumstances) -> Iterator[Reason]:
    if by.actor.role != "investigator":
        yield Reason(code="investigator-only", says=f"{says}: only an investigator approves that")
    if by.signature is None:
        yield Reason(code="signature-missing", says=f"{says}: to approve that needs a signature")
    if by.reason is None:
        yield Reason(code="reason-missing", says=f"{says}: to approve that needs a reason")


def vague_booking(fact: e.VisitBooked, zone: str) -> Iterator[Reason]:
    """An appointment is for a date that is known."""
    if not _dated(fact.at, zone):
        yield Reason(code="too-vague", says="the date of an appointment must be known")


def booked_for_nobody(fact: e.Fact, participant: Participant, zone: str) -> Iterator[Reason]:
    """An appointment is made with somebody who still comes to visits."""
    for way, _ in ways_in_force(participant, zone):
        if isinstance(fact, e.VisitBooked) and way.ends_visits:
            yield Reason(code="left", says=f"the participant {way.words}; no further visit is booked")


def booked_too_late(fact: e.Fact, zone: str, made: datetime) -> Iterator[Reason]:
    """An appointment is for a time that was not over when it was made; what it was for may be corrected long after."""
    if isinstance(fact, e.VisitBooked) and fact.at.span(zone).latest < made:
        yield Reason(code="past", says=f"{fact.at.shown(zone)} was over: record the visit itself, if it took place")


def impossible_assessment(fact: e.AssessmentDone, protocol: Protocol) -> Iterator[Reason]:
    """Only what a visit requires, and nothing that a result, a score or an attestation shows by itself."""
    rule = protocol.visits.get(fact.visit)
    if rule is None:
        yield Reason(code="unknown-visit", says=f"the protocol has no visit {fact.visit}")
    elif fact.assessment not in rule.assessments:
        required = ", ".join(rule.assessments) or "none"
        yield Reason(code="unknown-assessment", says=f"the visit {fact.visit} requires no {fact.assessment}; it requires: {required}")
    elif not by_word_alone(protocol.assessments[fact.assessment]):
        yield Reason(code="record-itself", says=f"record what was found: that settles {fact.assessment} by itself")


def _dated(at: When, zone: str) -> bool:
    span = at.span(zone)
    return local_date(span.earliest, zone) == local_date(span.latest, zone)
