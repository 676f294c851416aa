"""Eligibility on its page: judged, read as of other times, and confirmed by the signature of the very report that was shown."""

import pytest

from app.demo.people import PASSWORD
from domain import events as e
from domain.commands import ConfirmEligibility
from domain.signatures import to_sign
from tests.app.web.at_the_door import Desk

PAGE = "/participants/BER-002/eligibility"
SIGNED = {"meaning": "I have judged this myself", "signer": "k-adler", "password": PASSWORD}


def test_every_part_is_shown_with_the_entries_that_it_rests_on(desk: Desk) -> None:
    page = desk.sees(PAGE)
    for criterion in desk.trial.participants.study().protocol(1).criteria:
        assert f'id="part-{criterion.id}"' in page
    assert 'href="/participants/BER-002/history#entry-' in page
    assert "assumption" in page


def test_what_is_missing_is_shown_with_who_supplies_it(desk: Desk) -> None:
    page = desk.seats("j-silva").sees("/participants/SAO-001/eligibility")
    assert "What is missing" in page
    assert "<h3>Investigator</h3>" in page


def test_it_is_judged_by_what_was_known_at_another_time(desk: Desk) -> None:
    then = desk.clock().strftime("%Y-%m-%dT%H:%M%z").replace("+0000", "Z")
    desk.clock.move(minutes=5)
    assert "by what was on record" in desk.sees(f"{PAGE}?as_known_at={then}&at={then}")
    assert desk.get(f"{PAGE}?as_known_at=yesterday").status_code == 422


def test_only_who_may_sign_is_shown_the_signature(desk: Desk) -> None:
    assert 'value="confirm"' not in desk.sees(PAGE)


def test_the_investigator_confirms_the_report_that_was_shown(desk: Desk) -> None:
    desk.seats("k-adler")
    digest = desk.form(PAGE, "confirm").typed["report"][0]
    desk.records(PAGE, "confirm", SIGNED)
    entry = desk.entries("BER-002")[-1]
    assert isinstance(entry.event, e.EligibilityConfirmed)
    assert entry.circumstances.signature is not None
    assert entry.event.report == digest
    asked = ConfirmEligibility(judged_at=entry.recorded_at, report=digest)
    assert entry.circumstances.signature.signed == to_sign("BER-002", asked, entry.circumstances)
    assert entry.circumstances.signature.authenticated


def test_a_wrong_password_signs_nothing(desk: Desk) -> None:
    desk.seats("k-adler")
    before = len(desk.entries("BER-002"))
    answer = desk.sends(PAGE, "confirm", {**SIGNED, "password": "not hers"})
    assert answer.status_code == 409
    assert "not your short name with your password" in answer.text
    assert len(desk.entries("BER-002")) == before


def test_a_report_that_has_changed_meanwhile_is_not_confirmed_and_what_changed_is_shown(desk: Desk) -> None:
    desk.seats("k-adler")
    shown = desk.form(PAGE, "confirm")
    story = desk.story("BER-002")
    story.reports(e.ObservationMade(at=story.at(), test="pregnancy-test", result="positive"))
    answer = desk.sends(PAGE, "confirm", SIGNED, shown=shown)
    assert answer.status_code == 409
    assert "Recorded meanwhile" in answer.text
    assert "passes then, " in answer.text
    assert story.now.eligible is None


@pytest.mark.parametrize("seen", ["9" * 5000, "x", "-1"])
def test_what_is_no_number_of_an_entry_is_not_understood(desk: Desk, seen: str) -> None:
    desk.seats("k-adler")
    assert desk.sends(PAGE, "confirm", {**SIGNED, "seen": seen}).status_code == 422


def test_a_report_that_nobody_was_shown_is_not_confirmed(desk: Desk) -> None:
    desk.seats("k-adler")
    answer = desk.sends(PAGE, "confirm", {**SIGNED, "report": "0" * 64})
    assert answer.status_code == 409
    assert desk.story("BER-002").now.eligible is None
