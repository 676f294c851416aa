"""The pages of deviations."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.cli.asking import Chart
from app.web.answering import MOST_ROWS, as_csv, page
from app.web.deviations_page import CATEGORIES, IMPORTANCE, STANDINGS, DeviationsAsked, deviation_asks, deviations_page, standing_of
from app.web.fields import Typed
from app.web.forms import Sent
from app.web.needs import Seeing
from app.web.office import Asking
from app.web.sheets import chart_of, page_with
from projections.deviations import Row, listed

deviating = APIRouter(include_in_schema=False)
COLUMNS = ("participant", "site", "key", "entry", "category", "important", "final", "reviewed", "says")
DETAILS = ("occurred_on", "discovered_on", "cause", "prevention", "reported_to_sponsor_on", "reported_to_ethics_committee_on")


@deviating.get("/deviations")
def of_the_study(request: Request, asking: Seeing) -> Response:
    """Every deviation that stands at the asker's sites."""
    shown = deviations_page(asking.office.daybook.views, asking.sites(), DeviationsAsked.of(request.query_params))
    choices = {"categories": CATEGORIES, "standings": STANDINGS, "importances": IMPORTANCE}
    return page(request, asking, "deviations.html", shown=shown, choices=choices, standing_of=standing_of)


@deviating.get("/deviations.csv")
def as_a_table(request: Request, asking: Seeing) -> Response:
    """The same deviations as a table, with what was found out about them."""
    wanted = DeviationsAsked.of(request.query_params).wanted(asking.sites())
    rows, _ = listed(asking.office.daybook.views, wanted, MOST_ROWS)
    return as_csv("deviations", (*COLUMNS, *DETAILS), map(_line, rows))


@deviating.get("/participants/{participant}/deviations")
def of_one(request: Request, participant: str, asking: Seeing) -> Response:
    """The deviations of a participant, each with the forms by which it is looked into and reviewed."""
    return _of_one(request, asking, chart_of(asking, participant), None)


@deviating.post("/participants/{participant}/deviations")
def handled(request: Request, participant: str, asking: Seeing, typed: Sent) -> Response:
    """Record what was found out about a deviation, or that it was reviewed."""
    return _of_one(request, asking, chart_of(asking, participant), typed)


def _of_one(request: Request, asking: Asking, chart: Chart, typed: Typed | None) -> Response:
    one = chart.record.participant
    standing = sorted(one.deviations.values(), key=lambda each: (each.reviewed, -each.told_in))
    return page_with(request, asking, "participant_deviations.html", chart, tuple(deviation_asks(one)), typed, deviations=standing)


def _line(row: Row) -> list[object]:
    found = (getattr(row.details, name) if row.details else None for name in DETAILS)
    return [*(getattr(row, name) for name in COLUMNS), *found]
