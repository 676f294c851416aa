"""Matters of safety: that they were reported to the sponsor."""

from typing import Annotated

import typer

from app.cli.asking import WHEN, asks
from domain import commands as c
from domain import events as e
from domain.words import Sentence

safety = typer.Typer()


@asks(safety)
def safety_reported(
    at: WHEN, *, matter: Annotated[Sentence, typer.Option(metavar="KEY", help="What was reported, by the key that the worklist shows.")]
) -> c.Report:
    """Record that a matter of safety was reported to the sponsor."""
    return c.Report(fact=e.SafetyReported(at=at, key=matter))
