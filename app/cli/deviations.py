"""Protocol deviations: recorded by hand, looked into, reviewed by signature, and listed and counted for the study."""

from datetime import date
from functools import partial
from typing import Annotated, Any, Protocol

import typer

from app.cli.asking import AS_JSON, Chart, asks, opened_list
from app.cli.reading import Reads
from app.cli.session import grid, session_of
from app.cli.worklist import warn_if_behind
from app.clinic_time import day_of
from domain import commands as c
from domain.events import DeviationDetails
from domain.rejections import Reason, Refused
from domain.standing import Deviation
from domain.words import DeviationCategory, Sentence
from projections.deviations import counted
from projections.deviations import deviations as rows_of

deviation = typer.Typer(help="Record, look into and review protocol deviations.")
deviations = typer.Typer()
KEY = Annotated[
    Deviation,
    Reads(lambda chart: partial(_standing, chart)),
    typer.Argument(metavar="KEY", help="The deviation's key, as the list of deviations shows it.", show_default=False),
]
DATE = Reads(lambda _: day_of)
IMPORTANT = Annotated[bool | None, typer.Option("--important/--not-important", help="Whether it may bear on data, rights or safety.")]
OCCURRED = Annotated[date | None, DATE, typer.Option(metavar="DATE", help="When it occurred.")]
DISCOVERED = Annotated[date | None, DATE, typer.Option(metavar="DATE", help="When it was discovered.")]
CAUSE = Annotated[Sentence | None, typer.Option(help="What caused it.")]
PREVENTION = Annotated[Sentence | None, typer.Option(help="What is done so that it does not happen again.")]
TO_SPONSOR = Annotated[date | None, DATE, typer.Option(metavar="DATE", help="When it was reported to the sponsor.")]
TO_COMMITTEE = Annotated[date | None, DATE, typer.Option(metavar="DATE", help="When it was reported to the ethics committee.")]


@asks(deviation)
def record(  # noqa: PLR0913 - Each argument is an option of the command.
    says: Annotated[Sentence, typer.Argument(metavar="WHAT", help="What was done otherwise than planned.", show_default=False)],
    *,
    category: Annotated[DeviationCategory, typer.Option(help="What kind of deviation it is.")],
    important: IMPORTANT = None,
    occurred: OCCURRED = None,
    discovered: DISCOVERED = None,
    cause: CAUSE = None,
    prevention: PREVENTION = None,
    to_sponsor: TO_SPONSOR = None,
    to_committee: TO_COMMITTEE = None,
) -> c.RecordDeviation:
    """Record a deviation that no rule finds by itself."""
    told = _told(important, occurred, discovered, cause, prevention, to_sponsor, to_committee)
    return c.RecordDeviation(says=says, category=category, details=DeviationDetails.model_validate(told))


@asks(deviation)
def describe(  # noqa: PLR0913 - Each argument is an option of the command.
    known: KEY,
    *,
    important: IMPORTANT = None,
    occurred: OCCURRED = None,
    discovered: DISCOVERED = None,
    cause: CAUSE = None,
    prevention: PREVENTION = None,
    to_sponsor: TO_SPONSOR = None,
    to_committee: TO_COMMITTEE = None,
) -> c.DescribeDeviation:
    """Add what was found out about a deviation, also one that a rule found; what is not given stays as it was."""
    was = known.details or DeviationDetails()
    told = _told(important, occurred, discovered, cause, prevention, to_sponsor, to_committee)
    return c.DescribeDeviation(key=known.key, details=was.model_copy(update=told))


@asks(deviation)
def review(
    known: KEY,
    *,
    entry: Annotated[int, typer.Option(help="The last entry that says anything about it, as the list showed it when it was read.")],
) -> c.ReviewDeviation:
    """Review a deviation as it was read: an investigator does this, by signature. If more is said of it by now, it is read again."""
    return c.ReviewDeviation(key=known.key, entry=entry)


@asks(deviation)
def void(known: KEY) -> c.VoidDeviation:
    """Take back a deviation that was recorded by hand, and say why."""
    return c.VoidDeviation(key=known.key)


@deviations.command("deviations")
def listed(
    ctx: typer.Context,
    *,
    site: Annotated[str | None, typer.Option(help="Only this site.")] = None,
    as_json: AS_JSON = False,
) -> None:
    """List and count every deviation that stands, by site and category, with what is important and what is reviewed."""
    session = session_of(ctx)
    with opened_list(ctx) as daybook:
        if site is not None and site not in daybook.desk.current().record.sites:
            raise Refused(Reason(code="unknown-site", says=f"there is no site {site}"))
        warn_if_behind(daybook, session)
        rows = rows_of(daybook.views, None if site is None else [site])
    counts = counted(rows)
    if as_json:
        session.answers({"deviations": rows, "counts": counts})
        return
    if not rows:
        session.says("No deviation stands.")
        return
    table = grid("Participant", "Key", "Deviation", "Category", "Standing", "Entry")
    for row in rows:
        category = category_of(row.category, important=row.important)
        table.add_row(row.participant, row.key, row.says, category, standing_of(row), str(row.told_in))
    session.shows(table)
    sums = grid("Site", "Category", "Standing", "Important", "Proposed", "Reviewed", title="How many")
    for one in counts:
        sums.add_row(one.site, one.category, *map(str, (one.standing, one.important, one.proposed, one.reviewed)))
    session.shows(sums)


class Stands(Protocol):
    """Whatever is final or only proposed, and reviewed or not."""

    @property
    def final(self) -> bool: ...

    @property
    def reviewed(self) -> bool: ...


def category_of(category: DeviationCategory, *, important: bool) -> str:
    """A category, and whether the deviation is important."""
    return f"{category}, important" if important else category


def standing_of(one: Stands) -> str:
    """How a deviation stands, in words."""
    return f"{'final' if one.final else 'proposed'}, {'reviewed' if one.reviewed else 'to review'}"


def _standing(chart: Chart, typed: str) -> Deviation:
    """The deviation that stands under a key. Raises Refused where none does."""
    found = chart.record.participant.deviations.get(typed)
    if found is None:
        raise Refused(Reason(code="unknown-deviation", says=f"no deviation {typed} stands; daybook deviations shows those that do"))
    return found


NAMES = ("important", "occurred_on", "discovered_on", "cause", "prevention", "reported_to_sponsor_on", "reported_to_ethics_committee_on")


def _told(*given: Any) -> dict[str, Any]:
    """The details that were given."""
    return {name: value for name, value in zip(NAMES, given, strict=True) if value is not None}
