"""What browsers hear when the answers have changed, or another minute has come: one look for everybody who listens, and one word to each.

What is overdue or due is reckoned by the clock, in whole minutes: a list is right for no longer than that, whatever is recorded.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import NamedTuple

from app.wiring import Clock
from projections.views import Views
from store.errors import StoreError

LOOKS_EVERY_SECONDS = 0.02
"""How soon a change is heard of, whichever process keeps the views."""
SAYS_AT_MOST_EVERY_SECONDS = 1.0
STILL_HERE_EVERY_SECONDS = 20.0
"""How often a word is said that means nothing, so that nobody on the way takes the line for dead."""
CHANGED, STILL_HERE = b"event: changed\ndata: 1\n\n", b": still here\n\n"


class Told(NamedTuple):
    """What a page tells of: everything up to a position of the ledger, as it stood in a minute of its clock."""

    position: int
    minute: int

    def before(self, other: "Told") -> bool:
        """Whether the other tells of more, or of a later minute."""
        return self.position < other.position or self.minute < other.minute


def minute_of(instant: datetime) -> int:
    """The minute that an instant lies in."""
    return int(instant.timestamp() // 60)


class Pulse:
    """Knows how far the views tell and which minute it is, as long as anybody listens."""

    def __init__(self, views: Views, clock: Clock) -> None:
        self._views, self._clock = views, clock
        self._moved = asyncio.Condition()
        self._told, self._listeners = Told(-1, -1), 0
        self._looking: asyncio.Task[None] | None = None

    async def changes(self, since: Told, lets: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Server-sent events: one whenever a page would show something else than before, but never a flood of them.

        It ends once whoever listens is let no more, as `lets` is asked before each word.

        What came `since` the page was shown, before it listened or while the line was broken, is said at once.
        """
        self._listeners += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        heard = since
        try:
            yield STILL_HERE
            while True:
                changed = await self._later_than(heard)
                heard = self._told
                if not await asyncio.to_thread(lets):
                    return
                yield CHANGED if changed else STILL_HERE
                await asyncio.sleep(SAYS_AT_MOST_EVERY_SECONDS if changed else 0)
        finally:
            self._listeners -= 1

    async def _later_than(self, heard: Told) -> bool:
        async with self._moved:
            try:
                await asyncio.wait_for(self._moved.wait_for(lambda: heard.before(self._told)), STILL_HERE_EVERY_SECONDS)
            except TimeoutError:
                return False
        return True

    async def _look(self) -> None:
        """Look until nobody listens any more."""
        try:
            while self._listeners:
                found = Told(await asyncio.to_thread(self._position), minute_of(self._clock()))
                if found != self._told:
                    async with self._moved:
                        self._told = found
                        self._moved.notify_all()
                await asyncio.sleep(LOOKS_EVERY_SECONDS)
        finally:
            self._looking = None

    def _position(self) -> int:
        """The position up to which the views tell; where that cannot be found out just now, the one that is known."""
        try:
            return self._views.position()
        except StoreError:
            return self._told.position
