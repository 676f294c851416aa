"""Reports of treatment: what has happened to the cells and to the participant, never refused on a rule."""

from datetime import date
from typing import Annotated, Literal

import typer

from app.cli.asking import WHEN, Chart, asks
from app.cli.evidence import number
from domain import commands as c
from domain import events as e
from domain.rejections import Reason, Refused

treatment = typer.Typer(
    help="Report what has happened in treatment. A report is never refused on a rule; what did not pass is a deviation."
)
CODE = Annotated[str, typer.Option(help="The chain-of-identity code.")]
WHY = Annotated[str, typer.Option(help="What went wrong.")]
BAG = Annotated[int, typer.Option(help="The bag, counted from 1.")]


@asks(treatment)
def collection_started(chart: Chart, at: WHEN) -> c.Report:
    """Report that the collection of cells started."""
    return c.Report(fact=e.LeukapheresisStarted(at=chart.clock.when(at)))


@asks(treatment)
def collection_ended(
    chart: Chart,
    at: WHEN,
    *,
    code: CODE,
    cells: Annotated[str, typer.Option("--yield", metavar="NUMBER", help="The yield, in million CD3-positive cells per kg.")],
) -> c.Report:
    """Report that the collection ended, with its yield and the code that the cells carry from here on."""
    return c.Report(fact=e.LeukapheresisEnded(at=chart.clock.when(at), identity=code, yield_e6_per_kg=number(cells, "yield")))


@asks(treatment)
def collection_failed(chart: Chart, at: WHEN, *, why: WHY) -> c.Report:
    """Report that the collection failed; the protocol may let it be repeated."""
    return c.Report(fact=e.LeukapheresisFailed(at=chart.clock.when(at), why=why))


@asks(treatment)
def product_received(
    chart: Chart,
    at: WHEN,
    *,
    code: CODE,
    expires: Annotated[str, typer.Option(metavar="DATE", help="The last date on which it can be used.")],
) -> c.Report:
    """Report that the manufactured product arrived on site."""
    try:
        last = date.fromisoformat(expires)
    except ValueError:
        raise Refused(Reason(code="not-a-date", says=f"{expires!r} is no date; write 2026-03-01")) from None
    return c.Report(fact=e.ProductReceived(at=chart.clock.when(at), identity=code, expires=last))


@asks(treatment)
def product_released(chart: Chart, at: WHEN, *, code: CODE) -> c.Report:
    """Report that quality assurance released the product for infusion."""
    return c.Report(fact=e.ProductReleased(at=chart.clock.when(at), identity=code))


@asks(treatment)
def product_failed(chart: Chart, at: WHEN, *, code: CODE, why: WHY) -> c.Report:
    """Report that manufacture failed, or that the product was rejected."""
    return c.Report(fact=e.ProductFailed(at=chart.clock.when(at), identity=code, why=why))


@asks(treatment)
def lymphodepletion_dose(
    chart: Chart,
    at: WHEN,
    *,
    day: Annotated[int, typer.Option(help="The day, counted from the planned infusion, such as -4.")],
    drug: Annotated[str, typer.Option(help="The drug.")],
    outcome: Annotated[Literal["given", "reduced", "omitted"], typer.Option(help="What became of the planned dose.")] = "given",
) -> c.Report:
    """Report a planned dose of lymphodepletion: given, reduced or omitted."""
    return c.Report(fact=e.LymphodepletionDose(at=chart.clock.when(at), day=day, drug=drug, outcome=outcome))


@asks(treatment)
def identity_checked(
    chart: Chart,
    at: WHEN,
    *,
    code: CODE,
    by: Annotated[tuple[str, str], typer.Option(metavar="ONE OTHER", help="The two persons who compared the code.")],
) -> c.Report:
    """Report that two persons compared the code on the product with the participant."""
    return c.Report(fact=e.IdentityChecked(at=chart.clock.when(at), identity=code, checked_by=by))


@asks(treatment)
def thaw_started(chart: Chart, at: WHEN, *, code: CODE, bag: BAG = 1) -> c.Report:
    """Report that a bag was released to thaw, after which nothing blocks the infusion."""
    return c.Report(fact=e.ThawStarted(at=chart.clock.when(at), identity=code, bag=bag))


@asks(treatment)
def infusion_started(chart: Chart, at: WHEN, *, code: CODE, bag: BAG = 1) -> c.Report:
    """Report that the infusion of a bag started; the first one is day 0."""
    return c.Report(fact=e.InfusionStarted(at=chart.clock.when(at), identity=code, bag=bag))


@asks(treatment)
def infusion_ended(chart: Chart, at: WHEN, *, bag: BAG = 1) -> c.Report:
    """Report that the infusion of a bag ended."""
    return c.Report(fact=e.InfusionEnded(at=chart.clock.when(at), bag=bag))
