"""Nothing is read of what somebody sends before it is known who sends it."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web.needs import SAFE, NotSignedIn, asking_by, shown_secret
from app.web.problems import answer
from store.errors import Fault

OPEN = frozenset({("POST", "/sign-in"), ("POST", "/set-up"), ("POST", "/api/session")})
"""What whoever comes may send: by it they become somebody."""


class Known:
    """The application for those who have signed in: a form of a megabyte from anybody else is not taken apart first."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in SAFE or (scope["method"], scope["path"]) in OPEN:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            known = await run_in_threadpool(asking_by, request, shown_secret(request)) is not None
        except Fault as trouble:
            await (await answer(request, trouble))(scope, receive, send)
            return
        await (self._app if known else await answer(request, NotSignedIn()))(scope, receive, send)
