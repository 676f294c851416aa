"""The stage of the demonstration: a study in a ledger of its own, people who act in it, and time that passes when told to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from uuid import uuid4

from app.demo.opening import open_demonstration
from app.wiring import time_zone_data
from domain import commands as c
from domain import events as e
from domain.anchors import first_infusion
from domain.criteria.report import EligibilityReport, eligibility
from domain.entry import Actor, Circumstances, Signature
from domain.record import Record
from domain.rejections import Refused
from domain.signatures import to_sign
from domain.standing import Noted
from domain.time import When
from domain.words import Role
from store.keys import Keyring
from store.ledger import Ledger
from store.participants import Participants
from store.studies import StudyFiles
from store.study import StudyDesk
from workflows.virtual_time import VirtualTime, virtual_time

STUDY, SITE, ZONE = "cd19-cart-sle", "BER", "Europe/Berlin"
PARTICIPANT = "BER-001"
BEGINS = datetime(2026, 1, 12, 8, 0, tzinfo=UTC)
"""A Monday, nine o'clock in Berlin."""


@dataclass
class StoryClock:
    """The ledger's clock on the stage: it stands where the story stands."""

    instant: datetime = BEGINS

    def __call__(self) -> datetime:
        return self.instant

    def move_to(self, instant: datetime) -> None:
        """Let the clock show an instant."""
        self.instant = instant


@dataclass
class Stage:
    """What the story acts with. Everything is asked as a person would, through the one desk."""

    participants: Participants
    clock: StoryClock
    time: VirtualTime

    @property
    def record(self) -> Record:
        return self.participants.read(PARTICIPANT)

    def now(self) -> When:
        return When.at(self.clock())

    def asks(
        self, command: c.Command, role: Role = "coordinator", *, reason: str | None = None, meaning: str | None = None
    ) -> Refused | None:
        """Make a request; a refusal comes back, because it is part of the story."""
        by = Circumstances(actor=Actor(id=f"demo-{role}", role=role, site=SITE), source="cli", command_id=uuid4(), reason=reason)
        if meaning is not None:
            by = by.model_copy(update={"signature": Signature(meaning=meaning, signed=to_sign(PARTICIPANT, command, by))})
        try:
            self.participants.handle(PARTICIPANT, command, by)
        except Refused as refusal:
            return refusal
        return None

    def reports(self, fact: e.Fact, role: Role = "coordinator", *, reason: str | None = None, meaning: str | None = None) -> None:
        """State what has happened; in this story that is never refused."""
        refusal = self.asks(c.Report(fact=fact), role, reason=reason, meaning=meaning)
        if refusal is not None:
            raise refusal

    def report(self) -> EligibilityReport:
        """Eligibility as it is judged for a confirmation now."""
        return eligibility(self.record.participant, self.participants.study(), self.clock())


def infusion_on(record: Record) -> Noted[e.InfusionStarted]:
    """The start of the first bag, from which every day is counted; the story speaks of it once it has begun."""
    infusion = first_infusion(record.participant, ZONE)
    assert infusion is not None, "the story asks for it after the infusion"  # noqa: S101 - cannot happen; see house style
    return infusion


@asynccontextmanager
async def set_in(folder: Path) -> AsyncIterator[Stage]:
    """Set the stage in a folder: a fresh ledger, an opened study, a server that skips time."""
    clock = StoryClock()
    ledger = Ledger.open(f"sqlite:///{folder / 'demonstration.sqlite'}", clock=clock, keys=Keyring(None))
    try:
        files = StudyFiles()
        desk = StudyDesk(ledger, files, STUDY, program=f"daybook {version('daybook')}", time_zone_data=time_zone_data())
        participants = Participants(ledger, desk)
        open_demonstration(participants.desk, files)
        async with virtual_time(participants, clock.move_to) as time:
            yield Stage(participants, clock, time)
    finally:
        ledger.close()
