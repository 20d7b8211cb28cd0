# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Whether something else owns what would change, and the patch file for its source (promise EXE-7).

1. An autoscaler that aims at the deployment owns its replicas: the patch is for the autoscaler.
2. Whoever wrote a field, as ``managedFields`` tells, and is a tool that will write it again, owns it.
3. Such tools also leave marks on the object. With a mark, everything that its source could declare is taken as owned,
   whoever wrote the field last; a controller that owns the object (an operator) likewise.
4. The annotation that restarts pods is in nobody's source, and no tool takes it away: a restart is possible everywhere,
   unless rule 2 says that somebody owns that very annotation.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

from arf_enterprise.actions.kubernetes_api import Thing
from arf_enterprise.actions.kubernetes_difference import Field, changed_fields, merge_patch, strategic_patch
from arf_enterprise.actions.kubernetes_state import RESTARTED, Seen, owners

_REPLICAS: Final[Field] = ("f:spec", "f:replicas")
_RESTART: Final[Field] = ("f:spec", "f:template", "f:metadata", "f:annotations")
_TOOLS: Final = (
    ("argocd", "Argo CD"),
    ("argo-cd", "Argo CD"),
    ("kustomize-controller", "Flux"),
    ("helm-controller", "Flux"),
    ("flux", "Flux"),
    ("helm", "Helm"),
    ("fleet", "Fleet"),
    ("kapp", "kapp"),
    ("configsync", "Config Sync"),
    ("terraform", "Terraform"),
    ("pulumi", "Pulumi"),
)
"""How the names of field managers begin, and whose they are."""
_MARKS: Final = (
    ("helm.toolkit.fluxcd.io/name", None, "Flux"),
    ("kustomize.toolkit.fluxcd.io/name", None, "Flux"),
    ("argocd.argoproj.io/tracking-id", None, "Argo CD"),
    ("argocd.argoproj.io/instance", None, "Argo CD"),
    ("app.kubernetes.io/managed-by", "Helm", "Helm"),
    ("meta.helm.sh/release-name", None, "Helm"),
    ("objectset.rio.cattle.io/hash", None, "Fleet"),
    ("kapp.k14s.io/app", None, "kapp"),
    ("configmanagement.gke.io/managed", "enabled", "Config Sync"),
)
"""Labels and annotations: their key, the value if only one counts, and whose they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """What owns a change, in words, and the file that says the change to it."""

    by: str
    patch: str


def owned(before: Thing, after: Thing, seen: Seen, *, summary: str) -> Owned | None:
    """Who owns the difference of ``before`` and ``after``, None if nobody does; ``summary`` goes into the file."""
    fields = tuple(changed_fields(_kept(before), _kept(after)))
    if seen.autoscaler and _REPLICAS in fields:  # rule 1
        return _by_autoscaler(seen.autoscaler, after["spec"]["replicas"], summary)
    by = next((owner for owner in (*_writers(before, fields), *_marks(before, fields)) if owner), None)
    return None if by is None else Owned(by=by, patch=_file(before, after, by, summary))


def _by_autoscaler(autoscaler: Thing, replicas: int, summary: str) -> Owned:
    bounds, name = autoscaler["spec"], autoscaler["metadata"]["name"]
    wanted = {**bounds, "minReplicas": replicas, "maxReplicas": max(replicas, bounds["maxReplicas"])}
    by = f"the HorizontalPodAutoscaler {name}"
    return Owned(by=by, patch=_file(autoscaler, {**autoscaler, "spec": wanted}, by, summary))


def _writers(thing: Thing, fields: tuple[Field, ...]) -> Iterator[str]:  # rule 2
    for entry in thing["metadata"].get("managedFields") or []:
        tool = next((name for start, name in _TOOLS if entry.get("manager", "").lower().startswith(start)), None)
        written = entry.get("fieldsV1")
        if tool and written and any(_has(written, field) for field in fields):
            yield f"{tool} (it wrote these fields as {entry['manager']!r})"


def _marks(thing: Thing, fields: tuple[Field, ...]) -> Iterator[str]:  # rules 3 and 4
    if all(_is_restart(field) for field in fields):
        return
    metadata = thing["metadata"]
    marks = {**(metadata.get("labels") or {}), **(metadata.get("annotations") or {})}
    for key, value, owner in _MARKS:
        if key in marks and value in {None, marks[key]}:
            yield f"{owner} (the object is marked with {key})"
    for controller in owners(thing):
        yield f"{controller['kind']} {controller['name']} (the object is controlled by it)"


def _is_restart(field: Field) -> bool:
    """The annotation itself, or the map that it is the first of."""
    return field in {_RESTART, (*_RESTART, f"f:{RESTARTED}")}


def _has(owned_fields: Thing, field: Field) -> bool:
    """Whether ``field``, what it is in, as a whole, or something in it is among the fields of a manager."""
    here = owned_fields
    for part in field:
        if not here:
            return True
        if part not in here:
            return False
        here = here[part]
    return True


def _kept(thing: Thing) -> Thing:
    return {"spec": thing["spec"]}


def _file(before: Thing, after: Thing, by: str, summary: str) -> str:
    """The patch as YAML: strategic for what Kubernetes has itself, a merge patch for its extensions."""
    metadata = before["metadata"]
    is_builtin = before["kind"] != "HTTPRoute"
    make = strategic_patch if is_builtin else merge_patch
    patch = {
        "apiVersion": before["apiVersion"],
        "kind": before["kind"],
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"]},
        "spec": make(before["spec"], after["spec"]),
    }
    head = f"# {summary}\n# This is owned by {by}: apply it to the source, not to the cluster.\n"
    kind = "Strategic merge patch" if is_builtin else "JSON merge patch"
    return (
        f"{head}# {kind}; kustomize and `kubectl patch --patch-file` read it.\n{yaml.safe_dump(patch, sort_keys=False)}"
    )
