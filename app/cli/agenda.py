"""What falls due for a participant, and the gate of a step with every one of its rules."""

from datetime import date, datetime
from typing import Annotated, Any, assert_never

import typer
from rich.table import Table

from app.cli.asking import AS_JSON, PARTICIPANT, Chart, opened_chart
from app.cli.session import grid
from app.cli.steps import STEP
from app.clinic_time import SiteClock, study_day
from domain import agenda as a
from domain.anchors import IN_WORDS, anchors
from domain.gates import Gate, judge, judged_for
from domain.reminding.reminder import Reminder
from domain.standing import Plan
from domain.verdicts import Finding, RuleVerdict
from domain.words import few
from projections.sentences import says

agendas = typer.Typer()


@agendas.command()
def agenda(ctx: typer.Context, participant: PARTICIPANT, *, as_json: AS_JSON = False) -> None:
    """Show everything that falls due for a participant, soonest first, as far as the record says today."""
    with opened_chart(ctx, participant) as chart:
        clock, found = chart.clock, a.agenda(chart.record.participant, chart.study)
    if as_json:
        chart.session.answers({"participant": participant, "agenda": found})
    else:
        chart.session.shows(agenda_table(found, clock, day_zero(chart)))
        for group in found.awaiting:
            chart.session.says(f"Awaiting {IN_WORDS[group.anchor]}: {few(group.visits)}.")


@agendas.command()
def gate(
    ctx: typer.Context,
    participant: PARTICIPANT,
    step: STEP,
    *,
    at: Annotated[str | None, typer.Option(metavar="WHEN", help="Judge for this time instead of the planned slot, or now.")] = None,
    as_json: AS_JSON = False,
) -> None:
    """Show every rule of a step's gate: its verdict, why, until when that holds, and whether it rests on an assumption."""
    with opened_chart(ctx, participant) as chart:
        clock, plan = chart.clock, chart.record.participant.plans.get(step)
        instant = judged_for(plan, clock.now) if at is None else clock.instant(at)
        judged = judge(step, chart.record.participant, chart.study, instant)
    if as_json:
        chart.session.answers(_for_programs(judged, plan, instant, clock.now))
        return
    chart.session.says(f"The gate of {step} for {participant}, as judged for {clock.shows(instant)}, {clock.away(instant)}:")
    chart.session.shows(_rules_table(judged, instant, clock))
    if plan is None:
        chart.session.says("The step is not planned, so nothing gives leave for it.")
        return
    recorded = says(plan.verdict, clock.zone) if plan.verdict else "no verdict yet; the journey gives one."
    derived = says(judged.verdict(plan.slot, clock.now), clock.zone)
    chart.session.says(f"On record: {recorded}")
    if at is None:
        chart.session.says("Judged now: the same." if derived == recorded else f"Judged now: {derived}")


def day_zero(chart: Chart) -> date | None:
    """Day 0, once it is known."""
    found = anchors(chart.record.participant, chart.study).get("infusion")
    return None if found is None else found.on


def agenda_table(found: a.Agenda, clock: SiteClock, infusion: date | None) -> Table | str:
    """What falls due, with how far away it is."""
    if not found.items:
        return "Nothing falls due."
    table = grid("Due", "Away", "Day", "What")
    for item in found.items:
        day = study_day(clock.date_at(item.due), infusion)
        table.add_row(clock.shows(item.due), clock.away(item.due), day, what_falls_due(item.act))
    return table


def what_falls_due(act: a.Act) -> str:
    """What is done once something on the agenda is due, in words."""
    match act:
        case a.JudgeStep():
            return f"The planned {act.step} is judged again."
        case a.CloseVisit():
            return f"The window of the visit {act.window.visit} has closed; it is unaccounted for if nothing is recorded."
        case a.FinaliseVisit():
            return f"The visit {act.window.visit} counts as missed for good."
        case a.FindIncomplete():
            return f"The window of the visit {act.window.visit} has closed; assessments that are still missing are a possible deviation."
        case a.CompleteStudy():
            return "The study is completed."
        case Reminder():
            return f"Reminder for the {act.to} ({act.urgency}): {act.says}"
        case _:
            assert_never(act)


def _rules_table(judged: Gate, instant: datetime, clock: SiteClock) -> Table:
    table = grid("Rule", "Verdict", "Why", "Holds until", "From whom", "Rests on")
    sentences = {judgement.rule.id: judgement.rule.says for judgement in judged.judgements}
    for verdict in judged.derivation(instant).rules:
        table.add_row(
            verdict.rule,
            verdict.outcome,
            "; ".join(_finding(one) for one in verdict.findings) or sentences[verdict.rule],
            _until(verdict, clock),
            ", ".join(sorted({one.supplied_by for one in verdict.findings if one.supplied_by})),
            "an assumption" if verdict.assumption else "",
        )
    return table


def _finding(found: Finding) -> str:
    """What was found, and in which entries."""
    if not found.evidence:
        return found.says
    entries = "entry" if len(found.evidence) == 1 else "entries"
    return f"{found.says.removesuffix('.')} ({entries} {', '.join(map(str, found.evidence))})"


def _until(verdict: RuleVerdict, clock: SiteClock) -> str:
    """Until when what was found holds; a rule passes until the first of its findings ends, and fails until the last."""
    ends = [one.until for one in verdict.findings if one.until is not None]
    if not ends or (verdict.outcome != "passes" and len(ends) < len(verdict.findings)):
        return "something is recorded"
    end = min(ends) if verdict.outcome == "passes" else max(ends)
    return f"{clock.shows(end)}, {clock.away(end)}"


def _for_programs(judged: Gate, plan: Plan | None, instant: datetime, now: datetime) -> dict[str, Any]:
    return {
        "step": judged.step,
        "judged_for": instant,
        "rules": judged.derivation(instant).rules,
        "slot": plan and plan.slot,
        "on_record": plan and plan.verdict,
        "judged_now": plan and judged.verdict(plan.slot, now),
    }
