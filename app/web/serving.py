"""Answering browsers and programs from an open record, until cancelled."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from app.accounts import accounts_at
from app.accounts.provider import Provider
from app.demo.people import PASSWORD, PEOPLE
from app.settings import Settings
from app.tidying import settle
from app.web.application import application
from app.web.door import set_up_code
from app.web.health import Health
from app.web.office import Office
from app.web.showing import made_ready, templates
from app.wiring import Daybook
from store.errors import Fault

GRACE_SECONDS = 2
"""How long answers under way may take to end when Daybook stops; who listens for changes would stay for ever."""


def refuse_unless_free(settings: Settings) -> None:
    """Find out that browsers can be answered at the port of the settings. Raises Fault."""
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", settings.web_port)) == 0:
            raise Fault(
                f"Something answers at port {settings.web_port} of this machine already. Stop it, or choose another DAYBOOK_WEB_PORT."
            )


def where_to_sign_in(daybook: Daybook) -> str:
    """Where the desk is found in a browser, and by what its first visitor comes in."""
    settings = daybook.settings
    people = daybook.people.current()
    if not people.anybody:
        return f"Open {settings.public_address} and make the first account with the code {set_up_code(settings)}"
    invented = [one for one, *_ in PEOPLE if one in people.persons] if daybook.desk.so_far().demonstration else []
    signs_in = f": {', '.join(invented)}, each with the password '{PASSWORD}'" if invented else ""
    return f"Open {settings.public_address} and sign in{signs_in}"


def bound(settings: Settings) -> socket.socket:
    """The host and port of the settings, held for whoever answers there; of a name its first address, of several kinds that of IPv4.

    Raises Fault where they are taken, or not this machine's.
    """
    refuse_unless_free(settings)
    listener = None
    try:
        found = socket.getaddrinfo(settings.web_host, settings.web_port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = min(found, key=lambda one: one[0] != socket.AF_INET)
        listener = socket.socket(family, kind, protocol)  # Only where it says TCP does asyncio see to it that no small answer is held back.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen()  # Whoever asks from here on waits until somebody can answer, and nobody else can take the port.
    except OSError as error:
        if listener is not None:
            listener.close()
        raise Fault(
            f"Browsers cannot be answered at {settings.web_host}, port {settings.web_port}: {error.strerror}. "
            "Put DAYBOOK_WEB_HOST or DAYBOOK_WEB_PORT right."
        ) from error
    return listener


async def answering(daybook: Daybook) -> None:
    """Answer at the host and port of the settings. Raises Fault where that cannot be, or the accounts cannot be opened."""
    with bound(daybook.settings) as listener:
        await answering_at(listener, daybook)


async def answering_at(listener: socket.socket, daybook: Daybook) -> None:
    """Answer whoever comes in by a socket that other processes may answer at too. Raises Fault where the accounts cannot be opened."""
    settings = daybook.settings
    with accounts_at(settings.accounts, daybook.ledger.clock) as accounts:
        health = Health(daybook)
        office = Office(daybook, accounts, made_ready(templates()), lambda: health.says, Provider.of(settings, daybook.ledger.clock))
        if not daybook.people.current().anybody:
            set_up_code(settings)
        settle()  # Pages were compiled since this process began.
        config = uvicorn.Config(
            application(office, settings.web_names),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
            proxy_headers=True,
            forwarded_allow_ips=settings.web_proxy,
        )
        async with asyncio.TaskGroup() as beside:
            watching = beside.create_task(health.watch())
            await _served(_Server(config), listener)
            watching.cancel()


async def _served(server: uvicorn.Server, listener: socket.socket) -> None:
    """Serve until cancelled, then let answers under way end."""
    serving = asyncio.ensure_future(server.serve([listener]))
    try:
        await asyncio.shield(serving)
    finally:
        server.should_exit = True
        await asyncio.wait([serving])


class _Server(uvicorn.Server):
    """Stops when it is told to: signals are heard by whoever runs all parts."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield
