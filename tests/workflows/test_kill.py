"""Whatever process is killed at whatever moment: nothing is lost and nothing is done twice."""

import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from random import Random
from uuid import uuid4

import pytest

from domain import events as e
from domain.folding import fold
from domain.time import When
from store.keys import Keyring
from store.ledger import Ledger
from store.participants import Participants
from tests.builders import Clock, Story, Trial, consent
from tests.campaign import Campaign
from tests.projections.given import views_at
from tests.projections.processes import feed_process
from tests.projections.test_kill import assert_all_is_told_once
from tests.store.conftest import as_url
from tests.workflows.processes import MASTER, Processes, RealClock, participants, running, worker_and_relay
from tests.workflows.waiting import wait_until

LONGEST_LIFE_SECONDS = 1.5


class WallClock(RealClock, Clock):
    """The clock on the wall, where the builders expect one."""


def trial_on(address: str) -> Trial:
    clock = WallClock()
    return Trial(clock, Ledger.open(address, clock=clock, keys=Keyring(MASTER)))


def begin_screening(trial: Trial, participant_id: str) -> Story:
    """Long ago, so that the window has closed and every reminder is due at once."""
    story = trial.participant(participant_id)
    long_ago = When.at(trial.clock() - timedelta(days=900))
    story.reports(consent(long_ago))
    story.reports(e.ScreeningStarted(at=long_ago))
    return story


def infuse(trial: Trial, participant_id: str) -> None:
    """So long ago that the window of every visit has closed: a hundred acts at once."""
    infused = e.InfusionStarted(at=When.at(trial.clock() - timedelta(days=850)), identity="COI-0001")
    begin_screening(trial, participant_id).reports(infused, reason="brought over from paper")


def live_and_die(processes: Processes, dice: Random) -> None:
    """One of the processes lives for a random time, is killed and begins anew; the others go on."""
    time.sleep(dice.uniform(0, LONGEST_LIFE_SECONDS))  # awaits another process
    victim = dice.choice(processes.names)
    processes.kill(victim)
    processes.start(victim)


def at_rest(desk: Participants) -> bool:
    return not any(desk.agenda(one)[1].due(desk.ledger.clock()) for one in desk.ids())


def acts(desk: Participants, participant_id: str) -> Counter[tuple[str, str]]:
    """How often the journey did what, by the kind of fact and what it was about."""
    written = [entry.event for entry in desk.read(participant_id).entries if entry.circumstances.source == "journey"]
    return Counter((event.kind, str(getattr(event, "key", getattr(event, "visit", "")))) for event in written)


KILLS = {"sqlite": 500, "postgresql": 100}
"""In the whole campaign. A lease is a locked file on the one and an advisory lock on the other; the rest is the same code."""


@pytest.mark.clause("ICH E6(R3)", "4.3.6")
@pytest.mark.slow
@pytest.mark.torture
@pytest.mark.timeout(900)
@pytest.mark.parametrize("place", KILLS)
def test_killing_worker_relay_and_feed_loses_and_doubles_nothing(
    place: str, campaign: Campaign, tmp_path: Path, temporal_server: str, request: pytest.FixtureRequest
) -> None:
    file = f"sqlite:///{tmp_path / 'ledger.db'}"
    address = file if place == "sqlite" else as_url(request.getfixturevalue("postgres"))
    views, rounds = views_at(tmp_path / "views.db"), campaign.rounds(KILLS[place])
    trial = trial_on(address)
    with closing(trial.participants.ledger):
        told = [f"BER-{number:03}" for number in range(1, rounds + 1)]
        commands = worker_and_relay(address, temporal_server, f"killed-{uuid4().hex}") | feed_process(address, views.path)
        with running(commands, tmp_path / "processes.log") as processes:
            for number, participant_id in enumerate(told):
                (infuse if number % 10 == 0 else begin_screening)(trial, participant_id)
                live_and_die(processes, campaign.dice)
            wait_until(lambda: at_rest(trial.participants), seconds=300)
            assert_all_is_told_once(trial.participants, views, tmp_path)
    desk = participants(address)
    with closing(desk.ledger):
        for participant_id in told:
            assert_nothing_was_lost_or_done_twice(desk, participant_id)
        accounted = [one for one in told if ("visit-unaccounted.v1", "month-24") in acts(desk, one)]
        assert accounted == told[::10], "whoever was infused is accounted for to the last visit"


def assert_nothing_was_lost_or_done_twice(desk: Participants, participant_id: str) -> None:
    done = acts(desk, participant_id)
    assert done["visit-unaccounted.v1", "screening"] == 1
    assert set(done.values()) == {1}, f"something was done twice for {participant_id}"
    record = desk.read(participant_id)
    assert record.participant == fold(record.entries)
    assert [entry.version for entry in record.entries] == list(range(1, record.version + 1))
