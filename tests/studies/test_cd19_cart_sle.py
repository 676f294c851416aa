"""The shipped protocol and drug reference say what the study asked for, no more and no less."""

from collections.abc import Iterator
from decimal import Decimal
from typing import get_args

import pytest

from domain.criteria import language as l
from domain.protocol import Afebrile, Attested, NoneWithin, NoTherapeuticSteroid, NotPregnant, NotPresent
from domain.protocol_checks.criteria import check_classes
from domain.protocol_checks.requirements import leaves
from domain.time import Period
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
    "leukapheresis": ["consent-and-eligibility", "E24a", "E25", "no-infection", "go"],
    "lymphodepletion": [
        *["consent-and-eligibility", "steps-before", "E26a", "product-ready", "same-identity"],
        *["no-infection", "pregnancy-test", "go"],
    ],
    "infusion": [
        *["consent-and-eligibility", "steps-before", "E24b", "days-since-lymphodepletion", "product-ready", "same-identity"],
        *["no-infection", "no-pregnancy", "afebrile", "go"],
    ],
}
NEVER_OVERRIDDEN = {"consent-and-eligibility", "product-ready", "same-identity", "pregnancy-test", "no-pregnancy"}


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


BEYOND_THE_REGISTRY = {"no-infection", "pregnancy-test", "afebrile", "go"}
ASKED_AGAIN: dict[HoldPoint, str] = {"leukapheresis": "P1D", "lymphodepletion": "P1D", "infusion": "PT24H"}


@pytest.mark.parametrize("step", STEPS)
def test_what_a_gate_asks_beyond_the_registry_is_our_proposal_and_asked_as_late_as_the_reviews(step: HoldPoint) -> None:
    found = {rule.id: rule for rule in PROTOCOL.steps[step].rules if rule.id in BEYOND_THE_REGISTRY}
    assert all("beyond-the-registry" in rule.interpretations for rule in found.values())
    infection, go = found["no-infection"], found["go"]
    assert isinstance(infection, NotPresent)
    assert isinstance(go, Attested)
    assert (infection.condition, infection.marked) == ("infection", ("uncontrolled", "needs-anti-infective"))
    assert (infection.review.kind, infection.review.no_older_than.root) == ("medicines", ASKED_AGAIN[step])
    assert (go.attestation, go.no_older_than.root, PROTOCOL.attestations["go"].by) == ("go", ASKED_AGAIN[step], "investigator")


def test_fever_and_pregnancy_are_looked_for_within_the_times_that_the_sentences_name() -> None:
    fever = next(rule for rule in PROTOCOL.steps["infusion"].rules if isinstance(rule, Afebrile))
    assert (fever.fever_from, fever.free_for.root, fever.no_older_than.root) == (Decimal(38), "PT48H", "PT24H")
    assert all(words in fever.says for words in ("48 hours", "24 hours", "38.0 °C"))
    test = next(rule for rule in PROTOCOL.steps["lymphodepletion"].rules if isinstance(rule, NotPregnant))
    assert test.no_older_than is not None
    assert (test.negative, test.positive, test.no_older_than.root) == (("negative",), ("positive",), "P7D")
    assert "7 days" in test.says


def test_every_reading_is_proposed_with_its_reason_and_every_rule_and_visit_names_one() -> None:
    assert all(reading.approved is None and reading.because for reading in PROTOCOL.interpretations.values())
    rules = [rule for gate in PROTOCOL.steps.values() for rule in gate.rules]
    assert all(part.interpretations for part in [*rules, *PROTOCOL.visits.values(), *PROTOCOL.criteria])


RULINGS = {
    "local-steroid-injections": {"outside", "as-systemic", "three-weeks"},
    "prohibited-nephritis-drugs": {"every-nephritis-drug", "none"},
    "baff-april-inhibitors": {"b-cell-targeted", "other-biologic"},
    "anti-cd38-antibodies": {"b-cell-targeted", "other-biologic"},
    "proteasome-inhibitors": {"b-cell-targeted", "outside"},
    "non-immune-antibodies": {"as-biologic", "outside"},
    "insulin-treated-autoimmunity": {"systemic-therapy", "replacement"},
    "treated-syphilis": {"treated-may-join", "any-positive-excludes"},
    "treated-tuberculosis": {"complete", "under-way"},
    "pregnancy-test-exemption": {"nobody", "cannot-conceive"},
}


def test_override_grounds_and_rulings_are_closed_lists() -> None:
    assert set(PROTOCOL.override_grounds) == {"immediate-hazard", "system-unavailable", "protocol-exception"}
    assert {name: set(ruling.choices) for name, ruling in PROTOCOL.rulings.items()} == RULINGS


# The criteria

PARTS = [
    "I1a", "I1b", "I2", "I3", "I4a", "I4b", "I5a", "I5b", "I6", "I7a", "I7b",
    "E1", "E2a", "E2b", "E2c", "E3a", "E3b", "E3c", "E4", "E5", "E6a", "E6b", "E7", "E8a", "E8b", "E9a", "E9b", "E9c", "E10",
    "E11a", "E11b", "E11c", "E11d", "E11e", "E11f", "E12a", "E12b", "E13a", "E13b", "E13c", "E13d", "E13e", "E13f", "E14a", "E14b", "E14c",
    "E15", "E16", "E17", "E18", "E19a", "E19b", "E20a", "E20b", "E21", "E22", "E23", "E24a", "E24b", "E25", "E26a", "E26b", "E26c",
    "E27a", "E27b", "E27c", "E27d", "E28a", "E28b", "E29", "E30a", "E30b", "E31a", "E31b", "E31c", "E31d", "E32", "E33a", "E33b",
]  # fmt: skip


def test_all_79_parts_of_the_40_criteria_are_there_in_the_registrys_order() -> None:
    assert len(PARTS) == 79
    assert [criterion.id for criterion in PROTOCOL.criteria] == [*PARTS, "screening-in-time", "consent-form-in-use"], (
        "what is asked besides comes last"
    )


def within(requirement: l.Requirement) -> Iterator[l.Requirement]:
    """A requirement and everything that stands inside it."""
    yield requirement
    parts: tuple[l.Requirement, ...] = ()
    if isinstance(requirement, l.Whenever):
        parts = (requirement.condition, requirement.then)
    elif isinstance(requirement, l.Not):
        parts = (requirement.of,)
    elif isinstance(requirement, l.Composite):
        parts = requirement.of
    for part in parts:
        yield from within(part)


def test_every_kind_of_requirement_is_used() -> None:
    used = {type(part) for criterion in PROTOCOL.criteria if criterion.requires for part in within(criterion.requires)}
    assert used == set(get_args(get_args(l.Requirement)[0]))


def test_four_parts_are_left_to_the_gates() -> None:
    found = {criterion.id: criterion.at_gate for criterion in PROTOCOL.criteria if criterion.requires is None}
    assert found == {"E24a": "leukapheresis", "E24b": "infusion", "E25": "leukapheresis", "E26a": "lymphodepletion"}


LOOK_BACKS = {
    **dict.fromkeys(["E2a", "E2b", "E2c", "E4", "E5", "E27c"], "P8W"),
    **dict.fromkeys(["E9a", "E9b", "E9c"], "P14D"),
    **dict.fromkeys(["E19a", "E27a", "E27b", "E28a"], "P4W"),
    "E3a": "P6M",
    "E3b": "P12M",
}


def test_each_look_back_before_screening_is_the_registrys_and_its_sentence_says_so() -> None:
    found = {
        criterion.id: {
            leaf.within for _, leaf in leaves(criterion.requires, "") if isinstance(leaf, l.NoneWithin | l.NoSustainedDose | l.VolumeBelow)
        }
        for criterion in PROTOCOL.criteria
        if criterion.requires
    }
    assert {id: [str(one) for one in periods] for id, periods in found.items() if periods} == {
        id: [str(Period(length))] for id, length in LOOK_BACKS.items()
    }
    assert all(str(Period(LOOK_BACKS[one.id])) in one.says for one in PROTOCOL.criteria if one.id in LOOK_BACKS)


def test_scores_weigh_their_items_as_published() -> None:
    weights = PROTOCOL.scores["selena-sledai"].items.values()
    assert [list(weights).count(weight) for weight in (8, 4, 2, 1)] == [8, 6, 7, 3]
    assert sum(weights) == 105
    assert list(PROTOCOL.scores["acr-1997"].items.values()) == [1] * 11


def test_judgements_are_the_investigators_and_promises_are_the_participants() -> None:
    promises = {name for name, one in PROTOCOL.attestations.items() if one.promise}
    assert {name for name, one in PROTOCOL.attestations.items() if one.by == "coordinator"} == promises
    found = {
        criterion.id
        for criterion in PROTOCOL.criteria
        if criterion.requires
        for _, leaf in leaves(criterion.requires, "")
        if isinstance(leaf, l.Attested) and leaf.attestation in promises
    }
    assert found == {"I7b", "E19b", "E26b", "E27d", "E31c", "E31d"}


# The drug reference


def test_the_protocol_names_classes_that_its_reference_explains() -> None:
    assert list(check_classes(PROTOCOL, REFERENCE)) == []


@pytest.mark.parametrize(
    ("drug", "classes"),
    [
        ("cyclophosphamide", {"immunosuppressant", "lymphodepleting", "standard-sle-therapy", "nephritis-drug"}),
        ("deucravacitinib", {"jak-inhibitor", "immunosuppressant"}),
        ("acalabrutinib", {"btk-inhibitor", "immunosuppressant"}),
        ("rituximab", {"b-cell-targeted", "biologic", "nephritis-drug"}),
        ("belimumab", {"baff-april-inhibitor", "biologic", "nephritis-drug"}),
        ("denosumab", {"non-immune-antibody", "biologic"}),
        ("tisagenlecleucel", {"cell-therapy", "b-cell-targeted"}),
        ("bortezomib", {"proteasome-inhibitor", "immunosuppressant"}),
        ("acetylsalicylic-acid", {"antiplatelet"}),
        ("vaccine-zoster-live", {"live-vaccine"}),
        ("vaccine-zoster-recombinant", {"inactivated-vaccine"}),
        ("insulin-glargine", {"insulin"}),
        ("paracetamol", set()),
    ],
)
def test_a_drug_is_of_every_class_that_it_belongs_to(drug: str, classes: set[str]) -> None:
    assert set(REFERENCE.drugs[drug].classes) == classes


STANDARD = {
    "glucocorticoid", "antimalarial", "nsaid", "azathioprine", "mycophenolate-mofetil", "mycophenolic-acid", "cyclophosphamide",
    "methotrexate", "leflunomide", "tacrolimus", "ciclosporin",
}  # fmt: skip


def test_standard_treatment_is_the_list_that_was_read() -> None:
    found = {name: drug for name, drug in REFERENCE.drugs.items() if "standard-sle-therapy" in drug.classes}
    assert {next(iter(set(drug.classes) & STANDARD), name) for name, drug in found.items()} == STANDARD


READ = {"tofacitinib", "baricitinib", "upadacitinib", "filgotinib", "rituximab", "inebilizumab", "belimumab", "abatacept"}
HALF_LIVES_READ = {
    "tofacitinib", "upadacitinib", "acalabrutinib", "ibrutinib", "zanubrutinib", "orelabrutinib", "pirtobrutinib", "belimumab",
    "telitacicept", "rituximab", "abatacept", "tocilizumab", "infliximab", "etanercept", "adalimumab", "golimumab",
    "certolizumab-pegol", "anakinra",
}  # fmt: skip


def test_every_drug_names_its_source_and_whether_that_was_read() -> None:
    assert all("memory" in drug.source for drug in REFERENCE.drugs.values()), "no drug has been read in full"
    assert {name for name, drug in REFERENCE.drugs.items() if drug.steroid and drug.standing == "memory"} == {"deflazacort"}
    assert {name for name, drug in REFERENCE.drugs.items() if not drug.steroid and drug.standing == "verified"} == READ
    found = {name for name, drug in REFERENCE.drugs.items() if drug.half_life and drug.half_life.standing == "verified"}
    assert found == HALF_LIVES_READ
    assert all("memory" in drug.half_life.source for name, drug in REFERENCE.drugs.items() if drug.half_life and name not in found)


@pytest.mark.parametrize(
    ("drug", "least", "most"),
    [("tofacitinib", 3, 6), ("acalabrutinib", "0.9", "6.9"), ("belimumab", 204, "465.6"), ("adalimumab", 336, 336), ("anakinra", 6, 6)],
)
def test_a_half_life_is_given_in_hours_as_a_range(drug: str, least: int | str, most: int | str) -> None:
    half_life = REFERENCE.drugs[drug].half_life
    assert half_life is not None
    assert (half_life.least_hours, half_life.most_hours) == (Decimal(least), Decimal(most))


UNKNOWN_STAY = {
    "ivarmacitinib", "tirabrutinib", "atacicept", "tabalumab", "ianalumab", "sibeprenlimab", "dupilumab", "antithymocyte-globulin-rabbit",
}  # fmt: skip


def test_what_must_be_washed_out_says_how_long_it_stays_or_is_known_not_to() -> None:
    washed_out = {"jak-inhibitor", "btk-inhibitor", "biologic"}
    asked = {name: one for name, one in REFERENCE.drugs.items() if washed_out & set(one.classes) and "b-cell-targeted" not in one.classes}
    assert {name for name, drug in asked.items() if not drug.half_life and not drug.washout} == UNKNOWN_STAY
    assert {name for name, drug in REFERENCE.drugs.items() if drug.washout} == {"anifrolumab"}


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
