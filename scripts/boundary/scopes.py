# SPDX-License-Identifier: Apache-2.0
"""The scopes of a module and what its names are bound to: what ``walk`` fills and ``evaluate`` reads."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final, NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What the words of a file allow to be there at all; everything, until the text is known to rule it out."""

    statements: bool = True
    executes: bool = True
    dynamic: bool = True
    latent: bool = True
    native: bool = True
    limits: bool = True
    setting: bool = True
    system: bool = True
    enterprise: bool = True
    spaces: bool = True
    starred: bool = True
    dull: frozenset[str] = frozenset()
    """Names of attributes that could be capable, but not here: their owner is nowhere in sight."""


COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


class Binding(NamedTuple):
    """One way a name gets its value. ``path`` walks into an unpacked value: -1 stands for any item."""

    kind: str
    node: ast.AST
    scope: Scope
    path: tuple[int, ...] = ()
    name: str = ""


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class, function, lambda or comprehension, and what its names are bound to."""

    node: ast.AST
    parent: Scope | None
    names: dict[str, list[Binding]] = field(default_factory=lambda: defaultdict(list))
    certain: set[str] = field(default_factory=set)
    outer: dict[str, str] = field(default_factory=dict)


class Site(NamedTuple):
    """A call of something by that name; ``mapped`` where the arguments are iterated over, as in ``map``."""

    call: ast.Call
    scope: Scope
    mapped: bool = False


@dataclass(slots=True, eq=False)
class Module:
    """What the walk found."""

    name: str
    package: str
    tree: ast.Module
    top: Scope
    may: Hints
    judged: list[tuple[ast.AST, Scope]] = field(default_factory=list)
    names: list[tuple[ast.Name, Scope]] = field(default_factory=list)
    scopes: dict[ast.AST, Scope] = field(default_factory=dict)
    fields: dict[str, list[tuple[ast.expr, Scope]]] = field(default_factory=lambda: defaultdict(list))
    stores: dict[str, list[tuple[ast.expr | None, ast.expr, Scope]]] = field(default_factory=lambda: defaultdict(list))
    sites: dict[str, list[Site]] = field(default_factory=lambda: defaultdict(list))
    returns: dict[ast.AST, list[tuple[ast.expr, bool]]] = field(default_factory=lambda: defaultdict(list))
    lambdas: dict[ast.AST, list[str]] = field(default_factory=lambda: defaultdict(list))
    tuples: dict[str, list[str]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    typing_only: set[ast.AST] = field(default_factory=set)
    grafts: list[tuple[ast.AST, ast.AST]] = field(default_factory=list)
    _parents: dict[ast.AST, ast.AST] = field(default_factory=dict)

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node around ``node``; few ask, so the first to ask pays for all."""
        if not self._parents:
            self._adopt(self.tree)
            for owner, inner in self.grafts:
                self._adopt(inner)
                self._parents[inner] = owner
        return self._parents.get(node)

    def _adopt(self, tree: ast.AST) -> None:
        parents, stack = self._parents, [tree]
        while stack:
            node = stack.pop()
            for value in node.__dict__.values():
                if isinstance(value, ast.AST):
                    parents[value] = node
                    stack.append(value)
                elif value.__class__ is list:
                    for item in value:
                        if isinstance(item, ast.AST):
                            parents[item] = node
                            stack.append(item)


def terminal(node: ast.AST) -> str:
    """The last name of ``a``, ``a.b`` or ``a.b[...]``, or nothing."""
    while isinstance(node, ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def outwards(scope: Scope | None) -> list[Scope]:
    """The scope and those around it, innermost first."""
    found = []
    while scope is not None:
        found.append(scope)
        scope = scope.parent
    return found


def absolute(node: ast.ImportFrom, package: str) -> str:
    """The dotted name that ``from … import`` starts from, relative ones resolved against ``package``."""
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*(base or [""]), *([node.module] if node.module else [])])
