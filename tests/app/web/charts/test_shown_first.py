"""What is confirmed is what was shown, and nobody proves who they are for what is refused anyway."""

import re
from decimal import Decimal

import pytest

from app.accounts.passwords import FAILURES
from app.demo.people import PASSWORD
from domain import events as e
from domain.doorkeeping import TurnedAway
from tests.app.web.at_the_door import Desk
from tests.builders import CODE

INFUSION = "/participants/BER-001/steps/infusion"
SAID = {
    "ground": "immediate-hazard",
    "code": CODE,
    "reason": "the participant is in danger",
    "meaning": "I have judged this myself",
}
PROVED = {"signer": "k-adler", "password": PASSWORD}


@pytest.fixture
def investigator(desk: Desk) -> Desk:
    """The investigator before the gate of an infusion, against which a steroid of that day speaks."""
    story = desk.story("BER-001")
    story.lives_until(story.now.plans["infusion"].slot.start)
    story.is_seen_before("infusion")
    story.checks_identity()
    story.reports(e.MedicationTaken(drug="dexamethasone", dose_mg=Decimal(8), route="oral", start=story.at(), indication="nausea"))
    return desk.seats("k-adler")


def turned_away(desk: Desk) -> list[TurnedAway]:
    return [entry.event for entry in desk.office.daybook.people.happened() if isinstance(entry.event, TurnedAway)]


def test_an_override_without_a_reason_is_told_so_as_often_as_it_is_sent_and_counts_no_password_as_wrong(investigator: Desk) -> None:
    for _ in range(FAILURES + 1):
        answer = investigator.sends(INFUSION, "override", {**SAID, "reason": ""})
        assert answer.status_code == 409
        assert "An override needs a reason" in answer.text
        assert "not your short name" not in answer.text
    assert not turned_away(investigator)
    investigator.records(INFUSION, "override", SAID | PROVED)
    assert "override-signed" in investigator.kinds("BER-001", 3)


@pytest.mark.clause("21 CFR 11", "11.10(f)")
def test_an_override_that_is_refused_is_on_record_before_anybody_is_asked_for_a_password(investigator: Desk) -> None:
    before = len(investigator.entries("BER-001"))
    answer = investigator.sends(INFUSION, "override", {**SAID, "code": f"{CODE}9"})
    assert answer.status_code == 409
    assert "Nothing was recorded but the refusal" in answer.text
    [refusal] = investigator.entries("BER-001")[before:]
    assert isinstance(refusal.event, e.StepRefused)
    assert (refusal.circumstances.actor.id, refusal.circumstances.signature) == ("k-adler", None)
    assert not turned_away(investigator)


def test_what_is_confirmed_with_a_wrong_password_is_shown_again_and_confirmed_with_the_right_one(investigator: Desk) -> None:
    shown = investigator.sends(INFUSION, "override", SAID)
    wrong = investigator.confirms(INFUSION, "override", shown, PROVED | {"password": "not hers"})
    assert wrong.status_code == 409
    assert "not your short name with your password" in wrong.text
    assert "This would be recorded" in wrong.text, "what is confirmed is still to be seen"
    assert len(turned_away(investigator)) == 1
    assert investigator.confirms(INFUSION, "override", wrong, PROVED).status_code == 303


def against(page: str) -> set[str]:
    """The rules against which an override would be signed, as a page shows it."""
    said = re.search(r"signed an override for infusion, against ([^;]+); ground", page)
    return set(said[1].split(", ")) if said else set()


def test_a_rule_that_no_longer_passes_since_it_was_shown_is_shown_before_anything_is_signed(investigator: Desk) -> None:
    """The medicines were looked through for the last time a day before: nobody recorded anything, and only time has passed."""
    investigator.clock.move(hours=23, minutes=50)
    shown = investigator.seats("k-adler").sends(INFUSION, "override", SAID)
    investigator.clock.move(minutes=20)
    again = investigator.confirms(INFUSION, "override", shown, PROVED)
    assert again.status_code == 200
    assert against(shown.text) < against(again.text)
    assert "override-signed" not in investigator.kinds("BER-001", 3)
    assert investigator.confirms(INFUSION, "override", again, PROVED).status_code == 303
    signed = next(entry.event for entry in reversed(investigator.entries("BER-001")) if isinstance(entry.event, e.OverrideSigned))
    assert set(signed.rules) == against(again.text)


def test_the_minutes_that_pass_while_somebody_reads_change_nothing_of_what_was_shown(investigator: Desk) -> None:
    shown = investigator.sends(INFUSION, "override", SAID)
    investigator.clock.move(minutes=7)
    assert investigator.confirms(INFUSION, "override", shown, PROVED).status_code == 303
    begun = next(entry.event for entry in reversed(investigator.entries("BER-001")) if isinstance(entry.event, e.ThawStarted))
    assert begun.at.span("Europe/Berlin").earliest == investigator.clock()


def test_confirmed_twice_a_step_is_recorded_once(investigator: Desk) -> None:
    shown = investigator.sends(INFUSION, "override", SAID)
    first, again = (investigator.confirms(INFUSION, "override", shown, PROVED) for _ in range(2))
    assert (first.status_code, again.status_code) == (303, 303)
    assert first.headers["location"] == again.headers["location"]
    assert sum(isinstance(entry.event, e.OverrideSigned) for entry in investigator.entries("BER-001")) == 1
