"""How Daybook itself is doing: the chain of the record, the views, the journeys, the messages; asked wherever people ask."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Annotated

from pydantic import Field

from app.proving import Verification, damaged, proved, unread, verification
from app.wiring import Daybook, time_zone_data
from domain.base import Value
from domain.contacts import ContactRole, Contacts, ladder
from domain.undelivered import Undelivered, together, undelivered
from projections.notices import reminded
from projections.views import Parked
from store.errors import DamagedEntry, Missing, StoreError

TOLD: tuple[ContactRole, ...] = ("coordinator", "investigator")
"""For whom reminders fall due."""
FAILED = (
    "{said} could not be delivered: tell these people by another way; `daybook inbox` shows what waits. "
    "Then put the address right with `daybook study contact`, and send it again with `daybook send-again` or from the log of reminders"
)
OVERDUE = (
    "{said} should have been sent by now: see that `daybook worker` runs, and that the mail server in DAYBOOK_SMTP_HOST answers; "
    "then it goes out by itself"
)
UNSIGNED = (
    "no head has been signed for {said}, the first of them recorded more than an hour ago: see that `daybook worker` runs, and that the "
    "key in DAYBOOK_SIGNING is at hand there"
)
STILL_IN_A_FILE = (
    "it was decided to erase who {who} is, and a file of the database may still hold the key to it, since something reads there as it "
    "stood before, such as a backup: once that has ended the worker takes the key out of it, and so does whatever next opens the record; "
    "the log of writes of a PostgreSQL, and an archive of it, let go of it in their own time"
)
STILL_NAMED = (
    "it was decided to erase who {who} is, and that was broken off before it was done, so that the key to it still opens: the worker goes "
    "on with it every minute, and so does whatever next opens the record; see that the register in DAYBOOK_ERASURES can be written"
)


class Status(Value):
    """What an administrator looks at first, a few seconds after everybody could have caught up.

    A lag counts what is not told yet; None means that it could not be asked.
    """

    verification: Verification | None
    """None where nobody asked for the whole record to be proved."""
    feed_lag: int | None
    parked: tuple[Parked, ...]
    temporal: Annotated[str, Field(description="Temporal's namespace, or why it does not answer.")]
    temporal_answers: bool
    participants: int
    journeys_behind: tuple[str, ...] | None
    study_unreadable: str | None
    """Why the study's own record or its files cannot be read, if they cannot; nothing can be judged then."""
    time_zone_data_differs: bool
    nobody_named: tuple[str, ...]
    """At which site nobody is named for which role, or nobody who is sent what is urgent: it waits in the inbox, and is sent to nobody."""
    messages_failed: int
    """Messages that were refused for good, or given up after days, and that somebody still needs."""
    messages_late: int
    """Messages that should have been handed over a quarter of an hour ago or earlier."""
    entries_unsigned: int
    """Entries that no head of the ledger states, although the first of them was recorded more than an hour and a quarter ago."""
    erasures_unfinished: tuple[str, ...]
    """Who is erased, while a file of the database may still hold the key to who they were."""
    erasures_not_begun: tuple[str, ...]
    """Who is to be erased, while the key to who they are still opens."""

    @property
    def troubled(self) -> bool:
        """Whether somebody should look: anything damaged, left out, behind, absent or undone, or other time-zone data."""
        damage = self.verification is not None and self.verification.damage
        wrong = damage or self.parked or self.journeys_behind or self.study_unreadable or self.time_zone_data_differs
        undone = self.messages_failed or self.messages_late or self.entries_unsigned or self.feed_lag != 0
        named = self.erasures_unfinished or self.erasures_not_begun
        return bool(wrong or undone or named or not self.temporal_answers)


def status(daybook: Daybook, within_seconds: float, *, proving: bool = True) -> Status:
    """How everything is doing, once all have had some seconds to catch up.

    The whole record is read, and each journey asked, only where all of it is to be proved: of ten thousand that takes minutes.
    """
    from app import travelling  # noqa: PLC0415 - It loads Temporal, for which most commands would wait in vain.

    everybody = daybook.participants.ids()
    behind = asyncio.run(travelling.behind(daybook, everybody if proving else [], within_seconds))
    answers = isinstance(behind, tuple)
    lag, parked = _feed(daybook, within_seconds)
    unreadable, differs, nobody = _study(daybook)
    messages = Undelivered() if unreadable else _messages(daybook, everybody)
    return Status(
        verification=verification(daybook) if proving else None,
        feed_lag=lag,
        parked=parked,
        temporal=daybook.settings.temporal_namespace if answers else str(behind),
        temporal_answers=answers,
        participants=len(everybody),
        journeys_behind=behind if isinstance(behind, tuple) and proving else None,
        study_unreadable=unreadable,
        time_zone_data_differs=differs,
        nobody_named=nobody,
        messages_failed=messages.failed,
        messages_late=messages.late,
        entries_unsigned=daybook.signing.behind(daybook.ledger),
        erasures_unfinished=() if unreadable else daybook.erasures.unfinished(),
        erasures_not_begun=() if unreadable else daybook.erasures.not_begun(),
    )


def _messages(daybook: Daybook, everybody: list[str]) -> Undelivered:
    """What did not get through; of a damaged record nothing is told but that it is damaged."""
    study, clock = daybook.desk.current(), daybook.ledger.clock()
    with suppress(Missing):  # Until the views are built, everybody is asked about.
        everybody = reminded(daybook.views, clock)

    def found() -> Iterator[Undelivered]:
        for participant_id in everybody:
            with suppress(DamagedEntry):
                yield undelivered(daybook.participants.read(participant_id), study, clock)

    return together(found())


def _study(daybook: Daybook) -> tuple[str | None, bool, tuple[str, ...]]:
    """Why the study cannot be read, if it cannot; whether it has adopted other time-zone data; and whom nobody is named for."""
    try:
        record = daybook.desk.so_far()
    except StoreError as trouble:
        return str(trouble), False, ()
    if not record.name:
        return "not open yet: `daybook study open`", False, ()
    return None, record.time_zone_data != time_zone_data(), tuple(_nobody_named(record.contacts, sorted(record.sites)))


def _nobody_named(contacts: Contacts, sites: Sequence[str]) -> Iterator[str]:
    """For whom a reminder is sent to nobody; everybody who is named may yet leave what is urgent in their inbox."""
    for site in sites:
        for role in TOLD:
            if not any(one.serves(site) and role in one.roles for one in contacts.values()):
                yield f"{role} at {site}"
            elif not ladder(contacts, site, role):
                yield f"{role} at {site} (for what is urgent)"


def _feed(daybook: Daybook, within_seconds: float) -> tuple[int | None, tuple[Parked, ...]]:
    head = daybook.ledger.head()
    try:
        if daybook.views.position() < head:
            daybook.views.reached(head, within_seconds)
        return max(head - daybook.views.position(), 0), daybook.views.parked()
    except Missing:
        return None, ()


def lines(found: Status) -> Iterator[tuple[str, str]]:
    """The same in words, part by part."""
    if found.verification is not None:
        yield "Record", proved(found.verification)
        yield from (("Damage", damaged(one)) for one in found.verification.damage)
        yield from (("Unreadable", unread(one)) for one in found.verification.unreadable)
    if found.study_unreadable is not None:
        yield "Study", found.study_unreadable
    yield "Views", _views(found.feed_lag)
    yield from (("Parked", f"{left_out(one)}{_retry(one)}") for one in found.parked)
    yield "Temporal", f"answers, namespace {found.temporal}" if found.temporal_answers else found.temporal
    if found.journeys_behind is not None:
        yield "Journeys", f"{found.participants - len(found.journeys_behind)} of {found.participants} have read their last entry"
        yield from (("Behind", f"the journey of {one}") for one in found.journeys_behind)
    if found.nobody_named:
        yield "Contacts", f"nobody is named, so that reminders only wait in the inbox, for the {', the '.join(found.nobody_named)}"
    if found.messages_failed:
        yield "Messages", FAILED.format(said=_counted(found.messages_failed))
    if found.messages_late:
        yield "Messages", OVERDUE.format(said=_counted(found.messages_late))
    if found.entries_unsigned:
        yield "Heads", UNSIGNED.format(said=_counted(found.entries_unsigned, "entry", "entries"))
    yield from (("Erasures", one) for one in erasures_left(found.erasures_unfinished, found.erasures_not_begun))
    if found.time_zone_data_differs:
        yield "Time zones", "this machine reckons with other time-zone data than the study adopted; see `daybook study adopt-time-zones`"


def erasures_left(unfinished: Sequence[str], not_begun: Sequence[str]) -> Iterator[str]:
    """What is left to do of the erasures that were decided."""
    for left, says in ((unfinished, STILL_IN_A_FILE), (not_begun, STILL_NAMED)):
        if left:
            yield says.format(who=", ".join(left))


def _counted(number: int, one: str = "message", several: str = "messages") -> str:
    return f"{number} {one if number == 1 else several}"


def _retry(one: Parked) -> str:
    return f" Once that is mended: `daybook views retry {one.participant}`." if one.participant else ""


def _views(lag: int | None) -> str:
    if lag is None:
        return "not built yet; is `daybook project` running?"
    return "up to date" if lag == 0 else f"{_counted(lag, 'entry', 'entries')} behind the record"


def left_out(parked: Parked) -> str:
    """Whom or what the views leave out, and why."""
    if not parked.stream:
        return f"The views leave out position {parked.position}: {parked.why}."
    return f"The views leave out {parked.participant or parked.stream}, because of entry {parked.version}: {parked.why}."
