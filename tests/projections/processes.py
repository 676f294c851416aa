"""A feed as a process of its own: `python -m tests.projections.processes <ledger> <views file>`."""

import sys
from pathlib import Path

from projections.feed import Feed
from tests.projections.given import views_at
from tests.workflows.processes import participants


def feed_process(ledger: str, views: Path) -> dict[str, list[str]]:
    """The program that keeps the views, by its name, as `tests.workflows.processes.running` wants it."""
    return {"feed": [sys.executable, "-m", "tests.projections.processes", ledger, str(views)]}


if __name__ == "__main__":
    desk = participants(sys.argv[1])
    Feed(desk.ledger, desk.desk, views_at(Path(sys.argv[2]))).follower().run()
