# SPDX-License-Identifier: Apache-2.0
"""What each kind of binding gives a name: one function, asked by ``evaluate`` for every binding of a name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from boundary.calls import apply
from boundary.items import item
from boundary.members import attribute
from boundary.parameters import annotated, parameter
from boundary.scopes import Binding, Scope
from boundary.values import UNKNOWN, Cls, Const, Fun, Map, Ref, Seq, Values, elements, union

if TYPE_CHECKING:
    from boundary.evaluate import Evaluator


def denoted(evaluator: Evaluator, binding: Binding) -> Values:  # noqa: C901 -- one line for each kind of binding
    """What ``binding`` gives its name."""
    kind, node = binding.kind, binding.node
    if kind == "module":
        return (Ref(binding.name, module=True),)
    if kind == "member":
        return evaluator.member(binding.name)
    if kind == "function" and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return _decorated(evaluator, node, binding.scope)
    if kind == "class" and isinstance(node, ast.ClassDef):
        return (Cls(node),)
    if kind == "param":
        return parameter(evaluator, binding)
    if kind == "annotated" and isinstance(node, ast.expr):
        return union(annotated(evaluator, node, binding.scope), UNKNOWN)
    if kind == "aug" and isinstance(node, ast.AugAssign):
        whole = (
            ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
            if isinstance(node.target, ast.Name)
            else node.value
        )
        return _augmented(evaluator, whole, node, binding.scope)
    if kind in {"expr", "iter", "entered"} and isinstance(node, ast.expr):
        found = evaluator.values(node, binding.scope)
        if kind == "entered":  # a generator made a context manager gives what it yields
            found = union(found, *(elements((v,)) for v in found if isinstance(v, Seq) and not v.exact))
            found = union(found, *(_entered(evaluator, v) for v in found if isinstance(v, Cls) and v.instance))
        found = elements(found) if kind == "iter" else found
        for step in binding.path:
            found = (
                elements(found)
                if step == -1
                else (Seq((elements(found),), exact=False),)
                if step == -2
                else union(*(values for v in found if isinstance(v, Map) for _, values in v.items))
                if step == -3
                else item(evaluator, found, (Const(step),))
            )
        return found
    return UNKNOWN


def _entered(evaluator: Evaluator, value: Cls) -> Values:
    """What ``with`` binds for an instance of a class of the tree."""
    ways = (attribute(evaluator, (value,), name) for name in ("__enter__", "__aenter__"))
    return union(*(apply(evaluator, way, [], {}, None) for way in ways))


def _decorated(evaluator: Evaluator, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> Values:
    return union(
        (Fun(node),),
        *(
            apply(evaluator, evaluator.values(d, scope), [(Fun(node),)], {}, None)
            for d in node.decorator_list[:4]
            if not isinstance(d, ast.Name)
        ),
    )


def _augmented(evaluator: Evaluator, whole: ast.expr, node: ast.AugAssign, scope: Scope) -> Values:
    if node in evaluator.running:
        evaluator.cuts += 1
        return ()
    evaluator.running.add(node)
    try:
        return evaluator.values(whole, scope)
    finally:
        evaluator.running.discard(node)
