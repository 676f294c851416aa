"""What identifies somebody is erased everywhere and for good, whatever is restored or interrupted, and every proof stays."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import copyfile

import psycopg
import pytest

from domain import commands as c
from domain.decided import to_decide
from domain.entry import Circumstances, Identifiers
from domain.keeping import IdentifiersErased
from domain.participant import PARTICIPANT
from domain.rejections import Refused
from domain.words import Role
from store.erasing import Erasures
from store.errors import Busy, Fault, Sealed
from store.ledger import Ledger
from tests.builders import STUDY, Story, Trial, by_
from tests.store.given import KEYS, Hand, append, dose, opened

WHO = Identifiers(name="Erika Mustermann", phone="+49 30 1234")
BY_ORDER = IdentifiersErased(participant="BER-001", approved_by="the data protection officer", legal_decision="a court's order")


def registered(trial: Trial, participant_id: str = "BER-001") -> Story:
    story = Story(trial, participant_id)
    story.asks(c.Register(site="BER", identifiers=WHO))
    return story


def decided(trial: Trial, event: IdentifiersErased = BY_ORDER) -> None:
    trial.participants.desk.record((event,), signs(trial, event))


def signs(trial: Trial, event: IdentifiersErased, role: Role = "administrator", reason: str | None = "as ordered") -> Circumstances:
    """Somebody who signs for an erasure."""
    by = by_(role, trial.next_id(), reason=reason)
    return by_(role, by.command_id, reason=reason, signed=to_decide(STUDY, (event,), by))


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


def registrations(register: Path) -> int:
    return len(register.read_bytes().splitlines()) if register.exists() else 0


class BreaksOff(Ledger):
    """A ledger with which whatever destroys a key is broken off before it has."""

    def forget_identity(self, stream: str) -> bool:
        raise Busy(f"The key of {stream} stays.")


def test_an_erasure_that_is_broken_off_before_it_is_registered_is_carried_out_when_the_record_is_next_opened(
    trial: Trial, register: Path
) -> None:
    registered(trial)
    decided(trial)
    register.parent.rmdir()
    with pytest.raises(Fault, match="cannot be written"):
        erasures(trial, register).carry_out()
    assert (registrations(register), identifies(trial.participants.ledger)) == (0, True)
    register.parent.mkdir()
    for _ in range(2):
        erasures(trial, register).carry_out()
        assert (registrations(register), identifies(trial.participants.ledger)) == (1, False)


def test_an_erasure_that_is_broken_off_before_the_key_is_destroyed_is_carried_out_when_the_record_is_next_opened(
    trial: Trial, register: Path
) -> None:
    registered(trial)
    decided(trial)
    ledger = trial.participants.ledger
    with pytest.raises(Busy):
        Erasures(BreaksOff(ledger.recorder, trial.clock, KEYS), trial.participants.desk, register).carry_out()
    assert (registrations(register), identifies(ledger)) == (1, True)
    for _ in range(2):
        erasures(trial, register).carry_out()
        assert (registrations(register), identifies(ledger)) == (1, False)


def test_of_two_erasures_the_one_that_was_carried_out_keeps_the_other_from_nothing(trial: Trial, register: Path) -> None:
    registered(trial)
    registered(trial, "BER-002")
    for number, participant in enumerate(("BER-001", "BER-002"), 1):
        decided(trial, BY_ORDER.model_copy(update={"participant": participant}))
        assert identifies(trial.participants.ledger, participant)
        erasures(trial, register).carry_out()
        assert (registrations(register), identifies(trial.participants.ledger, participant)) == (number, False)


def test_a_register_that_was_lost_is_written_again_by_what_is_on_record(trial: Trial, register: Path) -> None:
    registered(trial)
    decided(trial)
    erasures(trial, register).carry_out()
    register.unlink()
    erasures(trial, register).carry_out()
    assert (registrations(register), identifies(trial.participants.ledger)) == (1, False)


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


@contextmanager
def somebody_reads(path: Path) -> Iterator[None]:
    """A backup, perhaps: it reads as things stood when it began, for as long as it takes."""
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchall()
        yield


def files_with(secret: bytes, folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file() and secret in path.read_bytes())


def key_of(ledger: Ledger, participant_id: str = "BER-001") -> bytes:
    return ledger.recorder.keys([PARTICIPANT + participant_id])[PARTICIPANT + participant_id]


@pytest.mark.places("sqlite")
def test_no_file_of_the_ledger_holds_the_key_any_more(address: str, register: Path, tmp_path: Path) -> None:
    trial = Trial(ledger=opened(address))
    registered(trial)
    wrapped = key_of(trial.participants.ledger)
    assert files_with(wrapped, tmp_path)
    decided(trial)
    erasures(trial, register).carry_out()
    assert files_with(wrapped, tmp_path) == []
    assert erasures(trial, register).unfinished() == ()
    trial.participants.ledger.close()


@pytest.mark.places("sqlite")
def test_whoever_reads_as_things_stood_keeps_the_key_in_a_file_no_longer_than_they_read(
    address: str, register: Path, tmp_path: Path
) -> None:
    trial = Trial(ledger=opened(address))
    registered(trial)
    wrapped = key_of(trial.participants.ledger)
    decided(trial)
    with somebody_reads(tmp_path / "ledger.db"):
        for _ in range(2):
            erasures(trial, register).carry_out()
            assert not identifies(trial.participants.ledger)
            assert erasures(trial, register).unfinished() == ("BER-001",)
            assert erasures(trial, register).not_begun() == ()
            assert files_with(wrapped, tmp_path) == ["ledger.db-wal"]
        with pytest.raises(Sealed, match="erased for good"):
            append(trial.participants.ledger, PARTICIPANT + "BER-001", dose(who=WHO))
        registered(trial, "BER-002")
        assert identifies(trial.participants.ledger, "BER-002")
    assert files_with(wrapped, tmp_path) == ["ledger.db-wal"]
    again = Trial(ledger=opened(address), numbers=100)
    erasures(again, register).carry_out()
    assert erasures(again, register).unfinished() == ()
    assert files_with(wrapped, tmp_path) == []
    for one in (trial, again):
        one.participants.ledger.close()


@pytest.mark.places("sqlite")
def test_of_many_keys_the_destroyed_one_stands_in_no_file(ledger: Ledger, tmp_path: Path) -> None:
    numbers = range(200)
    for number in sorted(numbers, key=lambda number: number * 67 % 200):
        append(ledger, f"{PARTICIPANT}BER-{number:03}", dose(who=WHO))
    for number in numbers[::20]:
        wrapped = key_of(ledger, f"BER-{number:03}")
        assert ledger.forget_identity(f"{PARTICIPANT}BER-{number:03}")
        assert files_with(wrapped, tmp_path) == []
    assert sum(identifies(ledger, f"BER-{number:03}") for number in numbers) == 190


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


@pytest.mark.places("postgresql")
@pytest.mark.parametrize("read", ["entries", "participant_keys"])
def test_whoever_reads_a_database_as_it_stood_keeps_the_key_in_its_file_no_longer_than_they_read(
    address: str, ledger: Ledger, register: Path, read: str
) -> None:
    trial = Trial(ledger=ledger)
    registered(trial)
    decided(trial)
    server, _, schema = address.partition("&schema=")
    with psycopg.connect(server, autocommit=True) as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        reader.execute(f"SELECT count(*) FROM {schema}.{read}")
        for _ in range(2):
            erasures(trial, register).carry_out()
            assert not identifies(ledger)
            assert erasures(trial, register).unfinished() == ("BER-001",)
    erasures(trial, register).carry_out()
    assert erasures(trial, register).unfinished() == ()


@pytest.mark.places("postgresql")
def test_a_role_that_may_not_rid_the_file_of_a_key_overwrites_it_and_says_who_may(
    address: str, ledger: Ledger, register: Path, hand: Hand
) -> None:
    server, _, name = address.partition("&schema=")
    hand(f"CREATE ROLE {name} LOGIN")
    hand(f"GRANT USAGE ON SCHEMA {name} TO {name}")
    hand(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA {name} TO {name}")
    with closing(opened(f"postgresql://{name}@{server.partition('@')[2]}&schema={name}")) as of_guest:
        guest = Trial(ledger=of_guest)
        for participant in ("BER-001", "BER-002"):
            registered(guest, participant)
            decided(guest, BY_ORDER.model_copy(update={"participant": participant}))
        for _ in range(2):
            with pytest.raises(Fault, match="have a process of that role open the record once"):
                erasures(guest, register).carry_out()
            assert not any(identifies(of_guest, participant) for participant in ("BER-001", "BER-002"))
    owner = Trial(ledger=ledger, numbers=100)
    assert erasures(owner, register).unfinished() == ("BER-001", "BER-002")
    erasures(owner, register).carry_out()
    assert erasures(owner, register).unfinished() == ()


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
        (BY_ORDER, signs(trial, BY_ORDER, reason=None), "reason-missing"),
        (BY_ORDER, signs(trial, BY_ORDER, "investigator"), "administrator-only"),
        (early, signs(trial, early), "to-be-kept"),
        (nobody, signs(trial, nobody), "unknown-participant"),
    ):
        with pytest.raises(Refused) as refused:
            desk.record((event,), by)
        assert [reason.code for reason in refused.value.reasons] == [code]
    assert desk.erased() == []
