# SPDX-License-Identifier: Apache-2.0
"""Judges the calls that hand out a member, a module or a namespace: ``getattr`` and its kin, imports by text."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from boundary import accesses, arguments
from boundary.calls import GETATTRS, IMPORTS, SUBSCRIPTS, gets, got
from boundary.capabilities import BUILTINS, MEMBERS, REEXPORTED
from boundary.importing import imports
from boundary.known import is_module
from boundary.limiting import plain_callee
from boundary.scopes import Scope, outwards
from boundary.values import OWN, Const, Getter, Method, Partial, Pattern, Ref, Space, Top, Value, Values, elements

if TYPE_CHECKING:
    from boundary.judge import Judge

_GENERIC: Final = REEXPORTED | {
    "__dict__",
    "__builtins__",
    "__loader__",
    "__spec__",
    "__class__",
    "__getattribute__",
    "__globals__",
    "modules",
}


def subscript(judge: Judge, node: ast.Subscript, scope: Scope) -> None:
    """``namespace[key]``, read or written."""
    owners = judge.evaluator.values(node.value, scope)
    spaces = [
        o for o in owners if isinstance(o, Space) or (isinstance(o, Ref) and o.path in {"sys.modules", "sys.path"})
    ]
    if not spaces:
        return
    keys = judge.evaluator.values(node.slice, scope)
    for owner in spaces:
        path = owner.path
        if not isinstance(node.ctx, ast.Load):
            if path in {"sys.modules", "sys.path"} and not (
                path == "sys.modules"
                and keys
                and all(isinstance(k, Const) and k.value in {OWN, judge.module.name} for k in keys)
                and isinstance(node.ctx, ast.Del)
            ):
                judge.report(node, "DYN-SYSTEM", f"{path} is changed")
        elif path != "sys.path":
            looked_up(judge, node, owner, keys, judge.evaluator.values(node, scope))


def call(judge: Judge, node: ast.Call, scope: Scope) -> None:
    """A call that may hand out a member, import by text, or open what is outside."""
    if judge.module.may.native:
        arguments.paths(judge, node, scope)
    if isinstance(node.func, ast.Attribute) and node.func.attr not in judge.held:
        if node.func.attr not in _CALLEES:
            return
        if node.func.attr in _KEYED and not (judge.module.may.spaces or judge.carries):
            return
    if isinstance(node.func, ast.Name) and (
        plain_callee(judge, node.func.id, scope) or _plain_import(judge, node.func.id, scope)
    ):
        return
    for callee in judge.evaluator.values(node.func, scope):
        if isinstance(callee, (Ref, Partial, Getter, Method)):
            _called_with(judge, node, callee, scope)


def _plain_import(judge: Judge, name: str, scope: Scope) -> bool:
    """Whether ``name`` is only ever something imported from elsewhere, or a builtin, that hands nothing out."""
    where = next((s for s in outwards(scope) if name in s.names), None)
    if where is None:
        return not judge.module.stars and f"builtins.{name}" not in _HANDING
    return all(
        b.kind == "member" and b.name not in _HANDING and not judge.evaluator.project.has(b.name.rpartition(".")[0])
        for b in where.names[name]
    ) and (where.parent is not None or name in where.certain or f"builtins.{name}" not in _HANDING)


def _called_with(judge: Judge, node: ast.Call, callee: Ref | Partial | Getter | Method, scope: Scope) -> None:
    values = judge.evaluator.values
    path = callee.path if isinstance(callee, Ref) else ""
    if path in {"builtins.vars", "inspect.getmembers"}:
        for value in values(node, scope):
            if isinstance(value, Space):
                accesses.space(judge, node, value)
    elif not path or path in _WATCHED or path.endswith(".__getattribute__"):
        args = [values(a.value if isinstance(a, ast.Starred) else a, scope) for a in node.args]
        _accessed(judge, node, *_unwrapped(callee, args), scope)
    if path:
        arguments.special(judge, node, path, scope)


def _unwrapped(callee: Value, args: list[Values]) -> tuple[Value, list[Values]]:
    """``partial(getattr, os)(n)``, ``map(getattr, [os], [n])`` and ``reduce(getattr, [n], os)`` as the plain call."""
    for _ in range(4):
        if isinstance(callee, Partial) and callee.function:
            given = callee.args
            callee, args = callee.function[0], [*given, *args]
        elif isinstance(callee, Ref) and callee.path in {"builtins.map", "itertools.starmap"} and args and args[0]:
            callee, args = _first_accessor(args[0]), [elements(group) for group in args[1:]]
        elif isinstance(callee, Ref) and callee.path == "functools.reduce" and len(args) > 1 and args[0]:
            callee, args = (
                _first_accessor(args[0]),
                [args[2] if len(args) > 2 else elements(args[1]), elements(args[1])],
            )
        elif isinstance(callee, Ref) and callee.path == "operator.call" and args and args[0]:
            callee, args = args[0][0], args[1:]
        else:
            break
    return callee, args


def _first_accessor(values: Values) -> Value:
    return next((v for v in values if isinstance(v, (Ref, Getter, Method, Partial))), values[0])


def _accessed(judge: Judge, node: ast.Call, callee: Value, args: list[Values], scope: Scope) -> None:
    found = judge.evaluator.values(node, scope)
    if isinstance(callee, Ref) and callee.path in IMPORTS:
        named = [judge.evaluator.values(k.value, scope) for k in node.keywords if k.arg == "name"]
        _imports(judge, node, (args or named or [()])[0])
    elif isinstance(callee, Ref):
        _by_reference(judge, node, callee.path, args, found)
    elif isinstance(callee, Getter) and args:
        for name in callee.names[:1] if callee.kind == "method" else callee.names:
            if callee.kind != "item":
                _gotten(
                    judge, node, args[0], name, found if callee.kind == "attr" else judge.evaluator.values(node, scope)
                )
                _resolved(judge, node, args[0], name)
    elif (
        isinstance(callee, Method)
        and isinstance(callee.owner, Space)
        and callee.name in {"get", "pop", "__getitem__", "setdefault"}
        and args
    ):
        looked_up(judge, node, callee.owner, args[0], found)


def _by_reference(judge: Judge, node: ast.Call, path: str, args: list[Values], found: Values) -> None:
    if gets(path) and len(args) > 1:
        _gotten(judge, node, args[0], args[1], found)
    elif path.endswith(".__getattribute__") and args and is_module(path.rpartition(".")[0]):
        _gotten(judge, node, (Ref(path.rpartition(".")[0], module=True),), args[0], found)
    elif path in {"sys.modules.get", "sys.modules.__getitem__"} and args:
        looked_up(judge, node, Ref("sys.modules"), args[0], found)
    elif path in SUBSCRIPTS and len(args) > 1:
        for owner in args[0]:
            if isinstance(owner, Space) or (isinstance(owner, Ref) and owner.path == "sys.modules"):
                looked_up(judge, node, owner, args[1], found)
    elif path in {"types.FunctionType", "types.CodeType"} and not isinstance(node.func, ast.Attribute):
        judge.report(node, "DYN-CODE", f"a call of {path} makes code")


def _resolved(judge: Judge, node: ast.Call, owners: Values, names: Values) -> None:
    for value in got(judge.evaluator, owners, names, []):
        if isinstance(value, Ref):
            judge.member(node, value)


def _imports(judge: Judge, node: ast.Call, names: Values) -> None:
    for name in names:
        if isinstance(name, Const) and isinstance(name.value, str):
            if name.value != OWN and not name.value.startswith("."):
                imports(judge, node, name.value)
        else:
            judge.report(node, "DYN-IMPORT", "the name of the imported module cannot be decided")


def _gotten(judge: Judge, node: ast.Call, owners: Values, names: Values, found: Values) -> None:
    modules = [
        owner
        for owner in owners
        if isinstance(owner, Ref) and owner.module and "(" not in owner.path and not accesses.inert(judge, owner.path)
    ]
    if not modules:
        for value in found:
            if isinstance(value, Ref) and any(isinstance(owner, Ref) for owner in owners):
                judge.member(node, value)
        return
    for value in (*found, *got(judge.evaluator, tuple(modules), names, [])):
        if isinstance(value, Ref):
            judge.member(node, value)
    if (
        any(not isinstance(n, Const) and any(_reaches(module.path, n) for module in modules) for n in names)
        or not names
    ):
        judge.report(
            node,
            "UNDECIDED",
            f"which attribute of the module {accesses.called(modules[0].path)} is taken cannot be decided",
        )


def _reaches(module: str, name: Value) -> bool:
    if not isinstance(name, Pattern):
        return True
    members = {path.rpartition(".")[2] for path in MEMBERS if path.rpartition(".")[0] == module} | _GENERIC
    return any(name.fits(member) for member in members | {f"_{m}" for m in REEXPORTED})


def looked_up(judge: Judge, node: ast.expr, owner: Space | Ref, keys: Values, found: Values) -> None:
    """An item of a namespace is taken: judged like the member it is, or undecided."""
    for value in found:
        if isinstance(value, Ref) and value.path != "sys.modules":
            judge.member(node, value)
            if value.path in {f"builtins.{n}" for n in BUILTINS} and value.path not in MEMBERS:
                judge.report(node, BUILTINS[value.path[9:]], f"{value.path} by its name in a namespace")
    if not accesses.inert(judge, owner.path) and any(
        isinstance(k, (Top, Pattern)) and _reaches(owner.path, k) for k in keys
    ):
        judge.report(node, "UNDECIDED", f"which name of {accesses.called(owner.path)} is read cannot be decided")


_WATCHED: Final = (
    GETATTRS
    | IMPORTS
    | SUBSCRIPTS
    | {
        "builtins.map",
        "itertools.starmap",
        "functools.reduce",
        "operator.call",
        "sys.modules.get",
        "sys.modules.__getitem__",
        "types.FunctionType",
        "types.CodeType",
        "types.LambdaType",
    }
)
_CALLEES: Final = frozenset(name.rpartition(".")[2] for name in _WATCHED | arguments.SPECIAL) | frozenset(
    """
        get pop setdefault __getitem__ __getattribute__ __call__ vars getmembers attrgetter methodcaller
        itemgetter partial map reduce
    """.split()
)
_HANDING: Final = _WATCHED | arguments.SPECIAL | {"builtins.vars", "inspect.getmembers"}
_KEYED: Final = frozenset(("get", "pop", "setdefault", "__getitem__"))
