"""Leaving: one command for each way."""

from typing import Annotated

import typer

from app.cli.asking import WHEN, asks
from domain import commands as c
from domain import events as e
from domain.words import Scope, Sentence

leaving = typer.Typer(help="Record that a participant left, or came back. Nothing already collected goes away.")
WHY = Annotated[Sentence, typer.Option(help="Why.")]


@asks(leaving)
def treatment(at: WHEN, *, why: WHY) -> c.Report:
    """Treatment stopped: no further step is taken, visits go on."""
    return c.Report(fact=e.TreatmentStopped(at=at, why=why))


@asks(leaving)
def visits(
    at: WHEN,
    *,
    why: WHY,
    records: Annotated[bool, typer.Option("--records-allowed/--no-records", help="Whether records may still be consulted.")],
) -> c.Report:
    """Visits stopped: the participant comes no more."""
    return c.Report(fact=e.VisitsStopped(at=at, why=why, records_allowed=records))


@asks(leaving)
def withdrawn(
    scope: Annotated[Scope, typer.Argument(metavar="SCOPE", help="From what: treatment, visits or everything.", show_default=False)],
    at: WHEN,
) -> c.Report:
    """Consent withdrawn: from treatment, from visits as well, or from any further collection."""
    return c.Report(fact=e.ConsentWithdrawn(at=at, scope=scope))


@asks(leaving)
def lost(at: WHEN) -> c.Report:
    """Contact with the participant was lost."""
    return c.Report(fact=e.ContactLost(at=at))


@asks(leaving)
def regained(at: WHEN) -> c.Report:
    """Contact with the participant was regained."""
    return c.Report(fact=e.ContactRegained(at=at))


@asks(leaving)
def died(at: WHEN) -> c.Report:
    """The participant died."""
    return c.Report(fact=e.Died(at=at))


@asks(leaving)
def never_infused(at: WHEN, *, why: WHY) -> c.Report:
    """It is final that the participant will not be infused."""
    return c.Report(fact=e.NeverInfused(at=at, why=why))
