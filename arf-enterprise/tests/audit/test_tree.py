# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The tree as it grows, held against the vectors of RFC 6962, a second implementation, and the verifier."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree  # type: ignore[import-untyped]

from arf_core.errors import VerificationError
from arf_core.verify.merkle import check_consistency, check_inclusion, leaf_hash, node_hash, root_of
from arf_enterprise.audit.tree import Growing, Place, consistency_proof, covering, inclusion_proof, peaks

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
"""Certificate Transparency's reference vectors (google/certificate-transparency, merkle_tree_test): leaves, roots."""
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


class Stored:
    """Nodes as the database would have them."""

    def __init__(self, leaves: Iterable[bytes], *, batch: int = 3) -> None:
        self.nodes: dict[Place, bytes] = {}
        self.roots = [root_of(())]
        self.leaves = list(leaves)
        tree = Growing.at(0, self.fetch)
        for number, leaf in enumerate(self.leaves):
            if number % batch == 0:
                tree = Growing.at(number, self.fetch)
            before = len(tree.made)
            tree.add(leaf)
            for level, index, node in tree.made[before:]:
                assert (level, index) not in self.nodes, "a node was made twice"
                self.nodes[level, index] = node
            self.roots.append(tree.root)

    def fetch(self, places: frozenset[Place]) -> dict[Place, bytes]:
        return {place: self.nodes[place] for place in places}


@pytest.mark.promise("AUD-2")
def test_roots_are_those_of_the_published_vectors() -> None:
    stored = Stored(leaf_hash(bytes.fromhex(text)) for text in INPUTS)
    assert [root.hex() for root in stored.roots] == ROOTS


@pytest.mark.promise("AUD-2")
def test_a_second_implementation_has_the_same_roots_and_proofs() -> None:
    other = InmemoryTree(algorithm="sha256")
    data = [bytes([number, number ^ 7]) for number in range(40)]
    stored = Stored(leaf_hash(one) for one in data)
    for size, one in enumerate(data, start=1):
        other.append_entry(one)
        assert other.get_root() == stored.roots[size]
        for index in range(size):
            theirs = other.prove_inclusion(index + 1, size).serialize()["path"]
            ours = inclusion_proof(index, size, stored.fetch)
            assert theirs[0] == stored.leaves[index].hex()
            assert theirs[1:] == [part.hex() for part in ours]


@given(st.integers(1, 200), st.data())
def test_every_proof_holds_and_no_other_does(size: int, data: st.DataObject) -> None:
    stored = Stored((leaf_hash(number.to_bytes(2, "big")) for number in range(size)), batch=7)
    index, first = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    proof = inclusion_proof(index, size, stored.fetch)
    check_inclusion(stored.leaves[index], index=index, size=size, proof=proof, root=stored.roots[size])
    with pytest.raises(VerificationError):
        check_inclusion(leaf_hash(b"another"), index=index, size=size, proof=proof, root=stored.roots[size])
    steps = consistency_proof(first, size, stored.fetch)
    check_consistency(
        first=first, first_root=stored.roots[first], second=size, second_root=stored.roots[size], proof=steps
    )
    if 0 < first < size:
        with pytest.raises(VerificationError):
            check_consistency(
                first=first, first_root=leaf_hash(b"x"), second=size, second_root=stored.roots[size], proof=steps
            )


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_range_is_covered_without_gap_or_overlap_by_nodes_that_are_stored(start: int, more: int) -> None:
    at = start
    for level, index in covering(start, start + more):
        assert index << level == at
        at += 1 << level
    assert at == start + more


def test_peaks_of_a_tree_are_its_one_bits() -> None:
    assert peaks(0) == ()
    assert peaks(0b1101) == ((3, 0), (2, 2), (0, 12))


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 3)])
def test_a_leaf_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        inclusion_proof(index, size, lambda _: {})


def test_sizes_in_the_wrong_order_have_no_proof() -> None:
    with pytest.raises(IndexError):
        consistency_proof(5, 3, lambda _: {})


def test_three_leaves_are_not_four_with_the_last_one_doubled() -> None:
    a, b, c = (leaf_hash(one) for one in (b"a", b"b", b"c"))
    assert Stored([a, b, c]).roots[3] == node_hash(node_hash(a, b), c)
    assert Stored([a, b, c]).roots[3] != Stored([a, b, c, c]).roots[4]
