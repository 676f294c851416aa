"""The heads of the ledger: one is signed every hour in which anything was recorded, and each site is sent that of the day.

A site that keeps them where nobody who runs Daybook comes can prove that the ledger was rewritten, or that its end was cut off.
"""

import asyncio
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

import structlog

from app.wiring import Daybook
from domain.contacts import ContactNamed, ContactRole
from domain.entry import Actor, Circumstances
from domain.handing_out import HeadGiven
from domain.letters import Letter
from domain.protocol_file import ProtocolFaults
from domain.rejections import Refused
from domain.time import clock_time, local_date
from store.errors import StoreError
from store.heads import Head
from workflows.sending import NotNow, RefusedForGood, Send

EVERY = timedelta(hours=1)
TO: tuple[ContactRole, ...] = ("investigator", "coordinator")
"""Who keeps the heads of a site."""
SAYS = "Study {study}, site {site}. Enclosed is the head of the ledger of {on}: it states, signed, the {entries} entries so far."
KEEP = (
    "Keep the file as it is, where whoever runs Daybook cannot reach it. With it anybody can prove later whether an entry was altered or "
    "cut off: with verify.py, which is part of every certified copy, or with `daybook verify --head FILE`."
)
FIRST_KEY = "The ledger's first public key is {key}"
log = structlog.get_logger()


class Heads:
    """Signs, and sends by `send`, if this machine can send mail at all."""

    def __init__(self, daybook: Daybook, send: Send | None) -> None:
        self._daybook, self._send = daybook, send
        self._signed: datetime | None = None

    def look(self) -> None:
        """Do what it is time for; what cannot be done now is left for the next look, and never ends the process."""
        try:
            self._look()
        except (StoreError, NotNow, Refused, ProtocolFaults) as trouble:
            log.warning("heads-interrupted", error=type(trouble).__name__)

    def _look(self) -> None:
        now = self._daybook.ledger.clock()
        due = dict(self._due(now)) if self._send is not None else {}
        if due or self._signed is None or now >= self._signed + EVERY:
            head, self._signed = self._daybook.signing.seal().seal(self._daybook.ledger), now
            for site, on in due.items():
                self._give(site, on, head)

    def _due(self, now: datetime) -> Iterator[tuple[str, date]]:
        """The sites at which work has begun today, and which were not sent the head of the day."""
        for name, site in self._daybook.desk.current().record.sites.items() if self._daybook.desk.opened() else ():
            on = local_date(now, site.zone)
            opened = now >= clock_time(on, site.opens.hour, site.opens.minute, site.zone)
            if opened and self._keepers(name) and not self._daybook.handed_out.knows(_by(self._daybook.desk.name, name, on)):
                yield name, on

    def _keepers(self, site: str) -> list[ContactNamed]:
        contacts = self._daybook.desk.current().record.contacts.values()
        return [one for one in contacts if one.mail is not None and one.serves(site) and set(TO) & set(one.roles)]

    def _give(self, site: str, on: date, head: Head) -> None:
        """Send a site its head, and put on record to whom it went. Raises NotNow before anything is recorded."""
        reached = [one.person for one in self._keepers(site) if self._sent(self._letter(one, site, on, head))]
        if reached:
            given = HeadGiven(site=site, people=tuple(reached), entries=head.size, head=head.digest)
            self._daybook.handed_out.record(given, _by(self._daybook.desk.name, site, on))

    def _sent(self, letter: Letter) -> bool:
        """Whether the mailbox takes it; one that takes nothing keeps nobody else from getting theirs."""
        assert self._send is not None, "nothing is due where nothing can be sent"  # noqa: S101 - It cannot happen; see the house style.
        try:
            asyncio.run(_handed_over(self._send, letter))
        except RefusedForGood:
            return False
        return True

    def _letter(self, to: ContactNamed, site: str, on: date, head: Head) -> Letter:
        study = self._daybook.desk.name
        return Letter(
            id=f"head-{study}-{site}-{on}-{to.person}",
            channel="mail",
            address=to.mail or "",
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


async def _handed_over(send: Send, letter: Letter) -> None:
    await send(letter)


def _by(study: str, site: str, on: date) -> Circumstances:
    """The circumstances of sending a site its head of a day, which are the same at every attempt."""
    return Circumstances(
        actor=Actor(id="heads", role="notices", site=site), source="notices", command_id=uuid5(NAMESPACE_OID, f"head|{study}|{site}|{on}")
    )
