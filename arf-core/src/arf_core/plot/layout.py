# SPDX-License-Identifier: Apache-2.0
"""Where the boxes and lines of a call graph go: layers from left to right, callers before callees.

The method is that of Sugiyama, Tagawa and Toda ("Methods for Visual Understanding of Hierarchical System Structures",
1981), in five steps:
1. A call that closes a cycle is turned round for the layout.
2. A component stands one layer right of its rightmost caller.
3. A call across several layers gets a bend in each layer that it crosses, so that it passes between boxes.
4. Each layer is ordered by the mean place of its neighbours, to and fro; the order with the fewest crossings is kept.
5. Heights move towards the mean height of the neighbours, as far as the distances allow.

The same graph gives the same layout: every tie is broken by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import fsum
from typing import Final

SWEEPS: Final = 8

Call = tuple[str, str]
Cell = tuple[str, ...]
"""A component ``(name,)``, or a bend of a call ``(caller, callee, layer)``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """``places`` maps a component to its layer (from 0) and the height of its middle, in units of ``distance``.

    ``routes`` maps each call to the places it passes, from caller to callee. Heights start at 0.
    """

    places: Mapping[str, tuple[int, float]]
    routes: Mapping[Call, tuple[tuple[int, float], ...]]
    layers: int
    height: float


def layout_of(names: Sequence[str], calls: Sequence[Call], *, box: float, bend: float) -> Layout:
    """Places for ``names`` and routes for ``calls`` between them; ``box`` and ``bend`` are the heights each needs."""
    forward = _without_cycles(names, calls)  # 1
    layer_of = _layers(names, list(forward.values()))  # 2
    chains = {call: _chain(ahead, layer_of) for call, ahead in forward.items()}  # 3
    rows = _Rows(names, layer_of, list(chains.values()), box=box, bend=bend)
    rows.order()  # 4
    heights = rows.heights()  # 5
    turned = {call for call, ahead in forward.items() if ahead != call}
    routes = {
        call: tuple((rows.layer_of[cell], heights[cell]) for cell in (reversed(chain) if call in turned else chain))
        for call, chain in chains.items()
    }
    return Layout(
        places={name: (layer_of[name], heights[name,]) for name in names},
        routes=routes,
        layers=len(rows.layers),
        height=max((heights[cell] + rows.room(cell) / 2 for layer in rows.layers for cell in layer), default=0.0),
    )


def _without_cycles(names: Sequence[str], calls: Sequence[Call]) -> dict[Call, Call]:
    """Each call, turned round where it leads back to a component that is still being walked."""
    callees: dict[str, list[str]] = {name: [] for name in names}
    called = {callee for _, callee in calls}
    for caller, callee in sorted(calls):
        callees[caller].append(callee)
    state: dict[str, int] = {}
    ahead: dict[Call, Call] = {}
    for start in sorted(names, key=lambda name: (name in called, name)):
        walk = [] if start in state else [(start, iter(callees[start]))]
        state.setdefault(start, 1)
        while walk:
            caller, rest = walk[-1]
            callee = next(rest, "")
            if not callee:
                state[caller] = 2
                walk.pop()
                continue
            ahead[caller, callee] = (callee, caller) if state.get(callee) == 1 else (caller, callee)
            if callee not in state:
                state[callee] = 1
                walk.append((callee, iter(callees[callee])))
    return ahead


def _layers(names: Sequence[str], ahead: Sequence[Call]) -> dict[str, int]:
    waiting = dict.fromkeys(names, 0)
    followers: dict[str, list[str]] = {name: [] for name in names}
    for caller, callee in sorted(set(ahead)):
        followers[caller].append(callee)
        waiting[callee] += 1
    layer = dict.fromkeys(names, 0)
    ready = sorted(name for name, count in waiting.items() if count == 0)
    for name in ready:  # grows while it is walked: every component comes after its callers
        for callee in followers[name]:
            layer[callee] = max(layer[callee], layer[name] + 1)
            waiting[callee] -= 1
            if waiting[callee] == 0:
                ready.append(callee)
    return layer


def _chain(ahead: Call, layer_of: Mapping[str, int]) -> list[Cell]:
    caller, callee = ahead
    between = range(layer_of[caller] + 1, layer_of[callee])
    return [(caller,), *((caller, callee, str(layer)) for layer in between), (callee,)]


@dataclass(slots=True)
class _Rows:
    """The cells of every layer, in the order in which they stand."""

    names: Sequence[str]
    of_name: Mapping[str, int]
    chains: Sequence[Sequence[Cell]]
    box: float = field(kw_only=True)
    bend: float = field(kw_only=True)
    layer_of: dict[Cell, int] = field(init=False)
    layers: list[list[Cell]] = field(init=False)
    left: dict[Cell, list[Cell]] = field(init=False)
    right: dict[Cell, list[Cell]] = field(init=False)

    def __post_init__(self) -> None:
        self.layer_of = {(name,): self.of_name[name] for name in self.names}
        for chain in self.chains:
            first = self.layer_of[chain[0]]
            self.layer_of.update({cell: first + step for step, cell in enumerate(chain[1:-1], start=1)})
        self.layers = [[] for _ in range(1 + max(self.layer_of.values(), default=-1))]
        for cell in sorted(self.layer_of):
            self.layers[self.layer_of[cell]].append(cell)
        self.left, self.right = {cell: [] for cell in self.layer_of}, {cell: [] for cell in self.layer_of}
        for chain in self.chains:
            for one, other in pairwise(chain):
                self.right[one].append(other)
                self.left[other].append(one)

    def room(self, cell: Cell) -> float:
        """The height that a cell needs."""
        return self.box if len(cell) == 1 else self.bend

    def order(self) -> None:
        """Order each layer by the mean place of its neighbours; keep the order with the fewest crossings."""
        best, fewest = [list(layer) for layer in self.layers], self._crossings()
        for sweep in range(SWEEPS):
            neighbours, layers = (self.left, self.layers[1:]) if sweep % 2 == 0 else (self.right, self.layers[-2::-1])
            for layer in layers:
                place = {cell: float(n) for row in self.layers for n, cell in enumerate(row)}
                means = {cell: _mean([place[other] for other in neighbours[cell]], place[cell]) for cell in layer}
                layer.sort(key=lambda cell, means=means: (means[cell], cell))  # type: ignore[misc]
            if (crossings := self._crossings()) < fewest:
                best, fewest = [list(layer) for layer in self.layers], crossings
        self.layers = best

    def heights(self) -> dict[Cell, float]:
        """The height of the middle of each cell; the topmost box begins at 0."""
        height = {cell: middle for layer in self.layers for cell, middle in self._stacked(layer, {})}
        for sweep in range(SWEEPS):
            neighbours, layers = (self.left, self.layers[1:]) if sweep % 2 == 0 else (self.right, self.layers[-2::-1])
            for layer in layers:
                wanted = {cell: _mean([height[other] for other in neighbours[cell]], height[cell]) for cell in layer}
                height.update(self._stacked(layer, wanted))
        top = min((middle - self.room(cell) / 2 for cell, middle in height.items()), default=0.0)
        return {cell: middle - top for cell, middle in height.items()}

    def _stacked(self, layer: Sequence[Cell], wanted: Mapping[Cell, float]) -> list[tuple[Cell, float]]:
        """The cells at the heights they want, as far as they have room: halfway between lowest and highest."""
        down: list[float] = []
        for place, cell in enumerate(layer):
            least = down[-1] + self._apart(layer[place - 1], cell) if down else None
            want = wanted.get(cell, 0.0 if least is None else least)
            down.append(want if least is None else max(want, least))
        up: list[float] = []
        for place in range(len(layer) - 1, -1, -1):
            want = wanted.get(layer[place], down[place])
            up.append(min(want, up[-1] - self._apart(layer[place], layer[place + 1])) if up else want)
        return [(cell, (one + other) / 2) for cell, one, other in zip(layer, down, reversed(up), strict=True)]

    def _apart(self, one: Cell, other: Cell) -> float:
        return (self.room(one) + self.room(other)) / 2

    def _crossings(self) -> int:
        place = {cell: n for layer in self.layers for n, cell in enumerate(layer)}
        count = 0
        for layer in self.layers:
            ends = [place[other] for cell in layer for other in sorted(self.right[cell], key=place.__getitem__)]
            count += sum(one > other for n, one in enumerate(ends) for other in ends[n + 1 :])
        return count


def _mean(values: Sequence[float], otherwise: float) -> float:
    return fsum(values) / len(values) if values else otherwise
