"""What happens when a request meets a participant's record: granted with the facts it brings about, or refused with every reason."""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from domain import commands as c
from domain import events as e
from domain.conduct import conduct_kept
from domain.consequences import consequences
from domain.decisions.acts import act_on
from domain.decisions.confirming import confirm
from domain.decisions.deviating import describe_deviation, record_deviation, review_deviation, void_deviation
from domain.decisions.joining import register
from domain.decisions.notices import acknowledge, record_notice, send_again
from domain.decisions.recordkeeping import correct, miss_visit, retract
from domain.decisions.reports import report, report_together
from domain.decisions.steps import cancel, override, perform, plan, release_manually
from domain.entry import Circumstances
from domain.harm import harm_reported
from domain.reconsidering import reconsidered
from domain.record import Record
from domain.rejections import Reason, Refused, refuse_if
from domain.study import Study


def decide(command: c.Command, record: Record, study: Study, at: datetime, by: Circumstances) -> tuple[e.Event, ...]:
    """The facts that a request brings about, with all that follows from them; raises Refused with every reason.

    `at` is the ledger's clock, aware and in UTC. Pure: the same record, study, instant and circumstances give the same answer.
    """
    if not record.participant.registered and not isinstance(command, c.Register):
        raise Refused(Reason(code="unknown-participant", says=f"there is no participant {record.id}"))
    if not isinstance(command, c.ActOn | c.RecordNotice) and {"journey", "notices"} & {by.actor.role, by.source}:
        raise Refused(Reason(code="not-the-journey", says="what people ask is not asked in the name of the journey or the notices"))
    refuse_if(_unproven(study, by))
    granted = _granted(command, record, study, at, by)
    then = record.then(granted, at, by)
    events = (*granted, *reconsidered(record, then, study), *conduct_kept(record, then, study), *harm_reported(record, then, study))
    return (*events, *consequences(record, record.then(events, at, by), study, at))


def _unproven(study: Study, by: Circumstances) -> Iterator[Reason]:
    """In a real study nobody is believed who does not prove who they are, and for a signature proves it anew."""
    if study.record.demonstration or {"journey", "notices"} & {by.actor.role, by.source}:
        return
    if by.assurance == "asserted":
        yield Reason(code="not-signed-in", says="in a real study people sign in before they record anything, at the desk in the browser")
    if by.signature is not None and not by.signature.authenticated:
        yield Reason(code="not-proven", says="in a real study a signature is given with the password, at the desk in the browser")


def _granted(command: c.Command, record: Record, study: Study, at: datetime, by: Circumstances) -> tuple[e.Event, ...]:
    match command:
        case c.Register():
            return register(command, record, study)
        case c.Report():
            return report(command, record, study, at, by)
        case c.ReportTogether():
            return report_together(command, record, study, at, by)
        case c.ConfirmEligibility():
            return confirm(command, record, study, at, by)
        case c.Plan():
            return plan(command, record, study, at)
        case c.Cancel():
            return cancel(command, record)
        case c.Perform():
            return perform(command, record, study, at)
        case c.Override():
            return override(command, record, study, at, by)
        case c.ReleaseManually():
            return release_manually(command, record, study, at, by)
        case c.Correct():
            return correct(command, record, study, at, by)
        case c.Retract():
            return retract(command, record, study, by)
        case c.MissVisit():
            return miss_visit(command, record, study)
        case c.RecordDeviation():
            return record_deviation(command, record, study, at)
        case c.DescribeDeviation():
            return describe_deviation(command, record, study, at)
        case c.ReviewDeviation():
            return review_deviation(command, record, by)
        case c.VoidDeviation():
            return void_deviation(command, record, by)
        case c.Acknowledge():
            return acknowledge(command, record)
        case c.SendAgain():
            return send_again(command, record, study, at)
        case c.RecordNotice():
            return record_notice(command, record, study, by)
        case c.ActOn():
            return act_on(command, record, study, at, by)
        case _:
            assert_never(command)
