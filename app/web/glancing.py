"""Whoever only looks is told each thing by the ledger once, until their answer begins."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.accounts.provider import BACK
from app.web.needs import SAFE
from store.glance import glancing


class Glancing:
    """The application for those who look: their pages are of one piece. Whoever records something sees how things stand at each moment.

    So does whoever comes back from the identity provider: while that is asked what it vouches for, their account may end.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in SAFE or scope["path"] == BACK:
            await self._app(scope, receive, send)
            return
        with glancing() as glance:

            async def sending(message: Message) -> None:
                glance.end()  # What follows may go on for hours, as for those who listen for changes.
                await send(message)

            await self._app(scope, receive, sending)
