"""What programs may say to Daybook and what it answers, as JSON Schema."""

from typing import Annotated, Any, Literal

import typer
from pydantic import TypeAdapter

from app.cli.session import session_of
from domain.commands import PersonsCommand
from domain.criteria.report import EligibilityReport
from domain.events import Event
from domain.protocol import Protocol
from domain.reference import Reference
from domain.supposing import Supposition

Shape = Literal["commands", "events", "facts", "protocol", "reference", "report"]
SHAPES: dict[Shape, Any] = {
    "commands": PersonsCommand,
    "events": Event,
    "facts": Supposition,
    "protocol": Protocol,
    "reference": Reference,
    "report": EligibilityReport,
}
schemas = typer.Typer()


@schemas.command()
def schema(
    ctx: typer.Context,
    of: Annotated[Shape | None, typer.Argument(metavar="SHAPE", help="commands, events, facts, protocol, reference or report.")] = None,
) -> None:
    """Print the JSON Schema of a shape, or of all: facts is the file of `judge --facts`, report what that answers."""
    session_of(ctx).answers(schema_of(of) if of is not None else {shape: schema_of(shape) for shape in SHAPES})


def schema_of(shape: Shape) -> dict[str, Any]:
    """The JSON Schema of a shape: of what is read, or for a report of what is written."""
    mode: Literal["validation", "serialization"] = "serialization" if shape == "report" else "validation"
    return TypeAdapter(SHAPES[shape]).json_schema(mode=mode)
