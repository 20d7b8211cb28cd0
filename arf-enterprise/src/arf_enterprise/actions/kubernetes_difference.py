# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The difference of two objects of Kubernetes: as lines for people, as a patch for the API, as a patch for files.

1. Lines name the field, and containers, variables and volumes by their name. The values of environment variables are
   not shown: some are secrets.
2. A merge patch (RFC 7396) is what ARF sends: null takes a key away, a list is replaced as a whole.
3. A strategic merge patch is what people are handed: it names containers by their name and touches nothing else, so it
   reads well and survives other changes. Where that cannot be exact, ``$patch: replace`` gives the whole.
   https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
4. Fields are named as in ``managedFields``: https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from arf_enterprise.actions.kubernetes_api import Thing

Field = tuple[str, ...]
"""A field as ``managedFields`` names it: ``("f:spec", "f:replicas")``."""

_NAMED: Final = frozenset({"containers", "initContainers", "env", "volumes"})
"""Lists whose items are known by their ``name`` (``x-kubernetes-list-map-keys`` of the pod template)."""
_REPLACE: Final = {"$patch": "replace"}
_MOST_VALUE: Final = 160


class _CannotSay(Exception):
    """A strategic merge patch cannot say this here, only further up."""


def lines(before: Thing, after: Thing) -> tuple[str, ...]:
    """What differs, a line each field (rule 1)."""
    old, new = dict(_flat(before, "")), dict(_flat(after, ""))
    return tuple(_line(path, old, new) for path in sorted(old.keys() | new.keys()) if old.get(path) != new.get(path))


def merge_patch(before: Thing, after: Thing) -> Thing:
    """What makes ``before`` into ``after`` when it is merged into it (rule 2)."""
    patch: Thing = {key: None for key in before if key not in after}
    for key, value in after.items():
        if key in before and before[key] == value:
            continue
        is_map = isinstance(value, dict) and isinstance(before.get(key), dict)
        patch[key] = merge_patch(before[key], value) if is_map else value
    return patch


def strategic_patch(before: Thing, after: Thing) -> Thing:
    """As :func:`merge_patch`, as a strategic merge patch (rule 3)."""
    try:
        return _strategic(before, after)
    except _CannotSay:
        return {**_REPLACE, **after}


def changed_fields(before: Thing, after: Thing, above: Field = ()) -> Iterator[Field]:
    """The fields that differ (rule 4)."""
    for key in sorted(before.keys() | after.keys()):
        old, new, here = before.get(key), after.get(key), (*above, f"f:{key}")
        if old == new:
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            yield from changed_fields(old, new, here)
        elif key in _NAMED and isinstance(old, list) and isinstance(new, list):
            yield from _changed_items(_by_name(old), _by_name(new), here)
        else:
            yield here


def _changed_items(old: dict[str, Thing], new: dict[str, Thing], above: Field) -> Iterator[Field]:
    for name in sorted(old.keys() | new.keys()):
        here = (*above, f"k:{json.dumps({'name': name}, separators=(',', ':'))}")
        if name in old and name in new:
            yield from changed_fields(old[name], new[name], here)
        else:
            yield here


def _strategic(before: Thing, after: Thing) -> Thing:
    patch: Thing = {key: None for key in before if key not in after}
    for key, value in after.items():
        if key not in before:
            patch[key] = value
        elif before[key] != value:
            patch[key] = _strategic_value(key, before[key], value)
    return patch


def _strategic_value(key: str, before: object, after: object) -> object:
    if isinstance(before, dict) and isinstance(after, dict):
        return strategic_patch(before, after)
    if not isinstance(after, list) or not any(isinstance(item, dict) for item in after):
        return after
    if key not in _NAMED or not isinstance(before, list):
        raise _CannotSay  # how this list is merged is not known here
    return _strategic_items(before, after)


def _strategic_items(before: list[Thing], after: list[Thing]) -> list[Thing]:
    old, new = _by_name(before), _by_name(after)
    if list(old) != list(new):
        return [_REPLACE, *after]
    try:
        return [{"name": name, **_strategic(old[name], new[name])} for name in new if old[name] != new[name]]
    except _CannotSay:
        return [_REPLACE, *after]


def _by_name(items: list[Thing]) -> dict[str, Thing]:
    return {item["name"]: item for item in items}


def _flat(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from _flat(each, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for number, each in enumerate(value):
            name = each.get("name", number) if isinstance(each, dict) else number
            yield from _flat(each, f"{path}[{name}]")
    else:
        yield path, value


def _line(path: str, old: dict[str, object], new: dict[str, object]) -> str:
    if path not in old:
        return f"+ {path}: {_shown(path, new[path])}"
    if path not in new:
        return f"- {path}: {_shown(path, old[path])}"
    return f"  {path}: {_shown(path, old[path])} → {_shown(path, new[path])}"


def _shown(path: str, value: Any) -> str:
    if ".env[" in path and path.endswith("].value"):  # rule 1
        return "(not shown)"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MOST_VALUE else f"{text[:_MOST_VALUE]}…"
