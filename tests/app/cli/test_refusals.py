"""Bad input: exit code 2, every reason on standard error and as JSON, and nothing recorded but the refusal of a submitted step."""

import json

import pytest

from app.clinic_time import NO_MINUTE, NO_TIME
from tests.app.at_the_desk import CONSENT, INVESTIGATOR, Desk

CONSENT_HAS = "at, document, document_digest, signer, relation, obtained_by, witness, copy_given, optional_parts"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("visit", "BER-009", "day-1", "now"), "there is no participant BER-009"),
        (("visit", "BER-001", "day-99", "now"), "the protocol has no visit day-99"),
        (("visit", "BER-001", "infusion", "now"), "the visit infusion is settled by recording the treatment itself"),
        (("cancel", "BER-001", "surgery"), "STEP: 'surgery' must be 'leukapheresis', 'lymphodepletion' or 'infusion'"),
        (("screen", "BER-001", "2027-01-01 10:00"), "at 2027-01-01 10:00+01:00 lies in the future"),
        (("screen", "BER-001", "2026-01-04 10:00"), "this lies before consent was signed"),
        (("screen", "BER-001", "yesterday"), "'yesterday' is no time that can be read"),
        (("screen", "BER-001", "2025-03-30 02:30"), "never show 2025-03-30 02:30"),
        (("screen", "BER-001", "2025-10-26 02:30"), "show 2025-10-26 02:30 twice"),
        (("confirm", "BER-001", "now", "--report", "0" * 64), "only an investigator confirms eligibility"),
        (("register", "BER-001", "BER"), "BER-001 is registered already"),
        (("register", "BER-002", "MUC"), "there is no site MUC"),
        (("register", "Anna Müller", "BER"), "'Anna Müller' is no participant's code; one looks like BER-001"),
        (("report", "infusion-ended", "BER-001", "now"), "the infusion of bag 1 has not been started"),
        (("report", "thaw-started", "BER-001", "now", "--code", "coi 1"), "--code: 'coi 1' is not written as it must be"),
        (("report", "collection-ended", "BER-001", "now", "--code", "COI-0001", "--yield", "many"), "--yield: 'many' is no number"),
        (("report", "collection-ended", "BER-001", "now", "--code", "COI-0001", "--yield", "NaN"), "--yield: 'NaN' is no number"),
        (("leave", "regained", "BER-001", "now"), "contact with the participant has not been lost"),
        (("correct", "BER-001", "99", "at=now", "--reason", "x"), "there is no entry 99"),
        (("correct", "BER-001", "1", "site=SAO", "--reason", "x"), "states nothing that a person reported"),
        (("correct", "BER-001", "3", "colour=red", "--reason", "x"), "entry 3 has no field colour; it has: at, document"),
        (("correct", "BER-001", "3", "at", "--reason", "x"), "'at' changes nothing; write FIELD=VALUE"),
        (("correct", "BER-001", "3", "copy_given=perhaps", "--reason", "x"), "copy given"),
        (("correct", "BER-001", "3", "at=now", "copy_given=false", "at=2026"), "at is given more than once"),
        (("correct", "BER-001", "3", "copy_given=--1", "--reason", "x"), "copy given"),
        (("correct", "BER-001", "3", "copy_given=²", "--reason", "x"), "copy given"),
        (("correct", "BER-001", "3", "at=now"), "a correction needs a reason"),
        (("retract", "BER-001", "1", "--reason", "x"), "states nothing that a person reported"),
        (("miss-visit", "BER-001", "day-1"), "is not one whose window closed with nothing recorded"),
        (("plan", "BER-001", "infusion", "2026-02-01", "2026-03-01"), "a slot for infusion is at most 7 days long"),
        (("plan", "BER-001", "infusion", "2026-02-02", "2026-02-01"), "the slot must end later than it starts"),
        (
            ("plan", "BER-001", "infusion", "2026-02-01", "2026-02-02", "--target", "2026-02-03"),
            "the slot's target must lie from its start to before its end",
        ),
        (("perform", "BER-001", "infusion"), "infusion needs the code"),
        (("perform", "BER-001", "leukapheresis", "--drug", "fludarabine"), "drug says nothing of leukapheresis"),
        (
            ("review", "BER-001", "history", "now", "--since", "2020", "--source", "chart"),
            "'2020' is no date; write 2026-03-01, lifetime or last",
        ),
        (("review", "BER-001", "history", "now", "--since", "lifetime", "--source", "gossip"), "'gossip' must be"),
        (("replay", "BER-001", "--at-entry", "99"), "BER-001 has 3 entries; there is no entry 99"),
        (("timeline", "BER-009"), "there is no participant BER-009"),
        (("gate", "BER-009", "infusion"), "there is no participant BER-009"),
        (("agenda", "BER-009"), "there is no participant BER-009"),
        (("worklist", "--site", "MUC"), "there is no site MUC"),
        (("worklist", "--at", "2026-03-01"), "--at is read on the clocks of a site: give --site as well"),
        (("medication", "BER-001", "prednisone", "-5", "now", "--route", "oral", "--for", "x"), "below zero: a dose is positive"),
        (("medication", "BER-001", "prednisone", "0", "now", "--route", "oral", "--for", "x"), "MG: '0' must be greater than 0"),
        (("report", "identity-checked", "BER-001", "now", "--code", "COI-0001", "--by", "Nurse A", ""), "--by: something must be said"),
        (("screen", "BER-001"), "Missing argument 'WHEN'"),
        (("scren", "BER-001"), "No such command 'scren'"),
    ],
)
def test_bad_input_is_refused_in_a_sentence_and_records_nothing(desk: Desk, typed: tuple[str, ...], says: str) -> None:
    desk.consented()
    before = desk.entries()
    said = desk(*typed, "--json", code=2)
    assert says in said.stderr
    assert any(says in reason["says"] for reason in json.loads(said.stdout)["refused"])
    assert desk.entries() == before


def test_every_reason_is_given_at_once(desk: Desk) -> None:
    desk.consented()
    said = desk("visit", "BER-001", "day-99", "2027-01-01", "--json", code=2)
    assert said.stderr.splitlines() == ["Refused:", "  - at 2027-01-01 lies in the future", "  - the protocol has no visit day-99"]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (
            "medication BER-001 prednisone abc 2026-13-01 --route oral --for x --stop nonsense --per-day twice --as boss",
            [
                "say who asks with --as ROLE:ID, such as --as coordinator:m-weber, or set DAYBOOK_ACTOR",
                "MG: 'abc' is no number; write 12.5, without a unit",
                "WHEN: '2026-13-01' is on no calendar",
                "--per-day: 'twice' is no whole number; write 3",
                f"--stop: 'nonsense' is no time that can be read: {NO_TIME}",
            ],
        ),
        (
            "plan BER-001 infusion 2026-02-30 noon --target noon",
            [
                "FROM: '2026-02-30' is on no calendar",
                f"UNTIL: 'noon' is no time that can be read: {NO_MINUTE}",
                f"--target: 'noon' is no time that can be read: {NO_MINUTE}",
            ],
        ),
        (
            "review BER-001 history today --since 20200101 --source chart",
            [
                f"WHEN: 'today' is no time that can be read: {NO_TIME}",
                "--since: '20200101' is no date; write 2026-03-01, lifetime or last",
            ],
        ),
        (
            "report collection-ended BER-001 today --code COI-0001 --yield 1_0",
            [f"WHEN: 'today' is no time that can be read: {NO_TIME}", "--yield: '1_0' is no number; write 12.5, without a unit"],
        ),
        (
            "report product-received BER-001 today --code COI-0001 --expires 2026-02-30",
            [f"WHEN: 'today' is no time that can be read: {NO_TIME}", "--expires: '2026-02-30' is no date; write 2026-03-01"],
        ),
        (
            "report lymphodepletion-dose BER-001 today --day first --drug fludarabine",
            [f"WHEN: 'today' is no time that can be read: {NO_TIME}", "--day: 'first' is no whole number; write 3"],
        ),
        (
            "report thaw-started BER-001 today --code COI-0001 --bag II",
            [f"WHEN: 'today' is no time that can be read: {NO_TIME}", "--bag: 'II' is no whole number; write 3"],
        ),
        (
            "correct BER-001 3 at=today colour=red copy_given=yes size",
            ["FIELD=VALUE…: 'size' changes nothing; write FIELD=VALUE, such as at='2026-03-01 10:30'"],
        ),
        (
            "correct BER-001 3 at=today colour=red size=1",
            [
                f"at: 'today' is no time that can be read: {NO_TIME}",
                *(f"entry 3 has no field {name}; it has: {CONSENT_HAS}" for name in ("colour", "size")),
            ],
        ),
        ("correct BER-001 third at", ["ENTRY: 'third' is no whole number; write 3", "FIELD=VALUE…: 'at' changes nothing"]),
        (
            "medication BER-001 Dexamethasone abc 2026-13-01 --route iv --for= --per-day 0 --command-id 7",
            [
                "--command-id: '7' is no id of a request, which is a UUID",
                "DRUG: 'Dexamethasone' is not written as it must be",
                "MG: 'abc' is no number; write 12.5, without a unit",
                "WHEN: '2026-13-01' is on no calendar",
                "--route: 'iv' must be 'oral', 'intravenous',",
                "--for: something must be said",
                "--per-day: '0' must be greater than or equal to 1",
            ],
        ),
        (
            "consent BER-001 2026-02-30 --form /nowhere --obtained-by= --no-copy-given --part biobank --part Bio",
            [
                "WHEN: '2026-02-30' is on no calendar",
                "--form: '/nowhere' cannot be read: No such file or directory",
                "--obtained-by: something must be said",
                "--part: 'Bio' is not written as it must be",
            ],
        ),
        (
            "register zz NOPE! --as boss:x",
            [
                "role: 'boss' must be 'coordinator', 'investigator', 'sub-investigator', 'pharmacist'",
                "'zz' is no participant's code; one looks like BER-001",
                "SITE: 'NOPE!' is not written as it must be",
            ],
        ),
        (
            "screen zz 2026-02-30 --reason=",
            ["'zz' is no participant's code; one looks like BER-001", "--reason: something must be said"],
        ),
        (
            "report lymphodepletion-dose BER-001 2026-02-30 --day 3 --drug fludarabine --outcome lost",
            [
                "WHEN: '2026-02-30' is on no calendar",
                "--day: '3' must be less than or equal to -1",
                "--outcome: 'lost' must be 'given', 'reduced' or 'omitted'",
            ],
        ),
        (
            "leave withdrawn BER-001 all yesterday",
            ["SCOPE: 'all' must be 'treatment', 'visits' or 'everything'", "WHEN: 'yesterday' is no time that can be read"],
        ),
        (
            "perform BER-001 surgery --day first --code coi",
            [
                "STEP: 'surgery' must be 'leukapheresis', 'lymphodepletion' or 'infusion'",
                "--day: 'first' is no whole number; write 3",
                "--code: 'coi' is not written as it must be",
            ],
        ),
        (
            "visit BER-009 day-1 today --as boss:x",
            [
                "role: 'boss' must be 'coordinator', 'investigator', 'sub-investigator', 'pharmacist'",
                "there is no participant BER-009",
            ],
        ),
        (
            "report thaw-started BER-001 now --code coi --bag 1 --as coordinator",
            ["say who asks with --as ROLE:ID", "--code: 'coi' is not written as it must be"],
        ),
    ],
)
def test_everything_that_was_typed_wrongly_is_said_at_once(desk: Desk, typed: str, says: list[str]) -> None:
    desk.consented()
    before = desk.entries()
    said = desk(*typed.split(), "--json", code=2)
    heading, *told = said.stderr.splitlines()
    assert heading == "Refused:"
    assert len(told) == len(says)
    for line, reason, sentence in zip(told, json.loads(said.stdout)["refused"], says, strict=True):
        assert line.startswith(f"  - {sentence}")
        assert line == f"  - {reason['says']}"
    assert desk.entries() == before


def test_the_choices_are_shown_with_the_help(desk: Desk) -> None:
    desk.environment["COLUMNS"] = "200"
    for typed, shown in (
        ("medication", "oral|intravenous|intramuscular|"),
        ("review", "participant|chart|pharmacy"),
        ("report lymphodepletion-dose", "given|reduced|omitted"),
    ):
        assert shown in desk(*typed.split(), "--help").stdout


def test_what_is_said_of_the_circumstances_must_be_something(desk: Desk) -> None:
    desk.consented()
    said = desk("screen", "BER-001", "now", "--reason", "", "--document", "x" * 2001, code=2).stderr
    assert said.splitlines() == ["Refused:", "  - --reason: something must be said", "  - --document: at most 2000 characters can be kept"]


def test_a_step_out_of_order_is_refused_with_every_rule_and_the_refusal_is_on_record(desk: Desk) -> None:
    desk.planned()
    before = len(desk.entries())
    said = desk("perform", "BER-001", "infusion", "--code", "COI-0001", code=2)
    for reason in (
        "steps-before is not yet known",
        "product-ready",
        "same-identity",
        "infusion is not planned, so nothing gives leave for it",
    ):
        assert reason in said.stderr
    assert said.stderr.endswith("The refusal is on record.\n")
    assert desk.kinds()[before:] == ["step-refused"]


def test_a_wrong_code_is_refused_and_the_refusal_is_on_record(desk: Desk) -> None:
    desk.collected()
    answer = desk.json("perform", "BER-001", "infusion", "--code", "COI-9999", code=2)
    assert answer["recorded"] is True
    assert {"wrong-identity", "no-leave"} <= {reason["code"] for reason in answer["refused"]}


def test_a_report_with_a_wrong_code_is_taken_for_a_slip_unless_a_reason_comes_with_it(desk: Desk) -> None:
    desk.collected()
    typed = ("report", "identity-checked", "BER-001", "now", "--code", "COI-9999", "--by", "Nurse A", "Nurse B")
    before = len(desk.entries())
    assert "the code COI-9999 is not the one that the participant's cells carry" in desk(*typed, code=2).stderr
    assert len(desk.entries()) == before
    desk(*typed, "--reason", "this is what the label said")


def test_a_refusal_says_from_when_the_step_is_possible_on_the_clocks_of_the_site(desk: Desk) -> None:
    desk.planned("SAO-001")
    desk("medication", "SAO-001", "prednisone", "40", "now", "--route", "oral", "--for", "flare")
    desk.clock.move(hours=1)
    said = desk("perform", "SAO-001", "leukapheresis", code=2).stderr
    assert "(not before 2026-01-20 00:00-03:00, in 8 days)" in said


def test_who_asks_must_be_said(desk: Desk) -> None:
    desk.consented()
    for who in ("", "m-weber", "coordinator:"):
        assert "say who asks with --as ROLE:ID" in desk("screen", "BER-001", "now", who=who, code=2).stderr
    assert "role: 'boss' must be" in desk("screen", "BER-001", "now", "--as", "boss:x", code=2).stderr
    assert "id: 'M. Weber' is not written as it must be" in desk("screen", "BER-001", "now", "--as", "coordinator:M. Weber", code=2).stderr


def test_signatures_and_reasons_are_asked_for_where_they_are_needed(desk: Desk) -> None:
    desk.planned()
    said = desk("override", "BER-001", "leukapheresis", "--ground", "immediate-hazard", code=2).stderr
    assert said.splitlines()[1:4] == [
        "  - only an investigator signs an override",
        "  - an override needs a signature",
        "  - an override needs a reason",
    ]
    signed = ("--sign", "mine", "--reason", "hazard")
    assert (
        "haste is none of: immediate-hazard"
        in desk("override", "BER-001", "leukapheresis", "--ground", "haste", *signed, who=INVESTIGATOR, code=2).stderr
    )


def test_a_form_that_is_not_there_is_no_form(desk: Desk) -> None:
    desk("register", "BER-001", "BER")
    assert (
        "'nowhere.pdf' cannot be read: No such file or directory"
        in desk("consent", "BER-001", "now", "--form", "nowhere.pdf", *CONSENT, code=2).stderr
    )


def test_what_is_recorded_before_consent_needs_a_reason(desk: Desk) -> None:
    desk("register", "BER-001", "BER")
    assert "no consent is on record; give a reason to record it all the same" in desk("screen", "BER-001", "now", code=2).stderr
