"""A ledger of an earlier program is brought up to date by whoever opens it first, and one of a later program is left alone."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import psycopg
import pytest
from psycopg.rows import TupleRow

from store import postgres_schema, sqlite_schema
from store.editions import APPENDED_BY_COMMANDS, EDITION
from store.errors import Fault
from store.examining import Examination, examine
from store.ledger import Ledger
from store.postgres import PostgresLedgerRecorder
from store.sqlite import SQLiteLedgerRecorder
from tests.builders import Clock
from tests.store.given import KEYS, WHO, Elsewhere, append, by, dose
from tests.store.mutations import KEY, SEAL

FOSSILS = Path(__file__).parents[1] / "fossils" / "ledgers"
"""Ledgers as the first programs left them: what a command appended was not remembered by itself, and there were no heads."""
STREAMS = {"participant:BER-001": 5, "participant:SAO-001": 3, "study:cd19-cart-sle": 9}
FIRST = "participant:BER-001"
COMMANDS = 7
pytestmark = pytest.mark.places("sqlite", "postgresql")


def by_hand(address: str, *statements: str) -> list[tuple[object, ...]]:
    """What a database answers to the last of some statements, to whoever goes past the program."""
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"), isolation_level=None)) as database:
            *before, last = statements
            for statement in before:
                database.executescript(statement)
            return database.execute(last).fetchall()
    with psycopg.connect(address.partition("&schema=")[0], autocommit=True) as connection:
        connection.execute(f"SET search_path TO {schema_of(address)}")
        *before, last = statements
        for statement in before:
            connection.execute(statement)
        found = connection.execute(last)
        return found.fetchall() if found.description else []


def schema_of(address: str) -> str:
    return address.partition("&schema=")[2]


def place_of(address: str) -> str:
    return "sqlite" if address.startswith("sqlite") else "postgresql"


@pytest.fixture
def old(address: str) -> str:
    """The address of a ledger that an earlier program made."""
    text = (FOSSILS / f"{place_of(address)}.sql").read_text()
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as database:
            database.execute("PRAGMA journal_mode = WAL")  # As every program has left it.
            database.executescript(text)
    else:
        with psycopg.connect(address.partition("&schema=")[0], autocommit=True) as connection:
            connection.execute(text.replace("fossil", schema_of(address)))
    return address


def opened(address: str, *, create: bool = False) -> Ledger:
    return Ledger.open(address, clock=Clock(), keys=KEYS, create=create)


def proved(ledger: Ledger) -> Examination:
    return examine(ledger.recorder, KEY.public)


@pytest.fixture(params=[False, True], ids=["opened", "opened to create"])
def ledger(old: str, request: pytest.FixtureRequest) -> Iterator[Ledger]:
    with closing(opened(old, create=request.param)) as ledger:
        yield ledger


@pytest.mark.clause("21 CFR 11", "11.10(c)")
@pytest.mark.clause("EU Annex 11", "17", "7")
def test_an_old_ledger_is_read_proved_added_to_and_signed(ledger: Ledger) -> None:
    assert {stream: len(ledger.read(stream)) for stream in ledger.streams("")} == STREAMS
    assert ledger.read(FIRST)[0].identifiers == WHO
    before = proved(ledger)
    assert (before.entries, before.damage, before.unreadable) == (sum(STREAMS.values()), (), ())
    command = by()
    append(ledger, FIRST, dose(command), dose(command))
    assert SEAL.seal(ledger).size == before.entries + 2
    after = proved(ledger)
    assert (after.entries, after.heads, after.unsigned, after.damage) == (before.entries + 2, 1, 0, ())


def test_what_an_old_ledger_did_before_is_remembered(ledger: Ledger) -> None:
    last = ledger.read(FIRST)[-1]
    appended = ledger.outcome(last.circumstances.actor.id, last.circumstances.command_id)
    assert appended is not None
    assert (appended.stream, appended.last, appended.position) == (FIRST, last.version, last.position)


def test_what_is_recorded_in_an_old_ledger_is_guarded_as_in_a_new_one(ledger: Ledger, old: str) -> None:
    append(ledger, FIRST)
    for table in ("entries", "commands", "appended"):
        for change in (f"DELETE FROM {table}", f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"):
            if not (change.startswith("INSERT") and place_of(old) == "postgresql"):
                with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match="what is recorded is never changed"):
                    by_hand(old, change)
    assert proved(ledger).damage == ()


def test_what_was_cut_off_an_old_ledger_is_missed(old: str) -> None:
    off = {
        "sqlite": ["DROP TRIGGER entries_bear_no_delete;"],
        "postgresql": ["DROP TRIGGER entries_bear_no_change ON entries"],
    }[place_of(old)]
    by_hand(old, *off, f"DELETE FROM entries WHERE position = {sum(STREAMS.values())}")
    with closing(opened(old)) as ledger:
        assert [(one.position, one.why) for one in proved(ledger).damage] == [(17, "nothing stands at position 17")]


OPEN = """
with closing(Ledger.open(sys.argv[2], clock=lambda: datetime.now(UTC), keys=KEYS, create=False)) as old:
    print(len(old.read("participant:BER-001")), flush=True)
"""


def test_several_processes_that_open_an_old_ledger_at_once_all_find_it_up_to_date(old: str) -> None:
    processes = [Elsewhere("memory", f"from contextlib import closing{OPEN}", old) for _ in range(3)]
    for process in processes:
        process.go()
    assert [process.line() for process in processes] == [str(STREAMS[FIRST])] * 3
    for process in processes:
        process.finish()
    assert by_hand(old, "SELECT count(*) FROM appended") == [(COMMANDS,)]


class OvertakenInSQLite(SQLiteLedgerRecorder):
    """Finds an earlier edition; and until the ledger is locked, another process has brought that up to date."""

    edition = EDITION

    def create_table(self) -> None:
        by_hand(f"sqlite:///{self.path}", said("sqlite", self.edition))
        super().create_table()


class OvertakenInPostgreSQL(PostgresLedgerRecorder):
    """The same."""

    edition = EDITION

    def _bring_up_to_date(self, connection: psycopg.Connection[TupleRow]) -> None:
        connection.execute(f"SET search_path TO {self.schema}")
        connection.execute(said("postgresql", self.edition))
        super()._bring_up_to_date(connection)


class OvertakenByALaterOneInSQLite(OvertakenInSQLite):
    edition = EDITION + 1


class OvertakenByALaterOneInPostgreSQL(OvertakenInPostgreSQL):
    edition = EDITION + 1


def said(place: str, edition: int) -> str:
    """What says of a ledger that it is of an edition."""
    return {"sqlite": f"PRAGMA user_version = {edition}", "postgresql": f"COMMENT ON TABLE entries IS 'Daybook, edition {edition}'"}[place]


def overtaken(address: str, *, later: bool) -> None:
    if address.startswith("sqlite"):
        of_sqlite = OvertakenByALaterOneInSQLite if later else OvertakenInSQLite
        of_sqlite(Path(address.removeprefix("sqlite:///")), create=False).close()
    else:
        of_postgresql = OvertakenByALaterOneInPostgreSQL if later else OvertakenInPostgreSQL
        of_postgresql(address, create=False).close()


def test_whoever_is_overtaken_does_not_bring_it_up_to_date_once_more(old: str) -> None:
    overtaken(old, later=False)
    assert not has_endings(old)


def test_whoever_is_overtaken_by_a_later_program_leaves_it_alone(old: str) -> None:
    with pytest.raises(Fault, match="opened by a later version of Daybook"):
        overtaken(old, later=True)
    assert not has_endings(old)


def test_what_breaks_off_in_the_middle_leaves_the_old_ledger_as_it_was(old: str) -> None:
    by_hand(old, "CREATE VIEW heads AS SELECT 1 AS number", "SELECT 1")
    with pytest.raises(Fault):
        opened(old)
    assert not has_endings(old)
    by_hand(old, "DROP VIEW heads", "SELECT 1")
    with closing(opened(old)) as ledger:
        assert (proved(ledger).damage, has_endings(old)) == ((), True)


def test_guards_of_an_earlier_program_are_replaced(old: str) -> None:
    lax = {
        "sqlite": [
            "DROP TRIGGER entries_bear_no_delete",
            "CREATE TRIGGER entries_bear_no_delete BEFORE DELETE ON entries BEGIN SELECT 1; END",
        ],
        "postgresql": ["CREATE OR REPLACE FUNCTION refuse_to_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"],
    }[place_of(old)]
    by_hand(old, *lax, "SELECT 1")
    opened(old).close()
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match="what is recorded is never changed"):
        by_hand(old, "DELETE FROM entries")


def has_endings(address: str) -> bool:
    """Whether there is the index of where commands ended, which the first programs did not make."""
    there = {
        "sqlite": "SELECT 1 FROM sqlite_master WHERE name = 'endings'",
        "postgresql": "SELECT 1 WHERE to_regclass('endings') IS NOT NULL",
    }
    return by_hand(address, there[place_of(address)]) != []


def test_what_is_up_to_date_is_not_brought_up_to_date_again(old: str) -> None:
    opened(old).close()
    off = {"sqlite": "DROP INDEX endings;", "postgresql": "DROP INDEX endings"}[place_of(old)]
    by_hand(old, off, "SELECT 1")
    opened(old).close()
    assert not has_endings(old)


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize(("later", "left_alone"), [(0, False), (1, True)])
def test_a_ledger_of_a_later_program_is_left_alone(old: str, *, create: bool, later: int, left_alone: bool) -> None:
    opened(old).close()
    by_hand(old, said(place_of(old), EDITION + later))
    if left_alone:
        with pytest.raises(Fault, match="opened by a later version of Daybook"):
            opened(old, create=create)
    else:
        opened(old, create=create).close()


def role_for(old: str, *grants: str) -> str:
    """The address of the ledger for a role of its own."""
    name = schema_of(old)
    by_hand(old, f"CREATE ROLE {name} LOGIN", *grants, "SELECT 1")
    return f"postgresql://{name}@{old.partition('@')[2]}"


@pytest.mark.places("postgresql")
def test_whoever_may_not_bring_it_up_to_date_says_who_may_and_reads_it_after_that(old: str) -> None:
    name = schema_of(old)
    guest = role_for(old, f"GRANT USAGE ON SCHEMA {name} TO {name}", f"GRANT SELECT ON ALL TABLES IN SCHEMA {name} TO {name}")
    with pytest.raises(Fault, match="by the role that owns it"):
        opened(guest)
    opened(old).close()
    with closing(opened(guest)) as ledger:
        assert len(ledger.read(FIRST)) == STREAMS[FIRST]
        assert proved(ledger).damage == ()
        with pytest.raises(Fault, match="does not let it write"):
            append(ledger, FIRST)


@pytest.mark.places("postgresql")
@pytest.mark.parametrize("to", ["PUBLIC", "a role"])
def test_whoever_might_add_to_an_old_ledger_adds_and_signs_once_it_is_up_to_date(old: str, to: str) -> None:
    name = schema_of(old)
    who = name if to == "a role" else to
    guest = role_for(old, f"GRANT USAGE ON SCHEMA {name} TO {who}", f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA {name} TO {who}")
    opened(old).close()
    with closing(opened(guest, create=True)) as ledger:
        for _ in range(2):
            append(ledger, FIRST)
            SEAL.seal(ledger)
        assert (proved(ledger).heads, proved(ledger).damage) == (2, ())


@pytest.mark.places("postgresql")
def test_the_role_that_owns_it_brings_it_up_to_date_though_it_may_make_no_schema(old: str) -> None:
    name = schema_of(old)
    tables = ("entries", "commands", "participant_keys", "followers")
    owner = role_for(
        old,
        f"ALTER SCHEMA {name} OWNER TO {name}",
        *(f"ALTER TABLE {table} OWNER TO {name}" for table in tables),
        *(f"ALTER FUNCTION {function} OWNER TO {name}" for function in ("record", "refuse_to_change")),
    )
    with closing(opened(owner)) as ledger:
        assert len(ledger.read(FIRST)) == STREAMS[FIRST]


def test_every_change_of_the_tables_is_another_edition() -> None:
    stated = "\n".join((*sqlite_schema.SCHEMA, *postgres_schema.SCHEMA, APPENDED_BY_COMMANDS))
    assert (EDITION, sha256(stated.encode()).hexdigest()[:16]) == (2, "0d4dc07ad668f631"), (
        "Raise EDITION in store/editions.py, and put both here."
    )
