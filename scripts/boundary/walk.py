# SPDX-License-Identifier: Apache-2.0
"""One walk over a module: which scopes it has, and which nodes are worth judging. ``binding`` says what each kind of
node binds.

The walk keeps its own stack, so that no depth of nesting can break it. It does not follow the order of statements: a
name denotes everything it is ever bound to in its scope. What cannot become a finding, by the words of the file
(``Hints``), is not kept.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from boundary.capabilities import INTERESTING, SPECIAL
from boundary.scopes import Binding, Module, Scope, outwards, terminal

Handler: TypeAlias = "Callable[[Walk, Any, Scope, bool], None]"
_BRANCHES: Final = frozenset(
    (ast.If, ast.While, ast.Try, ast.TryStar, ast.With, ast.AsyncWith, ast.match_case, ast.ExceptHandler)
)
_NO_NODES: Final = frozenset(
    """
    id attr arg name names ctx op ops kind module level type_comment rest kwd_attrs is_async simple conversion str
    """.split()
)
"""Fields that never hold a node to look into; ``name``, ``names`` and ``arg`` belong to the handlers of ``binding``."""


class Walk:
    """The walk over one module; the handlers of ``binding`` steer it."""

    def __init__(self, module: Module, handlers: Mapping[type, Handler]) -> None:
        self.module = module
        self.may = module.may
        self.stack: list[tuple[ast.AST, Scope, bool]] = []
        self._handlers = handlers
        self._every_name = module.may.starred or module.may.spaces
        self._dull = module.may.dull
        self._every_attribute = module.may.enterprise or module.may.latent

    def run(self) -> None:
        """Fill the module."""
        module, stack, handlers = self.module, self.stack, self._handlers
        module.scopes[module.tree] = module.top
        stack.extend([(statement, module.top, False) for statement in reversed(module.tree.body)])
        pop = stack.pop
        while stack:
            node, scope, branch = pop()
            handler = handlers.get(node.__class__)
            if handler is not None:
                handler(self, node, scope, branch)
            else:
                self.children(node, scope, branch or node.__class__ in _BRANCHES)

    def children(self, node: ast.AST, scope: Scope, branch: bool) -> None:  # noqa: FBT001 -- one signature for all
        """Look into everything in ``node``."""
        kind = node.__class__
        fields = _FIELDS.get(kind)
        for field in _fields(kind) if fields is None else fields:
            value = getattr(node, field)
            if value.__class__ is list:
                for item in value:
                    self.look(item, scope, branch)
            elif value is not None:
                self.look(value, scope, branch)

    def look(self, node: ast.AST, scope: Scope, branch: bool) -> None:  # noqa: FBT001 -- one signature for all
        """Look into ``node``: now where it is a name or a chain of attributes, else when its turn comes."""
        kind = node.__class__
        while kind is ast.Attribute:
            self._attribute(node, scope)
            node = node.value  # type: ignore[attr-defined]
            kind = node.__class__
        if kind is ast.Name:
            if self._every_name or node.id in SPECIAL:  # type: ignore[attr-defined]
                self.module.names.append((node, scope))  # type: ignore[arg-type]
        elif kind is not ast.Constant and node is not None:
            self.stack.append((node, scope, branch))

    def _attribute(self, node: Any, scope: Scope) -> None:
        if node.ctx.__class__ is ast.Load:
            if (node.attr in INTERESTING and node.attr not in self._dull) or self._every_attribute:
                self.module.judged.append((node, scope))
        elif node.value.__class__ is not ast.Name or node.value.id not in _SELF or self.may.limits:
            self.module.judged.append((node, scope))

    def bind(self, name: str, binding: Binding, scope: Scope, branch: bool) -> None:  # noqa: FBT001 -- as above
        """Bind ``name`` in the scope it belongs to; under a branch it may also keep what it was."""
        where = scope
        kind = scope.outer.get(name)
        if kind == "global":
            where = self.module.top
        elif kind == "nonlocal" and scope.parent is not None:
            where = next((s for s in outwards(scope.parent) if name in s.names), scope.parent)
        where.names[name].append(binding)
        if not branch:
            where.certain.add(name)

    def target(  # noqa: C901 -- one branch for each kind of target
        self,
        target: ast.AST,
        kind: str,
        value: ast.AST,
        scope: Scope,
        branch: bool,  # noqa: FBT001 -- as above
    ) -> None:
        """Bind everything in an assignment target to its part of ``value``."""
        if target.__class__ is ast.Name and value.__class__ is not ast.Lambda:
            self.bind(target.id, Binding(kind, value, scope), scope, branch)
            return
        todo: list[tuple[ast.AST, tuple[int, ...]]] = [(target, ())]
        while todo:
            part, way = todo.pop()
            if isinstance(part, ast.Name):
                self.bind(part.id, Binding(kind, value, scope, way), scope, branch)
                if isinstance(value, ast.Lambda):
                    self.module.lambdas[value].append(part.id)
            elif isinstance(part, ast.Attribute) and isinstance(value, ast.expr) and kind == "expr" and not way:
                self.module.fields[part.attr].append((value, scope))
                if isinstance(value, ast.Lambda):
                    self.module.lambdas[value].append(part.attr)
            elif isinstance(part, ast.Subscript) and isinstance(value, ast.expr) and not way:
                name = terminal(part.value)
                if name:
                    self.module.stores[name].append((part.slice, value, scope))
            elif isinstance(part, (ast.Tuple, ast.List)):
                starred = any(isinstance(item, ast.Starred) for item in part.elts)
                todo.extend((item, (*way, -1 if starred else index)) for index, item in enumerate(part.elts))
            elif isinstance(part, ast.Starred):
                todo.append((part.value, (*way[:-1], -2)))


def _fields(kind: type[ast.AST]) -> tuple[str, ...]:
    _FIELDS[kind] = tuple(field for field in kind._fields if field not in _NO_NODES)
    return _FIELDS[kind]


_FIELDS: Final[dict[type[ast.AST], tuple[str, ...]]] = {ast.MatchSingleton: ()}
_SELF: Final = frozenset(("self", "cls"))
