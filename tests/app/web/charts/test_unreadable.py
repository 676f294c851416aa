"""An entry of a kind that no program knows any more: it is shown raw, its participant is marked, and nobody else is concerned."""

import sqlite3
from contextlib import closing

import pytest

from domain.doorkeeping import AccessRefused
from domain.events import ConsentSigned
from projections.rebuilding import look_through
from store.codec import chained, placed
from tests.app.web.at_the_door import Desk

OLD_KIND = "pulse-taken.v0"


@pytest.fixture
def version(desk: Desk) -> int:
    """The entry of BER-003 that is of an old kind by now, in a ledger whose every chain agrees."""
    number = desk.story("BER-003").entry_of(ConsentSigned)
    with closing(sqlite3.connect(desk.office.daybook.settings.folder / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("DROP TRIGGER entries_bear_no_update")
        rows = ledger.execute("SELECT position, version, kind, state FROM entries WHERE stream = 'participant:BER-003' ORDER BY version")
        previous = bytes(32)
        for position, number_, kind, state in rows.fetchall():
            kind_ = OLD_KIND if number_ == number else kind
            hash_ = chained(previous, "participant:BER-003", number_, kind_, bytes(state))
            ledger.execute(
                "UPDATE entries SET kind = ?, previous = ?, hash = ?, placed = ? WHERE position = ?",
                (kind_, previous, hash_, placed(hash_, position), position),
            )
            previous = hash_
    return number


def test_the_entry_is_shown_raw_and_every_other_one_in_words(desk: Desk, version: int) -> None:
    answer = desk.get("/participants/BER-003/history")
    assert (answer.status_code, answer.headers["location"]) == (303, "/records/BER-003")
    page = desk.sees("/records/BER-003")
    assert "1 entry cannot be read. Do not rely on this record" in page
    assert "No fact is called &#39;pulse-taken.v0&#39;" in page
    assert "&#34;document&#34;:&#34;consent form 1.0&#34;" in page
    assert "Registered at the site BER." in page
    assert page.count('class="raw"') == 1
    assert f'id="entry-{version + 1}"' in page


def test_the_participant_is_marked_and_nobody_else_is_concerned(desk: Desk, version: int) -> None:
    assert version
    daybook = desk.office.daybook
    look_through(daybook.ledger, daybook.desk, daybook.views)
    assert "BER-003 is left out: no fact is called" in desk.sees("/search")
    assert "cannot be shown: no fact is called" in desk.sees("/worklist")
    for path in ("/participants/BER-001", "/participants/BER-001/history?at=5", "/records/BER-001"):
        desk.sees(path)
    assert "Each of these entries can be read" in desk.sees("/records/BER-001")


def test_to_everybody_else_there_is_no_such_record(desk: Desk, version: int) -> None:
    assert version
    desk.seats("j-silva")
    assert desk.sees("/records/BER-003", 404).replace("BER-003", "") == desk.sees("/records/BER-999", 404).replace("BER-999", "")
    desk.seats("m-weber").sees("/records/nobody", 404)


@pytest.mark.parametrize(
    "path",
    [
        "/participants/{code}", "/participants/{code}/history", "/records/{code}", "/api/participants/{code}",
        "/api/participants/{code}/replay", "/api/participants/{code}/eligibility",
    ],
)  # fmt: skip
def test_a_record_of_another_site_is_no_less_unknown_for_being_damaged_and_that_somebody_asked_is_on_record(
    desk: Desk, version: int, path: str
) -> None:
    assert version
    desk.seats("j-silva")
    damaged, unknown = (desk.get(path.format(code=code)) for code in ("BER-003", "BER-999"))
    assert damaged.status_code == unknown.status_code == 404
    assert damaged.text.replace("BER-003", "BER-999") == unknown.text
    asked = [entry.event for entry in desk.office.daybook.people.happened() if isinstance(entry.event, AccessRefused)]
    assert [(one.person, one.participant) for one in asked] == [("j-silva", "BER-003"), ("j-silva", "BER-999")]


def test_whoever_may_see_the_participant_is_told_by_the_interface_too_that_the_record_cannot_be_read(desk: Desk, version: int) -> None:
    answer = desk.get("/api/participants/BER-003")
    assert (answer.status_code, f"Entry {version} of participant:BER-003 is damaged" in answer.json()["title"]) == (503, True)


def test_nobody_learns_by_registering_at_their_own_site_that_a_record_of_another_one_is_damaged(desk: Desk, version: int) -> None:
    assert version
    shown = {"authorization": f"Bearer {desk.office.accounts.sessions.begin('j-silva', 'password')}"}
    damaged, unknown = (
        desk.client.post(f"/api/participants/{code}", json={"site": "SAO"}, headers=shown) for code in ("BER-003", "BER-999")
    )
    assert damaged.status_code == unknown.status_code == 409
    assert damaged.text == unknown.text
