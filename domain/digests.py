"""The message of a morning: what falls due once a morning is told to a person in one message for a site, and not one by one.

Each reminder in it stays an entry of its own, with its own account of what became of telling whom.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from domain import events as e
from domain.contacts import addressed
from domain.notices import Notice, in_the_morning, notices, turn
from domain.record import Record
from domain.reminders import that_apply
from domain.study import Study

MOST_IN_A_MESSAGE = 500
"""So that a message can be read, and a mail server takes it; what is more follows in another one."""


@dataclass(frozen=True, slots=True)
class Morning:
    """What a participant's record says of a person's message: what is to be recorded first, told in it now, and later.

    Once something was recorded, the next look says how it goes on.
    """

    record: tuple[tuple[Notice, e.NoticeFact], ...] = ()
    tell: tuple[Notice, ...] = ()
    until: datetime | None = None


def morning(record: Record, study: Study, person: str, now: datetime) -> Morning:
    """What of a participant is to be told to a person in a morning's message, at an instant of the ledger's clock."""
    site = study.record.sites[record.participant.site]
    waiting = [one for one in notices(record).values() if not one.over and _is_for(person, one, record, study)]
    applying = that_apply(record.participant, study) if waiting else {}
    turns = [
        (one, turn(one, record, study, now))
        for one in waiting
        if (applies := applying.get(one.due.key)) is None or in_the_morning(one, applies, site)
    ]
    return Morning(
        record=tuple((one, fact) for one, step in turns for fact in step.record),
        tell=tuple(one for one, step in turns if person in {contact.person for contact in step.tell}),
        until=min((step.until for _, step in turns if step.until is not None), default=None),
    )


def digest_id(person: str, told: Sequence[tuple[str, str]]) -> str:
    """The same for every attempt to hand over a message that was written of these reminders, each by participant and tag."""
    return sha256("|".join(["daybook-digest", person, *(f"{one}:{short}" for one, short in told)]).encode()).hexdigest()[:32]


def told_by(record: Record, message: str) -> bool:
    """Whether anything on record of a participant was told by a message with this id: then it was taken, and is not sent again."""
    return any(isinstance(entry.event, e.ReminderSent) and entry.event.message == message for entry in reversed(record.entries))


def _is_for(person: str, notice: Notice, record: Record, study: Study) -> bool:
    to = addressed(study.record.contacts, record.participant.site, notice.due.to, "digest")
    return notice.due.urgency == "digest" and any(one.person == person for one in to)
