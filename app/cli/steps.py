"""Hold points: planned, given up, performed with leave, overridden by signature, released by hand."""

from datetime import datetime
from functools import partial
from typing import Annotated, assert_never

import typer

from app.cli.asking import asks
from app.cli.reading import Reads
from domain import commands as c
from domain.events import Slot
from domain.rejections import Reason, Refused
from domain.words import ChainOfIdentity, HoldPoint, LymphodepletionDay, Name

steps = typer.Typer()
STEP = Annotated[HoldPoint, typer.Argument(metavar="STEP", help="leukapheresis, lymphodepletion or infusion.", show_default=False)]
DAY = Annotated[
    LymphodepletionDay | None,
    typer.Option(metavar="NUMBER", help="Lymphodepletion only: the day of the first dose, such as -5."),
]
DRUG = Annotated[Name | None, typer.Option(help="Lymphodepletion only: the drug of the first dose.")]
CODE = Annotated[ChainOfIdentity | None, typer.Option(help="Infusion only: the chain-of-identity code on the product in your hand.")]


@asks(steps)
def plan(
    step: STEP,
    start: Annotated[
        datetime,
        Reads(lambda chart: chart.clock.bound),
        typer.Argument(metavar="FROM", help="The slot's start: a time, or a date.", show_default=False),
    ],
    until: Annotated[
        datetime,
        Reads(lambda chart: partial(chart.clock.bound, end=True)),
        typer.Argument(metavar="UNTIL", help="The slot's end: a time, or a date, which is included.", show_default=False),
    ],
    *,
    target: Annotated[
        datetime | None,
        Reads(lambda chart: chart.clock.bound),
        typer.Option(metavar="WHEN", help="The time inside the slot that is aimed at; its start if not given."),
    ] = None,
) -> c.Plan:
    """Plan a hold point in a slot, or move it to another; the journey then judges the slot by itself."""
    return c.Plan(step=step, slot=Slot(start=start, until=until, target=start if target is None else target))


@asks(steps)
def cancel(step: STEP) -> c.Cancel:
    """Give up a planned step."""
    return c.Cancel(step=step)


@asks(steps)
def perform(step: STEP, *, day: DAY = None, drug: DRUG = None, code: CODE = None) -> c.Perform:
    """Ask leave to take a step now: without leave it is refused with every reason, and the refusal is recorded."""
    return c.Perform(beginning=_beginning(step, day, drug, code))


@asks(steps)
def override(
    step: STEP,
    *,
    ground: Annotated[Name, typer.Option(metavar="GROUND", help="The ground, one of the protocol's list, such as immediate-hazard.")],
    day: DAY = None,
    drug: DRUG = None,
    code: CODE = None,
) -> c.Override:
    """Take a step now against its gate: an investigator does this, with a reason and a signature."""
    return c.Override(beginning=_beginning(step, day, drug, code), ground=ground)


@asks(steps)
def release(step: STEP) -> c.ReleaseManually:
    """Give leave by hand while no journey can answer: an investigator does this, with a reason and a signature."""
    return c.ReleaseManually(step=step)


def _beginning(step: HoldPoint, day: int | None, drug: str | None, code: str | None) -> c.Beginning:
    """What a step begins with. Raises Refused where something is missing, or belongs to another step."""
    asked = {"leukapheresis": (), "lymphodepletion": ("day", "drug"), "infusion": ("code",)}[step]
    given = {"day": day, "drug": drug, "code": code}
    missing = [f"{step} needs the {name}" for name in asked if given[name] is None]
    foreign = [f"{name} says nothing of {step}" for name, value in given.items() if value is not None and name not in asked]
    if missing or foreign:
        raise Refused(*(Reason(code="not-understood", says=says) for says in (*missing, *foreign)))
    match step:
        case "leukapheresis":
            return c.BeginLeukapheresis()
        case "lymphodepletion":
            return c.BeginLymphodepletion.model_validate({"day": day, "drug": drug})
        case "infusion":
            return c.ReleaseToThaw.model_validate({"identity": code})
        case _:
            assert_never(step)
