"""A participant as of any moment: what was known and judged then, beside what today's program makes of it; and two moments compared."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from app.cli.asking import AS_JSON, PARTICIPANT, Chart, opened_chart
from app.cli.session import grid
from app.clinic_time import SiteClock
from app.moments import Replays, in_words, moment
from app.retelling import Change, Line, changes, rule_in_words, told
from domain.rederiving import Rederived, ReportAgain
from domain.replay import Cut, Replayed
from projections.rows_then import rows_then
from projections.sentences import says

replays = typer.Typer()
INSTANT = "on the site's clocks, such as 2026-03-01 10:30, or with an offset"


@replays.command()
def replay(  # noqa: PLR0913 - Each argument is an option of the command.
    ctx: typer.Context,
    participant: PARTICIPANT,
    *,
    at_entry: Annotated[int | None, typer.Option(min=1, metavar="ENTRY", help="Nothing is known but the entries up to this one.")] = None,
    recorded: Annotated[
        str | None, typer.Option(metavar="WHEN", help=f"Nothing is known but what was recorded by then; {INSTANT}.")
    ] = None,
    occurred: Annotated[str | None, typer.Option(metavar="WHEN", help="Of what is known, only what had surely happened by then.")] = None,
    against: Annotated[
        str | None, typer.Option(metavar="MOMENT", help="Compare with: an entry, recorded:WHEN, occurred:WHEN, both with a comma, or now.")
    ] = None,
    as_json: AS_JSON = False,
) -> None:
    """Show how a participant stood at a moment: state, gates, visits, what fell due, and why it was judged so."""
    with opened_chart(ctx, participant) as chart:
        clock, found = chart.clock, Replays(chart.daybook.participants, chart.record)
        instants = {"recorded": recorded, "occurred": occurred}
        cut = Cut(entry=at_entry, **{name: clock.instant(typed) for name, typed in instants.items() if typed is not None})
        then = found.to(cut)
        other = None if against is None else found.to(moment(against, clock))
        again = tuple(found.again(then))
        if as_json:
            chart.session.answers(for_programs(then, other, again))
        else:
            _show(chart, then, other, again)


def for_programs(then: Replayed, other: Replayed | None, again: Sequence[Rederived | ReportAgain]) -> dict[str, Any]:
    """A moment in full; compared with another one where there is one."""
    return {
        "cut": then.cut,
        "at": then.at,
        "participant": then.record.id,
        "version": then.record.version,
        "study_version": then.study.record.version,
        "protocol": {"version": then.participant.protocol, "digest": then.protocol_digest},
        "state": then.participant,
        "gates": then.gates,
        "agenda": then.agenda,
        "worklist": rows_then(then.participant, then.study, then.at),
        "derived_again": again,
        "against": other and {"cut": other.cut, "at": other.at, "changes": [one._asdict() for one in changes(told(then), told(other))]},
    }


def _show(chart: Chart, then: Replayed, other: Replayed | None, again: Iterable[Rederived | ReportAgain]) -> None:
    session, clock = chart.session, chart.clock
    session.says(f"{chart.id} {in_words(then.cut, clock.zone)}, {clock.shows(then.at)}; times in {clock.zone}.")
    session.says(
        f"Known are the entries up to {then.record.version}, the last recorded {clock.shows(then.record.entries[-1].recorded_at)}, "
        f"and of the study the first {then.study.record.version}. What was recorded later is not known, corrections of these included."
    )
    if other is None:
        session.shows(_told(told(then)))
    else:
        session.says(f"Compared with {chart.id} {in_words(other.cut, clock.zone)}, {clock.shows(other.at)}:")
        session.shows(_changed(changes(told(then), told(other))))
    for one in again:
        for line in _explained(one, clock):
            session.says(line)


def _told(lines: Sequence[Line]) -> Table:
    table = grid("About", "Which", "What")
    for line in lines:
        table.add_row(*line)
    return table


def _changed(found: Sequence[Change]) -> Table | str:
    if not found:
        return "Nothing is told otherwise."
    table = grid("About", "Which", "Was", "Becomes")
    for one in found:
        table.add_row(one.section, one.name, one.was or "nothing", one.becomes or "nothing")
    return table


def _explained(one: Rederived | ReportAgain, clock: SiteClock) -> Iterable[str]:
    """What was judged or signed as it is recorded, and what today's program makes of it."""
    yield f"Entry {one.entry}, recorded {clock.shows(one.recorded_at)}: {says(one.event, clock.zone)}"
    yield from _verdict_explained(one, clock) if isinstance(one, Rederived) else _report_explained(one, clock)


def _verdict_explained(one: Rederived, clock: SiteClock) -> Iterable[str]:
    yield f"  judged for {clock.shows(one.recorded.at)} with:"
    yield from (f"    {name.replace('_', ' ')} {value}" for name, value in one.recorded.made_with)
    yield from (f"  {rule.rule} {rule_in_words(rule)}" for rule in one.recorded.rules)
    yield f"  Derived again from what was on record before it, it is {difference(one)}."
    for rule in one.rules:
        yield f"    {rule.rule} by today's program: {rule_in_words(rule.today) if rule.today else 'not asked'}"


def _report_explained(one: ReportAgain, clock: SiteClock) -> Iterable[str]:
    yield f"  signed was the report {one.event.report}, judged for {clock.shows(one.today.at)}."
    yield f"  Derived again from what was on record before it, it is {difference(one)}."
    yield from (f"    {part.id} by today's program: {part.verdict}" for part in one.today.not_passing)


def difference(one: Rederived | ReportAgain) -> str:
    """How what is derived again compares with what is on record, in words."""
    others = " and ".join(one.instruments).replace("_", " ")
    if one.same:
        return f"the same, though made with another {others}" if others else "the same"
    if isinstance(one, ReportAgain):
        return f"another report, which says {one.today.overall}"
    named = [rule.rule for rule in one.rules] + (["its outcome or cover"] if one.outcome else [])
    return f"different: {', '.join(named)}{f'; made with another {others}' if others else ''}"
