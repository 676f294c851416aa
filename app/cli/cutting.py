"""Data cuts: which there are, who signed each, and who stood how at one of them."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.asking import AS_JSON, acting, circumstances, opened_list
from app.cli.copying import permit_copying
from app.cli.history import signed_in_words
from app.cli.session import Session, grid, session_of
from app.copies.cut import hand_out
from app.cutting import Standing, counted, cut_of, everybody
from domain.keeping import DataCutMade
from domain.rejections import Reason, Refused
from domain.signatures import Signed
from domain.time import shown

cutting = typer.Typer()


@cutting.command()
def data_cuts(ctx: typer.Context, *, as_json: AS_JSON = False) -> None:
    """List the data cuts that were made, and by whose signature; `daybook study cut` makes one."""
    session = session_of(ctx)
    with session.daybook() as daybook:
        cuts = daybook.desk.cuts()
    if as_json:
        session.answers({name: {"cut": made, "signature": signed} for name, (made, signed) in cuts.items()})
        return
    table = grid("Name", "For", "Recorded by", "Occurred by", "Signed", "By", title="Data cuts")
    for one, signed in cuts.values():
        instants = (shown(at, "UTC") for at in (one.recorded_by, one.occurred_by, signed.at))
        table.add_row(one.name, one.purpose, *instants, signed_in_words(signed))
    session.shows(table)


@cutting.command()
def data_cut(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the cut.", show_default=False)],
    *,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Hand it out in a new folder, as a table with a signed manifest; it is recorded."),
    ] = None,
    actor: Annotated[str | None, typer.Option("--as", metavar="ROLE:ID", help="Who takes it, such as auditor:r-haas.")] = None,
    as_json: AS_JSON = False,
) -> None:
    """Count everybody at a data cut, and show how each stood: also who failed screening, and who was never infused."""
    session = session_of(ctx)
    if actor is not None and to is None:
        raise Refused(Reason(code="not-understood", says="--as says who takes the cut out: name the folder with --to, or leave --as away"))
    with opened_list(ctx) as daybook:
        cut = cut_of(daybook.desk, name)
        found = list(everybody(daybook.participants, cut[0]))
        if to is not None:
            by = circumstances(session, acting(actor or session.settings.actor), {"command_id": None})
            permit_copying(daybook, session, None, by.actor.id, by.actor.role)
            hand_out(daybook, to, cut, found, by)
    if as_json:
        session.answers({"cut": cut[0], "signature": cut[1], "counts": counted(found), "participants": found})
    else:
        _show(session, *cut, found)


def _show(session: Session, made: DataCutMade, signed: Signed, found: list[Standing]) -> None:
    session.says(f"Data cut {made.name}, for {made.purpose}: what had been recorded by {shown(made.recorded_by, 'UTC')}")
    session.says(f"about what had happened by {shown(made.occurred_by, 'UTC')}.")
    session.says(f"Signed {shown(signed.at, 'UTC')} by {signed_in_words(signed)}.")
    counts = grid("How many", "", title="Everybody")
    for what, many in counted(found).items():
        counts.add_row(what, str(many))
    session.shows(counts)
    people = grid("Participant", "Site", "Stage", "Left", "Entries", title="How each stood")
    for one in found:
        people.add_row(one.participant, one.site, one.stage, "; ".join(one.left), str(one.entries))
    session.shows(people)
