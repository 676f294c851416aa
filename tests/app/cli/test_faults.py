"""The world in the way: exit code 3 and a sentence that says what to do, and nothing half-written."""

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.cli.speaking import translated
from app.settings import Settings
from app.wiring import opened
from store.errors import Busy, DamagedEntry, Fault, Full, LostRace, Missing, Sealed, StoreError, Unreachable
from store.studies import StudyFileAltered, StudyFileMissing
from tests.app.at_the_desk import Desk
from tests.app.cli.test_answers import told
from workflows.journeys import NoTemporal

ALTERED = """UPDATE entries SET state = CAST(replace(CAST(state AS TEXT), 'Dr. Ito', 'Dr. Who') AS BLOB)
    WHERE stream = 'participant:BER-001' AND version = 3"""
MENDED = ALTERED.replace("'Dr. Ito', 'Dr. Who'", "'Dr. Who', 'Dr. Ito'")
SENTENCE = "Something is in the way. Do this."


def test_a_missing_ledger_is_said_plainly_and_not_made(empty_desk: Desk) -> None:
    said = desk_says(empty_desk, "register", "BER-001", "BER")
    assert "Create the folder, or correct the address." in said
    assert not empty_desk.folder.exists()


@pytest.mark.slow
def test_a_locked_ledger_is_said_plainly_and_nothing_is_recorded(desk: Desk) -> None:
    desk.consented()
    with closing(sqlite3.connect(desk.folder / "ledger.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = desk_says(desk, "screen", "BER-001", "now")
    assert "The database is busy with another program. Nothing was recorded. Try again in a moment." in said
    assert desk.kinds()[-1] == "consent-signed"


def test_a_database_that_does_not_answer_a_question_leaves_nobody_in_doubt_about_a_step(desk: Desk) -> None:
    desk.environment["DAYBOOK_LEDGER"] = f"postgresql://postgres@/postgres?host={desk.folder}"
    assert desk_says(desk, "verify") == "The database does not answer. Try again in a moment, or tell the administrator.\n"


def test_a_file_that_is_no_database_is_said_plainly(desk: Desk) -> None:
    (desk.folder / "ledger.sqlite").write_bytes(b"This is a shopping list." * 100)
    assert "ask the administrator to restore it" in desk_says(desk, "study", "show")


def test_a_master_key_that_is_none_is_said_plainly(desk: Desk) -> None:
    (desk.folder / "master.key").write_text("shopping list")
    assert "holds no master key. Put the right file back" in desk_says(desk, "study", "show")


def test_a_disk_that_takes_nothing_leaves_nothing_behind(empty_desk: Desk) -> None:
    command = [str(Path(sys.executable).with_name("daybook")), "study", "open", "--demonstration", "--as", "administrator:a-admin"]
    environment = os.environ | {"DAYBOOK_FOLDER": str(empty_desk.folder)}
    found = subprocess.run(command, env=environment, preexec_fn=let_no_file_grow, check=False, capture_output=True, text=True)
    assert found.returncode == 3
    assert "Daybook cannot write a master key to" in found.stderr
    assert "A line of the log is lost, and nothing else." in found.stderr
    assert subprocess.run(command, env=environment, check=False).returncode == 0


def let_no_file_grow() -> None:
    """What a full disk does to a process, for this process only."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def test_contact_data_without_the_master_key_is_refused_and_nothing_is_recorded(desk: Desk) -> None:
    (desk.folder / "master.key").unlink()
    result = desk("register", "BER-001", "BER", "--identify", answering="Annegret\n\n\n", code=3)
    assert "Daybook was started without the master key, so contact data cannot be recorded." in result.stderr
    assert desk.entries() == ()


def test_a_folder_that_cannot_be_made_is_said_plainly(tmp_path: Path, empty_desk: Desk) -> None:
    (tmp_path / "file").write_text("")
    empty_desk.folder = tmp_path / "file" / "daybook"
    assert "Daybook cannot make its folder" in empty_desk("study", "open", code=3, who="administrator:root").stderr


def test_a_damaged_entry_is_named_and_nothing_else_of_its_stream_is_trusted(desk: Desk) -> None:
    desk.consented("BER-001")
    desk.consented("BER-002")
    with behind_the_back_of(desk) as database:
        database.execute(ALTERED)
    for command in (("screen", "BER-001", "now"), ("history", "BER-001"), ("agenda", "BER-001")):
        said = desk_says(desk, *command)
        assert "Entry 3 of participant:BER-001 is damaged" in said
        assert "Do not rely on this record; tell the administrator." in said
    desk("screen", "BER-002", "now")


def test_the_answers_leave_a_record_out_once_it_was_found_to_be_altered(desk: Desk) -> None:
    desk.consented("BER-001")
    desk.consented("BER-002")
    told(desk)
    with behind_the_back_of(desk) as database:
        database.execute(ALTERED)
    desk("verify", code=3)
    assert "Entry 3 cannot be shown" in desk("worklist").stdout
    assert "Entry 3 of participant:BER-001 is damaged" in desk_says(desk, "timeline", "BER-001")
    assert "Consent signed" in desk("timeline", "BER-002").stdout
    with behind_the_back_of(desk) as database:
        database.execute(MENDED)
    desk("views", "retry", "BER-001")
    assert "Entry 3 cannot be shown" not in desk("worklist").stdout


def test_no_answer_is_given_while_the_study_itself_is_damaged(desk: Desk) -> None:
    desk.consented("BER-001")
    told(desk)
    with behind_the_back_of(desk) as database:
        database.execute(
            "UPDATE entries SET state = CAST(replace(CAST(state AS TEXT), 'Berlin', 'London') AS BLOB) WHERE stream = 'study:cd19-cart-sle'"
        )
    assert "of study:cd19-cart-sle is damaged" in desk_says(desk, "worklist")


def test_verifying_names_every_damaged_entry_and_every_gap(desk: Desk) -> None:
    desk.consented("BER-001")
    desk.consented("BER-002")
    with behind_the_back_of(desk) as database:
        database.execute(ALTERED)
        database.execute("DELETE FROM entries WHERE stream = 'participant:BER-002' AND version = 2")
    said = desk("verify", code=3)
    assert said.stdout.startswith("15 entries proved in 3 streams; 3 damaged.")
    assert "Entry 3 of participant:BER-001 is damaged: its contents do not agree with its hash." in said.stderr
    assert "Entry 2 of participant:BER-002 is damaged: it is missing." in said.stderr
    assert "nothing stands at position" in said.stderr
    assert len(desk.json("verify", code=3)["damage"]) == 3


def test_the_status_goes_on_when_the_study_itself_is_damaged(desk: Desk) -> None:
    desk.consented("BER-001")
    with behind_the_back_of(desk) as database:
        database.execute(ALTERED)
        database.execute("UPDATE entries SET state = CAST('{}' AS BLOB) WHERE stream LIKE 'study:%' AND version = 1")
    said = desk("status", code=3).stdout
    for part in (
        "Damage    Entry 1 of study:cd19-cart-sle is damaged",
        "Damage    Entry 3 of participant:BER-001 is damaged",
        "Study     Entry 1 of study:cd19-cart-sle is damaged",
        "Views     not built yet",
        "Temporal  No Temporal server answers",
    ):
        assert part in said
    assert len(desk.json("status", code=3)["verification"]["damage"]) == 2


def test_the_status_says_that_a_file_of_the_study_is_gone(desk: Desk, tmp_path: Path) -> None:
    desk.environment["DAYBOOK_STUDIES"] = str(tmp_path / "nowhere")
    said = desk("status", code=3).stdout
    assert "Study     Daybook cannot read version 1 of the drug reference" in said
    assert "Views     not built yet" in said


def test_a_missing_temporal_server_is_said_plainly(desk: Desk) -> None:
    for command in (("journeys", "list"), ("journeys", "rebuild"), ("worker",), ("relay",)):
        assert "No Temporal server answers at 127.0.0.1:9." in desk_says(desk, *command)


def test_facts_are_recorded_without_temporal(desk: Desk) -> None:
    desk.consented()
    assert desk.kinds()[-1] == "consent-signed"


def test_a_demonstration_without_its_temporal_server_leaves_nothing_behind(empty_desk: Desk) -> None:
    assert "No Temporal server answers at 127.0.0.1:9." in desk_says(empty_desk, "up", "--demo")
    assert not empty_desk.folder.exists()


@pytest.mark.parametrize("fault", [Fault, Busy, Missing, Full, Unreachable, Sealed, NoTemporal, StudyFileMissing, StudyFileAltered])
def test_every_fault_keeps_its_sentence_and_ends_with_3(fault: type[StoreError]) -> None:
    failure = translated(fault(SENTENCE))
    assert failure.exit_code == 3
    assert [reason.says for reason in failure.reasons] == [SENTENCE]


def test_a_lost_race_and_damage_end_with_3() -> None:
    assert translated(LostRace("participant:BER-001", 3, 4)).exit_code == 3
    assert translated(DamagedEntry("participant:BER-001", 3, "it is missing")).exit_code == 3


def test_a_bug_is_not_translated() -> None:
    with pytest.raises(ZeroDivisionError):
        translated(ZeroDivisionError())


def test_a_fault_is_json_for_a_program(empty_desk: Desk) -> None:
    assert empty_desk.json("study", "show", code=3)["fault"][0]["code"] == "Missing"


def test_opening_the_record_twice_does_no_harm(desk: Desk) -> None:
    with opened(Settings(folder=desk.folder), desk.clock) as one, opened(Settings(folder=desk.folder), desk.clock) as other:
        assert one.ledger.head() == other.ledger.head()


def desk_says(desk: Desk, *typed: str) -> str:
    return desk(*typed, code=3).stderr


@contextmanager
def behind_the_back_of(desk: Desk) -> Iterator[sqlite3.Connection]:
    """Reach into the database past everything that guards it."""
    with closing(sqlite3.connect(desk.folder / "ledger.sqlite", isolation_level=None)) as database:
        for trigger in ("update", "delete"):
            database.execute(f"DROP TRIGGER IF EXISTS entries_bear_no_{trigger}")
        yield database
