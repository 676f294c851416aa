"""Who looked, at the command line."""

import sqlite3
from contextlib import closing

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


def test_an_account_that_was_altered_is_not_shown_as_proved(desk: Desk) -> None:
    desk.consented()
    desk("history", "BER-001")
    with closing(sqlite3.connect(desk.folder / "accounts.sqlite")) as accounts, accounts:
        accounts.execute("UPDATE accesses SET person = 'j-silva'")
    answer = desk("accesses", "--check", code=3)
    assert "it is not what was noted" in answer.output
