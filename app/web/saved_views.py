"""The views of the worklist that somebody has saved: made, renamed and removed by forms of the worklist, each for oneself alone."""

from http import HTTPStatus
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts.saved_views import NO_SUCH_VIEW, SavedView
from app.web.forms import Text
from app.web.looking import worklist
from app.web.needs import Seeing
from app.web.worklist_page import Naming, WorklistAsked
from domain.rejections import Refused

saved_views = APIRouter(include_in_schema=False)


@saved_views.post("/worklist/views")
def save(request: Request, asking: Seeing, name: Text = "", query: Text = "") -> Response:
    """Keep the filters that are set, under a name."""
    asked = WorklistAsked.of(dict(parse_qsl(query)))
    try:
        asking.office.accounts.saved_views.save(asking.person.id, SavedView(name.strip(), asked.query))
    except Refused as refused:
        return worklist(request, asking, asked, Naming(name, refused.reasons))
    return _back(asked.url())


@saved_views.post("/worklist/views/rename")
def rename(request: Request, asking: Seeing, name: Text = "", to: Text = "") -> Response:
    """Call a view otherwise."""
    views = asking.office.accounts.saved_views
    query = next((one.query for one in views.of(asking.person.id) if one.name == name), None)
    if query is None:
        raise Refused(NO_SUCH_VIEW)
    asked = WorklistAsked.of(dict(parse_qsl(query)))
    try:
        views.rename(asking.person.id, name, to.strip())
    except Refused as refused:
        return worklist(request, asking, asked, Naming(to, refused.reasons, name))
    return _back(asked.url())


@saved_views.post("/worklist/views/remove")
def remove(asking: Seeing, name: Text = "") -> Response:
    """Keep a view no longer."""
    asking.office.accounts.saved_views.remove(asking.person.id, name)
    return _back("/worklist")


def _back(there: str) -> Response:
    return RedirectResponse(there, HTTPStatus.SEE_OTHER)
