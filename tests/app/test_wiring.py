"""The master key is made with the ledger and never again, wherever the ledger lives."""

from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from app.settings import Settings
from app.wiring import opened
from store.errors import Missing
from tests.app.at_the_desk import Desk
from tests.builders import Clock
from tests.store.conftest import as_url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    folder = tmp_path / "daybook"
    if request.param == "sqlite":
        return Settings(folder=folder)
    return Settings(folder=folder, ledger=as_url(request.getfixturevalue("postgres")))


def test_the_master_key_is_made_with_the_ledger_and_a_lost_one_is_never_replaced(settings: Settings) -> None:
    with opened(settings, Clock(), create=True) as daybook:
        assert daybook.sealing
    settings.keys.unlink()
    with opened(settings, Clock(), create=True) as daybook:
        assert not daybook.sealing
    assert not settings.keys.exists()


@pytest.mark.slow
def test_no_master_key_is_made_for_a_database_that_is_not_there(tmp_path: Path, postgres: str) -> None:
    settings = Settings(folder=tmp_path, ledger=as_url(make_conninfo(postgres, dbname="nowhere")))
    with pytest.raises(Missing), opened(settings, Clock(), create=True):
        pass
    assert not settings.keys.exists()


def test_the_loss_of_the_master_key_is_hidden_by_nothing_that_is_asked_later(desk: Desk) -> None:
    key = desk.folder / "master.key"
    key.unlink()
    desk("study", "open", code=2, who="administrator:root")
    said = desk("up", code=3).stderr
    assert said.startswith(f"There is no master key at {key}: no contact data can be recorded, and those on record cannot be read.")
    assert not key.exists()
    desk("register", "BER-001", "BER", "--identify", answering="Annegret\n\n\n", code=3)
    desk("register", "BER-001", "BER")
