"""The processes: all of them on one machine with `daybook up`, or each by itself in production."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

import typer

from app.cli.screen import Screen
from app.cli.session import Session, session_of
from app.logs import logging_to
from app.settings import Settings
from app.synthetic import populate
from app.wiring import Daybook
from domain.rejections import Reason, Refused
from store.follow import Follower
from store.ledger import stands
from workflows.journeys import Journeys, connect
from workflows.relay import Relay
from workflows.server import found, local_server, refuse_unless_free
from workflows.worker import work

processes = typer.Typer()
Part = Coroutine[Any, Any, None]
NO_STUDY = "this ledger holds no study yet: begin with `daybook study open`, or look around with `daybook up --demo`"
NO_KEY = (
    "There is no master key at {path}: no contact data can be recorded, and those on record cannot be read. "
    "Put the key back, or name its file in DAYBOOK_KEYS; a new one is not made."
)


@processes.command()
def up(
    ctx: typer.Context,
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Fill a new ledger with a synthetic study and synthetic participants.")] = False,
) -> None:
    """Run all of Daybook on this machine, and show the worklist until stopped with Ctrl-C."""
    session = session_of(ctx)
    if demo:
        asyncio.run(_temporal_is_possible(session.settings))
    else:
        _refuse_without_study(session)
    with session.daybook(create=True) as daybook:
        if not daybook.sealing:
            session.warns(NO_KEY.format(path=session.settings.keys))
        _run(_everything(daybook, Screen(daybook, session)))


@processes.command()
def worker(ctx: typer.Context) -> None:
    """Carry the journeys of the study on the Temporal server, until stopped. Any number may run."""
    _alone(ctx, lambda daybook, journeys: work(journeys, daybook.participants))


@processes.command()
def relay(ctx: typer.Context) -> None:
    """Follow the record and nudge journeys, until stopped. Any number may run: one works, the others stand by."""
    _alone(ctx, lambda daybook, journeys: Relay(daybook.participants, journeys).run())


@processes.command()
def project(ctx: typer.Context) -> None:
    """Follow the record and keep the answers ready, until stopped. Any number may run: one works, the others stand by."""
    session = session_of(ctx)
    with session.daybook() as daybook, logging_to(sys.stderr, session.settings.log):
        _run(_followed(daybook.feed()))


def _alone(ctx: typer.Context, part: Callable[[Daybook, Journeys], Part]) -> None:
    session = session_of(ctx)
    with session.daybook() as daybook, logging_to(sys.stderr, session.settings.log):
        _run(_on_temporal(daybook, part))


async def _on_temporal(daybook: Daybook, part: Callable[[Daybook, Journeys], Part]) -> None:
    settings = daybook.settings
    client = await connect(settings.temporal_address, settings.temporal_namespace)
    await part(daybook, daybook.journeys(client))


async def _everything(daybook: Daybook, screen: Screen) -> None:
    """Every part beside the others, on a synthetic study if there is none yet; when one part fails, all stop."""
    settings = daybook.settings
    if not daybook.desk.opened():
        await asyncio.to_thread(populate, daybook, daybook.ledger.clock())
    async with _temporal(settings) as address:
        journeys = daybook.journeys(await connect(address, settings.temporal_namespace))
        carried = work(journeys, daybook.participants)
        relayed = Relay(daybook.participants, journeys).run()
        await _together([_followed(daybook.feed()), carried, relayed, screen.run(journeys)])


def _refuse_without_study(session: Session) -> None:
    """Find out that there is something to run before anything is made for it. Raises Refused."""
    if stands(session.settings.ledger):
        with session.daybook() as daybook:
            if daybook.desk.opened():
                return
    raise Refused(Reason(code="no-study", says=NO_STUDY))


async def _temporal_is_possible(settings: Settings) -> None:
    """Find out what would keep a stack from starting before anything is made for it. Raises NoTemporal."""
    if settings.temporal is None:
        found("temporal", "embedded")
        refuse_unless_free(settings.temporal_port)
    else:
        await connect(settings.temporal, settings.temporal_namespace)


@asynccontextmanager
async def _temporal(settings: Settings) -> AsyncIterator[str]:
    """The address of the Temporal server that the settings name, or of one of our own."""
    if settings.temporal is not None:
        yield settings.temporal
        return
    async with local_server(settings.own_server, port=settings.temporal_port) as address:
        yield address


async def _followed(feed: Follower) -> None:
    """Run a feed in a thread of its own until cancelled."""
    running = asyncio.create_task(asyncio.to_thread(feed.run))
    try:
        await asyncio.shield(running)
    finally:
        feed.stop()
        await asyncio.wait([running])


async def _together(parts: list[Part]) -> None:
    """Run parts beside one another; the first that fails stops the others, and its error is raised by itself."""
    try:
        async with asyncio.TaskGroup() as group:
            for part in parts:
                group.create_task(part)
    except ExceptionGroup as group_of:
        raise group_of.exceptions[0] from None


def _run(part: Part) -> None:
    asyncio.run(_until_told(part))


async def _until_told(part: Part) -> None:
    """Run until told to stop at the keyboard or by the machine, then let everything finish what is at hand."""
    running = asyncio.ensure_future(part)
    for told in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(told, running.cancel)
    with suppress(asyncio.CancelledError):
        await running
