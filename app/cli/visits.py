"""Visits: taken place, or finally missed."""

from typing import Annotated

import typer

from app.cli.asking import WHEN, asks
from domain import commands as c
from domain import events as e
from domain.words import Name

visits = typer.Typer()
VISIT = Annotated[Name, typer.Argument(metavar="VISIT", help="The visit as the protocol names it, such as day-7.", show_default=False)]


@asks(visits)
def visit(name: VISIT, at: WHEN) -> c.Report:
    """Record that a visit took place; outside its window that is a deviation."""
    return c.Report(fact=e.VisitCompleted(visit=name, at=at))


@asks(visits)
def miss_visit(name: VISIT) -> c.MissVisit:
    """State finally that a visit did not take place, once its window has closed with nothing recorded."""
    return c.MissVisit(visit=name)
