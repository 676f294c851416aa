"""Whether the parts that pages rest on are there: looked at now and then beside all answers, and told in a banner while they are not."""

import asyncio

from app.travelling import journeys_of
from app.wiring import Daybook
from store.errors import StoreError
from workflows.journeys import NoTemporal

LOOKS_EVERY_SECONDS = 5.0
ANSWERS_WITHIN_SECONDS = 3.0
NO_TEMPORAL = "Temporal does not answer: facts are recorded, but no leave is given and no reminder falls due until it does."
BEHIND = "These pages are behind the record: what was recorded last may be missing here. See that `daybook project` runs."


class Health:
    """Remembers what it found last, so that no page waits for it."""

    def __init__(self, daybook: Daybook) -> None:
        self._daybook = daybook
        self._head_before = 0
        self.says = ""

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOKS_EVERY_SECONDS)

    async def look(self) -> None:
        """Look once at everything; the views are behind where they do not tell what was recorded when they were last looked at."""
        missing = [] if await self._temporal() else [NO_TEMPORAL]
        self.says = " ".join([*missing, *([BEHIND] if await asyncio.to_thread(self._behind) else [])])

    async def _temporal(self) -> bool:
        try:
            async with asyncio.timeout(ANSWERS_WITHIN_SECONDS):
                await journeys_of(self._daybook)
        except (NoTemporal, TimeoutError):
            return False
        return True

    def _behind(self) -> bool:
        try:
            before, self._head_before = self._head_before, self._daybook.ledger.head()
            return self._daybook.views.position() < before
        except StoreError:
            return True
