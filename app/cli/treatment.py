"""Reports of treatment: what has happened to the cells and to the participant, never refused on a rule."""

from datetime import date
from typing import Annotated

import typer

from app.cli.asking import WHEN, asks
from app.cli.reading import Reads
from app.clinic_time import day_of
from domain import commands as c
from domain import events as e
from domain.words import Bag, CellsPerKilogram, ChainOfIdentity, DoseOutcome, LymphodepletionDay, Name, Sentence

treatment = typer.Typer(
    help="Report what has happened in treatment. A report is never refused on a rule; what did not pass is a deviation."
)
CODE = Annotated[ChainOfIdentity, typer.Option(help="The chain-of-identity code.")]
WHY = Annotated[Sentence, typer.Option(help="What went wrong.")]
BAG = Annotated[Bag, typer.Option(metavar="NUMBER", help="The bag, counted from 1.")]


@asks(treatment)
def collection_started(at: WHEN) -> c.Report:
    """Report that the collection of cells started."""
    return c.Report(fact=e.LeukapheresisStarted(at=at))


@asks(treatment)
def collection_ended(
    at: WHEN,
    *,
    code: CODE,
    cells: Annotated[CellsPerKilogram, typer.Option("--yield", metavar="NUMBER", help="The yield, in million CD3-positive cells per kg.")],
) -> c.Report:
    """Report that the collection ended, with its yield and the code that the cells carry from here on."""
    return c.Report(fact=e.LeukapheresisEnded(at=at, identity=code, yield_e6_per_kg=cells))


@asks(treatment)
def collection_failed(at: WHEN, *, why: WHY) -> c.Report:
    """Report that the collection failed; the protocol may let it be repeated."""
    return c.Report(fact=e.LeukapheresisFailed(at=at, why=why))


@asks(treatment)
def product_received(
    at: WHEN,
    *,
    code: CODE,
    expires: Annotated[date, Reads(lambda _: day_of), typer.Option(metavar="DATE", help="The last date on which it can be used.")],
) -> c.Report:
    """Report that the manufactured product arrived on site."""
    return c.Report(fact=e.ProductReceived(at=at, identity=code, expires=expires))


@asks(treatment)
def product_released(at: WHEN, *, code: CODE) -> c.Report:
    """Report that quality assurance released the product for infusion."""
    return c.Report(fact=e.ProductReleased(at=at, identity=code))


@asks(treatment)
def product_failed(at: WHEN, *, code: CODE, why: WHY) -> c.Report:
    """Report that manufacture failed, or that the product was rejected."""
    return c.Report(fact=e.ProductFailed(at=at, identity=code, why=why))


@asks(treatment)
def lymphodepletion_dose(
    at: WHEN,
    *,
    day: Annotated[LymphodepletionDay, typer.Option(metavar="NUMBER", help="The day, counted from the planned infusion, such as -4.")],
    drug: Annotated[Name, typer.Option(help="The drug.")],
    outcome: Annotated[DoseOutcome, typer.Option(help="What became of the planned dose.")] = "given",
) -> c.Report:
    """Report a planned dose of lymphodepletion: given, reduced or omitted."""
    return c.Report(fact=e.LymphodepletionDose(at=at, day=day, drug=drug, outcome=outcome))


@asks(treatment)
def identity_checked(
    at: WHEN,
    *,
    code: CODE,
    by: Annotated[tuple[Sentence, Sentence], typer.Option(metavar="ONE OTHER", help="The two persons who compared the code.")],
) -> c.Report:
    """Report that two persons compared the code on the product with the participant."""
    return c.Report(fact=e.IdentityChecked(at=at, identity=code, checked_by=(by[0], by[1])))


@asks(treatment)
def thaw_started(at: WHEN, *, code: CODE, bag: BAG = 1) -> c.Report:
    """Report that a bag was released to thaw, after which nothing blocks the infusion."""
    return c.Report(fact=e.ThawStarted(at=at, identity=code, bag=bag))


@asks(treatment)
def infusion_started(at: WHEN, *, code: CODE, bag: BAG = 1) -> c.Report:
    """Report that the infusion of a bag started; the first one is day 0."""
    return c.Report(fact=e.InfusionStarted(at=at, identity=code, bag=bag))


@asks(treatment)
def infusion_ended(at: WHEN, *, bag: BAG = 1) -> c.Report:
    """Report that the infusion of a bag ended."""
    return c.Report(fact=e.InfusionEnded(at=at, bag=bag))
