"""The register of erasures is written by the desk and by the worker, and none of what it says is ever lost between them."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from domain.entry import Circumstances
from domain.keeping import IdentifiersErased
from store.erasing import Erasures
from store.study import StudyDesk
from tests.builders import STUDY, Trial
from tests.store.given import opened
from tests.store.test_erasing import BY_ORDER, decided, erasures, registered

ANOTHER = BY_ORDER.model_copy(update={"participant": "BER-002"})


class Dawdles(StudyDesk):
    """Reads what was decided, and takes so long over it that others are done with theirs meanwhile."""

    meanwhile: Callable[[], None]

    def erased(self) -> list[tuple[IdentifiersErased, Circumstances]]:
        found = super().erased()
        self.meanwhile()
        return found


@pytest.fixture
def trial(tmp_path: Path) -> Iterator[Trial]:
    """A ledger in a file, as every one is that two write to."""
    trial = Trial(ledger=opened(f"sqlite:///{tmp_path / 'ledger.db'}"))
    for participant_id in ("BER-001", "BER-002"):
        registered(trial, participant_id)
    yield trial
    trial.participants.ledger.close()


@pytest.fixture
def register(tmp_path: Path) -> Path:
    apart = tmp_path / "apart"
    apart.mkdir()
    return apart / "erasures.jsonl"


def dawdling(trial: Trial, register: Path, meanwhile: Callable[[], None]) -> Erasures:
    desk = Dawdles(trial.participants.ledger, trial.files, STUDY, program="test", time_zone_data=trial.time_zone_data)
    desk.meanwhile = meanwhile
    return Erasures(trial.participants.ledger, desk, register)


def test_a_line_that_another_wrote_meanwhile_stays_in_the_register(trial: Trial, register: Path) -> None:
    decided(trial)

    def meanwhile() -> None:
        decided(trial, ANOTHER)
        erasures(trial, register).carry_out()

    dawdling(trial, register, meanwhile).carry_out()
    assert [line.count(b"BER-00") for line in register.read_bytes().splitlines()] == [1, 1]


def test_a_key_that_still_opens_is_never_told_as_one_that_only_lingers_in_a_file(trial: Trial, register: Path) -> None:
    decided(trial)
    ours = erasures(trial, register)
    assert (ours.not_begun(), ours.unfinished()) == (("BER-001",), ())
    ours.carry_out()
    assert (ours.not_begun(), ours.unfinished()) == ((), ())


def test_two_that_write_at_once_write_the_register_once_and_whole(trial: Trial, register: Path) -> None:
    decided(trial)
    decided(trial, ANOTHER)
    at_once = Barrier(2)
    written = set()

    def together() -> None:
        at_once.wait(10)

    with ThreadPoolExecutor(2) as pool:
        for _ in range(50):
            both = [dawdling(trial, register, together) for _ in range(2)]
            for done in [pool.submit(one.carry_out) for one in both]:
                done.result()
            written.add(register.read_bytes())
            register.unlink()
    assert [len(one.splitlines()) for one in written] == [2]
    assert {path.name for path in register.parent.iterdir()} == {"erasures.jsonl.lock"}
