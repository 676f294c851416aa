"""A copy of a small study, made once, and copied for whoever alters it."""

import shutil
from pathlib import Path

import pytest

from tests.app.at_the_desk import Desk
from tests.builders import START, Clock

AUDITOR = "auditor:r-haas"


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Two participants, some heads, a renewed key."""
    desk = Desk(tmp_path_factory.mktemp("told") / "daybook", Clock(START)).opens()
    desk("head")
    desk("register", "BER-001", "BER", "--identify", answering="Annegret Kramer\n+49 30 555\na.kramer@example.org\n")
    desk("consent", "BER-001", "now", "--form", desk.form, "--obtained-by", "Dr. Ito", "--copy-given")
    desk("renew-key")
    desk.consented("SAO-001")
    (desk.folder.parent / "held.txt").write_text(desk("head").stdout)
    desk("screen", "BER-001", "now")
    return desk


@pytest.fixture(scope="session")
def made(told: Desk) -> dict[str, Path]:
    """A copy of the whole ledger, and one of a participant."""
    folder = told.folder.parent
    told("export", str(folder / "study"), "--study", who=AUDITOR)
    told("export", str(folder / "participant"), "--participant", "BER-001", who=AUDITOR)
    return {"study": folder / "study", "participant": folder / "participant"}


@pytest.fixture(params=["study", "participant"])
def copy(request: pytest.FixtureRequest, made: dict[str, Path], tmp_path: Path) -> Path:
    """A copy that can be altered."""
    return shutil.copytree(made[request.param], tmp_path / "copy")


@pytest.fixture
def held(told: Desk, made: dict[str, Path]) -> Path:
    """The head that a site was given before the copies were made."""
    assert made
    return told.folder.parent / "held.txt"
