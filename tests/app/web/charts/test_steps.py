"""A step on its page: planned, shifted, performed with leave or refused with every reason, reported, overridden and given up."""

import shutil
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.demo.people import PASSWORD
from domain import commands as c
from domain import events as e
from tests.app.web.charts.at_a_chart import Desk, before_a_chart
from tests.builders import CODE, Clock, by_

INFUSION = "/participants/BER-001/steps/infusion"
SIGNED = {"meaning": "I have judged this myself", "password": PASSWORD}


def test_the_gate_shows_every_rule_with_its_verdict(desk: Desk) -> None:
    page = desk.sees(INFUSION)
    for rule in desk.trial.participants.study().protocol(1).steps["infusion"].rules:
        assert f"<code>{rule.id}</code>" in page


@pytest.mark.parametrize(("hours", "by"), [("1", 1), ("-1", -1), ("24", 24), ("-24", -24)])
def test_a_slot_is_shifted_in_one_tap(hours: str, by: int, desk: Desk) -> None:
    before = desk.story("BER-001").now.plans["infusion"].slot
    desk.records(INFUSION, "shift", {"shift": hours})
    after = desk.story("BER-001").now.plans["infusion"].slot
    assert after.start - before.start == after.until - before.until == timedelta(hours=by)


def test_a_slot_is_not_shifted_by_hours_that_are_not_offered(desk: Desk) -> None:
    assert desk.sends(INFUSION, "shift", {"shift": "5"}).status_code == 422
    assert desk.kinds("BER-001", 1) != ["step-replanned"]


def test_what_moves_is_told_before_it_is_committed(desk: Desk) -> None:
    before = len(desk.entries("BER-001"))
    start = (desk.story("BER-001").now.plans["infusion"].slot.start + timedelta(days=1)).isoformat(timespec="minutes")
    until = (desk.story("BER-001").now.plans["infusion"].slot.until + timedelta(days=1)).isoformat(timespec="minutes")
    answer = desk.sends(INFUSION, "plan", {"start": start, "until": until, "rehearse": "yes"})
    assert "This would be recorded" in answer.text
    assert "The infusion would move from" in answer.text
    assert len(desk.entries("BER-001")) == before


def test_without_leave_a_step_is_refused_with_every_reason_and_only_the_refusal_is_recorded(desk: Desk) -> None:
    before = len(desk.entries("BER-001"))
    answer = desk.sends(INFUSION, "perform", {"code": CODE})
    assert answer.status_code == 409
    assert "Nothing was recorded" in answer.text
    (refusal,) = desk.entries("BER-001")[before:]
    assert isinstance(refusal.event, e.StepRefused)
    assert answer.text.count("<li>") >= len(refusal.event.reasons) > 1
    assert CODE in answer.text, "what was typed is kept"


def test_with_leave_a_step_is_performed(desk: Desk) -> None:
    desk.story("BER-001").is_cleared()
    desk.signs_in("m-weber")
    desk.records(INFUSION, "perform", {"code": CODE})
    assert "thaw-started" in desk.kinds("BER-001", 2)


def test_a_step_that_has_happened_is_reported_with_its_deviations(desk: Desk) -> None:
    page = desk.records(INFUSION, "treatment.thaw-started", {"at": "now", "code": CODE})
    assert "Recorded" in page
    assert "Protocol deviation" in page


def test_a_report_without_its_code_is_shown_again_with_the_fault_beside_it(desk: Desk) -> None:
    answer = desk.sends(INFUSION, "treatment.thaw-started", {"at": "31 February", "code": ""})
    assert answer.status_code == 422
    assert answer.text.count('class="field faulty"') == 2
    assert "31 February" in answer.text


def test_an_override_takes_ground_reason_and_signature(desk: Desk) -> None:
    story = desk.story("BER-001")
    story.lives_until(story.now.plans["infusion"].slot.start)
    story.is_seen_before("infusion")
    story.checks_identity()
    story.reports(e.MedicationTaken(drug="dexamethasone", dose_mg=Decimal(8), route="oral", start=story.at(), indication="nausea"))
    desk.signs_in("k-adler")
    said = {"ground": "immediate-hazard", "code": CODE, "reason": "the participant is in danger"}
    assert desk.sends(INFUSION, "override", {**said, "meaning": ""}).status_code == 409
    assert desk.sends(INFUSION, "override", {**said, **SIGNED, "password": "not hers"}).status_code == 409
    assert "override-signed" not in desk.kinds("BER-001", 3)
    desk.records(INFUSION, "override", {**said, **SIGNED})
    entry = next(entry for entry in desk.entries("BER-001")[::-1] if isinstance(entry.event, e.OverrideSigned))
    signature = entry.circumstances.signature
    assert signature is not None
    assert signature.authenticated


def test_a_plan_is_given_up(desk: Desk) -> None:
    desk.records(INFUSION, "cancel", {"reason": "the family asked for another week"})
    assert "infusion" not in desk.story("BER-001").now.plans


def test_leave_is_not_given_by_hand_while_journeys_answer(desk: Desk) -> None:
    desk.signs_in("k-adler")
    assert 'value="release"' not in desk.sees(INFUSION)


def test_leave_is_given_by_hand_while_no_journey_can_answer(told: tuple[Path, datetime], tmp_path: Path) -> None:
    folder, ends = told
    shutil.copytree(folder, tmp_path / "alone")
    with before_a_chart(tmp_path / "alone", Clock(ends), "Temporal does not answer.") as desk:
        story = desk.story("BER-001")
        desk.clock.move_to(story.now.plans["infusion"].slot.start)
        story.is_seen_before("infusion")
        story.checks_identity()
        page = desk.signs_in("k-adler").sees(INFUSION)
        assert "Temporal does not answer." in page
        desk.records(INFUSION, "release", {"reason": "no journey answers", **SIGNED})
        assert "manually-released" in desk.kinds("BER-001", 2)


def test_a_lost_race_shows_what_changed_and_records_nothing(desk: Desk) -> None:
    shown = desk.form(INFUSION, "cancel")
    plan = desk.story("BER-001").now.plans["infusion"].slot
    later = e.Slot(start=plan.start + timedelta(hours=3), until=plan.until + timedelta(hours=3), target=plan.target + timedelta(hours=3))
    desk.trial.participants.handle("BER-001", c.Plan(step="infusion", slot=later), by_("coordinator", desk.trial.next_id(), id="a-kim"))
    answer = desk.sends(INFUSION, "cancel", {"reason": "why"}, shown=shown)
    assert answer.status_code == 409
    assert "Recorded meanwhile" in answer.text
    assert "by coordinator a-kim" in answer.text
    assert "infusion" in desk.story("BER-001").now.plans
