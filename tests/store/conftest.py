"""Every test of the store runs on memory, on an SQLite file and on PostgreSQL, unless it says why not."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg.conninfo import conninfo_to_dict

from store.follow import Bell
from store.ledger import Ledger
from tests.builders import Clock
from tests.store.given import Hand, opened


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Memory belongs to one process; a test that says so runs on the places it names; those that need a server are slow."""
    if "address" in metafunc.fixturenames:
        named = metafunc.definition.get_closest_marker("places")
        places = (
            named.args if named else ("sqlite", "postgresql") if "shared" in metafunc.fixturenames else ("memory", "sqlite", "postgresql")
        )
        slow = [pytest.param(place, marks=pytest.mark.slow) if place == "postgresql" else place for place in places]
        metafunc.parametrize("address", slow, indirect=True)


@pytest.fixture
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    match request.param:
        case "memory":
            return "memory"
        case "sqlite":
            return f"sqlite:///{tmp_path / 'ledger.db'}"
        case _:
            return f"{as_url(request.getfixturevalue('postgres_url'))}&schema=test_{uuid4().hex}"


@pytest.fixture
def shared(address: str) -> str:
    """An address that other processes can open."""
    return address


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(address: str, clock: Clock) -> Iterator[Ledger]:
    ledger = opened(address, clock)
    yield ledger
    ledger.close()


@pytest.fixture
def bell() -> Iterator[Bell]:
    bell = Bell()
    yield bell
    bell.close()


@pytest.fixture
def hand(address: str, ledger: Ledger) -> Iterator[Hand]:
    with Hand(address, ledger).reaching() as hand:
        yield hand


def as_url(conninfo: str) -> str:
    parts = conninfo_to_dict(conninfo)
    return f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}"
