"""Every view forgets a participant by a key of its tables: while it is built again there is no index, and everybody is forgotten once."""

import sqlite3
from contextlib import closing

import pytest

from projections.feed import EVERY_VIEW
from projections.views import View

IDS = [view.__name__ for view in EVERY_VIEW]  # type: ignore[attr-defined]  # Each view is a module.


def plans(view: View) -> list[str]:
    """How SQLite finds what a participant is forgotten by, with nothing but the tables."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for table in view.TABLES:
            connection.execute(f"CREATE TABLE {table}")
        asked: list[str] = []
        connection.set_trace_callback(asked.append)
        view.forget(connection, "BER-001")
        connection.set_trace_callback(None)
        deletes = [one for one in asked if one.startswith("DELETE")]
        assert deletes
        return [step for one in deletes for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {one}")]


@pytest.mark.parametrize("view", EVERY_VIEW, ids=IDS)
def test_a_participant_is_forgotten_without_looking_at_anybody_else(view: View) -> None:
    assert [step for step in plans(view) if step.startswith("SCAN")] == []
