"""A feed that is killed at whatever moment, and begins again, loses nothing and tells nothing twice."""

import time
from pathlib import Path
from random import Random

import pytest

from projections.timeline import Timeline, timeline
from projections.views import Views
from store.keys import Keyring
from store.ledger import Ledger
from store.participants import Participants
from tests.builders import Clock, Trial
from tests.campaign import Campaign
from tests.projections.given import rows, rows_built_again, views_at
from tests.projections.moves import MOVES, begin, play
from tests.projections.processes import feed_process
from tests.workflows.processes import MASTER, Processes, running

LONGEST_LIFE_SECONDS = 1.5


def live_through(processes: Processes, trial: Trial, number: int, dice: Random) -> None:
    """Things are recorded, at random, while the feed starts, works and is killed."""
    dies = time.monotonic() + dice.uniform(0, LONGEST_LIFE_SECONDS)
    story = begin(trial, number)
    while time.monotonic() < dies:
        play(story, dice.choice(sorted(MOVES)), dice.randrange(100))
    processes.kill("feed")
    processes.start("feed")


def assert_all_is_told_once(desk: Participants, views: Views, folder: Path) -> None:
    """The views tell every entry of every record once, and are what they would be if they were built anew."""
    assert views.reached(desk.ledger.head(), 60)
    assert views.parked() == ()
    for participant_id in desk.ids():
        told = timeline(views, participant_id)
        assert isinstance(told, Timeline)
        assert [line.version for line in told.entries] == list(range(1, desk.read(participant_id).version + 1))
    assert rows(views) == rows_built_again(desk.ledger, desk.desk, folder / "again.db")


@pytest.mark.slow
@pytest.mark.torture
@pytest.mark.timeout(900)
def test_killing_the_feed_loses_and_doubles_nothing(campaign: Campaign, tmp_path: Path) -> None:
    address, views = f"sqlite:///{tmp_path / 'ledger.db'}", views_at(tmp_path / "views.db")
    clock = Clock()
    trial = Trial(clock, Ledger.open(address, clock=clock, keys=Keyring(MASTER)))
    with running(feed_process(address, views.path), tmp_path / "feed.log") as processes:
        for number in range(campaign.rounds(60)):
            live_through(processes, trial, number, campaign.dice)
        assert_all_is_told_once(trial.participants, views, tmp_path)
    trial.participants.ledger.close()
