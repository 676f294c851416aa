"""Eligibility as people and programs are told: of a record, of a record as it was known, and of facts that nobody recorded."""

import json
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from store.studies import SHIPPED
from tests.app.at_the_desk import INVESTIGATOR, Desk
from tests.builders import DIGEST

AT = ("--study", "cd19-cart-sle@1", "--at", "2026-04-10 12:00")
CONSENT = {
    "kind": "consent-signed.v1",
    "at": "2026-03-30T06:00Z",
    "document": "consent form 1.0",
    "document_digest": DIGEST,
    "obtained_by": "an investigator",
    "copy_given": True,
}
SCREENED = {"kind": "screening-started.v1", "at": "2026-03-30T07:00Z"}
LIGHT = {"kind": "observation-made.v1", "at": "2026-04-01", "test": "body-weight", "value": "39.9", "unit": "kg"}
HEAVY = {**LIGHT, "at": "2026-04-02", "value": 40}
"""A number, or the same as text: both are read without loss."""
VACCINATED = {"kind": "vaccine-given.v1", "at": "2026-03-20", "vaccine": "newpox-vaccine", "classes": ["live-vaccine"]}
PULSE = {
    "kind": "medication-taken.v1",
    "drug": "triamcinolone",
    "dose_mg": 40,
    "route": "intramuscular",
    "start": "2026-03-01",
    "indication": "flare",
}


@pytest.fixture
def screened(desk: Desk) -> Desk:
    """A participant in screening, with a body weight that is too little and a live vaccine two weeks before."""
    desk.consented()
    desk.clock.move(minutes=30)
    desk("screen", "BER-001", "now")
    desk("observe", "BER-001", "body-weight", "39.9", "2026-01-05 09:05", "--unit", "kg")
    desk("vaccine", "BER-001", "newpox-vaccine", "2025-12-22", "--class", "live-vaccine")
    return desk


def supposed(folder: Path, *facts: dict[str, Any], **beside: Any) -> tuple[str, ...]:
    """The typed words that judge these facts."""
    file = folder / "facts.json"
    file.write_text(json.dumps({"zone": "Europe/Berlin", "facts": [CONSENT, SCREENED, *facts]} | beside))
    return ("judge", "--facts", str(file), *AT)


def part(answer: Any, id: str) -> Any:
    return next(one for one in answer["report"]["parts"] if one["id"] == id)


def test_the_answer_comes_first_then_what_fails_then_what_is_missing_then_the_rest(screened: Desk) -> None:
    lines = screened("judge", "BER-001").stdout.splitlines()
    assert lines[0] == "BER-001, judged for a confirmation 2026-01-05 09:30+01:00, now:"
    assert lines[1].startswith("NOT ELIGIBLE: of 81 parts 2 fail, ")
    headings = [line for line in lines[2:] if line and not line.startswith((" ", "Digest"))]
    assert headings == ["Fails", "Not yet known; what is missing", "Not yet known", "Not due", "Passes"]


def test_a_part_that_fails_tells_its_reasons_with_their_entries_and_when_to_screen_again(screened: Desk) -> None:
    said = screened("judge", "BER-001").stdout.splitlines()
    start = said.index("  I3 Body weight: The participant weighs at least 40 kg. [assumption]")
    assert said[start + 1] == "    fails: Body weight at least 40 kg"
    assert said[start + 2] == "      - Body weight 2026-01-05 09:05+01:00: 39.9 kg (entry 5)"
    start = next(number for number, line in enumerate(said) if line.startswith("  E19a Live vaccine received: "))
    assert said[start + 1] == "    re-screen, not before 2026-01-20"
    assert said[start + 3] == "      - newpox-vaccine lies in the 4 weeks before (entry 6)"


def test_what_is_missing_is_said_once_under_whoever_supplies_it(screened: Desk) -> None:
    said = screened("judge", "BER-001").stdout.splitlines()
    coordinator, investigator = said.index("  From the coordinator:"), said.index("  From the investigator:")
    asked = [
        line for line in said if line.startswith("    - no review of medicines that covers the whole life was made in this screening (")
    ]
    assert len(asked) == 1
    assert "E20a JAK inhibitor" in asked[0]
    assert "E21 B-cell-targeted therapy" in asked[0]
    assert coordinator < said.index(asked[0])
    attested = next(line for line in said[investigator:] if "able-and-willing has not been attested in this screening" in line)
    assert "I1b Able and willing" in attested


def test_what_passes_and_what_is_judged_later_is_said_in_a_line_each(screened: Desk) -> None:
    screened("demographics", "BER-001", "now", "--born", "1990-04-01", "--sex", "male")
    said = screened("judge", "BER-001").stdout.splitlines()
    assert "  I2 Age (entry 7) [assumption]" in said[said.index("Passes") :]
    assert "  E24b Steroid before infusion; judged at the gate of infusion [assumption]" in said[said.index("Not due") :]


def test_what_is_remarked_stands_under_its_part_whatever_the_verdict(empty_desk: Desk, tmp_path: Path) -> None:
    creatinine = {
        "kind": "observation-made.v1",
        "at": "2026-04-01",
        "test": "creatinine",
        "value": 4,
        "unit": "times the upper limit of normal",
    }
    attested = {"kind": "attested.v1", "at": "2026-04-02", "holds": {"kidney-function-not-severely-abnormal": True}}
    for facts, begins in (([creatinine, attested], "  E13b Kidney function ("), ([creatinine], "  E13b Kidney function: ")):
        said = empty_desk(*supposed(tmp_path, *facts)).stdout.splitlines()
        start = next(number for number, line in enumerate(said) if line.startswith(begins))
        assert said[start + 1].startswith("    remark: Creatinine in serum 2026-04-01: 4 times the upper limit of normal; flagged: CTCAE")


def test_a_composite_requirement_is_told_as_an_indented_tree(screened: Desk) -> None:
    said = screened("judge", "BER-001").stdout.splitlines()
    start = next(number for number, line in enumerate(said) if line.startswith("  E12a Active tuberculosis: "))
    assert said[start + 1 : start + 4] == [
        "    not yet known: any of these",
        "      not yet known: all of these",
        "        not yet known: Imaging of the chest: no-sign-of-tuberculosis",
    ]
    assert said[start + 4].startswith("          - no valid result of Imaging of the chest")
    assert said[start + 4].endswith("; ask the coordinator")


def test_a_program_gets_the_whole_report_with_a_digest_that_it_can_check(screened: Desk) -> None:
    answer = screened.json("judge", "BER-001")
    assert answer["participant"] == "BER-001"
    assert len(answer["report"]["parts"]) == 81
    text = json.dumps(answer["report"], ensure_ascii=False, separators=(",", ":"))
    assert sha256(text.encode()).hexdigest() == answer["digest"]
    assert part(answer, "I3")["because"]["findings"][0]["evidence"] == [5]
    assert any(one.startswith("E21: no review of medicines") for one in answer["missing"]["coordinator"])


def test_a_confirmation_can_be_judged_for_another_time(screened: Desk) -> None:
    screened("observe", "BER-001", "pregnancy-test", "negative", "2026-01-05", "--valid")
    screened("demographics", "BER-001", "2026-01-05", "--born", "1990", "--sex", "female")
    screened.clock.move(days=1)
    fresh, stale = (
        part(screened.json("judge", "BER-001", "--at", at), "I7a")["verdict"] for at in ("2026-01-12 12:00", "2026-01-13 12:00")
    )
    assert (fresh, stale) == ("passes", "not yet known")


def test_a_record_is_judged_as_it_was_known(screened: Desk) -> None:
    before = screened.json("judge", "BER-001", "--at", "2026-01-05 10:00")
    screened.clock.move(days=2)
    screened("correct", "BER-001", "5", "value=62", "--reason", "misread")
    now, then = (
        screened.json("judge", "BER-001", "--at", "2026-01-05 10:00", *known) for known in ((), ("--as-known-at", "2026-01-06 12:00"))
    )
    assert part(now, "I3")["verdict"] == "passes"
    assert part(then, "I3")["verdict"] == "fails"
    assert then["digest"] == before["digest"]
    assert then["as_known_at"] == "2026-01-06T11:00:00Z"
    said = screened("judge", "BER-001", "--as-known-at", "2026-01-06 12:00").stdout
    assert said.startswith(
        "BER-001, judged for a confirmation 2026-01-06 12:00+01:00, 22 hours ago, by what was on record 2026-01-06 12:00+01:00:"
    )


def test_what_the_study_ruled_later_was_not_known_then(screened: Desk) -> None:
    screened("medication", "BER-001", "belimumab", "200", "2024-01-10", "--route", "subcutaneous", "--for", "lupus")
    screened.clock.move(hours=1)
    unruled = screened.json("judge", "BER-001", "--at", "2026-01-05 10:00")
    screened.clock.move(hours=1)
    screened("study", "rule", "baff-april-inhibitors", "b-cell-targeted", who="administrator:root")
    screened.clock.move(hours=1)
    now, then = (
        screened.json("judge", "BER-001", "--at", "2026-01-05 10:00", *known) for known in ((), ("--as-known-at", "2026-01-05 10:00"))
    )
    assert (part(unruled, "E21")["verdict"], part(now, "E21")["verdict"]) == ("not yet known", "fails")
    assert then["digest"] == unruled["digest"]
    screened("demographics", "BER-001", "now", "--born", "1990", "--sex", "male")
    assert part(screened.json("judge", "BER-001", "--as-known-at", "2026-01-05 11:59"), "E21")["verdict"] == "fails"


def test_who_is_confirmed_is_judged_as_of_the_confirmation(screened: Desk) -> None:
    screened.clock.move(days=1)
    screened("confirmed-on-paper", "BER-001", "2026-01-06 08:00", "--sign", "I have judged this myself", who=INVESTIGATOR)
    screened.clock.move(days=90)
    assert screened.json("judge", "BER-001")["report"]["at"] == "2026-01-06T07:00:00Z"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("judge", "name a PARTICIPANT, or give all of --facts FILE --study STUDY@VERSION --at WHEN"),
        ("judge BER-001 --study cd19-cart-sle@1", "--study does not belong here: a participant is judged by the record"),
        ("judge --as-known-at now", "--as-known-at does not belong here: facts that are not recorded were never known"),
        ("judge BER-001 --screening 1", "there is no screening 1: 0 on record"),
        ("judge BER-001 --screening 0", "greater than or equal to 1"),
        ("judge --screening 1", "--screening does not belong here"),
        ("judge BER-009", "there is no participant BER-009"),
        ("judge BER-001 --at tomorrow", "'tomorrow' is no time that can be read"),
        ("judge BER-001 --as-known-at 2025-12-01T08:00Z", "nothing was on record of BER-001 then"),
        ("judge --facts nowhere.json", "No such file"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_a_sentence(desk: Desk, typed: str, says: str) -> None:
    desk.consented()
    assert says in " ".join(desk(*typed.split(), code=2).stderr.split())


def test_facts_that_nobody_recorded_are_judged_without_a_ledger_and_leave_nothing(empty_desk: Desk, tmp_path: Path) -> None:
    answer = empty_desk.json(*supposed(tmp_path, LIGHT))
    assert (answer["report"]["overall"], part(answer, "I3")["verdict"]) == ("not eligible", "fails")
    assert part(answer, "I3")["because"]["findings"][0]["evidence"] == [3]
    assert part(empty_desk.json(*supposed(tmp_path, LIGHT, HEAVY)), "I3")["verdict"] == "passes"
    assert "3 facts that are not recorded, judged for a confirmation" in empty_desk(*supposed(tmp_path, LIGHT)).stdout
    assert not empty_desk.folder.exists()


def test_the_facts_of_a_record_supposed_are_judged_as_the_record_is(screened: Desk, tmp_path: Path) -> None:
    screened("medication", "BER-001", "tofacitinib", "5", "2026-01-04 20:00", "--route", "oral", "--for", "lupus")
    screened("screening-review", "BER-001", "2026-01-05 09:30", "--since", "lifetime", "--source", "chart")
    recorded = screened.json("judge", "BER-001", "--at", "2026-01-05 10:00")
    facts = [entry["event"] for entry in screened.json("history", "BER-001")["entries"][2:]]  # All but that she was registered.
    file = tmp_path / "facts.json"
    file.write_text(json.dumps({"zone": "Europe/Berlin", "rulings": {"local-steroid-injections": "as-systemic"}, "facts": facts}))
    typed = ("judge", "--facts", str(file), "--study", "cd19-cart-sle@1", "--at", "2026-01-05 10:00")
    supposed = screened.json(*typed)
    assert {one["id"]: one["verdict"] for one in supposed["report"]["parts"]} == {
        one["id"]: one["verdict"] for one in recorded["report"]["parts"]
    }
    assert supposed["missing"] == recorded["missing"]
    assert supposed["report"]["made_with"] == recorded["report"]["made_with"]
    assert len(screened.entries()) == 2 + len(facts)


def test_supposed_rulings_count_and_only_those_that_the_protocol_offers(empty_desk: Desk, tmp_path: Path) -> None:
    belimumab = {**PULSE, "drug": "belimumab", "route": "subcutaneous", "start": "2024-01-10"}
    verdicts = [
        part(empty_desk.json(*supposed(tmp_path, belimumab, rulings=rulings)), "E21")["verdict"]
        for rulings in ({}, {"baff-april-inhibitors": "b-cell-targeted"})
    ]
    assert verdicts == ["not yet known", "fails"]
    said = empty_desk(*supposed(tmp_path, rulings={"baff-april-inhibitors": "perhaps", "steroids": "none"}), code=2).stderr
    assert "rulings.baff-april-inhibitors: no protocol offers the choice perhaps" in said
    assert "rulings.steroids: no protocol offers the choice none" in said


def test_the_times_of_supposed_facts_are_those_of_their_zone(empty_desk: Desk, tmp_path: Path) -> None:
    answer = empty_desk.json(*supposed(tmp_path, zone="America/Sao_Paulo"))
    assert answer["report"]["at"] == "2026-04-10T15:00:00Z"


def test_impossible_facts_are_refused_for_every_reason_as_they_are_at_entry(desk: Desk, tmp_path: Path) -> None:
    impossible = (
        {**LIGHT, "unit": "stone", "value": 620},
        {**VACCINATED, "at": "2026-04-11", "classes": []},
        {**PULSE, "drug": "newumab", "stop": "2026-02-01", "doses_per_day": 1},
        {"kind": "condition-noted.v1", "at": "2026-04-01", "condition": "infection", "start": "2026-04-02", "marks": {"green": True}},
    )
    refused = desk.json(*supposed(tmp_path, *impossible), code=2)["refused"]
    assert [(one["code"], one["says"].partition(":")[0]) for one in refused] == [
        ("out-of-scale", "facts.3"),
        ("unknown-unit", "facts.3"),
        ("future", "facts.4"),
        ("unclassified-drug", "facts.4"),
        ("stop-before-start", "facts.5"),
        ("unclassified-drug", "facts.5"),
        ("unknown-mark", "facts.6"),
        ("noted-before-start", "facts.6"),
    ]
    desk.consented()
    at_entry = desk.json("observe", "BER-001", "body-weight", "620", "2026-01-05", "--unit", "stone", code=2)["refused"]
    assert [f"facts.3: {one['says']}" for one in at_entry] == [one["says"] for one in refused[:2]]


def test_every_fault_in_a_file_of_facts_is_told_with_its_place(empty_desk: Desk, tmp_path: Path) -> None:
    broken = (
        {**LIGHT, "at": "yesterday", "colour": "red"},
        {**PULSE, "dose_mg": -1, "route": "by air"},
        {"kind": "miracle.v1", "at": "2026-04-01"},
        {"kind": "score-assessed.v1", "at": "2026-04-01", "score": "selena-sledai", "items": [{"item": "rash"}]},
        "prose",
    )
    said = empty_desk(*supposed(tmp_path, *broken, zone="Europe/Munich", surprise=1), code=2).stderr  # type: ignore[arg-type]  # One is no fact.
    assert said.startswith("The file cannot be used, and nothing of it was taken in:")
    for fault in (
        "zone there is no time zone 'Europe/Munich'",
        "surprise is not a key that belongs here",
        "facts.3.at 'yesterday' is no time",
        "facts.3.colour is not a key that belongs here",
        "facts.4.dose_mg must be greater than 0",
        "facts.4.route must be 'oral'",
        "facts.5 is of kind 'miracle.v1'",
        "facts.6.items.1.present is missing",
        "facts.7 ",
    ):
        assert fault in said


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "line 1, column 1 is not JSON"),
        ('{"zone": "Europe/Berlin",\n "facts": [}', "line 2, column 12 is not JSON"),
        ("[]", "file must be a table"),
        ('{"zone": "Europe/Berlin", "facts": [], "facts": []}', "the key facts is given twice in one table"),
        ('{"zone": "Europe/Berlin", "facts": [{"dose_mg": NaN}]}', "NaN is no number"),
        ("[" * 100_000, "file cannot be read"),
        ("{}", "zone is missing"),
    ],
)
def test_a_file_that_holds_no_facts_is_refused_in_a_sentence(empty_desk: Desk, tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "facts.json"
    file.write_text(text)
    assert says in empty_desk("judge", "--facts", str(file), *AT, code=2).stderr


def test_a_file_that_is_not_text_is_refused_in_a_sentence(empty_desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "facts.json"
    file.write_bytes(b"\xc3(")
    assert "file cannot be read" in empty_desk("judge", "--facts", str(file), *AT, code=2).stderr


def test_a_version_is_named_with_its_study(empty_desk: Desk, tmp_path: Path) -> None:
    typed = supposed(tmp_path)[:3]
    assert "'1' names no version of a protocol; write cd19-cart-sle@1" in empty_desk(*typed, "--study", "1", "--at", "now", code=2).stderr
    said = empty_desk(*typed, "--study", "cd19-cart-sle@7", "--at", "2026-04-10 12:00", code=3).stderr
    assert "Put the file back, or name another version." in said


def test_another_folder_of_studies_is_judged_by_its_own_files(empty_desk: Desk, tmp_path: Path) -> None:
    studies = tmp_path / "studies"
    shutil.copytree(SHIPPED, studies)
    file = studies / "cd19-cart-sle/v1.toml"
    text = file.read_text()
    heavier = text.replace('test = "body-weight", at_least = 40', 'test = "body-weight", at_least = 41')
    assert heavier != text
    file.write_text(heavier)
    empty_desk.environment["DAYBOOK_STUDIES"] = str(studies)
    assert part(empty_desk.json(*supposed(tmp_path, HEAVY)), "I3")["verdict"] == "fails"
