"""The heads of the ledger: one is signed every hour in which anything was recorded, and each site is sent that of the day.

A site that keeps them where nobody who runs Daybook comes can prove that the ledger was rewritten, or that its end was cut off.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from uuid import NAMESPACE_OID, uuid5

import structlog

from app.signing import SIGNED_EVERY
from app.wiring import Daybook
from domain.contacts import ContactNamed, ContactRole
from domain.entry import Actor, Circumstances
from domain.handing_out import HeadGiven
from domain.letters import Letter
from domain.protocol_file import ProtocolFaults
from domain.rejections import Refused
from domain.time import clock_time, local_date
from store.errors import CommandReused, StoreError
from store.follow import turn
from store.heads import Head
from workflows.sending import NotNow, RefusedForGood, Send

NAME = "heads"
"""Under which one process at a time sends them."""
AGAIN_AFTER = timedelta(minutes=15)
"""How long whoever could not be sent their head just now is left in peace."""
NOT_TODAY = timedelta(days=1)
AT_ONCE = 8
"""How many mailboxes are tried at once."""
TO: tuple[ContactRole, ...] = ("investigator", "coordinator")
"""Who keeps the heads of a site."""
SAYS = "Study {study}, site {site}. Enclosed is the head of the ledger of {on}: it states, signed, the {entries} entries so far."
KEEP = (
    "Keep the file as it is, where whoever runs Daybook cannot reach it. With it anybody can prove later whether an entry was altered or "
    "cut off: with verify.py, which is part of every certified copy, or with `daybook verify --head FILE`."
)
FIRST_KEY = "The ledger's first public key is {key}"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Keeper:
    """Somebody who is to keep the head of a day for a site."""

    contact: ContactNamed
    site: str
    on: date

    def by(self, study: str) -> Circumstances:
        """The circumstances of sending it, which are the same at every attempt."""
        command_id = uuid5(NAMESPACE_OID, f"head|{study}|{self.site}|{self.on}|{self.contact.person}")
        return Circumstances(actor=Actor(id="heads", role="notices", site=self.site), source="notices", command_id=command_id)


def keeps(contact: ContactNamed, site: str) -> bool:
    """Whether somebody keeps the heads of a site."""
    return contact.mail is not None and contact.serves(site) and bool(set(TO) & set(contact.roles))


def _nobodys() -> bool:
    return False


class Heads:
    """Signs, and sends by `send`, if this machine can send mail at all. What cannot be done now is left for the next look."""

    def __init__(self, daybook: Daybook, send: Send | None) -> None:
        self._daybook, self._send = daybook, send
        self._signed: datetime | None = None
        self._in_the_way: dict[str, str] = {}
        self._rests: dict[Keeper, datetime] = {}
        self._taken: dict[Keeper, HeadGiven] = {}
        self._at_once, self._recording = asyncio.Semaphore(AT_ONCE), Lock()
        self._turn = ExitStack()
        self._ours: Callable[[], bool] = _nobodys

    async def sign(self) -> None:
        """Sign a head, if it is time."""
        now = self._daybook.ledger.clock()
        if (self._signed is None or now >= self._signed + SIGNED_EVERY) and await asyncio.to_thread(self._sealed) is not None:
            self._signed = now

    async def give(self) -> None:
        """Send the head of the day to all who keep it. No mailbox keeps anybody else from getting theirs.

        One process does so at a time, wherever it runs; whoever comes meanwhile leaves it to that one, and looks again later.
        """
        if self._send is None:
            return
        try:
            if await asyncio.to_thread(self._may_send):
                await self._give_all(self._send)
        finally:
            self._ends_turn()

    def _may_send(self) -> bool:
        """What was sent is put on record first, whatever became of its turn, of the day or of the contact meanwhile."""
        return self._recorded() and bool(self._waiting()) and self._takes_turn()

    async def _give_all(self, send: Send) -> None:
        keepers = await asyncio.to_thread(self._waiting)  # Whose turn it was before may have sent theirs meanwhile.
        if keepers and (head := await asyncio.to_thread(self._sealed)) is not None:
            await asyncio.gather(*(self._give(one, head, send) for one in keepers))

    def _takes_turn(self) -> bool:
        if not self._ours():
            self._turn.close()
            self._ours = _nobodys
            with self._left_for_later("turn-to-send-heads-not-known"):
                self._ours = self._turn.enter_context(turn(self._daybook.ledger, NAME))
        return self._ours()

    def _ends_turn(self) -> None:
        """It is kept while anything that was sent is not on record yet: nobody else shall send that again."""
        if not self._taken:
            self._turn.close()
            self._ours = _nobodys

    def _recorded(self) -> bool:
        """Whether all that was sent is on record, once what was not is tried again."""
        with self._left_for_later("sent-heads-not-recorded"):
            for to in list(self._taken):
                self._record(to)
        return not self._taken

    def _sealed(self) -> Head | None:
        """The head of the ledger as it stands; None where none can be signed."""
        with self._left_for_later("heads-not-signed"):
            return self._daybook.signing.seal().seal(self._daybook.ledger)
        return None

    def _waiting(self) -> list[Keeper]:
        """Who was not sent the head of the day yet, and may be written to now."""
        now = self._daybook.ledger.clock()
        self._rests = {keeper: until for keeper, until in self._rests.items() if now < until}
        with self._left_for_later("heads-not-sent"):
            return [one for one in self._keepers(now) if one not in self._rests and not self._was_given(one)]
        return []

    def _keepers(self, now: datetime) -> Iterator[Keeper]:
        """Those who keep the heads of the sites at which work has begun today."""
        if not self._daybook.desk.opened():
            return
        record = self._daybook.desk.current().record
        for name, site in record.sites.items():
            on = local_date(now, site.zone)
            if now >= clock_time(on, site.opens.hour, site.opens.minute, site.zone):
                yield from (Keeper(one, name, on) for one in record.contacts.values() if keeps(one, name))

    def _was_given(self, to: Keeper) -> bool:
        return self._daybook.handed_out.knows(to.by(self._daybook.desk.name))

    async def _give(self, to: Keeper, head: Head, send: Send) -> None:
        """Send somebody theirs and put that on record, unless the turn was lost meanwhile."""
        try:
            async with self._at_once:
                if not await asyncio.to_thread(self._ours):
                    return
                await send(self._letter(to, head))
            self._taken[to] = HeadGiven(site=to.site, people=(to.contact.person,), entries=head.size, head=head.digest)
            await asyncio.to_thread(self._record, to)
        except RefusedForGood:
            self._rest(to, NOT_TODAY)
        except (NotNow, StoreError) as trouble:
            log.warning("head-not-sent-yet", site=to.site, actor=to.contact.person, error=type(trouble).__name__)
            self._rest(to, AGAIN_AFTER)

    def _record(self, to: Keeper) -> None:
        with self._recording, suppress(CommandReused):  # Whoever had the turn next has sent another head as well, and said so first.
            self._daybook.handed_out.record(self._taken[to], to.by(self._daybook.desk.name))
        del self._taken[to]

    def _rest(self, to: Keeper, pause: timedelta) -> None:
        self._rests[to] = self._daybook.ledger.clock() + pause

    @contextmanager
    def _left_for_later(self, event: str) -> Iterator[None]:
        """What cannot be done now never ends the process; what is in the way is said when that changes, and not at every look."""
        trouble = ""
        try:
            yield
        except (StoreError, Refused, ProtocolFaults) as error:
            trouble = type(error).__name__
        if trouble != self._in_the_way.get(event, ""):
            self._in_the_way[event] = trouble
            if trouble:
                log.warning(event, error=trouble)
            else:
                log.info("heads-go-on", after=event)

    def _letter(self, to: Keeper, head: Head) -> Letter:
        study, site, on = self._daybook.desk.name, to.site, to.on
        return Letter(
            id=f"head-{study}-{site}-{on}-{to.contact.person}",
            channel="mail",
            address=to.contact.mail or "",
            study=study,
            urgency="digest",
            reminders=(),
            heading=f"{study} {site}: head of the ledger, {on}",
            lines=(
                SAYS.format(study=study, site=site, on=on, entries=head.size),
                KEEP,
                FIRST_KEY.format(key=self._daybook.signing.first()),
            ),
            at=head.at,
            enclosed=(f"head-{site}-{on}.txt", head.note),
        )
