import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from uuid import uuid4

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.service import RPCError

from domain import commands as c
from domain import events as e
from domain.study import Ruled
from store.keys import Keyring
from store.ledger import Ledger
from store.participants import Participants
from tests.builders import START, Clock, Story, Trial, by_
from tests.domain.test_digests import in_screening
from tests.domain.test_notices import WEBER, key_of, names, record, sent
from tests.store.conftest import as_url
from tests.workflows.waiting import until
from workflows.journeys import Journeys, NoTemporal, connect
from workflows.relay import DAY, Relay, of_the_day, rebuild

pytestmark = pytest.mark.slow


class Deaf(Journeys):
    """Journeys of which one cannot be reached."""

    to = "BER-001"
    heard = False

    async def nudge(self, participant_id: str) -> None:
        if participant_id == self.to and not self.heard:
            raise NoTemporal("busy")
        await super().nudge(participant_id)


@asynccontextmanager
async def relaying(participants: Participants, journeys: Journeys) -> AsyncIterator[Relay]:
    relay = Relay(participants, journeys)
    running = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        running.cancel()
        await asyncio.wait([running])


async def unknown_journeys(temporal_server: str, kind: type[Journeys] = Journeys) -> Journeys:
    """Journeys of a study that nobody works for, so that every nudge can be counted."""
    return kind(await connect(temporal_server), f"test-{uuid4().hex}")


async def nudges(journeys: Journeys, participant_id: str) -> int:
    """How often a participant was nudged."""
    try:
        history = await journeys.client.get_workflow_handle(journeys.id_of(participant_id)).fetch_history()
    except RPCError:
        return 0
    return sum(event.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED for event in history.events)


def screened(trial: Trial, participant_id: str = "BER-001") -> Story:
    story = trial.participant(participant_id).consents()
    story.reports(e.ScreeningStarted(at=story.at()))
    return story


def position(trial: Trial, namespace: str) -> int:
    return trial.participants.ledger.recorder.claim(f"relay-{namespace}").position


def test_nobody_is_nudged_because_somebody_was_told_or_took_note(temporal_server: str) -> None:
    trial = Trial()
    names(trial, WEBER)
    story = in_screening(trial)
    key = key_of(story, "visit-opens")

    async def tell() -> None:
        journeys = await unknown_journeys(temporal_server)
        async with relaying(trial.participants, journeys) as relay:
            await until(relay.caught_up)
            before = await nudges(journeys, story.id)
            record(story, sent(key))
            record(story, e.ReminderFailed(key=key, to="k-novak", channel="mail", why="refused"))
            story.asks(c.Acknowledge(key=key))
            await until(relay.caught_up)
            assert await nudges(journeys, story.id) == before
            assert story.record.news < story.record.version
            story.reviews()
            await until(relay.caught_up)
            assert await nudges(journeys, story.id) == before + 1
            assert story.record.news == story.record.version

    asyncio.run(tell())


def test_each_participant_is_nudged_once_about_a_batch_of_facts(temporal_server: str) -> None:
    trial = Trial()

    async def tell() -> None:
        journeys = await unknown_journeys(temporal_server)
        async with relaying(trial.participants, journeys) as relay:
            await until(relay.caught_up)
        screened(trial)
        screened(trial, "BER-002")
        async with relaying(trial.participants, journeys) as relay:
            await until(relay.caught_up)
        assert [await nudges(journeys, "BER-001"), await nudges(journeys, "BER-002")] == [1, 1]

    asyncio.run(tell())


def test_a_relay_follows_postgresql_as_well(temporal_server: str, postgres: str) -> None:
    clock = Clock()
    trial = Trial(clock, Ledger.open(as_url(postgres), clock=clock, keys=Keyring(None)))

    async def tell() -> None:
        journeys = await unknown_journeys(temporal_server)
        async with relaying(trial.participants, journeys) as relay:
            await until(relay.caught_up)
            story = trial.participant()
            await until(relay.caught_up)
            assert await nudges(journeys, story.id) == 1

    asyncio.run(tell())
    trial.participants.ledger.close()


def test_a_server_without_a_position_has_everybody_nudged_once(temporal_server: str) -> None:
    trial = Trial()
    screened(trial)
    screened(trial, "BER-002").advances()

    async def tell() -> None:
        journeys = await unknown_journeys(temporal_server)
        async with relaying(trial.participants, journeys) as relay:
            await until(relay.caught_up)
        assert [await nudges(journeys, "BER-001"), await nudges(journeys, "BER-002")] == [1, 1]
        assert position(trial, await journeys.namespace_id()) == trial.participants.ledger.head()

    asyncio.run(tell())


def test_what_the_journey_wrote_itself_nudges_nobody(temporal_server: str) -> None:
    trial = Trial()
    story = screened(trial)

    async def tell() -> None:
        journeys = await unknown_journeys(temporal_server)
        async with relaying(trial.participants, journeys) as relay:
            await until(relay.caught_up)
            assert story.advances()
            await until(relay.caught_up)
        assert await nudges(journeys, story.id) == 1

    asyncio.run(tell())


def test_a_change_to_the_study_nudges_everybody(temporal_server: str) -> None:
    trial = Trial()
    screened(trial)
    screened(trial, "BER-002")

    async def tell() -> None:
        journeys = await unknown_journeys(temporal_server)
        async with relaying(trial.participants, journeys) as relay:
            await until(relay.caught_up)
            trial.participants.desk.record([Ruled(ruling="local-steroid-injections", choice="outside")], by_("administrator", uuid4()))
            await until(relay.caught_up)
        assert [await nudges(journeys, "BER-001"), await nudges(journeys, "BER-002")] == [2, 2]

    asyncio.run(tell())


def test_one_that_cannot_be_reached_holds_up_nobody_and_the_position_waits_for_it(temporal_server: str) -> None:
    trial = Trial()
    screened(trial)

    async def tell() -> None:
        journeys = await unknown_journeys(temporal_server, Deaf)
        assert isinstance(journeys, Deaf)
        async with relaying(trial.participants, journeys) as relay:
            screened(trial, "BER-002")

            async def other_was_nudged() -> bool:
                return await nudges(journeys, "BER-002") > 0

            await until(other_was_nudged)
            assert not await relay.caught_up()
            journeys.heard = True
            await until(relay.caught_up)
            assert await nudges(journeys, "BER-001") > 0

    asyncio.run(tell())


def test_a_relay_that_dies_before_its_nudge_was_sent_sends_it_when_it_is_back(temporal_server: str) -> None:
    trial = Trial()

    async def tell() -> None:
        journeys = await unknown_journeys(temporal_server, Deaf)
        reachable = Journeys(journeys.client, journeys.queue.removeprefix("journeys-"))
        async with relaying(trial.participants, reachable) as relay:
            await until(relay.caught_up)
        before = trial.participants.ledger.head()
        screened(trial)
        screened(trial, "BER-002")
        async with relaying(trial.participants, journeys):

            async def other_was_nudged() -> bool:
                return await nudges(journeys, "BER-002") > 0

            await until(other_was_nudged)
        assert position(trial, await journeys.namespace_id()) == before
        async with relaying(trial.participants, reachable) as relay:
            await until(relay.caught_up)
        assert await nudges(journeys, "BER-001") == 1
        assert await nudges(journeys, "BER-002") == 2, "a nudge may be doubled"

    asyncio.run(tell())


def test_everybody_is_nudged_once_a_day_at_a_time_of_their_own() -> None:
    everybody = [f"BER-{number:03}" for number in range(1, 1000)]
    hours = [START + hour * DAY / 24 for hour in range(25)]
    rounds = [of_the_day(everybody, since, now) for since, now in pairwise(hours)]
    assert sorted(one for nudged in rounds for one in nudged) == everybody
    assert all(20 < len(nudged) < 70 for nudged in rounds), "spread over the day"
    assert of_the_day(everybody, START, START + 3 * DAY) == everybody


def test_rebuilding_by_hand_nudges_everybody(temporal_server: str) -> None:
    trial = Trial()
    for number in range(40):
        trial.participant(f"BER-{number:03}")

    async def tell() -> None:
        journeys = await unknown_journeys(temporal_server)
        assert await rebuild(trial.participants, journeys) == trial.participants.ids()
        assert [await nudges(journeys, f"BER-{number:03}") for number in range(40)] == [1] * 40

    asyncio.run(tell())


def test_of_two_relays_one_stands_by_and_takes_over(temporal_server: str) -> None:
    trial = Trial()

    async def tell() -> None:
        journeys = await unknown_journeys(temporal_server)
        async with relaying(trial.participants, journeys) as first:
            await until(first.caught_up)
            second = Relay(trial.participants, journeys)
            standing_by = asyncio.create_task(second.run())
            story = trial.participant()
            await until(first.caught_up)
            assert await nudges(journeys, story.id) == 1
        story.consents()
        await until(second.caught_up)
        standing_by.cancel()
        await asyncio.wait([standing_by])
        assert await nudges(journeys, story.id) == 2

    asyncio.run(tell())
