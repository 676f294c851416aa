"""Telling somebody that nobody is let in under their name for a while, by mail, so that they hear of it when it was not they who tried."""

import asyncio
from datetime import timedelta
from typing import Any

import structlog

from app.wiring import Daybook
from domain.doorkeeping import TurnedAway
from domain.entry import Entry
from domain.letters import Letter
from store.errors import Fault, LostLease
from store.follow import Batch, Follower, KeptInLedger
from workflows.sending import NotNow, RefusedForGood, Send

NAME = "lockouts"
WORTH_TELLING = timedelta(hours=1)
"""How long after a lock-out it is told; later it would only puzzle."""
log = structlog.get_logger()


class Lockouts:
    """Follows what happens at the door. What cannot be handed over now is tried again for as long as it is worth telling."""

    def __init__(self, daybook: Daybook, send: Send) -> None:
        self._daybook, self._send = daybook, send

    def follower(self) -> Follower:
        """What tells of lock-outs until it is stopped."""
        return Follower(self._daybook.ledger, NAME, KeptInLedger(self._daybook.ledger, NAME, self._deliver), _report)

    def _deliver(self, batch: Batch) -> None:
        for entry in batch:
            if isinstance(entry, Entry) and isinstance(entry.event, TurnedAway) and entry.event.locked:
                self._tell(entry)

    def _tell(self, entry: Entry[Any]) -> None:
        person = self._daybook.people.current().persons.get(entry.event.person)
        if person is None or person.mail is None or self._daybook.ledger.clock() > entry.recorded_at + WORTH_TELLING:
            return
        try:
            asyncio.run(self._handed_over(letter(entry, person.mail, self._daybook.desk.name)))
        except RefusedForGood:
            log.warning("lock-out-not-told", actor=person.id)
        except NotNow as trouble:
            raise Fault("A lock-out could not be told just now.") from trouble

    async def _handed_over(self, letter: Letter) -> None:
        await self._send(letter)


def letter(entry: Entry[Any], address: str, study: str) -> Letter:
    """The message about one lock-out; its id is the same for every attempt."""
    person = entry.event.person
    return Letter(
        id=f"lock-out-{entry.digest[:32]}",
        channel="mail",
        address=address,
        study=study,
        urgency="urgent",
        reminders=(),
        heading=f"{study}: your account {person} is locked",
        lines=(
            f"Several wrong passwords in a row were given for the account {person} of the study {study}.",
            "For a quarter of an hour nobody is let in under this name, you included.",
            "If it was not you, tell the administrator of the study today.",
        ),
        at=entry.recorded_at,
    )


def _report(trouble: Fault | LostLease) -> None:
    log.warning("lock-outs-interrupted", error=type(trouble).__name__)
