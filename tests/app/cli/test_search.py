"""Entries, looked for at the command line."""

import pytest

from tests.app.at_the_desk import Desk
from tests.app.cli.test_answers import told


@pytest.mark.clause("EMA 2023", "audit trail")
@pytest.mark.clause("ICH E6(R3)", "4.2.3")
def test_entries_are_found_by_who_when_and_how_late(desk: Desk) -> None:
    desk.consented()
    desk.clock.move(days=3)
    desk("screen", "BER-001", "2026-01-06 10:00", "--reason", "late entry")
    told(desk)
    found = desk.json("search", "--late-hours", "47")
    assert [(row["participant"], row["version"], row["kind"]) for row in found["entries"]] == [("BER-001", 4, "screening-started.v1")]
    said = desk("search", "--site", "BER", "--actor", "m-weber", "--recorded-until", "2026-01-05").stdout
    assert "Consent signed" in said
    assert "Screening started" not in said
    assert "3 entries, page 1 of 1" in said
    assert desk.json("search", "--late-hours", "48")["found"] == 0
    assert desk.json("search", "--out-of-hours", "--shelf", "participants")["found"] == 0
    assert "there is no site MUC" in desk("search", "--site", "MUC", code=2).output


def test_what_is_kept_of_the_study_and_of_people_is_found_too(desk: Desk) -> None:
    desk("people", "admit", "t-berg", "Tilda Bergengruen", "--administrator-since", "2026-01-01", who="administrator:root")
    told(desk)
    said = desk("search", "--shelf", "study", "--kind", "site-opened.v1").stdout
    rows = [line.split()[:4] for line in said.splitlines() if "Site opened" in line]
    assert [row[:2] + row[3:] for row in rows] == [["The", "study", "SAO"], ["The", "study", "BER"]]
    found = desk.json("search", "--shelf", "people")
    assert {row["shelf"] for row in found["entries"]} == {"people"}
    assert "t-berg" in {row["person"] for row in found["entries"]}
    assert "Bergengruen" not in desk("search").stdout
    assert "is not kept here" in desk("search", "--shelf", "cellar", code=2).output
