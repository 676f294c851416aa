"""Group commit: whoever finds nobody writing commits the orders of everybody who waits, in one transaction.

Every order gets its own answer or its own error, whatever becomes of the others. When a group fails, each of its orders is
tried once more alone; that is safe, because the database remembers commands. Leadership ends with the group, come what may.
"""

from collections import deque
from collections.abc import Callable
from threading import Lock
from uuid import UUID

from store.errors import Busy
from store.orders import Appended, Order

ORDERS_IN_A_GROUP = 128


class Group:
    """The orders that wait for one ledger in this process. `commit` records orders that do not touch each other and sets their answers."""

    def __init__(self, commit: Callable[[list[Order]], None]) -> None:
        self._commit = commit
        self._lock = Lock()
        self._queue: deque[Order] = deque()
        self._led = False

    def submit(self, order: Order) -> Appended:
        """Record an order together with whatever else waits; returns when it is durable."""
        order.woken.acquire()  # It is released by whoever leads, once there is an answer or the lead to take over.
        with self._lock:
            self._queue.append(order)
            order.leads, self._led = not self._led, True
        if not order.leads:
            self._wait(order)
        if order.leads:
            self._lead(order)
        if order.answer is None:
            self._commit([order])
        return order.outcome()

    def _wait(self, order: Order) -> None:
        """Wait for an answer or for the lead. Whoever is interrupted leaves the queue, and passes on a lead that nobody else would take."""
        try:
            order.woken.acquire()
        except BaseException:  # An interrupt, too, must not leave the others without a leader.
            with self._lock:
                if order in self._queue:
                    self._queue.remove(order)
                leads = order.leads
            if leads:
                self._hand_over([])
            raise

    def _lead(self, mine: Order) -> None:
        group: list[Order] = []
        try:
            with self._lock:
                group = self._next_group()
            self._commit(group)
        except Busy as busy:
            for order in group:
                order.answer = order.answer or Busy(*busy.args)
        except Exception:  # noqa: BLE001, S110 - Each order is now tried alone by the thread it belongs to, and raises there.
            pass
        finally:
            self._hand_over([order for order in group if order is not mine])

    def _hand_over(self, served: list[Order]) -> None:
        with self._lock:
            if self._queue:
                self._queue[0].leads = True
                served = [*served, self._queue[0]]
            else:
                self._led = False
        for order in served:
            order.woken.release()

    def _next_group(self) -> list[Order]:
        """Take from the queue what does not touch each other; the rest keeps its turn."""
        group: list[Order] = []
        left: deque[Order] = deque()
        written: set[str] = set()
        expected: set[str] = set()
        commands: set[tuple[str, UUID]] = set()
        for order in self._queue:
            command = (order.command.actor_id, order.command.command_id)
            touches = command in commands or written & order.expected.keys() or expected & order.written
            if touches or len(group) == ORDERS_IN_A_GROUP:
                left.append(order)
                continue
            group.append(order)
            commands.add(command)
            written |= order.written
            expected |= order.expected.keys()
        self._queue = left
        return group
