"""What identifies somebody is erased at the command line, and as long as that is not done everywhere it is said."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from app.cli.running import erases
from app.settings import Settings
from app.wiring import opened
from tests.app.at_the_desk import Desk

ERASE = ("study", "erase", "BER-001", "--approved-by", "the data protection officer", "--legal-decision", "a court's order")
DECIDED = ("--reason", "as ordered", "--sign", "I decide it")
LEFT = "a file of the database may still hold the key to it"


@pytest.fixture
def known(desk: Desk) -> Desk:
    """Somebody is on record with who they are."""
    desk("register", "BER-001", "BER", "--identify", answering="Annegret Kramer\n+49 30 555\na.kramer@example.org\n")
    return desk


@contextmanager
def somebody_reads(desk: Desk) -> Iterator[None]:
    with closing(sqlite3.connect(desk.folder / "ledger.sqlite", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM entries").fetchall()
        yield


def unfinished(desk: Desk) -> list[str]:
    found: list[str] = desk.json("status", code=3)["erasures_unfinished"]
    return found


def test_nothing_is_left_to_do_where_nobody_reads(known: Desk) -> None:
    erased = known(*ERASE, *DECIDED, who="administrator:t-berg")
    assert "what identifies BER-001 erased for good" in erased.stdout
    assert LEFT not in erased.output
    assert unfinished(known) == []


def test_whoever_decides_is_told_what_is_left_to_do_and_the_next_command_does_it(known: Desk) -> None:
    with somebody_reads(known):
        assert (
            f"Not done yet: it was decided to erase who BER-001 is, and {LEFT}"
            in known(*ERASE, *DECIDED, who="administrator:t-berg").stderr
        )
        assert unfinished(known) == ["BER-001"]
        assert LEFT in known("status", code=3).stdout
    assert unfinished(known) == []


def test_a_process_that_goes_on_does_what_is_left_to_do(known: Desk) -> None:
    with opened(Settings(folder=known.folder), known.clock) as daybook:
        with somebody_reads(known):
            known(*ERASE, *DECIDED, who="administrator:t-berg")
            asyncio.run(erases(daybook))
            assert daybook.erasures.unfinished() == ("BER-001",)
        asyncio.run(erases(daybook))
        assert daybook.erasures.unfinished() == ()
        daybook.settings.erasures.write_text("shopping list")
        asyncio.run(erases(daybook))  # What is in the way of it ends nothing else.
