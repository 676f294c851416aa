"""How fast the desk answers browsers: the pages that are open all day, at 10,000 participants, for 20 people who look at each for a second.

Server time is what passes between the arrival of a request and its answer, as the answer itself says; the clients run in a process
of their own. The floor is a page of the same size that reads nothing, asked for in the same way in the same run.
"""

import asyncio
import multiprocessing
import os
import random
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import structlog

from app.demo.people import PASSWORD, admit
from app.settings import Settings
from app.web.serving import answering
from app.wiring import opened
from benchmarks.views import write
from domain import events as e
from domain.entry import Entry
from domain.participant import PARTICIPANT
from domain.time import When
from domain.visits import windows
from tests.builders import START, Clock, Trial

PARTICIPANTS = 10_000
NOW = START + timedelta(days=150)
STAGES = 40
"""How many lives there are to be copied: each began a few days later than the one before, and all go on until now."""
PEOPLE = 20
ASKED = 20
"""How often each of them asks for each page."""
THINKS_SECONDS = (0.5, 1.5)
"""How long each of them looks at a page before they ask for the next one."""
A_FEW_DAYS = timedelta(days=4)
LONGEST_STEP = timedelta(days=31)
PAGES = (
    "/static/daybook.css",
    "/worklist",
    "/worklist?page=20",
    "/worklist?text=day+14",
    "/participants/{}",
    "/participants/{}/steps/infusion",
)


def main() -> None:
    """Print the server times of each page."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with TemporaryDirectory() as folder, at_the_desk(Path(folder)) as address:
        clients = multiprocessing.get_context("spawn").Process(target=asked_of, args=(address,))
        clients.start()
        clients.join()


def asked_of(address: str) -> None:
    """Ask as twenty people would, and print what it took."""
    asyncio.run(_asked_of(address))


async def _asked_of(address: str) -> None:
    dice = random.Random(7)
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        await client.post("/sign-in", data={"person": "a-kim", "password": PASSWORD}, headers={"origin": address})
        print(f"{'page':<36}{'p50':>10}{'p99':>10}{'kB':>8}   milliseconds of the server, {PEOPLE} people")
        for page in PAGES:
            times: list[float] = []
            size = 0

            async def asks(page: str, times: list[float]) -> None:
                nonlocal size
                for _ in range(ASKED):
                    await asyncio.sleep(dice.uniform(*THINKS_SECONDS))
                    answer = await client.get(page.format(f"BER-{dice.randrange(PARTICIPANTS):06}"))
                    answer.raise_for_status()
                    size = max(size, len(answer.content))
                    times.append(float(answer.headers["server-timing"].partition("dur=")[2]))

            await asyncio.gather(*(asks(page, times) for _ in range(PEOPLE)))
            cuts = quantiles(times, n=100)
            print(f"{page:<36}{cuts[49]:>10.1f}{cuts[98]:>10.1f}{size / 1000:>8.0f}")


@contextmanager
def at_the_desk(folder: Path) -> Iterator[str]:
    """A desk with everybody in it that answers in threads of this process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ |= {"DAYBOOK_FOLDER": str(folder), "DAYBOOK_WEB_PORT": str(port)}
    clock = Clock()
    with opened(Settings.read(), clock, create=True) as daybook:
        Trial(clock, daybook.ledger)
        clock.move_to(NOW)
        lives = [life(number) for number in range(STAGES)]
        for number in range(PARTICIPANTS):
            write(daybook.ledger, f"{PARTICIPANT}BER-{number:06}", lives[number % STAGES])
        admit(daybook)
        feed = daybook.feed()
        thread = threading.Thread(target=feed.run)
        thread.start()
        assert daybook.views.reached(daybook.ledger.head(), 3600)  # noqa: S101 - Without the views there is nothing to measure.
        threading.Thread(target=lambda: asyncio.run(answering(daybook)), daemon=True).start()
        _answers(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
        feed.stop()
        thread.join()


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
    with httpx.Client(transport=transport) as client:
        client.get(f"{address}/sign-in")


if __name__ == "__main__":
    main()
