import asyncio
from collections.abc import Awaitable, Callable

from workflows.journeys import NoTemporal
from workflows.nudges import AT_ONCE, Nudges

Send = Callable[[str], Awaitable[None]]


async def sending(send: Send, wanted: Callable[[Nudges], None]) -> Nudges:
    """Every nudge that is wanted has been sent in the end."""
    async with asyncio.TaskGroup() as group:
        nudges = Nudges(send, group, asyncio.Event())
        wanted(nudges)
    return nudges


def test_wants_that_meet_become_one_nudge() -> None:
    sent: list[str] = []

    async def send(participant_id: str) -> None:
        sent.append(participant_id)

    def wanted(nudges: Nudges) -> None:
        for position in (7, 3, 9):
            nudges.want("BER-001", position)
        assert nudges.oldest == 3

    assert asyncio.run(sending(send, wanted)).oldest is None
    assert sent == ["BER-001"]


def test_news_that_arrive_while_a_nudge_is_on_its_way_are_nudged_about_again() -> None:
    sent: list[str] = []
    nudging: list[Nudges] = []

    async def send(participant_id: str) -> None:
        if not sent:
            nudging[0].want(participant_id, 8)
            assert nudging[0].oldest == 7, "what is on its way has not been sent"
        sent.append(participant_id)

    def wanted(nudges: Nudges) -> None:
        nudging.append(nudges)
        nudges.want("BER-001", 7)

    asyncio.run(sending(send, wanted))
    assert sent == ["BER-001", "BER-001"]


def test_one_that_fails_is_repeated_and_holds_up_nobody() -> None:
    sent: list[str] = []

    async def send(participant_id: str) -> None:
        if participant_id == "BER-001" and "BER-002" not in sent:
            raise NoTemporal("busy")
        sent.append(participant_id)

    def wanted(nudges: Nudges) -> None:
        nudges.want("BER-001", 1)
        nudges.want("BER-002", 2)

    asyncio.run(sending(send, wanted))
    assert sent == ["BER-002", "BER-001"]


def test_the_position_waits_for_the_one_that_fails() -> None:
    attempts: list[int | None] = []
    nudging: list[Nudges] = []

    async def send(participant_id: str) -> None:
        if participant_id == "BER-001":
            attempts.append(nudging[0].oldest)
            if len(attempts) == 1:
                raise NoTemporal("busy")

    def wanted(nudges: Nudges) -> None:
        nudging.append(nudges)
        nudges.want("BER-001", 1)
        nudges.want("BER-002", 2)

    asyncio.run(sending(send, wanted))
    assert attempts == [1, 1]


def test_only_so_many_are_under_way_at_once() -> None:
    under_way: set[str] = set()
    most = 0

    async def send(participant_id: str) -> None:
        nonlocal most
        under_way.add(participant_id)
        most = max(most, len(under_way))
        for _ in range(3):
            await asyncio.sleep(0)  # awaits another process
        under_way.remove(participant_id)

    def wanted(nudges: Nudges) -> None:
        for number in range(200):
            nudges.want(f"BER-{number:03}", number)

    asyncio.run(sending(send, wanted))
    assert most == AT_ONCE


def test_a_fact_does_not_wait_for_the_nudge_that_is_spread_over_time() -> None:
    async def wait_for_the_first() -> None:
        sent = asyncio.Event()

        async def send(participant_id: str) -> None:  # noqa: ARG001 - It is sent, whoever it is for.
            sent.set()

        def wanted(nudges: Nudges) -> None:
            nudges.want("BER-001", 1, after_seconds=3600)
            nudges.want("BER-001", 2)

        task = asyncio.create_task(sending(send, wanted))
        await asyncio.wait_for(sent.wait(), 10)
        task.cancel()

    asyncio.run(wait_for_the_first())
