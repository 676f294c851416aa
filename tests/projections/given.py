"""What the tests of the views start from: a file of views beside a trial, a feed that is run by hand or in a thread, and every row."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any

from projections.feed import EVERY_VIEW, Feed
from projections.rebuilding import rebuild
from projections.views import Views
from store.ledger import Ledger
from store.recorder import Claim
from store.study import StudyDesk
from tests.builders import Trial

PROGRAM = "test"


def views_at(path: Path) -> Views:
    return Views(path, EVERY_VIEW, PROGRAM)


@dataclass
class ByHand:
    """A feed that takes what a test gives it, when the test says so."""

    ledger: Ledger
    desk: StudyDesk
    views: Views
    position: int = field(init=False)

    def __post_init__(self) -> None:
        self.feed = Feed(self.ledger, self.desk, self.views)
        self.position = self.feed.begin(Claim(1, 0))

    def takes(self, at_once: int = 500) -> None:
        """Everything that stands in the ledger, in batches of that size."""
        while batch := self.ledger.after(self.position, at_once):
            self.feed.take(batch)
            self.position = batch[-1].position


def feed_of(trial: Trial, views: Views) -> Feed:
    return Feed(trial.participants.ledger, trial.participants.desk, views)


@contextmanager
def fed(trial: Trial, views: Views) -> Iterator[Views]:
    """A feed in a thread of its own; the views have been built once it is there."""
    follower = feed_of(trial, views).follower()
    thread = Thread(target=follower.run)
    thread.start()
    try:
        yield views
    finally:
        follower.stop()
        thread.join(30)
        assert not thread.is_alive()


def up_to_date(trial: Trial, views: Views) -> Views:
    """The views as they stand once they tell of everything."""
    assert views.reached(trial.participants.ledger.head(), 30)
    return views


def rows(views: Views) -> dict[str, list[Any]]:
    """Every row of every answer, byte for byte."""
    with closing(sqlite3.connect(views.path)) as connection:
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in views.names}


def rows_built_again(ledger: Ledger, desk: StudyDesk, path: Path) -> dict[str, list[Any]]:
    """Every row of views that were built from nothing, in one go."""
    again = views_at(path)
    rebuild(ledger, desk, again)
    again.close()
    return rows(again)
