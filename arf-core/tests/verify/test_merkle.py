# SPDX-License-Identifier: Apache-2.0
"""Merkle trees: the published vectors of Certificate Transparency, and a slow reference written from RFC 6962."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.errors import VerificationError
from arf_core.verify.merkle import check_consistency, check_inclusion, leaf_hash, node_hash, root_of

# Vectors: github.com/google/certificate-transparency, MerkleTreeTest.cc and merkle_tree tests (Apache-2.0).
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = [  # (leaf from 1, size of the tree, path)
    (1, 1, []),
    (1, 8, [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]),
    (6, 8, [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]),
    (3, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (2, 5, [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]),
]  # fmt: skip
CONSISTENCY = [  # (first size, second size, proof)
    (1, 1, []),
    (1, 8, [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]),
    (6, 8, [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]),
    (2, 5, [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ]),
]  # fmt: skip


def split_of(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


def slow_root(leaves: Sequence[bytes]) -> bytes:
    """MTH of RFC 6962 section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split_of(len(leaves))
    return sha256(b"\x01" + slow_root(leaves[:k]) + slow_root(leaves[k:])).digest()


def slow_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = split_of(len(leaves))
    if index < k:
        return [*slow_path(index, leaves[:k]), slow_root(leaves[k:])]
    return [*slow_path(index - k, leaves[k:]), slow_root(leaves[:k])]


def slow_proof(first: int, leaves: Sequence[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2, word for word."""
    if first == len(leaves):
        return [] if whole else [slow_root(leaves)]
    k = split_of(len(leaves))
    if first <= k:
        return [*slow_proof(first, leaves[:k], whole=whole), slow_root(leaves[k:])]
    return [*slow_proof(first - k, leaves[k:], whole=False), slow_root(leaves[:k])]


def tree(size: int) -> list[bytes]:
    return [leaf_hash(bytes([number % 256, number // 256])) for number in range(size)]


def hashes(texts: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize("size", range(1, 9))
def test_the_published_roots_are_reproduced(size: int) -> None:
    assert root_of(map(leaf_hash, LEAVES[:size])).hex() == ROOTS[size - 1]
    assert root_of(()) == sha256(b"").digest()


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize(("leaf", "size", "path"), INCLUSION)
def test_the_published_inclusion_proofs_hold(leaf: int, size: int, path: list[str]) -> None:
    root = bytes.fromhex(ROOTS[size - 1])
    check_inclusion(leaf_hash(LEAVES[leaf - 1]), index=leaf - 1, size=size, proof=hashes(path), root=root)


@pytest.mark.promise("VER-1")
@pytest.mark.parametrize(("first", "second", "proof"), CONSISTENCY)
def test_the_published_consistency_proofs_hold(first: int, second: int, proof: list[str]) -> None:
    roots = bytes.fromhex(ROOTS[first - 1]), bytes.fromhex(ROOTS[second - 1])
    check_consistency(first=first, first_root=roots[0], second=second, second_root=roots[1], proof=hashes(proof))


@pytest.mark.promise("VER-3")
def test_a_leaf_that_stands_twice_is_another_tree() -> None:
    """Reach's mistake: the root of [a, b, c] equalled that of [a, b, c, c]."""
    a, b, c = map(leaf_hash, (b"a", b"b", b"c"))
    three, four = root_of((a, b, c)), root_of((a, b, c, c))
    assert three != four
    proof = [node_hash(a, b)]
    check_inclusion(c, index=2, size=3, proof=proof, root=three)
    for size, path in ((3, proof), (4, proof), (4, [c, *proof])):
        if size == 4 and len(path) == 2:
            check_inclusion(c, index=2, size=4, proof=path, root=four)
        with pytest.raises(VerificationError):
            check_inclusion(c, index=2, size=size, proof=path, root=four if size == 3 else three)


@pytest.mark.promise("VER-3")
def test_a_node_does_not_pass_for_a_leaf() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
    with pytest.raises(VerificationError):
        check_inclusion(leaf_hash(left + right), index=0, size=1, proof=[], root=root_of((left, right)))


@given(st.integers(1, 70), st.data())
def test_inclusion_agrees_with_the_slow_reference(size: int, data: st.DataObject) -> None:
    leaves = tree(size)
    index = data.draw(st.integers(0, size - 1))
    root, proof = root_of(leaves), slow_path(index, leaves)
    assert root == slow_root(leaves)
    check_inclusion(leaves[index], index=index, size=size, proof=proof, root=root)


@given(st.integers(1, 70), st.data())
def test_consistency_agrees_with_the_slow_reference(second: int, data: st.DataObject) -> None:
    leaves = tree(second)
    first = data.draw(st.integers(1, second))
    check_consistency(
        first=first,
        first_root=slow_root(leaves[:first]),
        second=second,
        second_root=slow_root(leaves),
        proof=slow_proof(first, leaves),
    )


@pytest.mark.promise("VER-3")
@given(st.integers(1, 40), st.data())
def test_no_other_inclusion_proof_holds(size: int, data: st.DataObject) -> None:
    leaves = tree(size)
    index = data.draw(st.integers(0, size - 1))
    root, proof = root_of(leaves), slow_path(index, leaves)
    wrong = data.draw(st.sampled_from(["cut", "longer", "altered", "index", "leaf", "root"]))
    leaf = leaves[index]
    if wrong == "cut":
        proof = proof[:-1] if proof else [leaf]
    elif wrong == "longer":
        proof = [*proof, root]
    elif wrong == "altered" and proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        proof[place] = leaf_hash(proof[place])
    elif wrong == "index" and size > 1:
        index = data.draw(st.sampled_from([other for other in range(-1, size + 1) if other != index]))
    elif wrong == "leaf":
        leaf = leaf_hash(leaf)
    else:
        root = leaf_hash(root)
    with pytest.raises(VerificationError):
        check_inclusion(leaf, index=index, size=size, proof=proof, root=root)


@pytest.mark.promise("VER-3")
@given(st.integers(2, 40), st.data())
def test_a_log_that_was_rewritten_or_cut_is_not_consistent(second: int, data: st.DataObject) -> None:
    leaves = tree(second)
    first = data.draw(st.integers(1, second - 1))
    place = data.draw(st.integers(0, first - 1))
    altered = [*leaves[:place], leaf_hash(b"rewritten"), *leaves[place + 1 :]]
    before, after = slow_root(leaves[:first]), slow_root(altered)
    for proof in (slow_proof(first, altered), slow_proof(first, leaves), []):
        with pytest.raises(VerificationError):
            check_consistency(first=first, first_root=before, second=second, second_root=after, proof=proof)
    with pytest.raises(VerificationError, match="cannot continue"):
        check_consistency(first=second, first_root=slow_root(leaves), second=first, second_root=before, proof=[])


def test_the_empty_log_is_the_beginning_of_every_log() -> None:
    leaves = tree(3)
    empty = root_of(())
    check_consistency(first=0, first_root=empty, second=3, second_root=root_of(leaves), proof=[])
    for first_root, proof in ((leaves[0], []), (empty, [leaves[0]])):
        with pytest.raises(VerificationError):
            check_consistency(first=0, first_root=first_root, second=3, second_root=root_of(leaves), proof=proof)


def test_a_log_is_consistent_with_itself_alone() -> None:
    leaves = tree(5)
    check_consistency(first=5, first_root=root_of(leaves), second=5, second_root=root_of(leaves), proof=[])
    with pytest.raises(VerificationError):
        check_consistency(first=5, first_root=root_of(leaves), second=5, second_root=leaves[0], proof=[])
    with pytest.raises(VerificationError, match="is empty"):
        check_consistency(first=3, first_root=root_of(leaves[:3]), second=5, second_root=root_of(leaves), proof=[])


@pytest.mark.parametrize("size", [31, 33])
def test_a_hash_has_32_bytes(size: int) -> None:
    with pytest.raises(VerificationError, match=f"has {size} bytes"):
        check_inclusion(bytes(size), index=0, size=1, proof=[], root=bytes(size))
