"""Who looked at which participant, and when."""

from typing import Annotated

import typer

from app.accounts import accesses_at
from app.accounts.accesses import Wanted
from app.cli.asking import AS_JSON
from app.cli.session import grid, session_of
from app.clinic_time import SiteClock
from app.watching import first_altered
from store.errors import DamagedEntry

watching = typer.Typer()
ON_A_PAGE = 50
MOST_ROWS = 100_000


@watching.command()
def accesses(  # noqa: PLR0913 - Each argument is an option of the command.
    ctx: typer.Context,
    *,
    participant: Annotated[str, typer.Option(metavar="PARTICIPANT", help="Only looks at this participant.")] = "",
    person: Annotated[str, typer.Option(metavar="ID", help="Only looks of this person.")] = "",
    since: Annotated[str, typer.Option(metavar="WHEN", help="From then on: a date, or a time, by UTC.")] = "",
    until: Annotated[str, typer.Option(metavar="WHEN", help="Until then: a date, or a time, by UTC.")] = "",
    page: Annotated[int, typer.Option(min=1, help="Which page, the last first.")] = 1,
    check: Annotated[bool, typer.Option("--check", help="First prove that the account is the one that was kept.")] = False,
    as_json: AS_JSON = False,
) -> None:
    """Show who looked at which participant, on which page or by which command, and when."""
    session = session_of(ctx)
    clock = SiteClock("UTC", session.clock())
    bounds = (clock.bound(since) if since else None, clock.bound(until, end=True) if until else None)
    with session.daybook() as daybook, accesses_at(daybook.settings.accounts, session.clock) as kept:
        if check and (altered := first_altered(kept, daybook.people)) is not None:
            raise DamagedEntry("the account of who looked", altered, "it is not what was noted")
        wanted = Wanted(frozenset(daybook.participants.study().record.sites), participant.upper(), person, *bounds)
        found = kept.page(wanted, page, MOST_ROWS if as_json else ON_A_PAGE)
    if as_json:
        session.answers(found)
        return
    table = grid("When", "Who", "Participant", "What", "By", "Proof")
    for one in found.rows:
        table.add_row(clock.shows(one.at), one.look.person, one.look.participant or "a list", one.look.what, one.look.source, one.hash[:12])
    session.shows(table)
    session.says(
        f"{found.found} looks, page {found.number} of {max(1, -(-found.found // ON_A_PAGE))}{'; none was altered' if check else ''}."
    )
