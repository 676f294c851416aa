"""Telling people: what became of every reminder that fell due, and what is to be done about it now.

A reminder is sent once to each person, by the ledger. Something urgent is called out rung by rung until somebody acknowledges it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import assert_never
from zlib import crc32

from domain import events as e
from domain.contacts import ContactNamed, addressed, ladder
from domain.entry import Entry
from domain.record import Record
from domain.reminders import that_apply
from domain.reminding.reminder import Reminder
from domain.study import SiteOpened, Study
from domain.time import clock_time, day_after, local_date, local_time
from domain.words import RUNGS, Channel, Rung, Urgency

OfNotices = (
    e.ReminderDue
    | e.ReminderSent
    | e.ReminderFailed
    | e.ReminderEscalated
    | e.ReminderAcknowledged
    | e.SendingAgainAsked
    | e.ReminderWithdrawn
)
A_CALL = timedelta(minutes=15)
"""How long somebody has to acknowledge before the next rung is called."""
MOST_CALLS = 12
"""Three hours of calling about what is known days ahead; what nobody has acknowledged by then stays in the inbox."""
KNOWN_DAYS_AHEAD = {"product-expires"}
"""Reminders of these kinds. Anything else that is urgent is called out until somebody acknowledges it, or it has become pointless."""
SPREAD = timedelta(minutes=10)
"""Within what time of a site's opening that waits for it is sent: not all of it in the same second."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What has become of a reminder that fell due.

    `settled`: the persons told or given up, each in the call in which it was. `unreached`: whom no message reached, and none has since.
    `again`: who is told again, whoever is called. `asked_in`: the version of the entry that asked for that, or says that it fell due.
    """

    due: e.ReminderDue
    since: datetime
    called_at: datetime
    call: int = 1
    sent: int = 0
    settled: frozenset[tuple[str, int]] = frozenset()
    unreached: frozenset[str] = frozenset()
    again: frozenset[str] = frozenset()
    acknowledged_by: str | None = None
    withdrawn: bool = False
    asked_in: int = 0

    @property
    def over(self) -> bool:
        """Whether nobody needs to be told any more."""
        return self.due.skipped or self.withdrawn or self.acknowledged_by is not None


def notices(record: Record) -> dict[str, Notice]:
    """Every reminder that ever fell due, by its key. One that was withdrawn and fell due again is told anew."""
    found: dict[str, Notice] = {}
    for entry in record.entries:
        if isinstance(entry.event, OfNotices):
            found[entry.event.key] = after(found.get(entry.event.key), entry.event, entry)
    return found


def after(was: Notice | None, event: OfNotices, entry: Entry[e.Event]) -> Notice:
    """What has become of a reminder once an entry says `event` of it; the first says that it fell due."""
    if isinstance(event, e.ReminderDue):
        return Notice(event, entry.recorded_at, entry.recorded_at, asked_in=entry.version)
    assert was is not None, "what has not fallen due is told nobody"  # noqa: S101 - cannot happen; see house style
    match event:
        case e.ReminderSent(to=person, call=call):
            return replace(_settled(was, person, call), unreached=was.unreached - {person}, sent=was.sent + 1)
        case e.ReminderFailed(to=person, call=call, why=why):
            unreached = was.unreached | ({person} if why != "too-late" else set())
            return replace(_settled(was, person, call), unreached=unreached)
        case e.ReminderEscalated(call=call):
            return replace(was, call=call, called_at=entry.recorded_at)
        case e.ReminderAcknowledged():
            return replace(was, acknowledged_by=entry.circumstances.actor.id)
        case e.SendingAgainAsked():
            settled = was.settled - {(person, was.call) for person in was.unreached}
            return replace(was, settled=settled, unreached=frozenset(), again=was.again | was.unreached, asked_in=entry.version)
        case e.ReminderWithdrawn():
            return replace(was, withdrawn=True)
        case _:
            assert_never(event)


def _settled(was: Notice, person: str, call: int) -> Notice:
    return replace(was, settled=was.settled | {(person, call)}, again=was.again - {person})


def tag(key: str) -> str:
    """What a reminder is called where its key would say too much: in the id of a workflow, and in a message."""
    return sha256(key.encode()).hexdigest()[:12]


def called(record: Record, short: str) -> Notice | None:
    """The reminder of a participant that has this tag, if it ever fell due."""
    return next((one for key, one in notices(record).items() if tag(key) == short), None)


def message_id(record_id: str, key: str, person: str, call: int) -> str:
    """The same for every attempt to tell a person in a call, so that whoever gets it twice can see that it is the same."""
    return sha256(f"daybook-notice|{record_id}|{key}|{person}|{call}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Turn:
    """What is to be done about a notice now: something recorded, and people told in a call; then, until an instant, nothing.

    Once something was recorded, the next turn says how it goes on.
    """

    record: tuple[e.ReminderWithdrawn | e.ReminderEscalated | e.ReminderFailed, ...] = ()
    tell: tuple[ContactNamed, ...] = ()
    call: int = 1
    overtaken: tuple[tuple[ContactNamed, int], ...] = ()
    """Whom an earlier call was for, and whom it never reached: whoever had begun to tell them may have been killed."""
    until: datetime | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do, now or later."""
        return not self.record and not self.tell and not self.overtaken and self.until is None


FINISHED = Turn()


def turn(notice: Notice, record: Record, study: Study, now: datetime) -> Turn:
    """What is to be done about a notice at an instant of the ledger's clock."""
    to = _called(notice, record, study)
    if notice.over or not to:
        return FINISHED
    applies = that_apply(record.participant, study).get(notice.due.key)
    if applies is None:
        return FINISHED if notice.sent else Turn(record=(e.ReminderWithdrawn(key=notice.due.key),))
    untold = tuple(one for one in to if (one.person, notice.call) not in notice.settled)
    if now >= applies.pointless_after:
        return Turn(record=tuple(_failed(notice, one, "too-late") for one in untold))
    starts = told_from(notice, applies, study.record.sites[record.participant.site], record.id, now)
    if now < starts:
        return Turn(until=starts)
    if notice.due.urgency != "urgent":
        return Turn(tell=untold, call=notice.call)
    called = Turn(tell=untold, call=notice.call, overtaken=tuple(_overtaken(notice, record, study)))
    following = notice.called_at + A_CALL
    if _is_last(notice):
        return called
    return replace(called, record=(_escalated(notice, record, study),)) if now >= following else replace(called, until=following)


def reachable(notice: Notice, record: Record, study: Study) -> bool:
    """Whether any of those whom no message reached would be told again; contacts change, and so does what they want to be sent."""
    return any(one.person in notice.unreached for one in _called(replace(notice, again=notice.unreached), record, study))


def told_in_call_from(  # noqa: PLR0913, PLR0917 - It is asked once, before anything is sent.
    notice: Notice, person: str, call: int, record: Record, study: Study, now: datetime
) -> datetime | None:
    """From when a person is told who was to be told in a call: what has been tried since its time disturbs nobody at night either.

    None where they are not told in it any more. One that another rung has overtaken still reaches them, but not once they were called anew.
    """
    if notice.over or (person, call) in notice.settled or _called_since(notice, person, call, record, study):
        return None
    applies = that_apply(record.participant, study).get(notice.due.key)
    if applies is None or now >= applies.pointless_after:
        return None
    return told_from(notice, applies, study.record.sites[record.participant.site], record.id, now)


@dataclass(frozen=True, slots=True)
class Unfinished:
    """What somebody is still to be told of a participant: reminders that are told by themselves, and who waits for a morning's message."""

    keys: tuple[str, ...] = ()
    persons: tuple[str, ...] = ()


def unfinished(record: Record, study: Study, now: datetime) -> Unfinished:
    """What is still to be told, now or later. What no longer applies is left to whoever was about to tell it."""
    applying: Mapping[str, Reminder] | None = None
    keys: list[str] = []
    persons: dict[str, None] = {}
    for key, notice in notices(record).items():
        if notice.over or not (to := _called(notice, record, study)):
            continue
        applying = that_apply(record.participant, study) if applying is None else applying
        applies = applying.get(key)
        if applies is None or now >= applies.pointless_after or turn(notice, record, study, now).finished:
            continue
        if in_the_morning(notice, applies, study.record.sites[record.participant.site]):
            persons |= dict.fromkeys(one.person for one in to if (one.person, notice.call) not in notice.settled)
        else:
            keys.append(key)
    return Unfinished(tuple(keys), tuple(persons))


def best_told(notice: Notice, applies: Reminder, site: SiteOpened, record_id: str) -> datetime:
    """When to tell it: at once if urgent, in the site's working hours, or once in the morning. What would be too late by then, at once."""
    since, urgency = notice.since, notice.due.urgency
    if urgency == "urgent" or (urgency == "timely" and at_work(since, site)):
        return since
    starts = _morning(since, site) if urgency == "digest" else _spread(opening(since, site), record_id, notice.due.key)
    return starts if starts < applies.best_before else since


def told_from(notice: Notice, applies: Reminder, site: SiteOpened, record_id: str, now: datetime) -> datetime:
    """When to tell it if nobody has been told by now: what could not be told at its time disturbs nobody at night either."""
    starts = best_told(notice, applies, site, record_id)
    if now < starts or notice.due.urgency == "urgent" or at_work(now, site) or opening(now - SPREAD, site) <= now:
        return starts
    return best_told(replace(notice, since=now), applies, site, record_id)


def in_the_morning(notice: Notice, applies: Reminder, site: SiteOpened) -> bool:
    """Whether it is told in the one message of a morning. What would be pointless by then is told by itself, like anything else."""
    return notice.due.urgency == "digest" and _morning(notice.since, site) < applies.pointless_after


def told_with_others(notice: Notice, record: Record, study: Study) -> bool:
    """Whether a reminder that still applies is told in the one message of a morning, and not by itself."""
    applies = that_apply(record.participant, study).get(notice.due.key)
    return applies is not None and in_the_morning(notice, applies, study.record.sites[record.participant.site])


def _morning(instant: datetime, site: SiteOpened) -> datetime:
    """When a site's messages of the morning are written next: each site at a moment of its own, so that a person is written to once."""
    return _spread(opening(instant, site), site.site, "digest")


def at_work(instant: datetime, site: SiteOpened) -> bool:
    """Whether the site is in its hours, on its own clocks. It is so on any day: what can be told at the weekend is told then."""
    return site.opens <= local_time(instant, site.zone).time() < site.closes


def opening(instant: datetime, site: SiteOpened) -> datetime:
    """The next time that work begins at the site, or the instant itself if it begins then."""
    day = local_date(instant, site.zone)
    today, tomorrow = (clock_time(one, site.opens.hour, site.opens.minute, site.zone) for one in (day, day_after(day)))
    return today if instant <= today else tomorrow


def _spread(instant: datetime, record_id: str, key: str) -> datetime:
    """A little later, each at a moment of its own that is always the same."""
    return instant + timedelta(seconds=crc32(f"{record_id}|{key}".encode()) % SPREAD.total_seconds())


def _called(notice: Notice, record: Record, study: Study) -> tuple[ContactNamed, ...]:
    """Who is to be told in the call at hand: whoever it is for, and on whatever rung those stand who are told again."""
    due, site, contacts = notice.due, record.participant.site, study.record.contacts
    if due.urgency != "urgent":
        return addressed(contacts, site, due.to, due.urgency)
    rungs = ladder(contacts, site, due.to)
    at_hand = rungs[(notice.call - 1) % len(rungs)] if rungs else ()
    return at_hand + tuple(one for rung in rungs for one in rung if one.person in notice.again and one not in at_hand)


def _overtaken(notice: Notice, record: Record, study: Study) -> Iterator[tuple[ContactNamed, int]]:
    """Whom an earlier call was for, and whom neither that nor a later one has reached or will."""
    rungs = ladder(study.record.contacts, record.participant.site, notice.due.to)
    for call in range(max(1, notice.call - len(rungs) + 1), notice.call):  # The one before these was for whoever was called since.
        for one in _called(replace(notice, call=call, again=frozenset()), record, study):
            if (one.person, call) not in notice.settled and not _called_since(notice, one.person, call, record, study):
                yield one, call


def _called_since(notice: Notice, person: str, call: int, record: Record, study: Study) -> bool:
    """Whether a person was called anew after a call: that says the same, and whoever tells them needs to do so once."""
    later = (replace(notice, call=one) for one in range(call + 1, notice.call + 1))
    return any(one.person == person for other in later for one in _called(other, record, study))


def _is_last(notice: Notice) -> bool:
    """Whether nobody is called after the call at hand."""
    return notice.call >= MOST_CALLS and notice.due.key.partition(":")[0] in KNOWN_DAYS_AHEAD


def _escalated(notice: Notice, record: Record, study: Study) -> e.ReminderEscalated:
    following = replace(notice, call=notice.call + 1, again=frozenset())
    reached = [one.rung for one in _called(following, record, study) if one.rung]
    rung: Rung = min(reached, key=RUNGS.index, default="coordinator")
    return e.ReminderEscalated(key=notice.due.key, call=following.call, rung=rung)


def _failed(notice: Notice, contact: ContactNamed, why: e.WhyNotTold) -> e.ReminderFailed:
    channel = by_channel(contact, notice.due.urgency)
    return e.ReminderFailed(key=notice.due.key, to=contact.person, channel=channel, call=notice.call, why=why)


def by_channel(contact: ContactNamed, urgency: Urgency) -> Channel:
    """By which channel a person is sent something."""
    return "webhook" if contact.wants(urgency) == "webhook" else "mail"
