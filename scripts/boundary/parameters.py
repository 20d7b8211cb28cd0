# SPDX-License-Identifier: Apache-2.0
"""What a parameter may denote: its default, what its annotation says, and what the calls in this module give it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from boundary.scopes import Binding, Scope
from boundary.values import (
    UNKNOWN,
    Cls,
    Const,
    Map,
    Ref,
    Seq,
    Values,
    elements,
    union,
)

if TYPE_CHECKING:
    from boundary.evaluate import Evaluator


def annotated(evaluator: Evaluator, node: ast.expr, scope: Scope) -> Values:
    """What a name with that annotation may be: an instance of the class it names."""
    found = evaluator.values(node, scope) if isinstance(node, (ast.Name, ast.Attribute)) else ()
    return tuple(
        Ref(f"{v.path}()") if isinstance(v, Ref) else Cls(v.node, instance=True)
        for v in found
        if isinstance(v, (Ref, Cls))
    )


def parameter(evaluator: Evaluator, binding: Binding) -> Values:
    """What the parameter of ``binding`` may denote."""
    node, name = binding.node, binding.name
    assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
    given = _Parameters(node)
    found = [UNKNOWN]
    default = given.defaults.get(name)
    if default is not None:
        found.append(evaluator.values(default, binding.scope))
    if name in given.annotations:
        found.append(annotated(evaluator, given.annotations[name], binding.scope))
    method = isinstance(binding.scope.node, ast.ClassDef)
    if method and given.position(name) == 0 and isinstance(binding.scope.node, ast.ClassDef):
        return (Cls(binding.scope.node, instance=True), *UNKNOWN)
    found.extend(
        _argument(evaluator, site.call, site.scope, name, given, shift=int(method), mapped=site.mapped)
        for site in _sites(evaluator, node, binding.scope)
    )
    return union(*found)


def _sites(evaluator: Evaluator, node: ast.AST, scope: Scope) -> list[Any]:
    names = evaluator.module.lambdas.get(node, []) if isinstance(node, ast.Lambda) else [node.name]  # type: ignore[attr-defined]
    if isinstance(scope.node, ast.ClassDef) and names == ["__init__"]:
        names = [scope.node.name]
    return [site for name in names for site in evaluator.module.sites.get(name, [])[:40]]


def _argument(
    evaluator: Evaluator, call: ast.Call, scope: Scope, name: str, given: _Parameters, *, shift: int, mapped: bool
) -> Values:
    position = given.position(name)
    args = call.args[1:] if mapped else call.args
    if position is None:  # *args or **kwargs
        starred = name == given.rest
        kept = args[max(len(given.names) - shift, 0) :] if starred else [k.value for k in call.keywords]
        whole = [evaluator.values(a.value if isinstance(a, ast.Starred) else a, scope) for a in kept]
        return (
            (Seq(tuple(whole)),)
            if starred
            else (Map(tuple(((Const(k.arg),), v) for k, v in zip(call.keywords, whole, strict=True) if k.arg)),)
        )
    position -= shift
    if 0 <= position < len(args) and not any(isinstance(a, ast.Starred) for a in args[: position + 1]):
        found = evaluator.values(args[position], scope)
        return elements(found) if mapped else found
    starred_args = [elements(evaluator.values(a.value, scope)) for a in args if isinstance(a, ast.Starred)]
    return union(*starred_args, *(evaluator.values(k.value, scope) for k in call.keywords if k.arg == name))


class _Parameters:
    """The parameters of a function, by name."""

    def __init__(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        arguments = node.args
        plain = [*arguments.posonlyargs, *arguments.args]
        self.names = [a.arg for a in plain]
        self.keywords = [a.arg for a in arguments.kwonlyargs]
        self.rest = arguments.vararg.arg if arguments.vararg else ""
        pairs = [
            *zip(reversed(plain), reversed(arguments.defaults), strict=False),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        self.defaults = {a.arg: d for a, d in pairs if d is not None}
        self.annotations = {a.arg: a.annotation for a in [*plain, *arguments.kwonlyargs] if a.annotation is not None}

    def position(self, name: str) -> int | None:
        """The position of ``name``; far beyond the last for keyword-only ones, None for ``*args`` and
        ``**kwargs``."""
        if name in self.names:
            return self.names.index(name)
        return 10_000 if name in self.keywords else None
