"""The one place where the parts are put together. Importing it connects to nothing."""

import os
import zoneinfo
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from app.authority import Authority
from app.settings import Settings
from projections.feed import EVERY_VIEW, Feed
from projections.views import Views
from store.erasing import Erasures
from store.errors import Fault
from store.follow import Follower
from store.keys import KEY_BYTES, Keyring
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

    @property
    def erasures(self) -> Erasures:
        """What is to be erased, and the register of it."""
        return Erasures(self.ledger, self.desk, self.settings.erasures)

    @property
    def authority(self) -> Authority:
        """Where people's requests come in."""
        return Authority(self.participants, self.people, self.erasures)

    def feed(self) -> Follower:
        """What keeps the views up to date, by following the record."""
        return Feed(self.ledger, self.desk, self.views).follower()


@contextmanager
def opened(settings: Settings, clock: Clock = world_clock, *, create: bool = False) -> Iterator[Daybook]:
    """Open the record for as long as it is needed; `create` makes a ledger where there is none yet, and the master key with it.

    A master key that was lost is never replaced: contact data under two keys would hide the loss.
    """
    if create:
        _make(settings.folder)
    master = _master_key(settings.keys, create=create and not stands(settings.ledger))
    ledger = Ledger.open(settings.ledger, clock=clock, keys=Keyring(master), create=create)
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


def _master_key(path: Path, *, create: bool) -> bytes | None:
    """The master key, or None where it is kept away from this process; a new one only its owner can read."""
    try:
        if create and not path.exists():
            _make_key(path)
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Fault(
            f"Daybook cannot read the master key at {path}: {error.strerror}. Put it right, or name another file in DAYBOOK_KEYS."
        ) from error
    return _key_in(text, path)


def _make_key(path: Path) -> None:
    """Write a new key beside its place, and put it there whole: a disk that is full leaves none, and two who come at once share one."""
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(b64encode(os.urandom(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    except OSError as error:
        raise Fault(f"Daybook cannot write a master key to {path}: {error.strerror}. Put that right, then repeat.") from error
    finally:
        beside.unlink(missing_ok=True)


def _key_in(text: bytes, path: Path) -> bytes:
    try:
        key = b64decode(text.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Fault(f"{path} holds no master key. Put the right file back, or name another in DAYBOOK_KEYS.")
    return key


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
