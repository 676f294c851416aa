"""When Python looks through its memory for what refers to itself; whoever waits for a page or for leave while it does waits longer."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

EVERY_SECONDS = 60.0
"""How often all that is kept for long is looked through, which takes a twentieth of a second or two."""
NEVER = 2**31 - 1
"""After how many looks at what is young Python would look at what is old by itself: records that are remembered made that frequent."""


async def tidily(part: Coroutine[Any, Any, None], every_seconds: float = EVERY_SECONDS) -> None:
    """Run a part of Daybook in this process; all of its memory is looked through now and then, and not in the middle of things.

    From then on, also after it has ended, Python looks at what is young only by itself.
    """
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, NEVER)
    settle()
    tidying = asyncio.ensure_future(_tidied(every_seconds))
    try:
        await part
    finally:
        tidying.cancel()


def settle() -> None:
    """Have Python leave alone what was loaded by now: it stays as long as the process does."""
    gc.collect()
    gc.freeze()


async def _tidied(every_seconds: float) -> None:
    while True:
        await asyncio.sleep(every_seconds)
        gc.collect()
