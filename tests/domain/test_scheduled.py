"""What stands in a calendar, and what was withdrawn from it."""

from datetime import timedelta

import pytest

from domain import commands as c
from domain import events as e
from domain.scheduled import Scheduled, may_withdraw, scheduled, withdrawn
from domain.time import When, local_date, midnight
from domain.visits import windows
from tests.builders import BERLIN, Story, Trial
from tests.domain.planned import SAMPLE, infused_under

DAY = timedelta(days=1)
PLANNED = {
    "step:infusion:1",
    "window:pre-lymphodepletion-baseline",
    "window:lymphodepletion-day-minus-5",
    "window:lymphodepletion-day-minus-4",
    "window:lymphodepletion-day-minus-3",
}
"""What hangs on the plan for the infusion."""


def standing(story: Story) -> dict[str, Scheduled]:
    study = story.trial.participants.study()
    return {one.key: one for one in scheduled(story.now, windows(story.now, study), study)}


def gone(story: Story) -> dict[str, Scheduled]:
    return {one.key: one for one in withdrawn(story.record.entries, story.trial.participants.study())}


def planned() -> Story:
    story = Trial().participant().is_eligible().is_collected().has_product()
    return story.plans("infusion", story.trial.clock() + 20 * DAY)


def test_nothing_is_withdrawn_of_whom_everything_went_as_planned() -> None:
    assert gone(Trial().participant().is_ready().is_infused()) == {}


def test_a_cancelled_plan_withdraws_what_hung_on_it_as_it_stood_last() -> None:
    story = planned()
    story.trial.clock.move(hours=1)
    story.plans("infusion", story.trial.clock() + 25 * DAY)
    stood = standing(story)
    story.asks(c.Cancel(step="infusion"))
    assert gone(story) == {key: stood[key] for key in PLANNED}
    assert standing(story).keys() & PLANNED == set()


def test_what_is_planned_again_is_withdrawn_no_more() -> None:
    story = planned()
    story.asks(c.Cancel(step="infusion"))
    story.plans("infusion", story.trial.clock() + 20 * DAY)
    assert gone(story) == {}


def test_a_second_cancelling_counts_from_where_it_stood_then() -> None:
    story = planned()
    story.asks(c.Cancel(step="infusion"))
    story.plans("infusion", story.trial.clock() + 30 * DAY)
    stood = standing(story)
    story.asks(c.Cancel(step="infusion"))
    assert gone(story)["step:infusion:1"] == stood["step:infusion:1"]


def test_leaving_withdraws_the_windows_that_had_not_closed_and_nothing_that_took_place() -> None:
    story = Trial().participant().is_ready().is_infused()
    story.trial.clock.move(days=1)
    story.comes("day-1")
    story.reports(e.Died(at=story.at()))
    found = gone(story)
    assert {"window:day-3", "window:month-24"} <= found.keys()
    assert {"window:day-1", "step:infusion:1", "step:leukapheresis:1"} & found.keys() == set()


def test_a_leaving_that_is_taken_back_withdraws_nothing() -> None:
    story = Trial().participant().is_ready().is_infused()
    story.reports(e.ContactLost(at=story.at()))
    assert gone(story)
    story.asks(c.Retract(entry=story.entry_of(e.ContactLost)), reason="it was another participant")
    assert gone(story) == {}


def test_an_infusion_that_is_taken_back_withdraws_what_was_counted_from_it() -> None:
    story = Trial().participant().is_ready().is_infused()
    story.asks(c.Retract(entry=story.entry_of(e.InfusionEnded)), reason="it was another participant")
    story.asks(c.Retract(entry=story.entry_of(e.InfusionStarted)), reason="it was another participant")
    assert {"window:day-1", "window:month-24", "window:infusion"} <= gone(story).keys()


def test_a_corrected_infusion_moves_its_windows_and_withdraws_none() -> None:
    story = Trial().participant().is_ready().is_infused()
    before = standing(story)
    infusion = story.now.infusions[0]
    earlier = infusion.fact.model_copy(update={"at": When.at(infusion.fact.at.span("UTC").earliest - DAY)})
    story.asks(c.Correct(entry=infusion.entry, fact=earlier), reason="the ward's clock was a day ahead")
    assert standing(story)["window:day-7"].starts == before["window:day-7"].starts - DAY
    assert gone(story) == {}


def test_a_second_collection_is_planned_under_a_key_of_its_own() -> None:
    story = Trial().participant().is_eligible().is_collected()
    story.reports(e.ProductFailed(at=story.at(), identity="COI-0001", why="it did not grow"), "cell-lab")
    story.plans("leukapheresis", story.trial.clock() + DAY)
    assert "step:leukapheresis:2" in standing(story)
    story.asks(c.Cancel(step="leukapheresis"))
    assert gone(story).keys() == {"step:leukapheresis:2"}


@pytest.mark.parametrize(("hours", "whole"), [((0, 24), True), ((0, 23), False), ((1, 24), False), ((0, 48), True)])
def test_a_slot_from_midnight_to_midnight_at_the_site_is_of_whole_days(hours: tuple[int, int], whole: bool) -> None:  # noqa: FBT001 - A table of boundaries.
    story = Trial().participant().is_eligible()
    day = midnight(local_date(story.trial.clock() + 3 * DAY, BERLIN), BERLIN)
    start, until = (day + timedelta(hours=one) for one in hours)
    story.asks(c.Plan(step="leukapheresis", slot=e.Slot(start=start, until=until, target=start)))
    assert standing(story)["step:leukapheresis:1"].whole_days is whole


def test_a_window_of_hours_is_not_of_whole_days() -> None:
    assert standing(infused_under(SAMPLE))["window:sample"].whole_days is False


def test_an_appointment_is_an_instant_or_the_dates_that_it_may_be_on() -> None:
    story = Trial().participant().is_ready().is_infused()
    at = story.trial.clock() + 7 * DAY
    story.reports(e.VisitBooked(visit="day-7", at=When.at(at)))
    story.reports(e.VisitBooked(visit="month-6", at=When.on(local_date(at + 170 * DAY, BERLIN))))
    day_7, month_6 = standing(story)["booked:day-7"], standing(story)["booked:month-6"]
    assert (day_7.starts, day_7.ends, day_7.whole_days) == (at, at, False)
    assert (month_6.ends - month_6.starts, month_6.whole_days) == (DAY, True)


def test_an_appointment_stays_once_it_was_kept() -> None:
    story = Trial().participant().is_ready().is_infused()
    story.trial.clock.move(days=1)
    story.reports(e.VisitBooked(visit="day-1", at=story.at()))
    story.comes("day-1")
    assert (standing(story)["booked:day-1"].state, standing(story)["window:day-1"].state) == ("booked", "completed")


@pytest.mark.parametrize(("days", "state"), [(7, "withdrawn"), (6, "booked")], ids=["the date after", "the same date"])
def test_an_appointment_for_a_later_date_is_withdrawn_once_the_participant_has_come(days: int, state: str) -> None:
    story = Trial().participant().is_ready().is_infused()
    on = local_date(story.trial.clock(), BERLIN)
    story.reports(e.VisitBooked(visit="day-7", at=When.on(on + days * DAY)))
    assert standing(story)["booked:day-7"].state == "booked"
    story.trial.clock.move(days=6)
    story.comes("day-7")
    assert standing(story)["booked:day-7"].state == state
    assert gone(story) == {}, "it is withdrawn where it stands, and not once more"
    story.asks(c.Retract(entry=story.entry_of(e.VisitCompleted)), reason="it was another participant")
    assert standing(story)["booked:day-7"].state == "booked"


def test_an_appointment_stays_withdrawn_when_the_participant_leaves_before_its_date() -> None:
    story = Trial().participant().is_ready().is_infused()
    at = story.trial.clock() + 8 * DAY
    story.reports(e.VisitBooked(visit="day-7", at=When.at(at)))
    story.trial.clock.move(days=6)
    story.comes("day-7")
    story.trial.clock.move(days=1)
    story.reports(e.Died(at=story.at()))
    found = standing(story)["booked:day-7"]
    assert (found.state, found.starts) == ("withdrawn", at)


def test_only_a_correction_of_what_windows_hang_on_may_withdraw_anything() -> None:
    at = When("2026-03-01")
    infusion = e.InfusionStarted(at=at, identity="COI-0001")
    assert may_withdraw(e.EntryCorrected(entry=1, fact=infusion))
    assert not may_withdraw(infusion)
    assert not may_withdraw(e.EntryCorrected(entry=1, fact=e.UnscheduledVisit(at=at, why="a fever at home")))
    assert may_withdraw(e.EntryRetracted(entry=1))
