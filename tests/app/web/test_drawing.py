"""Drawings escape what they are told, keep within their bounds, and give everything a shape of its own."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import get_args
from xml.etree import ElementTree as ET

import pytest

from app.web.drawing import BAR_WIDTH, LABELS, LEGEND, POINTS, WIDTH, Kind, Lane, Piece, Scale, timeline_drawing, window_bar
from app.web.marks import SHAPES, mark
from domain.verdicts import Outcome
from projections.worklist_rows import State as WorklistState

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SCALE = Scale(date(2026, 3, 1), date(2026, 4, 11), "Europe/Berlin", NOW, infusion=date(2026, 3, 3))
HOSTILE = "<script>\"&'"


def drawn(*pieces: Piece, label: str = "Visit", scale: Scale = SCALE) -> ET.Element:
    return ET.fromstring(timeline_drawing((Lane(label, pieces),), scale, label))  # noqa: S314 - It was drawn here.


def placed(drawing: ET.Element, tag: str, kind: str) -> list[ET.Element]:
    return [one for one in drawing.iter(tag) if kind in one.get("class", "").split()]


def test_whatever_a_drawing_is_told_is_escaped() -> None:
    drawing = drawn(Piece("window", NOW, HOSTILE, NOW + DAY), Piece("done", NOW, HOSTILE), label=HOSTILE)
    assert [one.text for one in drawing.iter("title")] == [HOSTILE] * 3
    assert [one.text for one in drawing.iter("text")].count(HOSTILE) == 1
    assert not list(drawing.iter("script"))


def test_what_reaches_beyond_the_calendar_is_cut_off_at_its_edges() -> None:
    (bar,) = placed(drawn(Piece("window", NOW - 400 * DAY, "", NOW + 400 * DAY)), "rect", "window")
    assert (float(bar.get("x", "")), float(bar.get("width", ""))) == (LABELS, WIDTH - LABELS)


@pytest.mark.parametrize(("ends", "seen"), [(timedelta(0), 1), (-timedelta(minutes=1), 0)])
def test_what_lies_outside_the_calendar_is_not_drawn(ends: timedelta, seen: int) -> None:
    piece = Piece("window", SCALE.begins - DAY, "", SCALE.begins + ends)
    assert len(placed(drawn(piece), "rect", "window")) == seen


def test_days_are_of_equal_width_but_for_the_hour_of_a_clock_change() -> None:
    before = SCALE.x(datetime(2026, 3, 28, 23, 0, tzinfo=UTC)) - SCALE.x(datetime(2026, 3, 27, 23, 0, tzinfo=UTC))
    changed = SCALE.x(datetime(2026, 3, 29, 22, 0, tzinfo=UTC)) - SCALE.x(datetime(2026, 3, 28, 23, 0, tzinfo=UTC))
    assert changed / before == pytest.approx(23 / 24, abs=0.01)


def test_today_is_drawn_only_where_it_lies_within_the_calendar() -> None:
    assert "today, D+7" in timeline_drawing((), SCALE, "")
    past = Scale(SCALE.first, SCALE.last, SCALE.zone, SCALE.begins - timedelta(minutes=1))
    assert "today" not in timeline_drawing((), past, "")


def test_the_calendar_counts_weeks_from_day_zero() -> None:
    days = [one.text for one in placed(drawn(), "text", "day")]
    assert days == ["D0", "D+7", "D+14", "D+21", "D+28", "D+35"]


def test_a_drawing_says_in_words_what_it_is() -> None:
    drawing = drawn(label="Timeline of BER-001")
    assert drawing.get("role") == "img"
    title, desc = drawing.find("title"), drawing.find("desc")
    assert title is not None
    assert desc is not None
    assert drawing.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"


@pytest.mark.parametrize("away", [timedelta(0), -365 * DAY, 365 * DAY])
def test_nothing_leaves_the_bar_of_a_cell(away: timedelta) -> None:
    bar = window_bar(NOW, NOW + 4 * DAY, NOW + away, (Piece("stray", NOW + 9 * DAY, ""),))
    across = [float(x) for x in re.findall(r'(?:\bx="|M|translate\()(\d+(?:\.\d+)?)', bar)]
    assert across
    assert all(0 <= x <= BAR_WIDTH for x in across)


def test_a_bar_points_to_a_now_that_lies_beyond_it() -> None:
    assert 'd="M5 6l-4 4l4 4"' in window_bar(NOW, NOW + DAY, NOW - 9 * DAY)
    assert f'd="M{BAR_WIDTH - 5} 6l4 4l-4 4"' in window_bar(NOW, NOW + DAY, NOW + 9 * DAY)
    assert "now" not in window_bar(NOW, NOW + DAY, None)


def test_every_kind_of_piece_is_told_of_in_the_legend_and_every_point_has_a_shape_of_its_own() -> None:
    assert {kind for kind, _ in LEGEND} == set(get_args(Kind))
    assert len(set(POINTS.values())) == len(POINTS)


def test_every_state_has_a_shape_and_a_word_of_its_own() -> None:
    assert len({shape for _, shape in SHAPES.values()}) == len(SHAPES)
    assert len({mark(state).word for state in SHAPES}) == len(SHAPES)
    assert set(SHAPES) >= {*get_args(WorklistState), *get_args(Outcome)}
