"""What became of telling people, put on record once each, in the name of the notices."""

from contextlib import suppress
from datetime import datetime
from typing import Literal
from uuid import NAMESPACE_OID, uuid5

import structlog

from domain import events as e
from domain.commands import RecordNotice
from domain.entry import Actor, Circumstances
from domain.notices import Notice
from domain.record import Record
from domain.rejections import Refused
from domain.words import Channel
from store.participants import Participants

NOTICES = Actor(id="notices", role="notices")
CameTo = Literal["sent", "refused", "unreachable"]
"""Handed over, refused for good, or given up after days."""
log = structlog.get_logger()


def outcome(key: str, to: str, by: Channel, call: int, message: str, came_to: CameTo) -> e.ReminderSent | e.ReminderFailed:  # noqa: PLR0913, PLR0917 - These are all that there is to say of it.
    """What came of telling a person of a reminder, by a message with an id, as a fact."""
    if came_to == "sent":
        return e.ReminderSent(key=key, to=to, channel=by, call=call, message=message)
    return e.ReminderFailed(key=key, to=to, channel=by, call=call, why=came_to)


def noted(participants: Participants, record: Record, notice: Notice, fact: e.NoticeFact) -> None:
    """Record it under an id that a repetition has too, and that the same has not once sending again was asked for.

    A refusal says that it is on record, or no longer so.
    """
    command_id = uuid5(NAMESPACE_OID, f"{record.id}|{notice.asked_in}|{fact.model_dump_json()}")
    by = Circumstances(actor=NOTICES, source="notices", command_id=command_id)
    with suppress(Refused):
        participants.handle(record.id, RecordNotice(fact=fact), by)
    if isinstance(fact, e.ReminderSent | e.ReminderFailed):
        log.info("notice-sent" if isinstance(fact, e.ReminderSent) else "notice-failed", participant=record.id, version=record.version)


def clock_of(participants: Participants, record: Record) -> datetime:
    """The ledger's clock, which never shows less than a participant's last entry."""
    return max(participants.ledger.clock(), record.participant.recorded_at)
