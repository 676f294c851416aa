"""Evidence of what was done to a participant: medications, vaccines and procedures."""

from typing import Annotated

import typer

from app.cli.asking import WHEN, asks
from app.cli.reading import Reads
from domain import commands as c
from domain import events as e
from domain.time import When
from domain.words import DosesPerDay, Milligrams, Name, Route, Sentence

evidence = typer.Typer()
CLASSES = Annotated[
    list[str] | None, typer.Option("--class", help="Not in the reference, and of this class that the reference names; can be repeated.")
]
OUTSIDE_EVERY_CLASS = Annotated[
    bool, typer.Option("--outside-every-class", help="Not in the reference, and in no class that the reference names.")
]

CLASS_UNKNOWN = Annotated[
    bool, typer.Option("--class-unknown", help="Not in the reference, and nobody here can tell its class: the medical monitor does.")
]


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
    class_: CLASSES = None,
    outside_every_class: OUTSIDE_EVERY_CLASS = False,
    class_unknown: CLASS_UNKNOWN = False,
) -> c.Report:
    """Record a drug that was taken: one dose, or a course with so many doses a day."""
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
        classes=tuple(class_ or ()),
        outside_every_class=outside_every_class,
        class_unknown=class_unknown,
    )
    return c.Report(fact=fact)


@asks(evidence)
def vaccine(
    name: Annotated[Name, typer.Argument(metavar="VACCINE", help="The vaccine as the reference has it.", show_default=False)],
    at: WHEN,
    *,
    class_: CLASSES = None,
    outside_every_class: OUTSIDE_EVERY_CLASS = False,
    class_unknown: CLASS_UNKNOWN = False,
) -> c.Report:
    """Record that a vaccine was given."""
    classes = tuple(class_ or ())
    fact = e.VaccineGiven(at=at, vaccine=name, classes=classes, outside_every_class=outside_every_class, class_unknown=class_unknown)
    return c.Report(fact=fact)


@asks(evidence)
def procedure(
    name: Annotated[Sentence, typer.Argument(metavar="WHAT", help="What was done.", show_default=False)],
    at: WHEN,
    *,
    major: Annotated[bool, typer.Option("--major/--minor", help="Whether it was major surgery.")],
    category: Annotated[str, typer.Option(help="Of which kind, by the protocol's list, such as transfusion.")] = e.OTHER_PROCEDURE,
    ml: Annotated[int | None, typer.Option(metavar="NUMBER", help="The volume in mL, where the kind has one.")] = None,
) -> c.Report:
    """Record an operation or another procedure that is not part of the trial."""
    return c.Report(fact=e.ProcedurePerformed(name=name, major=major, at=at, category=category, volume_ml=ml))
