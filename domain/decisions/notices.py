"""What became of telling people, recorded by the notices' actor alone; and a person's word that they have taken note."""

from collections.abc import Iterator
from datetime import datetime
from typing import assert_never

from domain import commands as c
from domain import events as e
from domain.entry import Circumstances
from domain.notices import Notice, notices, reachable
from domain.record import Record
from domain.rejections import Reason, Refused, refuse_if
from domain.reminders import that_apply
from domain.study import Study


def acknowledge(command: c.Acknowledge, record: Record) -> tuple[e.Event, ...]:
    """Somebody takes note of a reminder; of two who do so at once, the first is on record and the second is told."""
    notice = _due(command.key, record)
    if notice.acknowledged_by is not None:
        raise Refused(Reason(code="acknowledged-already", says=f"{notice.acknowledged_by} has acknowledged this reminder already"))
    return (e.ReminderAcknowledged(key=command.key),)


def send_again(command: c.SendAgain, record: Record, study: Study, at: datetime) -> tuple[e.Event, ...]:
    """Those whom no message reached are told again, while that is of use to them; who was told is not told twice."""
    notice = _due(command.key, record)
    applies = that_apply(record.participant, study).get(command.key)
    if notice.over or applies is None or at >= applies.pointless_after:
        raise Refused(Reason(code="of-no-use", says="nobody needs to be told of this reminder any more"))
    if not notice.unreached:
        raise Refused(Reason(code="nobody-unreached", says="nobody is known whom no message of this reminder reached"))
    if not reachable(notice, record, study):
        raise Refused(Reason(code="nobody-to-tell", says="those whom no message reached are sent nothing like it any more"))
    return (e.SendingAgainAsked(key=command.key),)


def record_notice(command: c.RecordNotice, record: Record, study: Study, by: Circumstances) -> tuple[e.Event, ...]:
    """Each is recorded once; what was sent is recorded even if it was acknowledged or withdrawn meanwhile, because it happened."""
    if by.actor.role != "notices":
        raise Refused(Reason(code="notices-only", says="only the notices record what became of them"))
    refuse_if(_against(command.fact, _due(command.fact.key, record), record, study))
    return (command.fact,)


def _due(key: str, record: Record) -> Notice:
    notice = notices(record).get(key)
    if notice is None or notice.due.skipped:
        raise Refused(Reason(code="not-due", says="no such reminder has fallen due"))
    return notice


def _against(fact: e.NoticeFact, notice: Notice, record: Record, study: Study) -> Iterator[Reason]:
    match fact:
        case e.ReminderSent() | e.ReminderFailed():
            if (fact.to, fact.call) in notice.settled:
                yield Reason(code="told-already", says=f"what became of telling {fact.to} is on record")
        case e.ReminderEscalated():
            if notice.over or fact.call != notice.call + 1:
                yield Reason(code="not-next", says="nobody is to be called next")
        case e.ReminderWithdrawn():
            if notice.over or notice.sent or fact.key in that_apply(record.participant, study):
                yield Reason(code="still-applies", says="the reminder has been sent, is settled, or still applies")
        case _:
            assert_never(fact)
