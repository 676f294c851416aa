"""Reports: what people say has happened. Refused only as impossible or ill-formed, never on a rule of a gate."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from domain import commands as c
from domain import events as e
from domain.anchors import anchors
from domain.consequences import against_the_gate
from domain.decisions.evidence import impossible
from domain.decisions.harm import impossible_harm
from domain.decisions.slips import improbable_in
from domain.decisions.steps import other_identity, unknown_day
from domain.decisions.visiting import booked_for_nobody, booked_too_late, impossible_assessment, outside_its_window, vague_booking
from domain.entry import Circumstances
from domain.leaving import LOST, ways_in_force
from domain.participant import Participant
from domain.protocol import Protocol
from domain.record import Record
from domain.rejections import Reason, Refused, refuse_if
from domain.study import Study
from domain.time import When
from domain.visits import windows


def report(command: c.Report, record: Record, study: Study, at: datetime, by: Circumstances) -> tuple[e.Event, ...]:
    """The fact, and where it took a hold point a deviation for each rule that did not pass and for leave that did not stand.

    What is improbable (treatment before consent, after leaving, or with another code) is taken for a slip and refused, unless a
    reason comes with it: nothing that happened is ever lost.
    """
    fact, participant = command.fact, record.participant
    after = record.then((fact,), at, by)
    improbable = () if by.reason is not None else improbable_in(fact, participant, study)
    refuse_if(
        chain(
            badly_formed(fact, participant, study, at),
            booked_too_late(fact, study.zone(participant.site), at),
            booked_for_nobody(fact, participant, study.zone(participant.site)),
            out_of_place(fact, participant, study),
            not_theirs(fact, study.protocol(participant.protocol), by),
            _not_after_leaving(fact, participant, study, by),
            outside_its_window(fact, after.participant, study, by),
            improbable,
        )
    )
    if len(after.participant.taken) == len(participant.taken):
        return (fact,)
    return fact, *against_the_gate(after.participant.taken[-1], after, study, study.zone(participant.site))


def report_together(command: c.ReportTogether, record: Record, study: Study, at: datetime, by: Circumstances) -> tuple[e.Event, ...]:
    """What stands on one form, fact by fact as if each came after the one before; refused whole, with the reasons against every one."""
    told: list[e.Event] = []
    now, reasons = record, list[Reason]()
    for number, fact in enumerate(command.facts, start=1):
        try:
            events = report(c.Report(fact=fact), now, study, at, by)
        except Refused as refused:
            reasons += [reason.model_copy(update={"says": f"{number}, {fact.kind}: {reason.says}"}) for reason in refused.reasons]
            continue
        told += events
        now = now.then(events, at, by)
    refuse_if(reasons)
    return tuple(told)


def badly_formed(fact: e.Fact, participant: Participant, study: Study, at: datetime) -> Iterator[Reason]:
    """What can never have been so, whatever else is on record."""
    zone = study.zone(participant.site)
    for name, when in chain(times(fact), _told_of(fact)):
        span = when.span(zone)
        if span.latest < span.earliest:
            yield Reason(code="no-such-date", says=f"the calendar of the site skipped {when.shown(zone)}")
        elif span.earliest > at:
            yield Reason(code="future", says=f"{name} {when.shown(zone)} lies in the future")
    match fact:
        case e.ConsentSigned(signer="representative", relation=None):
            yield Reason(code="relation-missing", says="a representative's relation to the participant is needed")
        case e.IdentityChecked(checked_by=(first, second)) if first == second:
            yield Reason(code="one-person", says="the identity check needs two different persons")
        case e.LymphodepletionDose(day=day):
            yield from unknown_day(day, study.protocol(participant.protocol))
        case e.EligibilityConfirmed() if fact.report is not None:
            yield Reason(code="not-on-paper", says="a report is confirmed by signing it, and is not reported or corrected")
        case e.ScreenFailed():
            yield from _no_such_criteria(fact, study.protocol(participant.protocol))
        case e.VisitCompleted(visit=visit):
            yield from _no_such_visit(visit, study, participant)
        case e.VisitBooked(visit=visit):
            yield from _no_such_visit(visit, study, participant)
            yield from vague_booking(fact, zone)
        case e.AssessmentDone():
            yield from impossible_assessment(fact, study.protocol(participant.protocol))
        case _:
            pass
    if isinstance(fact, e.Evidence):
        yield from impossible(fact, study, study.protocol(participant.protocol), zone)
    if isinstance(fact, e.Harm):
        yield from impossible_harm(fact, participant, zone)
    if isinstance(fact, e.Treatment | e.EligibilityConfirmed) and not fact.at.dated(zone):
        yield Reason(code="too-vague", says="the date of a treatment step, and of enrolment, must be known")


def times(fact: e.Fact) -> Iterator[tuple[str, When]]:
    """Every time at which what a fact states took place, with its name; an appointment states none."""
    stated = {} if isinstance(fact, e.VisitBooked) else vars(fact)
    for name in ("at", "start", "stop"):
        when = stated.get(name)
        if isinstance(when, When):
            yield name, when


def _no_such_criteria(fact: e.ScreenFailed, protocol: Protocol) -> Iterator[Reason]:
    if not fact.criteria and fact.why is None:
        yield Reason(code="nothing-failed", says="name the parts of the criteria that fail, or say why screening ended")
    for name in sorted(set(fact.criteria) - {criterion.id for criterion in protocol.criteria}):
        yield Reason(code="unknown-criterion", says=f"the protocol has no criterion {name}; parts are named like E11c")


def _told_of(fact: e.Fact) -> Iterator[tuple[str, When]]:
    """The times of what came before a fact, which it only tells of."""
    match fact:
        case e.DemographicsRecorded(born=born):
            yield "born", born
        case e.ScoreAssessed(items=items, drawn=drawn):
            yield from ((f"the item {item.item}, present since", item.since) for item in items if item.since is not None)
            yield from ((f"the sample for the item {item}, drawn", when) for item, when in drawn.items())
        case _:
            pass


def _no_such_visit(visit: str, study: Study, participant: Participant) -> Iterator[Reason]:
    rule = study.protocol(participant.protocol).visits.get(visit)
    if rule is None:
        yield Reason(code="unknown-visit", says=f"the protocol has no visit {visit}")
    elif rule.settled_by is not None:
        yield Reason(code="settled-by-treatment", says=f"the visit {visit} is settled by recording the treatment itself")


def out_of_place(fact: e.Fact, participant: Participant, study: Study) -> Iterator[Reason]:
    """What contradicts what is already on record."""
    match fact:
        case e.ScreeningStarted() | e.EligibilityConfirmed() | e.ScreenFailed():
            yield from _screening_out_of_place(fact, participant)
        case e.VisitCompleted() | e.VisitBooked():
            yield from visit_out_of_place(fact, participant, study)
        case e.ContactRegained() if not any(way is LOST for way, _ in ways_in_force(participant, study.zone(participant.site))):
            yield Reason(code="not-lost", says="contact with the participant has not been lost")
        case e.Died() if any(isinstance(left.fact, e.Died) for left in participant.leaving):
            yield Reason(code="already-reported", says="the participant's death is on record")
        case e.SafetyReported(key=key):
            yield from _no_such_matter(key, participant)
        case e.NeverInfused() if participant.infusions:
            yield Reason(code="infused", says="the participant has been infused")
        case _ if isinstance(fact, e.Treatment):
            yield from _treatment_out_of_place(fact, participant)
        case _:
            pass


def _no_such_matter(key: str, participant: Participant) -> Iterator[Reason]:
    known = participant.safety_reports.get(key)
    if known is None or known.void:
        open_ = ", ".join(one.key for one in participant.safety_reports.values() if one.open) or "none"
        yield Reason(code="no-such-matter", says=f"nothing is to be reported under {key}; open are: {open_}")
    elif known.reported_in is not None:
        yield Reason(code="already-reported", says=f"this was reported, by entry {known.reported_in}: correct that entry")


def _screening_out_of_place(fact: e.Screening, participant: Participant) -> Iterator[Reason]:
    running = bool(participant.screenings) and participant.screen_failed is None
    if isinstance(fact, e.ScreeningStarted) and running:
        yield Reason(code="already-screening", says="a screening has been started and has not failed")
    if not isinstance(fact, e.ScreeningStarted) and not running:
        yield Reason(code="not-screening", says="no screening is under way")
    anew = isinstance(fact, e.EligibilityConfirmed) and fact.report is not None and _to_be_signed(participant)
    too_late = isinstance(fact, e.ScreenFailed) and _was_not_eligible(participant)
    if not isinstance(fact, e.ScreeningStarted) and participant.eligible is not None and not anew and not too_late:
        yield Reason(code="already-confirmed", says="eligibility has been confirmed")


def _was_not_eligible(participant: Participant) -> bool:
    """Whether somebody who was enrolled is known by now not to have been eligible, before any step was taken."""
    otherwise = participant.reconsidered
    return otherwise is not None and otherwise.fact.overall == "not eligible" and not participant.taken


def _to_be_signed(participant: Participant) -> bool:
    """Whether the confirmation was on paper, or no longer stands as it was signed."""
    confirmed = participant.eligible
    return participant.reconsidered is not None or (confirmed is not None and confirmed.fact.report is None)


def visit_out_of_place(fact: e.Fact, participant: Participant, study: Study) -> Iterator[Reason]:
    """A visit takes place once, after what it is counted from, and is booked between."""
    if not isinstance(fact, e.VisitCompleted | e.VisitBooked):
        return
    rule = study.protocol(participant.protocol).visits.get(fact.visit)
    held = {window.visit for window in windows(participant, study) if window.held is not None}
    if rule is not None and rule.settled_by is None and fact.visit in held:
        yield Reason(code="already-completed", says=f"the visit {fact.visit} is on record: correct that entry")
        return
    if rule is not None and rule.anchor not in anchors(participant, study):
        yield Reason(code="awaiting", says=f"the visit {fact.visit} is counted from something that is not on record yet")


def _treatment_out_of_place(fact: e.Treatment, participant: Participant) -> Iterator[Reason]:
    collection = participant.collections[-1] if participant.collections else None
    match fact:
        case e.LeukapheresisStarted() if collection and not collection.ended and not collection.failed:
            yield Reason(code="still-running", says="a leukapheresis has been started and has not ended")
        case e.LeukapheresisEnded() | e.LeukapheresisFailed() if collection is None or collection.ended or collection.failed:
            yield Reason(code="not-started", says="no leukapheresis is under way")
        case e.ProductReceived() | e.ProductFailed() | e.ProductReleased():
            if not any(one.ended is not None and one.ended.fact.identity == fact.identity for one in participant.collections):
                yield from other_identity(fact.identity, participant)
        case e.InfusionEnded(bag=bag) if not any(start.fact.bag == bag for start in participant.infusions):
            yield Reason(code="not-started", says=f"the infusion of bag {bag} has not been started")
        case _:
            pass


def not_theirs(fact: e.Event, protocol: Protocol, by: Circumstances) -> Iterator[Reason]:
    """What only an investigator states, and by signature; and what only those attest or judge whom the protocol names."""
    if isinstance(fact, e.Attested):
        attested = [name for name in fact.holds if name in protocol.attestations and protocol.attestations[name].by == "investigator"]
        yield from _not_theirs_to_judge("attest", attested, by)
    if isinstance(fact, e.ConditionNoted) and fact.condition in protocol.conditions:
        judged = protocol.conditions[fact.condition].judged
        yield from _not_theirs_to_judge("judge", [f"whether {fact.condition} is {mark}" for mark in fact.marks if mark in judged], by)
    if isinstance(fact, e.SafetyReported) and by.actor.role not in {"investigator", "coordinator"}:
        yield Reason(code="investigator-only", says="only an investigator, or a coordinator for one, reports a matter of safety")
    if isinstance(fact, e.EligibilityConfirmed) and by.actor.role != "investigator":
        yield Reason(code="investigator-only", says="only an investigator confirms eligibility")
    if isinstance(fact, e.EligibilityConfirmed) and by.signature is None:
        yield Reason(code="signature-missing", says="confirming eligibility needs a signature")


def _not_theirs_to_judge(verb: str, what: list[str], by: Circumstances) -> Iterator[Reason]:
    if what and by.actor.role != "investigator":
        yield Reason(code="investigator-only", says=f"only an investigator {verb}s {', '.join(what)}")
    if what and by.signature is None:
        yield Reason(code="signature-missing", says=f"to {verb} {', '.join(what)} needs a signature")


def _not_after_leaving(fact: e.Fact, participant: Participant, study: Study, by: Circumstances) -> Iterator[Reason]:
    """Earlier facts may always be recorded; of later ones only those that the way of leaving admits, and treatment with a reason."""
    zone = study.zone(participant.site)
    begins = min((when.span(zone).earliest for _, when in times(fact)), default=None)
    for way, left_at in ways_in_force(participant, zone):
        lost = isinstance(fact, e.Treatment | e.Died) and by.reason is not None
        if begins is not None and begins > left_at and type(fact) not in way.still and not lost:
            yield Reason(code="left", says=f"the participant {way.words}; this cannot be recorded about the time after")
