"""A search over every entry of the ledger: by whom, in which role, of which kind, when, and how late."""

from typing import Annotated, Any

import typer

from app.cli.asking import AS_JSON, opened_list
from app.cli.history import who
from app.cli.session import grid, session_of
from app.cli.worklist import warn_if_behind
from app.clinic_time import SiteClock
from app.searched import MARKED, kept_with, question_of, tells_of
from domain.searching import SHELVES, kind_in_words
from projections.search import AT_THE_DOOR, OF_PROGRAMS, Bounds, Row
from projections.search import search as found_in

searches = typer.Typer()
ON_A_PAGE = 50
MOST_ROWS = 100_000


def _option(says: str, metavar: str) -> Any:
    return typer.Option(help=says, metavar=metavar)


@searches.command()
def search(  # noqa: PLR0913 - Each argument is an option of the command.
    ctx: typer.Context,
    *,
    site: Annotated[str, _option("Only of this site, whose clocks then count.", "SITE")] = "",
    shelf: Annotated[str, _option(f"Only what is kept with one of: {', '.join(SHELVES)}.", "SHELF")] = "",
    participant: Annotated[str, _option("Only of this participant.", "PARTICIPANT")] = "",
    actor: Annotated[str, _option("Only what this person recorded.", "ID")] = "",
    role: Annotated[str, _option("Only what was recorded in this role.", "ROLE")] = "",
    source: Annotated[str, _option("Only what came in this way: web, api, cli, import, journey or notices.", "SOURCE")] = "",
    kind: Annotated[str, _option("Only of this kind, such as step-refused.v1.", "KIND")] = "",
    mark: Annotated[str, _option(f"Only {'; '.join(f'{mark}: {words}' for mark, words in MARKED.items())}.", "MARK")] = "",
    recorded_from: Annotated[str, _option("Only what was recorded from then on.", "WHEN")] = "",
    recorded_until: Annotated[str, _option("Only what was recorded until then.", "WHEN")] = "",
    occurred_from: Annotated[str, _option("Only what happened from then on.", "WHEN")] = "",
    occurred_until: Annotated[str, _option("Only what happened until then.", "WHEN")] = "",
    late_hours: Annotated[str, _option("Only what was recorded so long after it must have happened.", "HOURS")] = "",
    out_of_hours: Annotated[
        bool, typer.Option("--out-of-hours", help="Only what people recorded while nobody works at its site; never what is of no site.")
    ] = False,
    text: Annotated[str, _option("Words in the kind of an entry.", "TEXT")] = "",
    page: Annotated[int, typer.Option(min=1, help="Which page, the last recorded first.")] = 1,
    as_json: AS_JSON = False,
) -> None:
    """Search every entry: of participants, the study, its people, the door, reviews, what was handed out; not what entries say."""
    typed = {name: value for name, value in locals().items() if isinstance(value, str)} | {"out_of_hours": "yes" if out_of_hours else ""}
    session = session_of(ctx)
    with opened_list(ctx) as daybook:
        warn_if_behind(daybook, session)
        study = daybook.participants.study()
        question = question_of(typed, frozenset(study.record.sites), study, session.clock(), everywhere=("see-history", "see-accesses"))
        found = found_in(daybook.views, question, Bounds(), page, MOST_ROWS if as_json else ON_A_PAGE)
    if as_json:
        session.answers({"found": found.found, "upto": found.upto, "entries": [row._asdict() for row in found.rows]})
        return
    table = grid("Of", "Entry", "Site", "Recorded", "Kind", "Happened", "Late", "By")
    for row in found.rows:
        table.add_row(*_cells(row))
    session.shows(table)
    session.says(f"{found.found} entries, page {found.number} of {max(1, -(-found.found // ON_A_PAGE))}, up to position {found.upto}.")


def _cells(row: Row) -> tuple[str, ...]:
    """An entry as the table shows it."""
    clock = SiteClock(row.zone, row.recorded_at)
    hours = f"{row.late_minutes // 60} h" if row.late_minutes else ""
    by = f"{row.actor} at the door" if row.role == AT_THE_DOOR else who(row.role, row.actor)
    by = by if row.source in OF_PROGRAMS else f"{by}, {row.source}"
    kind = kind_in_words(row.kind) + (f" (of {tells_of(row)})" if tells_of(row) else "")
    when = f"{clock.shows(row.recorded_at)}{' out of hours' if row.out_of_hours else ''}"
    happened = clock.shows(row.occurred) if row.occurred else ""
    return kept_with(row), str(row.version), row.site or "whole study", when, kind, happened, hours, by
