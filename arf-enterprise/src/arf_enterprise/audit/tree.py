# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The tree of RFC 6962 as it grows, and proofs from its stored nodes.

1. Only full subtrees are stored: node ``(level, index)`` is over leaves ``index * 2^level`` up to the next one's; level
   0 is the leaves. They never change once made, so they are only ever added.
2. Growing needs the peaks alone: the full subtrees that together are the tree so far (at most 63 hashes).
3. A proof is made of stored nodes and, at the ragged end, of peaks joined from the right (RFC 6962 section 2.1).

Verification is ``arf_core.verify.merkle``: this module only makes what that one checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from arf_core.verify.merkle import node_hash, root_of

Place = tuple[int, int]
"""Level and index of a stored node."""
Fetch = Callable[[frozenset[Place]], dict[Place, bytes]]
"""Reads stored nodes."""


def peaks(size: int) -> tuple[Place, ...]:
    """The full subtrees that are the tree of ``size`` leaves, the largest first."""
    return covering(0, size)


def covering(start: int, end: int) -> tuple[Place, ...]:
    """The full subtrees over leaves ``start`` up to ``end``, in order: each the largest that may begin there."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        found.append((level, start >> level))
        start += 1 << level
    return tuple(found)


@dataclass(slots=True)
class Growing:
    """A tree that leaves are added to. ``made`` are the new nodes, leaves among them; ``last_leaf`` None if empty."""

    size: int
    hashes: list[bytes]
    last_leaf: bytes | None
    made: list[tuple[int, int, bytes]] = field(default_factory=list)

    @classmethod
    def at(cls, size: int, fetch: Fetch) -> Growing:
        """The tree of ``size`` leaves as it is stored."""
        places = peaks(size)
        last = (0, size - 1)
        known = fetch(frozenset((*places, last))) if places else {}
        return cls(size=size, hashes=[known[place] for place in places], last_leaf=known.get(last))

    def add(self, leaf: bytes) -> None:
        """Add the hash of a leaf."""
        level, index, current = 0, self.size, leaf
        self.made.append((0, index, current))
        while index & 1:
            current = node_hash(self.hashes.pop(), current)
            level, index = level + 1, index >> 1
            self.made.append((level, index, current))
        self.hashes.append(current)
        self.last_leaf = leaf
        self.size += 1

    @property
    def root(self) -> bytes:
        """The root over all leaves so far."""
        return _joined(self.hashes)


def inclusion_proof(index: int, size: int, fetch: Fetch) -> tuple[bytes, ...]:
    """The proof that leaf ``index`` is in the tree of ``size`` leaves (RFC 6962 section 2.1.1).

    Raises:
        IndexError: it is not in that tree.
    """
    if not 0 <= index < size:
        raise IndexError(f"leaf {index} is not in a tree of {size} leaves")
    return _resolved(list(_inclusion(index, 0, size)), fetch)


def consistency_proof(first: int, second: int, fetch: Fetch) -> tuple[bytes, ...]:
    """The proof that the tree of ``second`` leaves begins with that of ``first`` (RFC 6962 section 2.1.2).

    Raises:
        IndexError: the sizes are not in order.
    """
    if not 0 <= first <= second:
        raise IndexError(f"a tree of {second} leaves cannot continue one of {first}")
    if first in (0, second):
        return ()
    return _resolved(list(_consistency(first, 0, second, is_whole=True)), fetch)


_Range = tuple[int, int]
"""Leaves from the first number up to the second: a subtree, full or the ragged end of the tree."""


def _inclusion(index: int, start: int, end: int) -> Iterator[_Range]:
    if end - start <= 1:
        return
    middle = start + _split(end - start)
    if index < middle:
        yield from _inclusion(index, start, middle)
        yield middle, end
    else:
        yield from _inclusion(index, middle, end)
        yield start, middle


def _consistency(first: int, start: int, end: int, *, is_whole: bool) -> Iterator[_Range]:
    if first == end:
        if not is_whole:
            yield start, end
        return
    middle = start + _split(end - start)
    if first <= middle:
        yield from _consistency(first, start, middle, is_whole=is_whole)
        yield middle, end
    else:
        yield from _consistency(first, middle, end, is_whole=False)
        yield start, middle


def _split(size: int) -> int:
    """The largest power of two below ``size``."""
    return 1 << ((size - 1).bit_length() - 1)


def _resolved(ranges: list[_Range], fetch: Fetch) -> tuple[bytes, ...]:
    places = [tuple(_places(*one)) for one in ranges]
    known = fetch(frozenset(place for one in places for place in one))
    return tuple(_joined([known[place] for place in one]) for one in places)


def _places(start: int, end: int) -> Iterator[Place]:
    """The full subtrees over leaves ``start`` to ``end``, where ``start`` is where a subtree begins."""
    for level, index in peaks(end - start):
        yield level, index + (start >> level)


def _joined(hashes: Iterable[bytes]) -> bytes:
    """The root over full subtrees, the largest first: joined from the right."""
    *rest, root = tuple(hashes) or (root_of(()),)
    for left in reversed(rest):
        root = node_hash(left, root)
    return root
