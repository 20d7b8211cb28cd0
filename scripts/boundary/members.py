# SPDX-License-Identifier: Apache-2.0
"""What an attribute or an item of a value may denote: the steps by which code gets from a module to what it can
do."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Final

from boundary.capabilities import CARRIED_ANYWHERE, NAMESPACES, REEXPORTED
from boundary.known import KNOWN_MODULES
from boundary.scopes import terminal
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
    Value,
    Values,
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
_PROPERTIES: Final = frozenset(("property", "cached_property", "getter"))
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
    if base.module and name != base.path and (name in carried or (name != bare and bare in carried)):
        return Ref("os" if bare in {"posix", "nt"} else bare, module=True)
    if base.path in {"posix", "nt", "_posix"}:
        return canonical(Ref("os", module=True), name)
    if base.path == "_io" or base.path == "_pickle":
        return Ref(f"{base.path[1:]}.{name}")
    if name == "__self__":
        owner = base.path.rpartition(".")[0] or base.path
        return Ref(owner, module=owner in KNOWN_MODULES or "." not in owner or "(" in owner)
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
    named = name == "args" or any(map(_is_tuple, owners))
    if not named and any(isinstance(owner, Ref) and owner.module for owner in owners):
        return found
    fields = evaluator.module.fields.get(name)
    return union(found, *(evaluator.values(value, scope) for value, scope in fields[:30])) if fields else found


def _is_tuple(owner: Value) -> bool:
    """Whether ``owner`` is an instance of a named tuple that was made by a call: its fields are those of its calls."""
    return isinstance(owner, Ref) and owner.path.startswith(("collections.namedtuple()()", "typing.NamedTuple()()"))


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
        return evaluator.global_name(name) or union(evaluator.hooked(name), UNKNOWN)
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
        plain = Ref(f"{owner.path}.{name}", module=evaluator.project.has(f"{owner.path}.{name}"))
        return other.global_name(name) or union((plain,), other.hooked(name))
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
        return union(*(_bound(evaluator, owner, value) for value in found))
    above = [*owner.node.bases[:4], *(k.value for k in owner.node.keywords if k.arg == "metaclass")]
    bases = [base for base in above if isinstance(base, (ast.Name, ast.Attribute))]
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


def _bound(evaluator: Evaluator, owner: Cls, value: Value) -> Values:
    """What a class's own ``value`` is on an instance: a method knows it, a property was called with it."""
    if not isinstance(value, Fun) or isinstance(value.node, ast.Lambda):
        return (value,)
    method: Values = (Partial((value,), ((owner,),)),)
    if any(terminal(decorator) in _PROPERTIES for decorator in value.node.decorator_list):
        from boundary.calls import apply  # late: it needs the attributes

        return union(method, apply(evaluator, method, [], {}, None))
    return method


def _class(owner: Value) -> Values:
    if isinstance(owner, Const):
        return (Ref(f"builtins.{type(owner.value).__name__}"),)
    if isinstance(owner, (Seq, Map)):
        return (Ref("builtins.tuple" if isinstance(owner, Seq) else "builtins.dict"),)
    if isinstance(owner, Fun):
        return (Ref("types.FunctionType"),)
    return (Cls(owner.node),) if isinstance(owner, Cls) else UNKNOWN
