# SPDX-License-Identifier: Apache-2.0
"""What an attribute or an item of a value may denote: the steps by which code gets from a module to what it can
do."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Final

from boundary.capabilities import CARRIED_ANYWHERE, MODULES, NAMESPACES, REEXPORTED
from boundary.known import KNOWN_MODULES
from boundary.values import (
    ANY,
    OWN,
    UNKNOWN,
    Cls,
    Const,
    Fun,
    Map,
    Method,
    Partial,
    Pattern,
    Ref,
    Seq,
    Space,
    Top,
    Value,
    Values,
    elements,
    union,
)

if TYPE_CHECKING:
    from boundary.evaluate import Evaluator

_DICT_METHODS: Final = frozenset(
    (
        "get",
        "pop",
        "setdefault",
        "__getitem__",
        "keys",
        "values",
        "items",
        "copy",
        "update",
        "__contains__",
        "__setitem__",
        "popitem",
        "clear",
        "__iter__",
    )
)
_OBJECT: Final = frozenset(("__base__", "__bases__", "__mro__"))


def canonical(base: Ref, name: str) -> Ref:
    """The attribute ``name`` of ``base``, under the name by which the tables know it: ``pathlib.os`` is ``os``."""
    path = f"{base.path}.{name}"
    if path in KNOWN_MODULES:
        return Ref(path, module=True)
    bare = name.lstrip("_")
    if base.path.endswith("()") and not base.module:
        return Ref(path)
    carried = REEXPORTED if base.path.partition(".")[0] in sys.stdlib_module_names else CARRIED_ANYWHERE
    if base.module and (name in carried or (name != bare and bare in carried)):
        return Ref("os" if bare in {"posix", "nt"} else bare, module=True)
    if base.path in {"posix", "nt", "_posix"}:
        return canonical(Ref("os", module=True), name)
    if base.path == "_io" or base.path == "_pickle":
        return Ref(f"{base.path[1:]}.{name}")
    if name == "__self__":
        return Ref(base.path.rpartition(".")[0] or base.path, module=True)
    if name == "__call__":
        return base
    return Ref(path)


def attribute(evaluator: Evaluator, owners: Values, name: str) -> Values:
    """What ``owner.name`` may denote."""
    if name in NAMESPACES or name == "f_locals":
        return (Space(ANY),)
    if name in {"f_builtins", "__builtins__"}:
        return (Space("builtins"),)
    if name in _OBJECT or name == "mro":
        return union((Ref("builtins.object"),), UNKNOWN)
    found = union(*(_attribute(evaluator, owner, name) for owner in owners))
    if any(isinstance(owner, Ref) and owner.module for owner in owners):
        return found
    fields = evaluator.module.fields.get(name)
    return union(found, *(evaluator.values(value, scope) for value, scope in fields[:30])) if fields else found


def _attribute(evaluator: Evaluator, owner: Value, name: str) -> Values:
    if isinstance(owner, Ref):
        return _of_reference(evaluator, owner, name)
    if name == "__call__":
        return (owner,)
    if isinstance(owner, Space):
        if name in _DICT_METHODS:
            return (Method(owner, name),)
        return (Ref(f"builtins.{name}"),) if owner.path == "builtins" else UNKNOWN
    if name == "__class__":
        return _class(owner)
    if isinstance(owner, Cls):
        return _of_class(evaluator, owner, name)
    if isinstance(owner, Partial):
        return owner.function if name == "func" else (Seq(owner.args),) if name == "args" else UNKNOWN
    if isinstance(owner, (Const, Seq, Map, Pattern)):
        return (Method(owner, name),)
    if isinstance(owner, Fun) and name == "__wrapped__":
        return (owner,)
    return UNKNOWN


def _of_reference(evaluator: Evaluator, owner: Ref, name: str) -> Values:
    if owner.path in {OWN, evaluator.module.name}:
        return evaluator.global_name(name) or UNKNOWN
    inside = owner.module and evaluator.project.has(owner.path)
    other = (
        evaluator.project.evaluator(owner.path) if inside and evaluator.project.may_provide(owner.path, name) else None
    )
    if name == "__dict__" and owner.module:
        return (Space(owner.path),)
    if name == "__name__" and owner.module:
        return (Const(owner.path),)
    if name == "__class__":
        return (Ref("types.ModuleType" if owner.module else f"{owner.path}.__class__"),)
    if other is not None:
        found = other.global_name(name)
        return found or (Ref(f"{owner.path}.{name}", module=evaluator.project.has(f"{owner.path}.{name}")),)
    if inside:
        return (Ref(f"{owner.path}.{name}", module=evaluator.project.has(f"{owner.path}.{name}")),)
    return (canonical(owner, name),)


def _of_class(evaluator: Evaluator, owner: Cls, name: str) -> Values:
    home = evaluator.home(owner.node)
    known = home.members.get((owner, name))
    if known is None:
        cuts = evaluator.cuts + home.cuts
        known = _in_class(home, owner, name)
        if cuts == evaluator.cuts + home.cuts:  # nothing on the way was still being computed
            home.members[owner, name] = known
    return known


def _in_class(evaluator: Evaluator, owner: Cls, name: str) -> Values:
    scope = evaluator.module.scopes.get(owner.node)
    if scope is not None and name in scope.names:
        found = evaluator.named(name, scope)
        bindings = scope.names[name]
        if all(binding.kind == "annotated" for binding in bindings):  # a dataclass: what its calls give the field
            order = [n for n, b in scope.names.items() if b[0].kind == "annotated" or isinstance(b[0].node, ast.expr)]
            place = order.index(name)
            sites = [s for s in evaluator.module.sites.get(owner.node.name, [])[:20] if place < len(s.call.args)]
            found = union(found, *(evaluator.values(s.call.args[place], s.scope) for s in sites))
        return tuple(
            Partial((v,), ((owner,),)) if isinstance(v, Fun) and not isinstance(v.node, ast.Lambda) else v
            for v in found
        )
    bases = [base for base in owner.node.bases[:4] if isinstance(base, (ast.Name, ast.Attribute))]
    parent = scope.parent if scope is not None else None
    inherited = [evaluator.values(base, parent) for base in bases] if parent is not None else []
    return (
        union(
            *(
                attribute(evaluator, tuple(v for v in group if isinstance(v, (Cls, Ref)) and v != owner), name)
                for group in inherited
            )
        )
        or UNKNOWN
    )


def _class(owner: Value) -> Values:
    if isinstance(owner, Const):
        return (Ref(f"builtins.{type(owner.value).__name__}"),)
    if isinstance(owner, (Seq, Map)):
        return (Ref("builtins.tuple" if isinstance(owner, Seq) else "builtins.dict"),)
    if isinstance(owner, Fun):
        return (Ref("types.FunctionType"),)
    return (Cls(owner.node),) if isinstance(owner, Cls) else UNKNOWN


def item(evaluator: Evaluator, owners: Values, keys: Values) -> Values:
    """What ``owner[key]`` may denote."""
    return union(*(_item(evaluator, owner, keys) for owner in owners)) or UNKNOWN


def _item(evaluator: Evaluator, owner: Value, keys: Values) -> Values:
    names = [key.value for key in keys if isinstance(key, Const)]
    if isinstance(owner, Space):
        return union(*(_of_space(evaluator, owner, name) for name in names if isinstance(name, str))) or UNKNOWN
    if isinstance(owner, Ref) and owner.path == "sys.modules":
        return union(*((loaded(evaluator, name),) for name in names if isinstance(name, str))) or UNKNOWN
    if isinstance(owner, Seq):
        exact = (
            owner.exact
            and names
            and all(isinstance(n, int) and -len(owner.items) <= n < len(owner.items) for n in names)
        )
        return (
            union(*(owner.items[n] for n in names if isinstance(n, int)))
            if exact
            else elements((owner,))
            if owner.items
            else UNKNOWN
        )
    if isinstance(owner, Map):
        return _of_map(owner, keys)
    if isinstance(owner, Const) and isinstance(owner.value, (str, bytes, tuple)):
        return (
            tuple(
                Const(owner.value[n]) for n in names if isinstance(n, int) and -len(owner.value) <= n < len(owner.value)
            )
            or UNKNOWN
        )
    if isinstance(owner, Ref):
        return (owner,) if owner.path == "builtins.object" else (Ref(f"{owner.path}[]"),)
    return UNKNOWN


def _of_map(owner: Map, keys: Values) -> Values:
    wanted = {key for key in keys if isinstance(key, Const)}
    sure = wanted and not any(isinstance(key, (Top, Pattern)) for key in keys)
    hits = [
        value
        for held, value in owner.items
        if not sure or wanted & set(held) or any(isinstance(h, (Top, Pattern)) for h in held)
    ]
    return union(*hits) or UNKNOWN


def _of_space(evaluator: Evaluator, owner: Space, name: str) -> Values:
    if owner.path == OWN:
        return (
            evaluator.global_name(name) or attribute(evaluator, (), name) or evaluator.named(name, evaluator.module.top)
        )
    if owner.path == ANY:
        found = loaded(evaluator, name) if name in REEXPORTED or name in MODULES else None
        return (Space("builtins"),) if name == "__builtins__" else (found,) if found else UNKNOWN
    return attribute(evaluator, (Ref(owner.path, module=True),), name)


def loaded(evaluator: Evaluator, name: str) -> Ref:
    """The module that ``sys.modules[name]`` or an import by ``name`` gives."""
    if name in {OWN, evaluator.module.name}:
        return Ref(OWN, module=True)
    return Ref("os" if name in {"posix", "nt"} else name, module=True)
