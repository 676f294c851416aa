"""Keep histories for ever, as fossils that every later version must replay: `python -m tests.workflows.fossilise journey|notice|digest v1`.

Fossils of a version that was released are never written again.
"""

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from domain import commands as c
from domain import events as e
from domain.notices import notices
from tests.builders import Trial
from tests.workflows.telling import NOVAK, WEBER, Mailroom, names
from workflows.gathering import Whose
from workflows.notices import Notices
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
        await _keep(time, time.journeys.id_of(story.id), f"journey-{version}-nudged-and-asleep")
        story.reports(e.ScreenFailed(at=story.at(), criteria=("E1",)))
        await time.pass_until(trial.clock() + timedelta(days=60))
        await _keep(time, time.journeys.id_of(story.id), f"journey-{version}-ended")


async def _tell(version: str) -> None:
    """Somebody is told in the morning; something urgent is called out twice, at first in vain, and then acknowledged."""
    trial, room = Trial(), Mailroom(down=True)
    called, told = trial.participant().is_eligible().is_collected(), trial.participant("BER-002").consents()
    names(trial, WEBER.model_copy(update={"rung": "coordinator"}), NOVAK.model_copy(update={"rung": "second-coordinator"}))
    async with room.open(), virtual_time(trial.participants, trial.clock.move_to, room.send) as time:
        expires = (trial.clock() + timedelta(days=3)).date()
        called.reports(e.ProductReceived(at=called.at(), identity="COI-0001", expires=expires), "cell-lab")
        await time.pass_until(trial.clock() + timedelta(minutes=5))
        room.down = False
        await time.pass_until(trial.clock() + timedelta(minutes=20))
        [urgent] = [key for key, one in notices(called.record).items() if one.due.urgency == "urgent"]
        called.asks(c.Acknowledge(key=urgent))
        told.reports(e.ScreeningStarted(at=told.at()))
        await time.pass_until(trial.clock() + timedelta(days=1))
        [opens] = notices(told.record)
        for key, story, name in ((urgent, called, "called-and-acknowledged"), (opens, told, "told-in-the-morning")):
            workflow_id = Notices(trial.participants, time.journeys).id_of(story.id, key)
            await time.journeys.client.get_workflow_handle(workflow_id).result()
            await _keep(time, workflow_id, f"notice-{version}-{name}")


async def _gather(version: str) -> None:
    """Two reminders are told in one message, at first in vain; a third comes meanwhile and is told the next morning."""
    trial, room = Trial(), Mailroom(down=True)
    names(trial, WEBER)
    async with room.open(), virtual_time(trial.participants, trial.clock.move_to, room.send) as time:
        for number in (1, 2, 3):
            story = trial.participant(f"BER-{number:03}").consents()
            story.reports(e.ScreeningStarted(at=story.at()))
            if number == 2:
                await time.pass_until(trial.clock() + timedelta(days=1))
        room.down = False
        await time.pass_until(trial.clock() + timedelta(days=2))
        workflow_id = Notices(trial.participants, time.journeys).id_of_digest(Whose(site="BER", person="m-weber"))
        await time.journeys.client.get_workflow_handle(workflow_id).result()
        await _keep(time, workflow_id, f"digest-{version}-told-on-two-mornings")


async def _keep(time: VirtualTime, workflow_id: str, name: str) -> None:
    history = json.loads((await time.journeys.client.get_workflow_handle(workflow_id).fetch_history()).to_json())
    FOSSILS.mkdir(parents=True, exist_ok=True)
    (FOSSILS / f"{name}.json").write_text(json.dumps(_without_places(history), indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run({"journey": _live, "notice": _tell, "digest": _gather}[sys.argv[1]](sys.argv[2]))
