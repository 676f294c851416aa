"""Followers of the ledger beside everything else that runs."""

import asyncio

from store.follow import Follower


async def followed(follower: Follower) -> None:
    """Run a follower in a thread of its own until cancelled."""
    running = asyncio.create_task(asyncio.to_thread(follower.run))
    try:
        await asyncio.shield(running)
    finally:
        follower.stop()
        await asyncio.wait([running])
