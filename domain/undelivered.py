"""Messages that did not get through, and still matter: given up for good, or long overdue."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.notices import Notice, best_told, notices, turn
from domain.record import Record
from domain.reminders import that_apply
from domain.study import Study

LATE = timedelta(minutes=15)
"""Longer than a mail server asks for patience, or a process takes to start again."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """How many messages were refused or given up after days, and how many should have been handed over long ago. One for each person."""

    failed: int = 0
    late: int = 0


def undelivered(record: Record, study: Study, now: datetime) -> Undelivered:
    """Of one participant, and only while it is of use: what was acknowledged, or no longer applies, nobody needs to be told any more."""
    waiting = [one for one in notices(record).values() if not one.over]
    applying = that_apply(record.participant, study) if waiting else {}
    of_use = [one for one in waiting if (applies := applying.get(one.due.key)) is not None and now < applies.pointless_after]
    return Undelivered(failed=sum(len(one.unreached) for one in of_use), late=sum(len(_overdue(one, record, study, now)) for one in of_use))


def together(found: Iterable[Undelivered]) -> Undelivered:
    """Of all participants."""
    counted = list(found)
    return Undelivered(sum(one.failed for one in counted), sum(one.late for one in counted))


def _overdue(notice: Notice, record: Record, study: Study, now: datetime) -> set[str]:
    """Whom it should have been handed over to long ago: since it was best told, or they were called."""
    applies = that_apply(record.participant, study)[notice.due.key]
    site = study.record.sites[record.participant.site]
    since = max(notice.called_at, best_told(notice, applies, site, record.id))
    return {one.person for one in turn(notice, record, study, since).tell} if now >= since + LATE else set()
