"""Visits: booked, taken place with what they require, unscheduled, or finally missed."""

from typing import Annotated

import typer

from app.cli.asking import WHEN, asks
from domain import commands as c
from domain import events as e
from domain.words import Name, Sentence

visits = typer.Typer()
VISIT = Annotated[Name, typer.Argument(metavar="VISIT", help="The visit as the protocol names it, such as day-7.", show_default=False)]


@asks(visits)
def visit(name: VISIT, at: WHEN) -> c.Report:
    """Record that a visit took place; outside its window that is a deviation, and needs a reason or what the protocol asks."""
    return c.Report(fact=e.VisitCompleted(visit=name, at=at))


@asks(visits)
def book(name: VISIT, at: WHEN) -> c.Report:
    """Book a visit, or book it anew; retract the entry to cancel the appointment."""
    return c.Report(fact=e.VisitBooked(visit=name, at=at))


@asks(visits)
def unscheduled_visit(at: WHEN, *, why: Annotated[Sentence, typer.Option(help="What the participant came for.")]) -> c.Report:
    """Record a visit that the protocol does not plan."""
    return c.Report(fact=e.UnscheduledVisit(at=at, why=why))


@asks(visits)
def assessment(
    visit: VISIT,
    name: Annotated[Name, typer.Argument(metavar="ASSESSMENT", help="The assessment as the protocol names it.", show_default=False)],
    at: WHEN,
) -> c.Report:
    """Record that an assessment of a visit was done, where no result, score or attestation shows that by itself."""
    return c.Report(fact=e.AssessmentDone(visit=visit, assessment=name, at=at))


@asks(visits)
def miss_visit(name: VISIT) -> c.MissVisit:
    """State finally that a visit did not take place, once its window has closed with nothing recorded."""
    return c.MissVisit(visit=name)
