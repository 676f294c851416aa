"""Harm as it is typed: adverse events, what more becomes known of them, toxicities of the cells, and reports to the sponsor."""

import pytest

from tests.app.at_the_desk import INVESTIGATOR, Desk
from tests.app.cli.test_answers import told


@pytest.fixture
def desk(desk: Desk) -> Desk:
    return desk.consented()


def test_a_serious_event_is_recorded_and_reported_to_the_sponsor(desk: Desk) -> None:
    typed = ("pneumonia", "2026-01-05 07:00", "--grade", "3", "--learned", "2026-01-05 08:30", "--serious", "hospitalisation")
    said = desk("adverse-event", "BER-001", *typed, "--narrative", "Fever at home.").stdout
    assert "Adverse event, of which the site learned on 2026-01-05 08:30+01:00: pneumonia; grade 3; since" in said
    assert "A matter of safety is to be reported within 24 hours: serious adverse event, hospitalisation: pneumonia." in said
    told(desk)
    [row] = [row for row in desk.json("worklist") if row["kind"] == "safety"]
    assert (row["closes"], row["says"]) == ("2026-01-06T07:30:00Z", "serious adverse event, hospitalisation: pneumonia.")
    desk("safety-reported", "BER-001", "now", "--matter", row["name"], who=INVESTIGATOR)
    told(desk)
    assert [row for row in desk.json("worklist") if row["kind"] == "safety"] == []


def test_what_more_is_known_is_told_of_the_entry_and_is_learned_now_unless_said_otherwise(desk: Desk) -> None:
    events = desk.json("adverse-event", "BER-001", "a fall", "2026-01-05", "--grade", "1")
    assert events["events"][0]["at"] == "2026-01-05T08:00Z"
    entry, event = str(events["version"]), ("--serious", "disability", "--serious", "hospitalisation")
    said = desk("update-adverse-event", "BER-001", entry, *event, "--stop", "now", "--relation", "not-related").stdout
    assert f"of the adverse event of entry {entry}: ended on 2026-01-05 09:00+01:00; serious as well (disability, hospitalisation)" in said
    assert "A matter of safety is to be reported within 24 hours" in said


def test_everything_that_was_typed_wrongly_is_told_at_once(desk: Desk) -> None:
    said = desk("adverse-event", "BER-001", "a fall", "2026-13-01", "--grade", "6", "--serious", "dreadful", code=2).stderr
    assert "--grade" in said
    assert "WHEN" in said
    assert "--serious: 'dreadful' must be" in said
    assert "entry 1 tells of no adverse event that stands" in desk("update-adverse-event", "BER-001", "1", "--grade", "1", code=2).stderr


def test_toxicities_are_graded(desk: Desk) -> None:
    assert "Cytokine release graded 0 by ASTCT, on 2026-01-05." in desk("cytokine-release", "BER-001", "0", "2026-01-05").stdout
    said = desk("neurotoxicity", "BER-001", "0", "2026-01-05", "--ice", "10").stdout
    assert "Neurotoxicity (ICANS) graded 0 by ASTCT, ICE score 10, on 2026-01-05." in said
    assert "an ICE score of 9 is of grade 1 or more" in desk("neurotoxicity", "BER-001", "0", "now", "--ice", "9", code=2).stderr
    assert "GRADE" in desk("cytokine-release", "BER-001", "6", "now", code=2).stderr


def test_an_event_is_corrected_field_by_field(desk: Desk) -> None:
    version = desk.json("adverse-event", "BER-001", "a fall", "2026-01-05", "--grade", "1", "--serious", "hospitalisation")["version"]
    entry = str(version - 1)
    said = desk("correct", "BER-001", entry, "grade=2", "serious=disability", "stop=2026-01-05", "--reason", "misread").stdout
    assert "a fall; grade 2; since 2026-01-05, until 2026-01-05; serious (disability)" in said
    assert "serious adverse event, disability: a fall" in said
