"""What is told late, in another order than it happened, or at the edges of a calendar comes out as if it had been told in time."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from uuid import NAMESPACE_OID

import pytest

from domain import commands as c
from domain import events as e
from domain.anchors import anchors
from domain.decisions import decide
from domain.leaving import ways_in_force
from domain.rejections import Refused
from domain.time import When, local_date, midnight
from domain.visits import windows
from domain.words import HoldPoint
from tests.builders import BERLIN, CODE, START, Trial, by_, codes, dose, local, minute, review, study_of, told, verdict_on

# Contact lost and regained


LOST, REGAINED, LOST_AGAIN = (When(f"2026-01-{day}") for day in ("10", "12", "14"))


@pytest.mark.parametrize("order", list(permutations(["lost", "regained"])), ids=" then ".join)
def test_contact_that_was_regained_after_it_was_lost_is_not_lost_in_whatever_order_told(order: tuple[str, ...]) -> None:
    facts: dict[str, e.Event] = {"lost": e.ContactLost(at=LOST), "regained": e.ContactRegained(at=REGAINED)}
    assert not ways_in_force(told([facts[name] for name in order]).participant, BERLIN)


def test_contact_that_is_lost_again_stays_lost_though_that_it_was_regained_is_told_last() -> None:
    now = told([e.ContactLost(at=LOST), e.ContactLost(at=LOST_AGAIN), e.ContactRegained(at=REGAINED)]).participant
    assert [at for _, at in ways_in_force(now, BERLIN)] == [LOST_AGAIN.span(BERLIN).latest]


@pytest.mark.parametrize(
    ("first", "then", "still_lost"),
    [
        pytest.param(e.ContactLost(at=LOST), e.ContactRegained(at=LOST), False, id="lost and regained on one date"),
        pytest.param(e.ContactRegained(at=LOST), e.ContactLost(at=LOST), True, id="regained and lost on one date"),
    ],
)
def test_where_the_times_do_not_tell_the_order_of_telling_does(first: e.Event, then: e.Event, *, still_lost: bool) -> None:
    assert bool(ways_in_force(told([first, then]).participant, BERLIN)) == still_lost


# The first bag of an infusion


def test_the_first_bag_in_time_is_day_0_also_when_the_second_was_told_first() -> None:
    story = Trial().participant().is_ready().is_cleared()
    first = story.trial.clock()
    story.trial.clock.move(hours=30)
    story.reports(e.InfusionStarted(at=story.at(), identity=CODE, bag=2))
    story.reports(e.InfusionStarted(at=When.at(first), identity=CODE, bag=1))
    assert anchors(story.now, story.trial.participants.study())["infusion"].on == local_date(first, BERLIN)
    held = {window.visit: window.held for window in windows(story.now, story.trial.participants.study())}
    assert held["infusion"] == When.at(first)
    taken = story.now.taken_step("infusion")
    assert taken is not None
    assert (taken.occurrence, taken.at, taken.done) == (1, When.at(first), When.at(first))
    assert not [key for key in story.now.deviations if key.startswith("gate:infusion")]


def test_a_thaw_stays_the_hold_point_when_the_first_bag_is_told_after_the_second() -> None:
    story = Trial().participant().is_ready().is_cleared()
    story.asks(c.Perform(beginning=c.ReleaseToThaw(identity=CODE)))
    thawed = story.at()
    story.trial.clock.move(minutes=10)
    first = story.at()
    story.trial.clock.move(hours=2)
    for at, bag in ((story.at(), 2), (first, 1)):
        story.reports(e.InfusionStarted(at=at, identity=CODE, bag=bag))
    taken = story.now.taken_step("infusion")
    assert taken is not None
    assert (taken.occurrence, taken.at, taken.done) == (1, thawed, first)


# The ends of months, and a day that comes every four years


@pytest.mark.parametrize(
    ("infused", "targets"),
    [
        ("2028-01-31", {"month-2": "2028-03-31", "month-3": "2028-04-30", "month-12": "2029-01-31", "month-24": "2030-01-31"}),
        ("2027-12-31", {"month-2": "2028-02-29", "month-6": "2028-06-30", "month-9": "2028-09-30", "month-24": "2029-12-31"}),
        ("2026-12-31", {"month-2": "2027-02-28", "month-24": "2028-12-31"}),
        ("2028-02-29", {"month-2": "2028-04-29", "month-12": "2029-02-28", "month-18": "2029-08-29", "month-24": "2030-02-28"}),
        ("2026-02-28", {"month-24": "2028-02-28"}),
        ("2026-08-31", {"month-6": "2027-02-28", "month-18": "2028-02-29", "month-24": "2028-08-31"}),
    ],
)
def test_months_are_counted_from_the_infusion_itself_and_clamp_to_the_end_of_a_shorter_one(infused: str, targets: dict[str, str]) -> None:
    infusion = e.InfusionStarted(at=When(infused), identity=CODE)
    found = {window.visit: window for window in windows(told([infusion]).participant, study_of())}
    assert {visit: f"{found[visit].target}" for visit in targets} == targets
    first, last = found["month-2"].opens, found["month-2"].closes
    assert (found["month-2"].target - first, last - found["month-2"].target) == (timedelta(days=7), timedelta(days=7))


# Zones


FAR = [
    ("Pacific/Pago_Pago", "-11:00"),
    ("Pacific/Kiritimati", "+14:00"),
    ("Asia/Kathmandu", "+05:45"),
    ("Asia/Kolkata", "+05:30"),
    ("Pacific/Chatham", "+12:45"),
]


@pytest.mark.parametrize(("zone", "offset"), FAR)
@pytest.mark.parametrize(
    ("gate", "bound"),
    [
        (("infusion", "E24b"), ("2026-06-13 08:00", "2026-06-13 08:01")),
        (("leukapheresis", "E24a"), ("2026-06-17 23:59", "2026-06-18 00:00")),
    ],
)
def test_look_backs_are_those_of_the_site_however_far_it_lies(
    zone: str, offset: str, gate: tuple[HoldPoint, str], bound: tuple[str, str]
) -> None:
    taken = dose("prednisone", "20", minute("2026-06-10 08:00", zone))
    assert taken.start.shown(zone) == f"2026-06-10 08:00{offset}"
    found = [verdict_on(*gate, local(at, zone), taken, review(minute(at, zone), None), zone=zone).outcome for at in bound]
    assert found == ["fails", "passes"]


@pytest.mark.parametrize(
    ("taken", "fails", "passes"),
    [
        pytest.param("2026-10-02 08:00", "2026-10-05 08:30", "2026-10-05 08:31", id="put forward by half an hour"),
        pytest.param("2026-04-03 08:00", "2026-04-06 07:30", "2026-04-06 07:31", id="put back by half an hour"),
    ],
)
def test_where_the_clocks_change_by_half_an_hour_72_hours_are_72_hours(taken: str, fails: str, passes: str) -> None:
    zone = "Australia/Lord_Howe"
    swallowed = dose("prednisone", "20", minute(taken, zone))
    found = [
        verdict_on("infusion", "E24b", local(at, zone), swallowed, review(minute(at, zone), None), zone=zone).outcome
        for at in (fails, passes)
    ]
    assert found == ["fails", "passes"]


# A date that a site skipped: Samoa went from the 29th to the 31st of December 2011


SAMOA = "Pacific/Apia"


def test_a_date_that_the_site_skipped_has_no_minute() -> None:
    assert midnight(date(2011, 12, 30), SAMOA) == midnight(date(2011, 12, 31), SAMOA) == datetime(2011, 12, 30, 10, tzinfo=UTC)
    assert midnight(date(2011, 12, 31), SAMOA) - midnight(date(2011, 12, 29), SAMOA) == timedelta(hours=24)


@pytest.mark.parametrize(
    ("day", "why"), [("2011-12-29", set()), ("2011-12-30", {"no-such-date"}), ("2011-12-31", set()), ("2011-12", set())]
)
@pytest.mark.parametrize("zone", [SAMOA, BERLIN])
@pytest.mark.parametrize(
    "stating",
    [
        pytest.param(lambda when: e.ProcedurePerformed(name="an operation", major=True, at=when), id="as when it was"),
        pytest.param(lambda when: e.DemographicsRecorded(at=When.at(START), born=when, sex="female"), id="as the day of birth"),
        pytest.param(
            lambda when: e.ScoreAssessed(
                at=When.at(START), score="selena-sledai", items=(e.ScoreItem(item="rash", present=True, since=when),)
            ),
            id="as since when an item is present",
        ),
    ],
)
def test_a_date_that_the_site_skipped_cannot_be_stated(stating: Callable[[When], e.Fact], zone: str, day: str, why: set[str]) -> None:
    fact, by = stating(When(day)), by_("coordinator", NAMESPACE_OID, reason="it was so")
    found: set[str] = set()
    try:
        decide(c.Report(fact=fact), told([]), study_of(zone), START, by)
    except Refused as refused:
        found = codes(refused)
    assert found == (why if zone == SAMOA else set())
