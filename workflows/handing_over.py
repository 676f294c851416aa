"""How messages are handed over: by which queue, what goes first, and how Temporal learns that somebody is still at it."""

import asyncio
from datetime import timedelta

from temporalio import activity
from temporalio.common import Priority

from domain.letters import Letter
from domain.words import Channel
from workflows.sending import Send

AN_ATTEMPT = timedelta(minutes=15)
"""How long handing over and recording may take before it is done anew, under the same message id. A mail server may take ten minutes."""
STILL_AT_IT = timedelta(seconds=60)
"""Whoever has not said for so long that it is still at it was cut off, and another does it anew."""
SAYS_SO_EVERY_SECONDS = 10
FIRST, IN_TURN = Priority(priority_key=2), Priority(priority_key=3)
"""What is urgent, and what only needs the ledger, goes before what can wait."""


def queue_for(queue: str, channel: Channel) -> str:
    """Where what goes by a channel is handed over: a mail server that does not answer never keeps a pager waiting."""
    return f"{queue}-{channel}"


def saying_so(send: Send) -> Send:
    """Hand over by `send`, and say meanwhile that somebody is still at it."""

    async def hand_over(letter: Letter) -> None:
        saying = asyncio.create_task(_say_so())
        try:
            await send(letter)
        finally:
            saying.cancel()

    return hand_over


async def _say_so() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(SAYS_SO_EVERY_SECONDS)
