import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from temporalio import workflow

from domain import commands as c
from domain import events as e
from domain.entry import Circumstances
from store.errors import Busy
from store.participants import Outcome, Participants
from tests.builders import START, Story, Trial, slot
from workflows.journey import Journey
from workflows.notice import NoticeOfReminder
from workflows.virtual_time import VirtualTime, virtual_time
from workflows.worker import SANDBOX


class Sometimes(Participants):
    """A desk whose database is busy every other time."""

    asked = 0

    def handle(self, participant_id: str, command: c.Command, by: Circumstances, *, seen: int | None = None) -> Outcome:
        self.asked += isinstance(command, c.ActOn)
        if isinstance(command, c.ActOn) and self.asked % 2:
            raise Busy("The database is busy with another program.")
        return super().handle(participant_id, command, by, seen=seen)


def kinds(story: Story) -> list[str]:
    return [entry.event.kind for entry in story.record.entries]


@pytest.mark.parametrize("kind", [Journey, NoticeOfReminder])
def test_every_workflow_loads_in_the_sandbox(kind: type[Journey | NoticeOfReminder]) -> None:
    async def load() -> None:
        SANDBOX.prepare_workflow(workflow._Definition.must_from_class(kind))

    asyncio.run(load())


@pytest.mark.slow
def test_a_journey_sleeps_until_something_is_due_and_then_acts() -> None:
    story = Trial().participant().consents()

    async def tell() -> None:
        async with virtual_time(story.trial.participants, story.trial.clock.move_to) as time:
            story.reports(e.ScreeningStarted(at=story.at()))
            await time.settle()
            agenda = story.trial.participants.agenda(story.id)[1]
            closes = next(item.due for item in agenda.items if item.key == "close:screening")
            await time.pass_until(closes - timedelta(minutes=1))
            assert "visit-unaccounted.v1" not in kinds(story)
            await time.pass_until(closes + timedelta(minutes=1))
            [entry] = [one for one in story.record.entries if one.event.kind == "visit-unaccounted.v1"]
            assert closes <= entry.recorded_at < closes + timedelta(minutes=1)
            assert entry.circumstances.source == "journey"

    asyncio.run(tell())


@pytest.mark.slow
def test_two_years_with_every_visit_pass_and_the_journey_ends() -> None:
    trial = Trial()
    story = trial.participant().is_eligible().is_collected().has_product().is_depleted().is_infused()

    async def tell() -> None:
        async with virtual_time(trial.participants, trial.clock.move_to) as time:
            await visits(story, time)
            await time.pass_until(trial.clock() + timedelta(days=60))
            handle = time.journeys.client.get_workflow_handle(time.journeys.id_of(story.id))
            await handle.result()

    asyncio.run(tell())
    assert trial.clock() - START > timedelta(days=731)
    assert story.now.completed_at is not None
    assert set(story.now.missed) == {"pre-lymphodepletion-baseline"}, "only the visit that was never reported"
    assert {"day-1", "toxicity-day-14", "month-24"} <= set(story.now.visits)
    keys = Counter(entry.event.key for entry in story.record.entries if isinstance(entry.event, e.ReminderDue))
    assert set(keys.values()) == {1}


async def visits(story: Story, time: VirtualTime) -> None:
    """Every visit takes place two hours into its target date."""
    while due := [one for one in story.trial.participants.agenda(story.id)[1].windows if one.state == "open"]:
        await time.pass_until(max(story.trial.clock(), due[0].closes_at - timedelta(hours=22)))
        story.reports(e.VisitCompleted(visit=due[0].visit, at=story.at()))


@pytest.mark.slow
def test_a_busy_database_only_delays_the_journey() -> None:
    trial = Trial()
    story = trial.participant().consents()
    story.reports(e.ScreeningStarted(at=story.at()))

    async def tell() -> None:
        async with virtual_time(Sometimes(trial.participants.ledger, trial.participants.desk), trial.clock.move_to) as time:
            await time.pass_until(START + timedelta(days=60))

    asyncio.run(tell())
    assert kinds(story).count("visit-missed.v1") == 1


@pytest.mark.slow
def test_a_planned_step_is_judged_at_once() -> None:
    story = Trial().participant().is_eligible()

    async def tell() -> None:
        async with virtual_time(story.trial.participants, story.trial.clock.move_to) as time:
            story.asks(c.Plan(step="leukapheresis", slot=slot(START + timedelta(days=10))))
            await time.settle()

    asyncio.run(tell())
    assert "step-waiting.v1" in kinds(story)


@pytest.mark.slow
def test_a_journey_that_has_ended_begins_again_with_a_new_fact() -> None:
    story = Trial().participant().consents()

    async def tell() -> None:
        async with virtual_time(story.trial.participants, story.trial.clock.move_to) as time:
            story.reports(e.ScreeningStarted(at=story.at()))
            story.reports(e.ScreenFailed(at=story.at(), criteria=("E1",)))
            await time.pass_until(START + timedelta(days=60))
            await time.journeys.client.get_workflow_handle(time.journeys.id_of(story.id)).result()
            story.reports(e.ReviewMade(review="medicines", at=story.at(), covers_from=None, sources=("chart",)))
            await time.settle()
            assert await time.journeys.version(story.id) == story.record.version

    asyncio.run(tell())
