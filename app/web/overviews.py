"""Pages about many participants at once: the calendar of a month, participants by visits, and the roster."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.clinic_time import SiteClock
from app.web import matrix_page as lists
from app.web import month_page as months
from app.web.answering import page
from app.web.asked import chosen
from app.web.erasing import BESIDE_A_PARTICIPANT
from app.web.needs import Seeing
from app.web.office import Asking
from projections.calendar import standing, windows_of
from projections.roster import Page, roster

overviews = APIRouter(include_in_schema=False)


@overviews.get("/calendar")
def calendar(request: Request, asking: Seeing) -> Response:
    """A month of what stands at the asker's sites."""
    sites, asked = sorted(asking.sites()), months.MonthAsked.of(request.query_params)
    today = asking.office.daybook.authority.today(asked.site or (sites[0] if len(sites) == 1 else None))
    month = months.Month.of(asked, today)
    with standing(asking.office.daybook.views, chosen(asking.sites(), asked.site)) as found:
        shown = months.month_page(found, month, sites, asking.now, today)
    return page(request, asking, "calendar.html", page=shown)


@overviews.get("/matrix")
def matrix(request: Request, asking: Seeing) -> Response:
    """Participants by visits, under the protocol that was released last; before the first release there are no visits."""
    asked, sites, study = lists.MatrixAsked.of(request.query_params), sorted(asking.sites()), asking.office.daybook.participants.study()
    listed = _listed(asking, asked)
    windows = windows_of(asking.office.daybook.views, [row.participant for row in listed.rows])
    visits = study.latest.visits if study.latest else {}
    shown = lists.matrix_page(listed, windows, visits, asked, sites, asking.now)
    return page(request, asking, "matrix.html", page=shown, legend_of_states=lists.LEGEND)


@overviews.get("/participants")
def participants(request: Request, asking: Seeing) -> Response:
    """Every participant at the asker's sites."""
    asked, sites = lists.RosterAsked.of(request.query_params), sorted(asking.sites())
    listed = _listed(asking, asked)
    clocks = {row.zone: SiteClock(row.zone, asking.now) for row in listed.rows}
    daybook = asking.office.daybook
    decided = daybook.desk.so_far().kept.erased.intersection(row.participant for row in listed.rows)
    erased = {participant: BESIDE_A_PARTICIPANT[daybook.erasures.state(participant)] for participant in decided}
    return page(request, asking, "participants.html", page=lists.roster_page(listed, asked, sites), clocks=clocks, erased=erased)


def _listed(asking: Asking, asked: lists.RosterAsked) -> Page:
    views = asking.office.daybook.views
    return roster(
        views, chosen(asking.sites(), asked.site), asked.page, lists.ON_A_PAGE, text=asked.text, reached=asked.stage, here=asked.here
    )
