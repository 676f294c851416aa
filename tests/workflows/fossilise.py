"""Keep the history of a journey for ever: `python -m tests.workflows.fossilise v1` writes fossils that every later version must replay.

Fossils of a version that was released are never written again.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle

from domain import events as e
from tests.builders import Story, Trial
from workflows.journey import Journey
from workflows.virtual_time import VirtualTime, virtual_time

FOSSILS = Path(__file__).parents[1] / "fossils/workflows"


def payloads(history: Any) -> Iterator[dict[str, Any]]:
    """Every payload in an exported history, wherever it stands."""
    if isinstance(history, dict):
        if "metadata" in history and "data" in history:
            yield history
        for value in history.values():
            yield from payloads(value)
    if isinstance(history, list):
        for value in history:
            yield from payloads(value)


def _without_places(history: Any) -> Any:
    """Which process on which machine did the work is nobody's business."""
    if isinstance(history, dict):
        return {key: "a process" if key == "identity" else _without_places(value) for key, value in history.items()}
    return [_without_places(value) for value in history] if isinstance(history, list) else history


async def _live(version: str) -> None:
    trial = Trial()
    story = trial.participant().consents()
    async with virtual_time(trial.participants, trial.clock.move_to) as time:
        story.reports(e.ScreeningStarted(at=story.at()))
        await time.pass_until(trial.clock() + timedelta(days=20))
        story.reviews()
        await time.settle()
        await _keep(time, story, f"journey-{version}-nudged-and-asleep")
        story.reports(e.ScreenFailed(at=story.at(), criteria=("E1",)))
        await time.pass_until(trial.clock() + timedelta(days=60))
        await _keep(time, story, f"journey-{version}-ended")


async def _keep(time: VirtualTime, story: Story, name: str) -> None:
    handle: WorkflowHandle[Journey, None] = time.journeys.client.get_workflow_handle_for(Journey.run, time.journeys.id_of(story.id))
    history = json.loads((await handle.fetch_history()).to_json())
    FOSSILS.mkdir(parents=True, exist_ok=True)
    (FOSSILS / f"{name}.json").write_text(json.dumps(_without_places(history), indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(_live(sys.argv[1]))
