"""What browsers hear when the answers have changed: one look at the views for everybody who listens, and one word to each."""

import asyncio
from collections.abc import AsyncIterator, Callable

from projections.views import Views
from store.errors import StoreError

LOOKS_EVERY_SECONDS = 0.05
"""How soon a change is heard of, whichever process keeps the views."""
SAYS_AT_MOST_EVERY_SECONDS = 1.0
STILL_HERE_EVERY_SECONDS = 20.0
"""How often a word is said that means nothing, so that nobody on the way takes the line for dead."""
CHANGED, STILL_HERE = b"event: changed\ndata: 1\n\n", b": still here\n\n"


class Pulse:
    """Knows how far the views tell, as long as anybody listens."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._moved = asyncio.Condition()
        self._position, self._listeners = -1, 0
        self._looking: asyncio.Task[None] | None = None

    async def changes(self, since: int, lets: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Server-sent events: one whenever the views tell more than before, but never a flood of them.

        It ends once whoever listens is let no more, as `lets` is asked before each word.

        A page tells of everything up to a position: what came `since`, before it listened or while the line was broken, is said at once.
        """
        self._listeners += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        heard = since
        try:
            yield STILL_HERE
            while True:
                changed = await self._later_than(heard)
                heard = self._position
                if not await asyncio.to_thread(lets):
                    return
                yield CHANGED if changed else STILL_HERE
                await asyncio.sleep(SAYS_AT_MOST_EVERY_SECONDS if changed else 0)
        finally:
            self._listeners -= 1

    async def _later_than(self, heard: int) -> bool:
        async with self._moved:
            try:
                await asyncio.wait_for(self._moved.wait_for(lambda: self._position > heard), STILL_HERE_EVERY_SECONDS)
            except TimeoutError:
                return False
        return True

    async def _look(self) -> None:
        """Look until nobody listens any more."""
        try:
            while self._listeners:
                found = await asyncio.to_thread(self._now)
                if found != self._position:
                    async with self._moved:
                        self._position = found
                        self._moved.notify_all()
                await asyncio.sleep(LOOKS_EVERY_SECONDS)
        finally:
            self._looking = None

    def _now(self) -> int:
        """The position up to which the views tell; where that cannot be found out just now, the one that is known."""
        try:
            return self._views.position()
        except StoreError:
            return self._position
