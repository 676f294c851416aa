"""A data cut counts everybody by both clocks, and stays what it was whatever is recorded later."""

import csv
from pathlib import Path

import pytest

from tests.app.at_the_desk import Desk

SIGNED = ("--sign", "I have made this cut")
AT = ("--recorded-by", "2026-01-12 09:00", "--occurred-by", "2026-01-12 09:00")


@pytest.fixture
def cut(desk: Desk) -> Desk:
    """Somebody who is enrolled, somebody who failed screening, and somebody who only came later; and a cut before that."""
    desk.eligible()
    desk.consented("BER-002")
    desk("screen", "BER-002", "now")
    desk("fail-screening", "BER-002", "now", "--why", "an infection that went on")
    desk.clock.move(days=1)
    desk.consented("BER-003")
    recorded = desk.json("history", "BER-002")["entries"][-1]["recorded_at"][:16].replace("T", " ")
    cut_at = ("--recorded-by", recorded, "--occurred-by", recorded)
    desk("study", "cut", "dsmb-1", "--purpose", "the first meeting of the safety board", *cut_at, *SIGNED, who="administrator:t-berg")
    return desk


@pytest.mark.clause("ICH E6(R3)", "4.2.6")
def test_everybody_is_counted_whoever_failed_screening_and_whoever_was_never_infused(cut: Desk) -> None:
    said = cut.json("data-cut", "dsmb-1")
    assert said["counts"] == {
        "on record": 2,
        "failed screening": 1,
        "enrolled": 1,
        "enrolled and not infused": 1,
        "infused": 0,
        "left before the end": 1,
        "completed": 0,
    }
    assert {one["participant"]: (one["stage"], one["left"]) for one in said["participants"]} == {
        "BER-001": ("Eligible", []),
        "BER-002": ("Screening", ["failed screening"]),
    }


def test_a_cut_stays_what_it_was_whatever_is_recorded_later(cut: Desk) -> None:
    before = cut.json("data-cut", "dsmb-1")
    cut("leave", "lost", "BER-001", "now")
    assert cut.json("data-cut", "dsmb-1") == before


def test_cuts_are_listed_and_one_that_was_never_made_is_refused(cut: Desk) -> None:
    assert "the first meeting of the safety board" in cut("data-cuts").stdout
    assert "there is no data cut dsmb-2" in cut("data-cut", "dsmb-2", code=2).stderr


def test_who_stood_how_is_written_to_a_file_that_was_not_there(cut: Desk, tmp_path: Path) -> None:
    to = tmp_path / "dsmb-1.csv"
    cut("data-cut", "dsmb-1", "--csv", str(to))
    rows = list(csv.DictReader(to.read_text().splitlines()))
    assert [(row["participant"], row["stage"], row["left"]) for row in rows] == [
        ("BER-001", "Eligible", ""),
        ("BER-002", "Screening", "failed screening"),
    ]
    cut("data-cut", "dsmb-1", "--csv", str(to), code=2)


def test_a_cut_takes_a_signature(desk: Desk) -> None:
    desk.consented()
    refused = desk("study", "cut", "dsmb-1", "--purpose", "x", *AT, who="administrator:t-berg", code=2)
    assert "signature" in refused.stderr
