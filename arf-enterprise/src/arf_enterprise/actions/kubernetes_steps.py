# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The steps that an action is made of: planned from what was seen, and later carried out on what is there then.

A step is plain JSON: ``kind``, what it sets, and ``after``: the part of the state that it leads to. The step back is
of the same kind. There are five kinds, and each writes one object:

- ``restart``: ``value`` of the annotation :data:`RESTARTED` of the pod template, null to take it away;
- ``scale``: ``replicas``;
- ``template``: the pod template of the replica set ``replica_set``, which is ``revision``. Kubernetes keeps the
  templates of a deployment there, so no template, with whatever its environment says, leaves the cluster;
- ``selector``: the whole ``selector`` of the Service;
- ``weights``: those of each rule of the HTTPRoute, as ``[[name, weight], …]``.

1. A plan depends on what was seen alone, never on the time: planned again, it is the same to the byte.
2. A step is possible only if something changes.
3. A rollback goes to the newest revision that differs by more than restarts: the one before a restart is the same
   program. A revision that was named is taken as it is.

``kubernetes_traffic`` plans the last two kinds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap, thaw
from arf_enterprise.actions.adapter import Change, Observation
from arf_enterprise.actions.kubernetes_api import Thing
from arf_enterprise.actions.kubernetes_state import (
    RESTARTED,
    Seen,
    backends,
    revision_of,
    template_digest,
    template_of,
    template_state,
    without_restarts,
)
from arf_enterprise.errors import ActionImpossible, TargetMoved

NAME: Final = "kubernetes"
WRITTEN: Final[Mapping[str, str]] = {
    "restart": "deployment",
    "scale": "deployment",
    "template": "deployment",
    "selector": "service",
    "weights": "route",
}
"""Which object a step of a kind writes, by the name of its field in :class:`Seen`."""


def restart(seen: Seen, parameters: FrozenMap, before: Observation) -> Change:
    """Replace every pod, a few at a time, as the deployment's strategy says."""
    deployment = _running(seen)
    template = deployment["spec"]["template"]
    named = parameters["container_id"]
    if named not in {None, *(container["name"] for container in template["spec"]["containers"])}:
        raise ActionImpossible(f"{name_of(deployment)} has no container {named!r}: Kubernetes restarts whole pods")
    value = template_digest(template).removeprefix("sha256:")[:16]  # rule 1
    forward, inverse = _annotate(template, value), _annotate(template, before.state["restarted"])
    count, grace = deployment["spec"].get("replicas", 1), template["spec"].get("terminationGracePeriodSeconds", 30)
    return change_of(
        Action.RESTART_CONTAINER,
        before,
        (forward, inverse),
        (
            f"restart the {count} pods of {name_of(deployment)}, each with the grace period of its own, {grace} s",
            f"give {name_of(deployment)} the pod template it has now, which replaces its pods again",
        ),
        instances=(count, count),
    )


def scale(seen: Seen, parameters: FrozenMap, before: Observation) -> Change:
    """Multiply the replicas."""
    deployment = there(seen)
    if parameters["resource_profile"] != "standard":
        raise ActionImpossible(
            f"{parameters['resource_profile']!r} is no profile here: only the number of pods changes"
        )
    old = deployment["spec"].get("replicas", 1)
    new = old * int(str(parameters["scale_factor"]))
    if new == old:  # rule 2
        raise ActionImpossible(
            f"{name_of(deployment)} has {old} replicas, and {parameters['scale_factor']} times is {new}"
        )
    steps = tuple({"kind": "scale", "replicas": count, "after": {"replicas": count}} for count in (new, old))
    names = (
        f"scale {name_of(deployment)} from {old} to {new} replicas",
        f"scale {name_of(deployment)} back to {old} replicas",
    )
    return change_of(Action.SCALE_OUT, before, steps, names, instances=(new - old, new))


def roll_back(seen: Seen, parameters: FrozenMap, before: Observation) -> Change:
    """Take the pod template of an earlier revision (rule 3)."""
    deployment = _running(seen)
    current = seen.current
    if current is None:
        raise ActionImpossible(
            f"{name_of(deployment)} has a template that is not recorded as a revision yet: try again"
        )
    old = _revision(seen, current, str(parameters["revision"]))
    count = deployment["spec"].get("replicas", 1)
    names = [f"revision {revision_of(each)} of {name_of(deployment)} ({_images(each)})" for each in (old, current)]
    steps = (_take(old), _take(current))
    told = (f"roll back to {names[0]}", f"go forward again to {names[1]}")
    return change_of(Action.ROLLBACK, before, steps, told, instances=(count, count))


def carried_out(step: FrozenMap, thing: Thing, seen: Seen) -> Thing:
    """``thing`` as ``step`` makes it.

    Raises:
        TargetMoved: the revision that it needs is not kept any more.
    """
    plain: Thing = thaw(step)  # type: ignore[assignment]  # a map thaws to a dict
    spec = thing["spec"]
    match plain["kind"]:
        case "restart":
            return {**thing, "spec": {**spec, "template": _annotated(spec["template"], plain["value"])}}
        case "scale":
            return {**thing, "spec": {**spec, "replicas": plain["replicas"]}}
        case "template":
            return {**thing, "spec": {**spec, "template": _kept(plain, seen)}}
        case "selector":
            return {**thing, "spec": {**spec, "selector": plain["selector"]}}
        case _:
            rules = [_weighted(rule, new) for rule, new in zip(spec["rules"], plain["weights"], strict=True)]
            return {**thing, "spec": {**spec, "rules": rules}}


def change_of(
    action: Action, before: Observation, steps: tuple[Thing, ...], told: tuple[str, str], *, instances: tuple[int, int]
) -> Change:
    """The change of ``steps`` (there and back), which ``told`` says in words; ``instances`` of how many are touched."""
    forward, inverse = steps
    return Change(
        action=action,
        adapter=NAME,
        before=before,
        forward=FrozenMap(forward),
        inverse=FrozenMap(inverse),
        summary=told[0],
        undo_summary=told[1],
        instances=instances[0],
        of_instances=instances[1],
    )


def there(seen: Seen) -> Thing:
    """The deployment.

    Raises:
        ActionImpossible: there is none, or it is being deleted.
    """
    if seen.deployment is None or not seen.observation.vitals.exists:
        raise ActionImpossible("the deployment is not there, or is being deleted")
    return seen.deployment


def name_of(thing: Thing) -> str:
    """``payments/checkout``."""
    return f"{thing['metadata']['namespace']}/{thing['metadata']['name']}"


def _running(seen: Seen) -> Thing:
    deployment = there(seen)
    if deployment["spec"].get("paused"):
        raise ActionImpossible(f"{name_of(deployment)} is paused: its pods would not be replaced until it is resumed")
    return deployment


def _annotate(template: Thing, value: object) -> Thing:
    return {"kind": "restart", "value": value, "after": template_state(_annotated(template, value))}


def _annotated(template: Thing, value: object) -> Thing:
    metadata = dict(template["metadata"])
    annotations = {key: each for key, each in (metadata.pop("annotations", None) or {}).items() if key != RESTARTED}
    annotations |= {} if value is None else {RESTARTED: value}
    return {**template, "metadata": {**metadata, **({"annotations": annotations} if annotations else {})}}


def _revision(seen: Seen, current: Thing, wanted: str) -> Thing:
    others = [each for each in seen.replica_sets if each is not current]
    if wanted == "previous":
        present = without_restarts(template_of(current))
        found = [each for each in others if without_restarts(template_of(each)) != present]
        found = [each for each in found if revision_of(each) < revision_of(current)]
    else:
        found = [each for each in others if str(revision_of(each)) == wanted]
    if not found:
        kept = ", ".join(str(revision_of(each)) for each in sorted(others, key=revision_of)) or "none"
        raise ActionImpossible(f"there is no revision {wanted!r} to go back to; kept besides the present one: {kept}")
    return max(found, key=revision_of)


def _take(replica_set: Thing) -> Thing:
    return {
        "kind": "template",
        "replica_set": replica_set["metadata"]["name"],
        "revision": str(revision_of(replica_set)),
        "after": template_state(template_of(replica_set)),
    }


def _kept(step: Thing, seen: Seen) -> Thing:
    for each in seen.replica_sets:
        if each["metadata"]["name"] == step["replica_set"]:
            template = template_of(each)
            if template_digest(template) == step["after"]["template"]:
                return template
    raise TargetMoved(f"the replica set {step['replica_set']} of revision {step['revision']} is not kept any more")


def _weighted(rule: Thing, weights: list[list[Any]]) -> Thing:
    if not weights:
        return rule
    pairs = zip(backends(rule), weights, strict=True)
    return {**rule, "backendRefs": [{**backend, "weight": weight} for backend, (_, weight) in pairs]}


def _images(replica_set: Thing) -> str:
    return ", ".join(container["image"] for container in replica_set["spec"]["template"]["spec"]["containers"])
