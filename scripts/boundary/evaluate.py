# SPDX-License-Identifier: Apache-2.0
"""Abstract interpretation of one module: what an expression may denote, over every path the program could take.

Flow-insensitive: order and conditions do not matter, a name denotes everything it may be bound to. What cannot be
known is ``TOP``; nothing
is ever guessed away. Modules of the scanned tree are looked into when they are reached.
"""

from __future__ import annotations

import ast
import builtins
from contextlib import suppress
from typing import Any, Final

from boundary.calls import apply
from boundary.capabilities import BUILTINS
from boundary.denoting import denoted
from boundary.expressions import EVALUATIONS, skeleton
from boundary.fold import fold
from boundary.members import attribute, canonical
from boundary.operations import Unfoldable
from boundary.project import Project
from boundary.scopes import Module, Scope, outwards
from boundary.values import (
    OWN,
    UNKNOWN,
    Cls,
    Const,
    Getter,
    Map,
    Partial,
    Ref,
    Seq,
    Space,
    Values,
    union,
)

_DEEPEST: Final = 300
_BUILTIN_NAMES: Final = frozenset(dir(builtins)) | BUILTINS.keys()
_STRINGS: Final = (ast.BinOp, ast.JoinedStr, ast.Call, ast.Subscript, ast.IfExp, ast.ListComp, ast.Name)


class Evaluator:
    """Answers what the expressions of one module may denote; each answer is computed once."""

    def __init__(self, module: Module, project: Project) -> None:
        self.module = module
        self.project = project
        self._known: dict[ast.AST, Values] = {}
        self.running: set[ast.AST] = set()
        self._folded: dict[ast.AST, tuple[bool, Any]] = {}
        self._cut: set[ast.AST | tuple[Scope, str]] = set()
        self._before: dict[ast.AST, Values] = {}
        self._partial: set[ast.AST | tuple[Scope, str]] = set()
        self.cuts = 0
        self.members: dict[tuple[Cls, str], Values] = {}
        self._resolving: set[str] = set()
        self._globals: dict[str, Values] = {}
        self._names: dict[tuple[Scope, str], Values] = {}
        self._names_before: dict[tuple[Scope, str], Values] = {}
        self._naming: set[tuple[Scope, str]] = set()

    def values(self, node: ast.expr, scope: Scope) -> Values:
        """What ``node`` may denote."""
        known = self._known.get(node)
        if known is not None:
            if node in self._partial:
                self.cuts += 1
            return known
        if node in self.running:
            self._cut.add(node)
            self.cuts += 1
            return self._before.get(node, ())
        handler = EVALUATIONS.get(node.__class__)
        if handler is None or len(self.running) > _DEEPEST:
            return UNKNOWN
        self.running.add(node)
        cuts = self.cuts
        try:
            found = handler(self, node, scope)
        finally:
            self.running.discard(node)
        self._known[node] = found
        if cuts != self.cuts:
            self._partial.add(node)
        return found

    def again(self) -> bool:
        """Prepare a second round where the first met a name that is defined by itself; False where the answers are
        final."""
        final = [
            self._known.get(key, ()) if isinstance(key, ast.AST) else self._names.get(key, ()) for key in self._cut
        ]
        if self._before or not any(_telling(value) for values in final for value in values):
            return False
        partial, self._partial = self._partial, set()
        self._before, self._names_before = self._known, self._names
        self._known = {node: found for node, found in self._known.items() if node not in partial}
        self._names = {key: found for key, found in self._names.items() if key not in partial}
        self._folded, self._globals, self.members = {}, {}, {}
        return True

    def home(self, node: ast.AST) -> Evaluator:
        """The evaluator of the module that defines the function or class ``node``."""
        return self if node in self.module.scopes else self.project.home(node) or self

    def constant(self, node: ast.expr, scope: Scope) -> tuple[bool, Any]:
        """(True, the value) where ``node`` is a constant expression, else (False, None)."""
        known = self._folded.get(node)
        if known is not None:
            return known
        self._folded[node] = known = (False, None)  # against a name that is defined by itself
        with suppress(Unfoldable):
            self._folded[node] = known = (True, fold(node, lambda part: self._looked_up(part, scope)))
        return known

    def texts(self, node: ast.expr, scope: Scope) -> list[str]:
        """The strings that ``node`` may denote, unknown parts of f-strings and sums written as ``¤``."""
        found = [v.value for v in self.values(node, scope) if isinstance(v, Const) and isinstance(v.value, str)]
        return found or [text for text in (skeleton(self, node, scope, 0),) if text.strip("¤ ")]

    def global_name(self, name: str) -> Values:
        """What the module's global ``name`` may denote; nothing if it has none."""
        known = self._globals.get(name)
        if known is None:
            self._globals[name] = ()  # against modules that import each other's names
            known = self._bound(self.module.top, name) if name in self.module.top.names else ()
            known = known or union(*(self._starred(star, name) for star in self.module.stars))
            self._globals[name] = known
        return known

    def hooked(self, name: str) -> Values:
        """What the module's own ``__getattr__`` may give for ``name``; nothing where it has none."""
        if name.startswith("__") or "__getattr__" not in self.module.top.names or self.global_name(name):
            return ()
        return apply(self, self._bound(self.module.top, "__getattr__"), [(Const(name),)], {}, None)

    def _starred(self, star: str, name: str) -> Values:
        """What ``from star import *`` gives for ``name``: for a module outside the tree, perhaps its member."""
        if self.project.has(star) and not self.project.may_provide(star, name):
            return ()
        other = self.project.evaluator(star)
        return other.global_name(name) if other is not None else attribute(self, (Ref(star, module=True),), name)

    def named(self, name: str, scope: Scope) -> Values:
        """What ``name`` may denote when it is read in ``scope``."""
        first = True
        for where in outwards(scope):
            skip = isinstance(where.node, ast.ClassDef) and not first
            first = first and not isinstance(where.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            if scope.outer.get(name) == "global" and where.parent is not None:
                continue
            if name in where.names and not skip:
                found = self._bound(where, name)
                return union(found, () if name in where.certain or where.parent else self._builtin(name))
        return self._builtin(name)

    def _builtin(self, name: str) -> Values:
        if name == "__builtins__":
            return (Space("builtins"),)
        if name == "__name__":
            return (Const(self.module.name), Const(OWN))
        if name in _BUILTIN_NAMES:
            return (Ref(f"builtins.{name}"),)
        return union(*(self._starred(star, name) for star in self.module.stars)) or UNKNOWN

    def _bound(self, scope: Scope, name: str) -> Values:
        key = (scope, name)
        known = self._names.get(key)
        if known is not None:
            if key in self._partial:
                self.cuts += 1
            return known
        if key in self._naming:
            self._cut.add(key)
            self.cuts += 1
            return self._names_before.get(key, ())
        self._naming.add(key)
        cuts = self.cuts
        try:
            known = union(*[denoted(self, binding) for binding in scope.names[name][:60]])
        finally:
            self._naming.discard(key)
        self._names[key] = known
        if cuts != self.cuts:
            self._partial.add(key)
        return known

    def member(self, path: str) -> Values:
        """What ``from a import b`` gives for the path ``a.b``."""
        source, _, name = path.rpartition(".")
        if self.project.has(source) and not self.project.may_provide(source, name):
            return (Ref(path, module=self.project.has(path)),)
        other = self.project.evaluator(source) if path not in self._resolving else None
        if other is not None:
            self._resolving.add(path)
            try:
                given = other.global_name(name)
                return given or union((Ref(path, module=self.project.has(path)),), other.hooked(name))
            finally:
                self._resolving.discard(path)
        return (canonical(Ref(source, module=True), name),) if source else (Ref(path, module=True),)

    def _looked_up(self, node: ast.expr, scope: Scope) -> tuple[bool, Any]:
        if isinstance(node, ast.Name):
            where = next((s for s in outwards(scope) if node.id in s.names), None)
            bindings = where.names[node.id] if where else []
            if (
                len(bindings) == 1
                and bindings[0].kind == "expr"
                and not bindings[0].path
                and not self.module.stores.get(node.id)
            ):
                source = bindings[0].node
                assert isinstance(source, ast.expr)
                known, value = self.constant(source, bindings[0].scope)
                if known:
                    return True, value
        found = self.values(node, scope)
        if len(found) == 1 and isinstance(found[0], Const) and found[0].value != OWN:
            return True, found[0].value
        return False, found[0].path if len(found) == 1 and isinstance(found[0], Ref) else None


def _telling(value: object) -> bool:
    """Whether missing this value in a circle could have hidden a finding."""
    return (
        isinstance(value, (Space, Getter, Partial, Seq, Map))
        or (isinstance(value, Ref) and not value.path.endswith((")", "]")))
        or (isinstance(value, Const) and isinstance(value.value, str))
    )
