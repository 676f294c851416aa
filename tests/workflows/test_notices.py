"""Reminders reach people by a real Temporal server and a real mail server."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from domain import events as e
from tests.builders import Story, Trial
from tests.workflows.telling import WEBER, Mailroom, names, told_by
from tests.workflows.waiting import until
from workflows.journeys import Journeys, connect

pytestmark = pytest.mark.slow


async def journeys_on(temporal_server: str) -> Journeys:
    return Journeys(await connect(temporal_server), f"test-{uuid4().hex}")


def on_the_last_day(trial: Trial) -> Story:
    """Ten o'clock on the last day of the screening visit's window: something timely falls due in working hours."""
    story = trial.participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    [closes] = [item.due for item in trial.participants.agenda(story.id)[1].items if item.key.startswith("visit-closes")]
    trial.clock.move_to(closes + timedelta(hours=10))
    return story


def sent(story: Story) -> list[e.ReminderSent]:
    return [entry.event for entry in story.record.entries if isinstance(entry.event, e.ReminderSent)]


def test_a_reminder_that_falls_due_is_mailed_and_that_is_on_record(temporal_server: str) -> None:
    trial = Trial()
    names(trial, WEBER)

    async def recount() -> Story:
        story, journeys = on_the_last_day(trial), await journeys_on(temporal_server)
        async with Mailroom().open() as room, told_by(trial.participants, journeys, room.send):
            await until(lambda: asyncio.to_thread(lambda: len(sent(story)) == 3))
            assert room.to() == ["m.weber@ber.example"] * 3
        return story

    story = asyncio.run(recount())
    assert {one.key.split(":")[0] for one in sent(story)} == {"visit-opens", "visit-closes", "screening-expires"}
    assert {(one.to, one.channel, one.call) for one in sent(story)} == {("m-weber", "mail", 1)}
