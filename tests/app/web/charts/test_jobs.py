"""One form for each job: a participant registered and consented, a screening, a course that tapers, reviews; all of it or nothing."""

import gc

from app.cli.reading import PARAMETERS
from app.web.fields import EMPTY_ROWS
from domain import events as e
from domain.participant import PARTICIPANT
from domain.time import When
from tests.app.web.at_the_door import Desk
from tests.app.web.faults import beside
from tests.builders import DIGEST

REVIEWS = {"since": "lifetime", "source": ["participant", "chart"]}
LUPUS = {"drug": "prednisone", "route": "oral", "indication": "lupus"}


def test_a_participant_is_registered_with_contact_data_that_are_sealed(desk: Desk) -> None:
    typed = {"code": "BER-010", "site": "BER", "name": "An Invented Name", "phone": "", "email": ""}
    page = desk.records("/participants/new", "", typed)
    assert "Registered at the site BER" in page
    first = desk.trial.participants.ledger.read(PARTICIPANT + "BER-010")[0]
    assert isinstance(first.event, e.Registered)
    assert first.identifiers is not None
    assert first.identifiers.name == "An Invented Name"
    assert "An Invented Name" not in desk.sees("/participants/BER-010/history")


def test_a_registration_shows_each_fault_beside_its_field_and_keeps_what_was_typed(desk: Desk) -> None:
    answer = desk.sends("/participants/new", "", {"code": "Mrs Somebody", "site": "", "email": "a@b.example"})
    assert answer.status_code == 422
    assert answer.text.count('class="field faulty"') == 2
    assert "Mrs Somebody" in answer.text
    assert "a@b.example" in answer.text


def test_nobody_is_registered_twice_or_at_the_site_of_others(desk: Desk) -> None:
    assert desk.sends("/participants/new", "", {"code": "BER-001", "site": "BER"}).status_code == 409
    assert desk.sends("/participants/new", "", {"code": "SAO-009", "site": "SAO"}).status_code == 409
    assert not desk.entries("SAO-009")


def test_a_consent_is_recorded_by_a_form_in_use(desk: Desk) -> None:
    path = "/participants/BER-010/consent"
    desk.records("/participants/new", "", {"code": "BER-010", "site": "BER"})
    said = {"at": "now", "obtained_by": "Dr. Ito", "copy_given": "yes"}
    assert desk.sends(path, "consent", {**said, "form": "f" * 64}).status_code == 422
    desk.records(path, "consent", {**said, "form": DIGEST})
    event = desk.entries("BER-010")[-1].event
    assert isinstance(event, e.ConsentSigned)
    assert (event.document, event.document_digest) == ("consent form 1.0", DIGEST)


def test_one_screening_form_writes_who_the_participant_is_the_tests_and_all_five_reviews(desk: Desk) -> None:
    typed = {"born": "1990-05", "sex": "female", "found_body_weight": "61.5", "found_pregnancy_test": "negative", **REVIEWS}
    before = len(desk.entries("BER-002"))
    desk.records("/participants/BER-002/screening", "screening", typed)
    facts = [entry.event for entry in desk.entries("BER-002")[before:]]
    assert [type(fact) for fact in facts[:3]] == [e.DemographicsRecorded, e.ObservationMade, e.ObservationMade]
    assert [fact.review for fact in facts if isinstance(fact, e.ReviewMade)] == [
        "history",
        "medicines",
        "procedures",
        "psychiatric",
        "plans",
    ]


def test_of_a_screening_form_with_a_fault_nothing_is_recorded_and_everything_is_kept(desk: Desk) -> None:
    before = len(desk.entries("BER-002"))
    answer = desk.sends("/participants/BER-002/screening", "screening", {"found_body_weight": "heavy", "born": "1990-05", **REVIEWS})
    assert answer.status_code == 422
    assert "heavy" in answer.text
    assert "1990-05" in answer.text
    assert answer.text.count("checked") == 2
    assert len(desk.entries("BER-002")) == before


def test_an_empty_screening_form_says_so(desk: Desk) -> None:
    answer = desk.sends("/participants/BER-002/screening", "screening", {})
    assert answer.status_code == 422
    assert "othing was filled in" in answer.text


def test_a_course_that_tapers_is_recorded_line_by_line(desk: Desk) -> None:
    lines = {
        "line.0": ["40", "20", "", "10", ""],
        "line.1": ["1", "1", "", "1", ""],
        "line.2": ["2026-01-01", "2026-01-08", "", "2026-01-15", ""],
        "line.3": ["2026-01-07", "2026-01-14", "", "", ""],
    }
    desk.records("/participants/BER-002/medications", "medication", {**LUPUS, **lines})
    taken = [entry.event for entry in desk.entries("BER-002") if isinstance(entry.event, e.MedicationTaken)][-3:]
    assert [(int(one.dose_mg), one.start, one.stop) for one in taken] == [
        (40, When("2026-01-01"), When("2026-01-07")),
        (20, When("2026-01-08"), When("2026-01-14")),
        (10, When("2026-01-15"), None),
    ]


def test_of_a_taper_with_faults_no_line_is_recorded_and_each_cell_is_named(desk: Desk) -> None:
    before = len(desk.entries("BER-002"))
    lines = {"line.0": ["40", "much"], "line.1": ["1", "1"], "line.2": ["2026-01-01", "soon"], "line.3": ["2026-01-07", ""]}
    answer = desk.sends("/participants/BER-002/medications", "medication", {**LUPUS, **lines})
    assert answer.status_code == 422
    assert beside(answer.text, "line.0").startswith("Dose in mg: 'much' is no number")
    assert beside(answer.text, "line.2").startswith("From: 'soon' is no time that can be read")
    assert answer.text.count('aria-invalid="true"') == 2, "no other cell is wrong"
    assert answer.text.count('name="line.0"') == 2 + EMPTY_ROWS, "lines that were left empty do not pile up"
    assert len(desk.entries("BER-002")) == before


def test_a_review_goes_on_from_the_last_one(desk: Desk) -> None:
    desk.clock.move(days=2)
    desk.seats("m-weber")
    assert desk.form("/participants/BER-002/reviews", "review:medicines").typed["since"] == ["last"]
    desk.records("/participants/BER-002/reviews", "review:medicines")
    event = desk.entries("BER-002")[-1].event
    assert isinstance(event, e.ReviewMade)
    assert event.review == "medicines"
    assert event.covers_from is not None


def test_a_form_that_is_made_anew_for_each_page_is_not_remembered_once_the_page_was_shown(desk: Desk) -> None:
    desk.sees("/participants/BER-002/screening")
    gc.collect()
    before = len(PARAMETERS)
    for _ in range(3):
        desk.sees("/participants/BER-002/screening")
    gc.collect()
    assert len(PARAMETERS) <= before
