"""E24: no therapeutic steroid in the 72 hours before infusion, nor in the 7 days before collection."""

from datetime import timedelta

import pytest

from domain import events as e
from domain.time import When
from domain.verdicts import Outcome
from domain.words import Route
from tests.builders import dose, local, minute, review, verdict_on

FAILS, UNKNOWN, PASSES = "fails", "not yet known", "passes"
SATURDAY = minute("2026-03-07 08:00")
"""When a dose was taken; its 72 hours end on Tuesday at eight."""


def before_infusion(at: str, *taken: e.Event, ruling: str | None = "as-systemic", zone: str = "Europe/Berlin") -> Outcome:
    """E24b at an instant, when the medicines were reviewed at that very minute."""
    instant = local(at, zone)
    looked = review(When.at(instant), None)
    return verdict_on("infusion", "E24b", instant, *taken, looked, ruling=ruling, zone=zone).outcome


def before_collection(at: str, *taken: e.Event) -> Outcome:
    """E24a at an instant, when the medicines were reviewed at that very minute."""
    instant = local(at)
    return verdict_on("leukapheresis", "E24a", instant, *taken, review(When.at(instant), None)).outcome


# The look-back of 72 hours


@pytest.mark.parametrize(
    ("taken", "at", "outcome"),
    [
        pytest.param("2026-03-07 08:00", "2026-03-07 07:59", PASSES, id="a dose after the infusion does not count"),
        pytest.param("2026-03-07 08:00", "2026-03-07 08:00", FAILS, id="a dose at the minute of the infusion blocks"),
        pytest.param("2026-03-07 08:00", "2026-03-10 07:59", FAILS, id="a minute less than 72 hours blocks"),
        pytest.param("2026-03-07 08:00", "2026-03-10 08:00", FAILS, id="exactly 72 hours block"),
        pytest.param("2026-03-07 08:00", "2026-03-10 08:01", PASSES, id="72 hours and a minute pass"),
        pytest.param("2026-03-28 08:00", "2026-03-31 09:00", FAILS, id="in the spring 72 hours end an hour later on the clock"),
        pytest.param("2026-03-28 08:00", "2026-03-31 09:01", PASSES, id="in the spring a minute later passes"),
        pytest.param("2026-10-24 08:00", "2026-10-27 07:00", FAILS, id="in the autumn 72 hours end an hour earlier on the clock"),
        pytest.param("2026-10-24 08:00", "2026-10-27 07:01", PASSES, id="in the autumn a minute later passes"),
    ],
)
def test_a_dose_blocks_infusion_for_72_elapsed_hours(taken: str, at: str, outcome: Outcome) -> None:
    assert before_infusion(at, dose("prednisone", "20", minute(taken))) == outcome


@pytest.mark.parametrize(
    ("told", "at", "outcome"),
    [
        pytest.param("2026-03-07", "2026-03-06 23:59", PASSES, id="the eve of a dose on some minute of Saturday passes"),
        pytest.param("2026-03-07", "2026-03-07 00:00", UNKNOWN, id="on Saturday it may have been taken already"),
        pytest.param("2026-03-07", "2026-03-07 23:58", UNKNOWN, id="until the last minute of Saturday it may lie ahead"),
        pytest.param("2026-03-07", "2026-03-07 23:59", FAILS, id="at the end of Saturday it has been taken"),
        pytest.param("2026-03-07", "2026-03-10 00:00", FAILS, id="72 hours after the first minute of Saturday surely block"),
        pytest.param("2026-03-07", "2026-03-10 00:01", UNKNOWN, id="a minute later it depends on the hour"),
        pytest.param("2026-03-07", "2026-03-10 23:59", UNKNOWN, id="72 hours after the last minute of Saturday may block"),
        pytest.param("2026-03-07", "2026-03-11 00:00", PASSES, id="a minute later passes whatever the hour was"),
        pytest.param("2026-03-29", "2026-04-01 00:59", FAILS, id="a date of 23 hours surely blocks until an hour later"),
        pytest.param("2026-03-29", "2026-04-01 01:01", UNKNOWN, id="and no longer"),
        pytest.param("2026-03-29", "2026-04-02 00:00", PASSES, id="and passes after three more dates"),
        pytest.param("2026-03", "2026-03-01 00:00", UNKNOWN, id="some day in March may be the first"),
        pytest.param("2026-03", "2026-04-03 23:59", UNKNOWN, id="some day in March may be the last"),
        pytest.param("2026-03", "2026-04-04 00:00", PASSES, id="72 hours after March passes"),
        pytest.param("2026", "2026-06-15 12:00", UNKNOWN, id="some day of the year may be any"),
        pytest.param("2026", "2027-01-03 23:59", UNKNOWN, id="some day of the year may be its last"),
        pytest.param("2026", "2027-01-04 00:00", PASSES, id="72 hours after the year passes"),
    ],
)
def test_a_dose_of_uncertain_time_is_never_silently_passed(told: str, at: str, outcome: Outcome) -> None:
    assert before_infusion(at, dose("prednisone", "20", When(told))) == outcome


# The look-back of seven days


@pytest.mark.parametrize(
    ("taken", "at", "outcome"),
    [
        pytest.param("2026-03-03 08:00", "2026-03-10 08:00", FAILS, id="the date seven days later is blocked"),
        pytest.param("2026-03-03 00:00", "2026-03-10 23:59", FAILS, id="to its last minute, from a dose in the first"),
        pytest.param("2026-03-03 23:59", "2026-03-11 00:00", PASSES, id="the date after is free, from a dose in the last"),
        pytest.param("2026-03-25 23:59", "2026-04-01 23:59", FAILS, id="across the spring change the date counts"),
        pytest.param("2026-03-25 23:59", "2026-04-02 00:00", PASSES, id="across the spring change the next date is free"),
        pytest.param("2026-10-20 00:00", "2026-10-27 23:59", FAILS, id="across the autumn change the date counts"),
        pytest.param("2026-10-20 00:00", "2026-10-28 00:00", PASSES, id="across the autumn change the next date is free"),
    ],
)
def test_a_dose_blocks_collection_through_the_date_seven_days_later(taken: str, at: str, outcome: Outcome) -> None:
    assert before_collection(at, dose("prednisone", "20", minute(taken))) == outcome


@pytest.mark.parametrize(
    ("told", "at", "outcome"),
    [
        ("2026-03-03", "2026-03-10 23:59", FAILS),
        ("2026-03-03", "2026-03-11 00:00", PASSES),
        ("2026-02", "2026-03-07 23:59", UNKNOWN),
        ("2026-02", "2026-03-08 00:00", PASSES),
        ("2025", "2026-01-07 23:59", UNKNOWN),
        ("2025", "2026-01-08 00:00", PASSES),
    ],
)
def test_for_a_look_back_in_dates_a_date_is_precise_enough_and_a_month_is_not(told: str, at: str, outcome: Outcome) -> None:
    assert before_collection(at, dose("prednisone", "20", When(told))) == outcome


# How much is therapeutic


@pytest.mark.parametrize(
    ("drug", "mg", "outcome"),
    [
        ("prednisone", "10.0", PASSES),
        ("prednisone", "10.01", FAILS),
        ("prednisolone", "10", PASSES),
        ("prednisolone", "10.01", FAILS),
        ("methylprednisolone", "8", PASSES),
        ("methylprednisolone", "8.01", FAILS),
        ("triamcinolone", "8.01", FAILS),
        ("hydrocortisone", "40", PASSES),
        ("hydrocortisone", "40.01", FAILS),
        ("cortisone", "50", PASSES),
        ("cortisone", "50.01", FAILS),
        ("deflazacort", "12", PASSES),
        ("deflazacort", "12.01", FAILS),
        ("dexamethasone", "1.2", PASSES),
        ("dexamethasone", "1.21", FAILS),
        ("dexamethasone", "8", FAILS),
        ("betamethasone", "1.2", PASSES),
        ("betamethasone", "1.21", FAILS),
        ("paracetamol", "1000", PASSES),
        ("fludarabine", "50", PASSES),
    ],
)
def test_more_than_ten_mg_of_prednisone_in_the_strictest_reckoning_is_therapeutic(drug: str, mg: str, outcome: Outcome) -> None:
    assert before_infusion("2026-03-08 08:00", dose(drug, mg, SATURDAY)) == outcome


def dexamethasone_counts_for(mg: str) -> str:
    instant = local("2026-03-08 08:00")
    return verdict_on("infusion", "E24b", instant, dose("dexamethasone", mg, SATURDAY), review(When.at(instant), None)).findings[0].says


def test_the_amount_that_counted_can_be_read_from_the_verdict() -> None:
    assert "66.7 mg prednisone-equivalent on 2026-03-07" in dexamethasone_counts_for("8")


@pytest.mark.parametrize(
    ("doses", "at", "outcome"),
    [
        pytest.param([("6", "08:00"), ("6", "20:00")], "2026-03-07 19:59", PASSES, id="before the second dose six mg are on record"),
        pytest.param([("6", "08:00"), ("6", "20:00")], "2026-03-07 20:00", FAILS, id="the running total crosses at the second dose"),
        pytest.param([("6", "08:00"), ("6", "20:00")], "2026-03-10 08:01", FAILS, id="the first dose alone leaving is not enough"),
        pytest.param([("6", "08:00"), ("6", "20:00")], "2026-03-10 20:00", FAILS, id="72 hours count from the last dose"),
        pytest.param([("6", "08:00"), ("6", "20:00")], "2026-03-10 20:01", PASSES, id="and a minute later pass"),
        pytest.param([("5", "08:00"), ("5", "20:00")], "2026-03-07 20:00", PASSES, id="exactly ten mg in two doses pass"),
        pytest.param([("5", "08:00"), ("5.01", "20:00")], "2026-03-07 20:00", FAILS, id="a hundredth more blocks"),
        pytest.param([("20", "08:00"), ("1", "20:00")], "2026-03-10 20:00", FAILS, id="a small dose later that date belongs to it"),
        pytest.param([("20", "08:00"), ("1", "20:00")], "2026-03-10 20:01", PASSES, id="until it has left the look-back"),
        pytest.param([("1", "08:00"), ("20", "20:00")], "2026-03-07 19:59", PASSES, id="before a large dose a small one passes"),
        pytest.param([("4", "08:00"), ("4", "12:00"), ("4", "20:00")], "2026-03-07 12:00", PASSES, id="two of three doses pass"),
        pytest.param([("4", "08:00"), ("4", "12:00"), ("4", "20:00")], "2026-03-07 20:00", FAILS, id="the third crosses"),
        pytest.param([("6", "20:00"), ("6", "08:00")], "2026-03-07 20:00", FAILS, id="told in the other order it is the same"),
    ],
)
def test_the_doses_of_a_date_add_up(doses: list[tuple[str, str]], at: str, outcome: Outcome) -> None:
    taken = [dose("prednisone", mg, minute(f"2026-03-07 {clock}")) for mg, clock in doses]
    assert before_infusion(at, *taken) == outcome


@pytest.mark.parametrize(
    ("doses", "at", "outcome"),
    [
        pytest.param(["03-29 00:30", "03-29 23:30"], "2026-04-01 23:30", FAILS, id="72 hours after the last of a date of 23 hours"),
        pytest.param(["03-29 00:30", "03-29 23:30"], "2026-04-01 23:31", PASSES, id="and a minute later"),
        pytest.param(["10-25 00:30", "10-25 23:30"], "2026-10-28 23:30", FAILS, id="72 hours after the last of a date of 25 hours"),
        pytest.param(["10-25 00:30", "10-25 23:30"], "2026-10-28 23:31", PASSES, id="and a minute later"),
        pytest.param(["03-28 23:59", "03-29 00:00"], "2026-03-29 12:00", PASSES, id="on either side of the midnight before the change"),
        pytest.param(["10-25 23:59", "10-26 00:00"], "2026-10-26 12:00", PASSES, id="on either side of the midnight after the change"),
    ],
)
def test_the_doses_of_a_date_add_up_where_the_clocks_change(doses: list[str], at: str, outcome: Outcome) -> None:
    assert before_infusion(at, *(dose("prednisone", "6", minute(f"2026-{taken}")) for taken in doses)) == outcome


@pytest.mark.parametrize(
    ("doses", "at", "outcome"),
    [
        pytest.param([("5", "08:00"), ("5", "20:00")], "2026-03-10 12:00", PASSES, id="exactly ten mg in two doses"),
        pytest.param([("5", "08:00"), ("5.01", "20:00")], "2026-03-07 19:59", PASSES, id="before the second of two doses"),
        pytest.param([("5", "08:00"), ("5.01", "20:00")], "2026-03-07 20:00", FAILS, id="from the second on"),
        pytest.param([("5", "08:00"), ("5.01", "20:00")], "2026-03-14 23:59", FAILS, id="to the end of the date seven days later"),
        pytest.param([("5", "08:00"), ("5.01", "20:00")], "2026-03-15 00:00", PASSES, id="and no longer"),
    ],
)
def test_the_doses_of_a_date_add_up_before_collection_too(doses: list[tuple[str, str]], at: str, outcome: Outcome) -> None:
    assert before_collection(at, *(dose("prednisone", mg, minute(f"2026-03-07 {clock}")) for mg, clock in doses)) == outcome


def test_different_steroids_add_up_as_prednisone() -> None:
    first, second = dose("prednisone", "5", SATURDAY), dose("hydrocortisone", "20.4", SATURDAY, route="intravenous")
    assert before_infusion("2026-03-08 08:00", first) == PASSES
    assert before_infusion("2026-03-08 08:00", second) == PASSES
    assert before_infusion("2026-03-08 08:00", first, second) == FAILS


@pytest.mark.parametrize(
    ("zone", "first", "second", "outcome"),
    [
        pytest.param("Europe/Berlin", "2026-03-07 23:30", "2026-03-08 00:30", PASSES, id="before and after midnight are two dates"),
        pytest.param("Europe/Berlin", "2026-03-08 00:30", "2026-03-08 01:30", FAILS, id="midnight in Greenwich divides nothing"),
        pytest.param("America/Sao_Paulo", "2026-03-07 20:30", "2026-03-07 21:30", FAILS, id="nor at a site west of it"),
        pytest.param("America/Santiago", "2026-09-05 23:30", "2026-09-06 01:30", PASSES, id="a skipped midnight divides all the same"),
    ],
)
def test_a_date_is_the_date_at_the_site(zone: str, first: str, second: str, outcome: Outcome) -> None:
    taken = [dose("prednisone", "6", minute(one, zone)) for one in (first, second)]
    assert before_infusion(second[:10] + " 22:00", *taken, zone=zone) == outcome


def test_two_doses_of_uncertain_hours_surely_cross_only_when_the_date_is_over() -> None:
    taken = [dose("prednisone", "6", When("2026-03-07")), dose("prednisone", "6", SATURDAY)]
    assert [before_infusion(f"2026-03-07 {at}", *taken) for at in ("07:59", "08:00", "23:58", "23:59")] == [PASSES, UNKNOWN, UNKNOWN, FAILS]
    assert [before_infusion(f"2026-03-10 {at}", *taken) for at in ("08:00", "08:01", "23:59")] == [FAILS, UNKNOWN, UNKNOWN]
    assert before_infusion("2026-03-11 00:00", *taken) == PASSES


# Routes


@pytest.mark.parametrize("route", ["oral", "intravenous", "intramuscular", "subcutaneous", "epidural"])
def test_a_systemic_route_counts(route: Route) -> None:
    assert before_infusion("2026-03-08 08:00", dose("prednisolone", "20", SATURDAY, route=route)) == FAILS


@pytest.mark.parametrize("route", ["topical", "inhaled", "nasal", "ocular"])
def test_a_local_route_does_not_count(route: Route) -> None:
    assert before_infusion("2026-03-08 08:00", dose("prednisolone", "20", SATURDAY, route=route)) == PASSES


JOINT = dose("triamcinolone", "40", SATURDAY, route="intra-articular")
MUSCLE = dose("triamcinolone", "40", SATURDAY, route="intramuscular")
SKIN = dose("triamcinolone", "40", SATURDAY, route="subcutaneous", depot=True)
RULINGS = ("outside", "as-systemic", "three-weeks", None)


@pytest.mark.parametrize(
    ("at", "joint", "depot"),
    [
        # Before which the rulings are: outside, as systemic, three weeks, none yet.
        ("2026-03-07 07:59", (PASSES, PASSES, PASSES, PASSES), (PASSES, PASSES, PASSES, PASSES)),
        ("2026-03-07 08:00", (PASSES, FAILS, FAILS, UNKNOWN), (FAILS, FAILS, FAILS, UNKNOWN)),
        ("2026-03-10 08:00", (PASSES, FAILS, FAILS, UNKNOWN), (FAILS, FAILS, FAILS, UNKNOWN)),
        ("2026-03-10 08:01", (PASSES, PASSES, FAILS, UNKNOWN), (PASSES, PASSES, FAILS, UNKNOWN)),
        ("2026-03-28 23:59", (PASSES, PASSES, FAILS, UNKNOWN), (PASSES, PASSES, FAILS, UNKNOWN)),
        ("2026-03-31 01:00", (PASSES, PASSES, FAILS, UNKNOWN), (PASSES, PASSES, FAILS, UNKNOWN)),
        ("2026-03-31 01:01", (PASSES, PASSES, UNKNOWN, UNKNOWN), (PASSES, PASSES, UNKNOWN, UNKNOWN)),
        ("2026-04-01 00:59", (PASSES, PASSES, UNKNOWN, UNKNOWN), (PASSES, PASSES, UNKNOWN, UNKNOWN)),
        ("2026-04-01 01:00", (PASSES, PASSES, PASSES, PASSES), (PASSES, PASSES, PASSES, PASSES)),
    ],
)
def test_an_injection_into_a_joint_or_of_a_depot_counts_as_the_study_has_ruled_and_waits_until_it_has(
    at: str, joint: tuple[Outcome, ...], depot: tuple[Outcome, ...]
) -> None:
    """The injection was on Saturday the 7th; the three weeks after it end with Saturday the 28th, and 72 hours later it has gone."""
    assert tuple(before_infusion(at, JOINT, ruling=ruling) for ruling in RULINGS) == joint
    for injected in (MUSCLE, SKIN):
        assert tuple(before_infusion(at, injected, ruling=ruling) for ruling in RULINGS) == depot


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        pytest.param({"route": "intramuscular", "depot": None}, UNKNOWN, id="into a muscle, of which nothing is said"),
        pytest.param({"route": "intramuscular", "depot": True}, UNKNOWN, id="a depot into a muscle"),
        pytest.param({"route": "intramuscular", "depot": False}, PASSES, id="no depot into a muscle"),
        pytest.param({"route": "intravenous", "depot": None}, PASSES, id="into a vein"),
        pytest.param({"route": "subcutaneous", "depot": None}, PASSES, id="under the skin, of which nothing is said"),
        pytest.param({"route": "subcutaneous", "depot": True}, UNKNOWN, id="a depot under the skin"),
        pytest.param({"route": "intra-articular", "depot": False}, UNKNOWN, id="into a joint, whatever is said of it"),
    ],
)
def test_which_injections_act_for_weeks(told: dict[str, object], outcome: Outcome) -> None:
    injected = MUSCLE.model_copy(update=told)
    assert before_infusion("2026-03-08 08:00", injected, ruling=None) == (UNKNOWN if outcome == UNKNOWN else FAILS)
    assert before_infusion("2026-03-20 08:00", injected, ruling=None) == outcome


@pytest.mark.parametrize(("mg", "outcome"), [("8", PASSES), ("8.01", UNKNOWN)])
def test_an_injection_that_is_not_therapeutic_on_any_date_needs_no_ruling(mg: str, outcome: Outcome) -> None:
    for route in ("intra-articular", "intramuscular"):
        assert before_infusion("2026-03-08 08:00", dose("triamcinolone", mg, SATURDAY, route=route), ruling=None) == outcome


@pytest.mark.parametrize(
    ("extra", "three_weeks", "unruled"),
    [
        pytest.param("5", PASSES, PASSES, id="to exactly ten"),
        pytest.param("5.01", FAILS, UNKNOWN, id="to more than ten"),
    ],
)
def test_an_injection_that_still_acts_adds_up_with_a_dose_of_a_later_date(extra: str, three_weeks: Outcome, unruled: Outcome) -> None:
    small = dose("triamcinolone", "4", SATURDAY, route="intramuscular")
    later = dose("prednisone", extra, minute("2026-03-20 08:00"))
    assert before_infusion("2026-03-21 12:00", small, later, ruling="three-weeks") == three_weeks
    assert before_infusion("2026-03-21 12:00", small, later, ruling=None) == unruled
    assert before_infusion("2026-03-21 12:00", small, later, ruling="as-systemic") == PASSES


@pytest.mark.parametrize(
    ("at", "three_weeks", "unruled"),
    [
        pytest.param("2026-02-20 12:00", FAILS, UNKNOWN, id="in the middle of the course"),
        pytest.param("2026-03-10 07:59", FAILS, UNKNOWN, id="72 hours after its end"),
        pytest.param("2026-03-31 01:00", FAILS, UNKNOWN, id="three weeks later and 72 hours after"),
        pytest.param("2026-04-01 00:59", UNKNOWN, UNKNOWN, id="whatever the hour"),
        pytest.param("2026-04-01 01:00", PASSES, PASSES, id="and then it is over"),
    ],
)
def test_a_course_of_injections_acts_for_three_weeks_after_its_last_and_not_after_its_first(
    at: str, three_weeks: Outcome, unruled: Outcome
) -> None:
    injections = dose("methylprednisolone", "40", When("2026-01-01"), per_day=1, stop=SATURDAY, route="intramuscular")
    assert before_infusion(at, injections, ruling="three-weeks") == three_weeks
    assert before_infusion(at, injections, ruling=None) == unruled


def test_injections_of_which_nobody_knows_whether_they_go_on_wait_for_ever() -> None:
    injections = dose("methylprednisolone", "40", When("2026-01-01"), per_day=1, route="intramuscular")
    for ruling in ("three-weeks", None):
        assert before_infusion("2026-12-31 12:00", injections, ruling=ruling) != PASSES


def test_for_an_injection_of_uncertain_date_the_three_weeks_are_sure_only_from_the_earliest() -> None:
    injected = dose("triamcinolone", "40", When("2026-02"), route="intramuscular")
    found = [before_infusion(f"2026-{at} 12:00", injected, ruling="three-weeks") for at in ("02-20", "03-10", "03-23", "03-25", "03-26")]
    assert found == [UNKNOWN, UNKNOWN, UNKNOWN, PASSES, PASSES]


def test_an_injection_that_waits_for_the_ruling_does_not_hide_a_dose_that_blocks_by_itself() -> None:
    injected, swallowed = dose("triamcinolone", "40", SATURDAY, route="intra-articular"), dose("prednisone", "20", SATURDAY)
    assert before_infusion("2026-03-08 08:00", injected, swallowed, ruling=None) == FAILS


# Doses that are given over hours


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        pytest.param("2026-03-07 07:59", PASSES, id="before it starts"),
        pytest.param("2026-03-07 08:00", FAILS, id="from its first minute in full"),
        pytest.param("2026-03-10 08:01", FAILS, id="72 hours after its start are not enough"),
        pytest.param("2026-03-10 14:00", FAILS, id="72 hours after its end"),
        pytest.param("2026-03-10 14:01", PASSES, id="and a minute later it has gone"),
    ],
)
def test_a_dose_that_is_given_over_hours_blocks_until_72_hours_after_its_end(at: str, outcome: Outcome) -> None:
    assert before_infusion(at, dose("methylprednisolone", "500", SATURDAY, stop=minute("2026-03-07 14:00"), route="intravenous")) == outcome


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        pytest.param("2026-03-07 21:59", PASSES, id="before it starts"),
        pytest.param("2026-03-07 22:00", FAILS, id="from its first minute"),
        pytest.param("2026-03-11 04:00", FAILS, id="72 hours after its end on the next date"),
        pytest.param("2026-03-11 04:01", PASSES, id="and a minute later it has gone"),
    ],
)
def test_a_dose_that_is_given_across_midnight_counts_on_both_dates(at: str, outcome: Outcome) -> None:
    given = dose("methylprednisolone", "40", minute("2026-03-07 22:00"), stop=minute("2026-03-08 04:00"), route="intravenous")
    assert before_infusion(at, given) == outcome


@pytest.mark.parametrize(("mg", "outcome"), [("4", PASSES), ("4.01", FAILS)])
def test_a_dose_that_is_given_over_hours_adds_up_with_the_others_of_its_date_and_counts_once(mg: str, outcome: Outcome) -> None:
    given = dose("methylprednisolone", mg, SATURDAY, stop=minute("2026-03-07 14:00"), route="intravenous")
    assert before_infusion("2026-03-08 08:00", given, dose("prednisone", "5", minute("2026-03-07 20:00"))) == outcome


# Courses


@pytest.mark.parametrize(
    ("mg", "per_day", "outcome"),
    [("5", 2, PASSES), ("5.01", 2, FAILS), ("10", 1, PASSES), ("10.01", 1, FAILS), ("4", 3, FAILS), ("3", 3, PASSES)],
)
def test_a_course_counts_with_all_doses_of_a_date(mg: str, per_day: int, outcome: Outcome) -> None:
    course = dose("prednisone", mg, When("2026-01-01"), per_day=per_day, stop=When("2026-03-07"))
    assert before_infusion("2026-03-08 12:00", course) == outcome


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        pytest.param("2026-03-07 08:00", FAILS, id="at its last dose"),
        pytest.param("2026-03-10 08:00", FAILS, id="72 hours after its last dose"),
        pytest.param("2026-03-10 08:01", PASSES, id="a minute later"),
    ],
)
def test_a_course_with_an_exact_stop_blocks_for_72_hours_after_it(at: str, outcome: Outcome) -> None:
    course = dose("prednisone", "20", minute("2026-01-01 08:00"), per_day=1, stop=SATURDAY)
    assert before_infusion(at, course) == outcome


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        pytest.param("2026-03-10 00:00", FAILS, id="surely until 72 hours after the start of its last date"),
        pytest.param("2026-03-10 00:01", UNKNOWN, id="then it depends on the hour"),
        pytest.param("2026-03-11 00:00", PASSES, id="and after that date it is over"),
    ],
)
def test_a_course_whose_last_date_is_known_without_the_hour(at: str, outcome: Outcome) -> None:
    course = dose("prednisone", "20", When("2026-01-01"), per_day=1, stop=When("2026-03-07"))
    assert before_infusion(at, course) == outcome


def ongoing(mg: str, at: str, looked: str) -> Outcome:
    """E24b for a course with no stop that was last asked about when it was `looked` at."""
    seen = (dose("prednisone", mg, When("2026-01-01"), per_day=1), review(minute(looked), None))
    return verdict_on("infusion", "E24b", local(at), *seen, recorded_at=local("2026-03-01 09:00")).outcome


@pytest.mark.parametrize(
    ("mg", "at", "outcome"),
    [
        pytest.param("10", "2026-03-07 12:00", PASSES, id="a low dose that goes on passes"),
        pytest.param("10.01", "2026-03-07 12:00", FAILS, id="a therapeutic one that goes on blocks"),
        pytest.param("20", "2026-03-08 11:00", FAILS, id="it blocks as long as the review is fresh"),
        pytest.param("20", "2026-03-09 00:00", FAILS, id="it surely went on through the eve of the review, at some hour"),
        pytest.param("20", "2026-03-09 00:01", UNKNOWN, id="72 hours after that eve began nobody knows"),
        pytest.param("20", "2026-12-31 12:00", UNKNOWN, id="and a year later nobody knows"),
    ],
)
def test_a_course_without_a_stop_goes_on_or_nobody_knows(mg: str, at: str, outcome: Outcome) -> None:
    assert ongoing(mg, at, looked="2026-03-07 12:00") == outcome


def test_a_course_that_goes_on_adds_to_a_single_dose_of_the_date() -> None:
    course, extra = dose("prednisone", "8", When("2026-01-01"), per_day=1), dose("prednisone", "3", minute("2026-03-06 08:00"))
    assert before_infusion("2026-03-07 12:00", course) == PASSES
    assert before_infusion("2026-03-07 12:00", course, extra) == FAILS


def on_top(extra: str, taken: str, at: str, looked: str, maintenance: str = "10") -> Outcome:
    """E24b for maintenance without a stop, last asked about when it was `looked` at, and one dose on top of it."""
    seen = (
        dose("prednisone", maintenance, When("2026-01-01"), per_day=1),
        dose("prednisone", extra, minute(taken)),
        review(minute(looked), None),
    )
    return verdict_on("infusion", "E24b", local(at), *seen, recorded_at=local("2026-03-01 09:00")).outcome


@pytest.mark.parametrize(
    ("taken", "at", "looked", "outcome"),
    [
        pytest.param("2026-03-10 06:00", "2026-03-10 05:59", "2026-03-09 12:00", PASSES, id="before the dose maintenance passes"),
        pytest.param("2026-03-10 06:00", "2026-03-10 06:00", "2026-03-09 12:00", UNKNOWN, id="it may have gone on: they add up"),
        pytest.param("2026-03-10 06:00", "2026-03-10 12:00", "2026-03-10 08:00", UNKNOWN, id="a review on the date says it of the eve"),
        pytest.param("2026-03-10 06:00", "2026-03-11 12:00", "2026-03-11 08:00", FAILS, id="a review on the next date says it for sure"),
        pytest.param("2026-03-08 06:00", "2026-03-11 06:00", "2026-03-10 12:00", FAILS, id="72 hours after a dose on a sure date"),
        pytest.param("2026-03-08 06:00", "2026-03-11 06:01", "2026-03-10 12:00", UNKNOWN, id="then the hour of maintenance decides"),
        pytest.param("2026-03-08 06:00", "2026-03-11 23:59", "2026-03-11 12:00", UNKNOWN, id="to the end of that date and 72 hours"),
        pytest.param("2026-03-08 06:00", "2026-03-12 00:00", "2026-03-11 12:00", PASSES, id="and then the date has gone"),
        pytest.param("2026-03-10 06:00", "2026-03-13 23:59", "2026-03-13 12:00", UNKNOWN, id="of a date that became sure as well"),
        pytest.param("2026-03-10 06:00", "2026-03-14 00:00", "2026-03-13 12:00", PASSES, id="and then it has gone"),
    ],
)
def test_maintenance_that_may_go_on_adds_to_a_dose_on_any_later_date(taken: str, at: str, looked: str, outcome: Outcome) -> None:
    assert on_top("8.75", taken, at, looked) == outcome


@pytest.mark.parametrize(("extra", "outcome"), [("2.5", PASSES), ("2.51", UNKNOWN)])
def test_what_may_go_on_and_a_dose_pass_together_to_exactly_ten_mg(extra: str, outcome: Outcome) -> None:
    assert on_top(extra, "2026-03-10 06:00", "2026-03-10 12:00", "2026-03-09 13:00", maintenance="7.5") == outcome


@pytest.mark.parametrize(("mg", "outcome"), [("4", PASSES), ("4.01", UNKNOWN)])
@pytest.mark.parametrize("later", ["2026-03-09", "2026-03-01", "2025-06"])
def test_courses_that_may_go_on_add_up_with_one_another(mg: str, later: str, outcome: Outcome) -> None:
    seen = [dose("prednisone", "5", When("2026-01-01"), per_day=1), dose("methylprednisolone", mg, When(later), per_day=1)]
    looked = review(minute("2026-03-09 18:00"), None)
    at, told_at = local("2026-03-10 12:00"), local("2026-03-09 18:00")
    found = verdict_on("infusion", "E24b", at, *seen, looked, recorded_at=told_at).outcome
    assert (found == PASSES) == (outcome == PASSES)
    assert verdict_on("infusion", "E24b", at + timedelta(days=200), *seen, review(When.at(at + timedelta(days=200)), None)).outcome != (
        FAILS if mg == "4" else PASSES
    )


# A drug that the reference in force does not list


@pytest.mark.parametrize(
    ("at", "outcome"),
    [
        pytest.param("2026-03-07 07:59", PASSES, id="before it was taken"),
        pytest.param("2026-03-07 08:00", UNKNOWN, id="from the minute it was taken"),
        pytest.param("2026-03-10 08:00", UNKNOWN, id="for 72 hours"),
        pytest.param("2026-03-10 08:01", PASSES, id="and a minute later it does not matter"),
    ],
)
@pytest.mark.parametrize("mg", ["0.01", "500"])
def test_a_drug_that_the_reference_does_not_list_may_be_a_steroid(mg: str, at: str, outcome: Outcome) -> None:
    assert before_infusion(at, dose("snake-oil", mg, SATURDAY)) == outcome


def test_a_course_of_such_a_drug_without_a_stop_may_go_on() -> None:
    assert before_infusion("2026-12-31 08:00", dose("snake-oil", "5", SATURDAY, per_day=1)) == UNKNOWN


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        pytest.param({"outside_every_class": True}, PASSES, id="outside every class"),
        pytest.param({"investigational": True}, UNKNOWN, id="investigational says nothing of what it is"),
        pytest.param({"route": "topical"}, PASSES, id="on the skin"),
        pytest.param({"route": "intra-articular"}, UNKNOWN, id="into a joint"),
    ],
)
def test_what_settles_a_drug_that_the_reference_does_not_list(told: dict[str, object], outcome: Outcome) -> None:
    assert before_infusion("2026-03-08 08:00", dose("snake-oil", "5", SATURDAY).model_copy(update=told)) == outcome


def test_it_hides_no_steroid_that_blocks_by_itself_and_says_who_can_settle_it() -> None:
    unlisted, instant = dose("snake-oil", "5", SATURDAY), local("2026-03-08 08:00")
    assert before_infusion("2026-03-08 08:00", unlisted, dose("prednisone", "20", SATURDAY)) == FAILS
    finding = verdict_on("infusion", "E24b", instant, unlisted, review(When.at(instant), None)).findings[0]
    assert (finding.supplied_by, "snake-oil" in finding.says) == ("medical-monitor", True)


# What is on record fails by itself; what is not on record passes nothing


def test_a_dose_blocks_without_any_review_and_no_dose_passes_none() -> None:
    instant = local("2026-03-08 08:00")
    assert verdict_on("infusion", "E24b", instant, dose("prednisone", "20", SATURDAY)).outcome == FAILS
    assert verdict_on("infusion", "E24b", instant).outcome == UNKNOWN
    assert verdict_on("infusion", "E24b", instant + timedelta(days=30), dose("prednisone", "20", SATURDAY)).outcome == UNKNOWN


def test_an_assumption_stands_beside_every_verdict_until_somebody_approves_it() -> None:
    assert verdict_on("infusion", "E24b", local("2026-03-08 08:00")).assumption
