"""Eligibility, judged: of a participant, now or as known at some time, or of facts that nobody has recorded."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, NamedTuple

import typer

from app.cli.asking import AS_JSON, Chart, opened_chart
from app.cli.eligibility import in_lines
from app.cli.protocols import named_version
from app.cli.session import Session, session_of
from app.clinic_time import SiteClock
from app.wiring import program, time_zone_data
from domain.criteria.report import EligibilityReport, confirmation, eligibility
from domain.criteria.screenings import Screened, in_screening
from domain.participant import Participant
from domain.rejections import Reason, Refused, refuse_if
from domain.screening import awaited
from domain.study import Study
from domain.supposing import parse_supposition, supposed
from domain.time import to_the_minute
from store.studies import StudyFiles

judging = typer.Typer()


@judging.command()
def judge(  # noqa: PLR0913 - Each argument is an option of the command.
    ctx: typer.Context,
    participant: Annotated[str | None, typer.Argument(metavar="PARTICIPANT", help="The participant's code, such as BER-001.")] = None,
    *,
    at: Annotated[str | None, typer.Option(metavar="WHEN", help="Judge for a confirmation then; now if not given.")] = None,
    as_known_at: Annotated[str | None, typer.Option(metavar="WHEN", help="Only by what was on record then.")] = None,
    facts: Annotated[typer.FileBinaryRead | None, typer.Option(metavar="FILE", help="Judge the facts in a file of JSON.")] = None,
    study: Annotated[str | None, typer.Option(metavar="STUDY@VERSION", help="With --facts: by this version of a protocol.")] = None,
    screening: Annotated[
        int | None,
        typer.Option(metavar="NUMBER", min=1, help="One of several screenings, counted from 1, as of its end."),
    ] = None,
    as_json: AS_JSON = False,
) -> None:
    """Judge every criterion: what fails, what is not yet known and who can supply it, each with its reasons.

    Either for a PARTICIPANT, or for facts that are not recorded: --facts FILE --study STUDY@VERSION --at WHEN.
    """
    session = session_of(ctx)
    if participant is not None:
        refuse_if(_foreign("a participant is judged by the record", facts=facts, study=study))
        _judge_record(ctx, participant, _Asked(at, as_known_at, screening), as_json=as_json)
        return
    refuse_if(
        _foreign("facts that are not recorded were never known, and are of one screening", as_known_at=as_known_at, screening=screening)
    )
    if facts is None or study is None or at is None:
        says = "name a PARTICIPANT, or give all of --facts FILE --study STUDY@VERSION --at WHEN"
        raise Refused(Reason(code="not-understood", says=says))
    _judge_facts(session, facts.read(), study, at, as_json=as_json)


def _foreign(why: str, **given: object) -> list[Reason]:
    named = [f"--{name.replace('_', '-')}" for name, value in given.items() if value is not None]
    return [Reason(code="not-understood", says=f"{name} does not belong here: {why}") for name in named]


class _Asked(NamedTuple):
    """For which time a record is judged, by what was known when, and in which of the screenings."""

    at: str | None
    as_known_at: str | None
    screening: int | None


def _judge_record(ctx: typer.Context, participant: str, asked: _Asked, *, as_json: bool) -> None:
    session = session_of(ctx)
    with opened_chart(ctx, participant) as chart:
        clock, known_at = chart.clock, None if asked.as_known_at is None else chart.clock.instant(asked.as_known_at)
        report = _report(chart, asked, known_at)
    if as_json:
        session.answers({"participant": participant, "as_known_at": known_at, **_for_programs(report)})
        return
    known = "" if known_at is None else f", by what was on record {clock.shows(known_at)}"
    which = "" if asked.screening is None else f", screening {asked.screening}"
    heading = f"{participant}{which}, judged for a confirmation {clock.shows(report.at)}, {clock.away(report.at)}{known}:"
    _show(session, heading, report)
    if report.overall == "eligible" and known_at is None and awaited(chart.record.participant, chart.study) is not None:
        session.says()
        session.says("To confirm this, within the hour or for an enrolment that it was judged for, an investigator signs:")
        when = chart.clock.shows(report.at)
        session.says(f"  daybook confirm {participant} '{when}' --report {report.digest} --sign MEANING --as investigator:NAME")


def _report(chart: Chart, asked: _Asked, known_at: datetime | None) -> EligibilityReport:
    """The report, by what is on record or by what was then. Raises Refused where nothing was, or no such screening."""
    known = chart.record if known_at is None else chart.record.as_known_at(known_at)
    if not known.participant.registered:
        raise Refused(Reason(code="not-known-then", says=f"nothing was on record of {chart.id} then"))
    study = chart.study if known_at is None else chart.daybook.desk.as_known_at(known_at)
    then = to_the_minute(chart.clock.now) if known_at is None else known_at
    who, ended = _screened(known.participant, study, asked.screening)
    last = ended or confirmation(who, study, then)
    return eligibility(who, study, last if asked.at is None else chart.clock.instant(asked.at))


def _screened(participant: Participant, study: Study, number: int | None) -> Screened:
    """The participant as they stand, or in one of their screenings. Raises Refused where there is no such screening."""
    if number is None:
        return Screened(participant, None)
    if number > (count := len(participant.screenings)):
        raise Refused(Reason(code="no-such-screening", says=f"there is no screening {number}: {count} on record"))
    return in_screening(number, participant, study)


def _judge_facts(session: Session, text: bytes, study: str, at: str, *, as_json: bool) -> None:
    """Nothing is opened for this but the files of the study."""
    name, version = named_version(study)
    supposition = parse_supposition(text)
    clock = SiteClock(supposition.zone, session.clock())
    instant = clock.instant(at)
    released = StudyFiles(session.settings.studies).as_released(name, version, program=program(), time_zone_data=time_zone_data())
    report = supposed(supposition, released, instant)
    if as_json:
        session.answers(_for_programs(report))
    else:
        there = replace(clock, now=instant)
        _show(session, f"{len(supposition.facts)} facts that are not recorded, judged for a confirmation {there.shows(instant)}:", report)


def _show(session: Session, heading: str, report: EligibilityReport) -> None:
    session.says(heading)
    for line in in_lines(report):
        session.says(line)


def _for_programs(report: EligibilityReport) -> dict[str, object]:
    return {"digest": report.digest, "report": report, "missing": report.missing}
