"""Planned → cleared, against a bare Temporal signal and activity on the same server; and what the worker's memory holds."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from uuid import uuid4

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from domain import commands as c
from domain import events as e
from domain.time import When, to_the_minute
from store.keys import Keyring
from store.ledger import Ledger
from tests.builders import Clock, Story, Trial, consent
from tests.conftest import free_port
from tests.workflows.processes import MASTER, RealClock, running, worker_and_relay
from workflows.journeys import Journeys, NoTemporal, connect
from workflows.server import local_server

SAMPLES = 200
MOVES = 10
PARTICIPANTS = 500
KILOBYTES = 1024


class WallClock(RealClock, Clock):
    """The clock on the wall, where the builders expect one."""


@workflow.defn(sandboxed=False)
class Bare:
    """Waits for a signal, runs an activity, and again."""

    def __init__(self) -> None:
        self.called: list[float] = []

    @workflow.run
    async def run(self) -> None:
        while True:
            await workflow.wait_condition(lambda: bool(self.called))
            await workflow.execute_activity(arrive, self.called.pop(0), start_to_close_timeout=timedelta(seconds=10))

    @workflow.signal
    def call(self, at: float) -> None:
        self.called.append(at)


@activity.defn
async def arrive(called_at: float) -> None:
    """Take the time that the way here took."""
    arrivals.put_nowait(perf_counter() - called_at)


arrivals: asyncio.Queue[float] = asyncio.Queue()


async def bare(client: Client) -> list[float]:
    """Seconds from a signal until its activity runs, with nothing of ours in between."""
    queue = f"bare-{uuid4().hex}"
    async with Worker(client, task_queue=queue, workflows=[Bare], activities=[arrive], workflow_runner=UnsandboxedWorkflowRunner()):
        handle = await client.start_workflow(Bare.run, id=queue, task_queue=queue)
        took = []
        for _ in range(SAMPLES):
            await handle.signal(Bare.call, perf_counter())
            took.append(await arrivals.get())
        await handle.terminate()
    return took


def eligible(trial: Trial, participant_id: str) -> Story:
    """A participant whose leukapheresis is cleared as soon as it is planned."""
    story, now = trial.participant(participant_id), trial.clock()
    story.reports(consent(When.at(now - timedelta(days=20))))
    story.reports(e.ScreeningStarted(at=When.at(now - timedelta(days=20))))
    story.reports(e.VisitCompleted(visit="screening", at=When.at(now - timedelta(days=10))))
    story.is_screened()
    story.confirms()
    return story.is_seen_before("leukapheresis")


def cleared_after(story: Story) -> list[float]:
    """Seconds from the entry that plans the step to the entry that clears it."""
    planned: datetime | None = None
    took = []
    for entry in story.record.entries:
        if isinstance(entry.event, e.StepPlanned | e.StepReplanned):
            planned = entry.recorded_at
        if isinstance(entry.event, e.StepCleared) and planned is not None:
            took.append((entry.recorded_at - planned).total_seconds())
            planned = None
    return took


async def plan_again_and_again(story: Story, moves: int = MOVES) -> None:
    """Move the slot, and wait for its leave, as often as people do at most."""
    start, ledger = to_the_minute(story.trial.clock()), story.trial.participants.ledger
    for number in range(moves):
        story.asks(c.Plan(step="leukapheresis", slot=e.Slot(start=start, target=start, until=start + timedelta(minutes=90 + number))))
        while (version := ledger.version_of(story.record.stream)) and story.now.clearance("leukapheresis") is None:
            await changed(ledger, story.record.stream, version)


async def changed(ledger: Ledger, stream: str, version: int) -> None:
    """Ask little and seldom, so that the asking takes nothing from what is measured."""
    while ledger.version_of(stream) == version:  # noqa: ASYNC110 - What is awaited happens in another program.
        await asyncio.sleep(0.02)


async def come_to_rest(trial: Trial, journeys: Journeys) -> None:
    """Wait until every journey has read the whole record of its participant."""
    for participant_id in trial.participants.ids():
        while not await has_read_all(trial, journeys, participant_id):  # noqa: ASYNC110 - What is awaited happens in another program.
            await asyncio.sleep(0.05)


async def has_read_all(trial: Trial, journeys: Journeys, participant_id: str) -> bool:
    """A server with five hundred journeys on its hands may be too busy to ask."""
    with suppress(NoTemporal):
        return (await journeys.version(participant_id) or 0) >= trial.participants.read(participant_id).news
    return False


def resident_megabytes(pid: int) -> float:
    """The memory that a process holds now, by Linux's own account of it."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / KILOBYTES


def shown(name: str, seconds: list[float]) -> float:
    """Print how long something took, and return the median."""
    cuts = quantiles(seconds, n=100)
    print(f"{name:<48} p50 {cuts[49] * 1000:6.1f} ms   p99 {cuts[98] * 1000:6.1f} ms")
    return cuts[49]


async def measure(folder: Path) -> None:
    """The floor first, then the same server under ours."""
    name, ledger, clock = f"bench-{uuid4().hex}", f"sqlite:///{folder / 'ledger.db'}", WallClock()
    trial = Trial(clock, Ledger.open(ledger, clock=clock, keys=Keyring(MASTER)))
    stories = [eligible(trial, f"BER-{number:03}") for number in range(1, SAMPLES // MOVES + 1)]
    async with local_server(folder / "temporal.db", port=free_port()) as address:
        journeys = Journeys(await connect(address), name)
        floor = shown("bare signal → activity", await bare(journeys.client))
        with running(worker_and_relay(ledger, address, name), folder / "processes.log") as processes:
            await come_to_rest(trial, journeys)
            print(f"{f'worker, resident, {len(stories)} journeys asleep':<48} {resident_megabytes(processes.pid('worker')):10.0f} MB")
            for story in stories:
                await plan_again_and_again(story)
            ours = shown("planned → cleared (relay, journey, two appends)", [one for story in stories for one in cleared_after(story)])
            print(f"{'ratio to the floor, p50':<48} {ours / floor:10.2f}")
            for number in range(len(stories) + 1, PARTICIPANTS + 1):
                trial.participant(f"BER-{number:03}")
            await come_to_rest(trial, journeys)
            print(f"{f'worker, resident, {PARTICIPANTS} journeys asleep':<48} {resident_megabytes(processes.pid('worker')):10.0f} MB")


def main() -> None:
    """Print the figures for one machine with everything on it."""
    with TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
