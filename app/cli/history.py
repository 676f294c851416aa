"""What is on record of a participant: in plain order, or as an auditor reads it, with both clocks, proofs and past states."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any

import typer
from pydantic_core import to_jsonable_python
from rich.table import Table

from app.cli.agenda import agenda_table, day_zero
from app.cli.asking import AS_JSON, PARTICIPANT, opened_chart
from app.cli.deviations import category_of, standing_of
from app.cli.session import grid
from app.cli.worklist import warn_if_behind
from app.clinic_time import SiteClock, study_day
from domain.agenda import agenda
from domain.anchors import IN_WORDS, anchors
from domain.decisions.reports import times
from domain.entry import Entry
from domain.events import FACTS, EntryRetracted, Event, StepCleared, StepHeld, StepWaiting
from domain.gates import judge
from domain.history import amendments
from domain.leaving import ways_in_force
from domain.participant import Participant
from domain.record import Record
from domain.rejections import Reason, Refused
from domain.study import Study
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
def history(
    ctx: typer.Context,
    participant: PARTICIPANT,
    *,
    at_version: Annotated[int | None, typer.Option(min=1, metavar="ENTRY", help="Replay: how things stood after this entry.")] = None,
    as_json: AS_JSON = False,
) -> None:
    """Show every entry as an auditor reads it: when it happened, when it was recorded, by whom, why, and its proof."""
    with opened_chart(ctx, participant) as chart:
        clock, entries = chart.clock, chart.record.entries
        if at_version is not None and at_version > len(entries):
            raise Refused(Reason(code="unknown-entry", says=f"{participant} has {len(entries)} entries; there is no entry {at_version}"))
        then = Record.of(participant, entries[:at_version])
        if as_json:
            shown = [_for_programs(entry) for entry in then.entries]
            chart.session.answers({"participant": participant, "entries": shown, "state": then.participant})
            return
        chart.session.shows(_history_table(then.entries, clock))
        if at_version is not None:
            study = chart.daybook.desk.at(then.entries[-1].study_version)
            for line in _state(then, study, clock):
                chart.session.says(line)
            infused = anchors(then.participant, study).get("infusion")
            at_that_time = replace(clock, now=then.participant.recorded_at)
            chart.session.shows(agenda_table(agenda(then.participant, study), at_that_time, infused.on if infused else None))


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


def _history_table(entries: Sequence[Entry[Event]], clock: SiteClock) -> Table:
    table = grid("Entry", "Happened", "Recorded", "By", "What", "Proof")
    amended = {amendment.entry: (entry.version, amendment) for entry in entries if (amendment := _amendment(entry)) is not None}
    for entry in entries:
        by, amendment = amended.get(entry.version, (0, None))
        note = "" if amendment is None else f" [{'taken back' if isinstance(amendment, EntryRetracted) else 'corrected'} by entry {by}]"
        table.add_row(
            str(entry.version),
            ", ".join(clock.shows_when(when) for _, when in times(entry.event)) if isinstance(entry.event, FACTS) else "",
            clock.shows(entry.recorded_at),
            _by(entry),
            f"{says(entry.event, clock.zone)}{_circumstances(entry)}{note}",
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
    """Who recorded an entry: a person in a role, or the journey, which is nobody."""
    return "the journey" if role == "journey" else f"{role} {id}"


def _circumstances(entry: Entry[Event]) -> str:
    """Why, by whom, from what and under which signature, as far as it was said."""
    by = entry.circumstances
    said = {
        "reason": by.reason,
        "document": by.document,
        "performed by": by.performed_by,
        "witnessed by": by.witnessed_by,
        "signed, not authenticated": by.signature and by.signature.meaning,
    }
    return "".join(f" ({name}: {value})" for name, value in said.items() if value)


def _state(then: Record, study: Study, clock: SiteClock) -> Iterator[str]:
    """How things stood after the last of these entries."""
    one = then.participant
    yield f"After entry {then.version}, recorded {clock.shows(one.recorded_at)}:"
    yield f"  site {one.site}, protocol version {one.protocol}; {_standing(one, clock.zone)}"
    yield from (f"  {taken.step}, taken {clock.shows_when(taken.at)} (entry {taken.entry})" for taken in one.taken)
    for step, plan in one.plans.items():
        verdict = says(plan.verdict, clock.zone) if plan.verdict else "no verdict yet."
        yield f"  {step}, planned from {clock.shows(plan.slot.start)} until {clock.shows(plan.slot.until)}: {verdict}"
    yield f"  visits that took place: {', '.join(one.visits) or 'none'}; deviations that stood: {len(one.deviations)}"
    event = then.entries[-1].event
    if isinstance(event, StepCleared | StepWaiting | StepHeld):
        yield f"  That verdict, derived again from what was on record before it, is {_derived_again(event, then, study)}."


def _standing(one: Participant, zone: str) -> str:
    left = [way.words for way, _ in ways_in_force(one, zone)]
    if left:
        return f"the participant {', '.join(left)}"
    if one.eligible is not None:
        return "eligibility confirmed"
    return "in screening" if one.screenings else "consented" if one.consents else "not consented"


def _derived_again(recorded: StepCleared | StepWaiting | StepHeld, then: Record, study: Study) -> str:
    before = Record.of(then.id, then.entries[:-1]).participant
    slot = before.plans[recorded.step].slot
    derived = judge(recorded.step, before, study, slot.start).verdict(slot, then.entries[-1].recorded_at)
    made_with = recorded.derivation.made_with
    others = [name for name, was in made_with if getattr(derived.derivation.made_with, name) != was]
    alike = derived.model_copy(update={"derivation": derived.derivation.model_copy(update={"made_with": made_with})})
    if alike == recorded:
        return f"the same, though made with another {' and '.join(others).replace('_', ' ')}" if others else "the same"
    again = {rule.rule: rule for rule in derived.derivation.rules}
    differing = [rule.rule for rule in recorded.derivation.rules if again.get(rule.rule) != rule]
    return f"different: {', '.join(differing) or 'its cover'}"
