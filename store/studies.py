"""The files of `studies/`: protocols and drug references, each bound by the digest of its bytes."""

from dataclasses import dataclass
from functools import reduce
from hashlib import sha256
from pathlib import Path

from domain.protocol import Protocol
from domain.protocol_checks.parts import Fault
from domain.protocol_file import ProtocolFaults, parse_protocol, parse_reference
from domain.reference import Reference
from domain.study import ProtocolReleased, ReferenceAdopted, Study, StudyEvent, StudyOpened, StudyRecord, TimeZoneDataAdopted, evolve_study
from store.errors import StoreError

SHIPPED = Path(__file__).parents[1] / "studies"
"""The studies that are delivered with Daybook, beside its packages."""


class StudyFileMissing(StoreError):
    """There is no such file, or it cannot be read."""


class StudyFileAltered(StoreError):
    """The file is not the one whose digest stands in the study's stream."""


@dataclass(frozen=True, slots=True)
class Released:
    """A version of the protocol, with the SHA-256 of its file."""

    protocol: Protocol
    digest: str


@dataclass(frozen=True, slots=True)
class Adopted:
    """A version of the drug reference, with the SHA-256 of its file."""

    reference: Reference
    digest: str


class StudyFiles:
    """Reads a folder of studies. A file that was read once is kept: a version never changes, a change is a new version.

    `expect` is the digest that the study's stream binds. Raises StudyFileMissing, StudyFileAltered, or ProtocolFaults with
    everything that is wrong in the file.
    """

    def __init__(self, folder: Path = SHIPPED) -> None:
        self._folder = folder
        self._protocols: dict[tuple[str, int], Released] = {}
        self._references: dict[int, Adopted] = {}

    def protocol(self, study: str, version: int, *, expect: str | None = None) -> Released:
        """A version of a study's protocol, from `<study>/v<version>.toml`."""
        path = self._folder / study / f"v{version}.toml"
        if (study, version) not in self._protocols:
            read = protocol_in(path, f"version {version} of the protocol of {study}", expect)
            _same("study", read.protocol.study, study)
            _same("version", read.protocol.version, version)
            self._protocols[study, version] = read
        released = self._protocols[study, version]
        _bound(path, released.digest, expect)
        return released

    def as_released(self, study: str, version: int, *, program: str, time_zone_data: str) -> Study:
        """A study under one version of its protocol and the drug reference that this reckons with, with no site and no ruling yet."""
        released = self.protocol(study, version)
        adopted = self.reference(released.protocol.reference)
        events: tuple[StudyEvent, ...] = (
            StudyOpened(study=study, demonstration=released.protocol.demonstration),
            TimeZoneDataAdopted(version=time_zone_data),
            ReferenceAdopted(reference=adopted.reference.version, digest=adopted.digest),
            ProtocolReleased(protocol=version, digest=released.digest),
        )
        record = reduce(evolve_study, events, StudyRecord())
        return Study(record, {version: released.protocol}, adopted.reference, program, time_zone_data)

    def reference(self, version: int, *, expect: str | None = None) -> Adopted:
        """A version of the drug reference, from `reference/drugs.v<version>.toml`."""
        path = self._folder / "reference" / f"drugs.v{version}.toml"
        if version not in self._references:
            read = reference_in(path, f"version {version} of the drug reference", expect)
            _same("version", read.reference.version, version)
            self._references[version] = read
        adopted = self._references[version]
        _bound(path, adopted.digest, expect)
        return adopted


def protocol_in(path: Path, what: str = "the protocol", expect: str | None = None) -> Released:
    """The protocol in a file, wherever it lies."""
    text = _read(path, what, expect)
    return Released(parse_protocol(text), _digest(text))


def reference_in(path: Path, what: str = "the drug reference", expect: str | None = None) -> Adopted:
    """The drug reference in a file, wherever it lies."""
    text = _read(path, what, expect)
    return Adopted(parse_reference(text), _digest(text))


def _read(path: Path, what: str, expect: str | None) -> bytes:
    """The bytes of a file, whose digest is compared before anything in it is looked at."""
    try:
        text = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise StudyFileMissing(f"Daybook cannot read {what} at {path}: {reason}. Put the file back, or name another version.") from error
    _bound(path, _digest(text), expect)
    return text


def _digest(text: bytes) -> str:
    return sha256(text).hexdigest()


def _bound(path: Path, digest: str, expect: str | None) -> None:
    if expect is not None and digest != expect:
        raise StudyFileAltered(
            f"{path} is not the file that the study's record names: its SHA-256 is {digest}, the record says {expect}. "
            "Put the right file back; a change to a protocol or a reference is a new version."
        )


def _same(key: str, inside: str | int, outside: str | int) -> None:
    if inside != outside:
        raise ProtocolFaults([Fault(key, f"is {inside!r}, but the file lies where {outside!r} belongs")])
