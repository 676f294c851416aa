"""How Daybook itself is doing: the chain of the record, the views, the journeys."""

import asyncio

import typer

from app.cli.asking import AS_JSON
from app.cli.session import grid, session_of
from app.cli.speaking import IN_THE_WAY
from app.cli.worklist import CATCHES_UP_WITHIN_SECONDS
from app.clinic_time import SiteClock
from app.status import lines
from app.status import status as found_out

states = typer.Typer()
journeys = typer.Typer(help="Look at the journeys of the participants on the Temporal server.")


@states.command()
def status(ctx: typer.Context, *, as_json: AS_JSON = False) -> None:
    """Show whether everything runs and nothing is behind; the exit code is 3 where somebody should look."""
    session = session_of(ctx)
    with session.daybook() as daybook:
        found = found_out(daybook, CATCHES_UP_WITHIN_SECONDS)
    if as_json:
        session.answers(found)
    else:
        table = grid("Part", "State")
        for part, state in lines(found):
            table.add_row(part, state)
        session.shows(table)
    if found.troubled:
        raise typer.Exit(IN_THE_WAY)


@journeys.command("list")
def list_(ctx: typer.Context, *, as_json: AS_JSON = False) -> None:
    """Show the journey of every participant, as the Temporal server knows it."""
    from app import travelling  # noqa: PLC0415 - It loads Temporal, for which most commands would wait in vain.

    session = session_of(ctx)
    with session.daybook() as daybook:
        everybody = daybook.participants.ids()
        found = {one.participant_id: one for one in asyncio.run(travelling.listed(daybook))}
    if as_json:
        session.answers({participant: found.get(participant) for participant in everybody})
        return
    clock, table = SiteClock("UTC", session.clock()), grid("Participant", "Journey", "Since")
    for participant in everybody:
        one = found.get(participant)
        table.add_row(participant, *((one.status, f"{clock.shows(one.since)}, {clock.away(one.since)}") if one else ("has not begun", "")))
    session.shows(table)


@journeys.command()
def rebuild(ctx: typer.Context, *, as_json: AS_JSON = False) -> None:
    """Nudge the journey of every participant; one that ended, or was lost with Temporal's database, begins anew from the record."""
    from app import travelling  # noqa: PLC0415 - It loads Temporal, for which most commands would wait in vain.

    session = session_of(ctx)
    with session.daybook() as daybook:
        nudged = asyncio.run(travelling.rebuilt(daybook))
    if as_json:
        session.answers({"nudged": nudged})
    else:
        session.says(f"Nudged {len(nudged)} {'journey' if len(nudged) == 1 else 'journeys'}.")
