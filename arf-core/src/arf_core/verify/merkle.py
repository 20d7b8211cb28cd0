# SPDX-License-Identifier: Apache-2.0
"""Merkle trees and proofs of RFC 6962 (section 2.1), verified as RFC 9162 (sections 2.1.3.2 and 2.1.4.2) says.

1. A leaf is hashed as ``SHA-256(0x00 || data)``, a node as ``SHA-256(0x01 || left || right)``: neither passes for the
   other.
2. A tree is split at the largest power of two below its size; a lonely node goes up as it is and is never paired with
   itself, so the root of [a, b, c] is not that of [a, b, c, c].
3. A proof has exactly the hashes that index and sizes ask for: one too many or too few is refused.

Hashes are 32 bytes. This module hashes raw bytes by a foreign standard; ARF's own digests are those of ``canonical``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

from arf_core.errors import BadPlace, BrokenError, VerificationError

HASH_SIZE: Final = 32
MAX_TREE: Final = 2**63 - 1
"""The largest size of a tree that is read."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf (rule 1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above ``left`` and ``right`` (rule 1)."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree over the hashes of ``leaves`` (rule 2), in one pass and memory for one path.

    The root of no leaves is SHA-256 of nothing.
    """
    peaks: list[tuple[int, bytes]] = []  # (size, root) of full trees, larger first
    for leaf in leaves:
        peaks.append((1, leaf))
        while len(peaks) > 1 and peaks[-1][0] == peaks[-2][0]:
            (size, right), (_, left) = peaks.pop(), peaks.pop()
            peaks.append((2 * size, node_hash(left, right)))
    if not peaks:
        return sha256(b"").digest()
    _, root = peaks.pop()
    for _, left in reversed(peaks):
        root = node_hash(left, root)
    return root


def check_inclusion(leaf: bytes, *, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Nothing, if the tree of ``size`` leaves with ``root`` has the leaf hash ``leaf`` at ``index`` (from 0).

    Raises:
        VerificationError: the index is outside the tree, the proof has another length, or it leads to another root.
    """
    if not 0 <= index < size <= MAX_TREE:
        raise VerificationError(f"leaf {index} is not in a tree of {size} leaves")
    _check_hashes((leaf, *proof, root))
    node, last, computed = index, size - 1, leaf
    for part in proof:
        if last == 0:  # rule 3
            raise VerificationError(f"the inclusion proof of leaf {index} of {size} is too long: {len(proof)} hashes")
        if node & 1 or node == last:
            computed = node_hash(part, computed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            computed = node_hash(computed, part)
        node, last = node >> 1, last >> 1
    if last:
        raise VerificationError(f"the inclusion proof of leaf {index} of {size} is too short: {len(proof)} hashes")
    _check_root(computed, root, f"the inclusion proof of leaf {index} of {size}")


def check_consistency(
    *, first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """Nothing, if the tree of ``second`` leaves begins with all ``first`` leaves of the other, unchanged and in order.

    Raises:
        VerificationError: the sizes are not in order, the proof has another length, or it leads to other roots.
    """
    if not 0 <= first <= second <= MAX_TREE:
        raise VerificationError(f"a tree of {second} leaves cannot continue one of {first}")
    _check_hashes((*proof, first_root, second_root))
    name = f"the consistency proof from {first} to {second}"
    if first in (0, second):
        if proof:  # rule 3
            raise VerificationError(f"{name} must be empty: it has {len(proof)} hashes")
        expected = root_of(()) if first == 0 else second_root
        _check_root(expected, first_root, f"{name}, at its beginning,")
        return
    old, new = _walked(first, second, proof, first_root, name)
    _check_root(old, first_root, f"{name}, at its beginning,")
    _check_root(new, second_root, f"{name}, at its end,")


def _walked(first: int, second: int, proof: Sequence[bytes], first_root: bytes, name: str) -> tuple[bytes, bytes]:
    """Both roots, as the proof gives them (RFC 9162 section 2.1.4.2)."""
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        raise VerificationError(f"{name} is empty")
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for part in path[1:]:
        if last == 0:  # rule 3
            raise VerificationError(f"{name} is too long: {len(proof)} hashes")
        if node & 1 or node == last:
            old, new = node_hash(part, old), node_hash(part, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, part)
        node, last = node >> 1, last >> 1
    if last:
        raise VerificationError(f"{name} is too short: {len(proof)} hashes")
    return old, new


def _check_hashes(hashes: Iterable[bytes]) -> None:
    for one in hashes:
        if len(one) != HASH_SIZE:
            raise VerificationError(f"a hash of the proof has {len(one)} bytes: it must have {HASH_SIZE}")


def _check_root(computed: bytes, stated: bytes, what: str) -> None:
    if computed != stated:
        place = BadPlace(where="", what=f"{what} gives another root", stated=stated.hex(), computed=computed.hex())
        raise BrokenError(place)
