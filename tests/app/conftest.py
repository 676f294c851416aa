"""Every test of the command line begins with a study of its own, copied from one that was opened once."""

import shutil
from pathlib import Path

import pytest

from tests.app.at_the_desk import Desk
from tests.builders import START, Clock


@pytest.fixture(scope="session")
def opened_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("opened") / "daybook"
    Desk(folder, Clock(START)).opens()
    return folder


@pytest.fixture
def desk(opened_study: Path, tmp_path: Path) -> Desk:
    folder = tmp_path / "daybook"
    shutil.copytree(opened_study, folder)
    return Desk(folder, Clock(START))


@pytest.fixture
def empty_desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "daybook", Clock(START))
