"""What a protocol file may say of windows in hours, of second anchors and of assessments: on either side of what can be."""

import pytest

from tests.domain.files import faults, with_

SAMPLE = "\n[assessments]\n"
DAY_21 = 'day = 21, early = 2, late = 2, interpretations = ["follow-up-visits"]'


def sample(rule: str) -> str:
    """The shipped file with one more visit, after the others."""
    visit = f'sample = {{ title = "Cells in blood", series = "kinetics", {rule}, interpretations = ["follow-up-visits"] }}\n'
    return with_((SAMPLE, f"{visit}{SAMPLE}"))


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ('anchor = "infusion", hour = 24, early_hours = 2, late_hours = 2', None),
        ('anchor = "infusion", hour = 24, early_hours = 24', None),
        ('anchor = "infusion", hour = 24, early_hours = 25', "opens before its anchor (infusion)"),
        ('anchor = "last-lymphodepletion-dose", hour = 24', None),
        ('anchor = "last-lymphodepletion-dose", day = 1, late = 1', None),
        ('anchor = "infusion", hour = 672', None),
        ('anchor = "infusion", hour = 673', "must lie within 5479 days or 672 hours"),
        ('anchor = "infusion", hour = 24, day = 1', "must be counted in days, months or hours"),
        ('anchor = "infusion", hour = 24, late = 1', "is counted in hours: give `early_hours` and `late_hours`"),
        ('anchor = "infusion", day = 1, late_hours = 2', "has no `hour` to be early or late by hours"),
        ('anchor = "planned-infusion", hour = 24', "is counted in hours, and a plan has no minute"),
        ('anchor = "infusion", hour = 24, settled_by = "infusion-started.v1"', "is counted in hours, which `not_before` and `settled_by`"),
        ('anchor = "infusion", hour = 48, not_before = { visit = "day-1", days = 1 }', "is counted in hours, which `not_before`"),
    ],
)
def test_a_window_in_hours_is_counted_from_a_minute_that_happens(rule: str, fault: str | None) -> None:
    found = faults(sample(rule))
    assert (found == []) if fault is None else any(one.startswith(f"visits.sample: {fault}") for one in found)


def test_windows_in_hours_of_one_series_do_not_overlap_by_the_hour() -> None:
    again = 'again = { title = "Again", series = "kinetics", anchor = "infusion", hour = %d, early_hours = 2, interpretations = [] }\n'
    first = 'anchor = "infusion", hour = 24, late_hours = 2'
    assert faults(sample(first).replace(SAMPLE, again % 29 + SAMPLE)) == []
    assert faults(sample(first).replace(SAMPLE, again % 28 + SAMPLE)) == ["visits.again: overlaps with visits.sample, of the same series"]


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        ('{ visit = "day-14", days = 7 }', None),
        ('{ visit = "day-14", days = 11 }', None),
        ('{ visit = "day-14", days = 12 }', "leaves no date of the window, however early day-14 takes place"),
        ('{ visit = "day-28", days = 1 }', "day-28 is not due before"),
        ('{ visit = "day-21", days = 1 }', "day-21 is not due before"),
        ('{ visit = "day-20", days = 1 }', "there is no visit 'day-20'"),
        ('{ visit = "infusion", days = 1 }', "infusion is settled by treatment"),
        ('{ visit = "screening", days = 1 }', "screening is counted from something else"),
    ],
)
def test_a_second_anchor_comes_before_and_leaves_a_date(second: str, fault: str | None) -> None:
    found = faults(with_((DAY_21, f"not_before = {second}, {DAY_21}")))
    assert found == ([] if fault is None else [one for one in found if one.startswith(f"visits.day-21.not_before: {fault}")])
    assert bool(found) == (fault is not None)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ((DAY_21, f'assessments = ["biopsy"], {DAY_21}'), "visits.day-21.assessments: there is no assessment 'biopsy'"),
        (("late-effects = {", 'biopsy = { title = "Biopsy" }\nlate-effects = {'), "assessments.biopsy: is required by no visit"),
        (('scores = ["selena-sledai"]', 'scores = ["slicc"]'), "assessments.disease-activity.scores: nobody can record 'slicc'"),
        (('tests = ["physicians', 'tests = ["height", "physicians'), "assessments.disease-activity.tests: nobody can record 'height'"),
        (('outside = "stop"', 'outside = "forbid"'), "visits.toxicity-day-1.outside: must be 'record', 'approve' or 'stop'"),
    ],
)
def test_an_assessment_that_nobody_could_make_is_named(change: tuple[str, str], fault: str) -> None:
    assert any(one.startswith(fault) for one in faults(with_(change)))


def test_a_test_that_only_an_assessment_asks_for_is_not_asked_in_vain() -> None:
    height = 'height = { title = "Height", unit = "cm", least = 50, most = 250, no_older_than = "P28D" }\n'
    in_vain = with_(("[tests]\n", f"[tests]\n{height}"))
    assert faults(in_vain) == ["tests.height: is asked for by no criterion, no gate and no promise"]
    assert faults(with_(('tests = ["physicians', 'tests = ["height", "physicians'), text=in_vain)) == []
