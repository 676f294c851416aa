"""The notices' hands: reading what is to be told, handing messages over, recording what became of them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from temporalio import activity

from domain.base import Value
from domain.contacts import ContactNamed
from domain.letters import Letter, letter
from domain.notices import Notice, by_channel, called, message_id, told_in_call_from, told_with_others, turn
from domain.record import Record
from domain.words import Channel, Name
from store.errors import StoreError
from store.participants import Participants
from workflows.few_words import in_few_words
from workflows.outcomes import CameTo, clock_of, noted, outcome

LONGEST_WAIT = timedelta(days=1)
"""A notice looks again after no longer: dates may have moved."""
SHORTEST_WAIT = timedelta(seconds=1)
AT_NIGHT = "outside working hours"

Send = Callable[[Letter], Awaitable[None]]
"""Hands a message over, or raises NotNow or RefusedForGood."""
log = structlog.get_logger()


class NotNow(Exception):
    """A message could not be handed over, and perhaps later can; says by a name or a number why, and nothing of the record."""


class RefusedForGood(Exception):
    """The other side will never take the message: the mailbox does not exist, or wants nothing more."""


class About(Value):
    """Which notice: a participant's code, and the tag of the reminder."""

    participant: str
    tag: str


class Telling(Value):
    """Whom to tell in which call, by which channel, and whether that goes before what can wait."""

    about: About
    person: Name
    call: int
    channel: Channel
    urgent: bool = False


class Came(Value):
    """What came of telling somebody: handed over, refused for good, or given up after days; and whether that is on record."""

    telling: Telling
    to: CameTo
    recorded: bool = False


class Outlook(Value):
    """All that the workflow is told: whom to tell now, how long to wait before looking again, and whether nothing is left after that.

    `last`: once what is under way has ended, nobody need look again. So it is of what is finished, too: a call that ended while somebody
    looked is on record already.
    """

    tell: tuple[Telling, ...]
    wait: timedelta | None
    finished: bool
    last: bool = False


NOBODY_LEFT = Outlook(tell=(), wait=None, finished=True, last=True)


class Sending:
    """What a worker does for the notices of one study."""

    def __init__(self, participants: Participants, send: Send) -> None:
        self._participants = participants
        self._send = send

    @activity.defn
    async def look(self, about: About) -> Outlook:
        """What is to be done about a notice now; what only needs to be recorded is recorded first."""
        with in_few_words("look-failed", StoreError, participant=about.participant):
            return await asyncio.to_thread(looked, self._participants, about)

    @activity.defn
    async def tell(self, telling: Telling) -> Came | None:
        """Tell one person, unless that is on record or nobody needs to be told any more. Whatever may pass is tried again.

        What came of it is recorded at once; only where that cannot be done just now it is left to do, so that nothing is sent twice.
        """
        with in_few_words("notice-not-sent-yet", StoreError, NotNow, participant=telling.about.participant):
            return await self._tell(telling)

    @activity.defn
    async def record(self, came: Came) -> None:
        """Record what came of telling somebody."""
        with in_few_words("record-failed", StoreError, participant=came.telling.about.participant):
            await asyncio.to_thread(self._came, came)

    async def _tell(self, telling: Telling) -> Came | None:
        ready = await asyncio.to_thread(self._ready, telling)
        if ready is None:
            return None
        try:
            await self._send(ready)
            came = Came(telling=telling, to="sent")
        except RefusedForGood:
            came = Came(telling=telling, to="refused")
        try:
            await asyncio.to_thread(self._came, came)
        except StoreError as trouble:
            log.warning("notice-not-recorded-yet", participant=telling.about.participant, error=type(trouble).__name__)
            return came
        return came.model_copy(update={"recorded": True})

    def _ready(self, telling: Telling) -> Letter | None:
        """The message, written anew on what is on record by now; None where it is not to be sent, or no longer so.

        Raises NotNow where it waits for work to begin: for how many days it has been tried is not forgotten by that.
        """
        record, study = self._participants.read(telling.about.participant), self._participants.study()
        notice, contact = called(record, telling.about.tag), study.record.contacts.get(telling.person)
        if notice is None or contact is None or by_channel(contact, notice.due.urgency) != telling.channel:
            return None
        now = clock_of(self._participants, record)
        starts = told_in_call_from(notice, telling.person, telling.call, record, study, now)
        if starts is None or told_with_others(notice, record, study):
            return None
        if now < starts:
            raise NotNow(AT_NIGHT)
        return letter(notice, telling.call, contact, record.participant, study, now)

    def _came(self, came: Came) -> None:
        telling = came.telling
        record = self._participants.read(telling.about.participant)
        notice = called(record, telling.about.tag)
        assert notice is not None, "what was told had fallen due"  # noqa: S101 - cannot happen; see house style
        key = notice.due.key
        message = message_id(record.id, key, telling.person, telling.call)
        noted(self._participants, record, notice, outcome(key, telling.person, telling.channel, telling.call, message, came.to))


def looked(participants: Participants, about: About, read: Record | None = None) -> Outlook:
    """What is to be done about a notice now; what only needs to be recorded is recorded first.

    `read` is the record where it was read just now. Every pass either ends or appends: a refusal says that the record has grown.
    """
    to_tell: dict[Telling, None] = {}
    while True:
        record, study, read = read or participants.read(about.participant), participants.study(), None
        notice = called(record, about.tag)
        if notice is None:
            return NOBODY_LEFT
        now = clock_of(participants, record)
        if told_with_others(notice, record, study):
            return NOBODY_LEFT
        step = turn(notice, record, study, now)
        calls = (*step.overtaken, *((one, step.call) for one in step.tell))
        to_tell |= dict.fromkeys(_telling(about, one, call, notice) for one, call in calls)
        if not step.record:
            wait = None if step.until is None else min(max(step.until - now, SHORTEST_WAIT), LONGEST_WAIT)
            if step.finished and not to_tell:
                return NOBODY_LEFT
            return Outlook(tell=tuple(to_tell), wait=wait, finished=False, last=bool(to_tell) and step.until is None)
        for fact in step.record:
            noted(participants, record, notice, fact)


def _telling(about: About, contact: ContactNamed, call: int, notice: Notice) -> Telling:
    urgency = notice.due.urgency
    return Telling(about=about, person=contact.person, call=call, channel=by_channel(contact, urgency), urgent=urgency == "urgent")
