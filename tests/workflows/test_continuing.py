"""A workflow whose history has grown long begins a new one, and forgets nothing: between two waits, or between two messages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from domain.letters import Letter
from tests.builders import Story, Trial
from tests.workflows.test_gathering import WHOSE, on_a_morning, told
from tests.workflows.waiting import until
from workflows.journeys import Journeys
from workflows.notices import Notices
from workflows.server import found
from workflows.worker import tell, work

pytestmark = pytest.mark.slow


@asynccontextmanager
async def after_so_many(events: int) -> AsyncIterator[WorkflowEnvironment]:
    """A real server that finds a history long once it holds so many events."""
    server = await WorkflowEnvironment.start_local(
        dev_server_existing_path=str(found("temporal", "embedded")),
        dev_server_extra_args=["--dynamic-config-value", f"limit.historyCount.suggestContinueAsNew={events}"],
        data_converter=pydantic_data_converter,
    )
    async with server:
        yield server


def test_a_long_history_is_continued_and_nothing_is_forgotten() -> None:
    trial = Trial()
    story = trial.participant().consents()

    async def live() -> None:
        async with after_so_many(30) as server:
            journeys = Journeys(server.client, trial.participants.desk.name)
            working = asyncio.create_task(work(journeys, trial.participants))
            runs = {await run_after_news(journeys, story) for _ in range(12)}
            assert len(runs) > 1
            working.cancel()
            await asyncio.wait([working])

    asyncio.run(live())


async def run_after_news(journeys: Journeys, story: Story) -> str:
    """The run that has read the news."""
    story.reviews()
    await journeys.nudge(story.id)

    async def has_read() -> bool:
        return await journeys.version(story.id) == story.record.version

    await until(has_read)
    return await run_of(journeys, journeys.id_of(story.id))


async def run_of(journeys: Journeys, workflow_id: str) -> str:
    described = await journeys.client.get_workflow_handle(workflow_id).describe()
    return str(described.run_id)


def test_messages_of_a_morning_that_never_cease_are_continued_between_two_of_them() -> None:
    stories = on_a_morning(2)
    desk, left = stories[0].trial.participants, [story.id for story in stories]

    async def live() -> None:
        async with after_so_many(10) as server:
            journeys = Journeys(server.client, desk.desk.name)
            naming = Notices(desk, journeys)

            async def send(_: Letter) -> None:
                """While a message is on its way, another participant is named to it."""
                if left:
                    await naming.begin(left.pop())

            telling = asyncio.create_task(tell(journeys, desk, send))
            await naming.begin(left.pop())
            first = await run_of(journeys, naming.id_of_digest(WHOSE))
            await until(lambda: asyncio.to_thread(lambda: len(told(stories)) == 2))
            last = await run_of(journeys, naming.id_of_digest(WHOSE))
            telling.cancel()
            await asyncio.wait([telling])
        assert last != first

    asyncio.run(live())
