# SPDX-License-Identifier: Apache-2.0
"""Who calls whom around an incident, and which component is to blame: what a picture of the calls shows.

1. Shown are the components that take part in calls, and the likeliest cause. Of more than :data:`MOST_NODES`, those on
   the way to the cause stay first, then the best ranked; how many are left out is said.
2. A component's ``share`` is that of the ranking: the same number as in the bars.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from arf_core.models.advice import Advice
from arf_core.models.root_cause import RootCause
from arf_core.models.window import Window

MOST_NODES: Final = 50
"""More boxes than this cannot be read on one page."""
MOST_CALLS: Final = 300
"""More lines than this cannot be followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A component: its place (``rank`` 1 is the likeliest cause, None if it is not ranked) and share in [0, 1].

    ``noticed`` is where people were alerted.
    """

    name: str
    rank: int | None
    share: float
    kind: str
    noticed: bool

    @property
    def is_cause(self) -> bool:
        """Whether it is the likeliest cause."""
        return self.rank == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Components by name, calls as (caller, callee) pairs, and those of the calls that lead to the cause."""

    nodes: tuple[Node, ...]
    calls: tuple[tuple[str, str], ...]
    path: frozenset[tuple[str, str]]
    left_out: int


def graph_of(advice: Advice, window: Window | None, edges: Iterable[tuple[str, str]] = ()) -> Graph | None:
    """The calls around the incident: those of the window, or else ``edges``. None where no call is known."""
    known = (window.edges if window is not None else ()) or tuple(edges)
    calls = sorted({(caller, callee) for caller, callee in known if caller != callee})
    if not calls or not advice.root_causes:
        return None
    first = advice.root_causes[0]
    names = {name for call in calls for name in call} | {first.component}
    causes = {cause.component: cause for cause in advice.root_causes}
    noticed = window.alerting.component if window is not None and window.alerting is not None else None
    shown = _chosen(names, causes, {*first.path, first.component, noticed})
    kept = [(caller, callee) for caller, callee in calls if caller in shown and callee in shown]
    return Graph(
        nodes=tuple(_node(name, causes.get(name), noticed) for name in sorted(shown)),
        calls=tuple(_followed(kept, first.path)[:MOST_CALLS]),
        path=frozenset(pairwise(first.path)),
        left_out=len(names) - len(shown),
    )


def described(graph: Graph) -> str:
    """The picture in words, for who cannot see it: the cause, the way to it, and every call."""
    cause = next((node for node in graph.nodes if node.is_cause), None)
    sentences = [f"{len(graph.nodes)} components and {len(graph.calls)} calls between them."]
    if cause is not None:
        sentences.append(f"{cause.name} is the likeliest root cause, with {cause.share:.0%} of all scores.")
    sentences.extend(f"People noticed at {node.name}." for node in graph.nodes if node.noticed)
    sentences.extend(f"{caller} calls {_listed(callees)}." for caller, callees in callees_of(graph.calls).items())
    if graph.left_out:
        sentences.append(f"{graph.left_out} more components are not shown.")
    return " ".join(sentences)


def callees_of(calls: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """caller → callees, in the order of ``calls``."""
    found: dict[str, list[str]] = {}
    for caller, callee in calls:
        found.setdefault(caller, []).append(callee)
    return found


def _chosen(names: set[str], causes: dict[str, RootCause], first: set[str | None]) -> set[str]:
    def worth(name: str) -> tuple[bool, int, str]:
        return name not in first, causes[name].rank if name in causes else len(causes) + 1, name

    return set(sorted(names, key=worth)[:MOST_NODES])


def _node(name: str, cause: RootCause | None, noticed: str | None) -> Node:
    return Node(
        name=name,
        rank=None if cause is None else cause.rank,
        share=0.0 if cause is None else cause.share,
        kind="" if cause is None else cause.kind.value,
        noticed=name == noticed,
    )


def _followed(calls: Sequence[tuple[str, str]], path: Sequence[str]) -> list[tuple[str, str]]:
    """The calls, those on the way to the cause first, so that they are never the ones that are left out."""
    way = set(pairwise(path))
    return sorted(calls, key=lambda call: (call not in way, call))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
