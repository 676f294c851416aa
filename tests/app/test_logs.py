import io
import json
import logging
import re
from pathlib import Path

import pytest
import structlog

from app.logs import ids_only, logging_to
from tests.app.at_the_desk import Desk


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("drug", "prednisone"),
        ("says", "BER-001 took 40 mg"),
        ("reason", "x"),
        ("participant", "Anna Müller"),
        ("error", "lupus flared up"),
        ("version", {"dose": 40}),
        ("exc_info", ValueError("40 mg")),
    ],
)
def test_what_could_be_clinical_does_not_reach_the_log(key: str, value: object) -> None:
    assert key not in ids_only(None, "", {"event": "called", key: value})


def test_ids_names_and_numbers_reach_the_log() -> None:
    line = {"event": "called", "participant": "BER-001", "command": "report.thaw-started", "version": 7, "seconds": 0.25, "cause": None}
    assert ids_only(None, "", dict(line)) == line


def test_of_a_librarys_line_only_its_place_is_logged() -> None:
    file = io.StringIO()
    with logging_to(file, "json"):
        logging.getLogger("temporalio.activity").warning("failed on prednisone %s mg", 40)
    (line,) = file.getvalue().splitlines()
    assert json.loads(line)["event"].startswith("temporalio.activity:")
    assert "prednisone" not in line


def test_a_line_for_people_holds_the_same() -> None:
    file = io.StringIO()
    with logging_to(file, "console"):
        structlog.get_logger().info("advanced", participant="BER-001", drug="prednisone")
    assert "BER-001" in file.getvalue()
    assert "prednisone" not in file.getvalue()


def test_each_command_leaves_one_line_with_who_what_and_how_it_ended(desk: Desk) -> None:
    desk.eligible()
    desk("medication", "BER-001", "prednisone", "40", "2026-01-03", "--route", "oral", "--for", "lupus nephritis")
    desk("medication", "BER-001", "zzz", "40", "2027-01-03", "--route", "oral", "--for", "lupus nephritis", code=2)
    recorded, refused = log(desk).splitlines()[-2:]
    for part in ("command=medication", "participant=BER-001", "actor=m-weber", "role=coordinator", "version="):
        assert part in recorded
    assert "error=Refused" in refused


def test_no_clinical_value_of_a_whole_story_is_in_the_log(desk: Desk) -> None:
    desk.collected()
    desk("medication", "BER-001", "dexamethasone", "8", "now", "--route", "oral", "--for", "nausea", "--reason", "told by her sister")
    desk("leave", "treatment", "BER-001", "now", "--why", "disease progressed")
    said = re.sub(r"^\S+Z ", "", log(desk), flags=re.MULTILINE)
    assert said != log(desk), "each line begins with its instant, whose digits mean nothing else"
    for value in ("dexamethasone", "nausea", "sister", "progressed", "COI-0001", "12.5", "consent-1.0", "Dr. Ito"):
        assert value not in said


def test_a_call_that_finds_no_folder_makes_none(empty_desk: Desk) -> None:
    empty_desk("study", "show", code=3)
    assert not empty_desk.folder.exists()


def log(desk: Desk) -> str:
    return Path(desk.folder, "daybook.log").read_text()
