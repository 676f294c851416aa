"""Every test of a chart begins with participants of its own: one to be confirmed, one before the infusion, one after it, one elsewhere."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from domain import events as e
from tests.app.web.at_the_door import Desk, at_a_new_desk, at_the_door
from tests.builders import Clock


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, datetime]:
    """The folder of a record that tells of them, and when it ends."""
    folder = tmp_path_factory.mktemp("charts") / "daybook"
    with at_a_new_desk(folder, Clock()) as desk:
        trial = desk.trial
        trial.participant("SAO-001", "SAO")
        after = trial.participant("BER-003").is_ready().is_infused()
        trial.participant("BER-001").is_ready()
        after.advances()
        trial.clock.move(hours=8)
        screened = trial.participant("BER-002").consents()
        screened.reports(e.ScreeningStarted(at=screened.at()))
        screened.is_screened()
        desk.catches_up()
    return folder, trial.clock()


@pytest.fixture
def desk(told: tuple[Path, datetime], tmp_path: Path) -> Iterator[Desk]:
    folder, ends = told
    shutil.copytree(folder, tmp_path / "daybook")
    with at_the_door(tmp_path / "daybook", Clock(ends)) as desk:
        yield desk.seats("m-weber")
