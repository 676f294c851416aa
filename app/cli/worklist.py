"""The worklist on the terminal: what there is to do, most pressing first."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from app.cli.asking import AS_JSON, opened_list
from app.cli.session import Session, grid, session_of
from app.clinic_time import SiteClock
from app.wiring import Daybook
from domain.rejections import Reason, Refused
from projections.worklist import worklist as rows_of
from projections.worklist_rows import Action, Category, Row

HEADINGS: dict[Category, tuple[str, str, str]] = {
    "unreadable": ("Unreadable", "bold red", "cannot be shown; do not rely on it"),
    "urgent": ("Urgent", "bold red", "a slot that begins within 72 hours is held or revoked, or a matter of safety is to be reported"),
    "overdue": ("Overdue", "bold magenta", "the window has closed"),
    "due today": ("Due", "bold yellow", "from today on"),
    "waiting": ("Waiting", "bold cyan", "for time, for evidence or for another plan"),
    "soon": ("Soon", "bold green", "within seven days"),
    "to review": ("To review", "bold", "by the investigator"),
}
"""How a category is called, how it is coloured beside that, and what it means."""
NEXT: dict[Action, str] = {
    "tell-administrator": "tell the administrator",
    "plan": "plan it",
    "plan-again": "plan it again",
    "supply-evidence": "supply what is missing",
    "wait": "wait",
    "perform": "perform",
    "record-visit": "record the visit",
    "record-treatment": "record the treatment",
    "account-for-visit": "record it, or miss-visit",
    "record-assessments": "record what was assessed",
    "prepare": "prepare",
    "review": "review",
    "judge": "judge",
    "report-safety": "report it, then safety-reported",
}
CATCHES_UP_WITHIN_SECONDS = 3.0
worklists = typer.Typer()


@worklists.command()
def worklist(
    ctx: typer.Context,
    *,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    at: Annotated[str | None, typer.Option(metavar="WHEN", help="As if it were then at the --site, by what is on record now.")] = None,
    as_json: AS_JSON = False,
) -> None:
    """Show what there is to do, most pressing first."""
    session = session_of(ctx)
    with opened_list(ctx) as daybook:
        now = _instant(session, daybook, site, at)
        warn_if_behind(daybook, session)
        rows = rows_of(daybook.views, now, None if site is None else [site])
    if as_json:
        session.answers(rows)
    else:
        session.shows(laid_out(rows, now))


def laid_out(rows: Sequence[Row], now: datetime) -> Group:
    """The rows under the headings of their categories; times are those of each row's site."""
    if not rows:
        return Group("Nothing is to be done.")
    parts: list[Text | Table] = []
    for category, found in groupby(rows, key=lambda row: row.category):
        heading, style, meaning = HEADINGS[category]
        group = tuple(found)
        table = _deviations(group) if category == "to review" else _table(group, now)
        parts += [Text(f"{heading}: {meaning}", style=style), table, Text()]
    return Group(*parts[:-1])


def in_lines(rows: Sequence[Row], now: datetime, lines: int) -> Group:
    """The same in one line each and without the reasons, for a small terminal; what does not fit is counted."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", expand=True)
    for column, ratio in (("", None), ("Participant", None), ("What", 2), ("State", None), ("When", 3)):
        table.add_column(column, ratio=ratio, no_wrap=True, overflow="ellipsis")
    shown = [row for row in rows if row.category != "to review"]
    before = None
    for row in shown[:lines]:
        heading, style, _ = HEADINGS[row.category]
        first = Text(heading, style=style) if row.category != before else Text()
        clock, before = SiteClock(row.zone, now), row.category
        table.add_row(first, row.participant, row.title, row.state, _when_first(row, clock))
    left = len(shown) - lines
    reviews = len(rows) - len(shown)
    more = [f"{left} more" if left > 0 else "", f"{reviews} to review" if reviews else "", "all of it, with the reasons: daybook worklist"]
    return Group(table, Text("; ".join(filter(None, more)), style="dim"))


def warn_if_behind(daybook: Daybook, session: Session) -> None:
    """Say so if the answers do not tell the newest entries yet."""
    head = daybook.ledger.head()
    if not daybook.views.reached(head, CATCHES_UP_WITHIN_SECONDS):
        behind = head - daybook.views.position()
        session.warns(
            f"These answers are {behind} {'entry' if behind == 1 else 'entries'} behind the ledger; is `daybook project` running?"
        )


def _table(rows: Iterable[Row], now: datetime) -> Table:
    table = grid("Participant", "What", "State", "When", "Next", "Why")
    for row in rows:
        table.add_row(row.participant, row.title, row.state, _when(row, SiteClock(row.zone, now)), NEXT[row.action], row.says)
    return table


def _deviations(rows: Iterable[Row]) -> Table:
    """What is to be reviewed is read in the record."""
    table = grid("Participant", "What", "Where it stands")
    for row in rows:
        table.add_row(row.participant, row.title, f"daybook timeline {row.participant}")
    return table


def _when(row: Row, clock: SiteClock) -> str:
    """The next bound of the window, or the last one once it has closed."""
    verb, instant = _bound(row, clock.now)
    return "" if instant is None else f"{verb} {clock.shows(instant)}, {clock.away(instant)}"


def _when_first(row: Row, clock: SiteClock) -> str:
    """The same, with what matters most in front."""
    verb, instant = _bound(row, clock.now)
    return "" if instant is None else f"{verb} {clock.away(instant)}, {clock.shows(instant)}"


def _bound(row: Row, now: datetime) -> tuple[str, datetime | None]:
    if row.opens is not None and row.opens > now:
        return "begins", row.opens
    return "ends" if row.closes is not None and row.closes > now else "ended", row.closes


def _instant(session: Session, daybook: Daybook, site: str | None, at: str | None) -> datetime:
    """The instant to answer for. Raises Refused where there is no such site, or no site to read the time at."""
    if site is None and at is not None:
        raise Refused(Reason(code="no-site", says="--at is read on the clocks of a site: give --site as well"))
    sites = daybook.desk.current().record.sites  # Where the study itself is damaged, no answer is to be relied on.
    if site is None:
        return session.clock()
    opened = sites.get(site)
    if opened is None:
        raise Refused(Reason(code="unknown-site", says=f"there is no site {site}"))
    return session.clock() if at is None else SiteClock(opened.zone, session.clock()).bound(at)
