"""The proof of a whole ledger: every row, every stream, every command, and the tree over all of them against every signed head."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from store.chains import Chains, Damage
from store.errors import in_plain_words
from store.growing import Growing, tiles_of, unpacked
from store.heads import Head, PublicKey, Unproven, walked
from store.merkle import HASH_BYTES, TILE_LEVELS, TILE_WIDTH, Edge, includes, inclusion, tiled
from store.recorder import LEAST, Recorder

ROWS_AT_ONCE = 2048
REWRITTEN = "it is not the entry that was signed"
CUT = "the head that was kept is none of this ledger: what it states was rewritten or cut off since"


@dataclass(frozen=True, slots=True)
class Examination:
    """What was proved: so many entries after `since`, in so many streams, against so many heads; and everything that is damaged."""

    since: int
    entries: int
    streams: int
    heads: int
    last: Head | None
    """The last head."""
    unsigned: int
    """How many entries stand after it, which only the next head will state."""
    damage: tuple[Damage, ...]
    unreadable: tuple[Damage, ...]
    """What nobody altered, and this program cannot read."""


def examine(recorder: Recorder, key: PublicKey, *, kept: Iterable[str] = (), since: str | None = None) -> Examination:
    """Prove everything, or what came after the head at which the last proof ended; `kept` are heads that people hold.

    A place to go on from that is no head of this ledger, or whose tree is not as it was signed, is damage, and not gone on from.
    Raises a Fault where the database cannot be read at all.
    """
    with in_plain_words():
        return _Examiner(recorder, key).examined(tuple(kept), since)


@dataclass(slots=True)
class _Examiner:
    """One examination. What was found so far is kept here, and nothing of the entries."""

    recorder: Recorder
    key: PublicKey
    damage: list[Damage] = field(default_factory=list)
    places: set[int] = field(default_factory=set)
    """The positions of what is damaged."""
    heads: list[Head] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)
    seen: int = 0
    """How many heads there were at the beginning."""
    unread: bool = False
    """Whether some head could not be read, so that the tree may be kept further than the heads tell."""

    def examined(self, kept: tuple[str, ...], since: str | None) -> Examination:
        self._read_heads()
        for note in kept:
            if note not in self.notes:
                self.told(0, CUT)
        start = None if since is None else self._to_go_on_from(since)
        growing = Growing(self._compared) if start is None else Growing.of(start.size, self.recorder.tile, self._compared)
        with ThreadPoolExecutor(1) as beside:  # SQLite looks for itself meanwhile, and takes nearly as long.
            flaw = beside.submit(self.recorder.flaw) if start is None else None
            chains = self._read_entries(growing, start.size if start else 0)
        if flaw is not None and (says := flaw.result()) is not None:
            self.told(0, f"the database finds its own file damaged: {says}")
        last = self.heads[-1] if self.heads else None
        found = tuple(sorted(set(self.damage), key=lambda one: (one.position, one.stream, one.version)))
        unsigned = max(chains.next - 1 - (last.size if last else 0), 0)
        unreadable, since_ = tuple(chains.unreadable), start.size if start else 0
        return Examination(since_, chains.entries, len(chains.heads), len(self.heads), last, unsigned, found, unreadable)

    def _read_heads(self) -> None:
        rows = self.recorder.heads()
        self.notes, self.seen = {note for _, note in rows}, len(rows)
        expected = 1
        for (number, _), found in zip(rows, walked((note for _, note in rows), self.key), strict=True):
            if number != expected:
                self.told(0, f"head {expected} is missing, or stands at another number")
            expected = number + 1
            if isinstance(found, Unproven):
                self.told(0, f"head {number} is none: {found}")
                self.unread = True
            else:
                self.heads.append(found)

    def _to_go_on_from(self, since: str) -> Head | None:
        head = next((one for one in self.heads if one.note == since), None)
        if head is None:
            self.told(0, CUT)
            return None
        try:
            root = Edge.of(head.size, tiled(self.recorder.tile)).root()
        except LookupError:
            root = b""
        if root == head.root:
            return head
        self.told(head.size, "what is kept of the tree up to here is not what was signed")
        return None

    def _read_entries(self, growing: Growing, since: int) -> Chains:
        chains = Chains(since + 1, lambda stream: self._before(stream, since), self._add)
        tree = _Tree(growing, [head for head in self.heads if head.size >= since], self)
        first = since + 1 if since else LEAST
        while True:
            stretch = self.recorder.stretch(first, ROWS_AT_ONCE)
            tree.take(chains.take(stretch))
            if len(stretch.entries) < ROWS_AT_ONCE:
                break
            first = chains.next
        chains.finished()
        if tree.signed >= chains.next:
            tree.take([chains.missing(range(chains.next, tree.signed + 1))])
        if not (self.unread or self._kept_as_far_as_signed()):
            self.told(self._signed, "the tiles of the tree do not reach as far as was signed, or reach further")
        for row, number, hashes in tree.growing.unfinished() if tree.whole else ():
            self._compared(row, number, hashes)
        return chains

    def _kept_as_far_as_signed(self) -> bool:
        """Whether the tree is kept up to the last head and no further; the head may have come while the entries were read."""
        while True:
            rows = self.recorder.heads()
            size = int(rows[-1][1].splitlines()[1]) if len(rows) > self.seen else self._signed
            tiles, edge = self.recorder.tiles(), self.recorder.tile(0, size // TILE_WIDTH)
            if self.recorder.heads()[-1:] == rows[-1:]:
                return tiles == tiles_of(size) and len(edge) == size % TILE_WIDTH * HASH_BYTES

    def _before(self, stream: bytes, since: int) -> tuple[int, bytes] | None:
        return self.recorder.before(stream.decode(errors="replace"), since + 1) if since else None

    def signed_leaves(self, positions: range) -> list[bytes] | None:
        """The leaves of entries that are missing, as they are kept in the tree; None where they are not, or never were."""
        if positions[-1] > self._signed:
            return None
        leaves: list[bytes] = []
        for number in range((positions[0] - 1) // TILE_WIDTH, (positions[-1] - 1) // TILE_WIDTH + 1):
            begin, kept = number * TILE_WIDTH, unpacked(self.recorder.tile(0, number))
            leaves += kept[max(positions[0] - 1 - begin, 0) : positions[-1] - begin]
        return leaves if len(leaves) == len(positions) else None

    @property
    def _signed(self) -> int:
        return self.heads[-1].size if self.heads else 0

    def _compared(self, row: int, number: int, hashes: list[bytes]) -> list[bytes]:
        """Compare a tile with what is kept of it."""
        reach = min(max((self._signed >> (TILE_LEVELS * row)) - number * TILE_WIDTH, 0), TILE_WIDTH)
        kept = unpacked(self.recorder.tile(row, number))
        if len(kept) < reach or kept[: len(hashes)] != hashes[: len(kept)]:
            at = min((number + 1) << (TILE_LEVELS * (row + 1)), self._signed)
            self.told(at, f"tile {number} in row {row} of the tree is not what was signed")
        return hashes

    def agreed(self, size: int, leaves: list[bytes]) -> list[bytes]:
        """The leaves after so many, each as it was signed; of which one is another, that is told."""
        found = leaves
        for number in range(size // TILE_WIDTH, min(size + len(leaves), self._signed) // TILE_WIDTH + 1):
            kept = unpacked(self.recorder.tile(0, number))
            first = max(number * TILE_WIDTH, size)
            was = kept[first - number * TILE_WIDTH :]
            now = leaves[first - size : first - size + len(was)]
            if now != was[: len(now)] and self._was_signed(number, kept):
                found = [*found[: first - size], *was[: len(now)], *found[first - size + len(now) :]]
                for place, (one, other) in enumerate(zip(now, was, strict=False)):
                    if one != other:
                        self._rewritten(first + place + 1)
        return found

    def _was_signed(self, number: int, kept: list[bytes]) -> bool:
        """Whether a kept tile of leaves is, under the last head, what was signed."""
        if not (self.heads and kept):
            return False
        head, index = self.heads[-1], number * TILE_WIDTH
        try:
            proof = inclusion(index, head.size, tiled(self.recorder.tile))
        except LookupError:
            return False
        return includes(index, head.size, kept[0], proof, head.root)

    def _rewritten(self, position: int) -> None:
        if position not in self.places:
            stretch = self.recorder.stretch(position, 1)
            stream, version = next(((row[1].decode(errors="replace"), row[2]) for row in stretch.entries if row[0] == position), ("", 0))
            self._add(Damage(position, stream, version, REWRITTEN))

    def told(self, position: int, why: str) -> None:
        """Take note of something that is wrong where no entry stands."""
        self._add(Damage(position, "", 0, why))

    def _add(self, damage: Damage) -> None:
        self.damage.append(damage)
        self.places.add(damage.position)


class _Tree:
    """Takes leaves into the tree and compares its root with that of each head in its turn."""

    def __init__(self, growing: Growing, heads: list[Head], examiner: _Examiner) -> None:
        self.growing = growing
        self.whole = True
        """Whether the leaf of every entry so far is known."""
        self.signed = heads[-1].size if heads else 0
        self._examiner = examiner
        self._heads = sorted(heads, key=lambda head: head.size)
        self._compare()

    def take(self, leaves: Iterable[bytes | range]) -> None:
        """Take in the leaves of a stretch; for what is missing the leaves that were signed stand in, as far as they are kept."""
        found: list[bytes] = []
        for leaf in leaves:
            if isinstance(leaf, bytes):
                found.append(leaf)
            elif (kept := self._examiner.signed_leaves(leaf)) is None:
                self._grow(found)
                found, self.whole = [], False
            else:
                found += kept
        self._grow(found)

    def _grow(self, found: list[bytes]) -> None:
        leaves, taken = self._examiner.agreed(self.growing.size, found) if self.whole else found, 0
        while self.whole and self._heads and self._heads[0].size <= self.growing.size + len(leaves) - taken:
            upto = taken + self._heads[0].size - self.growing.size
            self.growing.add(leaves[taken:upto])
            taken = upto
            self._compare()
        if self.whole:
            self.growing.add(leaves[taken:])

    def _compare(self) -> None:
        while self._heads and self._heads[0].size == self.growing.size:
            head = self._heads.pop(0)
            if self.growing.root() != head.root:
                self._examiner.told(
                    head.size, f"the entries up to here are not those for which the head of {head.at.isoformat()} was signed"
                )
