"""The days of lymphodepletion: an omitted dose is a deviation that stands for itself, and so is a dose that is given on another date."""

from datetime import timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.time import When, local_date
from domain.visits import windows
from tests.builders import BERLIN, Story, Trial, minute

FLUDARABINE, CYCLOPHOSPHAMIDE = "fludarabine", "cyclophosphamide"


@pytest.fixture
def story() -> Story:
    """A participant who got the first dose, of day −5, half an hour ago."""
    story = Trial().participant().is_eligible().is_collected().has_product()
    first = story.trial.clock() + timedelta(days=1)
    story.plans("infusion", first + timedelta(days=5)).plans("lymphodepletion", first)
    story.trial.clock.move_to(first)
    story.is_seen_before("lymphodepletion").advances()
    story.asks(c.Perform(beginning=c.BeginLymphodepletion(day=-5, drug=FLUDARABINE)))
    story.trial.clock.move(minutes=30)
    return story


def told(story: Story, day: int, outcome: str = "given", drug: str = FLUDARABINE, at: When | None = None) -> e.LymphodepletionDose:
    return e.LymphodepletionDose.model_validate({"at": at or story.at(), "day": day, "drug": drug, "outcome": outcome})


def standing(story: Story) -> set[str]:
    """The deviations that stand for doses and for lymphodepletion days."""
    return {key for key in story.now.deviations if key.startswith(("dose:", "visit:lymphodepletion"))}


def state(story: Story, day: int) -> tuple[str, When | None]:
    found = {one.visit: one for one in windows(story.now, story.trial.participants.study())}[f"lymphodepletion-day-minus-{-day}"]
    return found.state, found.held


# Omitted


@pytest.mark.parametrize(("outcome", "deviations"), [("given", set()), ("reduced", set()), ("omitted", {"dose:-4:fludarabine:1"})], ids=str)
def test_a_dose_that_is_omitted_is_a_deviation_and_one_that_is_reduced_is_none(story: Story, outcome: str, deviations: set[str]) -> None:
    story.trial.clock.move(days=1)
    recorded = story.reports(told(story, -4, outcome)).events
    assert [event.kind for event in recorded] == ["lymphodepletion-dose.v1", *(["deviation-recorded.v1"] if deviations else [])]
    assert standing(story) == deviations


def test_the_deviation_names_drug_and_day_and_is_final(story: Story) -> None:
    story.reports(told(story, -4, "omitted"))
    found = story.now.deviations["dose:-4:fludarabine:1"]
    assert (found.says, found.final) == ("the dose of fludarabine on lymphodepletion day -4 was omitted", True)


def test_a_correction_that_says_it_was_given_voids_it_and_one_that_says_it_was_not_brings_it_back(story: Story) -> None:
    story.trial.clock.move(days=1)
    story.reports(told(story, -4, "omitted"))
    entry, at = story.entry_of(e.LymphodepletionDose), story.at()
    for outcome, kind, deviations in (
        ("given", "deviation-voided.v1", set()),
        ("omitted", "deviation-recorded.v1", {"dose:-4:fludarabine:1"}),
        ("reduced", "deviation-voided.v1", set()),
    ):
        corrected = story.asks(c.Correct(entry=entry, fact=told(story, -4, outcome, at=at)), reason="the chart says so").events
        assert [event.kind for event in corrected] == ["entry-corrected.v1", kind]
        assert standing(story) == deviations


def test_a_retraction_voids_it_and_the_day_is_open_again(story: Story) -> None:
    story.reports(told(story, -4, "omitted"))
    assert state(story, -4) == ("omitted", None)
    taken_back = story.asks(c.Retract(entry=story.entry_of(e.LymphodepletionDose)), reason="another participant's chart").events
    assert [event.kind for event in taken_back] == ["entry-retracted.v1", "deviation-voided.v1"]
    assert state(story, -4) == ("open", None)


def test_each_omitted_drug_of_a_day_stands_for_itself(story: Story) -> None:
    story.trial.clock.move(days=1)
    story.reports(told(story, -4, "omitted"))
    story.reports(told(story, -4, "omitted", CYCLOPHOSPHAMIDE))
    assert standing(story) == {"dose:-4:fludarabine:1", "dose:-4:cyclophosphamide:1"}
    entry = story.entry_of(e.LymphodepletionDose)
    story.asks(c.Correct(entry=entry, fact=told(story, -4, "given", CYCLOPHOSPHAMIDE)), reason="the chart says so")
    assert standing(story) == {"dose:-4:fludarabine:1"}
    assert state(story, -4) == ("completed", story.at())


def test_a_dose_that_is_omitted_in_two_courses_is_two_deviations(story: Story) -> None:
    for _ in range(2):
        story.reports(told(story, -4, "omitted"), reason="it was so")
    assert standing(story) == {"dose:-4:fludarabine:1", "dose:-4:fludarabine:2"}


def test_an_omission_that_is_decided_on_another_date_has_no_window_to_miss(story: Story) -> None:
    story.reports(told(story, -3, "omitted"))
    story.trial.clock.move(days=4)
    story.reports(told(story, -4, "omitted"))
    assert standing(story) == {"dose:-3:fludarabine:1", "dose:-4:fludarabine:1"}


def test_an_omission_that_is_told_after_its_window_closed_takes_the_place_of_the_day_that_was_unaccounted(story: Story) -> None:
    story.lives_until(story.trial.clock() + timedelta(days=2))
    assert standing(story) == {"visit:lymphodepletion-day-minus-4:missed"}
    story.reports(told(story, -4, "omitted", at=When.on(local_date(story.trial.clock(), BERLIN) - timedelta(days=1))))
    assert standing(story) == {"dose:-4:fludarabine:1"}
    story.lives_until(story.trial.clock() + timedelta(days=20))
    assert "visit:lymphodepletion-day-minus-4:missed" not in story.now.deviations


# On another date


@pytest.mark.parametrize(
    ("days", "clock", "how"),
    [
        pytest.param(0, "23:59", "early", id="in the last minute of the date before"),
        pytest.param(1, "00:00", None, id="in the first minute of its date"),
        pytest.param(1, "23:59", None, id="in the last minute of its date"),
        pytest.param(2, "00:00", "late", id="in the first minute of the date after"),
    ],
)
def test_a_lymphodepletion_day_that_is_given_on_another_date_is_a_deviation(story: Story, days: int, clock: str, how: str | None) -> None:
    day = local_date(story.trial.clock(), BERLIN) + timedelta(days=days)
    story.trial.clock.move(days=3)
    story.reports(told(story, -4, at=minute(f"{day} {clock}")))
    assert standing(story) == ({"visit:lymphodepletion-day-minus-4:window"} if how else set())
    if how:
        assert f"took place {how}" in story.now.deviations["visit:lymphodepletion-day-minus-4:window"].says


@pytest.mark.parametrize(("days", "how"), [(0, "early"), (1, None), (2, "late")])
@pytest.mark.parametrize("strays", [FLUDARABINE, CYCLOPHOSPHAMIDE])
def test_of_two_drugs_of_a_day_the_one_that_strays_is_the_deviation_in_whatever_order_told(
    story: Story, strays: str, days: int, how: str | None
) -> None:
    first = local_date(story.trial.clock(), BERLIN)
    story.trial.clock.move(days=3)
    for drug in (FLUDARABINE, CYCLOPHOSPHAMIDE):
        day = first + timedelta(days=days if drug == strays else 1)
        story.reports(told(story, -4, drug=drug, at=minute(f"{day} 18:00")))
    assert standing(story) == ({"visit:lymphodepletion-day-minus-4:window"} if how else set())


def test_a_correction_of_the_first_dose_moves_the_other_days_and_makes_and_voids_their_deviations(story: Story) -> None:
    first = story.entry_of(e.LymphodepletionDose)
    given = story.now.doses[0].fact
    story.trial.clock.move(days=1)
    story.reports(told(story, -4))
    earlier = When.at(given.at.span(BERLIN).earliest - timedelta(days=1))
    story.asks(c.Correct(entry=first, fact=given.model_copy(update={"at": earlier})), reason="the chart says so")
    assert standing(story) == {"visit:lymphodepletion-day-minus-4:window"}
    story.asks(c.Correct(entry=first, fact=given), reason="it was right at first")
    assert standing(story) == set()


def test_the_days_of_a_second_course_are_counted_from_its_own_first_dose(story: Story) -> None:
    for day in (-4, -3):
        story.trial.clock.move(days=1)
        story.reports(told(story, day))
    story.trial.clock.move(days=20)
    for day in (-5, -4, -3):
        story.reports(told(story, day), reason="the infusion was put off, and the course given again")
        assert state(story, day) == ("completed", story.at())
        story.trial.clock.move(days=1)
    assert standing(story) == set()
