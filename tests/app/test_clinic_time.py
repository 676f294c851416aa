from datetime import UTC, date, datetime, time, timedelta

import pytest

from app.clinic_time import SiteClock, day_of, hour_of, study_day
from domain.rejections import Refused
from domain.time import When

NOW = datetime(2026, 3, 1, 9, 30, 20, tzinfo=UTC)
BERLIN = SiteClock("Europe/Berlin", NOW)
SAO_PAULO = SiteClock("America/Sao_Paulo", NOW)


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("2026-03-01 10:30", "2026-03-01T09:30Z"),
        ("2026-03-01T10:30", "2026-03-01T09:30Z"),
        ("2026-07-01 10:30", "2026-07-01T08:30Z"),
        ("2026-03-01T10:30Z", "2026-03-01T10:30Z"),
        ("2026-03-01 10:30-03:00", "2026-03-01T13:30Z"),
        ("2026-03-01", "2026-03-01"),
        ("2026-03", "2026-03"),
        ("2026", "2026"),
        ("now", "2026-03-01T09:30Z"),
        ("2026-03-29 01:59", "2026-03-29T00:59Z"),
        ("2026-03-29 03:00", "2026-03-29T01:00Z"),
        ("2026-10-25T02:30+02:00", "2026-10-25T00:30Z"),
        ("2026-10-25T02:30+01:00", "2026-10-25T01:30Z"),
        ("2026-10-25 03:00", "2026-10-25T02:00Z"),
    ],
)
def test_a_time_is_read_on_the_clocks_of_the_site(typed: str, means: str) -> None:
    assert BERLIN.when(typed) == When(means)


def test_the_same_words_mean_another_instant_at_another_site() -> None:
    assert SAO_PAULO.when("2026-03-01 10:30") == When("2026-03-01T13:30Z")


@pytest.mark.parametrize("typed", ["2026-03-29 02:00", "2026-03-29 02:59"])
def test_a_time_that_the_clocks_skip_is_refused(typed: str) -> None:
    with pytest.raises(Refused, match=r"the clocks in Europe/Berlin never show 2026-03-29 02:\d\d"):
        BERLIN.when(typed)


@pytest.mark.parametrize("typed", ["2026-10-25 02:00", "2026-10-25 02:59"])
def test_a_time_that_the_clocks_show_twice_is_refused_with_both_readings(typed: str) -> None:
    with pytest.raises(Refused, match=r"twice.*2026-10-25 02:\d\d\+02:00 or 2026-10-25 02:\d\d\+01:00"):
        BERLIN.when(typed)


@pytest.mark.parametrize(
    "typed",
    ["", "yesterday", "10:30", "2026-3-1", "2026-13", "2026-02-30", "2026-03-01 24:30", "2026-03-01 10:30:15", "0026-03-01", "9999"],
)
def test_what_is_no_time_of_a_trial_is_refused(typed: str) -> None:
    with pytest.raises(Refused):
        BERLIN.when(typed)


def test_a_date_bounds_a_slot_from_its_beginning_to_its_end_also_when_the_clocks_change() -> None:
    assert BERLIN.bound("2026-03-29") == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert BERLIN.bound("2026-03-29", end=True) == datetime(2026, 3, 29, 22, tzinfo=UTC)


def test_a_month_does_not_bound_a_slot() -> None:
    with pytest.raises(Refused):
        BERLIN.bound("2026-03")


def test_a_date_is_read_to_the_day_and_no_other_way() -> None:
    assert day_of("2026-02-28") == date(2026, 2, 28)
    for typed in ("2026-02-29", "2026-02", "20260228", "2026-W09-6", "2026-02-28 ", ""):
        with pytest.raises(Refused, match="is no date; write 2026-03-01"):
            day_of(typed)


def test_an_hour_is_read_to_the_minute_and_no_other_way() -> None:
    assert [hour_of("00:00"), hour_of("23:59")] == [time(0), time(23, 59)]
    for typed in ("24:00", "23:60", "8:00", "08", "0800", "08:00:30", "08:00+01:00", ""):
        with pytest.raises(Refused, match="is no time of day; write 08:00"):
            hour_of(typed)


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (timedelta(0), "now"),
        (timedelta(minutes=1), "in 1 minute"),
        (timedelta(minutes=-59), "59 minutes ago"),
        (timedelta(hours=1), "in 1 hour"),
        (timedelta(hours=23), "in 23 hours"),
        (timedelta(hours=24), "in 1 day"),
        (timedelta(hours=60), "in 2 days"),
        (timedelta(days=-90), "90 days ago"),
    ],
)
def test_how_far_away_an_instant_is(ahead: timedelta, words: str) -> None:
    assert BERLIN.away(NOW + ahead) == words


def test_an_instant_is_shown_with_its_offset_and_a_vague_time_as_vague_as_it_is() -> None:
    assert BERLIN.shows(NOW) == "2026-03-01 10:30+01:00"
    assert BERLIN.shows_when(When("2026-07-01T08:30Z")) == "2026-07-01 10:30+02:00"
    assert BERLIN.shows_when(When("2026-07")) == "2026-07"


def test_study_days_are_counted_from_the_infusion_which_is_day_0() -> None:
    infusion = date(2026, 3, 1)
    days = [study_day(date(2026, 2, 24), infusion), study_day(infusion, infusion), study_day(date(2026, 3, 15), infusion)]
    assert days == ["D-5", "D0", "D+14"]
    assert study_day(infusion, None) == ""
