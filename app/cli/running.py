"""How the processes run: beside one another or alone, until they are told to stop."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from typing import Any

import structlog

from app.cli.screen import Screen
from app.cli.session import Session
from app.demo.people import admit
from app.following import followed
from app.notices.accounts import AccountNews
from app.notices.catcher import catching
from app.notices.channels import channels
from app.notices.heads import Heads
from app.settings import Settings
from app.synthetic import populate
from app.tidying import tidily
from app.travelling import journeys_of
from app.web.answering import what_is_next
from app.web.serving import answering, where_to_sign_in
from app.web.side_by_side import answering_side_by_side
from app.wiring import Daybook
from projections.rebuilding import look_through
from store.errors import Fault, StoreError
from workflows.activities import A_HERD_WITHIN
from workflows.journeys import connect
from workflows.relay import Relay
from workflows.server import found, local_server, refuse_unless_free
from workflows.worker import tell, together, work

LOOKS_THROUGH_EVERY_SECONDS = 3600.0
TRIES_AGAIN_AFTER_SECONDS = 1.0
LOOKS_EVERY_SECONDS = 60.0
Part = Coroutine[Any, Any, None]
log = structlog.get_logger()


async def everything(daybook: Daybook, session: Session, *, demo: bool) -> None:
    """Every part beside the others, for a demonstration on a synthetic study if there is none yet; when one part fails, all stop."""
    if demo and not daybook.desk.opened():
        await asyncio.to_thread(populate, daybook, daybook.ledger.clock())
        await asyncio.to_thread(admit, daybook)
    async with _temporal(daybook.settings), _mail(daybook.settings) as catcher:
        await together([_once_open(daybook, session, catcher), answering(daybook)])


async def _once_open(daybook: Daybook, session: Session, catcher: int | None) -> None:
    """All but the desk, which is where the first administrator begins: without a study there is nothing to judge, and nobody to tell."""
    if not await asyncio.to_thread(daybook.desk.opened):
        session.says(f"{where_to_sign_in(daybook)}.")
        session.says(" ".join(what_is_next(daybook.desk.so_far())))
    while not await asyncio.to_thread(daybook.desk.opened):  # noqa: ASYNC110 - Another process opens it.
        await asyncio.sleep(TRIES_AGAIN_AFTER_SECONDS)
    screen = Screen(daybook, session).run(await journeys_of(daybook))
    await together([screen, _works(daybook, catcher), _relays(daybook), _projects(daybook)])


def refuse_without_temporal(settings: Settings) -> None:
    """Find out what would keep a stack from starting before anything is made for it. Raises NoTemporal."""
    if settings.temporal is None:
        found("temporal", "embedded")
        refuse_unless_free(settings.temporal_port)
    else:
        asyncio.run(_reached(settings.temporal, settings.temporal_namespace))


def run(part: Part) -> None:
    """Run until told to stop at the keyboard or by the machine."""
    asyncio.run(_until_told(tidily(part)))


async def _works(daybook: Daybook, catcher: int | None = None) -> None:
    """Carry journeys and, on a queue of their own, notices; `catcher` is the port of a mail catcher, where there is one."""
    journeys, by = await journeys_of(daybook), channels(daybook.settings, catcher=catcher)
    parts: list[Part] = [work(journeys, daybook.participants, herd_within=A_HERD_WITHIN), tell(journeys, daybook.participants, by.send)]
    heads = Heads(daybook, None if by.mail is None else by.send)
    parts += [_looked_after(heads.sign), _looked_after(heads.give), _looked_after(lambda: erases(daybook))]
    await together(parts if by.mail is None else [*parts, AccountNews(daybook, by.send).run()])


async def erases(daybook: Daybook) -> None:
    """Go on with what could not be erased everywhere yet. What is in the way of that never ends the process."""
    try:
        await asyncio.to_thread(daybook.erasures.carry_out)
    except StoreError as trouble:
        log.warning("erasing-interrupted", error=type(trouble).__name__)


async def _relays(daybook: Daybook) -> None:
    await Relay(daybook.participants, await journeys_of(daybook)).run()


async def _projects(daybook: Daybook) -> None:
    """Keep the views up to date, and look through what they tell every so often."""
    await together([followed(daybook.feed()), _looked_through(daybook)])


async def _looked_through(daybook: Daybook) -> None:
    """At the start and then every so often; before the views were first built, and after a fault, again in a moment."""
    while True:
        try:
            await asyncio.to_thread(look_through, daybook.ledger, daybook.desk, daybook.views)
            await asyncio.sleep(LOOKS_THROUGH_EVERY_SECONDS)
        except Fault as trouble:
            log.warning("looking-through-interrupted", error=type(trouble).__name__)
            await asyncio.sleep(TRIES_AGAIN_AFTER_SECONDS)


async def _looked_after(look: Callable[[], Part]) -> None:
    """Look every so often what it is time for."""
    while True:
        await look()
        await asyncio.sleep(LOOKS_EVERY_SECONDS)


PARTS: dict[str, Callable[[Daybook], Part]] = {"worker": _works, "relay": _relays, "project": _projects, "web": answering_side_by_side}
"""What runs by itself in production, by the name of its command."""


async def _reached(address: str, namespace: str) -> None:
    await connect(address, namespace)


@asynccontextmanager
async def _temporal(settings: Settings) -> AsyncIterator[None]:
    """Meanwhile a Temporal server answers where the settings say: the one that they name, or one of our own."""
    if settings.temporal is not None:
        yield
        return
    async with local_server(settings.own_server, port=settings.temporal_port):
        yield


@asynccontextmanager
async def _mail(settings: Settings) -> AsyncIterator[int | None]:
    """Meanwhile mail is caught on this machine, unless a mail server is named or there is nothing to catch it with."""
    if settings.smtp_host is not None or find_spec("aiosmtpd") is None:
        yield None
        return
    async with catching(settings.caught_mail) as port:
        yield port


async def _until_told(part: Part) -> None:
    """Run until told to stop at the keyboard or by the machine, then let everything finish what is at hand."""
    running = asyncio.ensure_future(part)
    for told in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(told, running.cancel)
    with suppress(asyncio.CancelledError):
        await running
