"""What a disk can do to a file of SQLite, and no statement: each is found, and told without an error of its own."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from store.chains import Damage
from store.examining import examine
from store.ledger import Ledger
from tests.builders import Clock
from tests.store.given import KEYS, Hand
from tests.store.mutations import KEY, Copy

OF_ANY_KIND = "UPDATE sqlite_schema SET sql = replace(sql, ' STRICT', '')"


def broken(path: Path, *statements: str) -> None:
    """The file once its schema has been written, and told otherwise what it holds."""
    for statement in statements:
        with closing(sqlite3.connect(path, isolation_level=None)) as file:  # Each reads the schema as the one before left it.
            file.execute("PRAGMA writable_schema = ON")
            file.execute(statement)


def damage_of(path: Path) -> tuple[Damage, ...]:
    ledger = Ledger.open(f"sqlite:///{path}", clock=Clock(), keys=KEYS, create=False)
    try:
        return examine(ledger.recorder, KEY.public).damage
    finally:
        ledger.close()


@pytest.fixture
def file(address: str, hand: Hand) -> Path:
    Copy(hand)
    hand.ledger.close()
    return Path(address.removeprefix("sqlite:///"))


@pytest.mark.places("sqlite")
@pytest.mark.parametrize(
    ("table", "column", "otherwise"),
    [
        ("entries", "stream", "CAST(stream AS BLOB)"),
        ("entries", "version", "version || 'x'"),
        ("entries", "kind", "CAST(kind AS BLOB)"),
        ("entries", "state", "CAST(state AS TEXT)"),
        ("entries", "hash", "CAST(hash AS TEXT)"),
        ("entries", "placed", "1.5"),
        ("commands", "digest", "CAST(digest AS BLOB)"),
        ("commands", "last", "last || 'x'"),
        ("appended", "stream", "CAST(stream AS BLOB)"),
        ("appended", "last", "last || 'x'"),
    ],
)
def test_a_value_that_is_of_another_kind_is_found_at_its_position(file: Path, table: str, column: str, otherwise: str) -> None:
    """A single bit makes a text of the same bytes something else, which only who asks for its kind can tell."""
    assert damage_of(file) == ()
    broken(file, OF_ANY_KIND, f"UPDATE {table} SET {column} = {otherwise} WHERE position = 4")
    assert 4 in {one.position for one in damage_of(file)}


@pytest.mark.places("sqlite")
def test_a_value_that_only_its_index_still_tells_as_it_was_is_found(file: Path) -> None:
    with closing(sqlite3.connect(file)) as schema:
        index = schema.execute("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE name = 'endings'").fetchone()
    kept = ", ".join(repr(value) for value in index)
    broken(
        file,
        "DELETE FROM sqlite_schema WHERE name = 'endings'",
        "UPDATE commands SET position = -111 WHERE position = 17",
        f"INSERT INTO sqlite_schema VALUES ({kept})",
    )
    (found,) = damage_of(file)
    assert (found.position, "the database finds its own file damaged" in found.why) == (0, True)
