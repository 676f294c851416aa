"""Refusals and faults as the web says them: one place that translates, into a page for people or problem+json (RFC 9457) for programs."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from pydantic_core import to_jsonable_python
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from app.clinic_time import SiteClock
from app.web.answering import page, unsigned
from app.web.guarding import TOO_LONG, TooLong
from app.web.identity import sent_to_prove
from app.web.in_vain import refused_as
from app.web.needs import COOKIE, Forged, NotSignedIn, asking_by, for_programs, office_of
from app.web.office import ProveAnew
from app.web.unsent import kept_meanwhile, said_in, shown_again, whose
from domain.participant import PARTICIPANT
from domain.rejections import Reason, Refused
from store.errors import CommandReused, DamagedEntry, Fault, LostRace, StoreError
from store.participants import Overtaken

PROBLEM = "application/problem+json"
NOT_FOUND = frozenset({"unknown-participant", "unknown-page", "not-on-record-yet", "unknown-cut"})
NOT_THEIRS = frozenset(
    {"not-allowed", "wrong-password", "locked", "not-signed-in", "not-proven", "not-chosen", "not-vouched-for", "not-by-password"}
)
FORGED = "This form was shown in another session. Open the page afresh and send it again."
MOST_FAULTS = 100
"""How much of what cannot be understood is told; who sends more mistakes than that is not helped by more words."""
TEXT, PERHAPS = {"type": "string"}, ["string", "null"]
REASON = {
    "type": "object",
    "required": ["code", "says"],
    "properties": {"code": TEXT, "says": TEXT, "rule": {"type": PERHAPS}, "earliest": {"type": PERHAPS, "format": "date-time"}},
}
SAID = {"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "reasons": {"type": "array", "items": REASON}}
DESCRIBED: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "What went otherwise than was asked for, with every reason: its code, its rule, the earliest instant without it.",
        "content": {PROBLEM: {"schema": {"type": "object", "required": list(SAID), "properties": SAID}}},
    }
}
"""How the description of the interface tells of problems."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Problem:
    """What went otherwise than was asked for, with every reason."""

    status: HTTPStatus
    title: str
    reasons: tuple[Reason, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def in_json(self) -> JSONResponse:
        """As RFC 9457 writes it; each reason with its code, the rule it comes from and the earliest instant at which it no longer holds."""
        body = {"type": "about:blank", "title": self.title, "status": self.status, "reasons": to_jsonable_python(self.reasons)}
        return JSONResponse(body, status_code=self.status, headers=self.headers, media_type=PROBLEM)


def problem_of(trouble: Exception) -> Problem:
    """A refusal or a fault as a problem."""
    match trouble:
        case Overtaken(reasons=reasons):
            return Problem(HTTPStatus.PRECONDITION_FAILED, "The record has changed meanwhile", reasons)
        case Refused(reasons=reasons):
            return Problem(_status(reasons), _title(reasons), reasons)
        case CommandReused() | LostRace():
            return Problem(HTTPStatus.CONFLICT, str(trouble))
        case Fault() | DamagedEntry():
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, str(trouble))
        case ProveAnew():
            return Problem(HTTPStatus.FORBIDDEN, "A signature is given in a browser, where its signer proves anew who they are.")
        case Forged():
            return Problem(HTTPStatus.FORBIDDEN, FORGED)
        case NotSignedIn():
            return Problem(HTTPStatus.UNAUTHORIZED, "Sign in first.", headers={"www-authenticate": "Bearer"})
        case TooLong():
            return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LONG)
        case RequestValidationError():
            reasons = tuple(Reason(code="malformed", says=f"{_place(one['loc'])}: {one['msg']}") for one in trouble.errors()[:MOST_FAULTS])
            return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "What was sent cannot be understood", reasons)
        case HTTPException(status_code=status):
            return Problem(HTTPStatus(status), HTTPStatus(status).phrase, headers=trouble.headers or {})
        case _:
            return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here. Nothing that was not shown as recorded is lost.")


def tell_problems(app: FastAPI) -> None:
    """Have every refusal and fault of an application told so."""
    for kind in (
        Refused,
        CommandReused,
        Fault,
        DamagedEntry,
        ProveAnew,
        Forged,
        NotSignedIn,
        TooLong,
        RequestValidationError,
        HTTPException,
        Exception,
    ):
        app.add_exception_handler(kind, answer)


async def answer(request: Request, trouble: Exception) -> Response:
    """What is answered where something went otherwise than was asked for."""
    problem = problem_of(trouble)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("answered-with-a-fault", error=type(trouble).__name__)
    if for_programs(request):
        return problem.in_json()
    if isinstance(trouble, ProveAnew):
        typed = tuple((name, str(one)) for name, one in (await request.form()).multi_items() if name not in {"csrf", "password"})
        return await run_in_threadpool(sent_to_prove, request, trouble, typed)
    if isinstance(trouble, NotSignedIn):
        return await _shown_the_door(request)
    if isinstance(trouble, Forged) and (said := await said_in(request)) and (again := await run_in_threadpool(shown_again, request, said)):
        return again
    code = str(request.path_params.get("participant", ""))
    if isinstance(trouble, DamagedEntry) and request.method == "GET" and trouble.stream == PARTICIPANT + code:
        return RedirectResponse(f"/records/{quote(code, safe='')}", HTTPStatus.SEE_OTHER)
    return await run_in_threadpool(page_of, request, problem)


async def _shown_the_door(request: Request) -> Response:
    """The way to the door. A page that keeps a list up to date goes there as a whole: an empty list would look like nothing to do.

    Whoever sent a form after time had ended their session finds it again behind the door.
    """
    with suppress(Fault):  # What cannot be kept is lost, and they are told so.
        if request.method == "POST" and (person := await run_in_threadpool(whose, request)) and (said := await said_in(request)):
            return await run_in_threadpool(kept_meanwhile, request, person, said)
    door = _to_the_door(request)
    if "hx-request" in request.headers:
        return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"hx-redirect": door})
    return RedirectResponse(door, HTTPStatus.SEE_OTHER)


def _to_the_door(request: Request) -> str:
    """The door, and where to go on from there: to the page that was asked for, or to the one whose form was sent in vain."""
    path = request.url.path
    if request.method == "GET":
        return f"/sign-in?{urlencode({'then': f'{path}?{request.url.query}' if request.url.query else path})}"
    if path == "/sign-out":
        return "/sign-in"
    return f"/sign-in?{urlencode({'then': path if path.startswith('/participants/') else '/', 'unsent': 'yes'})}"


def page_of(request: Request, problem: Problem) -> HTMLResponse:
    """A problem as a page, from which whoever has signed in can go on; where that cannot be found out, it knows nobody."""
    clock = SiteClock("UTC", office_of(request).now)
    with suppress(StoreError):
        if (asking := asking_by(request, request.cookies.get(COOKIE, ""))) is not None:
            return page(request, asking, "problem.html", problem.status, title=problem.title, reasons=problem.reasons, clock=clock)
    return unsigned(request, "problem.html", problem.status, title=problem.title, reasons=problem.reasons, clock=clock)


def _status(reasons: tuple[Reason, ...]) -> HTTPStatus:
    """As a form is answered that is shown again, but where there is nothing to be shown at all, or not to whoever asks."""
    codes = {reason.code for reason in reasons}
    if codes & NOT_FOUND:
        return HTTPStatus.NOT_FOUND
    if codes & NOT_THEIRS:
        return HTTPStatus.FORBIDDEN
    return refused_as(reasons)


def _title(reasons: tuple[Reason, ...]) -> str:
    match _status(reasons):
        case HTTPStatus.NOT_FOUND:
            return "There is nothing here that you may see"
        case HTTPStatus.FORBIDDEN:
            return "You may not do this"
        case HTTPStatus.TOO_MANY_REQUESTS:
            return "Not so fast"
        case HTTPStatus.UNPROCESSABLE_ENTITY:
            return "What was sent cannot be understood"
        case _:
            return "This is refused"


def _place(location: tuple[int | str, ...]) -> str:
    """Where in what was sent, in characters that can be answered with."""
    return ".".join(str(part).encode(errors="replace").decode() for part in location[1:]) or "body"
