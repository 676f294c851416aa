"""The processes as they run in real life: started, looked at, told to stop."""

import json
import os
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from app.cli.processes import processes
from domain.study import TimeZoneDataAdopted
from store.ledger import Ledger
from store.studies import StudyFiles
from store.study import StudyDesk
from tests.app.at_the_desk import Desk
from tests.app.cli.test_answers import told
from tests.app.cli.test_faults import ALTERED, behind_the_back_of
from tests.builders import STUDY, by_

pytestmark = pytest.mark.slow
PATIENCE_SECONDS = 90


@pytest.mark.parametrize("told_by", [signal.SIGTERM, signal.SIGINT])
def test_the_whole_stack_shows_a_synthetic_study_and_stops_when_told(tmp_path: Path, told_by: signal.Signals) -> None:
    with running(tmp_path, "up", "--demo") as stack:
        waits_for(lambda: "Infusion is held" in stack.said and "cleared" in stack.said, stack)
        page = stack.said
        for words in ("synthetic participants", "Urgent:", "Overdue:", "Due:", "Waiting:", "Soon:", "To review:", "revoked"):
            assert words in page
        assert status(tmp_path, code=0)["temporal_answers"] is True
        assert stack.stops(told_by) == 0
    assert stack.complaints == ""
    assert status(tmp_path, code=3)["temporal_answers"] is False


def test_a_stack_without_a_study_starts_empty_says_what_is_next_and_goes_on_once_the_study_is_open(tmp_path: Path) -> None:
    with running(tmp_path, "up") as stack:
        waits_for(lambda: "make the first account with the code" in stack.said and "daybook study open" in stack.said, stack)
        said(tmp_path, "study", "open", "--as", "administrator:root")
        waits_for(lambda: "There is nothing to do" in stack.said or "Daybook cd19-cart-sle" in stack.said, stack)
        assert stack.stops() == 0
    assert stack.complaints == ""


def test_a_stack_that_is_started_again_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with running(tmp_path, "up", "--demo") as stack:
        waits_for(lambda: "Infusion is held" in stack.said, stack)
        assert stack.stops() == 0
    before = status(tmp_path, code=3)["verification"]
    with running(tmp_path, "up", "--demo") as stack:
        waits_for(lambda: "Infusion is held" in stack.said, stack)
        assert stack.stops() == 0
    after = status(tmp_path, code=3)["verification"]
    assert after["streams"] == before["streams"]
    assert after["damage"] == []


def test_a_stack_whose_port_is_taken_leaves_nothing_behind_and_starts_afresh_later(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", port_of(tmp_path))):
        refused = subprocess.run([PROGRAM, "up", "--demo"], env=around(tmp_path, None), capture_output=True, text=True, check=False)
        assert refused.returncode == 3
        assert refused.stderr.startswith(f"Something listens at 127.0.0.1:{port_of(tmp_path)} already. Stop it")
        assert not (tmp_path / "daybook").exists()
    with running(tmp_path, "up", "--demo") as stack:
        waits_for(lambda: "Infusion is held" in stack.said, stack)
        assert stack.stops() == 0


def test_each_part_runs_by_itself_on_a_temporal_server(desk: Desk, temporal_server: str) -> None:
    desk.planned()
    told(desk)
    with (
        running(desk.folder.parent, "worker", temporal=temporal_server) as worker,
        running(desk.folder.parent, "relay", temporal=temporal_server) as relay,
        running(desk.folder.parent, "project", temporal=temporal_server) as project,
    ):
        waits_for(lambda: "step-held" in desk.kinds(), worker, relay, project)
        waits_for(lambda: status(desk.folder.parent, temporal=temporal_server)["feed_lag"] == 0, worker, relay, project)
        found = status(desk.folder.parent, temporal=temporal_server)
        assert (found["feed_lag"], found["parked"]) == (0, [])
        assert "BER-001" in said(desk.folder.parent, "journeys", "list", temporal=temporal_server)
        assert said(desk.folder.parent, "journeys", "rebuild", temporal=temporal_server) == "Nudged 1 journey.\n"
        assert [part.stops() for part in (worker, relay, project)] == [0, 0, 0]
    lines = worker.complaints + relay.complaints + project.complaints
    assert "participant=BER-001" in lines


def test_the_status_is_trouble_while_a_journey_stays_behind(desk: Desk, temporal_server: str) -> None:
    desk.planned("SAO-001")
    told(desk)
    folder = desk.folder.parent
    with running(folder, "worker", temporal=temporal_server) as worker, running(folder, "project", temporal=temporal_server) as project:
        found = status(folder, code=3, temporal=temporal_server)
        assert (found["temporal_answers"], found["journeys_behind"]) == (True, ["SAO-001"])
        assert "Behind    the journey of SAO-001" in said(folder, "status", code=3, temporal=temporal_server)
        said(folder, "journeys", "rebuild", temporal=temporal_server)
        waits_for(lambda: "step-held" in desk.kinds("SAO-001"), worker, project)
        assert status(folder, code=0, temporal=temporal_server)["journeys_behind"] == []
        with desk.ledger() as ledger:
            desk_of(ledger).record((TimeZoneDataAdopted(version="1999a"),), by_("administrator", uuid4()))
        assert status(folder, code=3, temporal=temporal_server)["time_zone_data_differs"] is True


def desk_of(ledger: Ledger) -> StudyDesk:
    return StudyDesk(ledger, StudyFiles(), STUDY, program="test", time_zone_data="test")


def test_views_that_are_kept_are_looked_through_from_the_start(desk: Desk) -> None:
    desk.consented("BER-001")
    told(desk)
    with behind_the_back_of(desk) as database:
        database.execute(ALTERED)
    with running(desk.folder.parent, "project") as project:
        waits_for(lambda: "Entry 3 cannot be shown" in desk("worklist").stdout, project)
        assert project.stops() == 0


def test_every_process_is_explained() -> None:
    assert all(one.callback is not None and one.callback.__doc__ for one in processes.registered_commands)


class Running:
    """A process under test, with what it has said so far."""

    def __init__(self, folder: Path, typed: tuple[str, ...], environment: dict[str, str]) -> None:
        self.folder = folder
        self._out, self._err = folder / f"{typed[0]}.out", folder / f"{typed[0]}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen([PROGRAM, *typed], cwd=folder, env=environment, stdout=out, stderr=err)

    @property
    def said(self) -> str:
        return self._out.read_text()

    @property
    def complaints(self) -> str:
        return self._err.read_text()

    def stops(self, told_by: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(told_by)
        return self.process.wait(timeout=PATIENCE_SECONDS)


PROGRAM = str(Path(sysconfig.get_path("scripts"), "daybook"))


@contextmanager
def running(folder: Path, *typed: str, temporal: str | None = None) -> Iterator[Running]:
    process = Running(folder, typed, around(folder, temporal))
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.process.kill()
            process.process.wait()


def around(folder: Path, temporal: str | None) -> dict[str, str]:
    """The environment of a process that keeps all it has in one folder, and has a port of its own for Temporal."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("DAYBOOK_")}
    server = {"DAYBOOK_TEMPORAL": temporal} if temporal else {"DAYBOOK_TEMPORAL_PORT": str(port_of(folder))}
    return theirs | {"DAYBOOK_FOLDER": str(folder / "daybook"), "DAYBOOK_WEB_PORT": str(port_of(folder, "web"))} | server


def port_of(folder: Path, of: str = "temporal") -> int:
    """A free port, the same for every process of a folder."""
    kept = folder / f"{of}.port"
    if not kept.exists():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            kept.write_text(str(probe.getsockname()[1]))
    return int(kept.read_text())


def said(folder: Path, *typed: str, code: int | None = 0, temporal: str | None = None) -> str:
    asked = subprocess.run([PROGRAM, *typed], env=around(folder, temporal), capture_output=True, text=True, check=False)
    assert code in {None, asked.returncode}, asked.stderr
    return asked.stdout


def status(folder: Path, *, code: int | None = None, temporal: str | None = None) -> Any:
    return json.loads(said(folder, "status", "--json", code=code, temporal=temporal))


def waits_for(happens: Callable[[], bool], *processes: Running) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not happens():
        for one in processes:
            assert one.process.poll() is None, one.complaints
        assert time.monotonic() < deadline, "\n".join(one.said + one.complaints for one in processes)
        time.sleep(0.2)  # awaits another process
