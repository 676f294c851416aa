"""On every page of a chart each date says how far away it is, and which day counted from the infusion."""

import re

import pytest

from tests.app.web.at_the_door import Desk

BARE = re.compile(
    r">\d{4}-\d\d-\d\d(?: \d\d:\d\d<span class=\"offset\">[^<]*</span>)?</time>(?!\s*(?:<span class=\"aside\">| · D|</span>))"
)
COUNTED = re.compile(r'<span class="aside"><time class="away"[^>]*>[^<]+</time> · D(?:[+-]\d+|0)</span>')


@pytest.mark.parametrize("page", ["", "/visits/day-28", "/consent", "/reviews", "/steps/infusion"])
def test_every_date_says_how_far_away_it_is_and_its_day(page: str, desk: Desk) -> None:
    shown = desk.sees(f"/participants/BER-003{page}").partition('<div class="pair">\n<section class="card" aria-labelledby="deviations">')[
        0
    ]
    assert not BARE.findall(shown.partition('<form class="form')[0])
    assert COUNTED.search(shown)


def test_before_the_infusion_dates_say_how_far_away_they_are_alone(desk: Desk) -> None:
    shown = desk.sees("/participants/BER-002/consent")
    assert not BARE.findall(shown)
    assert not COUNTED.search(shown)
    assert '<span class="aside"><time class="away"' in shown


def test_every_dose_says_how_long_ago_it_was_and_its_day(desk: Desk) -> None:
    path = "/participants/BER-003/medications"
    course = {"drug": "prednisone", "route": "oral", "indication": "lupus", "line.0": "40", "line.1": "1", "line.2": "2026-01-01"}
    recorded = desk.records(path, "medication", {**course, "line.3": "2026-01-07"}).partition('<form class="form')[0]
    assert not BARE.findall(recorded)
    assert len(COUNTED.findall(recorded)) == len(("from", "until"))
