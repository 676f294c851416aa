"""The folder of studies: a file is found, bound by its digest, and never taken for another one."""

import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from uuid import NAMESPACE_OID

import pytest

from domain.protocol_file import ProtocolFaults
from domain.study import ProtocolReleased, ReferenceAdopted, StudyOpened, TimeZoneDataAdopted
from store.keys import Keyring
from store.ledger import Ledger
from store.studies import SHIPPED, StudyFileAltered, StudyFileMissing, StudyFiles
from store.study import StudyDesk
from tests.builders import STUDY, Clock, by_

OTHER = "0" * 64


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "studies"))


def protocol_in(folder: Path) -> Path:
    return folder / STUDY / "v1.toml"


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def test_the_delivered_studies_are_found_with_the_digest_of_their_bytes() -> None:
    released, adopted = StudyFiles().protocol(STUDY, 1), StudyFiles().reference(1)
    assert (released.protocol.study, released.digest) == (STUDY, digest(SHIPPED / STUDY / "v1.toml"))
    assert (adopted.reference.version, adopted.digest) == (1, digest(SHIPPED / "reference/drugs.v1.toml"))


def test_the_protocol_names_a_reference_that_is_delivered() -> None:
    files = StudyFiles()
    wanted = files.protocol(STUDY, 1).protocol.reference
    assert files.reference(wanted).reference.version == wanted


def test_a_file_with_the_digest_of_the_record_is_read(folder: Path) -> None:
    files = StudyFiles(folder)
    expected = digest(protocol_in(folder))
    assert files.protocol(STUDY, 1, expect=expected).digest == expected


MISSING: list[Callable[[StudyFiles], object]] = [
    lambda files: files.protocol(STUDY, 2),
    lambda files: files.protocol("another-study", 1),
    lambda files: files.reference(7),
]


@pytest.mark.parametrize("ask", MISSING)
def test_a_file_that_is_not_there_is_named_with_what_to_do(ask: Callable[[StudyFiles], object], folder: Path) -> None:
    with pytest.raises(StudyFileMissing, match=r"Put the file back, or name another version"):
        ask(StudyFiles(folder))


def test_one_changed_byte_is_found_out_before_anything_in_the_file_is_believed(folder: Path) -> None:
    expected = digest(protocol_in(folder))
    protocol_in(folder).write_bytes(protocol_in(folder).read_bytes() + b"\nnonsense")
    with pytest.raises(StudyFileAltered, match=expected):
        StudyFiles(folder).protocol(STUDY, 1, expect=expected)


def test_an_altered_reference_is_found_out(folder: Path) -> None:
    with pytest.raises(StudyFileAltered, match=OTHER):
        StudyFiles(folder).reference(1, expect=OTHER)


def test_a_version_that_was_read_is_kept_and_still_bound(folder: Path) -> None:
    files = StudyFiles(folder)
    first, adopted = files.protocol(STUDY, 1), files.reference(1)
    shutil.rmtree(folder)
    assert files.protocol(STUDY, 1, expect=first.digest) is first
    assert files.reference(1, expect=adopted.digest) is adopted
    with pytest.raises(StudyFileAltered):
        files.protocol(STUDY, 1, expect=OTHER)


def test_a_malformed_file_is_refused_with_every_fault_and_not_kept(folder: Path) -> None:
    sound = protocol_in(folder).read_bytes()
    protocol_in(folder).write_bytes(sound.replace(b"visit_grace_days", b"grace"))
    files = StudyFiles(folder)
    with pytest.raises(ProtocolFaults) as refused:
        files.protocol(STUDY, 1)
    assert [fault.place for fault in refused.value.faults] == ["visit_grace_days", "grace"]
    protocol_in(folder).write_bytes(sound)
    assert files.protocol(STUDY, 1).protocol.visit_grace_days == 14


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        ("cd19-cart-sle/v2.toml", r"^version: is 1, but the file lies where 2 belongs$"),
        ("another-study/v1.toml", r"^study: is 'cd19-cart-sle', but the file lies where 'another-study' belongs$"),
    ],
)
def test_a_file_in_the_place_of_another_is_refused(place: str, fault: str, folder: Path) -> None:
    (folder / place).parent.mkdir(exist_ok=True)
    shutil.copy(protocol_in(folder), folder / place)
    study, version = place.removesuffix(".toml").split("/v")
    with pytest.raises(ProtocolFaults, match=fault):
        StudyFiles(folder).protocol(study, int(version))


def test_a_reference_in_the_place_of_another_is_refused(folder: Path) -> None:
    shutil.copy(folder / "reference/drugs.v1.toml", folder / "reference/drugs.v2.toml")
    with pytest.raises(ProtocolFaults, match=r"^version: is 1"):
        StudyFiles(folder).reference(2)


def test_a_protocol_that_names_a_class_its_reference_does_not_explain_is_refused_and_nothing_is_recorded(folder: Path) -> None:
    text = protocol_in(folder).read_text()
    protocol_in(folder).write_text(text.replace('classes = ["live-vaccine"]', 'classes = ["vaccine"]'))
    files = StudyFiles(folder)
    desk = StudyDesk(Ledger.open("memory", clock=Clock(), keys=Keyring(b"k" * 32)), files, STUDY, program="test", time_zone_data="test")
    events = (
        StudyOpened(study=STUDY, demonstration=True),
        TimeZoneDataAdopted(version="test"),
        ReferenceAdopted(reference=1, digest=files.reference(1).digest),
        ProtocolReleased(protocol=1, digest=files.protocol(STUDY, 1).digest),
    )
    with pytest.raises(ProtocolFaults, match=r"^criteria.E19a.requires.of.classes: 'vaccine' is no class of version 1"):
        desk.record(events, by_("administrator", NAMESPACE_OID))
    assert not desk.opened()
