"""Followers miss nothing, wake at once, step in for each other, and stop when they are told to."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from typing import Any

import pytest

from store.errors import Fault, LostLease, Unreachable
from store.follow import Batch, Bell, Follower, KeptInLedger, follow, leased, turn
from store.ledger import Ledger, Unreadable
from tests.store.given import ANNA, BORIS, Elsewhere, Hand, append, dose, opened

WRITERS, APPENDS = 4, 60
WRITE = f"""
for number in range({APPENDS}):
    append(ledger, "participant:" + sys.argv[2], dose(), dose())
"""
FOLLOW = """
def deliver(batch):
    print("delivered", batch[-1].position, flush=True)
Follower(ledger, "relay", KeptInLedger(ledger, "relay", deliver), print).run()
"""
TAKE_LEASE = """
with leased(ledger, "relay", Bell()) as claim:
    print("token", claim.token, flush=True)
    sys.stdin.readline()
"""


@contextmanager
def following(ledger: Ledger, deliver: Callable[[Batch], None], name: str = "relay") -> Iterator[list[Exception]]:
    """A follower in a thread of its own; what it reports is collected."""
    reported: list[Exception] = []
    follower = Follower(ledger, name, KeptInLedger(ledger, name, deliver), reported.append)
    thread = Thread(target=follower.run)
    thread.start()
    try:
        yield reported
    finally:
        follower.stop()
        thread.join(10)
        assert not thread.is_alive()


def each_into(queue: "Queue[Any]") -> Callable[[Batch], None]:
    def deliver(batch: Batch) -> None:
        for one in batch:
            queue.put(one)

    return deliver


def received(queue: "Queue[Any]", count: int) -> list[Any]:
    return [queue.get(timeout=30) for _ in range(count)]


def test_what_was_recorded_before_and_after_is_delivered_in_order(ledger: Ledger) -> None:
    append(ledger, ANNA, dose(), dose())
    queue: Queue[Any] = Queue()
    with following(ledger, each_into(queue)):
        assert received(queue, 2) == list(ledger.read(ANNA))
        append(ledger, BORIS)
        assert received(queue, 1) == list(ledger.read(BORIS))


def test_a_follower_goes_on_where_the_last_one_of_its_name_stopped(ledger: Ledger) -> None:
    queue: Queue[Any] = Queue()
    for position in range(1, 4):
        append(ledger, ANNA)
        with following(ledger, each_into(queue)):
            assert [entry.position for entry in received(queue, 1)] == [position]
    assert queue.empty()


def test_followers_of_other_names_have_positions_of_their_own(ledger: Ledger) -> None:
    append(ledger, ANNA)
    first: Queue[Any] = Queue()
    second: Queue[Any] = Queue()
    with following(ledger, each_into(first), "relay"), following(ledger, each_into(second), "feed"):
        assert received(first, 1) == received(second, 1)


def test_what_cannot_be_read_is_delivered_as_such_and_holds_up_nobody(ledger: Ledger, hand: Hand) -> None:
    append(ledger, ANNA, dose(), dose(), dose())
    hand.free()("UPDATE entries SET kind = 'registered.v1' WHERE position = 2")
    queue: Queue[Any] = Queue()
    with following(ledger, each_into(queue)):
        assert [isinstance(one, Unreadable) for one in received(queue, 3)] == [False, True, False]


def test_another_process_that_appends_is_heard(shared: str, ledger: Ledger) -> None:
    writer = Elsewhere(shared, WRITE, "BER-007")
    queue: Queue[Any] = Queue()
    with following(ledger, each_into(queue)):
        writer.go()
        assert [entry.position for entry in received(queue, 2 * APPENDS)] == list(range(1, 2 * APPENDS + 1))
    writer.finish()


@pytest.mark.slow
def test_nothing_is_missed_under_writers_in_other_processes(shared: str, ledger: Ledger) -> None:
    writers = [Elsewhere(shared, WRITE, f"BER-{number:03d}") for number in range(WRITERS)]
    queue: Queue[Any] = Queue()
    with following(ledger, each_into(queue)):
        for writer in writers:
            writer.go()
        found = received(queue, 2 * APPENDS * WRITERS)
        for writer in writers:
            writer.finish()
    assert [entry.position for entry in found] == list(range(1, 2 * APPENDS * WRITERS + 1))
    assert found == ledger.after(0, 10_000)
    assert queue.empty()


@pytest.mark.places("postgresql")
def test_a_lost_notification_is_made_up_for(ledger: Ledger, address: str, hand: Hand) -> None:
    (source,) = hand("SELECT prosrc FROM pg_proc WHERE proname = 'record'")[0]
    assert "NOTIFY" in source
    queue: Queue[Any] = Queue()
    with following(ledger, each_into(queue)):
        append(ledger, ANNA)
        received(queue, 1)
        hand("DO $do$ BEGIN EXECUTE replace(pg_get_functiondef('record'::regproc), 'NOTIFY', '-- NOTIFY'); END $do$")
        silent = opened(address)
        append(silent, ANNA)
        assert [entry.position for entry in received(queue, 1)] == [2]
        silent.close()


def test_of_two_followers_of_a_name_one_delivers(ledger: Ledger) -> None:
    queue: Queue[Any] = Queue()
    with following(ledger, each_into(queue)) as first, following(ledger, each_into(queue)) as second:
        for _ in range(20):
            append(ledger, ANNA)
        assert [entry.position for entry in received(queue, 20)] == list(range(1, 21))
    assert queue.empty()
    assert first == second == []


def test_whoever_stands_by_takes_over_when_the_other_stops(ledger: Ledger) -> None:
    queue: Queue[Any] = Queue()
    with following(ledger, each_into(queue)) as second:
        with following(ledger, each_into(queue)):
            append(ledger, ANNA)
            received(queue, 1)
        append(ledger, ANNA)
        assert [entry.position for entry in received(queue, 1)] == [2]
    assert second == []


def test_whoever_stands_by_takes_over_when_the_other_is_killed(shared: str, ledger: Ledger) -> None:
    other = Elsewhere(shared, FOLLOW)
    other.go()
    append(ledger, ANNA)
    assert other.line() == "delivered 1"
    queue: Queue[Any] = Queue()
    with following(ledger, each_into(queue)):
        append(ledger, ANNA)
        assert other.line() == "delivered 2"
        other.kill()
        append(ledger, ANNA)
        assert received(queue, 1)[0].position in {2, 3}  # Two is delivered again if the other died before it kept its position.


def test_a_lease_is_free_once_its_process_was_killed(shared: str, ledger: Ledger, bell: Bell) -> None:
    other = Elsewhere(shared, TAKE_LEASE)
    other.go()
    assert other.line() == "token 1"
    assert not taken_at_once(ledger)
    other.kill()
    with leased(ledger, "relay", bell) as claim:
        assert claim
        assert claim.token == 2


def taken_at_once(ledger: Ledger) -> bool:
    candidate = ledger.recorder.candidate("relay")
    try:
        return candidate.take()
    finally:
        candidate.close()


CUT = """SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
"""Breaks the connection of whoever has a turn."""
TAKE_TURN = """
with turn(ledger, "relay") as ours:
    print("ours", ours(), flush=True)
    sys.stdin.readline()
"""


def test_a_turn_that_somebody_has_is_not_waited_for_and_is_free_once_they_are_done_or_killed(shared: str, ledger: Ledger) -> None:
    with turn(ledger, "relay") as ours, turn(ledger, "relay") as theirs, turn(ledger, "another") as another:
        assert (ours(), theirs(), another(), ours()) == (True, False, True, True)
    other = Elsewhere(shared, TAKE_TURN)
    other.go()
    assert other.line() == "ours True"
    assert not taken_at_once(ledger)
    other.kill()
    assert taken_at_once(ledger)


@pytest.mark.places("postgresql")
def test_a_turn_is_lost_with_the_connection_under_which_it_was_taken(ledger: Ledger, hand: Hand) -> None:
    with turn(ledger, "relay") as ours:
        assert ours()
        hand(CUT)
        assert not ours()
        assert taken_at_once(ledger)


def test_whoever_was_overtaken_cannot_move_the_position(ledger: Ledger) -> None:
    append(ledger, ANNA, dose(), dose())
    first, second = (KeptInLedger(ledger, "relay", lambda _: None) for _ in range(2))
    first.begin(ledger.recorder.claim("relay"))
    assert second.begin(ledger.recorder.claim("relay")) == 0
    with pytest.raises(LostLease):
        first.take(ledger.after(0, 1))
    second.take(ledger.after(0, 2))
    assert ledger.recorder.claim("relay").position == 2


def test_a_position_is_not_moved_when_the_delivery_fails(ledger: Ledger) -> None:
    append(ledger, ANNA)

    def deliver(_: Batch) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        Follower(ledger, "relay", KeptInLedger(ledger, "relay", deliver), print).run()
    assert ledger.recorder.claim("relay").position == 0


def test_a_follower_outlives_a_fault_and_reports_it(ledger: Ledger) -> None:
    append(ledger, ANNA)
    queue: Queue[Any] = Queue()
    faults: list[Fault] = [Unreachable("The other side is away.")]

    def deliver(batch: Batch) -> None:
        if faults:
            raise faults.pop()
        queue.put(batch)

    with following(ledger, deliver) as reported:
        assert [entry.position for entry in queue.get(timeout=30)] == [1]
    assert [str(one) for one in reported] == ["The other side is away."]


@pytest.mark.places("postgresql")
def test_a_follower_outlives_the_end_of_its_connections(ledger: Ledger, hand: Hand) -> None:
    queue: Queue[Any] = Queue()
    with following(ledger, each_into(queue)) as reported:
        append(ledger, ANNA)
        received(queue, 1)
        hand("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        append(ledger, ANNA)
        assert [entry.position for entry in received(queue, 1)] == [2]
    assert all(isinstance(one, Fault) for one in reported)


def test_a_follower_that_stops_leaves_no_thread_and_no_listener(ledger: Ledger) -> None:
    before = set(threading.enumerate())
    queue: Queue[Any] = Queue()
    with following(ledger, each_into(queue)):
        append(ledger, ANNA)
        received(queue, 1)
    assert {thread for thread in threading.enumerate() if "pool-" not in thread.name} <= before
    assert not ledger._listeners
    append(ledger, ANNA)


def test_a_follower_that_stands_by_stops_too(ledger: Ledger, bell: Bell) -> None:
    with leased(ledger, "relay", bell) as claim:
        assert claim
        with following(ledger, lambda _: None):
            pass


def test_anybody_may_follow_without_a_lease(ledger: Ledger, bell: Bell) -> None:
    append(ledger, ANNA)
    batches = follow(ledger, 0, bell)
    assert [entry.position for entry in next(batches)] == [1]
    append(ledger, ANNA)
    assert [entry.position for entry in next(batches)] == [2]
    bell.stop()
    assert list(batches) == []
    assert not ledger._listeners


@pytest.mark.parametrize(("settled", "position"), [((), 1), ((3,), 1), ((2,), 3)])
def test_the_position_waits_for_an_entry_that_is_held_and_follows_once_it_is_settled(
    ledger: Ledger, settled: tuple[int, ...], position: int
) -> None:
    append(ledger, ANNA, dose(), dose(), dose())
    kept = KeptInLedger(ledger, "relay", lambda _: kept.hold(2))
    kept.begin(ledger.recorder.claim("relay"))
    kept.take(ledger.after(0, 3))
    for one in settled:
        kept.settle(one)
    assert ledger.recorder.claim("relay").position == position


def test_what_is_settled_moves_no_position_that_another_follower_has_taken_over(ledger: Ledger) -> None:
    append(ledger, ANNA, dose())
    kept = KeptInLedger(ledger, "relay", lambda _: kept.hold(1))
    kept.begin(ledger.recorder.claim("relay"))
    kept.take(ledger.after(0, 1))
    assert ledger.recorder.claim("relay").position == 0
    with pytest.raises(LostLease):
        kept.settle(1)
