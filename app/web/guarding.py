"""What every answer carries for the browser's protection, and what is turned away before anybody looks at it."""

import json
from http import HTTPStatus
from time import perf_counter

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.needs import SAFE

MOST_BYTES = 1_000_000
"""How large a form or a request may be."""
TOO_LONG = "This is larger than anything that is asked for here."
ELSEWHERE = "This came from another site."
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
log = structlog.get_logger()


class Guarded:
    """The application behind its protection: one line of log for each request, headers on each answer, nothing from another site."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = HEADERS | ({"strict-transport-security": "max-age=31536000"} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = perf_counter(), 500
        headers = Headers(scope=scope)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                ours = MutableHeaders(scope=message)
                self._protect(ours, static=scope["path"].startswith("/static/"))
                ours["server-timing"] = f"desk;dur={(perf_counter() - began) * 1000:.1f}"
            await send(message)

        try:
            if scope["method"] not in SAFE and _from_elsewhere(headers):
                await _turned_away(scope, sending, HTTPStatus.FORBIDDEN, ELSEWHERE)
            elif _length(headers) > MOST_BYTES:
                await _turned_away(scope, sending, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_LONG)
            else:
                await self._app(scope, _no_longer_than(receive), sending)
        finally:
            where = getattr(scope.get("route"), "path", "nowhere").replace("{", "").replace("}", "")
            log.info("answered", command=f"{scope['method']}:{where}", exit_code=int(status), seconds=round(perf_counter() - began, 4))

    def _protect(self, headers: MutableHeaders, *, static: bool) -> None:
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        headers.setdefault("cache-control", "public, max-age=300" if static else "no-store")


class TooLong(HTTPException):
    """More was sent than was announced, or than anything that is asked for."""

    def __init__(self) -> None:
        super().__init__(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)


def _no_longer_than(receive: Receive) -> Receive:
    """Reads what is sent, and no more than may be."""
    left = MOST_BYTES

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise TooLong
        return message

    return counted


def _from_elsewhere(headers: Headers) -> bool:
    """Whether another site's page had the browser send this; programs say nothing of a site."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site not in {"same-origin", "none"}
    return origin is not None and origin.partition("://")[2] != headers.get("host")


def _length(headers: Headers) -> int:
    length = headers.get("content-length", "0")
    return int(length) if length.isascii() and length.isdigit() else MOST_BYTES + 1


async def _turned_away(scope: Scope, send: Send, status: HTTPStatus, says: str) -> None:
    """In words for people, as a problem for programs."""
    problem = scope["path"].startswith("/api/")
    body = (json.dumps({"type": "about:blank", "title": says, "status": status, "reasons": []}) if problem else says).encode()
    kind = b"application/problem+json" if problem else b"text/plain; charset=utf-8"
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
