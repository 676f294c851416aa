"""The page of a step: its gate, what moves if its slot is shifted, and every form by which it is planned, taken or given up."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from app.web.next_step import StepShown, step_shown
from app.web.rehearsal import foreseen
from app.web.sheets import Asks, question
from domain import commands as c
from domain.entry import Circumstances
from domain.events import Slot, StepCleared, StepHeld, StepWaiting
from domain.gates import SlotVerdict, judge
from domain.participant import Participant
from domain.record import Record
from domain.rejections import Reason, Refused
from domain.standing import Taken
from domain.study import Study
from domain.time import to_the_minute
from domain.words import HoldPoint

State = Literal["", "cleared", "waiting", "held"]
"""How a slot would be judged; nothing where it cannot be planned."""
SHIFTS = (-24, -6, -2, -1, 1, 2, 6, 24)
"""By how many hours a slot is shifted in one tap."""
BEGINS_WITH: Mapping[HoldPoint, frozenset[str]] = {
    "leukapheresis": frozenset(),
    "lymphodepletion": frozenset({"day", "drug"}),
    "infusion": frozenset({"code"}),
}
"""What is said of a step when it begins."""
TOLD_OF: Mapping[HoldPoint, tuple[str, ...]] = {
    "leukapheresis": (
        "collection-started",
        "collection-ended",
        "collection-failed",
        "product-received",
        "product-released",
        "product-failed",
    ),
    "lymphodepletion": ("lymphodepletion-dose",),
    "infusion": ("identity-checked", "thaw-started", "infusion-started", "infusion-ended"),
}
"""What is reported of a step, and of what comes of it."""
SUPPLIED: tuple[tuple[str, str], ...] = (
    ("Review", "/reviews"),
    ("Medication", "/medications"),
    ("Test or temperature", "/record/screening.observe"),
    ("Condition", "/record/screening.condition"),
    ("The investigator's word", "/record/screening.attest"),
)
"""By which forms a gate gets the evidence that it lacks."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A slot so many hours earlier or later: how it is judged there, and what moves with it, or why it cannot be there."""

    hours: int
    slot: Slot
    state: State = ""
    earliest: datetime | None = None
    moves: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def says(self) -> str:
        """How far, in a word."""
        return f"{'+' if self.hours > 0 else '−'}{abs(self.hours)} h"


@dataclass(frozen=True, slots=True)
class StepPage:
    """Everything that the page of a step shows besides its forms."""

    shown: StepShown
    taken: Taken | None
    href: str
    supplied: tuple[tuple[str, str], ...]
    reports: tuple[str, ...]
    shifts: tuple[Shift, ...] = ()


def step_page(step: HoldPoint, participant: Participant, study: Study, now: datetime) -> StepPage:
    """The page as of `now`."""
    shown = step_shown(step, participant, study, now)
    href = shown.href.rpartition("/steps/")[0]
    evidence = tuple((says, href + path) for says, path in SUPPLIED)
    return StepPage(shown, participant.taken_step(step), href, evidence, tuple(f"treatment.{name}" for name in TOLD_OF[step]))


def shifts(step: HoldPoint, record: Record, study: Study, by: Circumstances, now: datetime) -> Iterator[Shift]:
    """The planned slot a few hours earlier or later, each with what that would bring about."""
    plan = record.participant.plans.get(step)
    for hours in SHIFTS if plan else ():
        assert plan is not None, "there are no shifts without a plan"  # noqa: S101 - cannot happen; see house style
        slot = shifted(plan.slot, hours)
        try:
            rehearsal, after = foreseen(record, study, c.Plan(step=step, slot=slot), by, now)
        except Refused as refused:
            yield Shift(hours, slot, reasons=refused.reasons)
            continue
        verdict = judge(step, after.participant, study, max(slot.start, to_the_minute(now))).verdict(slot, now)
        moves = tuple(one for one in rehearsal.moves if not one.startswith(f"The {step} would move"))
        yield Shift(hours, slot, *_foretold(verdict), moves=moves)


def shifted(slot: Slot, hours: int) -> Slot:
    """A slot as long as it is, and elsewhere."""
    by = timedelta(hours=hours)
    return Slot(start=slot.start + by, until=slot.until + by, target=slot.target + by)


def step_asks(page: StepPage, hours: int | None, *, unattended: bool) -> tuple[Asks, ...]:
    """Every form of the page. `unattended` says that no journey can answer, so that leave is given by hand."""
    step, slot, state = page.shown.step, page.shown.slot, page.shown.state
    fixed = {"step": (step,)}
    others = frozenset({"day", "drug", "code"}) - BEGINS_WITH[step]
    found = [
        Asks(
            "perform", question("steps.perform"), "Perform now", button="Perform now", fixed=fixed, without=others, open=state == "cleared"
        ),
        *(Asks(name, question(name)) for name in page.reports),
        Asks(
            "plan",
            question("steps.plan"),
            "Plan again" if slot else "Plan",
            button="Plan",
            fixed=fixed,
            open=slot is None and not page.taken,
        ),
        Asks(
            "override",
            question("steps.override"),
            "Override by signature",
            button="Take the step against its gate",
            fixed=fixed,
            without=others,
        ),
    ]
    if slot is not None:
        there = shifted(slot, hours or 0)
        to = {"start": (_typed(there.start),), "until": (_typed(there.until),), "target": (_typed(there.target),)}
        found.append(Asks("shift", question("steps.plan"), fixed={**fixed, **to}))
        found.append(Asks("cancel", question("steps.cancel"), "Give up the plan", button="Give up the plan", fixed=fixed))
    if slot is not None and unattended:
        found.append(Asks("release", question("steps.release"), "Release by hand", button="Give leave by hand", fixed=fixed, open=True))
    return tuple(found)


def _typed(instant: datetime) -> str:
    """An instant as people type it, with its offset."""
    return instant.isoformat(timespec="minutes")


def _foretold(verdict: SlotVerdict) -> tuple[State, datetime | None]:
    """How a slot that nobody has planned yet would be judged, and from when it would be possible."""
    match verdict:
        case StepCleared():
            return "cleared", verdict.covers_from
        case StepWaiting():
            return "waiting", verdict.possible_from
        case StepHeld():
            return "held", verdict.earliest
