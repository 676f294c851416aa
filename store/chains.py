"""The proof of every row: its hash over its columns, its place, the entry before it in its stream, and the command that recorded it.

This is the one loop that a million entries go through, so it takes rows as they come from the database, as bytes, remembers what
does not change from one to the next, and leaves whatever is not as it should be to the slower words below.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

from store.codec import KINDS, NOTHING_BEFORE, SEAL, prefixed
from store.recorder import Stretch

BEFORE_THE_HASH = SEAL + len(NOTHING_BEFORE).to_bytes(8, "big")
START = (0, NOTHING_BEFORE)
OTHER_REACH = "how far its stream then reached is not remembered as it was"
VERSIONS_REMEMBERED = 4096
NO_CONTENTS = b"\x00"
"""What stands in no contents, since these are JSON."""


class Damage(NamedTuple):
    """Something that is not what was recorded: where, and what is wrong; `stream` is empty where no entry stands."""

    position: int
    stream: str
    version: int
    why: str


def bound(position: int, hash_: bytes, command: tuple[Any, ...] | None) -> bytes:
    """The content of a leaf. Every other column of an entry is bound by its hash, which is over them."""
    return position.to_bytes(8, "big") + hash_ + (b"" if command is None else ending(command))


def ending(command: tuple[Any, ...]) -> bytes:
    """The columns of a command, its position left out, each behind its length, so that they cannot be read in two ways."""
    _, actor, id_, digest, stream, first, last = command
    sizes = (len(actor), actor, len(id_), id_, len(digest), digest, len(stream), stream)
    return b"%d:%b%d:%b%d:%b%d:%b%d-%d" % (*sizes, first, last)


class Chains:
    """Proves rows in the order of the ledger. `before` finds the last entry of a stream among those that were proved earlier."""

    def __init__(self, first: int, before: Callable[[bytes], tuple[int, bytes] | None], told: Callable[[Damage], None]) -> None:
        self.next = first
        """The position that comes next."""
        self.entries = 0
        """How many were proved."""
        self.heads = _Heads(before)
        self.damaged: set[int] = set()
        """The positions of which something was told."""
        self.unreadable: list[Damage] = []
        """What is as it was recorded, of kinds that this program does not know: altered by nobody, and understood by nobody here."""
        self._told = told
        self._unended: list[tuple[Any, ...]] = []
        """The rows whose command has not ended yet."""
        self._unclaimed: dict[int, tuple[Any, ...]] = {}
        """What is remembered to have been appended by such a command."""
        self._torn = False
        """Whether some of its rows are missing, which was told."""
        self._names, self._kinds, self._actors, self._versions = _Names(), _Kinds(), _Actors(), _Versions()

    def take(self, stretch: Stretch) -> Iterator[bytes | range]:
        """The leaf of each row, and the positions at which there is none; what is wrong is told on the way."""
        ends = {command[0]: command for command in stretch.commands}
        appended = self._unclaimed | {one[0]: one for one in stretch.appended}
        self._twice(stretch)
        for row in stretch.entries:
            position, hash_ = row[0], row[6]
            if position != self.next:
                yield from self._gap(position, ends, appended)
                if position < 1:
                    self._tell(row, "it stands before the beginning of the ledger")
                    continue
            at = position.to_bytes(8, "big")
            self._prove(row, at)
            self._unended.append(row)
            command = ends.pop(position, None)
            if command is None:
                yield sha256(b"\x00" + at + hash_).digest()
            else:
                self._ended(command, appended)
                yield sha256(b"\x00" + at + hash_ + ending(command)).digest()
            self.next = position + 1
        self.entries += len(stretch.entries)
        self._left(ends, appended)

    def _prove(self, row: tuple[Any, ...], at: bytes) -> None:
        _, stream, version, kind, state, previous, hash_, placed = row
        name, contents = self._kinds[kind]
        size = len(state).to_bytes(8, "big")
        found = sha256(b"".join((BEFORE_THE_HASH, previous, self._names[stream], self._versions[version], name, size, state))).digest()
        fits = found == hash_ and sha256(hash_ + at).digest() == placed and contents in state
        if fits and self.heads[stream] == (version - 1, previous):
            self.heads[stream] = (version, hash_)
        else:
            self._wrong(row, found)

    def _ended(self, command: tuple[Any, ...], appended: dict[int, tuple[Any, ...]]) -> None:
        """A command ended: it is the one that its entries name, and tells what it appended."""
        rows, self._unended = self._unended, []
        torn, self._torn = self._torn, False
        begins, named = self._actors[command[1]], b'"command_id":"%b"' % command[2]
        for row in rows:
            if not (row[4].startswith(begins) and named in row[4]) and row[0] not in self.damaged:
                self._tell(row, "the command that is remembered for it is not the one that recorded it")
        position, of_stream, version, *_ = row = rows[-1]
        if len(rows) == 1 and command[4:] == (of_stream, version, version):
            if appended.pop(position, None) != (position, of_stream, version, version) and not torn:
                self._tell(row, OTHER_REACH)
        elif not torn:
            self._ended_several(rows, command, appended)
        else:
            for one in rows:
                appended.pop(one[0], None)

    def _ended_several(self, rows: list[tuple[Any, ...]], command: tuple[Any, ...], appended: dict[int, tuple[Any, ...]]) -> None:
        _, _, _, _, stream, first, last = command
        if [row[2] for row in rows if row[1] == stream] != list(range(first, min(last, first + len(rows)) + 1)):
            self._tell(rows[-1], "the command that is remembered for it does not say what it recorded")
        for row, should in _expected(rows):
            if appended.pop(row[0], None) != should:
                self._tell(row, OTHER_REACH)

    def _wrong(self, row: tuple[Any, ...], found: bytes) -> None:
        position, stream, version, kind, state, previous, hash_, placed = row
        known, name = self.heads[stream], kind.decode(errors="replace")
        whys = []
        if found != hash_:
            whys.append("its contents do not agree with its hash")
        elif named(kind) not in state:
            whys.append("its contents are those of another kind")
        elif name not in KINDS:
            self.unreadable.append(Damage(position, stream.decode(errors="replace"), version, f"no fact is called {name!r}"))
        if found == hash_ and sha256(hash_ + position.to_bytes(8, "big")).digest() != placed:
            whys.append("it does not stand at the position where it was recorded")
        if not whys and version > known[0] + 1:
            self._told(Damage(position, stream.decode(errors="replace"), known[0] + 1, "it is missing"))
        elif not whys and version <= known[0]:
            whys.append("an entry of that number stands before it")
        elif not whys and previous not in {known[1], self.heads.otherwise.get(stream)}:
            whys.append("it does not follow the entry before it")
        if whys:
            self._tell(row, "; ".join(whys))
        if version == known[0] + 1:
            self.heads[stream] = (version, hash_)
            self.heads.otherwise[stream] = found
        elif version > known[0]:
            self.heads[stream] = (version, hash_)

    def _gap(self, position: int, ends: dict[int, Any], appended: dict[int, Any]) -> Iterator[range]:
        """Nothing stands from the next position up to this one: what was remembered of it belongs to what is missing."""
        missing = range(self.next, position)
        if not missing:
            return
        yield self.missing(missing)
        for remembered in (ends, appended):
            for one in [at for at in remembered if at in missing]:
                del remembered[one]
                self._unended.clear()
                self._unclaimed.clear()
        self._torn = True

    def missing(self, positions: range) -> range:
        """Tell that nothing stands at these positions."""
        upto = f"positions {positions[0]} to {positions[-1]}" if len(positions) > 1 else f"position {positions[0]}"
        self.damaged.update(positions[:1])
        self._told(Damage(positions[0], "", 0, f"nothing stands at {upto}"))
        return positions

    def _left(self, ends: dict[int, Any], appended: dict[int, Any]) -> None:
        """What is remembered of positions at which nothing ends, or not yet."""
        unended = {row[0] for row in self._unended}
        self._unclaimed = {position: one for position, one in appended.items() if position in unended}
        for position in sorted({*ends, *appended} - unended):
            if position < self.next:
                self.damaged.add(position)
                self._told(Damage(position, "", 0, "something is remembered to have been recorded up to here, and was not"))
        if (last := max({*ends, *appended}, default=0)) >= self.next:
            self._unended.clear()
            self._unclaimed.clear()
            self.missing(range(self.next, last + 1))
            self.next = last + 1

    def finished(self) -> None:
        """There are no more rows: every command has ended."""
        for row in self._unended:
            self._tell(row, "no command is remembered that recorded it")

    def _twice(self, stretch: Stretch) -> None:
        for one, other in pairwise(stretch.commands):
            if one[0] == other[0]:
                self.damaged.add(one[0])
                self._told(Damage(one[0], "", 0, "two commands are remembered to have ended here"))

    def _tell(self, row: tuple[Any, ...], why: str) -> None:
        self.entries -= row[0] not in self.damaged
        self.damaged.add(row[0])
        self._told(Damage(row[0], row[1].decode(errors="replace"), row[2], why))


def named(kind: bytes) -> bytes:
    """How contents name their kind."""
    return b'"kind":"%b"' % kind


def _expected(rows: list[tuple[Any, ...]]) -> Iterable[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    """The last row of each stream that a command appended to, and what should be remembered of it."""
    ends: dict[bytes, tuple[tuple[Any, ...], int]] = {}
    for row in rows:
        ends[row[1]] = row, ends[row[1]][1] if row[1] in ends else row[2]
    return ((row, (row[0], row[1], first, row[2])) for row, first in ends.values())


class _Heads(dict[bytes, tuple[int, bytes]]):
    """Version and hash of the last entry of each stream."""

    def __init__(self, before: Callable[[bytes], tuple[int, bytes] | None]) -> None:
        super().__init__()
        self._before = before
        self.otherwise: dict[bytes, bytes] = {}
        """Of a damaged last entry, the hash that its contents have: the next one follows either."""

    def __missing__(self, stream: bytes) -> tuple[int, bytes]:
        self[stream] = found = self._before(stream) or START
        return found


class _Names(dict[bytes, bytes]):
    """The names of streams behind their length."""

    def __missing__(self, name: bytes) -> bytes:
        self[name] = found = prefixed(name)
        return found


class _Kinds(dict[bytes, tuple[bytes, bytes]]):
    """Of each kind its name behind its length, and how the contents name it."""

    def __missing__(self, kind: bytes) -> tuple[bytes, bytes]:
        name = kind.decode(errors="replace")
        self[kind] = found = (prefixed(kind), named(kind) if name in KINDS else NO_CONTENTS)
        return found


class _Actors(dict[bytes, bytes]):
    """How contents begin that somebody recorded."""

    def __missing__(self, actor: bytes) -> bytes:
        name = json.dumps(actor.decode(errors="replace"), ensure_ascii=False).encode()
        self[actor] = found = b'{"circumstances":{"actor":{"id":%b,' % name
        return found


class _Versions(dict[int, bytes]):
    """The numbers of entries behind their length, the small ones remembered."""

    def __missing__(self, version: int) -> bytes:
        found = prefixed(b"%d" % version)
        if version <= VERSIONS_REMEMBERED:
            self[version] = found
        return found
