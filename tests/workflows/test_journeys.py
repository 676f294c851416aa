import asyncio
import socket
from time import monotonic
from uuid import uuid4

import pytest

from tests.conftest import free_port
from tests.workflows.waiting import until
from workflows.journeys import Journeys, NoTemporal, connect


def test_a_missing_server_is_a_plain_sentence() -> None:
    address = f"127.0.0.1:{free_port()}"
    with pytest.raises(NoTemporal) as absent:
        asyncio.run(connect(address))
    assert str(absent.value) == f"No Temporal server answers at {address}. Start it with `daybook up`, or name yours in DAYBOOK_TEMPORAL."


@pytest.mark.slow
def test_a_server_that_accepts_and_never_answers_is_given_up_within_ten_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        began = monotonic()
        with pytest.raises(NoTemporal, match=f"Something listens at {address} and does not answer"):
            asyncio.run(connect(address))
    assert monotonic() - began < 10


@pytest.mark.slow
def test_a_journey_that_no_worker_carries_is_not_called_busy(temporal_server: str) -> None:
    async def ask() -> None:
        journeys = Journeys(await connect(temporal_server), f"test-{uuid4().hex}")
        await journeys.nudge("BER-001")
        await journeys.version("BER-001")

    with pytest.raises(NoTemporal, match=f"The Temporal server at {temporal_server} answers, but no worker does"):
        asyncio.run(ask())


@pytest.mark.slow
def test_a_missing_namespace_is_a_plain_sentence(temporal_server: str) -> None:
    with pytest.raises(NoTemporal, match="has no namespace 'elsewhere'"):
        asyncio.run(connect(temporal_server, "elsewhere"))


@pytest.mark.slow
def test_a_journey_that_never_began_has_read_nothing(temporal_server: str) -> None:
    async def ask() -> int | None:
        return await Journeys(await connect(temporal_server), f"test-{uuid4().hex}").version("BER-001")

    assert asyncio.run(ask()) is None


@pytest.mark.slow
def test_journeys_that_nobody_works_for_are_listed_and_do_not_answer(temporal_server: str) -> None:
    async def ask() -> None:
        journeys = Journeys(await connect(temporal_server), f"test-{uuid4().hex}")
        await journeys.nudge("BER-002")
        await journeys.nudge("BER-001")

        async def both_are_listed() -> bool:
            return len(await journeys.list()) == 2

        await until(both_are_listed)
        assert [(one.participant_id, one.status) for one in await journeys.list()] == [("BER-001", "running"), ("BER-002", "running")]

    asyncio.run(ask())
