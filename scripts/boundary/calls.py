# SPDX-License-Identifier: Apache-2.0
"""What a call may denote: the functions that hand out modules, members and namespaces, and those that pass values
through."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final, TypeAlias

from boundary.items import item, loaded
from boundary.known import is_module
from boundary.members import attribute
from boundary.models import MODELS, Named
from boundary.scopes import Scope
from boundary.values import (
    OWN,
    TOP,
    UNKNOWN,
    Cls,
    Const,
    Fun,
    Getter,
    Map,
    Method,
    Partial,
    Pattern,
    Ref,
    Seq,
    Space,
    Value,
    Values,
    elements,
    union,
)

if TYPE_CHECKING:
    from boundary.evaluate import Evaluator

Place: TypeAlias = "tuple[ast.Call, Scope] | None"

GETATTRS: Final = frozenset(
    """builtins.getattr inspect.getattr_static builtins.object.__getattribute__ builtins.type.__getattribute__
    types.ModuleType.__getattribute__ builtins.super.__getattribute__
    builtins.object.__getattr__ types.ModuleType.__getattr__""".split()
)
IMPORTS: Final = frozenset(
    "builtins.__import__ importlib.import_module importlib.__import__ importlib._bootstrap._gcd_import".split()
)
SUBSCRIPTS: Final = frozenset(
    """
        operator.getitem builtins.dict.get builtins.dict.__getitem__ builtins.dict.pop
        builtins.dict.setdefault builtins.dict.__class_getitem_none__
    """.split()
)


def gets(path: str) -> bool:
    """Whether ``path`` is ``getattr`` or the slot of a builtin class that does the same."""
    return path in GETATTRS or (path.startswith("builtins.") and path.endswith(".__getattribute__"))


_SILENT: Final = frozenset(
    """print len isinstance issubclass str repr bool int float hasattr callable id hash format open input abs sum min
    max any all dir ord chr hex bin round divmod pow exec eval compile
    setattr delattr property staticmethod super""".split()
)


def apply(
    evaluator: Evaluator, callees: Values, args: list[Values], named: Named, place: Place, depth: int = 0
) -> Values:
    """What calling any of ``callees`` with ``args`` may return."""
    if depth > 12:
        return UNKNOWN
    found = union(*(_apply(evaluator, callee, args, named, place, depth + 1) for callee in callees))
    if all(value == TOP for value in found):
        return union(found, _passed(args))
    return found


def _passed(args: list[Values]) -> Values:
    """An unknown function may well give back the module it was given."""
    return tuple(value for group in args for value in group if isinstance(value, Ref) and value.module)


def _apply(evaluator: Evaluator, callee: Value, args: list[Values], named: Named, place: Place, depth: int) -> Values:
    if isinstance(callee, Ref):
        return _of_reference(evaluator, callee, args, named, place, depth)
    if isinstance(callee, Fun):
        evaluator = evaluator.home(callee.node)
        returned = evaluator.module.returns.get(callee.node, [])
        inner = evaluator.module.scopes.get(callee.node)
        if inner is None:  # its module was replaced by another of that name
            return UNKNOWN
        plain = union(*(evaluator.values(value, inner) for value, yielded in returned if not yielded))
        items = union(*(evaluator.values(value, inner) for value, yielded in returned if yielded))
        return union(plain, (Seq((items,), exact=False),) if items else ()) or UNKNOWN
    if isinstance(callee, Cls):
        return (
            (Cls(callee.node, instance=True),)
            if not callee.instance
            else attribute_call(evaluator, callee, args, named, depth)
        )
    if isinstance(callee, Partial):
        return apply(evaluator, callee.function, [*callee.args, *args], named, place, depth)
    if isinstance(callee, Getter) and args:
        return _got(evaluator, callee, args[0], depth)
    if isinstance(callee, Method):
        return _method(evaluator, callee, args, depth)
    return UNKNOWN


def attribute_call(evaluator: Evaluator, callee: Cls, args: list[Values], named: Named, depth: int) -> Values:
    """Calling an instance calls its ``__call__``."""
    evaluator = evaluator.home(callee.node)
    scope = evaluator.module.scopes.get(callee.node)
    known = scope is not None and "__call__" in scope.names
    return (
        apply(evaluator, evaluator.named("__call__", scope), args, named, None, depth)
        if known and scope is not None
        else UNKNOWN
    )


def _of_reference(  # noqa: C901 -- one line for each kind of callee
    evaluator: Evaluator, callee: Ref, args: list[Values], named: Named, place: Place, depth: int
) -> Values:
    path = callee.path
    model = MODELS.get(path)
    if model is not None:
        return model(evaluator, args, named)
    if gets(path) and len(args) > 1:
        return got(evaluator, args[0], args[1], args[2:])
    if path in IMPORTS:
        return _imported(evaluator, path, args or [named.get("name", UNKNOWN)], named)
    if path in SUBSCRIPTS and len(args) > 1:
        return item(evaluator, args[0], args[1])
    base = path.rpartition(".")[0]
    if path.endswith((".__getattribute__", ".__getattr__")) and args and is_module(base):
        return got(evaluator, (Ref(base, module=True),), args[0], [])
    if path in {"sys.modules.get", "sys.modules.__getitem__", "sys.modules.pop", "sys.modules.setdefault"} and args:
        return item(evaluator, (Ref("sys.modules"),), args[0])
    if path in {"builtins.map", "itertools.starmap", "builtins.filter"} and len(args) > 1:
        return _mapped(evaluator, path, args, depth)
    if path == "functools.reduce" and len(args) > 1:
        return _reduced(evaluator, args, depth)
    if path in {"operator.call", "functools.partial.__call__", "asyncio.to_thread", "contextvars.Context.run"} and args:
        return apply(evaluator, args[0], args[1:], named, place, depth)
    if path.startswith("builtins.") and path[9:] in _SILENT:
        return UNKNOWN
    passed = _passed(args) if not path.startswith(("inspect.", "logging.", "warnings.")) else ()
    return (Ref(f"{path}()"), *passed)


def got(evaluator: Evaluator, owners: Values, names: Values, default: list[Values]) -> Values:
    """``getattr(owner, name[, default])``, dots followed as ``attrgetter`` does."""
    found: list[Values] = list(default)
    for name in names:
        if isinstance(name, Const) and isinstance(name.value, str) and name.value != OWN:
            current = owners
            for part in name.value.split("."):
                current = attribute(evaluator, current, part)
            found.append(current)
        else:
            found.append(UNKNOWN)
    return union(*found) or UNKNOWN


def _imported(evaluator: Evaluator, path: str, args: list[Values], named: Named) -> Values:
    found: list[Value] = []
    package = [
        v.value
        for v in (args[1] if len(args) > 1 and path.endswith("module") else named.get("package", ()))
        if isinstance(v, Const)
    ]
    for name in args[0]:
        if not isinstance(name, Const) or not isinstance(name.value, str):
            found.append(TOP)
            continue
        whole = name.value
        if whole.startswith(".") and package and isinstance(package[0], str):
            whole = (evaluator.module.package if package[0] == OWN else package[0]) + "." + whole.lstrip(".")
        top = path.endswith("__import__") and "fromlist" not in named and len(args) < 4
        found.append(loaded(evaluator, whole.partition(".")[0] if top else whole))
        if top and "." in whole:
            found.append(TOP)
    return tuple(found) or UNKNOWN


def _got(evaluator: Evaluator, getter: Getter, owner: Values, depth: int) -> Values:
    if getter.kind == "item":
        return union(*(item(evaluator, owner, name) for name in getter.names))
    found = [
        got(evaluator, owner, name, []) for name in (getter.names[:1] if getter.kind == "method" else getter.names)
    ]
    if getter.kind == "method":
        return apply(evaluator, found[0] if found else UNKNOWN, list(getter.names[1:]), {}, None, depth)
    return union(*found) if len(found) < 2 else (Seq(tuple(found)),)


def _method(evaluator: Evaluator, method: Method, args: list[Values], depth: int) -> Values:
    owner, name = method.owner, method.name
    if name in {"get", "pop", "__getitem__", "setdefault"} and args and isinstance(owner, (Space, Map, Seq)):
        return union(item(evaluator, (owner,), args[0]), *args[1:])
    if isinstance(owner, Map):
        values = union(*(value for _, value in owner.items))
        keys = elements((owner,))
        return (
            (Seq(({"values": values, "keys": keys}.get(name) or (Seq((keys, values)),),), exact=False),)
            if name in {"values", "keys", "items"}
            else UNKNOWN
        )
    if isinstance(owner, Seq) and name in {"pop", "popleft", "copy", "__iter__", "__next__"}:
        return (owner,) if name in {"copy", "__iter__"} else elements((owner,))
    if isinstance(owner, (Const, Pattern)) and name in {
        "upper",
        "lower",
        "strip",
        "casefold",
        "join",
        "format",
        "replace",
    }:
        return (Pattern(upper=True),) if name == "upper" else UNKNOWN
    if name == "format" or depth > 10:
        return UNKNOWN
    return UNKNOWN


def _mapped(evaluator: Evaluator, path: str, args: list[Values], depth: int) -> Values:
    if path == "builtins.filter":
        return args[1]
    columns = [elements(group) for group in args[1:]]
    if path == "itertools.starmap":
        columns = [elements(columns[0])]
    return (Seq((apply(evaluator, args[0], columns, {}, None, depth),), exact=False),)


def _reduced(evaluator: Evaluator, args: list[Values], depth: int) -> Values:
    steps = args[1]
    start = args[2] if len(args) > 2 else ()
    names = [group for value in steps if isinstance(value, Seq) for group in value.items]
    current = start or (names.pop(0) if names else UNKNOWN)
    for name in names or [elements(steps)]:
        current = apply(evaluator, args[0], [current, name], {}, None, depth)
    return current
