# SPDX-License-Identifier: Apache-2.0
"""What is in a bundle, and how two of them differ: values for people and machines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from arf_core.bundle.recompute import maker
from arf_core.strict_json import parse_json
from arf_core.verify import bundle_form as form
from arf_core.verify.bundles import Bundle
from arf_core.verify.receipt import Receipt

Change = dict[str, object]


def summary(bundle: Bundle) -> dict[str, object]:
    """What ``bundle`` is, was made from and recommends."""
    return {
        "digest": bundle.digest,
        "mode": bundle.mode,
        "note": bundle.note,
        "made_by": maker(bundle),
        "created_from": bundle.created_from.document(),
        "entries": {name: len(content) for name, content in bundle.entries.items()},
        "intents": [
            {"action": one.action, "component": one.component, "intent_id": one.intent_id, "digest": one.digest}
            for one in bundle.intents
        ],
    }


def difference(first: Bundle, second: Bundle) -> dict[str, object]:
    """How ``second`` differs from ``first``; ``same`` only if all their bytes are the same."""
    names = {*first.entries, *second.entries}
    differ = sorted(name for name in names if first.entries.get(name) != second.entries.get(name))
    return {
        "same": not differ,
        "digests": [first.digest, second.digest],
        "entries": differ,
        "settings": _changed_settings(first, second),
        "intents": _changed_intents(first, second),
    }


def _changed_settings(first: Bundle, second: Bundle) -> list[Change]:
    before, after = _settings(first), _settings(second)
    names = sorted({*before, *after})
    return [
        {"name": name, "first": before.get(name), "second": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    ]


def _settings(bundle: Bundle) -> Mapping[str, object]:
    value = parse_json(bundle.entries[form.SETTINGS_ENTRY], what=form.SETTINGS_ENTRY)
    settings = value.get("settings") if isinstance(value, Mapping) else None
    return settings if isinstance(settings, Mapping) else {}


def _changed_intents(first: Bundle, second: Bundle) -> list[Change]:
    """The recommendations that are gone, new, or the same on other grounds; in the order of the bundles."""
    before, after = _by_subject(first.intents), _by_subject(second.intents)
    changes = [_change("gone", one, None) for key, one in before.items() if key not in after]
    changes += [_change("new", None, one) for key, one in after.items() if key not in before]
    both = [(before[key], after[key]) for key in before if key in after]
    changes += [_change(_how(old, new), old, new) for old, new in both if old != new]
    if not changes and list(before) != list(after):
        changes.append({"what": "in another order"})
    return changes


def _by_subject(receipts: Iterable[Receipt]) -> dict[tuple[str, str, int], Receipt]:
    """The receipts by action and component; what is recommended again for the same pair is told apart by number."""
    found: dict[tuple[str, str, int], Receipt] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for one in receipts:
        pair = (one.action, one.component)
        found[*pair, seen[pair]] = one
        seen[pair] += 1
    return found


def _how(old: Receipt, new: Receipt) -> str:
    return _GROUNDS if old.intent_id == new.intent_id else _OTHER


def _change(what: str, old: Receipt | None, new: Receipt | None) -> Change:
    one = old or new
    named = {} if one is None else {"action": one.action, "component": one.component}
    digests = {"first": None if old is None else old.digest, "second": None if new is None else new.digest}
    return {"what": what, **named, **digests}


_GROUNDS: Final = "on other grounds"
_OTHER: Final = "with other parameters, or of another incident or time"
