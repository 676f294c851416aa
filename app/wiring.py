"""The one place where the parts are put together. Importing it connects to nothing."""

import zoneinfo
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from app.authority import Authority
from app.cutting import Standings
from app.keyfiles import MASTER, secret_in
from app.settings import Settings
from app.signing import Signing
from projections.feed import EVERY_VIEW, Feed
from projections.views import Views
from store.erasing import Erasures
from store.errors import Fault
from store.follow import Follower
from store.handing_out import HandedOut
from store.heads import PublicKey
from store.keys import Keyring
from store.ledger import Ledger, stands
from store.participants import Participants
from store.people import PeopleDesk
from store.reviewing import ReviewDesk
from store.studies import StudyFiles
from store.study import StudyDesk

Clock = Callable[[], datetime]


def world_clock() -> datetime:
    """The clock of the ledger in real life."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Daybook:
    """The record of one study, open; `sealing` says whether the master key is at hand, without which no contact data are recorded."""

    settings: Settings
    sealing: bool
    ledger: Ledger
    files: StudyFiles
    desk: StudyDesk
    participants: Participants
    people: PeopleDesk
    reviews: ReviewDesk
    views: Views
    standings: Standings = field(default_factory=Standings)
    """How everybody stood at its data cuts."""

    @property
    def erasures(self) -> Erasures:
        """What is to be erased, and the register of it."""
        return Erasures(self.ledger, self.desk, self.settings.erasures)

    @property
    def signing(self) -> Signing:
        """The keys that heads are signed and checked with."""
        return Signing(self.settings)

    @property
    def handed_out(self) -> HandedOut:
        """Where it is recorded what was handed out."""
        return HandedOut(self.ledger, self.desk.name)

    @property
    def authority(self) -> Authority:
        """Where people's requests come in."""
        return Authority(self.participants, self.people, self.erasures)

    def feed(self) -> Follower:
        """What keeps the views up to date, by following the record."""
        return Feed(self.ledger, self.desk, self.views).follower()


@contextmanager
def opened(settings: Settings, clock: Clock = world_clock, *, create: bool = False, key: PublicKey | None = None) -> Iterator[Daybook]:
    """Open the record for as long as it is needed; `create` makes a ledger where there is none yet, and its keys with it.

    With `key`, the new ledger's heads will be those of another that this key signed first.

    A key that was lost is never replaced: contact data under two keys would hide the loss.
    """
    if create:
        _make(settings.folder)
        if key is not None:
            Signing(settings).publish(key)
    master = secret_in(settings.keys, MASTER, create=create and not stands(settings.ledger))
    ledger = Ledger.open(settings.ledger, clock=clock, keys=Keyring(master), create=create)
    if create:
        Signing(settings).make(ledger)
    with _around(ledger, settings, sealing=master is not None) as daybook:
        daybook.erasures.carry_out()
        yield daybook


@contextmanager
def rehearsed(settings: Settings, clock: Clock = world_clock) -> Iterator[Daybook]:
    """A new record that is forgotten again, to find out what would be refused before anything is made."""
    with _around(Ledger.open("memory", clock=clock, keys=Keyring(None)), settings, sealing=False) as daybook:
        yield daybook


@contextmanager
def _around(ledger: Ledger, settings: Settings, *, sealing: bool) -> Iterator[Daybook]:
    views = Views(settings.views, EVERY_VIEW, program())
    try:
        files = StudyFiles(settings.studies)
        desk = StudyDesk(ledger, files, settings.study, program=program(), time_zone_data=time_zone_data())
        people, reviews = PeopleDesk(ledger, desk), ReviewDesk(ledger, settings.study)
        yield Daybook(settings, sealing, ledger, files, desk, Participants(ledger, desk), people, reviews, views)
    finally:
        views.close()
        ledger.close()


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Fault(f"Daybook cannot make its folder {folder}: {error.strerror}. Name another in DAYBOOK_FOLDER.") from error


def program() -> str:
    """The program and its version, as derivations name what they were made with."""
    return f"daybook {version('daybook')}"


def time_zone_data() -> str:
    """Which time-zone data this machine reckons with: the system's, or else the package that was installed with Daybook."""
    for folder in zoneinfo.TZPATH:
        listing = Path(folder, "tzdata.zi")
        if listing.is_file():
            with listing.open() as lines:
                return lines.readline().removeprefix("# version ").strip()
        if Path(folder, "UTC").exists():
            return "the system's, of unknown version"
    return version("tzdata")
