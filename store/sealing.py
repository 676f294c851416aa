"""Sealing: the ledger up to now is proved, taken into the tree, and stated in a head that the ledger's key signs.

Whatever was signed before is taken from the tree as it was kept, and compared with the head that states it: so no head ever
contradicts an earlier one, whatever became of the entries.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from store.chains import Chains, Damage
from store.errors import DamagedEntry, Fault, in_plain_words
from store.examining import ROWS_AT_ONCE
from store.growing import Growing, packed
from store.heads import Head, PublicKey, SigningKey, Unproven, signed_head, walked
from store.ledger import Ledger
from store.recorder import Recorder

STOPPED = "No head can be signed: {why}. Stop, and tell the administrator; `daybook verify` says what is damaged."
Tiles = dict[tuple[int, int], bytes]


@dataclass(frozen=True, slots=True)
class Seal:
    """What signs for a ledger: the key that signs now, and the one that signed first, from which everybody goes out who checks."""

    key: SigningKey
    first: PublicKey

    def seal(self, ledger: Ledger, next_key: PublicKey | None = None) -> Head:
        """The head of the ledger as it stands now: the last one where nothing was recorded since, or else a new one.

        With `next_key` a new one is made in any case, and states that the next is signed by that key. Raises DamagedEntry where
        what was recorded since the last head is not as it was recorded, or a Fault.
        """
        with in_plain_words():
            while True:
                number, last, signer = standing(ledger.recorder, self.first)
                if signer != self.key.public:
                    raise Fault(STOPPED.format(why="the signing key at hand is not the one whose turn it is"))
                tiles: Tiles = {}
                growing = _grown(ledger.recorder, last, tiles)
                if last is not None and growing.size == last.size and next_key is None:
                    return last
                at = max(ledger.clock(), last.at) if last else ledger.clock()
                head = signed_head(growing.size, growing.root(), at, last, self.key, next_key)
                if ledger.recorder.add_head(number + 1, head.note, tiles):
                    return head


def standing(recorder: Recorder, first: PublicKey) -> tuple[int, Head | None, PublicKey]:
    """The number of the last head, the head itself, and the key whose turn it is. Raises a Fault where any head is none."""
    number, last, signer = 0, None, first
    rows = recorder.heads()
    for (number, _), found in zip(rows, walked((note for _, note in rows), first), strict=True):
        if isinstance(found, Unproven):
            raise Fault(STOPPED.format(why=f"head {number} is none, {found}"))
        last, signer = found, found.next_key or signer
    return number, last, signer


def tree_of(recorder: Recorder) -> Tiles:
    """The tiles of the tree over everything that stands. Raises DamagedEntry where anything is not as it was recorded."""
    tiles: Tiles = {}
    _grown(recorder, None, tiles)
    return tiles


def _grown(recorder: Recorder, last: Head | None, tiles: Tiles) -> Growing:
    """The tree with every entry after the last head; the tiles that have changed are put into `tiles`."""

    def kept(row: int, number: int, hashes: list[bytes]) -> list[bytes]:
        tiles[row, number] = packed(hashes)
        return hashes

    growing = Growing(kept) if last is None else _as_signed(recorder, last, kept)
    for leaves in _proved(recorder, growing.size):
        growing.add(leaves)
    for row, number, hashes in growing.unfinished():
        kept(row, number, hashes)
    return growing


def _as_signed(recorder: Recorder, last: Head, kept: Callable[[int, int, list[bytes]], list[bytes]]) -> Growing:
    try:
        growing = Growing.of(last.size, recorder.tile, kept)
    except LookupError:
        growing = Growing(kept)
    if growing.root() != last.root:
        raise Fault(STOPPED.format(why="what is kept of the tree is not what was signed"))
    return growing


def _proved(recorder: Recorder, size: int) -> Iterator[list[bytes]]:
    """The leaves of the entries after so many, each proved. Raises DamagedEntry at the first that is not."""
    found: list[Damage] = []
    chains = Chains(size + 1, lambda stream: recorder.before(stream.decode(errors="replace"), size + 1), found.append)
    while True:
        stretch = recorder.stretch(chains.next, ROWS_AT_ONCE)
        leaves = [leaf for leaf in chains.take(stretch) if isinstance(leaf, bytes)]
        if len(stretch.entries) < ROWS_AT_ONCE:
            chains.finished()
        for damage in found:
            raise DamagedEntry(damage.stream or f"position {damage.position}", damage.version, damage.why)
        yield leaves
        if len(stretch.entries) < ROWS_AT_ONCE:
            return
