"""A Merkle tree as RFC 6962 has it: what proves of an entry that it stands in the ledger, and of a head that another continues it.

Leaves are numbered from 0 and are never taken away. The nodes of a tree that grows are kept in *tiles*: the 256 hashes beside
one another on every eighth level, from which any proof is made by reading a few rows.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

HASH_BYTES = 32
TILE_LEVELS = 8
"""How many levels of the tree one tile spans."""
TILE_WIDTH = 1 << TILE_LEVELS
EMPTY = sha256().digest()
"""The root of a tree without leaves."""

Node = Callable[[int, int], bytes]
"""The hash over the 2^level leaves from number × 2^level on."""


def leaf(content: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\x00" + content).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two others."""
    return sha256(b"\x01" + left + right).digest()


def above(hashes: Sequence[bytes]) -> list[bytes]:
    """The nodes over pairs of neighbours; one without a neighbour at the end is left out."""
    each = iter(hashes)
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(each, each, strict=False)]


def over(hashes: Sequence[bytes]) -> bytes:
    """The one node over as many neighbours as a power of two has."""
    while len(hashes) > 1:
        hashes = above(hashes)
    return hashes[0]


class Edge:
    """The right edge of a growing tree: the largest whole trees it is made of, from which its root follows."""

    def __init__(self) -> None:
        self.size = 0
        self._whole: list[tuple[int, bytes]] = []
        """Level and hash, the largest first."""

    @classmethod
    def of(cls, size: int, node: Node) -> "Edge":
        """The edge of a tree whose nodes are at hand."""
        edge = cls()
        for level, number in _whole(0, size):
            edge.add(node(level, number), level)
        return edge

    def add(self, hash_: bytes, level: int = 0) -> None:
        """Take in a leaf, or at once the 2^level leaves under a node where the tree has come to the beginning of such a node."""
        self.size += 1 << level
        while self._whole and self._whole[-1][0] == level:
            hash_ = node(self._whole.pop()[1], hash_)
            level += 1
        self._whole.append((level, hash_))

    def root(self, following: Sequence[bytes] = ()) -> bytes:
        """The root, once these leaves have followed."""
        if following:
            later = Edge()
            later.size, later._whole = self.size, list(self._whole)
            for one in following:
                later.add(one)
            return later.root()
        return _folded([hash_ for _, hash_ in self._whole]) if self._whole else EMPTY


def tiled(tile: Callable[[int, int], bytes]) -> Node:
    """The nodes of a tree that is kept in tiles; `tile` gives the hashes of a tile, one after the other, as far as there are any.

    Raises LookupError where a tile does not reach so far.
    """

    def node(level: int, number: int) -> bytes:
        rows, inside = divmod(level, TILE_LEVELS)
        first = number << inside
        hashes = tile(rows, first >> TILE_LEVELS)
        begin = (first % TILE_WIDTH) * HASH_BYTES
        end = begin + (HASH_BYTES << inside)
        if len(hashes) < end:
            raise LookupError(level, number)
        return over([hashes[at : at + HASH_BYTES] for at in range(begin, end, HASH_BYTES)])

    return node


def inclusion(index: int, size: int, node: Node) -> list[bytes]:
    """What proves that a leaf stands in the tree of that size: the audit path of RFC 6962, section 2.1.1."""
    return [_between(first, end, node) for first, end in reversed(_beside(index, index + 1, size))]


def consistency(old: int, new: int, node: Node) -> list[bytes]:
    """What proves that the tree of size `new` continues that of size `old`: the proof of RFC 6962, section 2.1.2."""
    if old in {0, new}:
        return []
    last = old & -old
    """The smallest of the whole trees that the old one is made of; it is the whole of it where there is only one."""
    begins = [] if last == old else [_between(old - last, old, node)]
    return begins + [_between(first, end, node) for first, end in reversed(_beside(old - last, old, new))]


def includes(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether a proof shows that a leaf stands in a tree: the algorithm of RFC 9162, section 2.1.3.2."""
    if not 0 <= index < size:
        return False
    position, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            found = node(one, found)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            found = node(found, one)
        position, last = position >> 1, last >> 1
    return last == 0 and found == root


def _beside(first: int, end: int, size: int) -> list[tuple[int, int]]:
    """The ranges of leaves that stand beside the way from the root of a tree to one of its nodes, from the root on."""
    beside, low, high = [], 0, size
    while (low, high) != (first, end):
        middle = low + _half(high - low)
        if first < middle:
            beside.append((middle, high))
            high = middle
        else:
            beside.append((low, middle))
            low = middle
    return beside


def _half(leaves: int) -> int:
    """The largest power of two below a number of leaves: where RFC 6962 divides them."""
    return 1 << ((leaves - 1).bit_length() - 1)


def _between(first: int, end: int, node: Node) -> bytes:
    """The root over a range of leaves that is a subtree of a tree."""
    return _folded([node(level, number) for level, number in _whole(first, end)])


def _whole(first: int, end: int) -> list[tuple[int, int]]:
    """The whole trees that a range of leaves is made of, the largest first, each as level and number."""
    found = []
    while first < end:
        level = (end - first).bit_length() - 1
        found.append((level, first >> level))
        first += 1 << level
    return found


def _folded(hashes: list[bytes]) -> bytes:
    """The root over whole trees, the smallest taken in first."""
    root = hashes[-1]
    for one in reversed(hashes[:-1]):
        root = node(one, root)
    return root
