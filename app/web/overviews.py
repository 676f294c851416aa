"""Pages about many participants at once: the calendar of a month, participants by visits, and the roster."""

from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.clinic_time import SiteClock
from app.web import matrix_page as lists
from app.web import month_page as months
from app.web.answering import page
from app.web.needs import Seeing
from app.web.office import Asking
from domain.time import midnight
from projections.calendar import between, windows_of
from projections.roster import Page, roster

overviews = APIRouter(include_in_schema=False)
A_DAY = timedelta(days=1)
"""No site's dates lie further than this from those of UTC."""


@overviews.get("/calendar")
def calendar(request: Request, asking: Seeing) -> Response:
    """A month of what stands at the asker's sites."""
    sites, parameters = sorted(asking.sites()), request.query_params
    site = parameters.get("site", "")
    today = asking.office.daybook.authority.today(site or (sites[0] if len(sites) == 1 else None))
    asked = months.Asked.of(parameters, today)
    start, end = (midnight(day, "UTC") for day in (asked.begins, asked.ends))
    rows = between(asking.office.daybook.views, _chosen(sites, site), start - A_DAY, end + A_DAY)
    return page(request, asking, "calendar.html", page=months.month_page(rows, asked, sites, asking.now, today))


@overviews.get("/matrix")
def matrix(request: Request, asking: Seeing) -> Response:
    """Participants by visits, under the protocol that was released last; before the first release there are no visits."""
    asked, sites, study = lists.Asked.of(request.query_params), sorted(asking.sites()), asking.office.daybook.participants.study()
    listed = _listed(asking, asked, sites)
    windows = windows_of(asking.office.daybook.views, [row.participant for row in listed.rows])
    visits = study.latest.visits if study.latest else {}
    shown = lists.matrix_page(listed, windows, visits, asked, sites, asking.now)
    return page(request, asking, "matrix.html", page=shown, legend_of_states=lists.LEGEND)


@overviews.get("/participants")
def participants(request: Request, asking: Seeing) -> Response:
    """Every participant at the asker's sites."""
    asked, sites = lists.Asked.of(request.query_params), sorted(asking.sites())
    listed = _listed(asking, asked, sites)
    clocks = {row.zone: SiteClock(row.zone, asking.now) for row in listed.rows}
    erased = asking.office.daybook.desk.so_far().kept.erased
    return page(request, asking, "participants.html", page=lists.roster_page(listed, asked, sites), clocks=clocks, erased=erased)


def _listed(asking: Asking, asked: lists.Asked, sites: list[str]) -> Page:
    views, narrowed = asking.office.daybook.views, _chosen(sites, asked.site)
    return roster(views, narrowed, asked.page, lists.ON_A_PAGE, text=asked.text, reached=asked.stage, here=asked.here)


def _chosen(sites: list[str], site: str) -> list[str]:
    """The asker's sites, or the one of them that is asked for."""
    return [one for one in sites if site in {"", one}]
