"""Tests of the views run on ledgers in SQLite and in PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from projections.views import Views
from store.keys import Keyring
from store.ledger import Ledger
from tests.builders import Clock, Trial
from tests.projections.given import fed, views_at
from tests.store.conftest import as_url
from tests.store.given import Hand


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    return as_url(request.getfixturevalue("postgres"))


@pytest.fixture
def trial(address: str) -> Iterator[Trial]:
    clock = Clock()
    ledger = Ledger.open(address, clock=clock, keys=Keyring(b"k" * 32))
    yield Trial(clock, ledger)
    ledger.close()


@pytest.fixture
def hand(address: str, trial: Trial) -> Iterator[Hand]:
    with Hand(address, trial.participants.ledger).reaching() as hand:
        yield hand


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Views]:
    """Views that nobody has built yet."""
    views = views_at(tmp_path / "views.db")
    yield views
    views.close()


@pytest.fixture
def views(trial: Trial, empty: Views) -> Iterator[Views]:
    """Views that a feed keeps up to date."""
    with fed(trial, empty):
        yield empty
