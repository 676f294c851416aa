"""Telling people by mail what was done to their account without them, so that they hear of it when it was not they who asked for it."""

import asyncio
from datetime import timedelta
from typing import Any

import structlog

from app.following import followed
from app.wiring import Daybook
from domain.contacts import ContactNamed
from domain.doorkeeping import TurnedAway
from domain.entry import Entry
from domain.letters import Letter
from domain.people import AccessGiven, PersonAdmitted
from store.errors import Fault, LostLease, StoreError
from store.follow import Batch, Follower, KeptInLedger
from workflows.patience import FIRST_PAUSE, LONGEST_PAUSE
from workflows.sending import NotNow, RefusedForGood, Send

NAME = "lockouts"
"""Under which the ledger keeps how far this has been followed; it told of lock-outs first."""
LOCK_OUT_WORTH_TELLING = timedelta(hours=1)
"""How long after a lock-out it is told; later it would only puzzle."""
WORTH_TELLING = timedelta(days=7)
"""How long anything else is: whoever was on holiday still wants to hear of it."""
AT_ONCE = 8
"""How many mailboxes are tried at once."""
TELL = "If you know nothing of it, tell the investigator and the administrator of the study today."
log = structlog.get_logger()


class AccountNews:
    """Follows what happens to accounts. What cannot be handed over now is tried again for as long as it is worth telling.

    One mailbox that takes nothing keeps nobody else waiting: each letter is tried by itself. Whoever is still to be told holds the
    position back, so nothing is lost with the process; what came after it is then told again, under the same ids.
    """

    def __init__(self, daybook: Daybook, send: Send) -> None:
        self._daybook, self._send = daybook, send
        self._kept = KeptInLedger(daybook.ledger, NAME, self._deliver)
        self._delivered = 0
        self._news: asyncio.Queue[Entry[Any]] = asyncio.Queue()
        self._at_once = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Tell people until cancelled."""
        self._loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as group:
            group.create_task(followed(Follower(self._daybook.ledger, NAME, self._kept, _report)))
            while True:
                group.create_task(self._tell(await self._news.get()))

    def _deliver(self, batch: Batch) -> None:
        """Called by the follower, in its own thread. What was delivered before, and begins anew after a fault, is being told already."""
        for entry in batch:
            if entry.position > self._delivered:
                if isinstance(entry, Entry) and self._letter(entry) is not None:
                    self._kept.hold(entry.position)
                    self._loop.call_soon_threadsafe(self._news.put_nowait, entry)
                self._delivered = entry.position

    def _letter(self, entry: Entry[Any]) -> Letter | None:
        """What there is to tell of an entry, while it is worth telling."""
        worth = LOCK_OUT_WORTH_TELLING if isinstance(entry.event, TurnedAway) else WORTH_TELLING
        address = self._address(entry) if self._daybook.ledger.clock() <= entry.recorded_at + worth else None
        return None if address is None else letter(entry, address, self._daybook.desk.name)

    def _address(self, entry: Entry[Any]) -> str | None:
        """Where to tell of an entry, if there is anything to tell: of a change at the address that was on record before it."""
        match entry.event:
            case TurnedAway(person=person, locked=True) | AccessGiven(person=person):
                known = self._daybook.people.current().persons.get(person)
                return known.mail if known else None
            case PersonAdmitted(person=person, name=name, mail=mail):
                was = self._daybook.people.at(entry.version - 1).persons.get(person)
                return was.mail if was and (was.name, was.mail) != (name, mail) else None
            case ContactNamed(person=person, mail=mail, webhook=webhook):
                told = self._daybook.desk.at(entry.version - 1).record.contacts.get(person)
                return told.mail if told and (told.mail, told.webhook) != (mail, webhook) else None
            case _:
                return None

    async def _tell(self, entry: Entry[Any]) -> None:
        pause = FIRST_PAUSE
        while not await self._told(entry):
            await asyncio.sleep(pause.total_seconds())
            pause = min(2 * pause, LONGEST_PAUSE)
        try:
            await asyncio.to_thread(self._kept.settle, entry.position)
        except (Fault, LostLease) as trouble:
            _report(trouble)

    async def _told(self, entry: Entry[Any]) -> bool:
        """Whether it is taken by now, refused for good, or not worth telling any more."""
        try:
            async with self._at_once:
                found = await asyncio.to_thread(self._letter, entry)
                if found is not None:
                    await self._send(found)
        except RefusedForGood:
            log.warning("account-news-not-told", actor=entry.event.person)
        except (StoreError, NotNow) as trouble:
            log.warning("account-news-not-told-yet", actor=entry.event.person, error=type(trouble).__name__)
            return False
        return True


def letter(entry: Entry[Any], address: str, study: str) -> Letter:
    """The message about one entry; its id is the same for every attempt."""
    what, lines = _words(entry.event, study)
    return Letter(
        id=f"account-{entry.digest[:32]}",
        channel="mail",
        address=address,
        study=study,
        urgency="urgent",
        reminders=(),
        heading=f"{study}: {what}",
        lines=(*lines, TELL),
        at=entry.recorded_at,
    )


def _words(event: TurnedAway | AccessGiven | PersonAdmitted | ContactNamed, study: str) -> tuple[str, tuple[str, ...]]:
    """What happened, in a heading and in sentences: neither says an address, a name or who did it, which the record does."""
    person = event.person
    match event:
        case TurnedAway():
            tried = f"Several wrong passwords in a row were given for the account {person} of the study {study}."
            return f"your account {person} is locked", (tried, "For a quarter of an hour nobody is let in under this name, you included.")
        case AccessGiven():
            given = f"An administrator gave a password to begin with for the account {person} of the study {study}."
            signs = "The account signs nothing until somebody else has vouched, with you before them, that it is in your hands."
            return f"a password was given for your account {person}", (given, signs)
        case PersonAdmitted():
            return f"your account {person} was changed", (f"The name or the mail address of the account {person} was changed.",)
        case ContactNamed():
            return "your address for reminders was changed", (f"Where the account {person} is told of reminders was changed.",)


def _report(trouble: Fault | LostLease) -> None:
    log.warning("account-news-interrupted", error=type(trouble).__name__)
