"""The journey's hands: everything it does outside Temporal."""

from collections import Counter
from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, uuid5
from zlib import crc32

import structlog
from temporalio import activity

from domain.agenda import Item
from domain.base import Value
from domain.commands import ActOn
from domain.entry import Actor, Circumstances
from domain.record import Record
from domain.rejections import Refused
from domain.reminding.reminder import Reminder
from store.errors import StoreError
from store.participants import Participants
from workflows.few_words import in_few_words

LONGEST_SLEEP = timedelta(days=7)
SHORTEST_SLEEP = timedelta(seconds=1)
TRIES = 3
"""How often one item is acted on in one pass: an act may bring it up again, but not for ever."""
A_HERD_WITHIN = timedelta(minutes=10)
"""Reminders of a thousand participants that fall due at one midnight are given within this time: no leave for a step waits for them."""
AT_ONCE = timedelta(0)
JOURNEY = Actor(id="journey", role="journey")

log = structlog.get_logger()


class Next(Value):
    """All that the workflow is told: how long to sleep on the ledger's clock, whether anything is left, and what was read."""

    sleep: timedelta
    finished: bool
    version: int


class Stuck(Exception):
    """Something is due and acting on it changes nothing, or brings it up again and again: agenda and decisions disagree, a bug."""


class Activities:
    """What a worker does for the journeys of one study."""

    def __init__(self, participants: Participants, herd_within: timedelta = AT_ONCE) -> None:
        self.participants = participants
        self._herd_within = herd_within

    @activity.defn
    def advance(self, participant_id: str) -> Next:
        """Do all that is due for a participant, then say how long to sleep. Whatever goes wrong is tried again, for ever."""
        with in_few_words("advance-failed", StoreError, Stuck, participant=participant_id):
            return self._advance(participant_id)

    def _advance(self, participant_id: str) -> Next:
        tries = Counter[str]()
        while True:
            record, agenda = self.participants.agenda(participant_id)
            now = self._now(record)
            due = agenda.due(now)
            item = next((item for item in due if tries[item.key] < TRIES), None)
            if item is None:
                break
            tries[item.key] += 1
            self._act_on(item, record)
        if due:
            raise Stuck(f"{len(due)} items stay due")
        sleep = self._until_next(agenda.items, participant_id, now)
        log.info("advanced", participant=participant_id, version=record.version, acts=tries.total(), sleep=sleep.total_seconds())
        return Next(sleep=sleep, finished=agenda.finished, version=record.version)

    def _now(self, record: Record) -> datetime:
        """The ledger's clock, which never shows less than the last entry: decisions are made at the same instant."""
        return max(self.participants.ledger.clock(), record.participant.recorded_at)

    def _act_on(self, item: Item, record: Record) -> None:
        command_id = uuid5(NAMESPACE_OID, f"{record.id}|{item.key}|{record.version}")  # a retry is the same command
        by = Circumstances(actor=JOURNEY, source="journey", command_id=command_id)
        try:
            self.participants.handle(record.id, ActOn(key=item.key), by)
        except Refused:
            return  # somebody else got there first: the record is read again

    def _until_next(self, items: tuple[Item, ...], participant_id: str, now: datetime) -> timedelta:
        following = min((self._wakes(item, participant_id) - now for item in items), default=LONGEST_SLEEP)
        return min(max(following, SHORTEST_SLEEP), LONGEST_SLEEP)

    def _wakes(self, item: Item, participant_id: str) -> datetime:
        """When the journey wakes up for it: when it is due, or for a reminder that is not urgent soon after, each at their own time."""
        wakes = item.due
        if isinstance(item.act, Reminder) and item.act.urgency != "urgent":
            wakes += self._herd_within * (crc32(participant_id.encode()) / 2**32)
            return wakes if wakes < item.act.pointless_after else item.due
        return wakes
