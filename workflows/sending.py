"""The notices' hands: reading what is to be told, handing messages over, recording what became of them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal
from uuid import NAMESPACE_OID, uuid5

import structlog
from temporalio import activity

from domain import events as e
from domain.base import Value
from domain.commands import RecordNotice
from domain.contacts import ContactNamed
from domain.entry import Actor, Circumstances
from domain.letters import Letter, letter
from domain.notices import Notice, by_channel, message_id, notices, still_to_be_told, tag, turn
from domain.record import Record
from domain.rejections import Refused
from domain.words import Channel, Name
from store.errors import StoreError
from store.participants import Participants
from workflows.few_words import in_few_words

NOTICES = Actor(id="notices", role="notices")
LONGEST_WAIT = timedelta(days=1)
"""A notice looks again after no longer: dates may have moved."""
SHORTEST_WAIT = timedelta(seconds=1)

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
    """Whom to tell in which call, by which channel."""

    about: About
    person: Name
    call: int
    channel: Channel


class Came(Value):
    """What came of telling somebody: handed over, refused for good, or given up after days."""

    telling: Telling
    to: Literal["sent", "refused", "unreachable"]


class Outlook(Value):
    """All that the workflow is told: whom to tell now, and how long to wait before looking again."""

    tell: tuple[Telling, ...]
    wait: timedelta | None
    finished: bool


class Sending:
    """What a worker does for the notices of one study."""

    def __init__(self, participants: Participants, send: Send) -> None:
        self._participants = participants
        self._send = send

    @activity.defn
    async def look(self, about: About) -> Outlook:
        """What is to be done about a notice now; what only needs to be recorded is recorded first."""
        with in_few_words("look-failed", about.participant, StoreError):
            return await asyncio.to_thread(self._look, about)

    @activity.defn
    async def tell(self, telling: Telling) -> Came | None:
        """Tell one person, unless that is on record or nobody needs to be told any more. Whatever may pass is tried again.

        What came of it is recorded at once; only where that cannot be done just now it is returned, so that nothing is sent twice.
        """
        with in_few_words("notice-not-sent-yet", telling.about.participant, StoreError, NotNow):
            return await self._tell(telling)

    @activity.defn
    async def record(self, came: Came) -> None:
        """Record what came of telling somebody."""
        with in_few_words("record-failed", came.telling.about.participant, StoreError):
            await asyncio.to_thread(self._came, came)

    def _look(self, about: About) -> Outlook:
        """Every pass either ends or appends: a refusal says that the record has grown."""
        to_tell: list[Telling] = []
        while True:
            record, study = self._participants.read(about.participant), self._participants.study()
            notice = _found(about, record)
            if notice is None:
                return Outlook(tell=(), wait=None, finished=True)
            now = self._now(record)
            step = turn(notice, record, study, now)
            to_tell += (_telling(about, one, step.call, notice) for one in step.tell)
            if not step.record:
                wait = None if step.until is None else min(max(step.until - now, SHORTEST_WAIT), LONGEST_WAIT)
                return Outlook(tell=tuple(to_tell), wait=wait, finished=step.finished and not to_tell)
            for fact in step.record:
                self._record(record, notice, fact)

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
        return None

    def _ready(self, telling: Telling) -> Letter | None:
        """The message, written anew on what is on record by now; None where it is not to be sent, or no longer so."""
        record, study = self._participants.read(telling.about.participant), self._participants.study()
        notice, contact = _found(telling.about, record), study.record.contacts.get(telling.person)
        if notice is None or contact is None or by_channel(contact, notice.due.urgency) != telling.channel:
            return None
        if not still_to_be_told(notice, telling.person, telling.call, record, study, self._now(record)):
            return None
        return letter(notice, telling.call, contact, record.participant, study)

    def _came(self, came: Came) -> None:
        telling = came.telling
        record = self._participants.read(telling.about.participant)
        notice = _found(telling.about, record)
        assert notice is not None, "what was told had fallen due"  # noqa: S101 - cannot happen; see house style
        key, call = notice.due.key, telling.call
        if came.to == "sent":
            id_ = message_id(record.id, key, telling.person, call)
            self._record(record, notice, e.ReminderSent(key=key, to=telling.person, channel=telling.channel, call=call, message=id_))
        else:
            self._record(record, notice, e.ReminderFailed(key=key, to=telling.person, channel=telling.channel, call=call, why=came.to))
        log.info("notice-sent" if came.to == "sent" else "notice-failed", participant=record.id, version=record.version)

    def _record(self, record: Record, notice: Notice, fact: e.NoticeFact) -> None:
        """Under an id that a repetition has too. A refusal says that it is on record, or no longer so."""
        command_id = uuid5(NAMESPACE_OID, f"{record.id}|{notice.since.isoformat()}|{fact.model_dump_json()}")
        by = Circumstances(actor=NOTICES, source="notices", command_id=command_id)
        with suppress(Refused):
            self._participants.handle(record.id, RecordNotice(fact=fact), by)

    def _now(self, record: Record) -> datetime:
        return max(self._participants.ledger.clock(), record.participant.recorded_at)


def _telling(about: About, contact: ContactNamed, call: int, notice: Notice) -> Telling:
    return Telling(about=about, person=contact.person, call=call, channel=by_channel(contact, notice.due.urgency))


def _found(about: About, record: Record) -> Notice | None:
    return next((one for key, one in notices(record).items() if tag(key) == about.tag), None)
