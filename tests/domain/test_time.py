"""Periods, dates and uncertain times come out as a site's calendar and clocks say, on both sides of every clock change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.rules.reviews import first_looking_back_to
from domain.time import MINUTE, Interval, Period, When, clock_time, found_until, local_date, midnight, to_the_minute
from tests.builders import BERLIN, SAO_PAULO, local

NEW_YORK, SANTIAGO, HAVANA = "America/New_York", "America/Santiago", "America/Havana"
ZONES = st.sampled_from([BERLIN, SAO_PAULO, NEW_YORK, SANTIAGO, HAVANA, "Asia/Kolkata", "UTC"])
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))
MINUTES = st.datetimes(datetime(2024, 1, 1), datetime(2030, 12, 31), timezones=st.just(UTC)).map(to_the_minute)  # noqa: DTZ001 - Hypothesis adds the zone.
PERIODS = st.sampled_from(["PT72H", "PT24H", "PT90M", "P1D", "P7D", "P4W", "P6M", "P2Y"]).map(Period)


# Periods


@pytest.mark.parametrize("text", ["72H", "PT72", "P7H", "PT7D", "P1M2D", "P-1D", "PT0.5H", "", "P4w", "PT72H\n", "P٣D"])
def test_a_period_that_does_not_say_its_basis_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Period(text)


@pytest.mark.parametrize(
    ("text", "words", "elapsed"),
    [
        ("PT72H", "72 hours", timedelta(hours=72)),
        ("PT1M", "1 minute", timedelta(minutes=1)),
        ("P1D", "1 day", None),
        ("P4W", "4 weeks", None),
        ("P6M", "6 months", None),
        ("P2Y", "2 years", None),
    ],
)
def test_hours_and_minutes_elapse_and_everything_longer_is_counted_on_the_calendar(
    text: str, words: str, elapsed: timedelta | None
) -> None:
    assert (str(Period(text)), Period(text).elapsed) == (words, elapsed)


@pytest.mark.parametrize(
    ("day", "period", "after"),
    [
        ("2026-01-31", "P1M", "2026-02-28"),
        ("2028-01-31", "P1M", "2028-02-29"),
        ("2026-08-31", "P6M", "2027-02-28"),
        ("2028-02-29", "P1Y", "2029-02-28"),
        ("2026-03-31", "P1M", "2026-04-30"),
        ("2026-12-15", "P1M", "2027-01-15"),
        ("2026-02-27", "P4W", "2026-03-27"),
        ("2028-02-28", "P1D", "2028-02-29"),
    ],
)
def test_months_and_years_clamp_to_the_end_of_a_shorter_month(day: str, period: str, after: str) -> None:
    assert Period(period).after(date.fromisoformat(day)) == date.fromisoformat(after)


def test_counting_a_month_back_clamps_too() -> None:
    assert Period("P1M").before(date(2026, 3, 31)) == date(2026, 2, 28)


@given(DAYS, st.sampled_from(["P1M", "P6M", "P1Y", "P7D"]).map(Period))
def test_the_first_date_that_looks_back_to_a_day_is_the_first_that_does_not_look_behind_it(day: date, period: Period) -> None:
    first = first_looking_back_to(day, period)
    assert period.before(first) >= day
    assert period.before(first - timedelta(days=1)) < day


# Look-backs


@pytest.mark.parametrize(
    ("happened", "period", "free_from"),
    [
        ("2026-03-03 08:00", "PT72H", "2026-03-06 08:01"),
        ("2026-03-28 08:00", "PT72H", "2026-03-31 09:01"),  # an hour is lost on the 29th
        ("2026-10-24 08:00", "PT72H", "2026-10-27 07:01"),  # an hour is gained on the 25th
        ("2026-03-03 00:00", "P7D", "2026-03-11 00:00"),
        ("2026-03-03 23:59", "P7D", "2026-03-11 00:00"),
        ("2026-03-25 23:59", "P7D", "2026-04-02 00:00"),
        ("2026-10-20 00:00", "P7D", "2026-10-28 00:00"),
        ("2026-03-01 12:00", "P4W", "2026-03-30 00:00"),
        ("2026-08-31 12:00", "P6M", "2027-03-01 00:00"),
    ],
)
def test_a_look_back_lets_go_a_minute_after_elapsed_time_and_on_the_date_after_calendar_time(
    happened: str, period: str, free_from: str
) -> None:
    assert found_until(local(happened), Period(period), BERLIN) == local(free_from)


def test_a_calendar_look_back_counts_the_dates_of_the_site_and_not_those_of_greenwich() -> None:
    late_evening_in_new_york = datetime(2026, 3, 4, 3, 30, tzinfo=UTC)
    assert found_until(late_evening_in_new_york, Period("P7D"), NEW_YORK) == local("2026-03-11 00:00", NEW_YORK)
    assert found_until(late_evening_in_new_york, Period("P7D"), BERLIN) == local("2026-03-12 00:00")


@given(MINUTES, PERIODS, ZONES)
def test_what_happened_later_is_never_let_go_earlier(happened: datetime, period: Period, zone: str) -> None:
    assert found_until(happened, period, zone) <= found_until(happened + MINUTE, period, zone)
    assert found_until(happened, period, zone) > happened


# Dates at the site


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (BERLIN, "2026-03-29", 23),
        (BERLIN, "2026-10-25", 25),
        (BERLIN, "2026-03-28", 24),
        (NEW_YORK, "2026-03-08", 23),
        (NEW_YORK, "2026-11-01", 25),
        (SANTIAGO, "2026-09-06", 23),
        (HAVANA, "2026-03-08", 23),
        (HAVANA, "2026-11-01", 25),
    ],
)
def test_a_date_with_a_clock_change_is_an_hour_shorter_or_longer(zone: str, day: str, hours: int) -> None:
    on = date.fromisoformat(day)
    assert midnight(on + timedelta(days=1), zone) - midnight(on, zone) == timedelta(hours=hours)


def test_a_date_whose_midnight_is_skipped_begins_at_one_o_clock() -> None:
    begins = midnight(date(2026, 9, 6), SANTIAGO)
    assert begins == datetime(2026, 9, 6, 4, 0, tzinfo=UTC)
    assert local_date(begins, SANTIAGO) == date(2026, 9, 6)
    assert local_date(begins - MINUTE, SANTIAGO) == date(2026, 9, 5)


def test_a_date_whose_midnight_comes_twice_begins_with_the_first() -> None:
    begins = midnight(date(2026, 11, 1), HAVANA)
    assert begins == datetime(2026, 11, 1, 4, 0, tzinfo=UTC)
    assert local_date(begins - MINUTE, HAVANA) == date(2026, 10, 31)


@given(DAYS, ZONES)
def test_every_date_begins_where_the_one_before_it_ends(day: date, zone: str) -> None:
    begins = midnight(day, zone)
    assert local_date(begins, zone) == day
    assert local_date(begins - MINUTE, zone) == day - timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "hour", "shown"),
    [
        ("2026-03-29", 2, "2026-03-29T01:30"),  # half past two is skipped: the clocks show half past three
        ("2026-10-25", 2, "2026-10-25T01:30"),  # half past two comes twice: the second time
        ("2026-06-01", 8, "2026-06-01T06:30"),
    ],
)
def test_a_clock_time_that_is_skipped_or_repeated_is_the_later_instant(day: str, hour: int, shown: str) -> None:
    assert clock_time(date.fromisoformat(day), hour, 30, BERLIN) == datetime.fromisoformat(shown).replace(tzinfo=UTC)


# Times as precisely as they are known


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01T10:30",
        "2026-03-01 10:30Z",
        "2026-03-01T10:30:00Z",
        "2026-03-01T10:30+01:00",
        "2026-02-30",
        "2026-13",
        "26",
        "",
        "today",
        "٢٠٢٦",
    ],
)
def test_a_time_that_is_naive_local_or_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        When(text)


@pytest.mark.parametrize(
    ("text", "zone", "earliest", "latest"),
    [
        ("2026-03-01T10:30Z", BERLIN, "2026-03-01T10:30", "2026-03-01T10:30"),
        ("2026-03-29", BERLIN, "2026-03-28T23:00", "2026-03-29T21:59"),
        ("2026-10-25", BERLIN, "2026-10-24T22:00", "2026-10-25T22:59"),
        ("2026-03-08", NEW_YORK, "2026-03-08T05:00", "2026-03-09T03:59"),
        ("2026-09-06", SANTIAGO, "2026-09-06T04:00", "2026-09-07T02:59"),
        ("2026-02", BERLIN, "2026-01-31T23:00", "2026-02-28T22:59"),
        ("2028-02", BERLIN, "2028-01-31T23:00", "2028-02-29T22:59"),
        ("2026", BERLIN, "2025-12-31T23:00", "2026-12-31T22:59"),
    ],
)
def test_a_time_without_minutes_is_the_whole_day_month_or_year_at_the_site(text: str, zone: str, earliest: str, latest: str) -> None:
    span = When(text).span(zone)
    assert span.earliest == datetime.fromisoformat(earliest).replace(tzinfo=UTC)
    assert span.latest == datetime.fromisoformat(latest).replace(tzinfo=UTC)
    assert span.exact == When(text).exact


@given(MINUTES, ZONES)
def test_the_coarser_a_time_is_told_the_wider_its_span(instant: datetime, zone: str) -> None:
    day = local_date(instant, zone).isoformat()
    told = [When.at(instant), When(day), When(day[:7]), When(day[:4])]
    spans = [when.span(zone) for when in told]
    for finer, coarser in pairwise(spans):
        assert coarser.earliest <= finer.earliest <= finer.latest <= coarser.latest


def test_an_instant_is_told_to_the_minute_in_which_it_lies() -> None:
    assert When.at(datetime(2026, 3, 1, 10, 30, 59, 999999, tzinfo=UTC)).root == "2026-03-01T10:30Z"
    assert When.at(local("2026-03-01 10:30")).root == "2026-03-01T09:30Z"


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValidationError):
        Interval(start=datetime(2026, 3, 1), end=datetime(2026, 3, 2))  # noqa: DTZ001 - That is what must be refused.


def test_an_interval_holds_its_start_and_not_its_end() -> None:
    interval = Interval(start=local("2026-03-01 10:00"), end=local("2026-03-01 12:00"))
    assert [local(f"2026-03-01 {at}") in interval for at in ("09:59", "10:00", "11:59", "12:00")] == [False, True, True, False]
