"""The hands of a morning's message: gathering what is to be told in it, handing it over, recording what became of each part."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from temporalio import activity

from domain.base import Value
from domain.contacts import ContactNamed
from domain.digests import MOST_IN_A_MESSAGE, digest_id, morning, told_by
from domain.letters import Letter, letter_of_a_morning
from domain.notices import Notice, by_channel, called, tag, told_in_call_from, told_with_others
from domain.record import Record
from domain.study import Study
from domain.words import Channel, Name, SiteId
from store.errors import DamagedEntry, StoreError
from store.participants import Participants
from workflows.few_words import in_few_words
from workflows.outcomes import CameTo, clock_of, noted, outcome
from workflows.sending import AT_NIGHT, LONGEST_WAIT, SHORTEST_WAIT, About, NotNow, RefusedForGood, Send

log = structlog.get_logger()


class Whose(Value):
    """Whose message: a person at work, and the site that it is about."""

    site: SiteId
    person: Name


class Waiting(Value):
    """The participants of whom a person may have to be told."""

    whose: Whose
    participants: tuple[str, ...]


class Batch(Value):
    """The reminders of one message. Once it was written it gains none, so that whoever gets it twice misses nothing."""

    whose: Whose
    channel: Channel
    told: tuple[About, ...]

    @property
    def message(self) -> str:
        return digest_id(self.whose.person, [(one.participant, one.tag) for one in self.told])


class BatchCame(Value):
    """What came of handing a message over, and of which reminders it told in the end."""

    batch: Batch
    of: tuple[About, ...]
    to: CameTo


class Gathered(Value):
    """All that the workflow is told: what to tell now, of whom something is left, and how long to wait before looking again."""

    batch: Batch | None
    left: tuple[str, ...]
    wait: timedelta | None


@dataclass
class _Found:
    """What was found so far while gathering."""

    told: list[About] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    until: list[timedelta] = field(default_factory=list)


class Gathering:
    """What a worker does for the messages of the morning of one study."""

    def __init__(self, participants: Participants, send: Send) -> None:
        self._participants = participants
        self._send = send

    @activity.defn(name="gather")
    async def gather(self, waiting: Waiting) -> Gathered:
        """What is to be told to a person now; what only needs to be recorded is recorded first."""
        with in_few_words("gather-failed", StoreError, **waiting.whose.model_dump()):
            return await asyncio.to_thread(self._gather, waiting)

    @activity.defn(name="tell-together")
    async def tell(self, batch: Batch) -> BatchCame | None:
        """Hand a message over with all of it that somebody still needs to be told, unless it was taken already.

        What came of it is recorded at once; only where that cannot be done just now it is returned, so that nothing is sent twice.
        """
        with in_few_words("digest-not-sent-yet", StoreError, NotNow, **batch.whose.model_dump()):
            return await self._tell(batch)

    @activity.defn(name="record-together")
    async def record(self, came: BatchCame) -> None:
        """Record what came of telling a person, for each reminder by itself."""
        with in_few_words("record-failed", StoreError, **came.batch.whose.model_dump()):
            await asyncio.to_thread(self._came, came)

    def _gather(self, waiting: Waiting) -> Gathered:
        study, found = self._participants.study(), _Found()
        contact = study.record.contacts.get(waiting.whose.person)
        if contact is None:
            return Gathered(batch=None, left=(), wait=None)
        for participant_id in waiting.participants:
            self._look_at(participant_id, contact, study, found)
        wait = min(max(min(found.until), SHORTEST_WAIT), LONGEST_WAIT) if found.until else None
        if not found.told:
            return Gathered(batch=None, left=tuple(found.left), wait=wait)
        batch = Batch(whose=waiting.whose, channel=by_channel(contact, "digest"), told=tuple(found.told[:MOST_IN_A_MESSAGE]))
        return Gathered(batch=batch, left=tuple(found.left), wait=wait)

    def _look_at(self, participant_id: str, contact: ContactNamed, study: Study, found: _Found) -> None:
        """Every pass either ends or appends: a refusal says that the record has grown."""
        while (record := self._readable(participant_id)) is not None:
            now = clock_of(self._participants, record)
            step = morning(record, study, contact.person, now)
            if not step.record:
                found.told += [About(participant=record.id, tag=tag(one.due.key)) for one in step.tell]
                found.left += [record.id] if step.tell or step.until else []
                found.until += [step.until - now] if step.until else []
                return
            for notice, fact in step.record:
                noted(self._participants, record, notice, fact)

    def _readable(self, participant_id: str) -> Record | None:
        """A damaged record keeps nobody from being told of others; once it is mended, the daily nudge finds what is left of it."""
        try:
            return self._participants.read(participant_id)
        except DamagedEntry as damage:
            log.warning("not-gathered", participant=participant_id, error=type(damage).__name__)
            return None

    async def _tell(self, batch: Batch) -> BatchCame | None:
        of, letter = await asyncio.to_thread(self._ready, batch)
        if not of:
            return None
        came = BatchCame(batch=batch, of=of, to="sent" if letter is None else await self._handed_over(letter))
        try:
            await asyncio.to_thread(self._came, came)
        except StoreError as trouble:
            log.warning("digest-not-recorded-yet", error=type(trouble).__name__, **batch.whose.model_dump())
            return came
        return None

    async def _handed_over(self, letter: Letter) -> CameTo:
        try:
            await self._send(letter)
        except RefusedForGood:
            return "refused"
        return "sent"

    def _ready(self, batch: Batch) -> tuple[tuple[About, ...], Letter | None]:
        """Which reminders are told, and the message, written anew on what is on record by now; none where it was taken already.

        It was, if any of it is on record as told by it: then whoever sent it was cut off while recording the others. Raises NotNow where
        all of it waits for work to begin; what would be pointless by then is told with the rest of it.
        """
        found = list(self._of(batch))
        if any(told_by(record, batch.message) for _, record, _ in found):
            return batch.told, None
        study = self._participants.study()
        contact = study.record.contacts.get(batch.whose.person)
        if contact is None or contact.wants("digest") != batch.channel:
            return (), None
        waits = [self._waits(contact, record, notice, study) for _, record, notice in found]
        untold = [one for one, wait in zip(found, waits, strict=True) if wait is not None]
        if not untold:
            return (), None
        if all(wait is None or wait > timedelta(0) for wait in waits):
            raise NotNow(AT_NIGHT)
        told = [(notice, record.participant) for _, record, notice in untold]
        now = self._participants.ledger.clock()
        return tuple(one for one, _, _ in untold), letter_of_a_morning(batch.message, told, contact, batch.whose.site, study, now)

    def _waits(self, contact: ContactNamed, record: Record, notice: Notice, study: Study) -> timedelta | None:
        """How long a person is left in peace before they are told; None where they are not told by this message any more."""
        now = clock_of(self._participants, record)
        starts = told_in_call_from(notice, contact.person, 1, record, study, now)
        return None if starts is None or not told_with_others(notice, record, study) else starts - now

    def _came(self, came: BatchCame) -> None:
        batch, told = came.batch, set(came.of)
        for one, record, notice in self._of(batch):
            if one in told and (batch.whose.person, 1) not in notice.settled:
                fact = outcome(notice.due.key, batch.whose.person, batch.channel, 1, batch.message, came.to)
                noted(self._participants, record, notice, fact)

    def _of(self, batch: Batch) -> Iterator[tuple[About, Record, Notice]]:
        """The reminders of a message with the records that they stand in."""
        for one in batch.told:
            record = self._readable(one.participant)
            notice = None if record is None else called(record, one.tag)
            if record is not None and notice is not None:
                yield one, record, notice
