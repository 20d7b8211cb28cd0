# SPDX-License-Identifier: Apache-2.0
"""Judges what could raise a limit: binding its name, setting an attribute or item, a call that sets, a deletion."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

from boundary.limits import HOLDERS, SEALED, SETTERS, SETTING_METHODS, holds, kept
from boundary.scopes import Scope, outwards
from boundary.values import OWN, Const, Ref, Space, Values

if TYPE_CHECKING:
    from boundary.judge import Judge


def sets_limit(judge: Judge, node: ast.Call, name: str, scope: Scope) -> None:
    """A call that could set a limit: by name, by a setter, or by keyword."""
    if name not in _SETTER_NAMES and (not isinstance(node.func, ast.Name) or plain_callee(judge, name, scope)):
        return
    values = judge.evaluator.values
    callees = values(node.func, scope)
    setter = (
        name in SETTING_METHODS
        or any(isinstance(c, Ref) and c.path in SETTERS for c in callees)
        or _partial_setter(callees)
    )
    if not setter:
        return
    given = [*node.args, *(k.value for k in node.keywords)]
    groups = [values(a.value if isinstance(a, ast.Starred) else a, scope) for a in given]
    if isinstance(node.func, ast.Attribute):
        groups.append(values(node.func.value, scope))
    for group in groups:
        for value in group:
            text = value.value if isinstance(value, Const) and isinstance(value.value, str) else ""
            if _holder(value) or (
                text
                and (text in SEALED or text.rpartition(".")[2] in SEALED or text in HOLDERS)
                and not _reads(name, callees)
            ):
                judge.report(node, "LIMIT", f"{name or 'a call'} sets {text or 'a module of limits'}")
                return
    if any(k.arg in SEALED for k in node.keywords) and name in {"update", "multiple", "setdefault"}:
        judge.report(node, "LIMIT", f"{name} sets a limit by keyword")


def stored_attribute(judge: Judge, node: ast.Attribute, scope: Scope) -> None:
    """``module.LIMIT = …``, ``del module.LIMIT``, ``module.__class__ = …`` and changes of the import system."""
    if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
        if node.attr in SEALED:
            judge.report(node, "LIMIT", f"{node.attr} is set from outside")
        return
    if node.attr in SEALED:
        judge.report(node, "LIMIT", f"{node.attr} is set from outside")
    if node.attr not in _REPLACED and not judge.module.may.setting:
        return
    owners = judge.evaluator.values(node.value, scope)
    if node.attr in SEALED:
        pass
    elif any(isinstance(o, Ref) and holds(o.path) for o in owners) and not any(
        isinstance(o, Ref) and o.path == OWN for o in owners
    ):
        judge.report(node, "LIMIT", f"the attribute {node.attr} of a module of limits is set")
    for owner in owners:
        path = f"{owner.path}.{node.attr}" if isinstance(owner, Ref) else ""
        if path in _IMPORT_SYSTEM:
            judge.report(node, "DYN-SYSTEM", f"{path} is replaced")


def stored_item(judge: Judge, node: ast.AST, target: ast.Subscript, name: str, scope: Scope) -> None:
    """An item of a namespace is set."""
    owners = judge.evaluator.values(target.value, scope)
    if any(_holder(owner) for owner in owners):
        judge.report(node, "LIMIT", "an item of the namespace of the limits is set")
    elif name in SEALED and any(isinstance(owner, Space) for owner in owners):
        judge.report(node, "LIMIT", f"{name} is set through a namespace")
    elif any(isinstance(owner, Ref) and owner.path == "sys.modules" for owner in owners) and name in HOLDERS:
        judge.report(node, "LIMIT", f"the module {name} is replaced")


def deletion(judge: Judge, node: Any, _scope: Scope) -> None:
    """``del LIMIT``."""
    for target in node.targets:
        if isinstance(target, ast.Name) and target.id in SEALED:
            judge.report(node, "LIMIT", f"{target.id} is deleted")


def loop(judge: Judge, node: Any, _scope: Scope) -> None:
    """``for LIMIT in …`` binds it like an assignment."""
    for part in ast.walk(node.target):
        if isinstance(part, ast.Name):
            limit_name(judge, node, part.id, known=False, value=None)


def opened(judge: Judge, node: Any, _scope: Scope) -> None:
    """``with … as LIMIT`` binds it like an assignment."""
    for part in ast.walk(node.optional_vars):
        if isinstance(part, ast.Name):
            limit_name(judge, part, part.id, known=False, value=None)


def limit_name(judge: Judge, node: ast.AST, name: str, *, known: bool, value: object) -> None:
    """A global named like a limit is bound: only to the sealed value."""
    if name in SEALED and not kept(name, known, value):
        judge.report(node, "LIMIT", f"{name} is bound to something other than its sealed value {SEALED[name]!r}")


def plain_callee(judge: Judge, name: str, scope: Scope) -> bool:
    """Whether ``name`` is a function or class of this module, and nothing else."""
    where = next((s for s in outwards(scope) if name in s.names), None)
    if where is None:
        return name in _PLAIN and not judge.module.stars
    return all(
        binding.kind in {"function", "class"} and not getattr(binding.node, "decorator_list", None)
        for binding in where.names[name]
    )


def handed_on(judge: Judge, name: str, value: ast.expr, scope: Scope) -> bool:
    """Whether the value is the sealed limit itself, under the same name."""
    return any(
        isinstance(v, Ref) and v.path in {f"{holder}.{name}" for holder in HOLDERS}
        for v in judge.evaluator.values(value, scope)
    )


def _partial_setter(callees: Values) -> bool:
    inner = [v for c in callees if hasattr(c, "function") for v in c.function]
    return any(isinstance(c, Ref) and c.path in SETTERS for c in inner)


def _reads(name: str, callees: Values) -> bool:
    """``pop``/``setdefault``/``update`` of an ordinary dictionary that happens to hold the word."""
    return (
        name in {"pop", "setdefault", "update", "clear", "object", "popitem"}
        and not any(isinstance(c, Ref) for c in callees)
        and not any(_owned(c) for c in callees)
    )


def _owned(callee: object) -> bool:
    owner = getattr(callee, "owner", None)
    return isinstance(owner, Space)


def _holder(value: object) -> bool:
    return (isinstance(value, (Ref, Space)) and holds(value.path)) or (
        isinstance(value, Ref) and value.path.endswith(".__dict__") and holds(value.path[:-9])
    )


_SETTER_NAMES: Final = SETTING_METHODS | frozenset(path.rpartition(".")[2] for path in SETTERS)
_PLAIN: Final = frozenset(
    """
        len isinstance str int print range list dict set tuple super sorted zip enumerate any all min max sum
        abs float bool repr hash id issubclass hasattr iter next round ValueError TypeError KeyError
    """.split()
)
_IMPORT_SYSTEM: Final = frozenset(
    """
        sys.modules sys.path sys.meta_path sys.path_hooks sys.path_importer_cache typing.TYPE_CHECKING
        builtins.__import__ builtins.__build_class__ builtins.open
    """.split()
)
_REPLACED: Final = frozenset(path.rpartition(".")[2] for path in _IMPORT_SYSTEM)
