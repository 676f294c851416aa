"""Confirming eligibility: the investigator signs for the very report that was judged, and Daybook judges it again."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain import commands as c
from domain import events as e
from domain.criteria.report import EligibilityReport, Part, confirmation, eligibility
from domain.decisions.reports import not_theirs, out_of_place
from domain.entry import Circumstances
from domain.leaving import ways_in_force
from domain.participant import Participant
from domain.record import Record
from domain.rejections import Reason, Refused, refuse_if
from domain.signatures import to_sign
from domain.study import Study
from domain.time import When, shown, to_the_minute

READING = timedelta(hours=1)
"""How long a report may be read before it is signed."""


def confirm(command: c.ConfirmEligibility, record: Record, study: Study, at: datetime, by: Circumstances) -> tuple[e.Event, ...]:
    """Granted where the report is the one that follows from the record, says *eligible*, and was signed.

    What was reconsidered is confirmed anew for the instant of the first confirmation, by what is known now: enrolment does not move.
    """
    participant = record.participant
    fact = e.EligibilityConfirmed(at=_enrolled_at(command, participant), report=command.report)
    refuse_if(
        (
            *out_of_place(fact, participant, study),
            *not_theirs(fact, study.protocol(participant.protocol), by),
            *_signed_otherwise(command, record.id, by),
            *_left(participant, study),
            *_another_instant(command, participant, study, at),
        )
    )
    report = eligibility(participant, study, command.judged_at)
    if report.digest != command.report:
        raise Refused(Reason(code="another-report", says="by now the report says something else than what was signed: read it again"))
    reasons = [*map(why, report.not_passing), *_no_longer(report, participant, study, at)]
    if reasons:
        refusal = e.ConfirmationRefused(report=command.report, reasons=tuple(reason.says for reason in reasons))
        raise Refused(*reasons, recorded=refusal)
    return (fact,)


def why(part: Part) -> Reason:
    """A part that does not pass, as a reason against the confirmation."""
    outcome = "fails" if part.verdict == "fails" else "is not yet known"
    again = f"; re-screen, not before {part.rescreen_from}" if part.rescreen_from else ""
    return Reason(code=f"rule-{part.verdict.replace(' ', '-')}", says=f"{part.id} {outcome}: {part.says.rstrip('.')}{again}", rule=part.id)


def _enrolled_at(command: c.ConfirmEligibility, participant: Participant) -> When:
    first = participant.eligible
    return When.at(command.judged_at) if first is None else first.fact.at


def _signed_otherwise(command: c.ConfirmEligibility, participant: str, by: Circumstances) -> Iterator[Reason]:
    if by.signature is not None and by.signature.signed != to_sign(participant, command, by):
        yield Reason(code="signed-otherwise", says="the signature binds something else than this report and what is said with it")


def _left(participant: Participant, study: Study) -> Iterator[Reason]:
    for way, _ in ways_in_force(participant, study.zone(participant.site)):
        yield Reason(code="left", says=f"the participant {way.words}; eligibility is no longer confirmed")


def _another_instant(command: c.ConfirmEligibility, participant: Participant, study: Study, at: datetime) -> Iterator[Reason]:
    """A report is judged for the instant at which it is read or, once enrolled, for that of the enrolment."""
    zone, judged_at = study.zone(participant.site), command.judged_at
    if participant.eligible is not None:
        enrolled_at = confirmation(participant, study, at)
        if judged_at != enrolled_at:
            yield Reason(code="another-instant", says=f"the report must be judged for the enrolment, {shown(enrolled_at, zone)}")
    elif not at - READING <= judged_at <= at:
        says = f"the report was judged for {shown(judged_at, zone)}; it must be of now, or of the hour before: judge again"
        yield Reason(code="another-instant", says=says)


def _no_longer(report: EligibilityReport, participant: Participant, study: Study, at: datetime) -> Iterator[Reason]:
    """What passed when the report was judged, and does not pass at the instant of signing, since time has gone on."""
    now = to_the_minute(at)
    if participant.eligible is not None or now == report.at or report.not_passing:
        return
    yield from map(why, eligibility(participant, study, now).not_passing)
