"""The evidence of a screening: every kind of it recorded as it was typed, refused where it cannot be, and once under one id."""

from datetime import date
from uuid import uuid4

import pytest

from domain.events import ReviewMade
from tests.app.at_the_desk import INVESTIGATOR, Desk

MADE = ("--source", "participant", "--source", "chart")


def test_a_participant_is_described_as_precisely_as_the_study_may_know(desk: Desk) -> None:
    desk.consented()
    stated = desk.json("demographics", "BER-001", "now", "--born", "1990-04", "--sex", "female")["events"][0]
    assert (stated["born"], stated["sex"]) == ("1990-04", "female")
    assert "Born 1990-04, female." in desk("history", "BER-001").stdout


def test_a_number_is_recorded_as_a_value_and_a_word_as_a_result(desk: Desk) -> None:
    desk.consented()
    weight = desk.json("observe", "BER-001", "body-weight", "62.5", "2026-01-05 08:00", "--unit", "kg")["events"][0]
    assert (weight["value"], weight["unit"], weight["result"], weight["at"]) == ("62.5", "kg", None, "2026-01-05T07:00Z")
    antigen = desk.json("observe", "BER-001", "hepatitis-b-surface-antigen", "negative", "2026-01-05", "--not-valid")["events"][0]
    assert (antigen["value"], antigen["result"], antigen["valid"]) == (None, "negative", False)


def test_a_condition_is_recorded_with_what_can_and_what_cannot_be_said_of_it(desk: Desk) -> None:
    desk.consented()
    noted = desk.json(
        *("condition", "BER-001", "infection", "2025-12", "--stop", "2026-01-03", "--noted", "2026-01-04"),
        *("--mark", "needs-anti-infective", "--no-mark", "uncontrolled", "--detail", "of the urinary tract"),
    )["events"][0]
    assert (noted["start"], noted["stop"], noted["at"]) == ("2025-12", "2026-01-03", "2026-01-04")
    assert noted["marks"] == {"needs-anti-infective": True, "uncontrolled": False}
    bleeding = desk.json("condition", "BER-001", "bleeding", "2025-12-20", "--grade", "2")["events"][0]
    assert (bleeding["grade"], bleeding["at"], bleeding["stop"]) == (2, "2026-01-05T08:00Z", None)


def test_a_score_is_recorded_item_by_item_with_dates_and_sources(desk: Desk) -> None:
    desk.consented()
    items = desk.json(
        *("score", "BER-001", "acr-1997", "now", "--present", "malar-rash", "--present", "serositis", "--absent", "renal-disorder"),
        *("--since", "malar-rash=2019-05", "--source", "malar-rash=discharge letter"),
    )["events"][0]["items"]
    assert items == [
        {"item": "malar-rash", "present": True, "since": "2019-05", "source": "discharge letter"},
        {"item": "serositis", "present": True, "since": None, "source": None},
        {"item": "renal-disorder", "present": False, "since": None, "source": None},
    ]


def test_every_other_item_of_a_score_is_absent_only_where_somebody_says_so(desk: Desk) -> None:
    desk.consented()
    some = desk.json("score", "BER-001", "selena-sledai", "now", "--present", "arthritis", "--present", "rash")["events"][0]["items"]
    assert len(some) == 2
    all_ = desk.json("score", "BER-001", "selena-sledai", "now", "--present", "arthritis", "--others-absent")["events"][0]["items"]
    assert len(all_) == 24
    assert [item["item"] for item in all_ if item["present"]] == ["arthritis"]


def test_when_samples_of_a_score_were_drawn_is_said_once_for_all_or_of_an_item(desk: Desk) -> None:
    desk.consented()
    typed = ("score", "BER-001", "selena-sledai", "now", "--present", "proteinuria", "--absent", "leukopenia", "--absent", "fever")
    assert desk.json(*typed)["events"][0]["drawn"] == {}
    assert desk.json(*typed, "--drawn", "2026-01-04")["events"][0]["drawn"] == {"proteinuria": "2026-01-04", "leukopenia": "2026-01-04"}
    one = desk.json(*typed, "--drawn", "leukopenia=2026-01-02 08:00", "--drawn", "2026-01-04")["events"][0]["drawn"]
    assert one == {"proteinuria": "2026-01-04", "leukopenia": "2026-01-02T07:00Z"}
    for words, refused in {
        "pyuria=2026-01-04": "a sample was drawn for the item pyuria, which is not answered",
        "fever=2026-01-04": "there is no laboratory item of selena-sledai fever; these are: urinary-casts",
        "leukopenia=2026-01-06": "the sample for the item leukopenia cannot have been drawn only after it was assessed",
        "some day": "'some day'",
    }.items():
        assert refused in desk(*typed, "--drawn", words, code=2).stderr


def test_an_investigator_attests_several_things_under_one_signature(desk: Desk) -> None:
    desk.consented()
    typed = ("attest", "BER-001", "now", "--holds", "able-and-willing", "--holds", "no-contraindication", "--not", "no-unstable-condition")
    said = desk(*typed, code=2).stderr
    for part in ("only an investigator attests able-and-willing, no-contraindication, no-unstable-condition", "needs a signature"):
        assert part in said
    stated = desk.json(*typed, "--sign", "I have judged this myself", who=INVESTIGATOR)["events"][0]
    assert stated["holds"] == {"able-and-willing": True, "no-contraindication": True, "no-unstable-condition": False}
    signature = desk.entries()[-1].circumstances.signature
    assert signature is not None
    assert signature.meaning == "I have judged this myself"


def test_the_classes_of_a_drug_that_the_reference_has_not_are_ticked_at_entry(desk: Desk) -> None:
    desk.consented()
    typed = ("medication", "BER-001", "newumab", "100", "2025-10-01", "--route", "intravenous", "--for", "lupus")
    assert "newumab is not in the drug reference: name its classes" in desk(*typed, code=2).stderr
    ticked = desk.json(*typed, "--class", "biologic", "--class", "b-cell-targeted")["events"][0]
    assert ticked["classes"] == ["biologic", "b-cell-targeted"]
    assert "there is no class of drugs homeopathic" in desk(*typed, "--class", "homeopathic", code=2).stderr


def test_a_vaccine_is_recorded_from_the_reference_or_with_its_class(desk: Desk) -> None:
    desk.consented()
    typed = ("vaccine", "BER-001", "newpox-vaccine", "2025-12-01")
    assert "not in the drug reference" in desk(*typed, code=2).stderr
    assert desk.json(*typed, "--class", "live-vaccine")["events"][0]["classes"] == ["live-vaccine"]
    assert "Vaccine newpox-vaccine given on 2025-12-01" in desk("history", "BER-001").stdout


def test_a_procedure_says_of_which_kind_it_was_and_how_much(desk: Desk) -> None:
    desk.consented()
    given = desk.json("procedure", "BER-001", "donor day", "2025-12-01", "--minor", "--category", "blood-donation", "--ml", "500")
    assert (given["events"][0]["category"], given["events"][0]["volume_ml"]) == ("blood-donation", 500)
    said = desk("procedure", "BER-001", "mole", "2025-12-01", "--minor", "--category", "beauty", "--ml", "5", code=2).stderr
    assert "there is no category of procedures beauty" in said
    assert "a procedure of the category beauty has no volume" in said


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("observe BER-001 body-weight 62,5 now --unit kg", "62,5"),
        ("observe BER-001 body-weight 62 now --unit stone", "body-weight is recorded in kg, not in stone"),
        ("observe BER-001 body-weight 620 now --unit kg", "body-weight lies from 20 to 300; 620 cannot be"),
        ("observe BER-001 urine negative now", "there is no test urine; these are: body-weight"),
        ("condition BER-001 infection 2026-01-09", "start 2026-01-09 lies in the future"),
        ("condition BER-001 infection 2025 --mark red --no-mark red", "red is said more than once"),
        ("condition BER-001 infection 2025 --grade high", "--grade: 'high' is no whole number"),
        ("score BER-001 selena-sledai now --present arthritis --since fever=2025", "fever is said to be neither present nor absent"),
        ("score BER-001 selena-sledai now --present rash --since rash", "'rash' says nothing of an item; write ITEM=…"),
        ("score BER-001 selena now --others-absent", "there is no score selena; these are: selena-sledai, acr-1997"),
        ("score BER-001 selena-sledai now", "items: "),
        ("attest BER-001 now", "holds: "),
        ("demographics BER-001 now --born 1900 --sex female", "would make the participant older than 120 years"),
        ("screening-review BER-001 now --since never --source chart", "--since: 'never' is no date; write 2026-03-01, lifetime or last"),
        ("screening-review BER-001 now --since lifetime --source neighbour", "'neighbour' must be"),
    ],
)
def test_evidence_that_cannot_be_is_refused_in_a_sentence_and_leaves_no_entry(desk: Desk, typed: str, says: str) -> None:
    desk.consented()
    assert says in desk(*typed.split(), code=2).stderr
    assert len(desk.entries()) == 3


def test_one_command_records_all_five_reviews_of_a_screening(desk: Desk) -> None:
    desk.consented()
    recorded = desk.json("screening-review", "BER-001", "now", "--since", "lifetime", *MADE)
    assert [event["review"] for event in recorded["events"]] == ["history", "medicines", "procedures", "psychiatric", "plans"]
    assert {event["covers_from"] for event in recorded["events"]} == {None}
    assert recorded["version"] == 8


def test_reviews_repeated_under_their_id_are_recorded_once(desk: Desk) -> None:
    desk.consented()
    id = ("--command-id", str(uuid4()))
    typed = ("screening-review", "BER-001", "2026-01-05", "--since", "lifetime", *MADE, *id)
    first = desk.json(*typed)
    assert desk.json(*typed) == first
    assert desk.kinds().count("review-made") == 5
    since_last = ("screening-review", "BER-001", "2026-01-20", "--since", "last", *MADE, "--command-id", str(uuid4()))
    desk.clock.move(days=20)
    again = desk.json(*since_last)
    assert desk.json(*since_last) == again
    assert desk.kinds().count("review-made") == 10
    said = desk("screening-review", "BER-001", "2026-01-05", "--since", "2025-01-01", *MADE, *id, code=2).stderr
    assert "this command id was used before, for something else" in said


def test_nothing_new_since_the_last_review_goes_on_from_it_without_a_gap(desk: Desk) -> None:
    desk.consented()
    desk("screening-review", "BER-001", "2026-01-05 08:30", "--since", "lifetime", *MADE)
    desk.clock.move(days=3)
    desk("review", "BER-001", "medicines", "2026-01-07", "--since", "last", "--source", "participant")
    desk.clock.move(days=3)
    desk("screening-review", "BER-001", "now", "--since", "last", *MADE)
    reviews = [entry.event for entry in desk.entries() if isinstance(entry.event, ReviewMade)]
    assert reviews[5].covers_from == date(2026, 1, 5)
    assert {(review.review, review.covers_from) for review in reviews[6:]} == {
        ("history", date(2026, 1, 5)),
        ("medicines", date(2026, 1, 7)),
        ("procedures", date(2026, 1, 5)),
        ("psychiatric", date(2026, 1, 5)),
        ("plans", date(2026, 1, 5)),
    }


def test_nothing_can_be_new_since_a_review_that_was_never_made(desk: Desk) -> None:
    desk.consented()
    desk("review", "BER-001", "medicines", "2026-01-04", "--since", "lifetime", *MADE)
    said = desk("screening-review", "BER-001", "now", "--since", "last", *MADE, code=2).stderr
    assert "no review of history and allergies, procedures, psychiatric history, plans is on record from before" in said
    assert desk.kinds().count("review-made") == 1


def test_marks_attestations_and_items_are_corrected_as_the_history_shows_them(desk: Desk) -> None:
    desk.consented()
    desk("condition", "BER-001", "infection", "2025-12", "--mark", "uncontrolled")
    desk("score", "BER-001", "acr-1997", "now", "--present", "serositis")
    why = ("--reason", "misread")
    marks = desk.json("correct", "BER-001", "4", 'marks={"uncontrolled": false}', *why)["events"][0]["fact"]["marks"]
    assert marks == {"uncontrolled": False}
    item = '{"item": "serositis", "present": true, "since": "2019"}'
    assert desk.json("correct", "BER-001", "5", f"items=[{item}]", *why)["events"][0]["fact"]["items"][0]["since"] == "2019"
    assert "marks: 'uncontrolled' is not JSON" in desk("correct", "BER-001", "4", "marks=uncontrolled", *why, code=2).stderr
    assert "there is no mark of infection green" in desk("correct", "BER-001", "4", 'marks={"green": true}', *why, code=2).stderr
