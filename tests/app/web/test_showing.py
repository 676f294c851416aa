"""Times are shown on the clocks of the site with their offset, on both sides of a clock change, and never without a zone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.clinic_time import SiteClock
from app.web.showing import as_known, away, beside, countdown, dated, edge, edge_away, instant, instant_dated, known_dated, left, plural
from domain.rejections import Reason
from domain.time import When

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
BERLIN = SiteClock("Europe/Berlin", NOW)
SAO_PAULO = SiteClock("America/Sao_Paulo", NOW)


@pytest.mark.parametrize(
    ("utc", "there"),
    [
        ("2026-03-29T00:59Z", "2026-03-29 01:59 +01:00"),
        ("2026-03-29T01:00Z", "2026-03-29 03:00 +02:00"),
        ("2026-10-25T00:59Z", "2026-10-25 02:59 +02:00"),
        ("2026-10-25T01:00Z", "2026-10-25 02:00 +01:00"),
    ],
)
def test_an_instant_is_shown_right_on_both_sides_of_a_clock_change(utc: str, there: str) -> None:
    shown = instant(datetime.fromisoformat(utc), BERLIN)
    assert shown.striptags() == there
    assert f'datetime="{utc}"' in shown
    assert f'title="{utc[:10]} {utc[11:16]} UTC"' in shown


def test_the_same_instant_is_shown_otherwise_at_another_site() -> None:
    assert instant(NOW, BERLIN).striptags() == "2026-03-01 10:30 +01:00"
    assert instant(NOW, SAO_PAULO).striptags() == "2026-03-01 06:30 -03:00"


@pytest.mark.parametrize(
    ("root", "there"),
    [("2026-03-01T09:30Z", "2026-03-01 10:30 +01:00"), ("2026-03-01", "2026-03-01"), ("2026-03", "2026-03"), ("2026", "2026")],
)
def test_a_time_is_shown_as_precisely_as_it_is_known(root: str, there: str) -> None:
    assert as_known(When(root), BERLIN).striptags() == there


def test_a_date_says_how_far_away_it_is_and_its_day_once_day_zero_is_known() -> None:
    assert dated(date(2026, 3, 3), BERLIN).striptags() == "2026-03-03 in 2 days"
    assert dated(date(2026, 3, 3), BERLIN, date(2026, 2, 17)).striptags() == "2026-03-03 in 2 days · D+14"
    assert dated(date(2026, 3, 1), BERLIN, date(2026, 3, 6)).striptags() == "2026-03-01 today · D-5"


@pytest.mark.parametrize(
    ("root", "told"),
    [
        ("2026-03-03T09:29Z", "2026-03-03 10:29 +01:00 in 2 days · D+14"),
        ("2026-02-16T23:00Z", "2026-02-17 00:00 +01:00 12 days ago · D0"),
        ("2026-03-03", "2026-03-03 in 2 days · D+14"),
        ("2026-03", "2026-03"),
        ("2026", "2026"),
    ],
)
def test_what_is_known_to_the_day_says_how_far_away_it_is_and_its_day(root: str, told: str) -> None:
    assert known_dated(When(root), BERLIN, date(2026, 2, 17)).striptags() == told
    assert known_dated(When(root), BERLIN).striptags() == told.partition(" ·")[0]


def test_an_instant_says_how_far_away_it_is_and_the_day_at_the_site_on_which_it_is() -> None:
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)
    assert instant_dated(late, BERLIN, date(2026, 2, 17)).striptags() == "2026-03-03 00:30 +01:00 in 2 days · D+14"


def test_of_several_reasons_a_field_is_told_those_about_it() -> None:
    reasons = (
        Reason(code="no-number", says="late hours: 'x' is no whole number"),
        Reason(code="password-too-short", says="too short"),
        Reason(code="held", says="nothing of the kind"),
    )
    assert beside(reasons, "late hours") == "'x' is no whole number"
    assert beside(reasons, "chosen", "password-") == "too short"
    assert not beside(reasons, "hours")


def test_the_edges_of_a_window_of_dates_are_the_dates_that_it_includes() -> None:
    opens, closes = datetime(2026, 3, 1, 23, 0, tzinfo=UTC), datetime(2026, 3, 3, 23, 0, tzinfo=UTC)
    assert edge(opens, BERLIN).striptags() == "2026-03-02"
    assert edge_away(opens, BERLIN).striptags() == "tomorrow"
    assert edge(closes, BERLIN, ends=True).striptags() == "end of 2026-03-03"
    assert edge(closes, BERLIN, ends=True, infusion=date(2026, 2, 17)).striptags() == "end of 2026-03-03 · D+14"
    assert edge_away(closes, BERLIN, ends=True).striptags() == "in 2 days"


@pytest.mark.parametrize("minutes", [-1, 1])
def test_the_edges_of_a_window_of_hours_are_instants(minutes: int) -> None:
    near_midnight = datetime(2026, 3, 1, 23, 0, tzinfo=UTC) + timedelta(minutes=minutes)
    assert edge(near_midnight, BERLIN, ends=True) == instant(near_midnight, BERLIN)
    assert edge_away(near_midnight, BERLIN, ends=True) == away(near_midnight, BERLIN)


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (-60, "now"),
        (59, "now"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (86399, "23 h 59 min"),
        (86400, "1 d"),
        (183900, "2 d 3 h 5 min"),
    ],
)
def test_a_countdown_says_whole_minutes(seconds: int, says: str) -> None:
    assert left(timedelta(seconds=seconds)) == says
    assert countdown(NOW + timedelta(seconds=seconds), BERLIN).striptags() == says


@pytest.mark.parametrize(("count", "word", "says"), [(0, "row", "0 rows"), (1, "row", "1 row"), (2, "entry", "2 entries")])
def test_what_is_counted_stands_in_its_number(count: int, word: str, says: str) -> None:
    assert plural(count, word) == says
