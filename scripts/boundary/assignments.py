# SPDX-License-Identifier: Apache-2.0
"""What assignments, loops, ``with``, ``except`` and ``match`` bind: handlers of the walk."""

# ruff: noqa: FBT001, FBT003 -- all handlers share one signature, called only by the walk

from __future__ import annotations

import ast
from typing import Any, Final

from boundary.scopes import COMPREHENSIONS, Binding, Module, Scope, outwards, terminal
from boundary.walk import Handler, Walk


def _assign(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    _judged_assignment(walk, node, node.targets, scope)
    for target in node.targets:
        walk.target(target, "expr", node.value, scope, branch)
        if target.__class__ is not ast.Name:
            walk.look(target, scope, branch)
    walk.look(node.value, scope, branch)


def _annotated(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    _judged_assignment(walk, node, [node.target], scope)
    if node.value is not None:
        walk.target(node.target, "expr", node.value, scope, branch)
        walk.look(node.value, scope, branch)
    elif isinstance(node.target, ast.Name):
        walk.bind(node.target.id, Binding("annotated", node.annotation, scope), scope, branch)
    walk.look(node.target, scope, branch)
    walk.look(annotation(walk.module, node, node.annotation), scope, branch)


def _walrus(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    _judged_assignment(walk, node, [node.target], scope)
    where = next(s for s in outwards(scope) if not isinstance(s.node, COMPREHENSIONS))
    if isinstance(node.value, ast.Lambda):
        walk.module.lambdas[node.value].append(node.target.id)
    walk.bind(node.target.id, Binding("expr", node.value, scope), where, True)
    walk.look(node.value, scope, branch)


def _augmented(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    _judged_assignment(walk, node, [node.target], scope)
    if isinstance(node.target, ast.Name):
        walk.bind(node.target.id, Binding("aug", node, scope), scope, True)
    elif isinstance(node.op, ast.BitOr) and terminal(node.target):
        walk.module.stores[terminal(node.target)].append((None, node.value, scope))
    walk.look(node.target, scope, branch)
    walk.look(node.value, scope, branch)


def _judged_assignment(walk: Walk, node: ast.AST, targets: list[ast.expr], scope: Scope) -> None:
    if walk.may.enterprise or walk.may.limits or any(getattr(t, "attr", "") == "__code__" for t in targets):
        walk.module.judged.append((node, scope))


def _loop(walk: Walk, node: Any, scope: Scope, _branch: bool) -> None:
    if walk.may.limits:
        walk.module.judged.append((node, scope))
    walk.target(node.target, "iter", node.iter, scope, True)
    walk.children(node, scope, True)


def _opened(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    if node.optional_vars is not None:
        if walk.may.limits:
            walk.module.judged.append((node, scope))
        walk.target(node.optional_vars, "entered", node.context_expr, scope, branch)
        walk.look(node.optional_vars, scope, branch)
    walk.look(node.context_expr, scope, branch)


def _raised(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    """What an exception is made of comes out where it is caught."""
    if isinstance(node.exc, ast.Call):
        carried(walk.module, node.exc, scope)
    walk.children(node, scope, branch)


def carried(module: Module, call: ast.Call, scope: Scope) -> None:
    """Keep the arguments of a call that makes an exception."""
    if call.args:
        module.fields["args"].append((ast.Tuple(call.args, ast.Load()), scope))
        for name in ("value", "code", "exceptions"):
            module.fields[name].append((call.args[-1], scope))


def _caught(walk: Walk, node: Any, scope: Scope, _branch: bool) -> None:
    if node.name:
        walk.bind(node.name, Binding("opaque", node, scope), scope, True)
    walk.children(node, scope, True)


def _matched(walk: Walk, node: Any, scope: Scope, _branch: bool) -> None:
    for case in node.cases:
        for name, way in _captures(case.pattern):
            walk.bind(name, Binding("expr", node.subject, scope, way), scope, True)
    walk.children(node, scope, True)


def _declared(_walk: Walk, node: Any, scope: Scope, _branch: bool) -> None:
    scope.outer.update(dict.fromkeys(node.names, "global" if isinstance(node, ast.Global) else "nonlocal"))


def _deleted(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    if walk.may.limits:
        walk.module.judged.append((node, scope))
    walk.children(node, scope, branch)


def _captures(pattern: ast.pattern) -> list[tuple[str, tuple[int, ...]]]:
    """The names a pattern binds, and the way into the subject: any item, and any value of a mapping."""
    found: list[tuple[str, tuple[int, ...]]] = []
    for part in ast.walk(pattern):
        if isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name:
            found.extend((part.name, way) for way in ([()] if part is pattern else [(-1,), (-3,)]))
        elif isinstance(part, ast.MatchMapping) and part.rest:
            found.append((part.rest, ()))
    return found


def annotation(module: Module, owner: ast.AST, node: ast.expr) -> ast.expr:
    """An annotation as the expression it becomes when ``typing.get_type_hints`` evaluates it: text is code there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "(" in node.value:
        try:
            parsed = ast.parse(node.value, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return node
        for part in ast.walk(parsed):
            ast.copy_location(part, node)
        module.grafts.append((owner, parsed))
        return parsed
    return node


HANDLERS: Final[dict[type, Handler]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.NamedExpr: _walrus,
    ast.For: _loop,
    ast.AsyncFor: _loop,
    ast.withitem: _opened,
    ast.ExceptHandler: _caught,
    ast.Raise: _raised,
    ast.Match: _matched,
    ast.Global: _declared,
    ast.Nonlocal: _declared,
    ast.Delete: _deleted,
}
