"""A visit that is counted from a plan, when the plan moves."""

from datetime import date, timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.rejections import Refused
from domain.time import When, local_date
from tests.builders import BERLIN, Story, Trial, codes, slot
from tests.domain.planned import window_of

pytestmark = pytest.mark.slow

BASELINE = "pre-lymphodepletion-baseline"
DEVIATION = f"visit:{BASELINE}:window"
DAY = timedelta(days=1)


@pytest.fixture
def story() -> Story:
    """An infusion that is planned for 20 days from now: the window of the baseline begins a week from now."""
    story = Trial().participant().is_eligible().is_collected().has_product()
    story.plans("infusion", story.trial.clock() + 20 * DAY)
    return story


def day(story: Story, number: int) -> date:
    """A date so many days before or after the planned infusion."""
    return local_date(story.now.plans["infusion"].slot.target, BERLIN) + number * DAY


def plans_again(story: Story, later: timedelta) -> None:
    story.asks(c.Plan(step="infusion", slot=slot(story.now.plans["infusion"].slot.start + later)))


def test_a_baseline_that_kept_the_window_of_an_earlier_plan_is_no_early_one_of_the_next_and_is_held_again(story: Story) -> None:
    story.trial.clock.move(days=10)
    story.reports(e.VisitCompleted(visit=BASELINE, at=story.at()))
    assert window_of(story, BASELINE).state == "completed"
    plans_again(story, 40 * DAY)
    assert DEVIATION not in story.now.deviations
    assert (window_of(story, BASELINE).state, window_of(story, BASELINE).held) == ("open", None)
    story.trial.clock.move(days=40)
    story.reports(e.VisitCompleted(visit=BASELINE, at=story.at()))
    assert window_of(story, BASELINE).held == story.at()
    assert DEVIATION not in story.now.deviations
    with pytest.raises(Refused) as refused:
        story.reports(e.VisitCompleted(visit=BASELINE, at=story.at()))
    assert codes(refused.value) == {"already-completed"}


@pytest.mark.parametrize(("held", "state"), [(-13, "open"), (-12, "completed")], ids=["before it by then", "in it still"])
def test_a_plan_that_moves_by_a_day_leaves_out_only_what_lies_before_its_window(story: Story, held: int, state: str) -> None:
    on = day(story, held)
    story.trial.clock.move(days=10)
    story.reports(e.VisitCompleted(visit=BASELINE, at=When.on(on)))
    plans_again(story, DAY)
    assert window_of(story, BASELINE).state == state


@pytest.mark.parametrize(("held", "early"), [(-14, True), (-13, False)])
def test_a_baseline_before_the_window_of_every_plan_is_an_early_one(story: Story, held: int, *, early: bool) -> None:
    on = day(story, held)
    story.trial.clock.move(days=10)
    story.reports(e.VisitCompleted(visit=BASELINE, at=When.on(on)), reason="the only day she could")
    plans_again(story, timedelta(hours=1))
    assert (DEVIATION in story.now.deviations) == early
    assert window_of(story, BASELINE).state == "completed"
