"""Forms whose session had ended, or had been begun anew, before they were sent: what was typed comes back, to be sent again."""

from contextlib import suppress
from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from app.accounts.errands import LASTS, key_of
from app.web.answering import page
from app.web.door import here
from app.web.identity import ERRAND, holding
from app.web.needs import COOKIE, Somebody, asking_by, office_of
from app.web.office import Asking
from domain.rejections import Reason, Refused
from store.errors import StoreError

Said = tuple[tuple[str, str], ...]
unsent = APIRouter(include_in_schema=False)
NOT_KEPT = frozenset({"csrf", "password"})
"""What shows the session, and what proves who somebody is."""
OF_THE_FORM = frozenset({"command_id", "seen", "sheet", "confirmed", "rehearse"})
"""What a form carries that nobody typed."""
LOST = Reason(code="unknown-page", says="what was kept here has run out, or it was somebody else who typed it")


async def said_in(request: Request) -> Said:
    """What somebody typed into the form that they sent; nothing where it cannot be read, or is a password that was chosen.

    Of a password that was asked for only that is kept: it is asked for again.
    """
    try:
        form = await request.form()
    except HTTPException:
        return ()
    if "chosen" in form:
        return ()
    said = tuple((_plain(name), _plain(one)) for name, one in form.multi_items() if name not in NOT_KEPT and isinstance(one, str))
    proves = form.get("password") and office_of(request).provider is None
    return (*said, ("password", "")) if said and proves else said


def whose(request: Request) -> str | None:
    """Whose form was sent: of a session that time has ended it is known whose it was, of one that somebody ended it is not."""
    return office_of(request).accounts.sessions.whose(request.cookies.get(COOKIE, ""))


def kept_meanwhile(request: Request, person: str, said: Said) -> Response:
    """The way to the door, and on from there to what was typed: kept for whoever typed it, under a key that only their browser holds."""
    errands, key = office_of(request).accounts.errands, key_of(request.cookies.get(ERRAND, ""))
    state = errands.keep(errands.begun(_address(request), person=person, typed=said), key)
    then = f"/unsent?{urlencode({'state': state})}"
    return holding(RedirectResponse(f"/sign-in?{urlencode({'then': then, 'unsent': 'kept'})}", HTTPStatus.SEE_OTHER), request, key)


def shown_again(request: Request, said: Said) -> Response | None:
    """A form of another session, to be sent in this one; None where that cannot be found out any more."""
    with suppress(StoreError):
        if (found := asking_by(request, request.cookies.get(COOKIE, ""))) is not None:
            return _shown(request, found, _address(request), said, HTTPStatus.FORBIDDEN)
    return None


@unsent.get("/unsent")
def typed_before(request: Request, asking: Somebody, state: Annotated[str, Query(max_length=100)] = "") -> Response:
    """What this person typed before their session had ended, for as long as it is kept. Raises Refused."""
    errand = asking.office.accounts.errands.kept(state, key_of(request.cookies.get(ERRAND, "")))
    if errand is None or errand.person != asking.person.id:
        raise Refused(LOST)
    return _shown(request, asking, errand.then, errand.typed, HTTPStatus.OK)


def _shown(request: Request, asking: Asking, then: str, said: Said, status: HTTPStatus) -> Response:
    told = tuple((name.replace("_", " ").replace(".", " "), text) for name, text in said if text and name not in OF_THE_FORM)
    minutes = LASTS.seconds // 60
    return page(request, asking, "unsent.html", status, then=then, said=said, told=told, minutes=minutes)


def _address(request: Request) -> str:
    """Where the form was sent."""
    return here(f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path)


def _plain(text: str) -> str:
    """What no page can show is taken for a question mark."""
    return text.encode(errors="replace").decode()
