import ast
import inspect
import os
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app import settings
from app.cli import daybook
from app.settings import Settings


def test_a_slip_in_the_name_of_a_setting_is_named_and_nothing_runs(tmp_path: Path) -> None:
    said = status(DAYBOOK_LEGDER="sqlite:///x", DAYBOOK_FOLDER=str(tmp_path))
    assert said.exit_code == 2
    assert "There is no setting DAYBOOK_LEGDER. The settings are DAYBOOK_FOLDER, DAYBOOK_LEDGER," in said.stderr


def test_every_setting_that_cannot_be_used_is_named_at_once(tmp_path: Path) -> None:
    said = status(DAYBOOK_LEDGER="mysql://x", DAYBOOK_LOG="loud", DAYBOOK_TEMPORAL_PORT="0", DAYBOOK_FOLDER=str(tmp_path))
    assert said.exit_code == 2
    for sentence in (
        "The setting DAYBOOK_LEDGER cannot be used: a ledger lives at sqlite:///path/to/file or postgresql://…",
        "The setting DAYBOOK_LOG cannot be used",
        "The setting DAYBOOK_TEMPORAL_PORT cannot be used",
    ):
        assert sentence in said.stderr
    assert len(said.stderr.splitlines()) == 4, "what only follows from a complaint is no complaint"


def test_everything_lies_in_the_folder_unless_placed_elsewhere() -> None:
    found = Settings(folder=Path("clinic"), keys=Path("safe/key"))
    assert found.ledger == "sqlite:///clinic/ledger.sqlite"
    assert found.views == Path("clinic/views.sqlite")
    assert found.keys == Path("safe/key")
    assert found.temporal_address == "127.0.0.1:7233"


def test_every_setting_is_explained_in_one_sentence() -> None:
    body = next(
        node for node in ast.parse(inspect.getsource(settings)).body if isinstance(node, ast.ClassDef) and node.name == "Settings"
    ).body
    explained = {
        one.target.id: next_one.value.value
        for one, next_one in pairwise(body)
        if isinstance(one, ast.AnnAssign)
        and isinstance(one.target, ast.Name)
        and isinstance(next_one, ast.Expr)
        and isinstance(next_one.value, ast.Constant)
    }
    assert explained.keys() == Settings.model_fields.keys()
    assert all(str(sentence).endswith(".") for sentence in explained.values())


def status(**env: str) -> Result:
    ours: dict[str, str | None] = {name: None for name in os.environ if name.startswith("DAYBOOK_")}
    return CliRunner().invoke(daybook, ["study", "show"], env=ours | env)


@pytest.mark.parametrize("address", ["temporal", "temporal:port", "host name:7233"])
def test_the_address_of_temporal_is_a_host_and_a_port(address: str, tmp_path: Path) -> None:
    assert "The setting DAYBOOK_TEMPORAL cannot be used" in status(DAYBOOK_TEMPORAL=address, DAYBOOK_FOLDER=str(tmp_path)).stderr


@pytest.mark.parametrize(
    ("issuer", "client", "complaint"),
    [
        ("https://login.example", "daybook", ""),
        ("http://127.0.0.1:9000", "daybook", ""),
        ("http://login.example", "daybook", "DAYBOOK_OIDC_ISSUER cannot be used"),
        ("https://login.example", "", "is asked under the name in DAYBOOK_OIDC_CLIENT"),
    ],
)
def test_an_identity_provider_is_asked_by_a_safe_way_and_under_a_name(tmp_path: Path, issuer: str, client: str, complaint: str) -> None:
    named = {"DAYBOOK_OIDC_CLIENT": client} if client else {}
    said = status(DAYBOOK_FOLDER=str(tmp_path), DAYBOOK_OIDC_ISSUER=issuer, DAYBOOK_OIDC_SECRET_FILE="secret", **named)
    assert ("DAYBOOK_OIDC_ISSUER" in said.stderr) == bool(complaint)
    assert complaint in said.stderr
