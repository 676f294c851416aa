"""The shipped protocol and drug reference say what the study asked for, no more and no less."""

from decimal import Decimal

import pytest

from domain.protocol import NoneWithin, NoTherapeuticSteroid
from domain.words import STEPS, HoldPoint
from store.studies import StudyFiles

PROTOCOL = StudyFiles().protocol("cd19-cart-sle", 1).protocol
REFERENCE = StudyFiles().reference(1).reference


def test_the_shipped_files_load_without_a_fault() -> None:
    assert (PROTOCOL.study, PROTOCOL.version, PROTOCOL.demonstration) == ("cd19-cart-sle", 1, True)
    assert (PROTOCOL.reference, REFERENCE.version) == (1, 1)
    assert (PROTOCOL.toxicity_period_days, PROTOCOL.visit_grace_days) == (28, 14)


FOLLOW_UP = {1: 0, 3: 1, 7: 1, 10: 1, 14: 2, 21: 2, 28: 3}
MONTHS = {2: 7, 3: 7, 6: 14, 9: 14, 12: 14, 18: 30, 24: 30}
VISITS = [
    ("screening", "screening", 0, None, 0, 28),
    ("collection", "leukapheresis", 0, None, 0, 0),
    ("pre-lymphodepletion-baseline", "planned-infusion", -6, None, 7, 0),
    *((f"lymphodepletion-day-minus-{day}", "planned-infusion", -day, None, 0, 0) for day in (5, 4, 3)),
    ("infusion", "infusion", 0, None, 0, 0),
    *((f"toxicity-day-{day}", "infusion", day, None, 0, 0) for day in range(1, 15)),
    *((f"day-{day}", "infusion", day, None, window, window) for day, window in FOLLOW_UP.items()),
    *((f"month-{month}", "infusion", None, month, window, window) for month, window in MONTHS.items()),
]


def test_the_calendar_is_the_one_that_the_study_asked_for_in_this_order() -> None:
    assert [(name, v.anchor, v.day, v.month, v.early, v.late) for name, v in PROTOCOL.visits.items()] == VISITS


RULES: dict[HoldPoint, list[str]] = {
    "leukapheresis": ["consent-and-eligibility", "E24a", "E25"],
    "lymphodepletion": ["consent-and-eligibility", "steps-before", "E26a", "product-ready", "same-identity"],
    "infusion": ["consent-and-eligibility", "steps-before", "E24b", "days-since-lymphodepletion", "product-ready", "same-identity"],
}
NEVER_OVERRIDDEN = {"consent-and-eligibility", "product-ready", "same-identity"}


@pytest.mark.parametrize("step", STEPS)
def test_each_gate_has_its_rules_and_only_the_safeguards_are_never_overridden(step: HoldPoint) -> None:
    rules = PROTOCOL.steps[step].rules
    assert [rule.id for rule in rules] == RULES[step]
    assert {rule.id for rule in rules if not rule.overridable} == NEVER_OVERRIDDEN & set(RULES[step])


@pytest.mark.parametrize(
    ("step", "rule", "within", "review", "age"),
    [
        ("leukapheresis", "E24a", "P7D", "medicines", "P1D"),
        ("leukapheresis", "E25", "P4W", "medicines", "P1D"),
        ("lymphodepletion", "E26a", "P4W", "procedures", "P1D"),
        ("infusion", "E24b", "PT72H", "medicines", "PT24H"),
    ],
)
def test_each_look_back_is_the_registrys_and_its_sentence_says_so(step: HoldPoint, rule: str, within: str, review: str, age: str) -> None:
    found = next(one for one in PROTOCOL.steps[step].rules if one.id == rule)
    assert isinstance(found, NoneWithin | NoTherapeuticSteroid)
    assert (found.within.root, found.review.kind, found.review.no_older_than.root) == (within, review, age)
    assert str(found.within) in found.says
    if isinstance(found, NoTherapeuticSteroid):
        assert found.above_mg == 10
        assert "more than 10 mg" in found.says
        assert "Do not stop maintenance or replacement abruptly" in found.says


def test_every_reading_is_proposed_with_its_reason_and_every_rule_and_visit_names_one() -> None:
    assert all(reading.approved is None and reading.because for reading in PROTOCOL.interpretations.values())
    rules = [rule for gate in PROTOCOL.steps.values() for rule in gate.rules]
    assert all(part.interpretations for part in [*rules, *PROTOCOL.visits.values()])


def test_override_grounds_and_the_ruling_are_the_closed_lists_of_the_design() -> None:
    assert set(PROTOCOL.override_grounds) == {"immediate-hazard", "system-unavailable", "protocol-exception"}
    assert set(PROTOCOL.rulings["local-steroid-injections"].choices) == {"outside", "as-systemic", "three-weeks"}


@pytest.mark.parametrize(
    ("drug", "mg", "least", "most"),
    [
        ("prednisone", 10, "10", "10"),
        ("prednisolone", 10, "10", "10"),
        ("methylprednisolone", 8, "10", "10"),
        ("hydrocortisone", 20, "5", "5"),
        ("cortisone", 25, "5", "5"),
        ("triamcinolone", 40, "50", "50"),
        ("deflazacort", 6, "5", "5"),
        ("dexamethasone", 8, "53.33", "66.67"),
        ("dexamethasone", "1.2", "8", "10"),
        ("betamethasone", 6, "40", "50"),
    ],
)
def test_a_steroid_dose_is_the_known_amount_of_prednisone(drug: str, mg: int | str, least: str, most: str) -> None:
    steroid = REFERENCE.drugs[drug].steroid
    assert steroid is not None
    found = [round(Decimal(mg) * 5 / one, 2) for one in (steroid.most_mg, steroid.least_mg)]
    assert found == [Decimal(least), Decimal(most)]


def test_every_drug_names_its_source_and_whether_that_was_read() -> None:
    assert all(("memory" in drug.source) for drug in REFERENCE.drugs.values()), "no ATC code has been read in a source yet"
    assert {name for name, drug in REFERENCE.drugs.items() if drug.steroid and drug.standing == "memory"} == {"deflazacort"}
    assert {name for name, drug in REFERENCE.drugs.items() if not drug.steroid and drug.standing == "verified"} == set()
