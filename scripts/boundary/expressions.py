# SPDX-License-Identifier: Apache-2.0
"""What each kind of expression may denote: one function a kind, called by ``evaluate``."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from boundary.calls import apply
from boundary.items import item
from boundary.members import attribute
from boundary.pure import PURE
from boundary.scopes import Scope, outwards, terminal
from boundary.values import (
    UNKNOWN,
    Const,
    Fun,
    Map,
    Pattern,
    Ref,
    Seq,
    Space,
    Top,
    Values,
    elements,
    lift,
    union,
)

if TYPE_CHECKING:
    from boundary.evaluate import Evaluator


def _name(evaluator: Evaluator, node: Any, scope: Scope) -> Values:
    """A name that is read."""
    return evaluator.named(node.id, scope)


def _attribute(evaluator: Evaluator, node: Any, scope: Scope) -> Values:
    """``owner.name``."""
    return attribute(evaluator, evaluator.values(node.value, scope), node.attr)


def _folded(evaluator: Evaluator, node: Any, scope: Scope) -> Values:
    """An expression that may be a constant."""
    known, value = evaluator.constant(node, scope)
    return (lift(value),) if known else _built(evaluator, node, scope)


def _built(evaluator: Evaluator, node: Any, scope: Scope) -> Values:
    """Text of which parts are known."""
    if isinstance(node, ast.BinOp):
        return _sum(evaluator, node, scope)
    if isinstance(node, ast.JoinedStr):
        return _ends(skeleton(evaluator, node, scope, 0))
    return UNKNOWN


def _sum(evaluator: Evaluator, node: ast.BinOp, scope: Scope) -> Values:
    left, right = evaluator.values(node.left, scope), evaluator.values(node.right, scope)
    if isinstance(node.op, ast.BitOr) and any(isinstance(v, Map) for v in (*left, *right)):
        return union(left, right)
    if not isinstance(node.op, ast.Add):
        return _ends(skeleton(evaluator, node, scope, 0))
    return union(*((_added(a, b),) for a in left[:12] for b in right[:12]))


def _subscript(evaluator: Evaluator, node: Any, scope: Scope) -> Values:
    """``owner[key]``."""
    base = evaluator.values(node.value, scope)
    stored = evaluator.module.stores.get(terminal(node.value), ())
    found = union(
        item(evaluator, base, evaluator.values(node.slice, scope)),
        *(evaluator.values(value, at) for _, value, at in stored[:20]),
    )
    known, value = (
        evaluator.constant(node, scope) if not any(isinstance(v, (Ref, Space, Fun)) for v in found) else (False, None)
    )
    return (lift(value),) if known else found


def _call(evaluator: Evaluator, node: Any, scope: Scope) -> Values:
    """A call."""
    callee = evaluator.values(node.func, scope)
    args = _arguments(evaluator, node, scope)
    named = {k.arg: evaluator.values(k.value, scope) for k in node.keywords if k.arg}
    found = apply(evaluator, callee, args, named, (node, scope))
    pure = any(isinstance(value, Ref) and value.path in PURE for value in callee)
    if pure or all(isinstance(value, (Top, Pattern)) for value in found) or not found:
        known, value = evaluator.constant(node, scope)
        if known:
            return (lift(value),)
        upper = isinstance(node.func, ast.Attribute) and node.func.attr == "upper" and not node.args
        return (Pattern(upper=True),) if upper else found or UNKNOWN
    return found


def _sequence(evaluator: Evaluator, node: Any, scope: Scope) -> Values:
    """A list, tuple or set display."""
    starred = any(isinstance(item, ast.Starred) for item in node.elts)
    items = tuple(
        elements(evaluator.values(i.value, scope)) if isinstance(i, ast.Starred) else evaluator.values(i, scope)
        for i in node.elts[:400]
    )
    return (Seq(items, exact=not starred and not isinstance(node, ast.Set)),)


def _mapping(evaluator: Evaluator, node: Any, scope: Scope) -> Values:
    """A dict display."""
    pairs = list(zip(node.keys, node.values, strict=True))[:400]
    plain = tuple((evaluator.values(k, scope), evaluator.values(v, scope)) for k, v in pairs if k is not None)
    return union((Map(plain),), *(evaluator.values(v, scope) for k, v in pairs if k is None))


def _comprehension(evaluator: Evaluator, node: Any, _scope: Scope) -> Values:
    """A comprehension, as any of its items."""
    inner = evaluator.module.scopes.get(node)
    if inner is None:
        return UNKNOWN
    if isinstance(node, ast.DictComp):
        return (Map(((evaluator.values(node.key, inner), evaluator.values(node.value, inner)),)),)
    known, value = evaluator.constant(node, inner)
    return (lift(value),) if known else (Seq((evaluator.values(node.elt, inner),), exact=False),)


def _choice(evaluator: Evaluator, node: Any, scope: Scope) -> Values:
    """One of several values."""
    parts = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
    return union(*(evaluator.values(part, scope) for part in parts))


def _inner(evaluator: Evaluator, node: Any, scope: Scope) -> Values:
    """The value that ``await``, ``*`` or ``:=`` passes on."""
    return evaluator.values(node.value, scope)


def skeleton(evaluator: Evaluator, node: ast.expr, scope: Scope, depth: int) -> str:
    """The text of a string expression with ``¤`` for what is not known."""
    if depth > 40:
        return "¤"
    if isinstance(node, ast.JoinedStr):
        return "".join(skeleton(evaluator, part, scope, depth + 1) for part in node.values)
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else "¤"
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return skeleton(evaluator, node.left, scope, depth + 1) + skeleton(evaluator, node.right, scope, depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return skeleton(evaluator, node.left, scope, depth + 1).replace("%s", "¤").replace("%d", "¤")
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"format", "strip", "format_map"}
    ):
        return skeleton(evaluator, node.func.value, scope, depth + 1)
    if isinstance(node, ast.Name):
        where = next((s for s in outwards(scope) if node.id in s.names), None)
        for binding in where.names[node.id][:1] if where else ():
            if binding.kind == "expr" and isinstance(binding.node, ast.expr) and not binding.path:
                return skeleton(evaluator, binding.node, binding.scope, depth + 10)
    return next(
        (v.value for v in evaluator.values(node, scope) if isinstance(v, Const) and isinstance(v.value, str)), "¤"
    )


def _arguments(evaluator: Evaluator, node: ast.Call, scope: Scope) -> list[Values]:
    found: list[Values] = []
    for argument in node.args:
        if not isinstance(argument, ast.Starred):
            found.append(evaluator.values(argument, scope))
            continue
        inner = evaluator.values(argument.value, scope)
        first = inner[0] if len(inner) == 1 else None
        found.extend(first.items if isinstance(first, Seq) and first.exact else [elements(inner)])
    return found


def _ends(skeleton: str) -> Values:
    if "¤" not in skeleton:
        return (Const(skeleton),) if skeleton else UNKNOWN
    return (Pattern(skeleton.partition("¤")[0], skeleton.rpartition("¤")[2]),)


def _added(left: Any, right: Any) -> Any:
    if isinstance(left, Const) and isinstance(right, Const):
        first, second = left.value, right.value
        if isinstance(first, str) and isinstance(second, str) and len(first) + len(second) < 5000:
            return Const(first + second)
        return UNKNOWN[0]
    if isinstance(left, Seq) and isinstance(right, Seq):
        return Seq((*left.items, *right.items), exact=left.exact and right.exact)
    prefix = (
        left.value
        if isinstance(left, Const) and isinstance(left.value, str)
        else left.prefix
        if isinstance(left, Pattern)
        else ""
    )
    suffix = (
        right.value
        if isinstance(right, Const) and isinstance(right.value, str)
        else right.suffix
        if isinstance(right, Pattern)
        else ""
    )
    return Pattern(prefix, suffix) if prefix or suffix else UNKNOWN[0]


_Evaluation: TypeAlias = Callable[["Evaluator", Any, Scope], Values]
EVALUATIONS: Final[dict[type, _Evaluation]] = {
    ast.Constant: lambda _e, node, _s: (Const(node.value),) if node.value is not ... else UNKNOWN,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.BinOp: _folded,
    ast.JoinedStr: _folded,
    ast.UnaryOp: _folded,
    ast.IfExp: _choice,
    ast.BoolOp: _choice,
    ast.NamedExpr: _inner,
    ast.Await: _inner,
    ast.Starred: _inner,
    ast.YieldFrom: _inner,
    ast.Lambda: lambda _e, node, _s: (Fun(node),),
    ast.Tuple: _sequence,
    ast.List: _sequence,
    ast.Set: _sequence,
    ast.Dict: _mapping,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.Slice: _folded,
    ast.FormattedValue: _folded,
}
