# SPDX-License-Identifier: Apache-2.0
"""The proof that some records, one after the other, are in the log of a checkpoint (``arf.audit-range/1``).

The tree of RFC 6962 over all leaves is computed again, in one pass, from three parts: the full subtrees before the
first record, the leaves of the records themselves, and the full subtrees after the last.

1. There are exactly as many hashes on both sides as the numbers ask for: so each has one place, and no leaf has two.
2. A lonely node goes up as it is (``verify.merkle``, rule 2).
3. Wherever a subtree ends, the root over everything before it is known, too: what an earlier checkpoint is held
   against.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from arf_core.errors import FormatError, VerificationError
from arf_core.models.frozen import shown
from arf_core.verify.checkpoints import SignedCheckpoint, checkpoint_in
from arf_core.verify.fields import bytes_of, list_of, object_of, size_of
from arf_core.verify.merkle import HASH_SIZE, MAX_TREE, node_hash, root_of

SCHEMA: Final = "arf.audit-range/1"
MOST_HASHES: Final = 64
"""The most hashes on a side, or in a proof: a tree has at most 63 levels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """An earlier checkpoint, and the proof that the log continues it."""

    checkpoint: SignedCheckpoint
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The records from number ``first`` on, ``count`` of them, under ``checkpoint``, between ``left`` and ``right``."""

    checkpoint: SignedCheckpoint
    first: int
    count: int
    left: tuple[bytes, ...]
    right: tuple[bytes, ...]
    last: bytes
    since: Since | None


@dataclass(slots=True)
class Growing:
    """A tree that full subtrees are added to, from the left: how many leaves it has, and (level, root) of its parts.

    ``wanted`` are sizes whose roots are kept in ``roots`` as the tree passes them.
    """

    wanted: frozenset[int] = frozenset()
    size: int = 0
    parts: list[tuple[int, bytes]] = field(default_factory=list)
    roots: dict[int, bytes] = field(default_factory=dict)

    def add(self, level: int, node: bytes) -> None:
        """Add a full subtree of ``2 ** level`` leaves; it may begin where the tree ends."""
        parts = self.parts
        self.size += 1 << level
        while parts and parts[-1][0] == level:
            node = sha256(b"\x01" + parts.pop()[1] + node).digest()
            level += 1
        parts.append((level, node))
        if self.size in self.wanted:
            self.roots[self.size] = self.root()

    def root(self) -> bytes:
        """The root over everything so far (rule 2)."""
        if not self.parts:
            return root_of(())
        *rest, (_, root) = self.parts
        for _, left in reversed(rest):
            root = node_hash(left, root)
        return root


def read_range(value: object, *, what: str) -> Range:
    """The proof in a JSON value that was parsed strictly.

    Raises:
        FormatError: it is not in the form. Whether it has the hashes that its numbers ask for is for :func:`ended`.
    """
    given = object_of(value, what=what, keys=_KEYS)
    if given["schema"] != SCHEMA:
        raise FormatError(f"the schema of {what} is {shown(given['schema'])}: this version reads {SCHEMA!r}")
    checkpoint = checkpoint_in(given["checkpoint"], what=f"the checkpoint of {what}")
    first, count = (size_of(given[name], what=f"the {name} of {what}") for name in ("first", "count"))
    return Range(
        checkpoint=checkpoint,
        first=first,
        count=count,
        left=hashes_of(given["left"], what=f"left of {what}"),
        right=hashes_of(given["right"], what=f"right of {what}"),
        last=bytes_of(given["last"], what=f"last of {what}", size=HASH_SIZE),
        since=_since(given["since"], what),
    )


def hashes_of(value: object, *, what: str) -> tuple[bytes, ...]:
    """``value`` as hashes of 32 bytes in base64.

    Raises:
        FormatError: it is not.
    """
    listed = list_of(value, what=what, most=2 * MOST_HASHES)
    return tuple(bytes_of(one, what=f"{what}[{n}]", size=HASH_SIZE) for n, one in enumerate(listed))


def begun(proof: Range, wanted: Iterable[int]) -> Growing:
    """The tree before the first record of ``proof``; ``wanted`` are sizes whose roots are asked for."""
    tree = Growing(wanted=frozenset(wanted))
    for level, node in zip(_left_levels(proof.first), proof.left, strict=False):
        tree.add(level, node)
    return tree


def ended(tree: Growing, proof: Range) -> Mapping[int, bytes]:
    """The roots that were asked for, when what is right of the records was added to ``tree``, and the one of all.

    Raises:
        VerificationError: the proof has not the hashes that its numbers ask for (rule 1), or the tree is not yet where
            the records end.
    """
    _check_sides(proof)
    if tree.size != proof.first + proof.count:
        raise VerificationError(f"the tree has {tree.size} leaves, and must have {proof.first + proof.count}")
    for level, node in zip(_right_levels(tree.size, proof.checkpoint.size), proof.right, strict=True):
        tree.add(level, node)
    return {**tree.roots, 0: root_of(()), tree.size: tree.root()}


def _check_sides(proof: Range) -> None:
    size, end = proof.checkpoint.size, proof.first + proof.count
    if not proof.first < end <= size <= MAX_TREE:
        raise VerificationError(f"it is of {proof.count} records from {proof.first} on: the checkpoint has {size}")
    asked = {
        "left": (len(proof.left), len(_left_levels(proof.first))),
        "right": (len(proof.right), len(_right_levels(end, size))),
    }
    for side, (has, must) in asked.items():
        if has != must:
            raise VerificationError(f"its {side} side has {has} hashes: the numbers ask for {must}")


def _left_levels(first: int) -> tuple[int, ...]:
    return tuple(level for level in range(first.bit_length() - 1, -1, -1) if first >> level & 1)


def _right_levels(start: int, end: int) -> tuple[int, ...]:
    found = []
    while start < end:
        level = min((start & -start).bit_length() - 1, (end - start).bit_length() - 1)
        found.append(level)
        start += 1 << level
    return tuple(found)


def _since(value: object, what: str) -> Since | None:
    if value is None:
        return None
    given = object_of(value, what=f"since of {what}", keys=("checkpoint", "proof"))
    checkpoint = checkpoint_in(given["checkpoint"], what=f"the checkpoint of since of {what}")
    return Since(checkpoint=checkpoint, proof=hashes_of(given["proof"], what=f"the proof of since of {what}"))


_KEYS: Final = ("schema", "checkpoint", "first", "count", "left", "right", "last", "since")
