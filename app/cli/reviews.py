"""Reviews, by which somebody says to have looked: what is on record of a kind is then complete, and an absence is a fact."""

from datetime import date
from typing import Annotated, Literal, get_args

import typer

from app.cli.asking import WHEN, Chart, asks
from app.cli.reading import AtHand, Reads
from app.clinic_time import day_of
from domain import commands as c
from domain import events as e
from domain.rejections import Reason, Refused
from domain.rules.reviews import TITLES
from domain.time import When
from domain.words import Asked, ReviewKind

KINDS: tuple[ReviewKind, ...] = get_args(ReviewKind)
Since = date | Literal["lifetime", "last"]
CHART = Annotated[Chart, AtHand(lambda chart: chart)]
SINCE = Annotated[
    Since,
    Reads(lambda _: _since),
    typer.Option(
        metavar="DATE|lifetime|last",
        help="From when on everything was looked through; last where there is nothing new since the last review.",
    ),
]
SOURCES = Annotated[list[Asked], typer.Option(help="What was asked; can be repeated.")]
reviews = typer.Typer()


@asks(reviews)
def review(
    chart: CHART,
    kind: Annotated[
        ReviewKind,
        typer.Argument(metavar="KIND", help=f"What was looked through: {', '.join(KINDS[:-1])} or {KINDS[-1]}.", show_default=False),
    ],
    at: WHEN,
    *,
    since: SINCE,
    source: SOURCES,
) -> c.Report:
    """Record that somebody looked: what is on record of this kind is complete from a time on until WHEN."""
    return c.Report(fact=_reviews((kind,), chart, at, since, source)[0])


@asks(reviews)
def screening_review(chart: CHART, at: WHEN, *, since: SINCE, source: SOURCES) -> c.ReportTogether:
    """Record all five reviews of a screening at once: history, medicines, procedures, psychiatric history and plans."""
    return c.ReportTogether(facts=_reviews(KINDS, chart, at, since, source))


def _reviews(kinds: tuple[ReviewKind, ...], chart: Chart, at: When, since: Since, sources: list[Asked]) -> tuple[e.ReviewMade, ...]:
    """A review of each kind. Raises Refused where one should go on from a review that there is not."""
    begins = {kind: _last(kind, chart, at) if since == "last" else since for kind in kinds}
    if never := [TITLES[kind] for kind, begin in begins.items() if begin is None]:
        says = f"no review of {', '.join(never)} is on record from before, so say from when on everything was looked through"
        raise Refused(Reason(code="no-last-review", says=says))
    return tuple(_review(kind, at, None if begin == "lifetime" else begin, sources) for kind, begin in begins.items())


def _review(kind: ReviewKind, at: When, covers_from: object, sources: list[Asked]) -> e.ReviewMade:
    return e.ReviewMade.model_validate({"review": kind, "at": at, "covers_from": covers_from, "sources": tuple(sources)})


def _last(kind: ReviewKind, chart: Chart, at: When) -> date | None:
    """The date of the last review of a kind before a time: no gap is left, and what is repeated does not go on from itself."""
    earlier = (one.fact.at for one in chart.record.participant.reviews if one.fact.review == kind)
    zone = chart.clock.zone
    before = [when for when in earlier if when.span(zone).latest < at.span(zone).earliest]
    return max(map(chart.clock.date_of, before), default=None)


def _since(typed: str) -> Since:
    match typed:
        case "lifetime" | "last":
            return typed
        case _:
            return day_of(typed, "write 2026-03-01, lifetime or last")
