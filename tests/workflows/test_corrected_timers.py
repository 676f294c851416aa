"""A correction takes the timer away that was set for what turned out wrong: read from the history that Temporal keeps."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent

from domain import commands as c
from domain import events as e
from domain.time import MINUTE, When
from tests.builders import Story, Trial, dose, slot
from workflows.virtual_time import VirtualTime, virtual_time

HOUR = timedelta(hours=1)
A_BREATH = timedelta(seconds=2)
"""How far apart two instants of the server may lie that were reckoned as the same."""


class Timers(NamedTuple):
    """The timers of a journey, by when they are set to fire on the server's clock, and when anything happened."""

    set_for: dict[int, datetime]
    cancelled: set[int]
    fired: set[int]
    happened: list[datetime]

    @property
    def waiting(self) -> set[int]:
        return self.set_for.keys() - self.cancelled - self.fired


async def timers_of(story: Story, time: VirtualTime) -> Timers:
    """Read from the history of the journey, as Temporal keeps it."""
    history = await time.journeys.client.get_workflow_handle(time.journeys.id_of(story.id)).fetch_history()
    events = list(history.events)
    started = (event for event in events if event.event_type == EventType.EVENT_TYPE_TIMER_STARTED)
    return Timers(
        {event.event_id: at(event) + event.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta() for event in started},
        set(ended(events, EventType.EVENT_TYPE_TIMER_CANCELED)),
        set(ended(events, EventType.EVENT_TYPE_TIMER_FIRED)),
        [at(event) for event in events],
    )


def at(event: HistoryEvent) -> datetime:
    return event.event_time.ToDatetime()


def ended(events: list[HistoryEvent], how: "EventType.ValueType") -> Iterator[int]:
    for event in events:
        if event.event_type == how:
            fired = how == EventType.EVENT_TYPE_TIMER_FIRED
            yield (event.timer_fired_event_attributes if fired else event.timer_canceled_event_attributes).started_event_id


def waits_for_a_steroid() -> Story:
    """An infusion that waits for the end of the 72 hours after a steroid that was given 60 hours ago, and for nothing else."""
    story = Trial().participant().is_ready()
    story.lives_until(story.now.plans["infusion"].slot.start)
    story.asks(c.Plan(step="infusion", slot=slot(story.trial.clock() + MINUTE, hours=20)))
    story.is_seen_before("infusion")
    story.checks_identity()
    story.reports(dose("dexamethasone", "8", When.at(story.trial.clock() - 60 * HOUR), route="intravenous"))
    story.advances()
    return story


@pytest.mark.slow
def test_the_timer_of_an_instant_that_a_correction_moves_is_cancelled_and_never_fires() -> None:
    story = waits_for_a_steroid()
    begun = story.trial.clock()

    async def tell() -> tuple[Timers, Timers, Timers]:
        async with virtual_time(story.trial.participants, story.trial.clock.move_to) as time:
            await time.settle()
            before = await timers_of(story, time)
            right = dose("dexamethasone", "8", When.at(begun - 70 * HOUR), route="intravenous")
            story.asks(c.Correct(entry=story.entry_of(e.MedicationTaken), fact=right), reason="the chart says ten hours earlier")
            await time.settle()
            corrected = await timers_of(story, time)
            await time.pass_until(begun + 2 * HOUR + 2 * MINUTE)
            assert story.now.clearance("infusion") is not None
            await time.pass_until(begun + 13 * HOUR)
            return before, corrected, await timers_of(story, time)

    before, corrected, after = asyncio.run(tell())
    [wrong], [right] = before.waiting, corrected.waiting
    assert wrong in corrected.cancelled
    assert abs(before.set_for[wrong] - corrected.set_for[right] - 10 * HOUR) < A_BREATH
    assert right in after.fired
    assert wrong not in after.fired
    assert not [one for one in after.happened if abs(one - before.set_for[wrong]) < 10 * MINUTE], "the journey slept through it"
