"""The views, which can be thrown away: built again from the ledger, all of them, or told again about one participant."""

import typer

from app.cli.asking import AS_JSON, PARTICIPANT, opened_chart
from app.cli.session import session_of
from app.cli.speaking import IN_THE_WAY
from app.status import left_out
from domain.rejections import Reason, Refused
from projections import rebuilding

views = typer.Typer(help="Build the answers again from the record, which they only repeat.")


@views.command()
def rebuild(ctx: typer.Context, *, as_json: AS_JSON = False) -> None:
    """Build every view again from the ledger; whoever asks meanwhile gets the old answers until all the new ones are there."""
    session = session_of(ctx)
    with session.daybook() as daybook:
        rebuilding.rebuild(daybook.ledger, daybook.desk, daybook.views)
        position, parked = daybook.views.position(), daybook.views.parked()
    if as_json:
        session.answers({"position": position, "parked": parked})
    else:
        session.says(f"Built again from {position} {'entry' if position == 1 else 'entries'}.")
    for one in parked:
        session.warns(left_out(one))
    if parked:
        raise typer.Exit(IN_THE_WAY)


@views.command()
def retry(ctx: typer.Context, participant: PARTICIPANT, *, as_json: AS_JSON = False) -> None:
    """Tell the views again about a participant whom they leave out; the exit code is 3 if the record still cannot be told."""
    with opened_chart(ctx, participant) as chart:
        daybook, session = chart.daybook, chart.session
        if chart.code not in daybook.participants.ids():
            raise Refused(Reason(code="unknown-participant", says=f"there is no participant {participant}"))
        daybook.views.position()  # Raises Missing where there are no views yet that anybody could be taken into.
        parked = rebuilding.retry(daybook.ledger, daybook.desk, daybook.views, participant)
    if as_json:
        session.answers({"participant": participant, "parked": parked})
    elif parked is None:
        session.says(f"The views tell of {participant}.")
    if parked is not None:
        session.warns(left_out(parked))
        raise typer.Exit(IN_THE_WAY)
