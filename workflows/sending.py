"""The notices' hands: reading what is to be told, handing messages over, recording what became of them."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

import structlog
from temporalio import activity

from domain import events as e
from domain.base import Value
from domain.commands import RecordNotice
from domain.contacts import ContactNamed
from domain.entry import Actor, Circumstances
from domain.letters import Letter, letter
from domain.notices import Notice, by_channel, notices, tag, turn
from domain.record import Record
from domain.rejections import Refused
from domain.study import Study
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
    """Whom to tell in which call."""

    about: About
    person: str
    call: int


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
    async def tell(self, telling: Telling) -> None:
        """Tell one person, unless that is on record or nobody needs to be told any more. Whatever may pass is tried again."""
        with in_few_words("not-told-yet", telling.about.participant, StoreError, NotNow):
            await self._tell(telling)

    @activity.defn
    async def give_up(self, telling: Telling) -> None:
        """Record that a person could not be reached for days."""
        with in_few_words("give-up-failed", telling.about.participant, StoreError):
            await asyncio.to_thread(self._failed, telling, "unreachable")

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
            to_tell += (Telling(about=about, person=one.person, call=step.call) for one in step.tell)
            if not step.record:
                wait = None if step.until is None else min(max(step.until - now, SHORTEST_WAIT), LONGEST_WAIT)
                return Outlook(tell=tuple(to_tell), wait=wait, finished=step.finished and not to_tell)
            for fact in step.record:
                self._record(record, notice, fact)

    async def _tell(self, telling: Telling) -> None:
        ready = await asyncio.to_thread(self._ready, telling)
        if ready is None:
            return
        try:
            await self._send(ready)
        except RefusedForGood:
            await asyncio.to_thread(self._failed, telling, "refused")
            return
        await asyncio.to_thread(self._sent, telling, ready)

    def _ready(self, telling: Telling) -> Letter | None:
        """The message, written anew on what is on record by now; None where it is not to be sent."""
        record, study = self._participants.read(telling.about.participant), self._participants.study()
        found = self._to_tell(telling, record, study)
        if found is None:
            return None
        notice, contact = found
        return letter(notice, telling.call, contact, record.participant, study)

    def _to_tell(self, telling: Telling, record: Record, study: Study) -> tuple[Notice, ContactNamed] | None:
        """A call that has been overtaken by a higher one still goes to whom it was for."""
        notice = _found(telling.about, record)
        contact = study.record.contacts.get(telling.person)
        if notice is None or contact is None or (telling.person, telling.call) in notice.settled:
            return None
        step = turn(notice, record, study, self._now(record))
        withdrawn_or_late = any(not isinstance(one, e.ReminderEscalated) for one in step.record)
        return None if notice.over or withdrawn_or_late else (notice, contact)

    def _sent(self, telling: Telling, ready: Letter) -> None:
        record = self._participants.read(telling.about.participant)
        notice = _found(telling.about, record)
        assert notice is not None, "what was sent had fallen due"  # noqa: S101 - cannot happen; see house style
        fact = e.ReminderSent(key=notice.due.key, to=telling.person, channel=ready.channel, call=telling.call, message=ready.id)
        self._record(record, notice, fact)
        log.info("told", participant=record.id, version=record.version)

    def _failed(self, telling: Telling, why: e.WhyNotTold) -> None:
        record, study = self._participants.read(telling.about.participant), self._participants.study()
        found = self._to_tell(telling, record, study)
        if found is None:
            return
        notice, contact = found
        channel = by_channel(contact, notice.due.urgency)
        self._record(record, notice, e.ReminderFailed(key=notice.due.key, to=telling.person, channel=channel, call=telling.call, why=why))
        log.warning("not-told", participant=record.id, version=record.version)

    def _record(self, record: Record, notice: Notice, fact: e.NoticeFact) -> None:
        """Under an id that a repetition has too. A refusal says that it is on record, or no longer so."""
        command_id = uuid5(NAMESPACE_OID, f"{record.id}|{notice.since.isoformat()}|{fact.model_dump_json()}")
        by = Circumstances(actor=NOTICES, source="notices", command_id=command_id)
        with suppress(Refused):
            self._participants.handle(record.id, RecordNotice(fact=fact), by)

    def _now(self, record: Record) -> datetime:
        return max(self._participants.ledger.clock(), record.participant.recorded_at)


def _found(about: About, record: Record) -> Notice | None:
    return next((one for key, one in notices(record).items() if tag(key) == about.tag), None)
