# SPDX-License-Identifier: Apache-2.0
"""Who calls whom, and whose fault an excess is.

Blame follows the excess. Time and failures add up along calls: when a component is slower by five seconds a second and
one of its callees by four, four fifths of the blame belong there. So blame starts at the component where people noticed
and, at each component, is handed to the callees in proportion to the part of the excess they explain; what no callee
explains stays. It comes to rest at the deepest components that explain their callers. Nothing is asked of the graph:
it may have cycles, and components without samples.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import fsum
from typing import Final

LONGEST_CHAIN: Final = 50
"""Blame is handed on at most this often: it ends a walk in a cycle, and no real call chain is as deep."""
NEGLIGIBLE: Final = 1e-6


@dataclass(frozen=True, kw_only=True)
class CallGraph:
    """``edges`` are (caller, callee) pairs; one named twice counts once, a component that calls itself not at all."""

    edges: tuple[tuple[str, str], ...]

    def callees(self, component: str) -> tuple[str, ...]:
        """Whom ``component`` calls, by name; empty for an unknown component."""
        return self._callees.get(component, ())

    def callers(self, component: str) -> tuple[str, ...]:
        """Who calls ``component``, by name; empty for an unknown component."""
        return self._callers.get(component, ())

    def path(self, start: str, goal: str) -> tuple[str, ...]:
        """A shortest chain of calls from ``start`` to ``goal``, both included; empty if there is none."""
        came_from = self._reach(start)
        if goal not in came_from:
            return ()
        path = [goal]
        while path[-1] != start:
            path.append(came_from[path[-1]])
        return tuple(reversed(path))

    def depths(self, start: str) -> dict[str, int]:
        """How many calls away from ``start`` each component is that can be reached from it, nearest first."""
        depths: dict[str, int] = {}
        for component, caller in self._reach(start).items():
            depths[component] = 0 if component == start else depths[caller] + 1
        return depths

    def blame(self, start: str, excess: Mapping[str, float]) -> dict[str, float]:
        """component → its part of the blame for the excess at ``start``; the parts add up to 1.

        ``excess`` is in one unit that adds up along calls, such as seconds or failures a second; a component that it
        lacks has none.
        """
        rests: dict[str, float] = defaultdict(float)
        moving = {start: 1.0}
        for _ in range(LONGEST_CHAIN):
            moving = self._hand_on(moving, excess, rests)
        for component, part in sorted(moving.items()):
            rests[component] += part
        return dict(sorted(rests.items()))

    def _hand_on(
        self, moving: Mapping[str, float], excess: Mapping[str, float], rests: dict[str, float]
    ) -> dict[str, float]:
        arrived: dict[str, float] = defaultdict(float)
        for component, part in sorted(moving.items()):
            explained = _explained(component, self.callees(component), excess) if part > NEGLIGIBLE else {}
            together = fsum(explained.values())
            for callee, share in explained.items():
                arrived[callee] += part * share / max(1.0, together)
            rests[component] += part * (1.0 - min(1.0, together))
        return arrived

    def _reach(self, start: str) -> dict[str, str]:
        """component → the component it was first reached from, in the order of a breadth-first walk."""
        came_from = {start: start}
        waiting = deque([start])
        while waiting:
            component = waiting.popleft()
            for callee in self.callees(component):
                if callee not in came_from:
                    came_from[callee] = component
                    waiting.append(callee)
        return came_from

    @cached_property
    def _callees(self) -> dict[str, tuple[str, ...]]:
        return _grouped(self.edges)

    @cached_property
    def _callers(self) -> dict[str, tuple[str, ...]]:
        return _grouped((callee, caller) for caller, callee in self.edges)


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = defaultdict(set)
    for one, other in pairs:
        if one != other:
            found[one].add(other)
    return {one: tuple(sorted(others)) for one, others in sorted(found.items())}


def _explained(component: str, callees: tuple[str, ...], excess: Mapping[str, float]) -> dict[str, float]:
    """callee → the part of the component's excess that it could explain, up to 1; only parts above 0."""
    own = excess.get(component, 0.0)
    if own <= 0:
        return {}
    return {callee: min(1.0, part / own) for callee in callees if (part := excess.get(callee, 0.0)) > 0}
