"""When the database fails, nothing is half-written, every waiter hears of it, and the words are fit for a screen."""

import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import psycopg
import pytest

from store.errors import Busy, CommandReused, Fault, Full, LostRace, Missing, Unreachable, fault
from store.group import Group
from store.ledger import Ledger
from store.orders import Appended, Order, Tail, Writer, order
from tests.builders import START, Clock
from tests.store.given import ANNA, BORIS, KEYS, Hand, append, by, dose, opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def on_file(path: Path, *, create: bool = True) -> Ledger:
    return Ledger.open(f"sqlite:///{path}", clock=Clock(), keys=KEYS, create=create)


def test_a_missing_file_is_not_created_unasked(file: Path) -> None:
    with pytest.raises(Missing, match=f"There is no ledger at {file}. Create it first"):
        on_file(file, create=False)
    assert not file.exists()


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(Missing, match=f"There is no folder {tmp_path / 'away'}"):
        on_file(tmp_path / "away" / "ledger.db")


def test_a_file_that_is_no_ledger_is_a_fault(file: Path) -> None:
    file.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(Fault, match="cannot be read from its disk"):
        on_file(file)


def test_a_connection_that_cannot_be_made_ready_is_not_left_open(file: Path) -> None:
    file.write_bytes(b"Dear diary, " * 1000)
    with pytest.raises(Fault) as refused:
        on_file(file)
    open_files = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    assert str(file) not in open_files
    assert refused.value.__traceback__ is not None, "what the traceback holds on to counts as open"


def test_a_file_whose_schema_is_no_text_any_more_is_a_fault_and_is_not_left_open(file: Path) -> None:
    on_file(file).close()
    written = file.read_bytes()
    broken = written.replace(b"CREATE TABLE commands", b"CREATE TAB\xc5E commands")
    assert broken != written
    file.write_bytes(broken)
    with pytest.raises(Fault, match="cannot be read from its disk"):
        on_file(file, create=False)
    assert str(file) not in [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]


def test_a_file_without_tables_is_no_ledger(file: Path) -> None:
    sqlite3.connect(file).close()
    file.touch()
    with pytest.raises(Missing):
        on_file(file, create=False)


@pytest.mark.clause("ICH E6(R3)", "4.3.6")
def test_a_full_disk_leaves_nothing_half_written(file: Path) -> None:
    ledger = on_file(file)
    append(ledger, BORIS)
    hand = Hand("sqlite", ledger)
    ((pages,),) = hand("PRAGMA page_count")
    hand(f"PRAGMA max_page_count = {pages}")
    command = by()
    with pytest.raises(Full, match=r"The disk is full. Nothing was recorded. Ask the administrator to make room, then repeat."):
        append(ledger, ANNA, *(dose(command) for _ in range(200)))
    assert (ledger.version_of(ANNA), ledger.head(), ledger.outcome("anna", command.command_id)) == (0, 1, None)
    hand("PRAGMA max_page_count = 100000")
    assert append(ledger, ANNA, *(dose(command) for _ in range(200))).position == 201
    ledger.close()


def test_a_locked_database_says_so_and_records_nothing(file: Path) -> None:
    ledger = on_file(file)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    Hand("sqlite", ledger)("PRAGMA busy_timeout = 50")
    with pytest.raises(Busy, match=r"The database is busy with another program. Nothing was recorded. Try again in a moment."):
        append(ledger, ANNA)
    other.execute("ROLLBACK")
    other.close()
    assert append(ledger, ANNA).position == 1
    ledger.close()


def test_a_schema_without_a_ledger_is_missing(postgres: str) -> None:
    parts = psycopg.conninfo.conninfo_to_dict(postgres)
    address = f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}&schema=study_b"
    with pytest.raises(Missing, match="no ledger in the schema study_b"):
        Ledger.open(address, clock=Clock(), keys=KEYS, create=False)
    opened(address).close()
    Ledger.open(address, clock=Clock(), keys=KEYS, create=False).close()


def test_a_database_that_is_not_there_is_missing(postgres: str) -> None:
    parts = psycopg.conninfo.conninfo_to_dict(postgres)
    with pytest.raises(Missing, match="no ledger at the configured address"):
        opened(f"postgresql://{parts['user']}@/nowhere?host={parts['host']}")


def test_a_server_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="The database does not answer"):
        opened(f"postgresql://postgres@/postgres?host={tmp_path}")


def test_ledgers_in_two_schemas_do_not_know_each_other(postgres: str) -> None:
    parts = psycopg.conninfo.conninfo_to_dict(postgres)
    one, two = (opened(f"postgresql://{parts['user']}@/{parts['dbname']}?host={parts['host']}&schema={name}") for name in ("a", "b"))
    append(one, ANNA)
    assert (one.head(), two.head()) == (1, 0)
    one.close()
    two.close()


@pytest.mark.places("postgresql")
def test_connections_that_broke_are_replaced_without_a_word(ledger: Ledger, hand: Hand) -> None:
    append(ledger, ANNA)
    hand("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
    command = by()
    assert ledger.append({ANNA: [dose(command)]}, expect={ANNA: 1}, command_digest="a").last == 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SQLITE_BUSY_SNAPSHOT", Busy),
        ("SQLITE_FULL", Full),
        ("SQLITE_IOERR_SHMSIZE", Full),
        ("SQLITE_IOERR_WRITE", Fault),
        ("SQLITE_NEVER_HEARD_OF", Fault),
    ],
)
def test_an_error_of_sqlite_is_known_by_its_name(name: str, kind: type[Fault]) -> None:
    error = sqlite3.OperationalError("database or disk is out of sorts")
    error.sqlite_errorname = name
    assert type(fault(error)) is kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (psycopg.errors.DiskFull(), Full),
        (psycopg.errors.LockNotAvailable(), Busy),
        (psycopg.errors.AdminShutdown(), Unreachable),
        (psycopg.OperationalError("server closed the connection unexpectedly"), Unreachable),
        (psycopg.errors.InsufficientPrivilege(), Fault),
    ],
)
def test_an_error_of_postgresql_is_known_by_its_code(error: Exception, kind: type[Fault]) -> None:
    assert type(fault(error)) is kind


@pytest.mark.parametrize(
    ("error", "reading", "appending"),
    [
        (
            psycopg.OperationalError("connection refused"),
            "The database does not answer. Try again in a moment, or tell the administrator.",
            "The database does not answer. It is not certain that the last step was recorded: repeat it, it will not be recorded twice.",
        ),
        (
            psycopg.errors.DiskFull(),
            "The disk is full. Ask the administrator to make room, then repeat.",
            "The disk is full. Nothing was recorded. Ask the administrator to make room, then repeat.",
        ),
    ],
)
def test_what_became_of_an_append_is_said_to_nobody_who_only_read(error: Exception, reading: str, appending: str) -> None:
    assert str(fault(error)) == reading
    assert str(fault(error, appending=True)) == appending


@pytest.mark.places("postgresql")
def test_only_whoever_appended_is_told_what_became_of_that(ledger: Ledger, hand: Hand) -> None:
    append(ledger, ANNA)
    hand("ALTER TABLE entries RENAME TO elsewhere")
    with pytest.raises(Missing, match=r"^There is no ledger at the configured address. Check the address"):
        ledger.head()
    with pytest.raises(Missing, match=r"^There is no ledger at the configured address. Nothing was recorded."):
        ledger.append({ANNA: [dose()]}, expect={ANNA: 1}, command_digest="a")


def test_no_fault_shows_what_the_database_said() -> None:
    for error in (sqlite3.OperationalError("near SELECT"), psycopg.errors.SyntaxError("at or near"), OSError("[Errno 5]")):
        assert str(fault(error)).endswith(".")
        assert str(error) not in str(fault(error))


# Group commit


def an_order(stream: str = ANNA, version: int = 0) -> Order:
    return order({stream: [dose()]}, {stream: version}, "a", {stream: Tail(version)}, Writer(START, {}, KEYS))


class Desk:
    """Commits orders as it is told: the first group waits until it is let go, so that the others queue behind it."""

    def __init__(self, commit: Callable[[list[Order]], None]) -> None:
        self.groups: list[int] = []
        self._commit = commit
        self._first, self._go = Event(), Event()
        self.group = Group(self.commit)

    def commit(self, orders: list[Order]) -> None:
        if not self.groups:
            self.groups.append(len(orders))
            self._first.set()
            self._go.wait()
        else:
            self.groups.append(len(orders))
        self._commit(orders)

    def submit(self, *orders: Order) -> list[Appended | Exception]:
        """Submit the orders, all but the first together; returns each one's outcome."""
        with ThreadPoolExecutor(len(orders)) as pool:
            first = pool.submit(self._outcome, orders[0])
            self._first.wait()
            rest = [pool.submit(self._outcome, one) for one in orders[1:]]
            while len(self.group._queue) < len(orders) - 1:
                os.sched_yield()
            self._go.set()
            return [first.result(), *(one.result() for one in rest)]

    def _outcome(self, one: Order) -> Appended | Exception:
        try:
            return self.group.submit(one)
        except Exception as error:  # noqa: BLE001 - Whatever comes is compared.
            return error


def record(orders: list[Order]) -> None:
    for one in orders:
        one.recorded_after(0)


def test_orders_that_wait_are_committed_together() -> None:
    desk = Desk(record)
    outcomes = desk.submit(*(an_order(f"participant:BER-{n:03d}") for n in range(8)))
    assert all(isinstance(one, Appended) for one in outcomes)
    assert desk.groups == [1, 7]


def test_orders_for_the_same_stream_are_not_committed_together() -> None:
    desk = Desk(record)
    desk.submit(an_order(), an_order(), an_order(), an_order(BORIS))
    assert sorted(desk.groups) == [1, 1, 2]


def test_an_error_of_one_order_reaches_only_the_thread_that_waits_for_it() -> None:
    def commit(orders: list[Order]) -> None:
        for one in orders:
            if one.command.stream == BORIS:
                one.answer = LostRace(BORIS, 0, 1)
            else:
                one.recorded_after(0)

    outcomes = Desk(commit).submit(an_order(ANNA), an_order(BORIS), an_order("participant:BER-003"))
    assert [type(one) for one in outcomes] == [Appended, LostRace, Appended]


def test_after_a_group_failed_each_of_its_orders_is_tried_alone() -> None:
    def commit(orders: list[Order]) -> None:
        if len(orders) > 1:
            raise Unreachable("broken")
        if orders[0].command.stream == BORIS:
            raise Full("full")
        record(orders)

    desk = Desk(commit)
    outcomes = desk.submit(an_order(ANNA), an_order(BORIS), an_order("participant:BER-003"))
    assert [type(one) for one in outcomes] == [Appended, Full, Appended]
    assert desk.groups == [1, 2, 1, 1]


def test_a_busy_database_is_not_asked_by_everybody_again() -> None:
    def commit(_: list[Order]) -> None:
        raise Busy("busy")

    desk = Desk(commit)
    outcomes = desk.submit(*(an_order(f"participant:BER-{n:03d}") for n in range(4)))
    assert [type(one) for one in outcomes] == [Busy] * 4
    assert desk.groups == [1, 3]


def test_leadership_survives_a_leader_that_is_interrupted() -> None:
    interrupted = Event()

    def commit(orders: list[Order]) -> None:
        if not interrupted.is_set():
            interrupted.set()
            raise KeyboardInterrupt
        record(orders)

    group = Group(commit)
    with pytest.raises(KeyboardInterrupt):
        group.submit(an_order())
    assert group.submit(an_order()).last == 1


def test_a_waiter_that_is_interrupted_holds_up_nobody() -> None:
    """The main thread waits for its turn, is interrupted, and its order is never made."""
    leading, go = Event(), Event()
    made: list[Order] = []

    def commit(orders: list[Order]) -> None:
        leading.set()
        go.wait()
        made.extend(orders)
        record(orders)

    def interrupt() -> None:
        while not group._queue:
            os.sched_yield()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    group = Group(commit)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(group.submit, an_order())
        leading.wait()
        pool.submit(interrupt)
        with pytest.raises(KeyboardInterrupt):
            group.submit(an_order(BORIS))
        go.set()
        assert first.result().last == 1
        assert pool.submit(group.submit, an_order("participant:BER-003")).result().last == 1
    assert [one.command.stream for one in made] == [ANNA, "participant:BER-003"]


def test_under_load_every_writer_gets_its_own_outcome(ledger: Ledger) -> None:
    barrier = Barrier(16)

    def write(number: int) -> tuple[int, int, int]:
        command, stream = by(), f"participant:BER-{number % 4:03d}"
        barrier.wait()
        recorded = raced = reused = 0
        for _ in range(6):
            try:
                digest = "a" if number % 2 else "b"
                appended = append(ledger, stream, dose(by() if number % 4 else command), digest=digest)
                assert ledger.outcome("anna", appended.command_id) == appended
                recorded += 1
            except LostRace:
                raced += 1
            except CommandReused:
                reused += 1
        return recorded, raced, reused

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(write, range(16)))
    assert all(sum(outcome) == 6 for outcome in outcomes)
    for stream in ledger.streams("participant:"):
        ledger.read(stream)
    assert [entry.position for entry in ledger.after(0, 1000)] == list(range(1, ledger.head() + 1))
