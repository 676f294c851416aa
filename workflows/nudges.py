"""Nudges under way: many at once, each repeated until it was sent, none waiting for the failure of another."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from store.errors import Fault

AT_ONCE = 32
LATE_AT_ONCE = 8
"""Nudges that have failed before queue by themselves, so that they hold up nobody."""
LONGEST_PAUSE_SECONDS = 60.0

log = structlog.get_logger()


class Nudges:
    """Whom to nudge, and since which entry each of them waits for it. Lives in one event loop."""

    def __init__(self, send: Callable[[str], Awaitable[None]], group: asyncio.TaskGroup, changed: asyncio.Event) -> None:
        self._send = send
        self._group = group
        self._changed = changed
        self._waiting: dict[str, int] = {}
        self._sending: dict[str, int] = {}
        self._under_way: set[str] = set()
        self._first, self._late = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(LATE_AT_ONCE)

    @property
    def oldest(self) -> int | None:
        """The position of the first entry that somebody has not been nudged about."""
        return min((*self._waiting.values(), *self._sending.values()), default=None)

    def want(self, participant_id: str, position: int, after_seconds: float = 0.0) -> None:
        """Nudge a participant because of the entry at a position. Several wants that meet become one nudge."""
        self._waiting[participant_id] = min(position, self._waiting.get(participant_id, position))
        self._group.create_task(self._begin(participant_id, after_seconds))

    async def _begin(self, participant_id: str, after_seconds: float) -> None:
        await asyncio.sleep(after_seconds)
        if participant_id not in self._under_way:
            self._under_way.add(participant_id)
            await self._deliver(participant_id)
            self._under_way.remove(participant_id)

    async def _deliver(self, participant_id: str) -> None:
        pause, queue = 1.0, self._first
        while participant_id in self._waiting:
            async with queue:
                sent = await self._sent(participant_id)
            if not sent:
                await asyncio.sleep(pause)
                pause, queue = min(2 * pause, LONGEST_PAUSE_SECONDS), self._late

    async def _sent(self, participant_id: str) -> bool:
        """A want that arrives while the nudge is on its way is not covered by it."""
        position = self._sending[participant_id] = self._waiting.pop(participant_id)
        try:
            await self._send(participant_id)
        except Fault as fault:
            log.warning("nudge-failed", participant=participant_id, says=str(fault))
            self._waiting[participant_id] = min(position, self._waiting.get(participant_id, position))
            return False
        finally:
            del self._sending[participant_id]
            self._changed.set()
        return True
