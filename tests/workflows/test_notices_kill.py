"""The one case that SMTP cannot exclude: killed when the mail server has taken a message, and before that is on record."""

import asyncio
from dataclasses import dataclass, field
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from domain import events as e
from domain.study import ProtocolApproved, SiteOpened
from domain.time import to_the_minute
from tests.builders import BERLIN, Story, Trial, by_
from tests.workflows.processes import Processes, running, that_tell
from tests.workflows.telling import WEBER, Mailroom, names
from tests.workflows.test_kill import trial_on
from tests.workflows.waiting import until

A_LOST_ATTEMPT_SECONDS = 150
"""Temporal finds out after a minute that an attempt was lost with its process."""


@dataclass
class Deadly(Mailroom):
    """A mail server whose first client is killed the moment its message is taken."""

    processes: list[Processes] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - The name is aiosmtpd's.
        answer = await super().handle_DATA(server, session, envelope)
        if self.processes:
            await asyncio.to_thread(begin_anew, self.processes.pop())
        return answer


def begin_anew(processes: Processes) -> None:
    """In one go, for with its client gone the server stops what it does for it."""
    processes.kill("notices")
    processes.start("notices")


def planned(trial: Trial) -> Story:
    """At a site where people work around the clock, a collection is planned for which two things are to be told at once."""
    day_and_night = SiteOpened(site="MUN", zone=BERLIN, opens=time(0), closes=time(23, 59))
    trial.participants.desk.record((day_and_night, ProtocolApproved(protocol=1, site="MUN")), by_("administrator", trial.next_id()))
    names(trial, WEBER.model_copy(update={"site": "MUN"}))
    story = trial.participant("MUN-001", "MUN").consents()
    return story.plans("leukapheresis", to_the_minute(trial.clock()) + timedelta(hours=20))


def sent(story: Story) -> list[e.ReminderSent]:
    return [entry.event for entry in story.record.entries if isinstance(entry.event, e.ReminderSent)]


@pytest.mark.slow
def test_a_process_killed_between_sending_and_recording_sends_again_under_the_same_message_id(tmp_path: Path, temporal_server: str) -> None:
    address = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    story, room = planned(trial_on(address)), Deadly()

    async def live() -> None:
        async with room.open():
            commands = that_tell(address, temporal_server, f"test-{uuid4().hex}", room.port)
            with running(commands, tmp_path / "log") as processes:
                room.processes.append(processes)
                await until(lambda: asyncio.to_thread(lambda: len(sent(story)) == 2), A_LOST_ATTEMPT_SECONDS)

    asyncio.run(live())
    ids = sorted(str(message["Message-ID"]) for message in room.taken)
    assert sorted({one.key.split(":")[0] for one in sent(story)}) == ["black-out", "review"]
    assert sorted(set(ids)) == sorted(f"<{one.message}@study.example>" for one in sent(story))
    assert 3 <= len(ids) <= 4, "only what was under way when it was killed came twice"
