"""Protocols, drug references and schemas, looked at from the command line."""

import json
import shutil
from pathlib import Path

import pytest

from store.studies import SHIPPED
from tests.app.at_the_desk import Desk
from tests.app.cli.test_judging import CONSENT, LIGHT

PROTOCOL = SHIPPED / "cd19-cart-sle/v1.toml"
REFERENCE = SHIPPED / "reference/drugs.v1.toml"


def changed(file: Path, into: Path, *changes: tuple[str, str]) -> str:
    """A copy of a file with these changes, each of which must find its place."""
    text = file.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    into.write_text(text)
    return str(into)


def test_a_protocol_that_can_be_used_says_what_it_is(empty_desk: Desk) -> None:
    said = empty_desk("protocol", "check", str(PROTOCOL)).stdout
    assert "can be used. cd19-cart-sle@1, CD19 CAR-T cells in active systemic lupus erythematosus: a demonstration; 81 parts" in said
    assert empty_desk.json("protocol", "check", str(PROTOCOL))["version"] == 1
    assert not empty_desk.folder.exists()


def test_every_fault_in_a_protocol_is_named_with_its_place(empty_desk: Desk, tmp_path: Path) -> None:
    broken = changed(
        PROTOCOL,
        tmp_path / "broken.toml",
        ("version = 1\n", "version = 1\nsurprise = true\n"),
        ('within = "PT72H"', 'within = "72 hours"'),
        ('test = "body-weight", at_least = 40', 'test = "body-weight", at_least = "much"'),
        ('name = "Age"\n', ""),
    )
    said = empty_desk("protocol", "check", broken, code=2).stderr
    for fault in (
        "surprise is not a key that belongs here",
        "steps.infusion.rules.E24b.within",
        "criteria.I3.requires.at_least must be a number",
        "criteria.I2.name is missing",
    ):
        assert fault in said


def test_a_protocol_is_shown_part_by_part_with_every_reading_that_is_ours(empty_desk: Desk) -> None:
    lines = empty_desk("protocol", "show", "cd19-cart-sle@1").stdout.splitlines()
    start = lines.index("  I3 Body weight: The participant weighs at least 40 kg. (judged at confirmation)")
    assert lines[start + 1].startswith("    assumption body-weight: The weight measured in screening, without rounding")
    assert any(line.startswith("  E24b Steroid before infusion: ") and line.endswith("(judged at the gate of infusion)") for line in lines)
    assert "  infusion, Infusion of CAR-T cells: a slot of at most 7 days" in lines[lines.index("Gates") :]
    assert "  day-7, Day 7 after infusion: day 7 from infusion, from 1 days before to 1 days after" in lines[lines.index("Visits") :]


def test_a_reading_that_somebody_approved_is_no_assumption(empty_desk: Desk, tmp_path: Path) -> None:
    studies = tmp_path / "studies"
    shutil.copytree(SHIPPED, studies)
    approval = 'approved = { role = "chief investigator", on = 2026-02-01, signature = "on paper" }\n'
    changed(PROTOCOL, studies / "cd19-cart-sle/v1.toml", ("[interpretations.body-weight]\n", f"[interpretations.body-weight]\n{approval}"))
    empty_desk.environment["DAYBOOK_STUDIES"] = str(studies)
    said = empty_desk("protocol", "show", "cd19-cart-sle@1").stdout
    assert "    approved by chief investigator on 2026-02-01, body-weight: The weight measured" in said
    shown = next(part for part in empty_desk.json("protocol", "show", "cd19-cart-sle@1")["parts"] if part["id"] == "I3")
    readings = {one["name"]: one["approved"] for one in shown["interpretations"]}
    assert readings["body-weight"] == {"role": "chief investigator", "on": "2026-02-01", "signature": "on paper"}
    assert readings["last-result-decides"] is None
    assert shown["assumption"] is True


def test_a_program_gets_all_parts_under_their_ids(empty_desk: Desk) -> None:
    shown = empty_desk.json("protocol", "show", "cd19-cart-sle@1")
    ids = [part["id"] for part in shown["parts"]]
    assert len(ids) == len(set(ids)) == 81
    weight = shown["parts"][ids.index("I3")]
    assert (weight["name"], weight["anchor"], weight["at_gate"]) == ("Body weight", "confirmation", None)
    assert weight["requires"]["kind"] == "measured"
    assert weight["interpretations"][0]["because"]
    assert shown["parts"][ids.index("E24b")]["at_gate"] == "infusion"
    assert sorted(shown["gates"]) == ["infusion", "leukapheresis", "lymphodepletion"]


def test_what_changes_between_two_protocols_is_told_place_by_place(empty_desk: Desk, tmp_path: Path) -> None:
    newer = changed(
        PROTOCOL,
        tmp_path / "newer.toml",
        ("version = 1\n", "version = 2\n"),
        ('within = "PT72H"', 'within = "PT96H"'),
        ('test = "body-weight", at_least = 40', 'test = "body-weight", at_least = 41'),
        ('system-unavailable = "', 'second-opinion = "Somebody else has looked."\nsystem-unavailable = "'),
    )
    told = empty_desk("protocol", "diff", "cd19-cart-sle@1", newer).stdout.splitlines()
    assert sorted(told) == [
        "criteria.I3.requires.at_least: 40 becomes 41",
        "override_grounds.second-opinion is new: Somebody else has looked.",
        "steps.infusion.rules.E24b.within: PT72H becomes PT96H",
        "version: 1 becomes 2",
    ]
    back = empty_desk.json("protocol", "diff", newer, "cd19-cart-sle@1")["differences"]
    assert {"place": "override_grounds.second-opinion", "was": "Somebody else has looked.", "becomes": None} in back
    assert empty_desk("protocol", "diff", newer, newer).stdout == "Nothing differs.\n"


def test_a_part_that_is_added_is_called_by_its_sentence(empty_desk: Desk, tmp_path: Path) -> None:
    newer = changed(PROTOCOL, tmp_path / "newer.toml", ('id = "I3"\n', 'id = "I3z"\n'))
    told = empty_desk("protocol", "diff", "cd19-cart-sle@1", newer).stdout.splitlines()
    assert sorted(told) == [
        "criteria.I3 is gone: The participant weighs at least 40 kg.",
        "criteria.I3z is new: The participant weighs at least 40 kg.",
    ]


@pytest.mark.parametrize("version", ["cd19-cart-sle", "cd19-cart-sle@0", "cd19-cart-sle@one", "../etc@1", "nowhere.toml"])
def test_what_names_no_version_is_refused(empty_desk: Desk, version: str) -> None:
    assert "names no version of a protocol; write cd19-cart-sle@1" in empty_desk("protocol", "show", version, code=2).stderr


def test_drugs_and_values_that_differ_are_told_without_a_ledger(empty_desk: Desk, tmp_path: Path) -> None:
    newer = changed(REFERENCE, tmp_path / "newer.toml", ("least_hours = 3, most_hours = 6,", "least_hours = 3, most_hours = 60,"))
    told = empty_desk("reference", "diff", "1", newer).stdout.splitlines()
    assert told == [
        "drugs.tofacitinib.half_life.most_hours: 6 becomes 60",
        "There is no ledger here, so nobody's verdicts were compared.",
    ]
    assert empty_desk.json("reference", "diff", "1", newer)["verdicts"] is None
    assert not empty_desk.folder.exists()


def test_whose_verdicts_hang_on_a_drug_reference_is_told(desk: Desk, tmp_path: Path) -> None:
    newer = changed(REFERENCE, tmp_path / "newer.toml", ("least_hours = 3, most_hours = 6,", "least_hours = 3, most_hours = 60,"))
    for id, last in (("BER-001", "2026-01-02"), ("BER-002", "2025-06-01")):
        desk.consented(id)
        desk("screen", id, "now")
        desk("medication", id, "tofacitinib", "5", last, "--route", "oral", "--for", "lupus")
        desk("screening-review", id, "now", "--since", "lifetime", "--source", "chart")
    told = desk("reference", "diff", "1", newer).stdout.splitlines()
    assert told[1:] == ["BER-001: E20a passes, becomes fails"]
    assert desk.json("reference", "diff", newer, "1")["verdicts"] == {"BER-001": [{"on": "E20a", "was": "fails", "becomes": "passes"}]}
    assert desk("reference", "diff", "1", "1").stdout.splitlines() == ["Nothing differs.", "Nobody's verdicts change."]


def test_the_gate_of_a_planned_step_is_compared_as_well(desk: Desk, tmp_path: Path) -> None:
    weaker = changed(
        REFERENCE, tmp_path / "weaker.toml", ("steroid = { least_mg = 5, most_mg = 5 }", "steroid = { least_mg = 50, most_mg = 50 }")
    )
    desk.planned()
    desk("medication", "BER-001", "prednisone", "20", "2026-01-10", "--route", "oral", "--for", "lupus")
    said = desk("reference", "diff", "1", weaker).stdout
    assert "E24a at leukapheresis fails, becomes passes" in said


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ("commands", {"Report", "Perform", "Correct"}),
        ("events", {"ObservationMade", "StepCleared", "EntryCorrected"}),
        ("facts", {"ObservationMade", "MedicationTaken", "ConsentSigned"}),
        ("protocol", {"Criterion", "WashedOut", "VisitRule"}),
        ("reference", {"Drug", "HalfLife"}),
        ("report", {"Part", "Branch", "Finding"}),
    ],
)
def test_every_shape_has_a_json_schema(empty_desk: Desk, shape: str, names: set[str]) -> None:
    schema = json.loads(empty_desk("schema", shape).stdout)
    assert names <= schema["$defs"].keys()
    assert json.loads(empty_desk("schema").stdout)[shape] == schema
    assert not empty_desk.folder.exists()


def test_there_is_no_schema_of_anything_else(empty_desk: Desk) -> None:
    assert "'poems' is not one of" in empty_desk("schema", "poems", code=2).stderr


def test_the_schema_of_facts_asks_for_what_the_reader_asks_for(empty_desk: Desk) -> None:
    schema = json.loads(empty_desk("schema", "facts").stdout)
    assert schema["required"] == ["zone", "facts"]
    assert schema["additionalProperties"] is False
    of = schema["properties"]["facts"]["items"]["discriminator"]["mapping"]
    assert {CONSENT["kind"], LIGHT["kind"]} <= of.keys()
