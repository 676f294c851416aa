"""Data cuts: which there are, and who stood how at one of them."""

import csv
from pathlib import Path
from typing import Annotated

import typer

from app.cli.asking import AS_JSON, opened_list
from app.cli.session import grid, session_of
from app.cutting import Standing, counted, everybody
from domain.rejections import Reason, Refused
from domain.time import shown

cutting = typer.Typer()


@cutting.command()
def data_cuts(ctx: typer.Context, *, as_json: AS_JSON = False) -> None:
    """List the data cuts that were made; `daybook study cut` makes one."""
    session = session_of(ctx)
    with session.daybook() as daybook:
        cuts = daybook.desk.current().record.kept.cuts
    if as_json:
        session.answers(cuts)
        return
    table = grid("Name", "For", "Recorded by", "Occurred by", title="Data cuts")
    for one in cuts.values():
        table.add_row(one.name, one.purpose, shown(one.recorded_by, "UTC"), shown(one.occurred_by, "UTC"))
    session.shows(table)


@cutting.command()
def data_cut(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the cut.", show_default=False)],
    *,
    to: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write who stood how to a new file.")] = None,
    as_json: AS_JSON = False,
) -> None:
    """Count everybody at a data cut, and show how each stood: also who failed screening, and who was never infused."""
    session = session_of(ctx)
    with opened_list(ctx) as daybook:
        made = daybook.desk.current().record.kept.cuts.get(name)
        if made is None:
            raise Refused(Reason(code="unknown-cut", says=f"there is no data cut {name}; `daybook data-cuts` lists them"))
        found = list(everybody(daybook.participants, made))
    if to is not None:
        _write(to, found)
    if as_json:
        session.answers({"cut": made, "counts": counted(found), "participants": found})
        return
    session.says(f"Data cut {made.name}, for {made.purpose}: what had been recorded by {shown(made.recorded_by, 'UTC')}")
    session.says(f"about what had happened by {shown(made.occurred_by, 'UTC')}.")
    counts = grid("How many", "", title="Everybody")
    for what, many in counted(found).items():
        counts.add_row(what, str(many))
    session.shows(counts)
    people = grid("Participant", "Site", "Stage", "Left", "Entries", title="How each stood")
    for one in found:
        people.add_row(one.participant, one.site, one.stage, "; ".join(one.left), str(one.entries))
    session.shows(people)


def _write(to: Path, found: list[Standing]) -> None:
    try:
        with to.open("x", newline="", encoding="utf-8") as file:
            rows = csv.writer(file)
            rows.writerow(Standing.model_fields)
            rows.writerows([*list(one.model_dump().values())[:6], "; ".join(one.left), one.entries] for one in found)
    except FileExistsError:
        raise Refused(Reason(code="file-taken", says=f"{to} is there already; name another file")) from None
