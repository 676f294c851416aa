"""A copy of a ledger in which one participant's record holds an entry of a kind that this program does not know."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from domain.participant import PARTICIPANT
from store.codec import chained, placed
from tests.app.at_the_desk import Desk
from tests.app.copies.conftest import AUDITOR

OF_BER = PARTICIPANT + "BER-001"


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """The last entry of BER-001 is one that a program of another time recorded."""
    desk.consented("SAO-001")
    desk.consented()
    with closing(sqlite3.connect(desk.folder / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("DROP TRIGGER entries_bear_no_update")
        of_last = "SELECT position, version, previous, kind, state FROM entries WHERE stream = ? ORDER BY version DESC LIMIT 1"
        position, version, previous, kind, state = ledger.execute(of_last, (OF_BER,)).fetchone()
        old = state.replace(kind.encode(), b"pulse-taken.v0")
        hash_ = chained(previous, OF_BER, version, "pulse-taken.v0", old)
        change = "UPDATE entries SET kind = ?, state = ?, hash = ?, placed = ? WHERE position = ?"
        ledger.execute(change, ("pulse-taken.v0", old, hash_, placed(hash_, position), position))
    return desk


def test_the_proof_says_that_nothing_was_altered_and_what_cannot_be_read(desk: Desk) -> None:
    said = desk("verify")
    assert "nothing altered" in said.stdout
    assert "Entry 3 of participant:BER-001 is as it was recorded, and this program cannot read it: no fact is called" in said.output


def test_a_copy_of_the_study_shows_it_as_it_is_stored_and_everybody_else_as_ever(desk: Desk, tmp_path: Path) -> None:
    desk("export", str(tmp_path / "copy"), "--study", who=AUDITOR)
    assert [path.name for path in sorted((tmp_path / "copy" / "documents").iterdir())] == ["SAO-001.html", "study.html"]
    rest = (tmp_path / "copy" / "documents" / "study.html").read_text()
    assert rest.count(OF_BER) >= 3, "every entry of the record"
    assert "pulse-taken.v0" in rest
    odm = (tmp_path / "copy" / "odm.xml").read_text()
    assert "SAO-001" in odm
    assert "BER-001" not in odm
    other = Desk(tmp_path / "other", desk.clock)
    assert "Read in:" in other("import", str(tmp_path / "copy")).stdout
    assert "nothing altered" in other("verify").stdout


def test_a_copy_of_that_record_alone_is_refused(desk: Desk, tmp_path: Path) -> None:
    assert (
        "Entry 3 of participant:BER-001" in desk("export", str(tmp_path / "copy"), "--participant", "BER-001", who=AUDITOR, code=3).output
    )
    assert not (tmp_path / "copy").exists()
