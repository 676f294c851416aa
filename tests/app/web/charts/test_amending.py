"""History, corrections and deviations: what was said stays beside what is said, with who, why and when; past states are shown."""

from datetime import timedelta

from app.demo.people import PASSWORD
from domain import commands as c
from domain import events as e
from tests.app.web.at_the_door import Desk
from tests.app.web.reading_forms import Forms
from tests.builders import by_

HISTORY = "/participants/BER-001/history"
DEVIATIONS = "/participants/BER-001/deviations"
SIGNED = {"signer": "k-adler", "password": PASSWORD}


def test_an_entry_is_corrected_field_by_field_and_both_are_shown(desk: Desk) -> None:
    number = desk.story("BER-001").entry_of(e.LeukapheresisEnded)
    path = f"/participants/BER-001/entries/{number}"
    desk.records(path, "correct", {"field.yield_e6_per_kg": "11.5", "reason": "misread from the chart"})
    corrected = desk.entries("BER-001")[-1].event
    assert isinstance(corrected, e.EntryCorrected)
    assert "11.5" in str(corrected.fact)
    page = desk.sees(HISTORY)
    assert f'Corrected in <a href="#entry-{len(desk.entries("BER-001"))}"' in page
    assert "misread from the chart" in page


def test_a_correction_is_rehearsed_with_what_is_planned_anew(desk: Desk) -> None:
    number = desk.story("BER-003").entry_of(e.InfusionStarted)
    path = f"/participants/BER-003/entries/{number}"
    event = desk.entries("BER-003")[number - 1].event
    assert isinstance(event, e.InfusionStarted)
    before = len(desk.entries("BER-003"))
    earlier = event.at.span("Europe/Berlin").earliest.strftime("%Y-%m-%d")
    answer = desk.sends(path, "correct", {"field.at": earlier, "reason": "why", "rehearse": "yes"})
    assert "This would be recorded" in answer.text
    assert len(desk.entries("BER-003")) == before


def test_a_correction_without_reason_or_with_a_fault_records_nothing_and_keeps_what_was_typed(desk: Desk) -> None:
    number = desk.story("BER-001").entry_of(e.LeukapheresisEnded)
    path, before = f"/participants/BER-001/entries/{number}", len(desk.entries("BER-001"))
    assert desk.sends(path, "correct", {"field.yield_e6_per_kg": "11.5"}).status_code == 409
    answer = desk.sends(path, "correct", {"field.at": "some day", "reason": "why"})
    assert answer.status_code == 422
    assert 'value="some day"' in answer.text
    assert 'class="field faulty"' in answer.text
    assert len(desk.entries("BER-001")) == before


def test_an_entry_is_taken_back(desk: Desk) -> None:
    number = desk.story("BER-001").entry_of(e.ObservationMade)
    desk.records(f"/participants/BER-001/entries/{number}", "retract", {"reason": "of somebody else"})
    assert "Taken back in" in desk.sees(HISTORY)


def test_the_state_as_of_an_entry_is_shown(desk: Desk) -> None:
    consented = desk.story("BER-001").entry_of(e.ConsentSigned)
    assert "<b>Consented.</b>" in desk.sees(f"{HISTORY}?at={consented}")
    assert "<b>Eligibility confirmed.</b>" in desk.sees(f"{HISTORY}?at={len(desk.entries('BER-001'))}")


def test_a_deviation_is_recorded_described_reviewed_by_signature_and_taken_back(desk: Desk) -> None:
    desk.records(DEVIATIONS, "record", {"says": "The form was signed in pencil", "category": "procedure"})
    (key,) = [key for key in desk.story("BER-001").now.deviations if key.startswith("by-hand:")]
    desk.records(DEVIATIONS, f"describe:{key}", {"cause": "no pen was at hand", "important": "yes"})
    assert desk.story("BER-001").now.deviations[key].important
    desk.seats("k-adler")
    wrong = desk.sends(DEVIATIONS, f"review:{key}", SIGNED | {"password": "not hers"})
    assert wrong.status_code == 409
    assert not desk.story("BER-001").now.deviations[key].reviewed
    desk.records(DEVIATIONS, f"review:{key}", SIGNED)
    assert desk.story("BER-001").now.deviations[key].reviewed
    desk.seats("m-weber")
    desk.records(DEVIATIONS, f"void:{key}", {"reason": "it was ink"})
    assert key not in desk.story("BER-001").now.deviations


def test_a_deviation_is_reviewed_as_it_was_read_and_not_as_somebody_else_says_it_was_by_now(desk: Desk) -> None:
    desk.records(DEVIATIONS, "record", {"says": "The form was signed in pencil", "category": "procedure"})
    (key,) = [key for key in desk.story("BER-001").now.deviations if key.startswith("by-hand:")]
    shown = desk.seats("k-adler").form(DEVIATIONS, f"review:{key}")
    said = c.DescribeDeviation(key=key, details=e.DeviationDetails(cause="no pen was at hand"))
    desk.trial.participants.handle("BER-001", said, by_("coordinator", desk.trial.next_id(), id="a-kim"))
    lost = desk.sends(DEVIATIONS, f"review:{key}", SIGNED, shown=shown)
    assert "Recorded meanwhile" in lost.text
    again = desk.sends(DEVIATIONS, f"review:{key}", SIGNED, shown=Forms(lost.text).found[f"review:{key}"])
    assert again.status_code == 409
    assert "Read the deviations as they are now" in again.text
    assert not desk.story("BER-001").now.deviations[key].reviewed
    desk.records(DEVIATIONS, f"review:{key}", SIGNED)
    assert desk.story("BER-001").now.deviations[key].reviewed


def test_what_a_journey_says_otherwise_of_a_deviation_is_read_before_it_is_reviewed(desk: Desk) -> None:
    story, path = desk.story("BER-003"), "/participants/BER-003/deviations"
    story.lives_until(desk.clock() + timedelta(days=10))
    key, proposed = next((key, one) for key, one in story.now.deviations.items() if not one.final)
    shown = desk.seats("k-adler").form(path, f"review:{key}")
    story.lives_until(desk.clock() + timedelta(days=90))
    assert story.now.deviations[key].told_in > proposed.told_in, "it has become final meanwhile"
    now = desk.seats("k-adler").form(path, f"review:{key}")
    answer = desk.sends(path, f"review:{key}", {**SIGNED, "csrf": now.typed["csrf"]}, shown=shown)
    assert answer.status_code == 409
    assert "By now something else is said of the deviation than was read" in answer.text
    assert not story.now.deviations[key].reviewed
    assert desk.sends(path, f"review:{key}", SIGNED, shown=now).status_code == 303


def test_the_deviations_of_the_study_are_those_of_the_askers_sites_filtered_and_as_a_table(desk: Desk) -> None:
    desk.records(DEVIATIONS, "record", {"says": "=A formula", "category": "procedure"})
    desk.catches_up()
    assert "BER-001" in desk.sees("/deviations?category=procedure&text=formula")
    assert "No such deviation stands" in desk.sees("/deviations?text=nothing-like-it")
    table = desk.sees("/deviations.csv?text=formula")
    assert "'=A formula" in table
    assert "BER-001" not in desk.seats("j-silva").sees("/deviations")


def test_a_matter_of_safety_is_reported_from_its_page(desk: Desk) -> None:
    story = desk.story("BER-003")
    story.reports(e.ObservationMade(at=story.at(), test="pregnancy-test", result="positive"))
    matters = [one for one in story.now.safety_reports.values() if one.open]
    assert matters, "a pregnancy after the infusion is a matter of safety"
    path = "/participants/BER-003/safety"
    desk.records(path, f"report:{matters[0].key}", {"at": "now"})
    assert not story.now.safety_reports[matters[0].key].open
