"""What identifies somebody is erased everywhere and for good, whatever is restored or interrupted, and every proof stays."""

from pathlib import Path
from shutil import copyfile

import pytest

from domain import commands as c
from domain.entry import Identifiers
from domain.keeping import IdentifiersErased
from domain.participant import PARTICIPANT
from domain.rejections import Refused
from store.erasing import Erasures
from store.errors import Fault, Sealed
from store.ledger import Ledger
from tests.builders import Story, Trial, by_
from tests.store.given import Hand, opened

WHO = Identifiers(name="Erika Mustermann", phone="+49 30 1234")
BY_ORDER = IdentifiersErased(participant="BER-001", approved_by="the data protection officer", legal_decision="a court's order")


def registered(trial: Trial, participant_id: str = "BER-001") -> Story:
    story = Story(trial, participant_id)
    story.asks(c.Register(site="BER", identifiers=WHO))
    return story


def decided(trial: Trial, event: IdentifiersErased = BY_ORDER) -> None:
    trial.participants.desk.record((event,), by_("administrator", trial.next_id(), reason="as ordered", signed=True))


def identifies(ledger: Ledger, participant_id: str = "BER-001") -> bool:
    return any(entry.identifiers for entry in ledger.read(PARTICIPANT + participant_id))


def erasures(trial: Trial, register: Path) -> Erasures:
    return Erasures(trial.participants.ledger, trial.participants.desk, register)


@pytest.fixture
def register(tmp_path: Path) -> Path:
    return tmp_path / "apart" / "erasures.jsonl"


@pytest.fixture(autouse=True)
def apart(register: Path) -> None:
    register.parent.mkdir()


@pytest.fixture
def trial(ledger: Ledger) -> Trial:
    return Trial(ledger=ledger)


@pytest.mark.clause("EMA 2023", "data protection")
@pytest.mark.clause("ICH E6(R3)", "4.2.8")
def test_whoever_is_erased_is_named_nowhere_and_every_proof_stays(trial: Trial, register: Path) -> None:
    story, other = registered(trial), registered(trial, "BER-002")
    digests = [entry.digest for entry in story.record.entries]
    assert identifies(trial.participants.ledger)
    decided(trial)
    erasures(trial, register).carry_out()
    assert not identifies(trial.participants.ledger)
    assert identifies(trial.participants.ledger, other.id)
    assert [entry.digest for entry in story.record.entries] == digests
    assert b"Mustermann" not in register.read_bytes()


def test_nothing_is_erased_that_was_not_decided(trial: Trial, register: Path) -> None:
    registered(trial)
    erasures(trial, register).carry_out()
    assert identifies(trial.participants.ledger)
    assert not register.exists()


def test_whoever_had_nothing_on_record_cannot_be_named_after_that_either(trial: Trial, register: Path) -> None:
    trial.participant()
    decided(trial)
    erasures(trial, register).carry_out()
    with pytest.raises((Sealed, Refused)):
        registered(trial)
    assert not identifies(trial.participants.ledger)


def test_an_interrupted_erasure_is_carried_out_when_the_record_is_next_opened(trial: Trial, register: Path) -> None:
    registered(trial)
    decided(trial)
    assert identifies(trial.participants.ledger)
    for _ in range(2):
        erasures(trial, register).carry_out()
        assert not identifies(trial.participants.ledger)
    assert len(register.read_bytes().splitlines()) == 1


@pytest.mark.clause("EMA 2023", "data protection")
def test_a_key_that_a_backup_brings_back_is_destroyed_again(trial: Trial, register: Path, hand: Hand) -> None:
    registered(trial)
    [(wrapped,)] = hand("SELECT wrapped FROM participant_keys")
    decided(trial)
    erasures(trial, register).carry_out()
    hand("UPDATE participant_keys SET wrapped = ?", bytes(wrapped))
    assert identifies(trial.participants.ledger)
    erasures(trial, register).carry_out()
    assert not identifies(trial.participants.ledger)


@pytest.mark.places("sqlite")
def test_a_restored_backup_that_knows_nothing_of_the_decision_is_told_of_it_again(address: str, register: Path, tmp_path: Path) -> None:
    trial = Trial(ledger=opened(address))
    registered(trial)
    trial.participants.ledger.close()
    ledger, backup = tmp_path / "ledger.db", tmp_path / "backup.db"
    copyfile(ledger, backup)
    trial = Trial(ledger=opened(address), numbers=100)
    decided(trial)
    erasures(trial, register).carry_out()
    trial.participants.ledger.close()
    copyfile(backup, ledger)
    restored = Trial(ledger=opened(address), numbers=200)
    assert identifies(restored.participants.ledger)
    restored.clock.move(days=1)
    for _ in range(2):
        erasures(restored, register).carry_out()
    assert not identifies(restored.participants.ledger)
    [(event, by)] = restored.participants.desk.erased()
    assert event == BY_ORDER
    assert by.reason == "as ordered"
    restored.participants.ledger.close()


@pytest.mark.places("sqlite")
def test_no_file_of_the_ledger_holds_the_key_any_more(address: str, register: Path, tmp_path: Path) -> None:
    trial = Trial(ledger=opened(address))
    registered(trial)
    wrapped = trial.participants.ledger.recorder.keys([PARTICIPANT + "BER-001"])[PARTICIPANT + "BER-001"]
    held = [path for path in tmp_path.iterdir() if path.is_file() and wrapped in path.read_bytes()]
    assert held
    decided(trial)
    erasures(trial, register).carry_out()
    assert [path for path in tmp_path.iterdir() if path.is_file() and wrapped in path.read_bytes()] == []
    trial.participants.ledger.close()


@pytest.mark.places("postgresql")
def test_no_file_of_the_table_of_keys_holds_it_any_more(ledger: Ledger, hand: Hand, register: Path) -> None:
    """The log of writes is the database's own, and is let go in its time."""
    trial = Trial(ledger=ledger)
    registered(trial)
    wrapped = ledger.recorder.keys([PARTICIPANT + "BER-001"])[PARTICIPANT + "BER-001"]

    def held() -> bool:
        hand("CHECKPOINT")
        ((folder, path),) = hand("SELECT current_setting('data_directory'), pg_relation_filepath('participant_keys')")
        return wrapped in (Path(folder) / path).read_bytes()

    assert held()
    decided(trial)
    erasures(trial, register).carry_out()
    assert not held()


def test_a_register_that_cannot_be_read_stops_everything(trial: Trial, register: Path) -> None:
    register.write_bytes(b'{"event": ')
    with pytest.raises(Fault, match="cannot be read"):
        erasures(trial, register).carry_out()


def test_a_register_that_cannot_be_written_destroys_nothing(trial: Trial, tmp_path: Path) -> None:
    registered(trial)
    decided(trial)
    with pytest.raises(Fault, match="cannot be written"):
        erasures(trial, tmp_path / "nowhere" / "erasures.jsonl").carry_out()
    assert identifies(trial.participants.ledger)


def test_it_takes_a_signature_a_reason_and_the_end_of_keeping_or_a_legal_decision(trial: Trial) -> None:
    registered(trial)
    desk, early = trial.participants.desk, BY_ORDER.model_copy(update={"legal_decision": None})
    nobody = BY_ORDER.model_copy(update={"participant": "BER-999"})
    for event, by, code in (
        (BY_ORDER, by_("administrator", trial.next_id(), reason="as ordered"), "signature-missing"),
        (BY_ORDER, by_("administrator", trial.next_id(), signed=True), "reason-missing"),
        (BY_ORDER, by_("investigator", trial.next_id(), reason="as ordered", signed=True), "administrator-only"),
        (early, by_("administrator", trial.next_id(), reason="as ordered", signed=True), "to-be-kept"),
        (nobody, by_("administrator", trial.next_id(), reason="as ordered", signed=True), "unknown-participant"),
    ):
        with pytest.raises(Refused) as refused:
            desk.record((event,), by)
        assert [reason.code for reason in refused.value.reasons] == [code]
    assert desk.erased() == []
