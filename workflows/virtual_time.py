"""A Temporal server that skips time, and the ledger's clock that follows it: two years pass in seconds.

For the demonstration and for tests. Time moves only once every journey knows what was recorded, and stands again only when
everything that fell due has been done.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from temporalio import activity
from temporalio.api.testservice.v1 import SleepRequest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.runtime import LoggingConfig, Runtime, TelemetryConfig, TelemetryFilter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from store.participants import Participants
from workflows.journeys import Journeys, NoTemporal
from workflows.relay import Relay
from workflows.sending import Send
from workflows.server import found
from workflows.worker import tell, work

POLL_SECONDS = 0.005
PASSES_WITHIN = timedelta(minutes=30)
A_MOMENT = timedelta(seconds=1)


class FollowVirtualTime(Interceptor):
    """Moves the ledger's clock to the server's time, shifted so that the story begins at the instant which that clock shows."""

    def __init__(self, clock: Callable[[], datetime], move_to: Callable[[datetime], None], server_time: datetime) -> None:
        self.clock = clock
        self._move_to = move_to
        self._ahead = clock() - server_time

    def follow(self, server_time: datetime) -> None:
        """Time never goes back, though activities may arrive out of order."""
        self._move_to(max(self.clock(), server_time + self._ahead))

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:  # noqa: A002 - The name is Temporal's.
        """What a journey does happens when it was due, not when this machine got round to it."""
        return _AtItsTime(next, self)


class _AtItsTime(ActivityInboundInterceptor):
    def __init__(self, following: ActivityInboundInterceptor, time: FollowVirtualTime) -> None:
        super().__init__(following)
        self._time = time

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:  # noqa: A002 - The name is Temporal's.
        self._time.follow(activity.info().current_attempt_scheduled_time)
        return await self.next.execute_activity(input)


class VirtualTime:
    """Time that passes when told to. Its journeys, worker and relay are real."""

    def __init__(self, server: WorkflowEnvironment, time: FollowVirtualTime, participants: Participants, relay: Relay) -> None:
        self.journeys = Journeys(server.client, participants.desk.name)
        self._server, self._time, self._participants, self._relay = server, time, participants, relay

    async def pass_until(self, instant: datetime) -> None:
        """Let time pass up to an instant of the ledger's clock, and everything happen that falls due on the way."""
        await self.settle()
        if (ahead := instant - await self._now()) > timedelta(0):
            await self._skip(ahead)
            await self._now()
        await self.settle()
        while await asyncio.to_thread(self._about_to_fall_due):
            await self._skip(A_MOMENT)
            await self._now()
            await self.settle()

    def _about_to_fall_due(self) -> bool:
        """Whether anything falls due in a moment. Were something recorded just then, this server would lose the journey's task."""
        now = self._time.clock()
        agendas = (self._participants.agenda(participant_id)[1] for participant_id in self._participants.ids())
        return any(now < item.due <= now + A_MOMENT for agenda in agendas for item in agenda.items)

    async def _skip(self, ahead: timedelta) -> None:
        """Have time pass. Where a lot falls due on the way, that takes longer than a client waits of itself; cut off, time would stand."""
        request = SleepRequest()
        request.duration.FromTimedelta(ahead)
        await self._server.client.test_service.unlock_time_skipping_with_sleep(request, timeout=PASSES_WITHIN)

    async def settle(self) -> None:
        """Wait until every journey has read what is recorded, and nothing is due."""
        await _until(self._relay.caught_up)
        for participant_id in await asyncio.to_thread(self._participants.ids):
            await _until(partial(self._at_rest, participant_id))

    async def _now(self) -> datetime:
        self._time.follow(await self._server.get_current_time())
        return self._time.clock()

    async def _at_rest(self, participant_id: str) -> bool:
        record, agenda = await asyncio.to_thread(self._participants.agenda, participant_id)
        seen = None
        with suppress(NoTemporal):  # A busy machine may be too slow to answer once; time waits for it.
            seen = await self.journeys.version(participant_id)
        return not agenda.due(self._time.clock()) and seen is not None and seen >= record.news


async def _until(come_about: Callable[[], Awaitable[bool]]) -> None:
    while not await come_about():  # noqa: ASYNC110 - What is awaited happens in another program.
        await asyncio.sleep(POLL_SECONDS)


@asynccontextmanager
async def virtual_time(
    participants: Participants, move_to: Callable[[datetime], None], send: Send | None = None
) -> AsyncIterator[VirtualTime]:
    """Start a server that skips time, with a worker and a relay. `move_to` moves the clock of the participants' ledger.

    People are told by `send`; without it, nobody is to be named as a contact.
    """
    program = found("temporal-test-server", "demo")
    async with await _started(program) as server:
        time = FollowVirtualTime(participants.ledger.clock, move_to, await server.get_current_time())
        journeys = Journeys(server.client, participants.desk.name)
        relay = Relay(participants, journeys)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(relay.run()), group.create_task(work(journeys, participants, [time]))]
            if send is not None:
                running.append(group.create_task(tell(journeys, participants, send, [time])))
            try:
                yield VirtualTime(server, time, participants, relay)
            finally:
                for task in running:
                    task.cancel()


async def _started(program: Path) -> WorkflowEnvironment:
    """The server is old-fashioned on purpose, and the client's warning about that would stand in the midst of a story."""
    quiet = Runtime(telemetry=TelemetryConfig(logging=LoggingConfig(filter=TelemetryFilter(core_level="ERROR", other_level="ERROR"))))
    return await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(program), data_converter=pydantic_data_converter, runtime=quiet
    )
