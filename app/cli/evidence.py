"""Evidence: medications, procedures, and reviews, by which somebody says to have looked."""

from datetime import date
from typing import Annotated, Literal

import typer

from app.cli.asking import WHEN, asks
from app.cli.clinic_time import day_of
from app.cli.reading import Reads
from domain import commands as c
from domain import events as e
from domain.time import When
from domain.words import Asked, DosesPerDay, Milligrams, Name, ReviewKind, Route, Sentence

evidence = typer.Typer()


@asks(evidence)
def medication(  # noqa: PLR0913 - Each argument is an option of the command.
    drug: Annotated[Name, typer.Argument(metavar="DRUG", help="The drug as the reference has it, such as prednisone.", show_default=False)],
    milligrams: Annotated[Milligrams, typer.Argument(metavar="MG", help="The dose in mg, each time it was taken.", show_default=False)],
    start: WHEN,
    *,
    route: Annotated[Route, typer.Option(help="How it was given.")],
    indication: Annotated[Sentence, typer.Option("--for", help="What it was given for.")],
    per_day: Annotated[
        DosesPerDay | None,
        typer.Option(metavar="NUMBER", help="How many doses a day, for a course; without this, one dose."),
    ] = None,
    stop: Annotated[
        When | None,
        Reads(lambda chart: chart.clock.when),
        typer.Option(metavar="WHEN", help="When it ended; without this, a course still goes on."),
    ] = None,
    depot: Annotated[bool | None, typer.Option("--depot/--no-depot", help="Whether an injection goes on acting for weeks.")] = None,
    investigational: Annotated[bool, typer.Option("--investigational", help="An investigational drug of another trial.")] = False,
    outside_every_class: Annotated[
        bool, typer.Option("--outside-every-class", help="Not in the reference, and in no class that the protocol names.")
    ] = False,
) -> c.Report:
    """Record a drug that was taken: one dose, or a course with --per-day."""
    fact = e.MedicationTaken(
        drug=drug,
        dose_mg=milligrams,
        doses_per_day=per_day,
        route=route,
        start=start,
        stop=stop,
        indication=indication,
        depot=depot,
        investigational=investigational,
        outside_every_class=outside_every_class,
    )
    return c.Report(fact=fact)


@asks(evidence)
def procedure(
    name: Annotated[Sentence, typer.Argument(metavar="WHAT", help="What was done.", show_default=False)],
    at: WHEN,
    *,
    major: Annotated[bool, typer.Option("--major/--minor", help="Whether it was major surgery.")],
) -> c.Report:
    """Record an operation or another procedure that is not part of the trial."""
    return c.Report(fact=e.ProcedurePerformed(name=name, major=major, at=at))


@asks(evidence)
def review(
    kind: Annotated[
        ReviewKind,
        typer.Argument(
            metavar="KIND", help="What was looked through: history, medicines, procedures, psychiatric or plans.", show_default=False
        ),
    ],
    at: WHEN,
    *,
    since: Annotated[
        date | Literal["lifetime"],
        Reads(lambda _: _since),
        typer.Option(metavar="DATE|lifetime", help="From which date on everything was looked through."),
    ],
    source: Annotated[list[Asked], typer.Option(help="What was asked; can be repeated.")],
) -> c.Report:
    """Record that somebody looked: what is on record of this kind is complete from a date on until WHEN."""
    covers = None if since == "lifetime" else since
    return c.Report(fact=e.ReviewMade(review=kind, at=at, covers_from=covers, sources=tuple(source)))


def _since(typed: str) -> date | Literal["lifetime"]:
    return "lifetime" if typed == "lifetime" else day_of(typed, "write 2026-03-01, or lifetime")
