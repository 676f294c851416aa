"""Pages that show how things stand: the worklist and a participant."""

from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from app.web.answering import MOST_ROWS, NAVIGATION, as_csv, page
from app.web.erasing import erasure_of
from app.web.in_vain import refused_as
from app.web.needs import Seeing, Somebody, asking_by, shown_secret
from app.web.office import Asking
from app.web.participant_page import LAST_ENTRIES, participant_page
from app.web.pulse import Pulse, Told
from app.web.sheets import chart_of, recorded
from app.web.worklist_page import ROWS_ON_A_PAGE, Naming, WorklistAsked, choices, worklist_page
from domain.rejections import Reason, Refused
from projections.timeline import Timeline, timeline
from projections.views import Parked, Views
from projections.worklist_pages import listed
from store.errors import StoreError

looking = APIRouter(include_in_schema=False)
Position = Annotated[int, Query(ge=0, lt=10**12)]
COLUMNS = ("participant", "site", "category", "title", "state", "says", "action", "opens", "target", "closes")


@looking.get("/")
def home(asking: Somebody) -> Response:
    """Everybody begins at the first place that is theirs: most at the worklist, administrators at the people."""
    return RedirectResponse(next((href for href, _, action in NAVIGATION if action in asking.rights.actions), "/profile"))


@looking.get("/worklist")
def what_there_is_to_do(request: Request, asking: Seeing) -> Response:
    """What there is to do, most pressing first."""
    return worklist(request, asking, WorklistAsked.of(request.query_params))


def worklist(request: Request, asking: Asking, asked: WorklistAsked, naming: Naming | None = None) -> Response:
    """The list as it is asked for; `naming` says that a view of it could not be called as somebody wanted."""
    sites, study = asking.sites(), asking.office.daybook.participants.study()
    listing = listed(asking.office.daybook.views, asking.now, asked.wanted(sites), asked.page, ROWS_ON_A_PAGE)
    saved = asking.office.accounts.saved_views.of(asking.person.id)
    offered = choices(sites, study.latest)
    shown = replace(worklist_page(listing, asked, offered, asking.now, saved), naming=naming)
    return page(request, asking, "worklist.html", refused_as(naming.reasons) if naming else HTTPStatus.OK, page=shown)


@looking.get("/worklist.csv")
def as_a_table(request: Request, asking: Seeing) -> Response:
    """The same rows as a table; instants in UTC."""
    wanted = WorklistAsked.of(request.query_params).wanted(asking.sites())
    found = listed(asking.office.daybook.views, asking.now, wanted, 1, MOST_ROWS)
    return as_csv("worklist", COLUMNS, ([getattr(row, name) for name in COLUMNS] for _, row in found.rows))


@looking.get("/worklist/live")
async def changes(request: Request, asking: Seeing, since: Position = 0, minute: Position = 0) -> Response:
    """A word to the browser whenever something has changed since its page was shown, for as long as its session lasts."""
    pulse: Pulse = request.app.state.pulse
    return StreamingResponse(pulse.changes(Told(since, minute), lambda: _still(request, asking)), media_type="text/event-stream")


def _still(request: Request, asking: Asking) -> bool:
    """Whether whoever listens is still signed in, and may still see participants; while nobody can tell, they are not."""
    with suppress(StoreError):
        found = asking_by(request, shown_secret(request))
        return found is not None and found.session.digest == asking.session.digest and found.may("see-participants")
    return False


@looking.get("/participants/{participant}")
def one(request: Request, participant: str, asking: Seeing, span: str = "near") -> Response:
    """Everything about one participant at a glance."""
    chart = chart_of(asking, participant)
    daybook = asking.office.daybook
    told = timeline_of(daybook.views, participant, LAST_ENTRIES)
    shown = participant_page(chart.record, chart.study, told, asking.now, daybook.desk.at, span)
    told_before, erasure = tuple(recorded(request, chart)), erasure_of(daybook, participant)
    return page(request, asking, "participant.html", page=shown, recorded=told_before, erasure=erasure)


def timeline_of(views: Views, participant: str, latest: int | None = None) -> Timeline:
    """What the views tell of a participant, or of the `latest` entries only. Raises Refused while they do not."""
    found = timeline(views, participant, latest)
    match found:
        case Timeline():
            return found
        case Parked(why=why):
            says = f"this record cannot be shown: {why}; do not rely on it, and tell the administrator"
            raise Refused(Reason(code="unreadable", says=says))
        case None:
            raise Refused(Reason(code="not-told", says="the answers about this participant are being made ready; look again in a moment"))
