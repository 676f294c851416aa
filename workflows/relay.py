"""The relay: follows the ledger, nudges the journey of whomever a new entry concerns, and begins the notices of what fell due.

Its position never passes an entry whose nudge is not sent, so a relay that dies sends again what it had not sent, and nothing
else need be kept. The position is kept under the id of Temporal's namespace: on a server that has lost its journeys, or is
another one, there is no position yet, and every participant is nudged once.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zlib import crc32

import structlog

from domain.entry import Entry
from domain.events import ReminderDue, SendingAgainAsked
from domain.participant import PARTICIPANT
from domain.record import OF_TELLING
from store.errors import Fault, LostLease, in_plain_words
from store.follow import Batch, Follower
from store.ledger import Unreadable
from store.participants import Participants
from store.recorder import Claim
from workflows.journeys import Journeys, NoTemporal
from workflows.notices import Notices
from workflows.nudges import AT_ONCE, Nudges

PER_SECOND = 50
"""How many participants are nudged in a second when all of them are: about what two cores carry."""
LOOKS_EVERY_SECONDS = 5.0
"""How often the relay asks whether the server still has its journeys."""
ROUNDS_EVERY_SECONDS = 60.0
AWAY = timedelta(hours=1)
"""A relay that was away for no longer misses nobody's daily nudge."""
DAY = timedelta(days=1)
A_MIDNIGHT = datetime(2000, 1, 1, tzinfo=UTC)
WHENEVER = sys.maxsize
"""The position of a nudge that no entry asked for."""

log = structlog.get_logger()


async def rebuild(participants: Participants, journeys: Journeys) -> list[str]:
    """Nudge every participant now, by hand, and say who they are. Raises NoTemporal."""
    everybody = await asyncio.to_thread(participants.ids)
    queue, notices = asyncio.Semaphore(AT_ONCE), Notices(participants, journeys)

    async def nudge(participant_id: str) -> None:
        async with queue:
            await journeys.nudge(participant_id)
            await notices.begin(participant_id)

    await asyncio.gather(*map(nudge, everybody))
    return everybody


class Relay:
    """Nudges the participants of one study. Any number may run; one works, the others stand by."""

    def __init__(self, participants: Participants, journeys: Journeys) -> None:
        self._participants = participants
        self._ledger = participants.ledger
        self._journeys = journeys
        self._begin_notices = Notices(participants, journeys).begin
        self._claim, self._read = Claim(0, 0), 0

    async def run(self) -> None:
        """Follow the ledger until cancelled, whatever becomes of the Temporal server."""
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                await self._serve(await self._journeys.namespace_id())
            except* (Fault, LostLease) as troubles:
                for trouble in troubles.exceptions:
                    _report(trouble)
            await asyncio.sleep(1)

    async def caught_up(self) -> bool:
        """Whether everybody has been nudged about every entry that stands in the ledger now."""
        head = await asyncio.to_thread(self._ledger.head)
        return self._claim.position >= head

    async def _serve(self, namespace: str) -> None:
        """Relay to one database of Temporal; ends by the fault that the server has another, or by losing the lease."""
        name = f"relay-{namespace}"
        self._claim, self._read, self._changed, self._serving = Claim(0, 0), 0, asyncio.Event(), True
        async with asyncio.TaskGroup() as group:
            self._nudges = Nudges(self._journeys.nudge, group, self._changed)
            self._notices = Nudges(self._begin_notices, group, self._changed)
            group.create_task(self._follow(name))
            group.create_task(self._keep_position(name))
            group.create_task(self._nudge_daily())
            group.create_task(self._watch(namespace))

    async def _follow(self, name: str) -> None:
        follower = Follower(self._ledger, name, self, _report)
        following = asyncio.create_task(asyncio.to_thread(follower.run))
        try:
            await asyncio.shield(following)
        finally:
            self._serving = False
            follower.stop()
            await asyncio.wait([following])

    def begin(self, claim: Claim) -> int:
        """Called by the follower, in its own thread. Without a position, everybody is nudged about all there is."""
        start = claim.position or self._ledger.head()
        everybody = [] if claim.position else self._participants.ids()
        self._loop.call_soon_threadsafe(self._if_serving, self._begun, claim, start, everybody)
        return start

    def take(self, batch: Batch) -> None:
        """Called by the follower, in its own thread; the position follows when the nudges are sent."""
        of_the_study = next((entry.position for entry in batch if entry.stream == self._participants.desk.stream), None)
        everybody = self._participants.ids() if of_the_study is not None else []
        self._loop.call_soon_threadsafe(self._if_serving, self._taken, batch, everybody, of_the_study or WHENEVER)

    def _if_serving(self, note: Callable[..., None], *news: object) -> None:
        """What the follower's thread still hands over while the relay ends is left for whoever relays next."""
        if self._serving:
            note(*news)

    def _begun(self, claim: Claim, start: int, everybody: list[str]) -> None:
        self._claim, self._read = claim, start
        self._want_one_by_one(everybody, 1)
        self._changed.set()

    def _taken(self, batch: Batch, everybody: list[str], of_the_study: int) -> None:
        concerned = _concerned(batch)
        for participant_id, position in concerned.items():
            self._nudges.want(participant_id, position)
        for participant_id, position in _reminded(batch).items():
            self._notices.want(participant_id, position)
        self._want_one_by_one(everybody, of_the_study)
        self._read = batch[-1].position
        self._changed.set()
        log.info("relayed", entries=len(batch), participants=len({*concerned, *everybody}), position=self._read)

    def _want_one_by_one(self, everybody: list[str], position: int) -> None:
        """Spread over time, because what they all wake up to do costs more than the nudge."""
        for place, participant_id in enumerate(everybody):
            self._nudges.want(participant_id, position, place / PER_SECOND)
            self._notices.want(participant_id, position, place / PER_SECOND)

    async def _keep_position(self, name: str) -> None:
        while await self._changed.wait():
            self._changed.clear()
            claim, oldest = self._claim, min(filter(None, (self._nudges.oldest, self._notices.oldest)), default=None)
            told = min(self._read, oldest - 1) if oldest is not None else self._read
            if told > claim.position:
                await asyncio.to_thread(self._move, name, claim, told)
                self._claim = Claim(claim.token, told) if self._claim is claim else self._claim

    def _move(self, name: str, claim: Claim, told: int) -> None:
        with in_plain_words():
            moved = self._ledger.recorder.move(name, claim.token, claim.position, told)
        if not moved:
            raise LostLease(name)

    async def _nudge_daily(self) -> None:
        since = self._ledger.clock() - AWAY
        while True:
            now = self._ledger.clock()
            everybody = await asyncio.to_thread(self._participants.ids) if self._claim.token else []
            for participant_id in of_the_day(everybody, since, now):
                self._nudges.want(participant_id, WHENEVER)
                self._notices.want(participant_id, WHENEVER)
            since = now
            await asyncio.sleep(ROUNDS_EVERY_SECONDS)

    async def _watch(self, namespace: str) -> None:
        found = namespace
        while found == namespace:
            await asyncio.sleep(LOOKS_EVERY_SECONDS)
            with suppress(NoTemporal):
                found = await self._journeys.namespace_id()
        raise NoTemporal("The Temporal server has another database than before. Every participant is nudged, so every journey begins anew.")


def _concerned(batch: Iterable[Entry[Any] | Unreadable]) -> dict[str, int]:
    """Each participant with news that the journey did not write itself, and the position of the first; damage is news.

    Who was told of what is none: a thousand reminders that are sent would wake a thousand journeys, and delay the leave for a step.
    """
    concerned: dict[str, int] = {}
    for entry in batch:
        no_news = isinstance(entry, Entry) and (entry.circumstances.source == "journey" or isinstance(entry.event, OF_TELLING))
        if entry.stream.startswith(PARTICIPANT) and not no_news:
            concerned.setdefault(entry.stream.removeprefix(PARTICIPANT), entry.position)
    return concerned


def _reminded(batch: Iterable[Entry[Any] | Unreadable]) -> dict[str, int]:
    """Each participant for whom a reminder has fallen due, or is to be sent again, and the position of the first."""
    reminded: dict[str, int] = {}
    for entry in batch:
        due = isinstance(entry, Entry) and isinstance(entry.event, ReminderDue) and not entry.event.skipped
        if due or (isinstance(entry, Entry) and isinstance(entry.event, SendingAgainAsked)):
            reminded.setdefault(entry.stream.removeprefix(PARTICIPANT), entry.position)
    return reminded


def of_the_day(everybody: Iterable[str], since: datetime, now: datetime) -> list[str]:
    """Whose time of day has come: everybody is nudged once a day, each at a time of their own, so whatever was lost is found again."""
    return [participant_id for participant_id in everybody if _day_of(participant_id, since) < _day_of(participant_id, now)]


def _day_of(participant_id: str, instant: datetime) -> int:
    """Days counted from a participant's own time of day."""
    return (instant - A_MIDNIGHT - timedelta(seconds=crc32(participant_id.encode()) % DAY.total_seconds())) // DAY


def _report(trouble: BaseException) -> None:
    log.warning("relay-interrupted", error=type(trouble).__name__, says=str(trouble))
