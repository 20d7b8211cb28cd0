# SPDX-License-Identifier: Apache-2.0
"""Judges one module: every node that could matter against what its expressions may denote.

A capability is reported where it is *obtained* (the import, the attribute, the ``getattr``), not at each later use of
the name it was bound to.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final

from boundary import accesses, declarations, grants, handouts, importing, limiting
from boundary.capabilities import CALLED, INTERESTING, NAMESPACES, SPECIAL
from boundary.evaluate import Evaluator
from boundary.grants import NOTHING, Grant
from boundary.rows import capable, row
from boundary.rules import RULES, Finding
from boundary.scopes import Scope
from boundary.values import Ref, Space


def judge(evaluator: Evaluator, path: str, grant: Grant = NOTHING) -> list[Finding]:
    """All findings in the evaluator's module, in the order of their places; ``grant`` is what the file may use."""
    found: set[Finding] = set()
    while True:
        judge_ = Judge(evaluator, path, grant)
        for node, scope in evaluator.module.judged:
            handler = _HANDLERS.get(node.__class__)
            if handler is not None:
                handler(judge_, node, scope)
        for name, scope in evaluator.module.names:
            if name.id in SPECIAL or evaluator.module.stars:
                judge_.name(name, scope)
            if grant.members:
                grants.named(judge_, name, scope)
        judge_.follow_aliases()
        found.update(judge_.findings)
        if not evaluator.again():
            return sorted(found)


class Judge:
    """The findings so far, and what the handlers need to add to them."""

    def __init__(self, evaluator: Evaluator, path: str, grant: Grant = NOTHING) -> None:
        self.evaluator = evaluator
        self.grant = grant
        self.module = evaluator.module
        self.path = path
        self.findings: list[Finding] = []
        self.imported: set[str] = set()
        self.aliases: set[str] = set()
        self.carries = evaluator.project.carries(self.module.name)
        kept = (
            names
            for scope in self.module.scopes.values()
            if isinstance(scope.node, ast.ClassDef)
            for names in scope.names.values()
        )
        self.held = (
            self.module.fields.keys()
            | {b.name for names in kept for b in names}
            | {
                name
                for scope in self.module.scopes.values()
                if isinstance(scope.node, ast.ClassDef)
                for name, bs in scope.names.items()
                if any(b.kind != "function" for b in bs)
            }
        )

    def report(self, node: ast.AST, rule: str, what: str) -> None:
        """Add a finding at ``node``; a place is reported once for each rule."""
        assert rule in RULES, rule
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0) + 1
        if not any(f.line == line and f.column == column and f.rule == rule for f in self.findings[-6:]):
            self.findings.append(Finding(self.path, line, column, rule, what, _text(node)))

    def use(self, node: ast.AST) -> tuple[str, ast.AST | None]:
        """How the value of ``node`` is used: callee, attribute, subscript, compared, bound, or otherwise."""
        parent = self.module.parent(node)
        if isinstance(parent, ast.Call) and parent.func is node:
            return "callee", parent
        if isinstance(parent, ast.Attribute):
            return "attribute", parent
        if isinstance(parent, ast.Subscript) and parent.value is node:
            return "subscript", parent
        if isinstance(parent, ast.Compare):
            return "compared", parent
        if isinstance(
            parent,
            (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.Return, ast.Expr, ast.IfExp, ast.BoolOp, ast.If, ast.Delete),
        ):
            return "bound", parent
        return "other", parent

    def follow_aliases(self) -> None:
        """Judge the names that were bound to a namespace like the namespace itself."""
        for node, scope in self.module.names if self.aliases else ():
            if node.id in self.aliases and isinstance(node.ctx, ast.Load):
                for value in self.evaluator.values(node, scope):
                    if isinstance(value, Space):
                        accesses.space(self, node, value)

    def member(self, node: ast.AST, ref: Ref) -> None:
        """Report ``ref`` at ``node`` if obtaining it is a finding."""
        rule = row(ref.path)
        if ref.path in CALLED and rule is not None and self.use(node)[0] != "callee":
            return
        if rule is None and ref.module and ref.path not in self.imported:
            rule = capable(ref.path)
        if rule is not None:
            self.report(node, rule, f"{ref.path}: {RULES[rule].reason}")

    # -- one handler for each kind of node
    # -------------------------------------------------------------------------------
    def name(self, node: Any, scope: Scope) -> None:
        """A name that is read."""
        if isinstance(node.ctx, ast.Load) and node.id in SPECIAL:
            for value in self.evaluator.values(node, scope):
                if isinstance(value, Ref) and value.path == f"builtins.{node.id}":
                    accesses.builtin(self, node, scope)
                elif isinstance(value, Space):
                    accesses.space(self, node, value)
        elif isinstance(node.ctx, ast.Load) and self.module.stars:
            for value in self.evaluator.values(node, scope):
                if isinstance(value, Ref) and not value.path.startswith("builtins."):
                    self.member(node, value)

    def attribute(self, node: Any, scope: Scope) -> None:
        """``owner.name``, read or set."""
        if not isinstance(node.ctx, ast.Load):
            limiting.stored_attribute(self, node, scope)
            return
        if self.grant.members:
            grants.named(self, node, scope)
        if self.module.may.enterprise:
            declarations.mode_attribute(self, node)
        if not self.module.may.system and node.attr in _OF_SYSTEM:
            return
        if (node.attr not in INTERESTING or node.attr in self.module.may.dull) and not (
            self.module.may.latent and node.attr not in _EVERYDAY
        ):
            return
        values = self.evaluator.values(node, scope)
        for value in values:
            if isinstance(value, Ref):
                self.member(node, value)
                accesses.import_system(self, node, value)
            elif isinstance(value, Space) and node.attr in _NAMESPACES:
                accesses.space(self, node, value)
        accesses.named_method(self, node, scope)

    def subscript(self, node: Any, scope: Scope) -> None:
        """``owner[key]``."""
        if self.module.may.spaces or self.carries:
            handouts.subscript(self, node, scope)

    def call(self, node: Any, scope: Scope) -> None:
        """A call."""
        if self.grant.members:
            grants.called(self, node, scope)
        if self.module.may.dynamic:
            handouts.call(self, node, scope)
        declarations.call(self, node, scope)

    def pattern(self, node: Any, scope: Scope) -> None:
        """A class pattern: it takes attributes of what is matched."""
        parent = node
        while parent is not None and not isinstance(parent, ast.Match):
            parent = self.module.parent(parent)
        if parent is not None:
            for owner in self.evaluator.values(parent.subject, scope):
                for name in node.kwd_attrs if isinstance(owner, Ref) else ():
                    self.member(node, Ref(f"{owner.path}.{name}"))  # type: ignore[union-attr]


def _text(node: ast.AST) -> str:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return f"def {node.name}" if not isinstance(node, ast.ClassDef) else f"class {node.name}"
    try:
        return ast.unparse(node)
    except (RecursionError, ValueError):
        return "<too deep>"


_NAMESPACES: Final = NAMESPACES | {"__dict__", "f_builtins", "__builtins__"}
_EVERYDAY: Final = frozenset(
    "append get items keys values join format split strip startswith endswith name path update add pop extend".split()
)
_OF_SYSTEM: Final = frozenset(
    """
        append insert extend remove pop clear update popitem setdefault values items copy __setitem__
        __delitem__ __iadd__
    """.split()
)
_HANDLERS: Final[dict[type, Callable[[Judge, Any, Scope], None]]] = {
    ast.Import: importing.import_,
    ast.ImportFrom: importing.import_from,
    ast.Attribute: Judge.attribute,
    ast.Subscript: Judge.subscript,
    ast.Call: Judge.call,
    ast.MatchClass: Judge.pattern,
    ast.FunctionDef: declarations.definition,
    ast.AsyncFunctionDef: declarations.definition,
    ast.ClassDef: declarations.definition,
    ast.arg: declarations.parameter,
    ast.Assign: declarations.assignment,
    ast.AnnAssign: declarations.assignment,
    ast.AugAssign: declarations.assignment,
    ast.Delete: limiting.deletion,
    ast.For: limiting.loop,
    ast.withitem: limiting.opened,
    ast.NamedExpr: declarations.assignment,
    ast.keyword: declarations.keyword,
    ast.Dict: declarations.display,
}
