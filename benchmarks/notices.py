"""A thousand reminders that fall due in the same moment, against as many bare timers; and what a clearance waits meanwhile."""

import asyncio
from collections.abc import Callable
from datetime import datetime, time, timedelta
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import perf_counter
from uuid import uuid4

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from benchmarks.journeys import WallClock, cleared_after, come_to_rest, eligible, plan_again_and_again, shown
from domain import events as e
from domain.entry import Entry
from domain.study import ProtocolApproved, SiteOpened
from domain.time import When, day_after, local_date, midnight
from store.keys import Keyring
from store.ledger import Ledger
from tests.builders import BERLIN, Story, Trial, by_, consent
from tests.conftest import free_port
from tests.workflows.processes import MASTER, running, that_tell
from tests.workflows.telling import WEBER, Mailroom, names
from workflows.activities import A_HERD_WITHIN
from workflows.journeys import Journeys, connect
from workflows.relay import rebuild
from workflows.server import local_server

HERD = 1000
AT_ONCE = 8
"""As many activities at once as a worker of ours takes on."""
CLEARED = 20
"""Participants whose step is planned again and again."""
ENOUGH = 20
"""So many clearances at least, to speak of a quiet median."""
BEGAN_BEFORE = timedelta(days=21, hours=15)
"""A screening that began so long before a midnight expires a week after it, of which somebody is told at that midnight."""
TO_BEGIN = timedelta(seconds=75)
"""Time for a busy server to begin all of them."""
THE_NEXT = timedelta(days=6, minutes=1)
"""How long after the first reminder of the herd the next one is due."""
BEFORE = timedelta(minutes=4)
"""How long before the moment the processes begin: long enough for every journey to fall asleep, and for the quiet samples."""


@workflow.defn(sandboxed=False)
class BareTimer:
    """Sleeps until the moment, and runs an activity."""

    @workflow.run
    async def run(self, at: datetime) -> None:
        await workflow.sleep(max(at - workflow.now(), timedelta(0)))
        await workflow.execute_activity(fire, start_to_close_timeout=timedelta(seconds=60))


@activity.defn
async def fire() -> None:
    """Count one that has come through."""
    fired.append(perf_counter())


fired: list[float] = []


async def bare(client: Client) -> float:
    """How many bare timers that are due together come through in a second."""
    queue = f"bare-{uuid4().hex}"
    async with Worker(
        client,
        task_queue=queue,
        workflows=[BareTimer],
        activities=[fire],
        max_concurrent_activities=AT_ONCE,
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        at, due = WallClock()() + TO_BEGIN, perf_counter() + TO_BEGIN.total_seconds()
        limit = asyncio.Semaphore(32)

        async def begin(number: int) -> None:
            async with limit:
                await client.start_workflow(BareTimer.run, at, id=f"{queue}-{number}", task_queue=queue)

        await asyncio.gather(*map(begin, range(HERD)))
        if perf_counter() > due:
            raise too_busy("not all timers were begun before they were due")
        while len(fired) < HERD:  # noqa: ASYNC110 - What is awaited happens in another program.
            await asyncio.sleep(0.05)
        return HERD / (fired[-1] - due)


def a_herd(trial: Trial, moment: datetime) -> list[Story]:
    """As many participants, of each of whom something timely falls due at the moment, at a site where people work around the clock."""
    day_and_night = SiteOpened(site="MUN", zone=BERLIN, opens=time(0), closes=time(23, 59))
    trial.participants.desk.record((day_and_night, ProtocolApproved(protocol=1, site="MUN")), by_("administrator", trial.next_id()))
    names(trial, WEBER.model_copy(update={"site": "MUN", "digest": "inbox"}))
    began = When.at(moment - BEGAN_BEFORE)
    stories = [trial.participant(f"MUN-{number:04}", "MUN") for number in range(1, HERD + 1)]
    for story in stories:
        story.reports(consent(began))
        story.reports(e.ScreeningStarted(at=began))
    return stories


class Told:
    """When each reminder that stands after a position was recorded as sent; reads on from where it was, so that the asking costs little."""

    def __init__(self, ledger: Ledger, after: int) -> None:
        self._ledger, self._after = ledger, after
        self.when: list[datetime] = []

    def everybody(self) -> bool:
        """Whether all of the herd have been told by now."""
        while batch := self._ledger.after(self._after, 1000):
            self._after = batch[-1].position
            self.when += [one.recorded_at for one in batch if isinstance(one, Entry) and isinstance(one.event, e.ReminderSent)]
        return len(self.when) >= HERD


def too_busy(what: str) -> RuntimeError:
    """What is said where other programs would be measured more than ours."""
    return RuntimeError(f"this machine is too busy to measure anything on it: {what}")


async def clear_until(stories: list[Story], over: Callable[[], bool]) -> list[float]:
    """Seconds for each clearance, of steps that are planned again and again until something is over."""
    before = {story.id: len(cleared_after(story)) for story in stories}
    while not over():
        for story in stories:
            await plan_again_and_again(story, 1)
    return [one for story in stories for one in cleared_after(story)[before[story.id] :]]


async def measure(folder: Path) -> None:
    """The floor first, then the same server under ours: a herd at a midnight, and what waits when the notices were away."""
    ledger, clock = f"sqlite:///{folder / 'ledger.db'}", WallClock()
    moment = midnight(day_after(local_date(clock(), BERLIN)), BERLIN)
    clock.ahead = moment - timedelta(hours=1) - clock()
    trial, room = Trial(clock, Ledger.open(ledger, clock=clock, keys=Keyring(MASTER))), Mailroom()
    stories = [eligible(trial, f"BER-{number:03}") for number in range(1, CLEARED + 1)]
    a_herd(trial, moment)
    async with local_server(folder / "temporal.db", port=free_port()) as address, room.open():
        journeys = Journeys(await connect(address), f"bench-{uuid4().hex}")
        floor = await bare(journeys.client)
        print(f"{'bare timer → activity, 1,000 due together':<48} {floor:10.1f} in a second")

        def ours() -> dict[str, list[str]]:
            return that_tell(ledger, address, journeys.study, room.port, clock.ahead, A_HERD_WITHIN)

        clock.ahead += moment - BEFORE - clock()
        with running(ours(), folder / "processes.log"):
            await come_to_rest(trial, journeys)
            await herd(trial, stories, moment)
        clock.ahead += moment + THE_NEXT - clock()
        notices = {role: command for role, command in ours().items() if role == "notices"}
        with running({role: command for role, command in ours().items() if role not in notices}, folder / "processes.log"):
            told = await all_waiting(trial, journeys)
            with running(notices, folder / "processes.log"):
                await drained(told, floor)


async def herd(trial: Trial, stories: list[Story], moment: datetime) -> None:
    """Clear steps in the quiet before the moment, and from then on until all of the herd has been told."""
    ledger, clock = trial.participants.ledger, trial.clock
    calm = await clear_until(stories, lambda: clock() > moment - timedelta(seconds=5))
    if len(calm) < ENOUGH:
        raise too_busy("the journeys were not asleep in time before the moment")
    quiet = shown("planned → cleared, quiet", calm)
    while clock() < moment:  # noqa: ASYNC110 - What is awaited is an instant of a clock that is ahead.
        await asyncio.sleep(0.01)
    told = Told(ledger, ledger.head())
    waits = await clear_until(stories, told.everybody)
    shown("planned → cleared, in the herd", waits)
    print(f"{'p99 in the herd to the quiet p50':<48} {quantiles(waits, n=100)[98] / quiet:10.2f}")
    print(f"{'the last of the herd was told after':<48} {(max(told.when) - moment).total_seconds():10.1f} s")


async def all_waiting(trial: Trial, journeys: Journeys) -> Told:
    """Have another reminder fall due for all of the herd while nobody tells them, and wait until each of them waits to be told."""
    told = Told(trial.participants.ledger, trial.participants.ledger.head())
    await rebuild(trial.participants, journeys)
    while (await journeys.client.count_workflows("WorkflowType = 'Notice' AND ExecutionStatus = 'Running'")).count < HERD:  # noqa: ASYNC110 - What is awaited happens in another program.
        await asyncio.sleep(1)
    return told


async def drained(told: Told, floor: float) -> None:
    """Tell all who wait, as fast as it goes."""
    while not told.everybody():  # noqa: ASYNC110 - What is awaited happens in other programs.
        await asyncio.sleep(0.05)
    rate = (HERD - 1) / (max(told.when) - min(told.when)).total_seconds()
    print(f"{'reminders told, 1,000 waiting':<48} {rate:10.1f} in a second")
    print(f"{'ratio to the floor':<48} {rate / floor:10.2f}")


def main() -> None:
    """Print the figures for one machine with everything on it."""
    with TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
