"""What identifies somebody is erased at the command line, and as long as that is not done everywhere it is said."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from app.cli.running import erases
from app.cli.session import Session
from app.cli.study import tell_what_is_left
from app.settings import Settings
from app.status import erasures_left
from app.wiring import opened
from tests.app.at_the_desk import Desk

BERG = "administrator:t-berg"
ERASE = ("study", "erase", "BER-001", "--approved-by", "the data protection officer", "--legal-decision", "a court's order")
DECIDED = ("--reason", "as ordered", "--sign", "I decide it")
LEFT = "a file of the database may still hold the key to it"


@pytest.fixture
def known(desk: Desk) -> Desk:
    """Somebody is on record with who they are."""
    desk("register", "BER-001", "BER", "--identify", answering="Annegret Kramer\n+49 30 555\na.kramer@example.org\n")
    return desk


@contextmanager
def somebody_reads(desk: Desk) -> Iterator[None]:
    with closing(sqlite3.connect(desk.folder / "ledger.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchall()
        yield


def unfinished(desk: Desk) -> list[str]:
    found: list[str] = desk.json("status", code=3)["erasures_unfinished"]
    return found


def test_nothing_is_left_to_do_where_nobody_reads(known: Desk) -> None:
    erased = known(*ERASE, *DECIDED, who=BERG)
    assert "what identifies BER-001 is to be erased for good" in erased.stdout
    assert LEFT not in erased.output
    assert unfinished(known) == []


def test_whoever_decides_is_told_what_is_left_to_do_and_the_next_command_does_it(known: Desk) -> None:
    with somebody_reads(known):
        assert f"Not done yet: it was decided to erase who BER-001 is, and {LEFT}" in known(*ERASE, *DECIDED, who=BERG).stderr
        assert unfinished(known) == ["BER-001"]
        assert LEFT not in known("study", "contact", "m-weber", "--role", "coordinator", "--mail", "m@ber.example", who=BERG).output
        assert LEFT in known("status", code=3).stdout
    assert unfinished(known) == []


@pytest.mark.parametrize("as_json", [False, True])
def test_a_decision_that_cannot_be_carried_out_is_said_to_be_recorded_and_is_gone_on_with(known: Desk, *, as_json: bool) -> None:
    known.environment["DAYBOOK_ERASURES"] = str(known.folder / "apart" / "erasures.jsonl")  # In a folder that is not there.
    said = known(*ERASE, *DECIDED, *(("--json",) if as_json else ()), who=BERG, code=3)
    if as_json:
        assert json.loads(said.stdout)["events"][0]["participant"] == "BER-001"
    else:
        assert said.stdout.startswith("Recorded for the study cd19-cart-sle: what identifies BER-001 is to be erased for good.")
    told = " ".join(said.stderr.split())
    assert "The decision is on record, and need not be made again. Carrying it out was broken off: The register of erasures at" in told
    assert "The worker goes on with it every minute" in told
    with known.ledger() as ledger:
        assert [entry.event.kind for entry in ledger.read("study:cd19-cart-sle")].count("identifiers-erased.v1") == 1
        assert not ledger.forgotten("participant:BER-001")
    (known.folder / "apart").mkdir()
    assert known.json("erasures")["BER-001"]["state"] == "erased"


@pytest.mark.parametrize("looks", [("status",), ("erasures",)])
def test_whoever_only_looks_at_a_backup_that_was_restored_finds_nobody_named_either(
    known: Desk, tmp_path: Path, looks: tuple[str, ...]
) -> None:
    ledger, backup = known.folder / "ledger.sqlite", tmp_path / "backup.sqlite"
    shutil.copyfile(ledger, backup)
    known(*ERASE, *DECIDED, who=BERG)
    for beside in known.folder.glob("ledger.sqlite*"):
        beside.unlink()
    shutil.copyfile(backup, ledger)
    with known.ledger() as restored:
        assert restored.named("participant:BER-001")
    known(*looks, code=3 if looks == ("status",) else 0)
    with known.ledger() as restored:
        assert restored.forgotten("participant:BER-001")
    assert known.json("erasures")["BER-001"]["signature"]["meaning"] == "I decide it"


def test_erasures_are_listed_with_who_signed_each_why_and_what_has_come_of_it(known: Desk) -> None:
    assert known.json("erasures") == {}
    with somebody_reads(known):
        known(*ERASE, *DECIDED, who=BERG)
        assert known.json("erasures")["BER-001"]["state"] == "in a file"
        assert "not finished: a file of the database may still hold the key" in known("erasures").stdout
    listed = known.json("erasures")["BER-001"]
    assert (listed["state"], listed["erased"]["approved_by"]) == ("erased", "the data protection officer")
    assert (listed["signature"]["printed"], listed["signature"]["meaning"]) == ("t-berg", "I decide it")
    said = known("erasures").stdout
    for part in ("BER-001", "as ordered", "the data protection officer", "a court's order", "t-berg, not authenticated: I decide it"):
        assert part in said
    assert "key destroyed" in said


def test_whatever_is_in_the_way_of_asking_what_is_left_is_told_and_is_no_refusal_of_what_was_recorded(
    known: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    session = Session(known.clock)
    with opened(Settings(folder=known.folder), known.clock) as daybook:
        tell_what_is_left(daybook, session)
    assert capsys.readouterr().err == ""
    tell_what_is_left(daybook, session)  # By now its ledger is closed.
    assert "Not done yet: nobody can tell whether that is done everywhere" in " ".join(capsys.readouterr().err.split())


def test_what_was_broken_off_is_told_apart_from_what_is_left_in_a_file() -> None:
    in_a_file, named = erasures_left(["BER-001"], ["BER-002", "BER-003"])
    assert (LEFT in in_a_file, "who BER-001 is" in in_a_file) == (True, True)
    assert ("the key to it still opens" in named, "who BER-002, BER-003 is" in named) == (True, True)
    assert list(erasures_left([], [])) == []


def test_a_process_that_goes_on_does_what_is_left_to_do(known: Desk) -> None:
    with opened(Settings(folder=known.folder), known.clock) as daybook:
        with somebody_reads(known):
            known(*ERASE, *DECIDED, who=BERG)
            asyncio.run(erases(daybook))
            assert daybook.erasures.unfinished() == ("BER-001",)
        asyncio.run(erases(daybook))
        assert daybook.erasures.unfinished() == ()
        daybook.settings.erasures.write_text("shopping list")
        asyncio.run(erases(daybook))  # What is in the way of it ends nothing else.
