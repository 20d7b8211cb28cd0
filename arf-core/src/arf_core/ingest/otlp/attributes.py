# SPDX-License-Identifier: Apache-2.0
"""Attributes of a resource, a scope or a point as labels, and the component that they name.

1. A string is itself, a number and a boolean are written out; of a list, a map and bytes only the kind is kept.
2. The component is named by ``service.name``, else by the first of the others in the order of
   ``ingest.foreign.COMPONENT_LABELS``: an attribute stands for the label in :data:`LABEL_OF`, or for the one that is
   its own name with ``_`` for ``.``.
3. ``unknown_service…``, which an SDK sends where nobody gave a name, names a component only if nothing else does.
4. The resource is asked first, then the scope, then the point.

Sources: https://opentelemetry.io/docs/specs/semconv/resource/,
https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from arf_core.errors import EventError
from arf_core.ingest import foreign

Labels = Mapping[str, str]

MAX_ATTRIBUTES: Final = 1000

LABEL_OF: Final = {
    "service.name": "service_name",
    "service.instance.id": "instance",
    "k8s.deployment.name": "deployment",
    "k8s.statefulset.name": "statefulset",
    "k8s.daemonset.name": "daemonset",
    "k8s.job.name": "job",
    "k8s.pod.name": "pod",
    "k8s.container.name": "container",
    "container.name": "container",
    "host.name": "host",
    "k8s.node.name": "node",
}
"""Attributes of the resource conventions → the component labels that they are."""

_UNNAMED: Final = "unknown_service"
_KINDS: Final = {"arrayValue": "(list)", "kvlistValue": "(map)", "bytesValue": "(bytes)"}


def labels_of(attributes: object, *, name: str) -> dict[str, str]:
    """The ``[{"key", "value": {"stringValue": …}}]`` of OTLP as name → text.

    Raises:
        EventError: another shape, a key without a name, or more than :data:`MAX_ATTRIBUTES`.
    """
    found: dict[str, str] = {}
    if not attributes:
        return found
    given = foreign.sequence(attributes, name=name)
    if len(given) > MAX_ATTRIBUTES:
        raise EventError(f"{name} has {len(given)} attributes: at most {MAX_ATTRIBUTES} are allowed")
    for one in given:
        attribute = foreign.mapping(one, name=name)
        if (text := _text(attribute.get("value"), name)) is not None:
            found[foreign.label_name(attribute.get("key"))] = text
    return found


def component_in(*levels: Labels, order: Iterable[str] = foreign.COMPONENT_LABELS) -> str | None:
    """The component that the attributes of ``levels`` name, placeholders apart; an earlier level is asked first.

    Raises:
        EventError: its name cannot be one.
    """
    order = tuple(order)
    for labels in map(_as_labels, levels):
        named = {name: text for name, text in labels.items() if not text.startswith(_UNNAMED)}
        if any(named.get(name) for name in order):
            return foreign.component_of(named, order=order)
    return None


def component_of(*levels: Labels, order: Iterable[str] = foreign.COMPONENT_LABELS) -> str:
    """The component that the attributes of ``levels`` name, if need be by a placeholder (rule 3).

    Raises:
        EventError: none of them names one, or its name cannot be one.
    """
    order = tuple(order)
    if (named := component_in(*levels, order=order)) is not None:
        return named
    for labels in map(_as_labels, levels):
        if any(labels.get(name) for name in order):
            return foreign.component_of(labels, order=order)
    raise EventError("component is missing: the resource needs the attribute service.name (OTEL_SERVICE_NAME sets it)")


def _as_labels(attributes: Labels) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, text in attributes.items():
        found.setdefault(LABEL_OF.get(name) or name.replace(".", "_"), text)
    return found


def _text(value: object, name: str) -> str | None:
    if value is None:
        return None
    for kind, content in foreign.mapping(value, name=name).items():
        if content is None:
            continue
        if kind in _KINDS:
            return _KINDS[kind]
        if kind == "stringValue":
            return foreign.text_of(content, name=name)
        if kind == "boolValue" and isinstance(content, bool):
            return "true" if content else "false"
        if kind in ("intValue", "doubleValue") and isinstance(content, (str, int, float)):
            return f"{content!s:.60}"
    return None
