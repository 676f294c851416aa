"""When Python looks through its memory for what refers to itself; whoever asks for a page while it does has to wait."""

import asyncio
import gc

EVERY_SECONDS = 60.0
"""How often all that is kept for long is looked through, which takes a twentieth of a second or two."""
NEVER = 2**31 - 1
"""After how many looks at what is young Python would look at what is old by itself: records that are remembered made that frequent."""


def settle() -> None:
    """Have Python leave alone what was loaded by now, and look at what is old only when `tidied` has it do so."""
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, NEVER)


async def tidied(every_seconds: float = EVERY_SECONDS) -> None:
    """Look through everything now and then, until cancelled."""
    while True:
        await asyncio.sleep(every_seconds)
        gc.collect()
