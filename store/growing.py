"""The tree of the ledger as it grows, tile by tile: what is signed, and what is compared with what was signed."""

from collections.abc import Callable, Iterator, Sequence

from store.merkle import HASH_BYTES, TILE_LEVELS, TILE_WIDTH, Edge, over

Tile = Callable[[int, int], bytes]
"""The hashes of a tile, by its row (0 is that of the leaves) and its number in the row."""
Finished = Callable[[int, int, list[bytes]], list[bytes]]
"""Told of a tile that is full, by row and number; returns the hashes to go on with."""


class Growing:
    """A tree to which leaves are added. It holds what stands in its unfinished tiles, so it needs no memory to speak of."""

    def __init__(self, finished: Finished) -> None:
        self._finished = finished
        self._whole = Edge()
        """The tree as far as its tiles of leaves are full."""
        self._rows: list[tuple[int, list[bytes]]] = [(0, [])]
        """For each row of tiles the number of the one that is not full, and what it holds so far."""

    @classmethod
    def of(cls, size: int, tile: Tile, finished: Finished) -> "Growing":
        """A tree as it was kept. Raises LookupError where not all of it was."""
        growing = cls(finished)
        growing._rows = [_unfinished(size, row, tile) for row in range(_rows_of(size))]
        for row in reversed(range(1, len(growing._rows))):
            for hash_ in growing._rows[row][1]:
                growing._whole.add(hash_, row * TILE_LEVELS)
        return growing

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return self._whole.size + len(self._rows[0][1])

    def root(self) -> bytes:
        return self._whole.root(self._rows[0][1])

    def add(self, leaves: Sequence[bytes]) -> None:
        """Take in leaves, in their order."""
        taken = 0
        while taken < len(leaves):
            held = self._rows[0][1]
            room = TILE_WIDTH - len(held)
            held += leaves[taken : taken + room]
            taken += room
            if len(held) == TILE_WIDTH:
                self._whole.add(self._fill(0), TILE_LEVELS)

    def unfinished(self) -> Iterator[tuple[int, int, list[bytes]]]:
        """The tiles that are not full, by row and number."""
        return ((row, number, held) for row, (number, held) in enumerate(self._rows) if held)

    def _fill(self, row: int) -> bytes:
        """A tile is full: its root goes into the row above."""
        number, held = self._rows[row]
        root = over(self._finished(row, number, held))
        self._rows[row] = (number + 1, [])
        if row + 1 == len(self._rows):
            self._rows.append((0, []))
        above = self._rows[row + 1][1]
        above.append(root)
        if len(above) == TILE_WIDTH:
            self._fill(row + 1)
        return root


def tiles_of(size: int) -> int:
    """How many tiles a tree of that size is kept in."""
    return sum(-(-(size >> (TILE_LEVELS * row)) // TILE_WIDTH) for row in range(_rows_of(size)))


def packed(hashes: Sequence[bytes]) -> bytes:
    """The hashes of a tile as they are kept."""
    return b"".join(hashes)


def unpacked(tile: bytes) -> list[bytes]:
    """What is kept of a tile; a part of a hash at its end counts as one, so that it shows."""
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]


def _rows_of(size: int) -> int:
    """How many rows of tiles a tree of that size has begun; one has the leaves, whether or not there is any."""
    rows = 1
    while size >> (TILE_LEVELS * rows):
        rows += 1
    return rows


def _unfinished(size: int, row: int, tile: Tile) -> tuple[int, list[bytes]]:
    number, held = divmod(size >> (TILE_LEVELS * row), TILE_WIDTH)
    hashes = unpacked(tile(row, number))[:held] if held else []
    if len(hashes) < held or any(len(one) != HASH_BYTES for one in hashes):
        raise LookupError(row, number)
    return number, hashes
