"""The views are built again, and a record that they leave out is told again once it is mended."""

from pathlib import Path

import pytest

from tests.app.at_the_desk import Desk
from tests.app.cli.test_answers import told
from tests.app.cli.test_faults import ALTERED, MENDED, behind_the_back_of

WHY = "The views leave out BER-001, because of entry 3: its contents do not agree with its hash."


@pytest.fixture
def damaged(desk: Desk) -> Desk:
    """Two participants, of whom one is left out of the views because an entry was altered."""
    desk.consented("BER-001")
    desk.consented("BER-002")
    alter(desk, ALTERED)
    told(desk)
    return desk


def alter(desk: Desk, statement: str) -> None:
    with behind_the_back_of(desk) as database:
        database.execute(statement)


def test_a_record_that_stays_damaged_stays_left_out_and_says_why(damaged: Desk) -> None:
    refused = damaged("views", "retry", "BER-001", code=3)
    assert (refused.stdout, refused.stderr) == ("", f"{WHY}\n")
    answer = damaged.json("views", "retry", "BER-001", code=3)
    assert (answer["participant"], answer["parked"]["version"]) == ("BER-001", 3)
    assert answer["parked"]["why"] == "its contents do not agree with its hash"


def test_a_record_that_was_mended_is_told_again_when_it_is_retried(damaged: Desk) -> None:
    alter(damaged, MENDED)
    damaged("timeline", "BER-001", code=3)
    assert damaged("views", "retry", "BER-001").stdout == "The views tell of BER-001.\n"
    assert damaged("timeline", "BER-001").stdout.startswith("BER-001, site BER")
    assert damaged.json("views", "retry", "BER-001") == {"participant": "BER-001", "parked": None}


def test_whoever_is_unknown_cannot_be_retried(damaged: Desk) -> None:
    assert "there is no participant BER-009" in damaged("views", "retry", "BER-009", code=2).stderr


def test_before_the_views_were_built_nobody_can_be_retried(desk: Desk) -> None:
    desk.consented()
    assert "The views have not been built yet" in desk("views", "retry", "BER-001", code=3).stderr


def test_views_that_were_thrown_away_are_built_again_by_hand(desk: Desk) -> None:
    desk.consented()
    told(desk)
    before = desk.json("timeline", "BER-001")
    for file in desk.folder.glob("views.sqlite*"):
        Path(file).unlink()
    desk("timeline", "BER-001", code=3)
    assert desk("views", "rebuild").stdout == "Built again from 14 entries.\n"
    assert desk.json("timeline", "BER-001") == before
    assert desk.json("views", "rebuild") == {"position": 14, "parked": []}


def test_a_rebuild_names_whom_it_leaves_out_and_takes_in_whoever_was_mended(damaged: Desk) -> None:
    left_out = damaged("views", "rebuild", code=3)
    assert (left_out.stdout, left_out.stderr) == ("Built again from 17 entries.\n", f"{WHY}\n")
    assert [one["stream"] for one in damaged.json("views", "rebuild", code=3)["parked"]] == ["participant:BER-001"]
    alter(damaged, MENDED)
    damaged("views", "rebuild")
    assert damaged("timeline", "BER-001").stdout.startswith("BER-001, site BER")


def test_the_status_says_whom_the_views_leave_out_why_and_what_to_do(damaged: Desk) -> None:
    said = damaged("status", code=3).stdout
    assert f"{WHY} Once that is mended: `daybook views retry BER-001`." in said
    assert [one["why"] for one in damaged.json("status", code=3)["parked"]] == ["its contents do not agree with its hash"]
