"""Who looked, at the command line."""

import sqlite3
from contextlib import closing

import pytest

from tests.app.at_the_desk import Desk


def test_whoever_asks_for_a_participant_is_noted_as_far_as_they_say_who_they_are(desk: Desk) -> None:
    desk.consented()
    desk("history", "BER-001")
    desk("agenda", "BER-001", who="")
    desk("history", "BER-009", code=2)
    rows = desk.json("accesses", "--check")["rows"]
    assert [(one["look"]["person"], one["look"]["what"], one["look"]["participant"]) for one in rows] == [
        ("nobody-named", "daybook agenda", "BER-001"),
        ("m-weber", "daybook history", "BER-001"),
    ]
    said = desk("accesses", "--person", "m-weber", "--since", "2026-01-05", "--check").stdout
    assert "m-weber" in said
    assert "1 looks, page 1 of 1; none was altered." in said


def test_whoever_judges_a_record_has_looked_at_all_of_its_evidence(desk: Desk) -> None:
    desk.consented()
    desk("judge", "BER-001")
    looks = [one["look"] for one in desk.json("accesses")["rows"]]
    assert [(one["what"], one["participant"], one["site"]) for one in looks] == [("daybook judge", "BER-001", "BER")]


@pytest.mark.parametrize("what", ["worklist", "deviations", "inbox", "search", "study drugs", "erasures"])
def test_whoever_asks_for_a_list_of_participants_is_noted(desk: Desk, what: str) -> None:
    desk.consented()
    desk("views", "rebuild")
    desk(*what.split())
    looks = [one["look"] for one in desk.json("accesses")["rows"]]
    assert [(one["person"], one["participant"]) for one in looks] == [("m-weber", None)]
    assert looks[0]["what"] == f"daybook {what.replace(' ', '.')}"


def test_an_account_that_was_altered_is_not_shown_as_proved(desk: Desk) -> None:
    desk.consented()
    desk("history", "BER-001")
    with closing(sqlite3.connect(desk.folder / "accounts.sqlite")) as accounts, accounts:
        accounts.execute("UPDATE accesses SET person = 'j-silva'")
    answer = desk("accesses", "--check", code=3)
    assert "it is not what was noted" in answer.output
