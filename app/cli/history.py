"""What is on record of a participant: in plain order, or as an auditor reads it, with both clocks, proofs and past states."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import typer
from pydantic_core import to_jsonable_python
from rich.table import Table

from app.cli.agenda import day_zero
from app.cli.asking import AS_JSON, PARTICIPANT, opened_chart
from app.cli.deviations import category_of, standing_of
from app.cli.session import grid
from app.cli.worklist import warn_if_behind
from app.clinic_time import SiteClock, study_day
from domain.anchors import IN_WORDS
from domain.decisions.reports import times
from domain.entry import Entry
from domain.events import FACTS, EntryRetracted, Event
from domain.history import amendments
from domain.rejections import Reason, Refused
from domain.signatures import Signed, signatures
from domain.words import few
from projections.sentences import says
from projections.timeline import Line, Timeline, Window
from projections.timeline import timeline as timeline_of
from projections.views import Parked
from store.errors import DamagedEntry

histories = typer.Typer()


@histories.command()
def timeline(ctx: typer.Context, participant: PARTICIPANT, *, as_json: AS_JSON = False) -> None:
    """Show everything on record of a participant in its order, as it stands now, with the windows of the visits."""
    with opened_chart(ctx, participant) as chart:
        clock, infusion = chart.clock, day_zero(chart)
        warn_if_behind(chart.daybook, chart.session)
        found = timeline_of(chart.daybook.views, participant)
    if isinstance(found, Parked):
        raise DamagedEntry(found.stream, found.version, found.why)
    if found is None:
        raise Refused(Reason(code="not-told-yet", says=f"the views do not know {participant} yet; ask again in a moment"))
    if as_json:
        chart.session.answers(found)
        return
    chart.session.says(f"{participant}, site {found.site}, protocol version {found.protocol}; times in {found.zone}.")
    for table in _timeline_tables(found, clock, infusion):
        chart.session.shows(table)


@histories.command()
def history(ctx: typer.Context, participant: PARTICIPANT, *, as_json: AS_JSON = False) -> None:
    """Show every entry as an auditor reads it: when it happened, when it was recorded, by whom, why, and its proof."""
    with opened_chart(ctx, participant) as chart:
        clock, record = chart.clock, chart.record
        signed = signatures(record, chart.daybook.desk.at)
        if as_json:
            shown = [_for_programs(entry) for entry in chart.daybook.ledger.read(record.stream)]
            chart.session.answers({"participant": participant, "entries": shown, "signatures": signed, "state": record.participant})
            return
        chart.session.shows(_history_table(record.entries, clock, signed))


def _timeline_tables(found: Timeline, clock: SiteClock, infusion: date | None) -> Iterator[Table]:
    entries = grid("Entry", "When", "Day", "What", "Recorded by")
    for line in found.entries:
        entries.add_row(str(line.version), *_occurred(line, clock, infusion), _now_says(line), who(line.role, line.actor))
    yield entries
    if found.windows:
        windows = grid("Visit", "Window", "Best on", "Day", "State", "Took place, or is due", title="Visits")
        for window in found.windows:
            windows.add_row(*_window_row(window, clock, infusion))
        yield windows
    if found.awaiting:
        ahead = grid("Awaiting", "Visits", title="Visits without a window yet")
        for group in found.awaiting:
            ahead.add_row(IN_WORDS[group.anchor], few(group.visits))
        yield ahead
    if found.deviations:
        deviations = grid("Entry", "Key", "Deviation", "Category", "Standing", title="Deviations")
        for one in found.deviations:
            deviations.add_row(str(one.entry), one.key, one.says, category_of(one.category, important=one.important), standing_of(one))
        yield deviations


def _occurred(line: Line, clock: SiteClock, infusion: date | None) -> tuple[str, str]:
    if line.occurred is None:
        return clock.shows(line.recorded_at), ""
    return clock.shows_when(line.occurred), study_day(clock.date_of(line.occurred), infusion)


def _now_says(line: Line) -> str:
    if line.retracted:
        return f"[taken back by entry {line.amended_by}] {line.says}"
    return line.says if line.amended_by is None else f"{line.says} [corrected by entry {line.amended_by}; it said: {line.said}]"


def _window_row(window: Window, clock: SiteClock, infusion: date | None) -> Sequence[str]:
    range_ = f"{window.opens} to {window.closes}" if window.opens != window.closes else f"{window.opens}"
    best = f"{window.target}"
    if window.in_hours:
        range_, best = f"{clock.shows(window.opens_at)} to before {clock.shows(window.closes_at)}", clock.shows(window.target_at)
    moves = "" if window.firm else ", moves with the plan"
    booked = f"booked for {clock.shows_when(window.booked)}" if window.booked else clock.days_away(window.target)
    held = clock.shows_when(window.held) if window.held else booked
    state = f"{window.state}, missing: {', '.join(window.missing)}" if window.missing else window.state
    return window.visit, f"{range_}{moves}", best, study_day(window.target, infusion), state, held


def _history_table(entries: Sequence[Entry[Event]], clock: SiteClock, signed: Sequence[Signed]) -> Table:
    table = grid("Entry", "Happened", "Recorded", "By", "What", "Proof")
    under = {version: f" (signed by {signed_in_words(one)})" for one in signed for version in range(one.first, one.last + 1)}
    amended = {amendment.entry: (entry.version, amendment) for entry in entries if (amendment := _amendment(entry)) is not None}
    for entry in entries:
        by, amendment = amended.get(entry.version, (0, None))
        note = "" if amendment is None else f" [{'taken back' if isinstance(amendment, EntryRetracted) else 'corrected'} by entry {by}]"
        table.add_row(
            str(entry.version),
            ", ".join(clock.shows_when(when) for _, when in times(entry.event)) if isinstance(entry.event, FACTS) else "",
            clock.shows(entry.recorded_at),
            _by(entry),
            f"{says(entry.event, clock.zone)}{_circumstances(entry)}{under.get(entry.version, '')}{note}",
            entry.digest[:12],
        )
    return table


def _for_programs(entry: Entry[Event]) -> dict[str, Any]:
    """An entry in full, but for contact data: an answer says no more than that they are on record."""
    stated: dict[str, Any] = to_jsonable_python(replace(entry, identifiers=None))
    return stated | {"identifiers": entry.identifiers and "sealed"}


def _amendment(entry: Entry[Event]) -> Any:
    return amendments([entry]).get(getattr(entry.event, "entry", 0))


def _by(entry: Entry[Event]) -> str:
    by = entry.circumstances
    said_by = who(by.actor.role, by.actor.id)
    return said_by if by.source == "journey" else f"{said_by}, {by.source}"


def who(role: str, id: str) -> str:
    """Who recorded an entry: a person in a role; or the journey or the notices, which are nobody."""
    return f"the {role}" if role in {"journey", "notices"} else f"{role} {id}"


def _circumstances(entry: Entry[Event]) -> str:
    """Why, by whom and from what, as far as it was said."""
    by = entry.circumstances
    said = {"reason": by.reason, "document": by.document, "performed by": by.performed_by, "witnessed by": by.witnessed_by}
    return "".join(f" ({name}: {value})" for name, value in said.items() if value)


def signed_in_words(one: Signed) -> str:
    """Who signed, what they meant, and why it is not to be relied on, where it is not."""
    how = "" if one.authenticated else ", not authenticated"
    return f"{one.printed}{how}: {'; '.join((one.meaning, *one.doubts))}"
