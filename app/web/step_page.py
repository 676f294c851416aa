"""The page of a step: its gate, what moves if its slot is shifted, and every form by which it is planned, taken or given up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.web.next_step import StepShown, step_shown
from app.web.sheets import Asks, question
from domain.events import Slot
from domain.participant import Participant
from domain.standing import Taken
from domain.study import Study
from domain.words import HoldPoint

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
class StepPage:
    """Everything that the page of a step shows besides its forms."""

    shown: StepShown
    taken: Taken | None
    href: str
    supplied: tuple[tuple[str, str], ...]
    reports: tuple[str, ...]


def step_page(step: HoldPoint, participant: Participant, study: Study, now: datetime) -> StepPage:
    """The page as of `now`."""
    shown = step_shown(step, participant, study, now)
    href = shown.href.rpartition("/steps/")[0]
    evidence = tuple((says, href + path) for says, path in SUPPLIED)
    return StepPage(shown, participant.taken_step(step), href, evidence, tuple(f"treatment.{name}" for name in TOLD_OF[step]))


def step_asks(page: StepPage, taken: Slot | None, *, unattended: bool) -> tuple[Asks, ...]:
    """Every form of the page. `taken` is the slot whose button was pressed, if one was.

    `unattended` says that no journey can answer, so that leave is given by hand.
    """
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
    offered = taken or slot
    to = {name: (getattr(offered, name).isoformat(timespec="minutes") if offered else "",) for name in ("start", "until", "target")}
    found.append(Asks("slot", question("steps.plan"), fixed={**fixed, **to}, foretold=True))
    if slot is not None:
        found.append(Asks("cancel", question("steps.cancel"), "Give up the plan", button="Give up the plan", fixed=fixed))
    if slot is not None and unattended:
        found.append(Asks("release", question("steps.release"), "Release by hand", button="Give leave by hand", fixed=fixed, open=True))
    return tuple(found)
