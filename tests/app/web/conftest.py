"""Every test of the desk in the browser begins with a study of its own, with people and a participant at each of two sites."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2.profiles import CHEAPEST

from app.demo.people import admit
from tests.app.at_the_desk import Desk as CommandLine
from tests.app.web.at_the_door import Desk, at_the_door
from tests.builders import START, Clock


@pytest.fixture(scope="session")
def peopled_study(opened_study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("peopled") / "daybook"
    shutil.copytree(opened_study, folder)
    typed = CommandLine(folder, Clock(START))
    typed.consented("BER-001")
    typed.consented("SAO-001")
    with at_the_door(folder, Clock(START)) as desk:
        admit(desk.office.daybook, CHEAPEST)
        desk.catches_up()
    return folder


@pytest.fixture
def clock() -> Clock:
    return Clock(START)


@pytest.fixture
def door(peopled_study: Path, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    """A study whose people have accounts."""
    folder = tmp_path / "daybook"
    shutil.copytree(peopled_study, folder)
    with at_the_door(folder, clock) as desk:
        yield desk


@pytest.fixture
def new_door(opened_study: Path, tmp_path: Path, clock: Clock) -> Iterator[Desk]:
    """A study in which nobody has an account yet."""
    folder = tmp_path / "daybook"
    shutil.copytree(opened_study, folder)
    with at_the_door(folder, clock) as desk:
        yield desk
