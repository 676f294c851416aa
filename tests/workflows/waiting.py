"""Waiting for another process, by looking again until what is awaited has come about."""

import asyncio
import time
from collections.abc import Awaitable, Callable


async def until(come_about: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not await come_about():  # noqa: ASYNC110 - What is awaited happens in another program.
            await asyncio.sleep(0.02)  # awaits another process


def wait_until(come_about: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not come_about():
        assert time.monotonic() < deadline, f"not within {seconds} seconds"
        time.sleep(0.05)  # awaits another process
