"""An order: everything that one command appends, made ready before the database is asked, so that the database is asked once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import Lock
from typing import NamedTuple
from uuid import UUID

from domain.entry import Circumstances, Draft
from domain.participant import PARTICIPANT
from domain.time import BEGINNING
from store.codec import NOTHING_BEFORE, Row, canonical, chained, encoded, place, placed
from store.keys import Keyring

Drafts = Mapping[str, Sequence[Draft]]
"""What is to be recorded, by stream."""


class Tail(NamedTuple):
    """The last entry of a stream, as far as the next one needs it."""

    version: int = 0
    hash: bytes = NOTHING_BEFORE
    recorded_at: datetime = BEGINNING


@dataclass(frozen=True, slots=True)
class Appended:
    """What a command appended: `first` to `last` of a stream (the participant's, if several), up to `position` in the whole ledger."""

    actor_id: str
    command_id: UUID
    digest: str
    stream: str
    first: int
    last: int
    position: int


class InTheWay(NamedTuple):
    """Why nothing of a group of orders was recorded: commands that are remembered already, streams that stand elsewhere, or damage."""

    commands: dict[tuple[str, UUID], Appended]
    streams: dict[str, tuple[int, int]]
    """The version that a stream has, and the version at which the last command left it."""
    missing: tuple[str, int] | None
    """Stream and version of the last entry of the ledger when it is gone: its position must not be used again."""


@dataclass(slots=True, eq=False)
class Order:
    """What one command appends, and what must hold for that; `answer` is set once it is known."""

    command: Appended
    rows: list[Row]
    expected: dict[str, tuple[int, bytes | None]]
    """For each stream the version it must have and, where something is appended, the hash of its last entry."""
    keys: dict[str, bytes]
    """New wrapped keys, by stream."""
    recorded_at: datetime
    answer: Appended | Exception | None = None
    leads: bool = False
    woken: Lock = field(default_factory=Lock)

    def outcome(self) -> Appended:
        """What became of the order, once it was tried."""
        match self.answer:
            case Appended():
                return self.answer
            case None:
                raise AssertionError("an order that was tried has an answer")
            case error:
                raise error

    @property
    def written(self) -> set[str]:
        """The streams to which something is appended."""
        return {row.stream for row in self.rows}

    def placed_after(self, head: int) -> list[Row]:
        """The rows at their positions, the first right after `head`."""
        return [row._replace(position=n, placed=placed(row.hash, n)) for n, row in enumerate(self.rows, head + 1)]

    def recorded_after(self, head: int) -> int:
        """Take note that the order stands in the ledger, right after `head`; returns the new head."""
        self.answer = replace(self.command, position=head + len(self.rows))
        return head + len(self.rows)


def order(drafts: Drafts, expect: Mapping[str, int], digest: str, tails: Mapping[str, Tail], writer: "Writer") -> Order:
    """Make everything that a command appends ready."""
    rows = [row for stream in drafts for row in writer.rows(stream, drafts[stream], tails[stream])]
    main = next((stream for stream in drafts if stream.startswith(PARTICIPANT)), next(iter(drafts)))
    who = drafts[main][0].circumstances
    last = expect[main] + len(drafts[main])
    return Order(
        command=Appended(who.actor.id, who.command_id, digest, main, expect[main] + 1, last, 0),
        rows=rows,
        expected={stream: (version, tails[stream].hash if stream in drafts else None) for stream, version in expect.items()},
        keys=writer.new_keys,
        recorded_at=writer.recorded_at,
    )


class Writer:
    """Writes the rows of one command; circumstances that drafts share are turned into bytes once."""

    def __init__(self, recorded_at: datetime, keys: Mapping[str, bytes], keyring: Keyring) -> None:
        self.recorded_at = recorded_at
        self.new_keys: dict[str, bytes] = {}
        self._keys = keys
        self._keyring = keyring
        self._last: tuple[Circumstances, bytes] | None = None

    def rows(self, stream: str, drafts: Sequence[Draft], tail: Tail) -> list[Row]:
        """The rows of a stream after its last entry, not yet at a position."""
        rows: list[Row] = []
        previous = tail.hash
        for version, draft in enumerate(drafts, tail.version + 1):
            kind = draft.event.kind
            sealed = self._sealed(stream, version, draft)
            state = encoded(draft.event, self._circumstances(draft), draft.study_version, self.recorded_at, sealed)
            hash_ = chained(previous, stream, version, kind, state)
            rows.append(Row(0, stream, version, kind, state, previous, hash_, b""))
            previous = hash_
        return rows

    def _circumstances(self, draft: Draft) -> bytes:
        if self._last is None or self._last[0] is not draft.circumstances:
            self._last = (draft.circumstances, canonical(draft.circumstances))
        return self._last[1]

    def _sealed(self, stream: str, version: int, draft: Draft) -> bytes | None:
        if draft.identifiers is None:
            return None
        where = place(stream, version, draft.event.kind)
        return self._keyring.seal(self._key(stream), stream, where, canonical(draft.identifiers))

    def _key(self, stream: str) -> bytes:
        if stream in self._keys:
            return self._keys[stream]
        if stream not in self.new_keys:
            self.new_keys[stream] = self._keyring.new_key(stream)
        return self.new_keys[stream]
