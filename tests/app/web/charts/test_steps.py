"""A step on its page: planned, shifted, performed with leave or refused with every reason, reported, overridden and given up."""

import shutil
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from sqlite3 import connect
from zoneinfo import ZoneInfo

import pytest

from app.demo.people import PASSWORD
from domain import commands as c
from domain import events as e
from tests.app.web.at_the_door import Desk, at_the_door
from tests.app.web.reading_forms import Forms
from tests.builders import CODE, Clock, by_

INFUSION = "/participants/BER-001/steps/infusion"
SIGNED = {"meaning": "I have judged this myself", "signer": "k-adler", "password": PASSWORD}


def test_the_gate_shows_every_rule_with_its_verdict(desk: Desk) -> None:
    page = desk.sees(INFUSION)
    for rule in desk.trial.participants.study().protocol(1).steps["infusion"].rules:
        assert f"<code>{rule.id}</code>" in page


@pytest.mark.parametrize(("hours", "by"), [("1", 1), ("-1", -1), ("24", 24), ("-24", -24)])
def test_a_slot_is_shifted_in_one_tap(hours: str, by: int, desk: Desk) -> None:
    before = desk.story("BER-001").now.plans["infusion"].slot
    desk.records(INFUSION, "slot", {"shift": hours})
    after = desk.story("BER-001").now.plans["infusion"].slot
    assert after.start - before.start == after.until - before.until == timedelta(hours=by)


def test_a_slot_is_not_shifted_by_hours_that_are_not_offered(desk: Desk) -> None:
    assert desk.sends(INFUSION, "slot", {"shift": "5"}).status_code == 422
    assert desk.kinds("BER-001", 1) != ["step-replanned"]


def later(desk: Desk, **by: float) -> dict[str, str]:
    """The slot of the planned infusion so much later, as it is typed."""
    slot = desk.story("BER-001").now.plans["infusion"].slot
    return {name: (getattr(slot, name) + timedelta(**by)).isoformat(timespec="minutes") for name in ("start", "until", "target")}


def test_what_moves_is_told_before_it_is_committed(desk: Desk) -> None:
    before = len(desk.entries("BER-001"))
    answer = desk.sends(INFUSION, "plan", later(desk, days=1))
    assert "This would be recorded" in answer.text
    assert "The infusion would move from" in answer.text
    assert len(desk.entries("BER-001")) == before
    assert desk.confirms(INFUSION, "plan", answer).status_code == 303
    assert desk.kinds("BER-001", 1) == ["step-replanned"]


def test_a_form_that_was_changed_since_it_was_shown_what_moves_is_shown_it_again(desk: Desk) -> None:
    before = len(desk.entries("BER-001"))
    form = Forms(desk.sends(INFUSION, "plan", later(desk, days=1)).text).found["plan"]
    changed = {**later(desk, days=2), "confirmed": dict(form.buttons)["confirmed"]}
    answer = desk.sends(INFUSION, "plan", changed, shown=form)
    assert answer.status_code == 200
    assert "This would be recorded" in answer.text
    assert len(desk.entries("BER-001")) == before


def test_what_somebody_else_recorded_before_it_was_confirmed_is_shown_and_what_moves_once_more(desk: Desk) -> None:
    shown = desk.sends(INFUSION, "plan", later(desk, days=1))
    slot = desk.story("BER-001").now.plans["infusion"].slot
    elsewhere = e.Slot(
        start=slot.start + timedelta(hours=3), until=slot.until + timedelta(hours=3), target=slot.target + timedelta(hours=3)
    )
    desk.trial.participants.handle("BER-001", c.Plan(step="infusion", slot=elsewhere), by_("coordinator", desk.trial.next_id(), id="a-kim"))
    lost = desk.confirms(INFUSION, "plan", shown)
    assert lost.status_code == 409
    assert "by coordinator a-kim" in lost.text
    form = Forms(lost.text).found["plan"]
    assert "confirmed" not in dict(form.buttons), "what moves now is another thing"
    assert desk.confirms(INFUSION, "plan", desk.sends(INFUSION, "plan", shown=form)).status_code == 303


def test_an_unplanned_step_is_planned_in_one_tap_beside_which_stands_what_moves(desk: Desk) -> None:
    desk.records(INFUSION, "cancel", {"reason": "the family asked for another week"})
    form = desk.form(INFUSION, "slot")
    days = [value for name, value in form.buttons if name == "on"]
    assert len(days) == 5
    assert all(date.fromisoformat(day).weekday() < 5 for day in days), "nobody is there on a Saturday"
    desk.records(INFUSION, "slot", {"on": days[0]}, shown=form)
    slot = desk.story("BER-001").now.plans["infusion"].slot
    assert slot.target == slot.start
    assert f"{slot.start.astimezone(ZoneInfo('Europe/Berlin')):%Y-%m-%d %H:%M}" == f"{days[0]} 08:00"
    assert f"{slot.until.astimezone(ZoneInfo('Europe/Berlin')):%Y-%m-%d %H:%M}" == f"{days[0]} 17:00"


def test_a_day_that_is_none_is_not_planned(desk: Desk) -> None:
    assert desk.sends(INFUSION, "slot", {"on": "31 February"}).status_code == 422


def test_without_leave_a_step_is_refused_with_every_reason_and_only_the_refusal_is_recorded(desk: Desk) -> None:
    before = len(desk.entries("BER-001"))
    answer = desk.sends(INFUSION, "perform", {"code": CODE})
    assert answer.status_code == 409
    assert "Nothing was recorded but the refusal" in answer.text
    (refusal,) = desk.entries("BER-001")[before:]
    assert isinstance(refusal.event, e.StepRefused)
    assert answer.text.count("<li>") >= len(refusal.event.reasons) > 1
    assert CODE in answer.text, "what was typed is kept"


def test_a_step_that_was_refused_is_judged_anew_when_the_form_that_is_shown_again_is_sent(desk: Desk) -> None:
    shown = Forms(desk.sends(INFUSION, "perform", {"code": CODE}).text).found["perform"]
    answer = desk.sends(INFUSION, "perform", shown=shown)
    assert answer.status_code == 409
    assert "Recorded meanwhile" not in answer.text, "the refusal was ones own"
    assert desk.kinds("BER-001", 2) == ["step-refused"] * 2


def test_what_a_step_would_bring_about_leaves_no_refusal_on_record(desk: Desk) -> None:
    before = len(desk.entries("BER-001"))
    shown = desk.form(INFUSION, "perform")
    answer = desk.sends(INFUSION, "perform", {"code": CODE, "rehearse": "yes"}, shown=shown)
    assert "Nothing was recorded but" not in answer.text
    assert Forms(answer.text).found["perform"].typed["command_id"] == shown.typed["command_id"]
    assert len(desk.entries("BER-001")) == before


def test_with_leave_a_step_is_performed(desk: Desk) -> None:
    desk.story("BER-001").is_cleared()
    desk.seats("m-weber")
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
    desk.seats("k-adler")
    said = {"ground": "immediate-hazard", "code": CODE, "reason": "the participant is in danger"}
    assert desk.sends(INFUSION, "override", {**said, "meaning": ""}).status_code == 409
    shown = desk.sends(INFUSION, "override", {**said, "meaning": SIGNED["meaning"]})
    wrong = desk.confirms(INFUSION, "override", shown, {"signer": "k-adler", "password": "not hers"})
    assert wrong.status_code == 409
    assert 'name="confirmed"' in wrong.text, "what was shown still holds"
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
    desk.seats("k-adler")
    assert 'value="release"' not in desk.sees(INFUSION)


def test_leave_is_given_by_hand_while_no_journey_can_answer(told: tuple[Path, datetime], tmp_path: Path) -> None:
    folder, ends = told
    shutil.copytree(folder, tmp_path / "alone")
    with at_the_door(tmp_path / "alone", Clock(ends), "Temporal does not answer.") as desk:
        story = desk.story("BER-001")
        desk.clock.move_to(story.now.plans["infusion"].slot.start)
        story.is_seen_before("infusion")
        story.checks_identity()
        page = desk.seats("k-adler").sees(INFUSION)
        assert "Temporal does not answer." in page
        desk.records(INFUSION, "release", {"reason": "no journey answers", **SIGNED})
        assert "manually-released" in desk.kinds("BER-001", 2)


def test_a_form_that_was_recorded_and_is_sent_again_with_other_words_comes_back_with_them(desk: Desk) -> None:
    shown = desk.form(INFUSION, "cancel")
    desk.records(INFUSION, "cancel", {"reason": "the family asked for another week"}, shown=shown)
    entries = len(desk.entries("BER-001"))
    start, until = (desk.clock() + timedelta(days=days) for days in (9, 10))
    slot = {"start": start.isoformat(timespec="minutes"), "until": until.isoformat(timespec="minutes")}
    foretold = desk.sends(INFUSION, "plan", {**slot, "command_id": shown.typed["command_id"], "reason": "a week later"})
    answer = desk.confirms(INFUSION, "plan", foretold)
    assert answer.status_code == 409
    assert "recorded already" in answer.text
    again = Forms(answer.text).found["plan"]
    assert (again.typed["reason"], again.typed["start"]) == (["a week later"], [slot["start"]])
    assert again.typed["command_id"] != shown.typed["command_id"]
    assert len(desk.entries("BER-001")) == entries


def test_a_form_that_does_not_get_through_keeps_what_was_typed_and_its_id(desk: Desk) -> None:
    """The accounts fall away while somebody signs."""
    page = "/participants/BER-002/eligibility"
    shown = desk.seats("k-adler").form(page, "confirm")
    accounts = connect(desk.office.daybook.settings.accounts.removeprefix("sqlite:///"))
    accounts.execute("DROP TABLE attempts")
    accounts.close()
    answer = desk.sends(page, "confirm", {**SIGNED, "reason": "read with care"}, shown=shown)
    assert answer.status_code == 503
    assert "This did not get through" in answer.text
    again = Forms(answer.text).found["confirm"]
    assert again.typed["reason"] == ["read with care"]
    assert again.typed["command_id"] == shown.typed["command_id"]


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
