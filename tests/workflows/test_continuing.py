"""A journey whose history has grown long begins a new one, between two waits."""

import asyncio

import pytest
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment

from tests.builders import Story, Trial
from tests.workflows.waiting import until
from workflows.journeys import Journeys
from workflows.server import found
from workflows.worker import work

LONG = "limit.historyCount.suggestContinueAsNew=30"


@pytest.mark.slow
def test_a_long_history_is_continued_and_nothing_is_forgotten() -> None:
    trial = Trial()
    story = trial.participant().consents()

    async def tell() -> None:
        server = await WorkflowEnvironment.start_local(
            dev_server_existing_path=str(found("temporal", "embedded")),
            dev_server_extra_args=["--dynamic-config-value", LONG],
            data_converter=pydantic_data_converter,
        )
        async with server:
            journeys = Journeys(server.client, trial.participants.desk.name)
            working = asyncio.create_task(work(journeys, trial.participants))
            runs = {await run_after_news(journeys, story) for _ in range(12)}
            assert len(runs) > 1
            working.cancel()
            await asyncio.wait([working])

    asyncio.run(tell())


async def run_after_news(journeys: Journeys, story: Story) -> str:
    """The run that has read the news."""
    story.reviews()
    await journeys.nudge(story.id)

    async def has_read() -> bool:
        return await journeys.version(story.id) == story.record.version

    await until(has_read)
    described = await journeys.client.get_workflow_handle(journeys.id_of(story.id)).describe()
    return str(described.run_id)
