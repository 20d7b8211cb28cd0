# SPDX-License-Identifier: Apache-2.0
"""What single functions of the standard library give back: the ones that hand on what they are given."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from boundary.members import attribute
from boundary.values import (
    OWN,
    TOP,
    UNKNOWN,
    Cls,
    Const,
    Fun,
    Getter,
    Map,
    Partial,
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

Named: TypeAlias = dict[str, Values]
_Model: TypeAlias = Callable[["Evaluator", list[Values], Named], Values]


def _space(evaluator: Evaluator, args: list[Values], _named: Named) -> Values:
    if not args:
        return (Space(OWN),)
    return (
        union(*(attribute(evaluator, (v,), "__dict__") for v in args[0] if isinstance(v, Ref) and v.module)) or UNKNOWN
    )


def _type(_evaluator: Evaluator, args: list[Values], _named: Named) -> Values:
    if len(args) != 1:
        return UNKNOWN
    kinds: list[Value] = [TOP]
    for value in args[0]:
        if isinstance(value, Ref):
            kinds.append(
                Ref(
                    "types.ModuleType"
                    if value.module
                    else "types.CodeType"
                    if value.path.endswith("__code__")
                    else f"{value.path}.__class__"
                )
            )
        elif isinstance(value, Fun):
            kinds.append(Ref("types.FunctionType"))
        elif isinstance(value, Cls) and value.instance:
            kinds.append(Cls(value.node))
    return tuple(kinds)


def _sequence(_evaluator: Evaluator, args: list[Values], _named: Named) -> Values:
    return (
        tuple(v if isinstance(v, Seq) else Seq((elements((v,)),), exact=False) for v in args[0]) if args else (Seq(()),)
    )


def _dict(_evaluator: Evaluator, args: list[Values], named: Named) -> Values:
    pairs = tuple(((Const(name),), value) for name, value in named.items())
    held = [v for v in args[0] if isinstance(v, (Map, Space))] if args else []
    listed = [v for v in elements(args[0]) if isinstance(v, Seq) and len(v.items) == 2] if args else []
    return union((Map((*pairs, *((v.items[0], v.items[1]) for v in listed))),), tuple(held))


def _default_dict(evaluator: Evaluator, args: list[Values], _named: Named) -> Values:
    from boundary.calls import apply  # late: it needs the models

    return (Map(((UNKNOWN, apply(evaluator, args[0], [], {}, None)),)),) if args else UNKNOWN


MODELS: Final[dict[str, _Model]] = {
    "builtins.vars": _space,
    "builtins.globals": lambda _e, _a, _n: (Space(OWN),),
    "builtins.locals": lambda _e, _a, _n: (Space(OWN),),
    "inspect.getmembers": lambda e, a, n: _space(e, a, n) if a else UNKNOWN,
    "builtins.type": _type,
    "inspect.getmodule": lambda _e, _a, _n: UNKNOWN,
    "functools.partial": lambda _e, a, _n: (Partial(a[0], tuple(a[1:])),) if a else UNKNOWN,
    "operator.attrgetter": lambda _e, a, _n: (Getter("attr", tuple(a)),),
    "operator.methodcaller": lambda _e, a, _n: (Getter("method", tuple(a)),),
    "operator.itemgetter": lambda _e, a, _n: (Getter("item", tuple(a)),),
    "builtins.dict": _dict,
    "collections.defaultdict": _default_dict,
    "types.MappingProxyType": lambda _e, a, _n: a[0] if a else UNKNOWN,
    "builtins.next": lambda _e, a, _n: elements(a[0]) if a else UNKNOWN,
    "builtins.enumerate": lambda _e, a, _n: (Seq(((Seq((UNKNOWN, elements(a[0]))),),), exact=False),) if a else UNKNOWN,
    "builtins.zip": lambda _e, a, _n: (Seq(((Seq(tuple(elements(g) for g in a)),),), exact=False),),
    **dict.fromkeys(
        ["builtins.list", "builtins.tuple", "builtins.set", "builtins.iter", "builtins.frozenset", "collections.deque"],
        _sequence,
    ),
    **dict.fromkeys(
        ["builtins.sorted", "builtins.reversed"],
        lambda _e, a, _n: (Seq((elements(a[0]),), exact=False),) if a else UNKNOWN,
    ),
    **dict.fromkeys(
        [
            "copy.copy",
            "copy.deepcopy",
            "typing.cast_none",
            "builtins.staticmethod",
            "builtins.classmethod",
            "functools.wraps_none",
            "functools.cache",
            "weakref.proxy",
        ],
        lambda _e, a, _n: a[0] if a else UNKNOWN,
    ),
    "typing.cast": lambda _e, a, _n: a[1] if len(a) > 1 else UNKNOWN,
    "functools.lru_cache": lambda _e, a, _n: a[0] if a else UNKNOWN,
}
