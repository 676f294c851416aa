"""Following the ledger: every entry in its order, as soon as it is recorded, none missed, by one follower of a name at a time.

A follower wakes at once when its own process appends, and through the database when another one does. Everything runs in the
thread that calls; `stop` ends it promptly from any other.
"""

import select
import socket
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from threading import Lock
from typing import Any, Protocol

from domain.entry import Entry
from store.errors import Fault, LostLease, in_plain_words
from store.ledger import Ledger, Unreadable
from store.recorder import Claim

Batch = Sequence[Entry[Any] | Unreadable]
"""Entries in the order of the ledger; what cannot be read is named in its place."""
ENTRIES_IN_A_BATCH = 500
STAND_BY_SECONDS = 0.25
"""How often a follower that stands by asks whether it may take over."""
PAUSE_SECONDS = 1.0
"""How long a follower waits after a fault before it begins again."""


class Reader(Protocol):
    """Whoever deals with the entries and keeps the position, best in one transaction with what it makes of them."""

    def begin(self, claim: Claim) -> int:
        """Take note of the claim and return the position after which to go on."""
        ...

    def take(self, batch: Batch) -> None:
        """Deal with a batch and keep the position of its last entry; raises LostLease once a claim with a higher token was seen."""
        ...


class Follower:
    """Hands every entry of a ledger to its reader. Of all followers of a name, anywhere, one delivers and the others stand by."""

    def __init__(self, ledger: Ledger, name: str, reader: Reader, report: Callable[[Fault | LostLease], None]) -> None:
        self._ledger = ledger
        self._name = name
        self._reader = reader
        self._report = report
        self._bell = Bell()

    def run(self) -> None:
        """Follow until stopped; after a fault, report it, pause and begin again. Any other error of the reader is raised."""
        with closing(self._bell):
            while not self._bell.stopped:
                try:
                    self._follow()
                except (Fault, LostLease) as trouble:
                    self._report(trouble)
                    self._bell.wait(PAUSE_SECONDS)

    def stop(self) -> None:
        """Let `run` return, once the batch at hand has been dealt with."""
        self._bell.stop()

    def _follow(self) -> None:
        with leased(self._ledger, self._name, self._bell) as claim:
            if claim is not None:
                with closing(follow(self._ledger, self._reader.begin(claim), self._bell)) as batches:
                    for batch in batches:
                        self._reader.take(batch)


class KeptInLedger:
    """A reader whose position is kept in the ledger's own database, and moved when a batch has been delivered.

    It never passes an entry that is held: whoever begins anew is handed that one again.
    """

    def __init__(self, ledger: Ledger, name: str, deliver: Callable[[Batch], None]) -> None:
        self._ledger = ledger
        self._name = name
        self._deliver = deliver
        self._claim, self._read = Claim(0, 0), 0
        self._held: set[int] = set()
        self._lock = Lock()

    def begin(self, claim: Claim) -> int:
        with self._lock:
            self._claim, self._read = claim, claim.position
        return claim.position

    def take(self, batch: Batch) -> None:
        self._deliver(batch)
        with self._lock:
            self._read = batch[-1].position
        self._move()

    def hold(self, position: int) -> None:
        """Something of the entry at a position is left to be done after it was delivered."""
        with self._lock:
            self._held.add(position)

    def settle(self, position: int) -> None:
        """Nothing is left of it; said from any thread. Raises LostLease or a Fault: then the position moves when anything else does."""
        with self._lock:
            self._held.discard(position)
        self._move()

    def _move(self) -> None:
        with self._lock, in_plain_words():
            token, before = self._claim
            upto = min((self._read, *(position - 1 for position in self._held)))
            if upto <= before:
                return
            if not self._ledger.recorder.move(self._name, token, before, upto):
                raise LostLease(self._name)
            self._claim = Claim(token, upto)


def follow(ledger: Ledger, position: int, bell: "Bell") -> Generator[Batch, None, None]:
    """What stands after a position, batch by batch as it comes, until the bell is stopped. Raises Fault."""
    unlisten = ledger.listen(bell.ring)
    try:
        with in_plain_words():
            ears = ledger.recorder.ears()
        with closing(ears):
            while not bell.stopped:
                if batch := ledger.after(position, ENTRIES_IN_A_BATCH):
                    position = batch[-1].position
                    yield batch
                else:
                    with in_plain_words():
                        ears.wait(bell.wait)
    finally:
        unlisten()


@contextmanager
def leased(ledger: Ledger, name: str, bell: "Bell") -> Iterator[Claim | None]:
    """The sole right to a name, waited for; None when the bell was stopped before. It ends with the process at the latest."""
    with in_plain_words():
        candidate = ledger.recorder.candidate(name)
    with closing(candidate):
        while not bell.stopped:
            with in_plain_words():
                claim = ledger.recorder.claim(name) if candidate.take() else None
            if claim is not None:
                yield claim
                return
            bell.wait(STAND_BY_SECONDS)
        yield None


@contextmanager
def turn(ledger: Ledger, name: str) -> Iterator[Callable[[], bool]]:
    """Asks whether the sole right to a name is ours; it is not waited for. It ends with the process at the latest."""
    with in_plain_words():
        candidate = ledger.recorder.candidate(name)

    def ours() -> bool:
        """It ends with the connection to a database, too, so it is to be asked for again before it is relied on."""
        with suppress(Fault), in_plain_words():
            return candidate.take()
        return False

    with closing(candidate):
        yield ours


class Bell:
    """Wakes the one thread that waits for it, from any other; once stopped it stays so."""

    def __init__(self) -> None:
        self.stopped = False
        self._inside, self._outside = socket.socketpair()
        for end in (self._inside, self._outside):
            end.settimeout(0)

    def ring(self) -> None:
        try:
            self._outside.send(b"!")
        except OSError:  # It rings already, or nobody waits any more.
            return

    def stop(self) -> None:
        self.stopped = True
        self.ring()

    def wait(self, seconds: float, also: int | None = None) -> bool:
        """Wait for the bell, or for a file descriptor to become readable; whether either came in time."""
        poll = select.poll()
        for readable in filter(None, (self._inside.fileno(), also)):
            poll.register(readable, select.POLLIN)
        woken = bool(poll.poll(seconds * 1000))
        try:
            self._inside.recv(4096)
        except BlockingIOError:
            return woken
        return True

    def close(self) -> None:
        self._inside.close()
        self._outside.close()
