"""E1 to E9: what must never have been, and what must not lie in the look-back before screening, which begins on 2026-03-30."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

import pytest

from domain import events as e
from domain.criteria.report import Verdict
from domain.words import ReviewKind, Route
from tests.builders import consent, local, minute
from tests.domain.criteria.given import done, judged, looked, noted, taken, verdict

PASSES, FAILS, UNKNOWN = "passes", "fails", "not yet known"
KINDS: tuple[ReviewKind, ...] = ("history", "medicines", "procedures", "psychiatric", "plans")
HX, MED, PROC, PSY = looked("history"), looked("medicines"), looked("procedures"), looked("psychiatric")
AFTER, MINUTE_OF = "2026-04-10 12:01", "2026-04-10 12:00"


def corrected(entry: int, fact: e.Fact) -> e.EntryCorrected:
    return e.EntryCorrected(entry=entry, fact=fact)


class Excludes(NamedTuple):
    """What a part excludes: made from its start, the review that looks for it, and for a look-back its first date."""

    made: Callable[[str], e.Fact]
    review: ReviewKind
    first: str = ""
    eve: str = ""
    """The date before, which is free."""


def marked(condition: str, start: str, mark: str, *, so: bool) -> e.ConditionNoted:
    return noted(condition, start).model_copy(update={"marks": {mark: so}})


def over(condition: str, mark: str | None = None) -> Callable[[str], e.ConditionNoted]:
    """A condition, with a mark, that was over on the date, or in the minute, on which it began."""
    marks = {mark: True} if mark else {}
    return lambda start: noted(condition, start, start).model_copy(update={"marks": marks})


def immunoglobulin(start: str, stop: str | None = None, route: Route = "intravenous") -> e.MedicationTaken:
    return taken("human-normal-immunoglobulin", start, stop, mg="30000", route=route)


NEVER = {
    "E1": Excludes(over("hypersensitivity", "to-steroid-or-immunosuppressant"), "history"),
    "E6a": Excludes(over("inflammatory-joint-disease"), "history"),
    "E6b": Excludes(over("inflammatory-skin-disease", "more-than-minor"), "history"),
    "E7": Excludes(over("vasculitis-not-of-lupus", "severe"), "history"),
    "E8a": Excludes(lambda at: done("organ-transplant", at), "procedures"),
    "E8b": Excludes(lambda at: done("stem-cell-transplant", at), "procedures"),
}
WITHIN = {
    "E3a": Excludes(over("suicidal-ideation"), "psychiatric", "2025-09-30", "2025-09-29"),
    "E3b": Excludes(over("suicidal-behaviour"), "psychiatric", "2025-03-30", "2025-03-29"),
    "E4": Excludes(over("central-nervous-system-disease", "active"), "history", "2026-02-02", "2026-02-01"),
    "E5": Excludes(over("lupus-flare", "crisis"), "history", "2026-02-02", "2026-02-01"),
    "E9a": Excludes(lambda at: done("plasmapheresis", at), "procedures", "2026-03-16", "2026-03-15"),
    "E9b": Excludes(lambda at: done("haemodialysis", at), "procedures", "2026-03-16", "2026-03-15"),
    "E9c": Excludes(immunoglobulin, "medicines", "2026-03-16", "2026-03-15"),
}
EVERY = NEVER | WITHIN
CONDITIONS = ["E3a", "E3b", "E4", "E5"]
every_part = pytest.mark.parametrize("part", EVERY)
every_never = pytest.mark.parametrize("part", NEVER)
every_look_back = pytest.mark.parametrize("part", WITHIN)


# What all of them have in common


@every_part
def test_nothing_on_record_passes_only_when_somebody_has_looked_for_it_in_this_screening(part: str) -> None:
    kind = EVERY[part].review
    others = [review for other in KINDS if other != kind for review in looked(other)]
    assert verdict(part) == UNKNOWN
    assert verdict(part, *others) == UNKNOWN
    assert verdict(part, *looked(kind)) == PASSES
    assert verdict(part, *looked(kind, at="2026-03-29 23:59")) == UNKNOWN
    assert verdict(part, *looked(kind, at="2026-03-30 09:00")) == PASSES
    assert verdict(part, *looked(kind, at=MINUTE_OF)) == PASSES
    assert verdict(part, *looked(kind, at=AFTER)) == UNKNOWN
    assert verdict(part, *looked(kind, at="2026-04-10")) == UNKNOWN
    assert verdict(part, *looked(kind, at="2026-04")) == UNKNOWN
    assert verdict(part, *looked(kind), e.EntryRetracted(entry=5)) == UNKNOWN


@every_part
def test_what_comes_before_the_confirmation_counts_and_what_comes_after_does_not(part: str) -> None:
    made, kind, *_ = EVERY[part]
    assert verdict(part, made("2026-03-30 09:00"), *looked(kind)) == FAILS
    assert verdict(part, made("2026-04-05"), *looked(kind)) == FAILS
    assert verdict(part, made(MINUTE_OF), *looked(kind)) == FAILS
    assert verdict(part, made(AFTER), *looked(kind)) == PASSES
    assert verdict(part, made("2026-04-11"), *looked(kind)) == PASSES
    assert verdict(part, made("2026-04-10"), *looked(kind)) == UNKNOWN
    assert verdict(part, made("2026-04"), *looked(kind)) == UNKNOWN
    assert verdict(part, made("2026"), *looked(kind)) == UNKNOWN


@every_part
def test_what_is_on_record_counts_without_a_review_and_a_correction_changes_it(part: str) -> None:
    made, kind, *_ = EVERY[part]
    fact, later = made("2026-03-29"), made("2026-04-11")
    assert verdict(part, fact) == FAILS
    assert verdict(part, fact, *looked(kind), corrected(5, later)) == PASSES
    assert verdict(part, later, *looked(kind), corrected(5, fact)) == FAILS
    assert verdict(part, fact, *looked(kind), e.EntryRetracted(entry=5)) == PASSES


# What must never have been: E1, E6 to E8


@every_never
def test_what_must_never_have_been_counts_however_long_ago(part: str) -> None:
    made, kind, *_ = EVERY[part]
    for start in ("1960-01-01", "1999-05", "1999", "2026-03"):
        assert verdict(part, made(start), *looked(kind)) == FAILS


@every_never
def test_never_needs_reviews_of_the_whole_life(part: str) -> None:
    kind = NEVER[part].review
    lifelong = looked(kind, at="2026-01-10 10:00")
    assert verdict(part, *looked(kind, covers_from=date(1950, 1, 1))) == UNKNOWN
    assert verdict(part, *lifelong) == UNKNOWN
    assert verdict(part, *lifelong, *looked(kind, covers_from=date(2026, 1, 10))) == PASSES
    assert verdict(part, *lifelong, *looked(kind, covers_from=date(2026, 1, 11))) == UNKNOWN
    assert verdict(part, *looked(kind, covers_from=date(2026, 1, 10)), *lifelong) == PASSES


MARKED = {
    "E1": ("hypersensitivity", "to-steroid-or-immunosuppressant"),
    "E6b": ("inflammatory-skin-disease", "more-than-minor"),
    "E7": ("vasculitis-not-of-lupus", "severe"),
    "E4": ("central-nervous-system-disease", "active"),
    "E5": ("lupus-flare", "crisis"),
}


@pytest.mark.parametrize("part", MARKED)
def test_a_condition_counts_by_its_mark_and_without_it_nobody_knows(part: str) -> None:
    condition, mark = MARKED[part]
    for start in ("2015", "2026-03-01"):
        yes, no, open_ = (marked(condition, start, mark, so=True), marked(condition, start, mark, so=False), noted(condition, start))
        assert verdict(part, yes, *HX) == FAILS
        assert verdict(part, no, *HX) == PASSES
        assert verdict(part, open_, *HX) == UNKNOWN
        assert verdict(part, open_, *HX, corrected(5, no)) == PASSES
        assert verdict(part, no, yes, *HX) == FAILS


@pytest.mark.parametrize("part", MARKED)
def test_who_can_tell_what_a_condition_is_marked_with_is_the_investigator(part: str) -> None:
    condition, _ = MARKED[part]
    asked = judged(part, noted(condition, "2026-03-01"), *HX).because
    assert asked is not None
    assert "investigator" in {one.supplied_by for one in asked.findings}


@pytest.mark.parametrize(
    ("part", "facts"),
    [
        ("E1", [noted("hypersensitivity", "2010", to_steroid_or_immunosuppressant=False, severe=True, to_trial_product=True)]),
        ("E6a", [noted("inflammatory-skin-disease", "2010", more_than_minor=True)]),
        ("E6b", [noted("inflammatory-joint-disease", "2010")]),
        ("E7", [noted("lupus-nephritis", "2010", severe=True)]),
        ("E8a", [done("stem-cell-transplant", "2010"), done("transfusion", "2010"), done("other", "2010")]),
        ("E8b", [done("organ-transplant", "2010"), done("transfusion", "2010"), done("other", "2010")]),
        ("E3a", [noted("suicidal-behaviour", "2026-03-01")]),
        ("E3b", [noted("suicidal-ideation", "2026-03-01")]),
        ("E4", [noted("lupus-flare", "2026-03-01", crisis=True)]),
        ("E5", [noted("lupus-nephritis", "2026-03-01", severe=True), noted("central-nervous-system-disease", "2026-03-01", active=True)]),
        ("E9a", [done("haemodialysis", "2026-03-20"), immunoglobulin("2026-03-20")]),
        ("E9b", [done("plasmapheresis", "2026-03-20"), immunoglobulin("2026-03-20")]),
        ("E9c", [done("plasmapheresis", "2026-03-20"), taken("albumin", "2026-03-20", route="intravenous")]),
    ],
)
def test_what_belongs_to_another_part_does_not_count(part: str, facts: list[e.Event]) -> None:
    assert verdict(part, *facts, *looked(EVERY[part].review)) == PASSES


# What must not lie in the look-back: E3a, E3b, E4, E5, E9


@every_look_back
def test_the_date_exactly_as_long_before_still_blocks_and_the_one_before_it_is_free(part: str) -> None:
    made, kind, first, eve = WITHIN[part]
    assert verdict(part, made(first), *looked(kind)) == FAILS
    assert verdict(part, made(f"{first} 00:00"), *looked(kind)) == FAILS
    assert verdict(part, made(eve), *looked(kind)) == PASSES
    assert verdict(part, made(f"{eve} 23:59"), *looked(kind)) == PASSES


@every_look_back
def test_a_month_or_a_year_decides_only_where_all_of_its_days_agree(part: str) -> None:
    made, kind, first, _ = WITHIN[part]
    assert verdict(part, made("2024"), *looked(kind)) == PASSES
    assert verdict(part, made("2025-02"), *looked(kind)) == PASSES
    assert verdict(part, made(first[:7]), *looked(kind)) == UNKNOWN
    assert verdict(part, made(first[:4]), *looked(kind)) == UNKNOWN
    assert verdict(part, made("2026-04"), *looked(kind), at=local("2026-05-02 12:00")) == FAILS


@every_look_back
def test_a_review_must_cover_the_look_back(part: str) -> None:
    kind, first = WITHIN[part].review, date.fromisoformat(WITHIN[part].first)
    assert verdict(part, *looked(kind, covers_from=first)) == PASSES
    assert verdict(part, *looked(kind, covers_from=first + timedelta(days=1))) == UNKNOWN
    assert verdict(part, *looked(kind, covers_from=date(2026, 3, 30))) == UNKNOWN
    assert verdict(part, *looked(kind, at="2026-03-20 10:00"), *looked(kind, covers_from=date(2026, 3, 20))) == PASSES
    assert verdict(part, *looked(kind, at="2026-03-20 10:00"), *looked(kind, covers_from=date(2026, 3, 21))) == UNKNOWN


@pytest.mark.parametrize("part", CONDITIONS)
def test_a_condition_counts_when_any_part_of_it_lies_in_the_look_back(part: str) -> None:
    made, kind, first, eve = WITHIN[part]
    one = made("2020")
    assert isinstance(one, e.ConditionNoted)

    def lasting(start: str, stop: str | None) -> Verdict:
        return verdict(part, noted(one.condition, start, stop).model_copy(update={"marks": one.marks}), *PSY, *HX)

    assert lasting("2015", first) == FAILS
    assert lasting("2015", eve) == PASSES
    assert lasting("2015", None) == FAILS
    assert lasting("2015-06", "2026-05-01") == FAILS
    assert lasting("2015", first[:4]) == UNKNOWN
    assert lasting("2026-04-11", None) == PASSES
    assert lasting("2026-04", None) == UNKNOWN
    assert verdict(part, one, *looked(kind)) == PASSES


def test_a_condition_noted_long_ago_goes_on_until_its_end_is_recorded() -> None:
    crisis = noted("lupus-flare", "2025-06-01", at="2025-06-02 10:00", crisis=True)
    ended = noted("lupus-flare", "2025-06-01", "2025-06-20", at="2025-06-02 10:00", crisis=True)
    assert verdict("E5", crisis, *HX) == FAILS
    assert verdict("E5", crisis, *HX, corrected(5, ended)) == PASSES


@pytest.mark.parametrize(
    ("part", "fact"),
    [("E9a", done("plasmapheresis", "2026-03-16")), ("E5", noted("lupus-flare", "2026-01-10", "2026-02-02", crisis=True))],
)
def test_a_past_date_of_screening_does_not_move_and_a_new_screening_is_judged_anew(part: str, fact: e.Fact) -> None:
    """Nothing frees this screening, however late it is confirmed; the first date after the look-back does."""
    reviews = looked(EVERY[part].review)
    blocked = judged(part, fact, *reviews, at=local("2026-04-20 12:00"))
    assert (blocked.verdict, blocked.rescreen_from) == (FAILS, date(2026, 4, 20))
    failed = e.ScreenFailed(at=minute("2026-03-30 10:00"), criteria=(part,))
    again = consent(minute("2026-03-31 08:00")), e.ScreeningStarted(at=minute("2026-03-31 09:00"))
    assert verdict(part, fact, failed, *again, *reviews) == PASSES


# E2: severe active nephritis together with what it needed

NEPHRITIS = noted("lupus-nephritis", "2024-05", severe=True)
CYCLOPHOSPHAMIDE = taken("cyclophosphamide", "2026-03-01", mg="500", route="intravenous")
DIALYSIS = done("haemodialysis", "2026-03-01")
PREDNISONE = taken("prednisone", "2026-02-10", "2026-03-10", mg="100", per_day=1)
NEEDED: dict[str, e.Fact] = {"E2a": CYCLOPHOSPHAMIDE, "E2b": DIALYSIS, "E2c": PREDNISONE}
LOOKED: dict[str, ReviewKind] = {"E2a": "medicines", "E2b": "procedures", "E2c": "medicines"}
PROHIBITED, NONE_PROHIBITED = {"prohibited-nephritis-drugs": "every-nephritis-drug"}, {"prohibited-nephritis-drugs": "none"}
every_treatment = pytest.mark.parametrize("part", NEEDED)


@every_treatment
@pytest.mark.parametrize(
    ("nephritis", "expected"),
    [
        pytest.param([NEPHRITIS], FAILS, id="severe and going on"),
        pytest.param([noted("lupus-nephritis", "2024-05", severe=False)], PASSES, id="not severe"),
        pytest.param([noted("lupus-nephritis", "2024-05")], UNKNOWN, id="not said whether severe"),
        pytest.param([], PASSES, id="none"),
        pytest.param([noted("lupus-nephritis", "2024-05", "2026-02-02", severe=True)], FAILS, id="active on the first date of the 8 weeks"),
        pytest.param([noted("lupus-nephritis", "2024-05", "2026-02-01", severe=True)], PASSES, id="over on the date before"),
        pytest.param([noted("lupus-nephritis", "2024-05", "2026-02", severe=True)], UNKNOWN, id="over some day of February"),
        pytest.param([noted("lupus-nephritis", MINUTE_OF, severe=True)], FAILS, id="diagnosed in the minute of the confirmation"),
        pytest.param([noted("lupus-nephritis", AFTER, severe=True)], PASSES, id="diagnosed after it"),
        pytest.param([noted("lupus-nephritis", "2026-04", severe=True)], UNKNOWN, id="diagnosed some day of April"),
    ],
)
def test_severe_nephritis_of_the_8_weeks_with_what_it_needed_excludes(
    part: str, nephritis: list[e.ConditionNoted], expected: Verdict
) -> None:
    facts: tuple[e.Event, ...] = *nephritis, NEEDED[part], *HX, *looked(LOOKED[part])
    assert verdict(part, *facts, rulings=PROHIBITED) == expected


@every_treatment
def test_both_are_looked_for_and_the_absence_of_either_passes(part: str) -> None:
    reviews = looked(LOOKED[part])
    assert verdict(part) == UNKNOWN
    assert verdict(part, *HX) == PASSES
    assert verdict(part, *reviews) == PASSES
    assert verdict(part, NEPHRITIS) == UNKNOWN
    assert verdict(part, NEPHRITIS, *HX, *reviews) == PASSES
    assert verdict(part, NEPHRITIS, *looked(LOOKED[part], covers_from=date(2026, 2, 2))) == PASSES
    assert verdict(part, NEPHRITIS, *looked(LOOKED[part], covers_from=date(2026, 2, 3))) == UNKNOWN
    assert verdict(part, NEPHRITIS, *looked(LOOKED[part], at="2026-03-29 10:00")) == UNKNOWN
    assert verdict(part, NEEDED[part], rulings=PROHIBITED) == UNKNOWN
    assert verdict(part, NEEDED[part], *looked("history", covers_from=date(2026, 2, 2)), rulings=PROHIBITED) == PASSES
    assert verdict(part, NEEDED[part], *looked("history", covers_from=date(2026, 2, 3)), rulings=PROHIBITED) == UNKNOWN
    assert verdict(part, NEPHRITIS, NEEDED[part], rulings=PROHIBITED) == FAILS


@every_treatment
def test_a_corrected_severity_changes_the_verdict(part: str) -> None:
    mild = noted("lupus-nephritis", "2024-05", severe=False)
    assert verdict(part, NEPHRITIS, NEEDED[part], *HX, corrected(5, mild), rulings=PROHIBITED) == PASSES
    assert verdict(part, mild, NEEDED[part], *HX, corrected(5, NEPHRITIS), rulings=PROHIBITED) == FAILS


@pytest.mark.parametrize(
    ("drug", "unruled", "prohibited", "allowed"),
    [
        pytest.param(CYCLOPHOSPHAMIDE, UNKNOWN, FAILS, PASSES, id="in the 8 weeks"),
        pytest.param(taken("cyclophosphamide", "2026-02-02"), UNKNOWN, FAILS, PASSES, id="on their first date"),
        pytest.param(taken("cyclophosphamide", "2026-02-01"), PASSES, PASSES, PASSES, id="on the date before"),
        pytest.param(taken("mycophenolate-mofetil", "2025-01", "2026-02-02", per_day=2), UNKNOWN, FAILS, PASSES, id="a course that ended"),
        pytest.param(taken("mycophenolate-mofetil", "2025-01", "2026-02-01", per_day=2), PASSES, PASSES, PASSES, id="and one before"),
        pytest.param(taken("mycophenolate-mofetil", "2025-01", per_day=2), UNKNOWN, FAILS, PASSES, id="one that goes on"),
        pytest.param(taken("belimumab", "2026-02"), UNKNOWN, UNKNOWN, PASSES, id="some day of February"),
        pytest.param(taken("belimumab", "2026-03"), UNKNOWN, FAILS, PASSES, id="some day of March"),
        pytest.param(taken("voclosporin", MINUTE_OF), UNKNOWN, FAILS, PASSES, id="in the minute of the confirmation"),
        pytest.param(taken("voclosporin", AFTER), PASSES, PASSES, PASSES, id="after it"),
        pytest.param(taken("hydroxychloroquine", "2020", per_day=1), PASSES, PASSES, PASSES, id="no drug against nephritis"),
        pytest.param(taken("prednisone", "2020", per_day=1, mg="60"), PASSES, PASSES, PASSES, id="steroids have a part of their own"),
    ],
)
def test_which_drugs_against_nephritis_are_prohibited_is_ruled(
    drug: e.MedicationTaken, unruled: Verdict, prohibited: Verdict, allowed: Verdict
) -> None:
    facts: tuple[e.Event, ...] = NEPHRITIS, drug, *MED
    assert verdict("E2a", *facts) == unruled
    assert verdict("E2a", *facts, rulings=PROHIBITED) == prohibited
    assert verdict("E2a", *facts, rulings=NONE_PROHIBITED) == allowed


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-02-02", FAILS),
        ("2026-02-01", PASSES),
        ("2026-02", UNKNOWN),
        ("2026-03", FAILS),
        (MINUTE_OF, FAILS),
        (AFTER, PASSES),
        ("2026-04", UNKNOWN),
    ],
)
def test_haemodialysis_for_nephritis_counts_in_the_8_weeks(at: str, expected: Verdict) -> None:
    assert verdict("E2b", NEPHRITIS, done("haemodialysis", at), *PROC) == expected


def steroid(start: str, stop: str | None, mg: str = "100", drug: str = "prednisone", route: Route = "oral") -> e.MedicationTaken:
    return taken(drug, start, stop, mg=mg, per_day=1, route=route)


@pytest.mark.parametrize(
    ("steroids", "expected"),
    [
        pytest.param([steroid("2026-03-01", "2026-03-14")], FAILS, id="14 dates"),
        pytest.param([steroid("2026-03-01", "2026-03-13")], PASSES, id="13 dates"),
        pytest.param([steroid("2026-03-01", "2026-03-14", "99.9")], PASSES, id="less than 100 mg"),
        pytest.param([steroid("2026-03-01", "2026-03-14", "1000")], FAILS, id="more than 100 mg"),
        pytest.param([steroid("2026-03-01", "2026-03-03", "1000")], PASSES, id="a pulse of three dates"),
        pytest.param([steroid("2026-03-01", "2026-03-14", "80", "methylprednisolone", "intravenous")], FAILS, id="equivalent to 100 mg"),
        pytest.param([steroid("2026-03-01", "2026-03-14", "79", "methylprednisolone", "intravenous")], PASSES, id="equivalent to less"),
        pytest.param([steroid("2026-03-01", "2026-03-14", "12", "dexamethasone")], FAILS, id="where sources differ, by the most they say"),
        pytest.param([steroid("2026-03-01", "2026-03-14", "11.9", "dexamethasone")], PASSES, id="and less than that"),
        pytest.param(
            [steroid("2026-03-01", "2026-03-14", "60"), steroid("2026-03-01", "2026-03-14", "32", "methylprednisolone")],
            FAILS,
            id="two drugs together",
        ),
        pytest.param([steroid("2026-03-01", "2026-03-07"), steroid("2026-03-08", "2026-03-14", "120")], FAILS, id="two courses on end"),
        pytest.param([steroid("2026-03-01", "2026-03-07"), steroid("2026-03-09", "2026-03-15")], PASSES, id="with a date between them"),
        pytest.param([steroid("2026-03-01", "2026-03-30", route="topical")], PASSES, id="on the skin"),
        pytest.param([steroid("2026-03-01", "2026-03-30", route="inhaled")], PASSES, id="inhaled"),
        pytest.param([steroid("2026-01-20", "2026-02-02")], FAILS, id="the last of the dates is the first of the 8 weeks"),
        pytest.param([steroid("2026-01-19", "2026-02-01")], PASSES, id="all of them before"),
        pytest.param([steroid("2025-12-01", "2026-02-05")], FAILS, id="began long before and reached in"),
        pytest.param([steroid("2026-02", "2026-03-10")], UNKNOWN, id="began some day of February"),
        pytest.param([steroid("2026-02", "2026-03-14")], FAILS, id="at the latest 15 dates before its end"),
        pytest.param([steroid("2026-03-27", None)], FAILS, id="goes on: 14 dates up to the eve of the confirmation"),
        pytest.param([steroid("2026-03-28", None)], UNKNOWN, id="goes on: 14 dates with that of the confirmation"),
        pytest.param([steroid("2026-03-29", None)], PASSES, id="goes on: not yet 14 dates"),
        pytest.param([steroid("2026-03-28", "2026-04-10")], UNKNOWN, id="the last on the date of the confirmation, before or after"),
        pytest.param([steroid("2026-03-28 08:00", "2026-04-10 08:00")], FAILS, id="the last in the hours before it"),
        pytest.param([steroid("2026-03-28 08:00", "2026-04-10 20:00")], PASSES, id="the last in the hours after it"),
        pytest.param([steroid("2026-03-29", "2026-05-01")], PASSES, id="what is planned beyond it does not count"),
        pytest.param([taken("newsolone", "2026-03-01", "2026-03-14", per_day=1)], UNKNOWN, id="a drug that may be a steroid"),
        pytest.param([taken("newsolone", "2025-03-01", "2026-02-01", per_day=1)], PASSES, id="one of before the 8 weeks"),
    ],
)
def test_14_dates_running_of_100_mg_of_prednisone_count_in_the_8_weeks(steroids: list[e.MedicationTaken], expected: Verdict) -> None:
    assert verdict("E2c", NEPHRITIS, *steroids, *MED) == expected


@pytest.mark.parametrize(("ruling", "expected"), [(None, UNKNOWN), ("three-weeks", FAILS), ("as-systemic", PASSES), ("outside", PASSES)])
def test_a_depot_counts_for_as_long_as_is_ruled(ruling: str | None, expected: Verdict) -> None:
    depot = taken("methylprednisolone", "2026-03-01", mg="80", route="intramuscular")
    assert verdict("E2c", NEPHRITIS, depot, *MED, rulings={"local-steroid-injections": ruling} if ruling else {}) == expected


def test_a_corrected_dose_of_steroid_changes_the_verdict() -> None:
    much, less = (steroid("2026-03-01", "2026-03-14", mg) for mg in ("100", "90"))
    assert verdict("E2c", NEPHRITIS, less, *MED, corrected(6, much)) == FAILS
    assert verdict("E2c", NEPHRITIS, much, *MED, corrected(6, less)) == PASSES


# E3c: recurrent suicidal behaviour


def behaviour(start: str) -> e.ConditionNoted:
    return noted("suicidal-behaviour", start, start)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([], UNKNOWN, id="nobody looked"),
        pytest.param([*PSY], PASSES, id="never"),
        pytest.param([*HX], UNKNOWN, id="looked elsewhere"),
        pytest.param([*looked("psychiatric", covers_from=date(1960, 1, 1))], UNKNOWN, id="not the whole life covered"),
        pytest.param([*looked("psychiatric", at="2026-03-29 10:00")], UNKNOWN, id="looked before screening"),
        pytest.param([behaviour("2001"), *PSY], PASSES, id="once"),
        pytest.param([behaviour("2001")], UNKNOWN, id="once, nobody looked for more"),
        pytest.param([behaviour("2001"), behaviour("2010-06")], FAILS, id="twice"),
        pytest.param([behaviour("2001"), behaviour("2010-06"), behaviour("2012"), *PSY], FAILS, id="three times"),
        pytest.param([behaviour("2001"), behaviour(MINUTE_OF), *PSY], FAILS, id="the second in the minute of the confirmation"),
        pytest.param([behaviour("2001"), behaviour(AFTER), *PSY], PASSES, id="the second after it"),
        pytest.param([behaviour("2001"), behaviour("2026-04"), *PSY], UNKNOWN, id="the second some day of April"),
        pytest.param([behaviour("2026-04"), behaviour("2026-04"), *PSY], UNKNOWN, id="both some day of April"),
        pytest.param([behaviour("2001"), noted("suicidal-ideation", "2010"), *PSY], PASSES, id="ideation is no behaviour"),
        pytest.param([behaviour("2001"), behaviour("2010-06"), *PSY, e.EntryRetracted(entry=6)], PASSES, id="the second retracted"),
        pytest.param([behaviour("2001"), behaviour("2010"), *PSY, corrected(6, behaviour("2026-05"))], PASSES, id="corrected to later"),
    ],
)
def test_suicidal_behaviour_has_never_recurred(facts: list[e.Event], expected: Verdict) -> None:
    assert verdict("E3c", *facts) == expected


def test_months_are_calendar_months_and_clamp() -> None:
    """Six months before the end of August is the end of February."""
    facts: list[e.Event] = [consent(minute("2026-08-31 08:00")), e.ScreeningStarted(at=minute("2026-08-31 09:00"))]
    at, reviews = local("2026-09-04 12:00"), looked("psychiatric", at="2026-09-01 10:00")
    failed = e.ScreenFailed(at=minute("2026-04-11 10:00"), criteria=("E3a",))
    ideation = WITHIN["E3a"].made
    assert verdict("E3a", failed, *facts, *reviews, ideation("2026-02-28"), at=at) == PASSES
    assert verdict("E3a", failed, *facts, *reviews, ideation("2026-03-01"), at=at) == FAILS


# E9c: which immunoglobulin, and when it ended


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(immunoglobulin("2026-03-15 22:00", "2026-03-16 02:00"), FAILS, id="an infusion that ended on the first date"),
        pytest.param(immunoglobulin("2026-03-15 18:00", "2026-03-15 23:59"), PASSES, id="and one that ended before"),
        pytest.param(immunoglobulin("2026-03-20", route="subcutaneous"), PASSES, id="under the skin"),
        pytest.param(taken("anti-d-immunoglobulin", "2026-03-20", route="intravenous"), FAILS, id="another immunoglobulin"),
        pytest.param(taken("immunoglobulin-x", "2026-03-20", route="intravenous"), UNKNOWN, id="a drug that nobody has classified"),
        pytest.param(taken("immunoglobulin-x", "2026-03-20"), PASSES, id="by mouth it is none"),
        pytest.param(taken("immunoglobulin-x", "2026-03-15", route="intravenous"), PASSES, id="one of before the look-back"),
        pytest.param(
            taken("immunoglobulin-x", "2026-03-20", route="intravenous").model_copy(update={"classes": ("immunoglobulin",)}),
            FAILS,
            id="classified at entry",
        ),
        pytest.param(
            taken("immunoglobulin-x", "2026-03-20", route="intravenous").model_copy(update={"outside_every_class": True}),
            PASSES,
            id="outside every class, by the entry",
        ),
    ],
)
def test_intravenous_immunoglobulin_counts_to_the_end_of_its_infusion(given: e.MedicationTaken, expected: Verdict) -> None:
    assert verdict("E9c", given, *MED) == expected
