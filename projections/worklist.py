"""The worklist: what a coordinator has to do, for whom and until when.

The view keeps instants. To which category a row belongs is reckoned when somebody asks.
"""

import sqlite3
from collections.abc import Collection, Iterator
from datetime import datetime

from domain.agenda import FinaliseVisit
from domain.anchors import anchors
from domain.events import ManuallyReleased, StepCleared, StepHeld, StepWaiting
from domain.gates import next_verdict
from domain.leaving import next_to_plan
from domain.reminding.reminder import Reminder
from domain.screening import awaited
from domain.standing import Plan, StandingVerdict
from domain.time import MINUTE, local_date, midnight, shown
from domain.visits import VisitWindow
from domain.words import HoldPoint
from projections.sentences import held, waiting
from projections.views import Told, Views, among, parked_in, stored
from projections.worklist_rows import SOON, Action, Kept, Row, State, order, row_of, unreadable

TITLES = {
    "black-out": "Black-out", "review": "Review", "release": "Release of cells", "results-expire": "Results",
    "product-expires": "Product expires",
}  # fmt: skip
"""The reminders that announce what no other row does, by the beginning of their keys."""
TABLES = (
    """worklist (participant TEXT, key TEXT, site TEXT NOT NULL, zone TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
    title TEXT NOT NULL, state TEXT NOT NULL, says TEXT NOT NULL, action TEXT NOT NULL, opens TEXT, due TEXT, target TEXT, closes TEXT,
    since TEXT, day_0 TEXT, PRIMARY KEY (participant, key)) STRICT, WITHOUT ROWID""",
)
LISTED_FROM = "CASE WHEN kind = 'step' OR opens IS NULL THEN '' ELSE opens END"
"""From a week before which instant on a row may be listed; steps always are."""
INDEXES = (f"listed ON worklist (site, {LISTED_FROM}, state, kind, opens, due, closes, name)",)


def worklist(views: Views, now: datetime, sites: Collection[str] | None = None) -> tuple[Row, ...]:
    """What there is to do as of `now`, at these sites or at all, most pressing first. A record that cannot be read stands above all."""
    with views.reading() as connection:
        question = f"SELECT * FROM worklist WHERE {among(sites)} AND (kind = 'step' OR opens IS NULL OR opens <= ?)"  # noqa: S608 - Marks for parameters, and nothing that anybody wrote.
        kept = [Kept(*values) for values in connection.execute(question, (*(sites or ()), stored(now + SOON)))]
        parked = [one for one in parked_in(connection) if not one.around and (sites is None or one.site in {"", *sites})]
    rows = [*map(unreadable, parked), *(row_of(one, category, now) for one in kept if (category := one.category(now)) is not None)]
    return tuple(sorted(rows, key=order))


def apply(views: sqlite3.Connection, told: Told) -> None:
    """Judge a participant's whole list again."""
    forget(views, told.participant.id)
    found = (*_steps(told), *_unplanned(told), *_safety(told), *_eligibility(told), *_visits(told), *_notices(told), *_deviations(told))
    infused = anchors(told.participant, told.study).get("infusion") if told.participant.infusions else None
    rows = [one._replace(day_0=str(infused.on)) for one in found] if infused else found
    views.executemany("INSERT INTO worklist VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def forget(views: sqlite3.Connection, participant_id: str) -> None:
    """Take a participant's rows out."""
    views.execute("DELETE FROM worklist WHERE participant = ?", (participant_id,))


def _steps(told: Told) -> Iterator[Kept]:
    """Every planned step, with the verdict that was recorded last."""
    for step, plan in told.participant.plans.items():
        verdict = plan.verdict
        leave = verdict if isinstance(verdict, StepCleared | ManuallyReleased) else None
        yield Kept(
            *_whose(told, f"step:{step}"),
            kind="step",
            name=step,
            title=told.study.protocol(told.participant.protocol).steps[step].title,
            state=_state(plan),
            says=_of_step(step, plan, told.zone),
            action=_action(verdict),
            opens=stored(leave.covers_from if leave else plan.slot.start),
            due=stored(midnight(local_date(plan.slot.start, told.zone), told.zone)),
            target=stored(plan.slot.target),
            closes=stored(_holds_until(leave, plan, told) if leave else plan.slot.until),
            since=stored(plan.judged_at if plan.judged_in else plan.planned_at),
        )


def _unplanned(told: Told) -> Iterator[Kept]:
    """The step that comes next for somebody who is eligible, where no step is planned at all."""
    step = next_to_plan(told.participant, told.zone)
    if step is not None and not told.participant.plans:
        yield Kept(
            *_whose(told, f"step:{step}"),
            kind="step",
            name=step,
            title=told.study.protocol(told.participant.protocol).steps[step].title,
            state="not planned",
            says=f"{step.capitalize()} comes next, and has no slot.",
            action="plan",
        )


def _holds_until(leave: StepCleared | ManuallyReleased, plan: Plan, told: Told) -> datetime:
    """The end of its cover, or the instant from which record or study no longer bear the leave out, ended by the journey or not."""
    turn = next_verdict(leave.step, plan, told.participant, told.study)
    return leave.covers_until if turn is None or isinstance(turn[1], StepCleared) else min(leave.covers_until, turn[0])


def _state(plan: Plan) -> State:
    match plan.verdict:
        case StepCleared() | ManuallyReleased():
            return "cleared"
        case _ if plan.revoked_in:
            return "revoked"
        case StepHeld():
            return "held"
        case StepWaiting():
            return "waiting"
        case None:
            return "not judged"


def _of_step(step: HoldPoint, plan: Plan, zone: str) -> str:
    match plan.verdict:
        case StepCleared() | ManuallyReleased() as leave:
            return f"Leave for {step} from {shown(leave.covers_from, zone)} to before {shown(leave.covers_until, zone)}."
        case StepHeld() as verdict:
            says = held(verdict, zone)
        case StepWaiting() as verdict:
            says = waiting(verdict, zone)
        case _:
            says = f"{step.capitalize()} is planned and has no verdict yet."
    return f"Leave was revoked. {says}" if plan.revoked_in else says


def _action(verdict: StandingVerdict | None) -> Action:
    match verdict:
        case StepCleared() | ManuallyReleased():
            return "perform"
        case StepHeld():
            return "plan-again"
        case StepWaiting():
            missing = any(
                rule.outcome == "not yet known" and any(one.supplied_by for one in rule.findings) for rule in verdict.derivation.rules
            )
            return "supply-evidence" if missing else "wait"
        case None:
            return "wait"


def _safety(told: Told) -> Iterator[Kept]:
    """Every matter of safety that has not been reported to the sponsor yet."""
    for matter in told.participant.safety_reports.values():
        if matter.open:
            yield Kept(
                *_whose(told, f"safety:{matter.key}"),
                kind="safety",
                name=matter.key,
                title="Safety report",
                state="to report",
                says=f"{matter.says}.",
                action="report-safety",
                opens=stored(matter.since),
                closes=stored(matter.due),
                since=stored(matter.since),
            )


def _eligibility(told: Told) -> Iterator[Kept]:
    """Eligibility that awaits the investigator's signature, for the first time or again."""
    waits = awaited(told.participant, told.study)
    if waits is None:
        return
    if waits.state == "superseded":
        says = f"Something was learned of the time before it was confirmed; by now it is judged: {waits.overall}."
    elif waits.expires is not None:
        says = f"The screening can be confirmed until the end of {local_date(waits.expires - MINUTE, told.zone)}."
    else:
        says = "Screening is under way."
    yield Kept(
        *_whose(told, "eligibility"),
        kind="eligibility",
        name="eligibility",
        title="Eligibility",
        state=waits.state,
        says=says,
        action="judge",
        opens=stored(waits.since),
        closes=stored(waits.expires) if waits.expires else None,
        since=stored(waits.since),
    )


def _visits(told: Told) -> Iterator[Kept]:
    """Every visit that is still to take place, to be accounted for, or to be completed."""
    final = {item.act.window.visit: item.due for item in told.agenda.items if isinstance(item.act, FinaliseVisit)}
    rules = told.study.protocol(told.participant.protocol).visits if told.agenda.windows else {}
    for window in told.agenda.windows:
        if window.missing:
            yield from _incomplete(window, told)
        if window.state not in {"open", "unaccounted"}:
            continue
        booked = window.booked.span(told.zone).earliest if window.booked else None
        by_treatment: Action = "record-treatment" if rules[window.visit].settled_by else "record-visit"
        yield Kept(
            *_whose(told, f"visit:{window.visit}"),
            kind="visit",
            name=window.visit,
            title=window.title,
            state="unaccounted" if window.state == "unaccounted" else "open",
            says=_of_visit(window, final.get(window.visit), told.zone),
            action="account-for-visit" if window.state == "unaccounted" else by_treatment,
            opens=stored(window.opens_at if booked is None else min(window.opens_at, booked)),
            due=stored(midnight(local_date(booked or window.target_at, told.zone), told.zone)),
            target=stored(window.target_at),
            closes=stored(window.closes_at),
            since=stored(window.known_since),
        )


def _incomplete(window: VisitWindow, told: Told) -> Iterator[Kept]:
    """A visit that took place without all that it requires, until the investigator has reviewed that."""
    deviation = told.participant.deviations.get(f"visit:{window.visit}:incomplete")
    if window.held is None or (deviation is not None and deviation.reviewed):
        return
    held = window.held.span(told.zone).earliest
    yield Kept(
        *_whose(told, f"visit:{window.visit}"),
        kind="visit",
        name=window.visit,
        title=window.title,
        state="incomplete",
        says=f"It took place; these assessments are missing: {', '.join(window.missing)}.",
        action="record-assessments",
        opens=stored(min(window.opens_at, held)),
        due=stored(held),
        target=stored(window.target_at),
        closes=stored(window.closes_at),
        since=stored(window.known_since),
    )


def _of_visit(window: VisitWindow, final: datetime | None, zone: str) -> str:
    if window.state == "unaccounted":
        until = f" It counts as missed for good from {local_date(final, zone)} on." if final else ""
        return f"Nothing was recorded; the window closed at {window.end(zone)}.{until}{_booked(window, zone)}"
    moves = "" if window.firm else "; it moves with the planned infusion"
    if window.opens == window.closes and not window.in_hours:
        return f"On {window.target}{moves}.{_booked(window, zone)}"
    return f"From {window.range(zone)}, best {'at' if window.in_hours else 'on'} {window.best(zone)}{moves}.{_booked(window, zone)}"


def _booked(window: VisitWindow, zone: str) -> str:
    if window.booked is None:
        return ""
    return f" Booked for {window.booked.shown(zone)}{', outside the window' if window.booked_outside(zone) else ''}."


def _notices(told: Told) -> Iterator[Kept]:
    """What is announced ahead of time; of several reminders of the same words the last."""
    found = {item.act.says: item.act for item in told.agenda.items if isinstance(item.act, Reminder)}
    for reminder in found.values():
        title = TITLES.get(reminder.key.partition(":")[0])
        if title is not None:
            yield Kept(
                *_whose(told, f"notice:{reminder.key}"),
                kind="notice",
                name=reminder.key,
                title=title,
                state="announced",
                says=reminder.says,
                action="prepare",
                opens=stored(reminder.due),
                due=stored(reminder.due),
                closes=stored(reminder.pointless_after),
            )


def _deviations(told: Told) -> Iterator[Kept]:
    """The deviations that await the investigator, who reviews all of a participant's together; a proposed one is a visit to account for."""
    waiting = [one.says for one in told.participant.deviations.values() if one.final and not one.reviewed]
    if waiting:
        title = "Deviation" if len(waiting) == 1 else f"{len(waiting)} deviations"
        says = " ".join(dict.fromkeys(f"{one[0].upper()}{one[1:]}." for one in waiting))
        yield Kept(*_whose(told, "deviations"), "deviation", "deviations", title, "to review", says, "review")


def _whose(told: Told, key: str) -> tuple[str, str, str, str]:
    return told.participant.id, key, told.participant.site, told.zone
