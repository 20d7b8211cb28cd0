# SPDX-License-Identifier: Apache-2.0
"""What an item of a value may denote, and what a module's name loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boundary.capabilities import REEXPORTED
from boundary.members import attribute
from boundary.modules import MODULES
from boundary.values import ANY, OWN, UNKNOWN, Const, Map, Pattern, Ref, Seq, Space, Top, Value, Values, elements, union

if TYPE_CHECKING:
    from boundary.evaluate import Evaluator


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
        # a module has no items: it came along with a container that an unknown function made of it
        return (owner,) if owner.module or owner.path == "builtins.object" else (Ref(f"{owner.path}[]"),)
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
