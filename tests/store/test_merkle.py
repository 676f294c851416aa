"""Proofs are those of RFC 6962: the published vectors, and a naive tree at every size.

The vectors are those of certificate-transparency's `merkletree_test` and of transparency-dev/merkle, `testonly/constants.go`.
"""

from collections.abc import Sequence
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.copies.verify import continued
from store.merkle import EMPTY, HASH_BYTES, TILE_WIDTH, Edge, Node, consistency, includes, inclusion, leaf, node, over, tiled

LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
A = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
B = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
C = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
D = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
E = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
F = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
CONSISTENT = {(1, 1): [], (1, 8): [A, B, C], (6, 8): [E, D, ROOTS[4]], (2, 5): [B, F]}
INCLUDED = {(0, 1): [], (0, 8): [A, B, C], (5, 8): [F, D, ROOTS[4]], (2, 3): [ROOTS[2]], (1, 5): [ROOTS[1], B, F]}
"""By the number of the leaf (from 0), or the size before, and the size of the tree."""

HASHES = [leaf(bytes.fromhex(one)) for one in LEAVES]


def in_hex(proof: list[bytes]) -> list[str]:
    return [one.hex() for one in proof]


def naive(leaves: tuple[bytes, ...]) -> bytes:
    """The definition of section 2.1, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return node(naive(leaves[:half]), naive(leaves[half:]))


def naive_path(index: int, leaves: tuple[bytes, ...]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if index < half:
        return [*naive_path(index, leaves[:half]), naive(leaves[half:])]
    return [*naive_path(index - half, leaves[half:]), naive(leaves[:half])]


def naive_subproof(old: int, leaves: tuple[bytes, ...], *, whole: bool = True) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [naive(leaves)]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    if old <= half:
        return [*naive_subproof(old, leaves[:half], whole=whole), naive(leaves[half:])]
    return [*naive_subproof(old - half, leaves[half:], whole=False), naive(leaves[:half])]


@cache
def some(size: int) -> tuple[bytes, ...]:
    return tuple(leaf(b"%d" % number) for number in range(size))


def nodes(leaves: Sequence[bytes]) -> Node:
    """The nodes of a tree, from tiles that are as full as they come."""
    rows = {0: list(leaves)}
    while len(rows[max(rows)]) >= TILE_WIDTH:
        below = rows[max(rows)]
        whole = range(0, len(below) - TILE_WIDTH + 1, TILE_WIDTH)
        rows[max(rows) + 1] = [over(below[at : at + TILE_WIDTH]) for at in whole]

    return tiled(lambda row, number: b"".join(rows.get(row, [])[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]))


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_that_were_published(size: int) -> None:
    edge = Edge()
    for one in HASHES[:size]:
        edge.add(one)
    assert edge.root().hex() == Edge().root(HASHES[:size]).hex() == ROOTS[size]


def continues(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a proof shows it to the verifier that stands alone, which is the one that checks it."""
    return continued(old, new, old_root, list(proof)) == new_root


@pytest.mark.parametrize(("index", "size"), INCLUDED)
def test_audit_paths_are_those_that_were_published(index: int, size: int) -> None:
    proof = inclusion(index, size, nodes(HASHES))
    assert in_hex(proof) == INCLUDED[index, size]
    assert includes(index, size, HASHES[index], proof, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new"), CONSISTENT)
def test_proofs_of_consistency_are_those_that_were_published(old: int, new: int) -> None:
    proof = consistency(old, new, nodes(HASHES))
    assert in_hex(proof) == CONSISTENT[old, new]
    assert continues(old, new, bytes.fromhex(ROOTS[old]), bytes.fromhex(ROOTS[new]), proof)


@given(st.data(), st.one_of(st.integers(1, 40), st.integers(250, 270), st.just(TILE_WIDTH), st.just(2 * TILE_WIDTH)))
def test_proofs_are_those_of_a_naive_tree(data: st.DataObject, size: int) -> None:
    leaves, at = some(size), data.draw(st.integers(0, size - 1))
    old, tree = at + 1, nodes(some(size))
    root = naive(leaves)
    path, proof = inclusion(at, size, tree), consistency(old, size, tree)
    assert path == naive_path(at, leaves)
    assert proof == naive_subproof(old, leaves)
    assert Edge.of(size, tree).root() == root
    assert Edge.of(old, tree).root(leaves[old:]) == root
    assert includes(at, size, leaves[at], path, root)
    assert continues(old, size, naive(leaves[:old]), root, proof)


@given(st.data(), st.integers(2, 300))
def test_nothing_else_is_proved(data: st.DataObject, size: int) -> None:
    """Another leaf, place, size or root, or a proof that was changed, shortened or made longer, shows nothing."""
    leaves, at = some(size), data.draw(st.integers(0, size - 1))
    root, path = naive(leaves), inclusion(at, size, nodes(some(size)))
    wrong = data.draw(st.integers(0, len(path) - 1))
    forged = [*path[:wrong], leaf(b"forged"), *path[wrong + 1 :]]
    assert not includes(at, size, leaf(b"forged"), path, root)
    assert not includes(at, size, leaves[at], path, leaf(b"forged"))
    assert not includes((at + 1) % size, size, leaves[at], path, root)
    for changed in (forged, path[:-1], [*path, path[-1]]):
        assert not includes(at, size, leaves[at], changed, root)
    assert not includes(size, size, leaves[at], path, root)
    assert not includes(-1, size, leaves[at], path, root)


@given(st.data(), st.integers(2, 300))
def test_no_other_tree_is_continued(data: st.DataObject, size: int) -> None:
    leaves, old = some(size), data.draw(st.integers(1, size - 1))
    was, root, proof = naive(leaves[:old]), naive(leaves), consistency(old, size, nodes(some(size)))
    wrong = data.draw(st.integers(0, len(proof) - 1))
    forged = [*proof[:wrong], leaf(b"forged"), *proof[wrong + 1 :]]
    for changed in (forged, proof[:-1], [*proof, proof[-1]]):
        assert not continues(old, size, was, root, changed)
    assert not continues(old, size, leaf(b"forged"), root, proof)
    assert not continues(old, size, was, leaf(b"forged"), proof)


def test_a_tree_continues_itself_and_none_that_is_larger() -> None:
    root = bytes.fromhex(ROOTS[8])
    assert continues(8, 8, root, root, [])
    assert not continues(8, 8, root, bytes.fromhex(ROOTS[7]), [])
    assert not continues(8, 8, root, root, [root])
    assert not continues(8, 7, root, bytes.fromhex(ROOTS[7]), [])
    assert not continues(7, 8, bytes.fromhex(ROOTS[7]), root, [])


def test_a_tile_that_is_too_short_is_not_taken_for_a_node() -> None:
    short = tiled(lambda *_: b"x" * (2 * HASH_BYTES - 1))
    assert short(0, 0) == b"x" * HASH_BYTES
    with pytest.raises(LookupError):
        short(0, 1)
    with pytest.raises(LookupError):
        short(1, 0)
