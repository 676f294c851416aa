"""The ledger: facts go in once, in order, and are never rubbed out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any, Literal, Self
from uuid import UUID

from domain.entry import Entry, Identifiers
from store.codec import Row, checked, ended_wrongly, entry, place, state_of, unsealed, what_is_wrong
from store.errors import CommandReused, DamagedEntry, LostRace, Missing, in_plain_words
from store.glance import recorded_meanwhile
from store.group import Group
from store.keys import DESTROYED, ELSEWHERE, GONE, Keyring
from store.orders import Appended, Drafts, InTheWay, Order, Tail, Writer, order
from store.recorder import Recorder
from store.sqlite import SQLiteLedgerRecorder

TAILS_REMEMBERED = 4096
Kept = Literal["kept", "elsewhere", "destroyed", "lost"]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A place in the ledger where no entry can be read; `stream` is empty when not even that is known."""

    position: int
    stream: str
    version: int
    why: str


class Ledger:
    """Every fact of one study, in the order in which they were recorded. Safe to use from any number of threads and processes."""

    def __init__(self, recorder: Recorder, clock: Callable[[], datetime], keys: Keyring) -> None:
        self.clock = clock
        """The one clock of the ledger: the current instant, aware."""
        self.recorder = recorder
        self._keyring = keys
        self._group = Group(self._commit)
        self._tails: dict[str, Tail] = {}
        self._lock = Lock()
        self._listeners: set[Callable[[], None]] = set()

    @classmethod
    def open(cls, address: str, *, clock: Callable[[], datetime], keys: Keyring, create: bool = True) -> Self:
        """Open the ledger at `memory`, `sqlite:///path/to/file` or `postgresql://…` (with `schema=` among its parameters, if need be)."""
        with in_plain_words():
            return cls(_recorder(address, create=create), clock, keys)

    def read(self, stream: str, since: Entry[Any] | None = None) -> tuple[Entry[Any], ...]:
        """Every entry of a stream, verified, or those that follow the entry `since`, which was read before.

        The caller knows what its facts are. Raises DamagedEntry.
        """
        with in_plain_words():
            upto, found = self.recorder.stream(stream, since.version if since else 0)
            rows = list(checked(found, stream, upto, since))
            entries = self._entries(rows)
        if rows:
            self._remember(stream, Tail(rows[-1].version, rows[-1].hash, entries[-1].recorded_at))
        return tuple(entries)

    def append(self, drafts: Drafts, *, expect: Mapping[str, int], command_digest: str) -> Appended:
        """Record what one command decided, in all its streams at once, if every stream in `expect` still has that many entries.

        A command that was recorded before is not recorded again: its first outcome is returned, whatever is expected now.
        Raises LostRace, or CommandReused when the digest is another one.
        """
        try:
            ready = self._ready(drafts, expect, command_digest)
            return ready if isinstance(ready, Appended) else self._group.submit(ready)
        finally:
            recorded_meanwhile()

    def outcome(self, actor_id: str, command_id: UUID) -> Appended | None:
        """What a command appended, if it was ever recorded."""
        with in_plain_words():
            return self.recorder.command(actor_id, command_id)

    def after(self, position: int, limit: int) -> list[Entry[Any] | Unreadable]:
        """What stands after a position, in the order of the ledger; damage is named in its place instead of raised."""
        with in_plain_words():
            upto, rows = self.recorder.after(position, limit)
            return self._with_gaps(position, rows, upto if len(rows) < limit else 0)

    def head(self) -> int:
        """The position of the last entry, whether or not it can be read; 0 when nothing was ever recorded."""
        with in_plain_words():
            return self.recorder.head()

    def streams(self, prefix: str) -> list[str]:
        """The streams whose names begin so, in alphabetical order; also one of which nothing is left."""
        with in_plain_words():
            return self.recorder.streams(prefix)

    def version_of(self, stream: str) -> int:
        """How many entries a stream has, without reading them. Raises DamagedEntry when its last ones are missing."""
        with in_plain_words():
            last = self._last(stream)
            return last.version if last else 0

    def forget_identity(self, stream: str) -> bool:
        """Destroy the key of a stream: its contact data cannot be read again by anybody, and every proof stays.

        False while a file of the database may still hold the key, because something reads there as things stood before: then repeat it.
        """
        with in_plain_words():
            return self.recorder.destroy_key(stream)

    def forgotten(self, stream: str) -> bool:
        """Whether the key of a stream was destroyed, and no file of its table holds it any more; a log of writes of PostgreSQL may."""
        with in_plain_words():
            return self.recorder.keys([stream]).get(stream) == DESTROYED

    def named(self, stream: str) -> bool:
        """Whether contact data lie sealed in a stream under a key that is kept here."""
        with in_plain_words():
            return self.recorder.keys([stream]).get(stream) not in {None, ELSEWHERE, *GONE}

    def identities(self) -> Iterator[tuple[Row, Kept]]:
        """The first entry of each stream that has a sealed part, and what has become of the key to that.

        Without the master key nobody can tell a key that was altered from one that was not.
        """
        with in_plain_words():
            rows = self.recorder.sealed()
            keys = self.recorder.keys([row.stream for row in rows])
        for row in rows:
            wrapped, sealed = keys.get(row.stream), unsealed(state_of(row))
            if wrapped in GONE:
                yield row, "destroyed"
            elif wrapped == ELSEWHERE:
                yield row, "elsewhere"
            elif wrapped is None or (self._keyring.opens and self._identifiers(row, sealed, keys) is None):
                yield row, "lost"
            else:
                yield row, "kept"

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have a function called after every append of this process; returns how to stop that."""
        with self._lock:
            self._listeners = {*self._listeners, listener}
        return lambda: self._unlisten(listener)

    def close(self) -> None:
        """Let go of the database."""
        self.recorder.close()

    def _unlisten(self, listener: Callable[[], None]) -> None:
        with self._lock:
            self._listeners = self._listeners - {listener}

    def _ready(self, drafts: Drafts, expect: Mapping[str, int], digest: str) -> Order | Appended:
        if not (drafts and all(drafts.values()) and drafts.keys() <= expect.keys()):
            raise ValueError("an append has drafts for each of its streams, and says what it expects of each")
        now = self.clock()
        with in_plain_words(appending=True):
            tails = {stream: self._tail(stream, expect[stream]) for stream in drafts}
            for stream, tail in tails.items():
                if tail.version != expect[stream]:
                    return self._outcome_or_lost(drafts, digest, LostRace(stream, expect[stream], tail.version))
            sealing = [stream for stream in drafts if any(draft.identifiers for draft in drafts[stream])]
            keys = self.recorder.keys(sealing) if sealing else {}
            recorded_at = max(now, *(tail.recorded_at for tail in tails.values()))
            return order(drafts, expect, digest, tails, Writer(recorded_at, keys, self._keyring))

    def _outcome_or_lost(self, drafts: Drafts, digest: str, lost: LostRace) -> Appended:
        who = next(iter(drafts.values()))[0].circumstances
        known = self.recorder.command(who.actor.id, who.command_id)
        if known is None:
            raise lost
        if known.digest != digest:
            raise CommandReused(known.actor_id, known.command_id)
        return known

    def _commit(self, orders: list[Order]) -> None:
        with in_plain_words(appending=True):
            self._record(orders)
        for listener in self._listeners:
            listener()

    def _record(self, orders: list[Order]) -> None:
        while orders:
            found = self.recorder.record(orders)
            if isinstance(found, InTheWay):
                orders = [one for one in orders if not self._turned_away(one, found)]
                continue
            for one in orders:
                found = one.recorded_after(found)
                for row in one.rows:
                    self._remember(row.stream, Tail(row.version, row.hash, one.recorded_at))
            return

    def _turned_away(self, order: Order, found: InTheWay) -> bool:
        command = order.command
        known = found.commands.get((command.actor_id, command.command_id))
        if known is not None:
            order.answer = known if known.digest == command.digest else CommandReused(command.actor_id, command.command_id)
            return True
        for stream, (expected, _) in order.expected.items():
            if stream in found.streams:
                version, upto = found.streams[stream]
                changed = DamagedEntry(stream, version, "it is not the entry that was read before")
                elsewhere = changed if version == expected else LostRace(stream, expected, version)
                order.answer = ended_wrongly(stream, version, upto) or elsewhere
                self._tails.pop(stream, None)
                return True
        if found.missing:
            order.answer = DamagedEntry(*found.missing, "it is missing")
        return found.missing is not None

    def _tail(self, stream: str, version: int) -> Tail:
        known = self._tails.get(stream) if version else Tail()
        if known is not None and known.version == version:
            return known
        row = self._last(stream)
        if row is None:
            return Tail()
        if why := what_is_wrong(row):
            raise DamagedEntry(stream, row.version, why)
        return Tail(row.version, row.hash, state_of(row).recorded_at)

    def _last(self, stream: str) -> Row | None:
        upto, rows = self.recorder.tail(stream)
        last = rows[0] if rows else None
        if damage := ended_wrongly(stream, last.version if last else 0, upto):
            raise damage
        return last

    def _remember(self, stream: str, tail: Tail) -> None:
        with self._lock:
            if len(self._tails) >= TAILS_REMEMBERED:
                del self._tails[next(iter(self._tails))]
            self._tails[stream] = tail

    def _entries(self, rows: Sequence[Row]) -> list[Entry[Any]]:
        states = [state_of(row) for row in rows]
        sealed = {row.stream for row, state in zip(rows, states, strict=True) if state.sealed is not None}
        keys = self.recorder.keys(sorted(sealed)) if sealed else {}
        return [entry(row, state, self._identifiers(row, unsealed(state), keys)) for row, state in zip(rows, states, strict=True)]

    def _identifiers(self, row: Row, sealed: bytes | None, keys: Mapping[str, bytes]) -> Identifiers | None:
        if sealed is None:
            return None
        plain = self._keyring.open(keys.get(row.stream), row.stream, place(row.stream, row.version, row.kind), sealed)
        return None if plain is None else Identifiers.model_validate_json(plain)

    def _with_gaps(self, position: int, rows: Sequence[Row], upto: int) -> list[Entry[Any] | Unreadable]:
        found: list[Entry[Any] | Unreadable] = []
        for row in rows:
            found += _gap(position, row.position - 1)
            found.append(self._entry_or_damage(row))
            position = row.position
        return found + _gap(position, upto)

    def _entry_or_damage(self, row: Row) -> Entry[Any] | Unreadable:
        if why := what_is_wrong(row):
            return Unreadable(row.position, row.stream, row.version, why)
        try:
            return self._entries([row])[0]
        except DamagedEntry as damage:
            return Unreadable(row.position, row.stream, row.version, damage.why)


def _gap(position: int, upto: int) -> list[Entry[Any] | Unreadable]:
    """What is missing after a position, named once and where it ends."""
    why = f"nothing stands at position {position + 1}, where something was recorded"
    return [Unreadable(upto, "", 0, why)] if upto > position else []


def stands(address: str) -> bool:
    """Whether a ledger was ever made at an address. Raises a Fault where that cannot be found out; nothing is made."""
    with in_plain_words():
        if address.startswith("postgresql://"):
            from store.postgres import stands_at  # noqa: PLC0415 - The driver is an extra that SQLite does not need.

            return stands_at(address)
        return Path(address.removeprefix("sqlite:///")).exists()


def _recorder(address: str, *, create: bool) -> Recorder:
    if address == "memory":
        return SQLiteLedgerRecorder(None, create=True)
    if address.startswith("sqlite:///"):
        return SQLiteLedgerRecorder(Path(address.removeprefix("sqlite:///")), create=create)
    if address.startswith("postgresql://"):
        from store.postgres import PostgresLedgerRecorder  # noqa: PLC0415 - The driver is an extra that SQLite does not need.

        return PostgresLedgerRecorder(address, create=create)
    raise Missing(f"{address!r} is no address of a ledger; write memory, sqlite:///path/to/file or postgresql://….")
