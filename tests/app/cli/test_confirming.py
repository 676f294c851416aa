"""Confirming eligibility at the desk: judged, read, signed; on a form; and what is said when it is refused."""

import json

import pytest

from domain.events import EligibilityConfirmed
from tests.app.at_the_desk import INVESTIGATOR, Desk

SIGN = ("--sign", "I have judged this myself")


@pytest.fixture
def screened(desk: Desk) -> Desk:
    desk.consented()
    desk("screen", "BER-001", "now")
    desk.clock.move(days=7)
    return desk.screened()


def test_who_is_judged_eligible_is_told_how_it_is_confirmed_and_the_line_can_be_typed_as_it_stands(screened: Desk) -> None:
    said = screened("judge", "BER-001").stdout.splitlines()
    assert said[1].startswith("ELIGIBLE: of 81 parts")
    line = said[-1].strip()
    assert line.startswith("daybook confirm BER-001 '2026-01-12 09:00+01:00' --report ")
    digest = line.split("--report ")[1].split()[0]
    screened("confirm", "BER-001", "2026-01-12 09:00+01:00", "--report", digest, *SIGN, who=INVESTIGATOR)
    entry = screened.entries()[-1]
    assert entry.circumstances.signature is not None
    assert isinstance(entry.event, EligibilityConfirmed)
    assert entry.event.report == digest
    assert "To confirm this" not in screened("judge", "BER-001").stdout


def test_a_report_that_has_changed_since_is_not_confirmed(screened: Desk) -> None:
    digest = screened.json("judge", "BER-001")["digest"]
    screened("observe", "BER-001", "body-weight", "60", "now", "--unit", "kg")
    said = screened("confirm", "BER-001", "now", "--report", digest, *SIGN, code=2, who=INVESTIGATOR).stderr
    assert "read it again" in said


def test_a_confirmation_that_is_refused_names_every_part_and_is_on_record(desk: Desk) -> None:
    desk.consented()
    desk("screen", "BER-001", "now")
    digest = desk.json("judge", "BER-001")["digest"]
    said = desk("confirm", "BER-001", "now", "--report", digest, *SIGN, code=2, who=INVESTIGATOR).stderr
    assert "I3 is not yet known: The participant weighs at least 40 kg" in said
    assert desk.kinds()[-1] == "confirmation-refused"


def test_what_was_confirmed_on_paper_is_recorded_and_judged(desk: Desk) -> None:
    desk.consented()
    desk("screen", "BER-001", "now")
    said = desk("confirmed-on-paper", "BER-001", "now", *SIGN, who=INVESTIGATOR).stdout
    assert "Eligibility confirmed on paper" in said
    assert desk.kinds()[-3:] == ["eligibility-confirmed", "eligibility-reconsidered", "deviation-recorded"]


def test_a_form_is_recorded_whole_or_not_at_all(desk: Desk) -> None:
    desk.consented()
    facts = [
        {"kind": "observation-made.v1", "at": "2026-01-05", "test": "body-weight", "value": "60", "unit": "kg"},
        {"kind": "observation-made.v1", "at": "2026-01-05", "test": "body-weight", "value": "600", "unit": "kg"},
    ]
    path = desk.folder / "form.json"
    path.write_text(json.dumps({"zone": "Europe/Berlin", "facts": facts}))
    said = desk("form", "BER-001", str(path), code=2).stderr
    assert "2, observation-made.v1: body-weight lies from 20 to 300" in said
    assert len(desk.entries()) == 3
    path.write_text(json.dumps({"zone": "Europe/Berlin", "facts": facts[:1]}))
    desk("form", "BER-001", str(path))
    assert desk.kinds()[-1] == "observation-made"


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"zone": "Asia/Tokyo", "facts": []}, "written for clocks in Asia/Tokyo"),
        ({"zone": "Europe/Berlin", "facts": [], "rulings": {"treated-syphilis": "any-positive-excludes"}}, "rulings are the study's"),
        ({"zone": "Europe/Berlin", "facts": [{"kind": "snowfall.v1"}]}, "facts.1"),
    ],
)
def test_a_form_that_is_not_this_participants_is_refused(desk: Desk, document: dict[str, object], says: str) -> None:
    desk.consented()
    path = desk.folder / "form.json"
    path.write_text(json.dumps(document))
    assert says in desk("form", "BER-001", str(path), code=2).stderr
    assert len(desk.entries()) == 3


def test_screening_fails_by_what_fails_as_judged_then(screened: Desk) -> None:
    screened("condition", "BER-001", "malignancy", "2020")
    said = screened("fail-screening", "BER-001", "now").stdout
    assert "Screening failed on 2026-01-12 09:00+01:00: E32." in said


def test_a_matter_of_safety_is_reported_by_its_key(screened: Desk) -> None:
    screened.confirmed()
    screened.clock.move(minutes=1)
    screened("condition", "BER-001", "pregnancy", "now")
    key = next(entry.event.key for entry in screened.entries() if entry.event.kind == "safety-report-due.v1")
    assert "reported to the sponsor" in screened("safety-reported", "BER-001", "now", "--matter", key, who=INVESTIGATOR).stdout
