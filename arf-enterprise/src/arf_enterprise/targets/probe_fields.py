# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The settings of probes, by kind (docs/targets.md).

============  =========================================================================================
http          ``url``; ``status`` (default 200), ``contains``, ``timeout_s``, ``authorization``, ``ca_file``
prometheus    ``url``, ``query``, and one of ``below``, ``above``, ``equals``; ``absent_is_ok``, ``timeout_s``,
              ``authorization``, ``ca_file``
adapter       none: the adapter of the way is asked whether as many are ready as are wanted
============  =========================================================================================

``authorization`` is a reference to a credential: what is sent in that header. ``ca_file`` has the certificates to
trust instead of the system's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from arf_core.models.frozen import FrozenMap, shown
from arf_enterprise.targets.broker import REFERENCE, REFERENCE_RULE

KINDS: Final = ("http", "prometheus", "adapter")
TIMEOUT_S: Final = 5.0
LONGEST_TIMEOUT_S: Final = 60.0
BOUNDS: Final = ("below", "above", "equals")


def probe_settings(kind: str, settings: FrozenMap) -> str | None:
    """What is wrong with the settings of a probe of ``kind``; None if nothing is."""
    needed, known = _NEEDED[kind], _KNOWN[kind]
    for key in settings:
        if key not in known:
            return f"a probe of the kind {kind} has no setting {key!r:.60}: it has {', '.join(known) or 'none'}"
    for key in needed:
        if key not in settings:
            return f"a probe of the kind {kind} needs the setting {key!r}"
    for key, value in settings.items():
        accepts, rule = _RULES[key]
        if not accepts(value):
            told = "not one" if key == "authorization" else shown(value)
            return f"{key} is {told}: it must be {rule}"
    if kind == "prometheus" and len(set(BOUNDS) & set(settings)) != 1:
        return f"a probe of the kind prometheus needs one of {', '.join(BOUNDS)}"
    return None


def is_url(value: object) -> bool:
    """Whether ``value`` is an http or https URL with a host, without a name, password or fragment."""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    plain = parts.username is None and parts.password is None and not parts.fragment and port != 0
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and plain


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _within(least: float, most: float) -> Callable[[object], bool]:
    return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most


_COMMON: Final = ("timeout_s", "authorization", "ca_file")
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"http": ("url",), "prometheus": ("url", "query"), "adapter": ()}
)
_KNOWN: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "http": ("url", "status", "contains", *_COMMON),
        "prometheus": ("url", "query", *BOUNDS, "absent_is_ok", *_COMMON),
        "adapter": (),
    }
)
_RULES: Final[Mapping[str, tuple[Callable[[object], bool], str]]] = MappingProxyType(
    {
        "url": (is_url, "an http or https URL without a name, password or fragment"),
        "status": (
            lambda value: isinstance(value, int) and not isinstance(value, bool) and 200 <= value <= 599,
            "a status from 200 to 599",
        ),
        "contains": (lambda value: isinstance(value, str) and 0 < len(value) <= 1000, "a text of 1 to 1000 characters"),
        "query": (lambda value: isinstance(value, str) and 0 < len(value) <= 5000, "PromQL of 1 to 5000 characters"),
        "below": (_number, "a number"),
        "above": (_number, "a number"),
        "equals": (_number, "a number"),
        "absent_is_ok": (lambda value: isinstance(value, bool), "true or false"),
        "timeout_s": (_within(0.1, LONGEST_TIMEOUT_S), f"a number of seconds from 0.1 to {LONGEST_TIMEOUT_S:g}"),
        "authorization": (lambda value: isinstance(value, str) and bool(REFERENCE.fullmatch(value)), REFERENCE_RULE),
        "ca_file": (lambda value: isinstance(value, str) and value.startswith("/"), "the absolute path of a PEM file"),
    }
)
