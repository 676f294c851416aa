"""What concerns oneself: one's roles, where one is signed in, one's password."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.clinic_time import SiteClock
from app.web.answering import page
from app.web.door import counted, set_by_themselves
from app.web.needs import asking
from app.web.office import Asking
from domain.doorkeeping import SignedOut
from domain.rejections import Reason, Refused, refuse_if

profile = APIRouter(include_in_schema=False)
Somebody = Annotated[Asking, Depends(asking)]
Password = Annotated[str, Form(max_length=1024)]


@profile.get("/profile")
def oneself(request: Request, asking: Somebody) -> Response:
    """One's own roles and sessions."""
    return _shown(request, asking)


@profile.post("/profile/password")
def another_password(request: Request, asking: Somebody, password: Password = "", chosen: Password = "") -> Response:
    """Choose another password, for which one shows that one knows the present one; every other session ends."""
    try:
        counted(request)
        asking.prove(password)
        refuse_if(_the_same(password, chosen))
        set_by_themselves(asking.office, asking.person.id, chosen, but=asking.session.digest)
    except Refused as refused:
        return _shown(request, asking, refused.reasons, HTTPStatus.CONFLICT)
    return RedirectResponse("/profile?changed=password", HTTPStatus.SEE_OTHER)


@profile.post("/profile/sessions")
def end_sessions(asking: Somebody, session: Annotated[str, Form(max_length=64)] = "") -> Response:
    """End another session of one's own, or all but this one."""
    sessions, mine = asking.office.accounts.sessions, asking.person.id
    other = session if session != asking.session.digest else ""
    ended = sessions.end_one(mine, other) if other else sessions.end_all(mine, but=asking.session.digest)
    if ended:
        asking.office.daybook.people.note(SignedOut(person=mine, sessions=ended), "web")
    return RedirectResponse("/profile", HTTPStatus.SEE_OTHER)


def _shown(request: Request, asking: Asking, reasons: tuple[Reason, ...] = (), status: HTTPStatus = HTTPStatus.OK) -> Response:
    today = asking.office.daybook.authority.today(None)
    return page(
        request,
        asking,
        "profile.html",
        status,
        sessions=asking.office.accounts.sessions.of(asking.person.id),
        holding=set(asking.person.grants(today)),
        reasons=reasons,
        calendar_address="",
        changed=request.query_params.get("changed") == "password",
        clock=SiteClock("UTC", asking.now),
    )


def _the_same(password: str, chosen: str) -> Iterator[Reason]:
    if password == chosen:
        yield Reason(code="not-chosen", says="choose another password than the present one")
