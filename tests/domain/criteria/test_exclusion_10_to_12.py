"""E10 to E12b: other diseases under treatment, infections by their tests, and tuberculosis."""

import pytest

from domain import events as e
from domain.criteria.report import Verdict
from tests.builders import consent, local, minute
from tests.domain.criteria.given import attested, looked, noted, observed, taken, verdict

PASSES, FAILS, UNKNOWN = "passes", "fails", "not yet known"
HX, MED = looked("history"), looked("medicines")


def corrected(entry: int, fact: e.Fact) -> e.EntryCorrected:
    return e.EntryCorrected(entry=entry, fact=fact)


# E10: another autoimmune disease that needs systemic treatment now


def disease(start: str = "2020", stop: str | None = None, *, needs_systemic_therapy: bool | None = None) -> e.ConditionNoted:
    marks = {} if needs_systemic_therapy is None else {"needs-systemic-therapy": needs_systemic_therapy}
    return noted("other-autoimmune-disease", start, stop).model_copy(update={"marks": marks})


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([], UNKNOWN, id="nothing on record, nobody looked"),
        pytest.param([*HX], PASSES, id="nothing on record, somebody looked"),
        pytest.param([*MED], UNKNOWN, id="looked into medicines only"),
        pytest.param([*looked("history", at="2026-03-29 10:00")], UNKNOWN, id="looked before screening"),
        pytest.param([*looked("history", at="2026-04-10 12:01")], UNKNOWN, id="looked after the confirmation"),
        pytest.param([*looked("history", at="2026-04-10")], UNKNOWN, id="looked on its date, before or after"),
        pytest.param([*looked("history", covers_from=local("2026-04-01 12:00").date())], PASSES, id="what is present needs no look-back"),
        pytest.param([disease(needs_systemic_therapy=True), *HX], FAILS, id="needs it"),
        pytest.param([disease(needs_systemic_therapy=True)], FAILS, id="needs it, whoever looked"),
        pytest.param([disease(needs_systemic_therapy=False), *HX], PASSES, id="does not need it"),
        pytest.param([disease(), *HX], UNKNOWN, id="not said whether it does"),
        pytest.param([disease("2020", "2026-04-09", needs_systemic_therapy=True), *HX], PASSES, id="over on the eve of the confirmation"),
        pytest.param([disease("2020", "2026-04-10", needs_systemic_therapy=True), *HX], UNKNOWN, id="ends on its date"),
        pytest.param([disease("2020", "2026-04-11", needs_systemic_therapy=True), *HX], FAILS, id="ends on the date after"),
        pytest.param([disease("2020", "2026-04", needs_systemic_therapy=True), *HX], UNKNOWN, id="ends some day of April"),
        pytest.param([disease("2020", "2026-03", needs_systemic_therapy=True), *HX], PASSES, id="ended some day of March"),
        pytest.param([disease("2026-04-10 12:00", needs_systemic_therapy=True), *HX], FAILS, id="begins in the minute of the confirmation"),
        pytest.param([disease("2026-04-10 12:01", needs_systemic_therapy=True), *HX], PASSES, id="begins a minute after"),
        pytest.param([disease("2026-04", needs_systemic_therapy=True), *HX], UNKNOWN, id="begins some day of April"),
        pytest.param(
            [disease(needs_systemic_therapy=True), *HX, corrected(5, disease(needs_systemic_therapy=False))], PASSES, id="corrected"
        ),
        pytest.param([disease(needs_systemic_therapy=True), *HX, e.EntryRetracted(entry=5)], PASSES, id="retracted"),
    ],
)
def test_no_other_autoimmune_disease_needs_systemic_treatment_now(facts: list[e.Event], expected: Verdict) -> None:
    assert verdict("E10", *facts) == expected


DIABETES = noted("autoimmune-diabetes", "2010")
INSULIN = taken("insulin-glargine", "2010", per_day=1, route="subcutaneous")
INSULIN_RULED = "insulin-treated-autoimmunity"


@pytest.mark.parametrize(
    ("facts", "unruled", "counts", "replacement"),
    [
        pytest.param([DIABETES, INSULIN, *HX, *MED], UNKNOWN, FAILS, PASSES, id="diabetes under insulin"),
        pytest.param([DIABETES, INSULIN, *HX], UNKNOWN, FAILS, UNKNOWN, id="nobody looked for other medicines"),
        pytest.param([DIABETES, *HX], UNKNOWN, UNKNOWN, UNKNOWN, id="no insulin on record, nobody looked"),
        pytest.param([DIABETES, *HX, *MED], PASSES, PASSES, PASSES, id="no insulin, somebody looked"),
        pytest.param([INSULIN, *HX, *MED], PASSES, PASSES, PASSES, id="insulin for another diabetes"),
        pytest.param(
            [DIABETES, taken("insulin-glargine", "2010", "2026-04-09", per_day=1), *HX, *MED], PASSES, PASSES, PASSES, id="insulin stopped"
        ),
        pytest.param(
            [DIABETES, taken("insulin-glargine", "2010", "2026-04", per_day=1), *HX, *MED],
            UNKNOWN,
            UNKNOWN,
            PASSES,
            id="insulin stopped some day of April",
        ),
        pytest.param([disease(needs_systemic_therapy=True), DIABETES, INSULIN, *HX, *MED], FAILS, FAILS, FAILS, id="another one besides"),
    ],
)
def test_whether_insulin_for_autoimmune_diabetes_counts_is_ruled(
    facts: list[e.Event], unruled: Verdict, counts: Verdict, replacement: Verdict
) -> None:
    assert verdict("E10", *facts) == unruled
    assert verdict("E10", *facts, rulings={INSULIN_RULED: "systemic-therapy"}) == counts
    assert verdict("E10", *facts, rulings={INSULIN_RULED: "replacement"}) == replacement


# E11: what every test of an infection has in common

NEGATIVE = {
    "E11a": {"hepatitis-b-surface-antigen": "negative", "hepatitis-b-core-antibody": "negative"},
    "E11b": {"hepatitis-c-antibody": "negative"},
    "E11c": {"hiv-screening": "non-reactive"},
    "E11d": {"cytomegalovirus-dna": "not-detected"},
    "E11e": {"epstein-barr-virus-dna": "not-detected"},
    "E11f": {"treponemal-test": "non-reactive"},
}
DECIDING = {
    "E11a": ("hepatitis-b-surface-antigen", "positive", "negative"),
    "E11b": ("hepatitis-c-antibody", "positive", "negative"),
    "E11d": ("cytomegalovirus-dna", "at-or-above-limit", "not-detected"),
    "E11e": ("epstein-barr-virus-dna", "at-or-above-limit", "not-detected"),
}
"""The tests of which a single result excludes."""
every_infection = pytest.mark.parametrize("part", NEGATIVE)
every_single_test = pytest.mark.parametrize("part", DECIDING)


def results(at: str = "2026-04-01 08:00", *, valid: bool = True, **found: str) -> list[e.ObservationMade]:
    """Tests by name, each with its result."""
    return [observed(test.replace("_", "-"), result, at, valid=valid) for test, result in found.items()]


def negative(part: str, at: str = "2026-04-01 08:00", *, valid: bool = True) -> list[e.ObservationMade]:
    return [observed(test, result, at, valid=valid) for test, result in NEGATIVE[part].items()]


@every_infection
@pytest.mark.parametrize(
    ("at", "confirmed", "expected"),
    [
        pytest.param("2026-03-29 08:00", "2026-04-10 12:00", UNKNOWN, id="before screening"),
        pytest.param("2026-03-30 07:59", "2026-04-10 12:00", UNKNOWN, id="before the consent"),
        pytest.param("2026-03-30 09:00", "2026-04-10 12:00", PASSES, id="as screening starts"),
        pytest.param("2026-04-10 12:00", "2026-04-10 12:00", PASSES, id="in the minute of the confirmation"),
        pytest.param("2026-04-10 12:01", "2026-04-10 12:00", UNKNOWN, id="after the confirmation"),
        pytest.param("2026-03-30 09:00", "2026-04-13 23:59", PASSES, id="14 days old"),
        pytest.param("2026-03-30 09:00", "2026-04-14 00:00", UNKNOWN, id="15 days old"),
        pytest.param("2026-04", "2026-04-10 12:00", UNKNOWN, id="some day of April"),
        pytest.param("2026-04-01", "2026-04-10 12:00", PASSES, id="a date without the hour"),
    ],
)
def test_negative_results_of_this_screening_pass_for_14_days(part: str, at: str, confirmed: str, expected: Verdict) -> None:
    assert verdict(part, *negative(part, at), at=local(confirmed)) == expected


@every_infection
def test_without_a_valid_result_nothing_is_known(part: str) -> None:
    assert verdict(part) == UNKNOWN
    assert verdict(part, *negative(part, valid=False)) == UNKNOWN


@every_single_test
def test_a_positive_result_excludes_while_it_is_the_last_valid_one_in_date(part: str) -> None:
    test, bad, good = DECIDING[part]
    positive = observed(test, bad, "2026-04-02 08:00")
    assert verdict(part, *negative(part), positive) == FAILS
    assert verdict(part, *negative(part), positive, observed(test, good, "2026-04-10 12:01")) == FAILS
    assert verdict(part, *negative(part, "2026-04-03 08:00"), positive) == PASSES
    assert verdict(part, *negative(part), observed(test, bad, "2026-04-02 08:00", valid=False)) == PASSES
    assert verdict(part, observed(test, bad, "2026-03-29 08:00")) == UNKNOWN
    assert verdict(part, observed(test, bad, "2026-03-30 09:00"), at=local("2026-04-13 12:00")) == FAILS
    assert verdict(part, observed(test, bad, "2026-03-30 09:00"), at=local("2026-04-14 12:00")) == UNKNOWN


@every_single_test
def test_a_second_repeat_lets_nothing_pass_and_hides_nothing(part: str) -> None:
    test, bad, good = DECIDING[part]
    twice = observed(test, bad, "2026-04-02 08:00"), observed(test, bad, "2026-04-03 08:00")
    assert verdict(part, *negative(part, "2026-04-04 08:00"), twice[0]) == PASSES
    assert verdict(part, *twice, *negative(part, "2026-04-04 08:00")) == FAILS
    assert verdict(part, *negative(part), observed(test, good, "2026-04-02 08:00"), twice[1]) == FAILS


@every_single_test
def test_a_corrected_result_changes_the_verdict(part: str) -> None:
    test, bad, _ = DECIDING[part]
    first = negative(part)[0]
    assert verdict(part, *negative(part), corrected(5, observed(test, bad))) == FAILS
    assert verdict(part, observed(test, bad), *negative(part)[1:], corrected(5, first)) == PASSES


# E11a: hepatitis B by surface antigen, core antibodies and DNA


@pytest.mark.parametrize("antigen", ["negative", "positive", "indeterminate", None])
@pytest.mark.parametrize("core", ["negative", "positive", "indeterminate", None])
@pytest.mark.parametrize("dna", ["not-detected", "detected-below-limit", "at-or-above-limit", None])
def test_hepatitis_b_is_active_by_its_antigen_or_its_dna_and_core_antibodies_alone_ask_for_dna(
    antigen: str | None, core: str | None, dna: str | None
) -> None:
    found = {"hepatitis-b-surface-antigen": antigen, "hepatitis-b-core-antibody": core, "hepatitis-b-dna": dna}
    facts = [observed(test, result) for test, result in found.items() if result]
    below = dna in {"not-detected", "detected-below-limit"}
    active, free = antigen == "positive" or dna == "at-or-above-limit", antigen == "negative" and (core == "negative" or below)
    assert verdict("E11a", *facts) == (FAILS if active else PASSES if free else UNKNOWN)


def test_dna_of_hepatitis_b_that_was_taken_back_or_is_too_old_decides_nothing() -> None:
    core = results("2026-04-04 08:00", hepatitis_b_surface_antigen="negative", hepatitis_b_core_antibody="positive")
    assert verdict("E11a", *core, observed("hepatitis-b-dna", "not-detected", valid=False)) == UNKNOWN
    assert verdict("E11a", *core, observed("hepatitis-b-dna", "not-detected", "2026-04-03 08:00"), at=local("2026-04-18 12:00")) == UNKNOWN
    assert verdict("E11a", *negative("E11a"), observed("hepatitis-b-dna", "at-or-above-limit", valid=False)) == PASSES
    late, dna = local("2026-04-18 12:00"), observed("hepatitis-b-dna", "at-or-above-limit", "2026-04-03 08:00")
    assert verdict("E11a", *negative("E11a", "2026-04-10 08:00"), dna, at=local("2026-04-17 12:00")) == FAILS
    assert verdict("E11a", *negative("E11a", "2026-04-10 08:00"), dna, at=late) == UNKNOWN
    assert verdict("E11a", *negative("E11a", "2026-04-10 08:00"), at=late) == PASSES


# E11b to E11e


@pytest.mark.parametrize(
    ("part", "test", "result", "expected"),
    [
        ("E11b", "hepatitis-c-antibody", "negative", PASSES),
        ("E11b", "hepatitis-c-antibody", "positive", FAILS),
        ("E11b", "hepatitis-c-antibody", "indeterminate", UNKNOWN),
        ("E11d", "cytomegalovirus-dna", "not-detected", PASSES),
        ("E11d", "cytomegalovirus-dna", "detected-below-limit", UNKNOWN),
        ("E11d", "cytomegalovirus-dna", "at-or-above-limit", FAILS),
        ("E11e", "epstein-barr-virus-dna", "not-detected", PASSES),
        ("E11e", "epstein-barr-virus-dna", "detected-below-limit", UNKNOWN),
        ("E11e", "epstein-barr-virus-dna", "at-or-above-limit", FAILS),
    ],
)
def test_what_each_result_of_a_single_test_means(part: str, test: str, result: str, expected: Verdict) -> None:
    assert verdict(part, observed(test, result)) == expected


@pytest.mark.parametrize(
    ("part", "test", "open_", "good"),
    [
        ("E11b", "hepatitis-c-antibody", "indeterminate", "negative"),
        ("E11d", "cytomegalovirus-dna", "detected-below-limit", "not-detected"),
        ("E11e", "epstein-barr-virus-dna", "detected-below-limit", "not-detected"),
    ],
)
def test_a_result_that_decides_nothing_asks_for_the_repeat(part: str, test: str, open_: str, good: str) -> None:
    first, again = observed(test, open_), observed(test, good, "2026-04-02 08:00")
    assert verdict(part, first, again) == PASSES
    assert verdict(part, observed(test, good), observed(test, open_, "2026-04-02 08:00")) == UNKNOWN


# E11c: HIV by a screening test, and one that confirms


@pytest.mark.parametrize(
    ("screening", "confirmation", "expected"),
    [
        ("non-reactive", None, PASSES),
        ("reactive", None, UNKNOWN),
        ("reactive", "negative", PASSES),
        ("reactive", "positive", FAILS),
        ("reactive", "indeterminate", UNKNOWN),
        ("indeterminate", None, UNKNOWN),
        ("indeterminate", "negative", PASSES),
        ("indeterminate", "positive", FAILS),
        (None, None, UNKNOWN),
        (None, "negative", PASSES),
        (None, "positive", FAILS),
        ("non-reactive", "negative", PASSES),
        ("non-reactive", "positive", FAILS),
    ],
)
def test_a_reactive_screening_test_for_hiv_is_settled_by_the_confirmatory_one(
    screening: str | None, confirmation: str | None, expected: Verdict
) -> None:
    found = {"hiv-screening": screening, "hiv-confirmation": confirmation}
    assert verdict("E11c", *(observed(test, result) for test, result in found.items() if result)) == expected


def test_corrections_and_results_taken_back_change_the_verdict_on_hiv() -> None:
    reactive, positive = observed("hiv-screening", "reactive"), observed("hiv-confirmation", "positive")
    assert verdict("E11c", reactive, positive, corrected(6, observed("hiv-confirmation", "negative"))) == PASSES
    assert verdict("E11c", reactive, observed("hiv-confirmation", "positive", valid=False)) == UNKNOWN
    assert verdict("E11c", reactive, observed("hiv-confirmation", "negative", "2026-03-29 08:00")) == UNKNOWN
    assert verdict("E11c", *negative("E11c"), observed("hiv-screening", "reactive", valid=False)) == PASSES


# E11f: syphilis by two tests, and a ruling on who was treated

TREPONEMAL = {one: observed("treponemal-test", one) for one in ("non-reactive", "reactive", "indeterminate")}
OTHER = {one: observed("non-treponemal-test", one) for one in ("non-reactive", "reactive", "indeterminate")}
TREATED = attested(syphilis_treated=True)
PENICILLIN = taken("benzathine-benzylpenicillin", "2015-06-01", mg="1440", route="intramuscular")
MAY_JOIN, EXCLUDES = {"treated-syphilis": "treated-may-join"}, {"treated-syphilis": "any-positive-excludes"}


@pytest.mark.parametrize(
    ("facts", "unruled", "may_join", "excludes"),
    [
        pytest.param([], UNKNOWN, UNKNOWN, UNKNOWN, id="nothing"),
        pytest.param([TREPONEMAL["non-reactive"]], PASSES, PASSES, PASSES, id="treponemal test negative"),
        pytest.param([TREPONEMAL["non-reactive"], OTHER["reactive"]], PASSES, PASSES, PASSES, id="false positive, as lupus makes it"),
        pytest.param([TREPONEMAL["indeterminate"], *MED], UNKNOWN, UNKNOWN, UNKNOWN, id="indeterminate"),
        pytest.param([OTHER["non-reactive"]], UNKNOWN, UNKNOWN, UNKNOWN, id="no treponemal test"),
        pytest.param([TREPONEMAL["reactive"], OTHER["reactive"], *MED], FAILS, FAILS, FAILS, id="both positive"),
        pytest.param(
            [TREPONEMAL["reactive"], OTHER["reactive"], TREATED, PENICILLIN, *MED], FAILS, FAILS, FAILS, id="both, though treated"
        ),
        pytest.param([TREPONEMAL["reactive"], OTHER["non-reactive"], TREATED, PENICILLIN, *MED], UNKNOWN, PASSES, FAILS, id="treated"),
        pytest.param([TREPONEMAL["reactive"], OTHER["non-reactive"], TREATED, *MED], FAILS, FAILS, FAILS, id="no treatment in all of life"),
        pytest.param([TREPONEMAL["reactive"], OTHER["non-reactive"], PENICILLIN, *MED], UNKNOWN, UNKNOWN, FAILS, id="not attested"),
        pytest.param(
            [TREPONEMAL["reactive"], OTHER["non-reactive"], attested(syphilis_treated=False), PENICILLIN, *MED],
            FAILS,
            FAILS,
            FAILS,
            id="treated, but not enough",
        ),
        pytest.param([TREPONEMAL["reactive"], TREATED, PENICILLIN, *MED], UNKNOWN, UNKNOWN, FAILS, id="the other test is missing"),
        pytest.param(
            [TREPONEMAL["reactive"], OTHER["non-reactive"], TREATED, taken("amoxicillin", "2015-06-01"), *MED],
            FAILS,
            FAILS,
            FAILS,
            id="another antibiotic is no treatment of syphilis",
        ),
    ],
)
def test_syphilis_needs_a_positive_treponemal_test_and_whether_the_treated_may_join_is_ruled(
    facts: list[e.Event], unruled: Verdict, may_join: Verdict, excludes: Verdict
) -> None:
    assert verdict("E11f", *facts) == unruled
    assert verdict("E11f", *facts, rulings=MAY_JOIN) == may_join
    assert verdict("E11f", *facts, rulings=EXCLUDES) == excludes


def test_treatment_on_record_needs_no_review_and_without_it_nobody_knows() -> None:
    facts = TREPONEMAL["reactive"], OTHER["non-reactive"], TREATED
    assert verdict("E11f", *facts, PENICILLIN, rulings=MAY_JOIN) == PASSES
    assert verdict("E11f", *facts, rulings=MAY_JOIN) == UNKNOWN
    assert verdict("E11f", *facts) == UNKNOWN


def test_a_ruling_against_the_treated_needs_no_review_and_no_other_test() -> None:
    assert verdict("E11f", TREPONEMAL["reactive"], rulings=EXCLUDES) == FAILS
    assert verdict("E11f", TREPONEMAL["reactive"], rulings=MAY_JOIN) == UNKNOWN
    assert verdict("E11f", TREPONEMAL["indeterminate"], rulings=EXCLUDES) == UNKNOWN


def test_a_corrected_treponemal_test_changes_the_verdict() -> None:
    assert verdict("E11f", TREPONEMAL["reactive"], OTHER["reactive"], *MED, corrected(5, TREPONEMAL["non-reactive"])) == PASSES
    assert verdict("E11f", TREPONEMAL["non-reactive"], OTHER["reactive"], *MED, corrected(5, TREPONEMAL["reactive"])) == FAILS


# E12: tuberculosis, active and latent, unless it is appropriately treated

KNOWN = {"E12a": "active-tuberculosis", "E12b": "latent-tuberculosis"}
TEST = {
    "E12a": ("chest-imaging", "no-sign-of-tuberculosis", "signs-of-active-tuberculosis", "unclear"),
    "E12b": ("tuberculosis-infection-test", "negative", "positive", "indeterminate"),
}
both_kinds = pytest.mark.parametrize("part", KNOWN)
COMPLETE, UNDER_WAY = {"treated-tuberculosis": "complete"}, {"treated-tuberculosis": "under-way"}


def result_of(part: str, which: int, at: str = "2026-04-01 08:00", *, valid: bool = True) -> e.ObservationMade:
    """The test of a part with its negative (0), its positive (1), or its indeterminate result (2)."""
    test, *outcomes = TEST[part]
    return observed(test, outcomes[which], at, valid=valid)


@both_kinds
def test_without_tuberculosis_a_negative_test_and_a_look_at_the_history_pass(part: str) -> None:
    assert verdict(part) == UNKNOWN
    assert verdict(part, result_of(part, 0)) == UNKNOWN
    assert verdict(part, *HX) == UNKNOWN
    assert verdict(part, result_of(part, 0), *HX) == PASSES
    assert verdict(part, result_of(part, 0), *looked("history", at="2026-03-29 10:00")) == UNKNOWN
    assert verdict(part, result_of(part, 2), *HX) == UNKNOWN
    assert verdict(part, result_of(part, 1), *HX) == UNKNOWN
    assert verdict(part, result_of(part, 1), *HX, attested(tuberculosis_treated=False)) == FAILS
    assert verdict(part, result_of(part, 2), *HX, attested(tuberculosis_treated=False)) == UNKNOWN


@both_kinds
@pytest.mark.parametrize(
    ("stop", "expected"), [(None, FAILS), ("2026-04-09", PASSES), ("2026-04-10", UNKNOWN), ("2026-04-11", FAILS), ("2026", UNKNOWN)]
)
def test_tuberculosis_that_is_known_to_go_on_counts_whatever_the_test_says(part: str, stop: str | None, expected: Verdict) -> None:
    known = noted(KNOWN[part], "2025-11", stop)
    assert verdict(part, result_of(part, 0), *HX, attested(tuberculosis_treated=False), known) == expected


@both_kinds
@pytest.mark.parametrize(
    ("stop", "unruled", "complete", "under_way"),
    [
        pytest.param("2026-04-09", PASSES, PASSES, PASSES, id="complete on the eve of the confirmation"),
        pytest.param("2026-04-10 11:00", PASSES, PASSES, PASSES, id="complete an hour before"),
        pytest.param("2026-04-10", UNKNOWN, UNKNOWN, PASSES, id="ends on its date"),
        pytest.param("2026-04", UNKNOWN, UNKNOWN, PASSES, id="ends some day of April"),
        pytest.param("2026-05-01", UNKNOWN, FAILS, PASSES, id="ends later"),
        pytest.param(None, UNKNOWN, FAILS, PASSES, id="goes on"),
    ],
)
def test_whether_treatment_of_tuberculosis_must_be_complete_is_ruled(
    part: str, stop: str | None, unruled: Verdict, complete: Verdict, under_way: Verdict
) -> None:
    course = taken("isoniazid", "2025-11-01", stop, mg="300", per_day=1)
    facts: tuple[e.Event, ...] = result_of(part, 1), *HX, *MED, course, attested(tuberculosis_treated=True)
    assert verdict(part, *facts) == unruled
    assert verdict(part, *facts, rulings=COMPLETE) == complete
    assert verdict(part, *facts, rulings=UNDER_WAY) == under_way


@both_kinds
def test_the_exception_needs_the_word_of_the_investigator_and_a_look_at_the_medicines(part: str) -> None:
    course = taken("rifampicin", "2020-01-01", "2020-06-30", mg="600", per_day=1)
    assert verdict(part, result_of(part, 1), *HX, *MED, course, attested(tuberculosis_treated=True)) == PASSES
    assert verdict(part, result_of(part, 1), *HX, *MED, course) == UNKNOWN
    assert verdict(part, result_of(part, 1), *HX, *MED, course, attested(tuberculosis_treated=False)) == FAILS
    assert verdict(part, result_of(part, 1), *HX, course, attested(tuberculosis_treated=True)) == UNKNOWN
    assert verdict(part, result_of(part, 1), *HX, *MED, course, attested("2026-03-29 11:00", tuberculosis_treated=True)) == UNKNOWN


@both_kinds
def test_of_tests_for_tuberculosis_the_last_valid_one_in_date_decides(part: str) -> None:
    untreated = attested(tuberculosis_treated=False)
    days = 28 if part == "E12a" else 14
    last, after = (local(f"2026-04-{day:02} 12:00") for day in (days - 1, days))
    assert verdict(part, result_of(part, 1), result_of(part, 0, "2026-04-02 08:00"), *HX, untreated) == PASSES
    assert verdict(part, result_of(part, 0), result_of(part, 1, "2026-04-02 08:00"), *HX, untreated) == FAILS
    assert verdict(part, result_of(part, 0), result_of(part, 1, "2026-04-02 08:00", valid=False), *HX, untreated) == PASSES
    assert (
        verdict(part, result_of(part, 1), result_of(part, 1, "2026-04-02 08:00"), result_of(part, 0, "2026-04-03 08:00"), *HX, untreated)
        == FAILS
    )
    assert verdict(part, result_of(part, 0, "2026-03-30 09:00"), *HX, untreated, at=last) == PASSES
    assert verdict(part, result_of(part, 0, "2026-03-30 09:00"), *HX, untreated, at=after) == UNKNOWN
    assert verdict(part, result_of(part, 1, "2026-03-30 09:00"), *HX, untreated, at=after) == UNKNOWN
    assert verdict(part, result_of(part, 0, "2026-04-10 12:01"), *HX, untreated) == UNKNOWN
    assert verdict(part, result_of(part, 1), *HX, untreated, corrected(5, result_of(part, 0))) == PASSES


def test_active_and_latent_tuberculosis_are_told_apart() -> None:
    facts: tuple[e.Event, ...] = result_of("E12a", 0), result_of("E12b", 1), *HX, attested(tuberculosis_treated=False)
    assert (verdict("E12a", *facts), verdict("E12b", *facts)) == (PASSES, FAILS)


def test_what_was_found_in_an_earlier_screening_does_not_count() -> None:
    facts: tuple[e.Event, ...] = *negative("E11b"), *HX
    failed = e.ScreenFailed(at=minute("2026-04-03 09:00"), criteria=("E18",))
    again: tuple[e.Event, ...] = consent(minute("2026-04-06 08:00")), e.ScreeningStarted(at=minute("2026-04-06 09:00"))
    for part in ("E10", "E11b"):
        assert verdict(part, *facts) == PASSES
        assert verdict(part, *facts, failed, *again) == UNKNOWN
