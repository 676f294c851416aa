"""E13a to E13f: the investigator judges six functions on recorded values; what is grade 3 or more is flagged and decides nothing."""

from decimal import Decimal

import pytest

from domain import events as e
from domain.criteria.report import Verdict
from tests.builders import consent, local, minute
from tests.domain.criteria.given import judged, observed, verdict
from tests.domain.criteria.tables import corrected, retracted

PASSES, FAILS, UNKNOWN = "passes", "fails", "not yet known"
FUNCTIONS = {
    "E13a": "liver-function-not-severely-abnormal",
    "E13b": "kidney-function-not-severely-abnormal",
    "E13c": "marrow-function-not-severely-abnormal",
    "E13d": "clotting-not-severely-abnormal",
    "E13e": "lung-function-not-severely-abnormal",
    "E13f": "heart-function-not-severely-abnormal",
}
SOUND = {
    "E13a": {"alanine-aminotransferase": "0.8", "bilirubin": "0.5"},
    "E13b": {"creatinine": "0.9"},
    "E13c": {"neutrophils": "3.2", "platelets": "210", "haemoglobin": "12.5"},
    "E13d": {"international-normalised-ratio": "1.0"},
    "E13e": {"oxygen-saturation": "98"},
    "E13f": {"electrocardiogram": "normal", "ejection-fraction": "60"},
}
"""The tests that each function is judged on, each with a value that nobody would flag."""
every_function = pytest.mark.parametrize("part", FUNCTIONS)


def function(part: str, at: str = "2026-04-02 11:00", *, so: bool) -> e.Attested:
    return e.Attested(at=minute(at), holds={FUNCTIONS[part]: so})


def values(part: str, at: str = "2026-04-01 08:00") -> list[e.ObservationMade]:
    return [observed(test, outcome, at) for test, outcome in SOUND[part].items()]


@every_function
@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param([], UNKNOWN, id="not attested"),
        pytest.param([(True, "2026-04-02 11:00")], PASSES, id="so"),
        pytest.param([(False, "2026-04-02 11:00")], FAILS, id="not so"),
        pytest.param([(True, "2026-03-29 11:00")], UNKNOWN, id="before screening"),
        pytest.param([(True, "2026-03-30 07:59")], UNKNOWN, id="before the consent"),
        pytest.param([(True, "2026-04-10 12:00")], PASSES, id="in the minute of the confirmation"),
        pytest.param([(True, "2026-04-10 12:01")], UNKNOWN, id="after the confirmation"),
        pytest.param([(True, "2026-04-02 11:00"), (False, "2026-04-10 12:01")], PASSES, id="what comes after it changes nothing"),
        pytest.param([(False, "2026-04-02 11:00"), (True, "2026-04-03 11:00")], PASSES, id="the last counts"),
        pytest.param([(True, "2026-04-02 11:00"), (False, "2026-04-03 11:00")], FAILS, id="the last counts against as well"),
    ],
)
def test_each_function_is_attested_in_this_screening(part: str, made: list[tuple[bool, str]], expected: Verdict) -> None:
    assert verdict(part, *values(part), *(function(part, at, so=so) for so, at in made)) == expected


@every_function
def test_one_function_says_nothing_of_the_others_and_the_investigator_attests(part: str) -> None:
    others = [function(other, so=True) for other in FUNCTIONS if other != part]
    asked = judged(part, *values(part), *others)
    assert asked.verdict == UNKNOWN
    assert asked.because is not None
    assert {one.supplied_by for one in asked.because.findings if one.outcome == UNKNOWN} == {"investigator"}
    assert verdict(part, *values(part), *others, function(part, so=False)) == FAILS
    assert verdict(part, function(part, so=True), *values(part), corrected(function(part, so=False))) == FAILS


# Recorded values


@every_function
def test_nothing_passes_until_every_value_is_recorded(part: str) -> None:
    yes, recorded = function(part, so=True), values(part)
    assert verdict(part, *recorded, yes) == PASSES
    assert verdict(part, yes) == UNKNOWN
    for missing in recorded:
        others = [one for one in recorded if one is not missing]
        found = judged(part, *others, yes)
        assert found.verdict == UNKNOWN
        assert found.because is not None
        assert [one.supplied_by for one in found.because.findings if one.outcome == UNKNOWN] == ["coordinator"]
    assert verdict(part, function(part, so=False)) == FAILS


@every_function
@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-03-29 23:59", UNKNOWN, id="before screening"),
        pytest.param("2026-03-30 07:59", UNKNOWN, id="before the consent"),
        pytest.param("2026-03-30 09:00", PASSES, id="as screening starts"),
        pytest.param("2026-04-02 11:00", PASSES, id="in the minute in which it is judged"),
        pytest.param("2026-04-02 11:01", UNKNOWN, id="in the minute after: it has still to be judged"),
        pytest.param("2026-04-02", UNKNOWN, id="on the date on which it is judged, without the hour"),
        pytest.param("2026-04-01", PASSES, id="on the date before, without the hour"),
        pytest.param("2026-04", UNKNOWN, id="some day of the month"),
    ],
)
def test_a_value_is_of_this_screening_and_judged_once_it_is_there(part: str, at: str, expected: Verdict) -> None:
    assert verdict(part, *values(part, at), function(part, so=True)) == expected


@every_function
def test_a_value_that_came_later_is_judged_as_well(part: str) -> None:
    first, later = values(part), values(part, "2026-04-05 08:00")
    yes, again = function(part, so=True), function(part, "2026-04-05 08:00", so=True)
    assert verdict(part, *first, yes, *later) == UNKNOWN
    assert verdict(part, *first, yes, *later, again) == PASSES
    assert verdict(part, *first, function(part, so=False), *later) == FAILS
    assert verdict(part, *first, yes, *values(part, "2026-04-10 12:01")) == PASSES
    taken_back = [one.model_copy(update={"valid": False}) for one in later]
    assert verdict(part, *first, yes, *taken_back) == PASSES
    assert verdict(part, later[0], *first, yes, retracted()) == PASSES


@pytest.mark.parametrize(
    ("part", "at", "expected"),
    [
        ("E13a", "2026-04-15 23:59", PASSES),
        ("E13a", "2026-04-16 00:00", UNKNOWN),
        ("E13e", "2026-04-29 23:59", PASSES),
        ("E13e", "2026-04-30 00:00", UNKNOWN),
    ],
)
def test_values_of_the_laboratory_are_good_for_14_days_and_others_for_28(part: str, at: str, expected: Verdict) -> None:
    assert verdict(part, *values(part), function(part, so=True), at=local(at)) == expected


def test_what_was_found_in_an_earlier_screening_does_not_count() -> None:
    facts: tuple[e.Event, ...] = *values("E13a"), function("E13a", so=True)
    failed = e.ScreenFailed(at=minute("2026-04-03 09:00"), criteria=("E18",))
    again: tuple[e.Event, ...] = consent(minute("2026-04-06 08:00")), e.ScreeningStarted(at=minute("2026-04-06 09:00"))
    assert verdict("E13a", *facts) == PASSES
    assert verdict("E13a", *facts, failed, *again) == UNKNOWN
    assert verdict("E13a", *facts, failed, *again, *values("E13a", "2026-04-07 08:00")) == UNKNOWN


# Flags

GRADE_3 = {
    "alanine-aminotransferase": ("E13a", "5", "5.1"),
    "bilirubin": ("E13a", "3", "3.1"),
    "creatinine": ("E13b", "3", "3.1"),
    "neutrophils": ("E13c", "1", "0.9"),
    "platelets": ("E13c", "50", "49"),
    "haemoglobin": ("E13c", "8", "7.9"),
    "international-normalised-ratio": ("E13d", "2.5", "2.6"),
    "oxygen-saturation": ("E13e", "88", "87"),
    "ejection-fraction": ("E13f", "40", "39"),
}
"""The bound of each test, which is not grade 3, and the next value that is."""


def remarks(part: str, *facts: e.Event) -> list[str]:
    return [one.says for one in judged(part, *facts).remarks]


def with_value(part: str, test: str, value: str) -> list[e.ObservationMade]:
    """The values of a function, one of them another."""
    return [observed(name, value if name == test else sound) for name, sound in SOUND[part].items()]


@pytest.mark.parametrize("test", GRADE_3)
def test_grade_3_is_flagged_and_the_bound_is_not(test: str) -> None:
    part, bound, beyond = GRADE_3[test]
    assert remarks(part, *with_value(part, test, bound)) == []
    [said] = remarks(part, *with_value(part, test, beyond))
    assert beyond in said
    assert said.endswith("; flagged: CTCAE grade 3 or more; the investigator judges")


@pytest.mark.parametrize("test", GRADE_3)
def test_a_flag_never_decides(test: str) -> None:
    part, _, beyond = GRADE_3[test]
    flagged = with_value(part, test, beyond)
    assert verdict(part, *flagged) == UNKNOWN
    assert verdict(part, *flagged, function(part, so=True)) == PASSES
    assert verdict(part, *flagged, function(part, so=False)) == FAILS
    assert [len(remarks(part, *flagged, *judgement)) for judgement in ([], [function(part, so=True)], [function(part, so=False)])] == [
        1
    ] * 3


def test_a_flag_names_its_entry_and_goes_with_the_value() -> None:
    found = judged("E13b", observed("creatinine", "4"), function("E13b", so=True))
    assert [one.evidence for one in found.remarks] == [(5,)]
    assert remarks("E13b", observed("creatinine", "4"), retracted()) == []
    assert remarks("E13b", observed("creatinine", "4", valid=False)) == []
    assert remarks("E13b", observed("creatinine", "4", "2026-03-29 23:59")) == []
    assert remarks("E13b", observed("creatinine", "4"), corrected(observed("creatinine", "1"))) == []


def test_an_abnormal_electrocardiogram_is_left_to_the_investigator() -> None:
    facts = observed("electrocardiogram", "abnormal"), observed("ejection-fraction", "60")
    assert verdict("E13f", *facts, function("E13f", so=True)) == PASSES
    assert remarks("E13f", *facts) == []


def test_every_flagged_test_has_its_bound_checked_here() -> None:
    given = {name: value for tests in SOUND.values() for name, value in tests.items()}
    assert set(GRADE_3) == {name for name, value in given.items() if value.replace(".", "").isdigit()}
    assert all(Decimal(bound) != Decimal(beyond) for _, bound, beyond in GRADE_3.values())
