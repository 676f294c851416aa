"""Cells, results, deviations and the end of the study: when somebody is told, until when it matters, and what ends it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain import commands as c
from domain import events as e
from domain.time import MINUTE, When, local_date, midnight
from tests.builders import BERLIN, CODE, Story, Trial, pregnancy_test
from tests.domain.test_reminded_of_visits import given, to_come

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)


def today(story: Story) -> date:
    return local_date(story.trial.clock(), BERLIN)


# Cells


@pytest.fixture
def collected() -> Story:
    return Trial().participant().is_eligible().is_collected()


@pytest.mark.parametrize(("ahead", "told"), [(20, 13), (7, 0), (3, 0)], ids=["weeks ahead", "a week ahead", "days ahead"])
def test_cells_that_are_not_released_are_asked_of_the_laboratory_a_week_before_lymphodepletion(
    collected: Story, ahead: int, told: int
) -> None:
    planned = collected.trial.clock()
    collected.plans("lymphodepletion", planned + ahead * DAY).plans("infusion", planned + (ahead + 5) * DAY)
    [one] = to_come(collected, "release")
    slot = collected.now.plans["lymphodepletion"].slot
    assert one.key == f"release:lymphodepletion:{slot.start:%Y%m%dT%H%MZ}"
    assert (one.due, one.pointless_after) == (planned + told * DAY, slot.until)
    assert (one.urgency, one.to) == ("timely", "cell-lab")


def test_released_cells_are_not_asked_for_and_those_of_an_infusion_without_lymphodepletion_are(collected: Story) -> None:
    collected.plans("infusion", collected.trial.clock() + 20 * DAY)
    [one] = to_come(collected, "release")
    assert one.key.startswith("release:infusion")
    collected.lives_until(one.due - MINUTE)
    assert given(collected, "release") == []
    collected.lives_until(one.due)
    assert given(collected, "release") == [one.key]
    collected.plans("infusion", collected.trial.clock() + 20 * DAY)
    collected.reports(e.ProductReceived(at=collected.at(), identity=CODE, expires=today(collected) + 90 * DAY), "cell-lab")
    assert to_come(collected, "release")
    collected.reports(e.ProductReleased(at=collected.at(), identity=CODE), "cell-lab")
    assert not to_come(collected, "release")


def test_cells_that_failed_are_urgent_for_a_week_until_others_are_collected(collected: Story) -> None:
    collected.reports(e.ProductFailed(at=collected.at(), identity=CODE, why="too few cells"), "cell-lab")
    [one] = to_come(collected, "product-failed")
    now = collected.trial.clock()
    assert one.key == f"product-failed:{collected.entry_of(e.ProductFailed)}"
    assert (one.due, one.pointless_after, one.urgency, one.to) == (now, now + A_WEEK, "urgent", "coordinator")
    collected.trial.clock.move(days=1)
    collected.reports(e.LeukapheresisStarted(at=collected.at()), reason="collected again")
    assert not to_come(collected, "product-failed")


def test_a_collection_that_failed_at_the_bedside_is_no_product_that_failed() -> None:
    story = Trial().participant().is_eligible()
    story.reports(e.LeukapheresisStarted(at=story.at()))
    story.reports(e.LeukapheresisFailed(at=story.at(), why="no access"))
    assert not to_come(story, "product-failed")


# Results of a screening


@pytest.fixture
def screened() -> Story:
    """Somebody of whom everything was found on the first day of screening, 5 January, and whom nobody has confirmed."""
    story = Trial().participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    return story.is_screened()


def expiring(story: Story) -> dict[str, tuple[date, date]]:
    """On which dates it is told that results expire, and from which on they are too old."""
    found = to_come(story, "results-expire")
    assert {(one.urgency, one.to) for one in found} <= {("digest", "coordinator")}
    return {
        one.key.rpartition(":")[2]: (local_date(one.due, BERLIN), local_date(one.pointless_after, BERLIN))
        for one in found
        if one.due == midnight(local_date(one.due, BERLIN), BERLIN)
    }


def test_results_that_will_be_too_old_are_told_of_once_for_each_date_on_the_day_before(screened: Story) -> None:
    assert expiring(screened) == {
        "20260112": (date(2026, 1, 11), date(2026, 1, 13)),
        "20260119": (date(2026, 1, 18), date(2026, 1, 20)),
        "20260202": (date(2026, 2, 1), date(2026, 2, 3)),
    }, "a pregnancy test counts for seven days, most others for 14, the rest for 28"
    screened.lives_until(midnight(date(2026, 1, 11), BERLIN) - MINUTE)
    assert given(screened, "results-expire") == []
    screened.lives_until(midnight(date(2026, 1, 11), BERLIN))
    assert given(screened, "results-expire") == ["results-expire:20260112"]


def test_a_test_that_is_repeated_counts_for_longer_and_what_is_confirmed_expires_no_more(screened: Story) -> None:
    screened.trial.clock.move(days=3)
    screened.reports(pregnancy_test(screened.at()))
    assert set(expiring(screened)) == {"20260115", "20260119", "20260202"}
    screened.confirms()
    assert expiring(screened) == {}


def test_a_result_that_was_taken_back_and_a_test_that_only_a_gate_asks_for_do_not_expire(screened: Story) -> None:
    made = next(one for one in screened.now.observations if one.fact.test == "pregnancy-test")
    screened.asks(c.Correct(entry=made.entry, fact=made.fact.model_copy(update={"valid": False})), reason="another chart")
    screened.reports(e.ObservationMade(at=screened.at(), test="body-temperature", value=Decimal(36), unit="°C"))
    assert set(expiring(screened)) == {"20260119", "20260202"}


# Deviations


@pytest.fixture
def deviated() -> Story:
    """Somebody who came to the visit of day 3 a day late."""
    story = Trial().participant().is_ready().is_infused()
    story.lives_until(story.trial.clock() + 5 * DAY)
    story.reports(e.VisitCompleted(visit="day-3", at=story.at()), reason="a strike of the railway")
    return story


KEY = "visit:day-3:window"


def of_the_visit(story: Story, beginning: str) -> list[str]:
    entry = story.now.deviations[KEY].opened_in
    return [one.key for one in to_come(story, f"{beginning}:{entry}")]


def describes(story: Story, **details: object) -> None:
    story.asks(c.DescribeDeviation(key=KEY, details=e.DeviationDetails.model_validate(details)))


def reviews(story: Story) -> None:
    story.asks(c.ReviewDeviation(key=KEY, entry=story.now.deviations[KEY].told_in), "investigator", signed=True)


def test_a_deviation_is_shown_to_the_investigator_the_next_morning_until_it_is_reviewed(deviated: Story) -> None:
    entry = deviated.now.deviations[KEY].entry
    [one] = to_come(deviated, f"deviation-review:{entry}")
    assert (one.due, one.pointless_after) == (deviated.trial.clock(), deviated.trial.clock() + 730 * DAY)
    assert (one.urgency, one.to) == ("digest", "investigator")
    describes(deviated, cause="a strike")
    assert of_the_visit(deviated, "deviation-review") == [one.key], "what is found out before the review is no other matter"
    reviews(deviated)
    assert of_the_visit(deviated, "deviation-review") == []


def test_a_review_that_is_superseded_is_asked_for_anew(deviated: Story) -> None:
    deviated.advances()
    assert of_the_visit(deviated, "deviation-review") == []
    reviews(deviated)
    describes(deviated, cause="a strike")
    assert of_the_visit(deviated, "deviation-review") == [f"deviation-review:{deviated.entry_of(e.DeviationDescribed)}"]


def test_what_is_only_proposed_is_not_to_be_reviewed_yet(deviated: Story) -> None:
    proposed = deviated.now.deviations["visit:day-1:missed"]
    assert not proposed.final
    assert not to_come(deviated, f"deviation-review:{proposed.opened_in}")


def test_an_important_deviation_that_was_not_reported_to_the_sponsor_is_asked_about_a_week_later(deviated: Story) -> None:
    assert of_the_visit(deviated, "deviation-unreported") == []
    since = deviated.trial.clock()
    describes(deviated, important=True)
    [one] = to_come(deviated, "deviation-unreported")
    assert (one.due, one.pointless_after) == (since + A_WEEK, since + 730 * DAY)
    assert (one.urgency, one.to) == ("timely", "coordinator")
    reviews(deviated)
    assert of_the_visit(deviated, "deviation-unreported") == [one.key], "a review is no report"
    describes(deviated, important=True, reported_to_sponsor_on=today(deviated))
    assert of_the_visit(deviated, "deviation-unreported") == []


# The end


def test_whoever_was_infused_and_completes_the_study_is_handed_over_to_long_term_follow_up() -> None:
    story = Trial().participant().is_ready().is_infused()
    story.lives_until(midnight(date(2028, 3, 11), BERLIN) - MINUTE)
    assert story.now.completed_at is None
    assert given(story, "hand-over") == []
    story.lives_until(midnight(date(2028, 4, 30), BERLIN))
    assert story.now.completed_at is not None
    ended = local_date(story.now.completed_at, BERLIN)
    assert given(story, "hand-over") == [f"hand-over:{ended:%Y%m%d}"]


STOPPED = e.VisitsStopped(at=When("2026-02-20"), why="moved away", records_allowed=True)


@pytest.mark.parametrize(
    ("left", "handed_over"),
    [
        ((STOPPED,), True),
        ((STOPPED.model_copy(update={"records_allowed": False}),), False),
        ((e.TreatmentStopped(at=When("2026-02-20"), why="too tired"),), False),
        ((STOPPED, e.Died(at=When("2026-02-21"))), False),
    ],
    ids=["comes no more", "allows no records", "still comes", "has died since"],
)
def test_whoever_comes_no_more_is_handed_over_where_the_way_of_leaving_allows_it(left: tuple[e.Fact, ...], *, handed_over: bool) -> None:
    story = Trial().participant().is_ready().is_infused()
    story.trial.clock.move(days=20)
    for fact in left:
        story.reports(fact)
    found = to_come(story, "hand-over")
    assert [one.key for one in found] == (["hand-over:20260220"] if handed_over else [])
    now = story.trial.clock()
    assert [(one.due, one.pointless_after, one.urgency, one.to) for one in found] == (
        [(now, now + 90 * DAY, "digest", "coordinator")] if handed_over else []
    )


def test_whoever_was_not_infused_is_not_handed_over() -> None:
    story = Trial().participant().is_eligible()
    story.reports(STOPPED.model_copy(update={"at": story.at()}))
    assert not to_come(story, "hand-over")
