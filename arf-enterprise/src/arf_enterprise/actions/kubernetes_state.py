# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What was read of a deployment, as the values that changes are planned from. Nothing here asks anybody.

1. The state is what people decide: the pod template, replicas, selectors, weights. Not status, not revisions, not the
   ``resourceVersion``; and not the replicas while an autoscaler decides them. It names the object by its uid, so that
   one deleted and made again is another one.
2. The template stands in the state as its digest, never as itself: its environment may have secrets.
3. Ready are the pods **of the present template**. ``status.readyReplicas`` counts those of the old one too, so a
   rollout that never becomes ready would look well. Until the controllers have seen the latest change, none is ready.
4. What is being deleted does not exist any more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from arf_core.canonical import digest
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Observation, Vitals
from arf_enterprise.actions.kubernetes_api import Thing

RESTARTED: Final = "arf.dev/restarted-from"
"""The annotation of a pod template that a restart sets."""
RESTARTS: Final = frozenset({RESTARTED, "kubectl.kubernetes.io/restartedAt"})
"""Annotations of a pod template that only restart it: ours, and kubectl's."""
REVISION: Final = "deployment.kubernetes.io/revision"

_HASH: Final = "pod-template-hash"
_TEMPLATE_DOMAIN: Final = "arf.kubernetes-template/1"
_SHAPE_DOMAIN: Final = "arf.kubernetes-route/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was read, all within one look: the deployment (None: it is not there) and what stands around it."""

    deployment: Thing | None
    replica_sets: tuple[Thing, ...] = ()
    autoscalers: tuple[Thing, ...] = ()
    service: Thing | None = None
    route: Thing | None = None

    @property
    def observation(self) -> Observation:
        """The observation that this is."""
        if self.deployment is None or "deletionTimestamp" in self.deployment["metadata"]:  # rule 4
            return Observation(state=FrozenMap({"exists": False}), vitals=Vitals(exists=False))
        state = {
            **deployment_state(self.deployment),
            "autoscaler": self.autoscaler["metadata"]["name"] if self.autoscaler else None,
            **({"service": service_state(self.service)} if self.service else {}),
            **({"route": route_state(self.route)} if self.route else {}),
        }
        if self.autoscaler:
            state["replicas"] = None  # rule 1
        version = self.deployment["metadata"]["resourceVersion"]
        return Observation(state=FrozenMap(state), vitals=self._vitals(self.deployment), version=version)

    @property
    def autoscaler(self) -> Thing | None:
        """The HorizontalPodAutoscaler that decides the deployment's replicas."""
        wanted = ("Deployment", self.deployment["metadata"]["name"]) if self.deployment else None
        return next((found for found in self.autoscalers if _aim(found) == wanted), None)

    @property
    def current(self) -> Thing | None:
        """The replica set of the present template; None until the controllers have made it."""
        present = template_digest(self.deployment["spec"]["template"]) if self.deployment else ""
        return next((each for each in self.replica_sets if template_digest(template_of(each)) == present), None)

    def _vitals(self, deployment: Thing) -> Vitals:  # rule 3
        wanted, current = deployment["spec"].get("replicas", 1), self.current
        is_ready = current is not None and _has_caught_up(deployment) and _has_caught_up(current)
        ready = (current or {}).get("status", {}).get("readyReplicas", 0) if is_ready else 0
        return Vitals(exists=True, wanted=wanted, ready=ready)


def deployment_state(deployment: Thing) -> dict[str, Any]:
    """The part of the state that the deployment itself decides."""
    metadata, spec = deployment["metadata"], deployment["spec"]
    return {
        "exists": True,
        "uid": metadata["uid"],
        "replicas": spec.get("replicas", 1),
        "paused": spec.get("paused", False),
        "selector": spec["selector"],
        **template_state(spec["template"]),
    }


def template_state(template: Thing) -> dict[str, Any]:
    """The part of the state that a pod template decides (rule 2)."""
    return {"template": template_digest(template), "restarted": _annotations(template).get(RESTARTED)}


def service_state(service: Thing) -> dict[str, Any]:
    """The part of the state that a Service decides."""
    return {
        "name": service["metadata"]["name"],
        "uid": service["metadata"]["uid"],
        "selector": service["spec"].get("selector") or {},
    }


def route_state(route: Thing) -> dict[str, Any]:
    """The part of the state that an HTTPRoute decides: the weights by rule and backend, and the digest of the rest."""
    rules = route["spec"].get("rules") or []
    return {
        "name": route["metadata"]["name"],
        "uid": route["metadata"]["uid"],
        "weights": [[[each["name"], each.get("weight", 1)] for each in backends(rule)] for rule in rules],
        "shape": digest(_SHAPE_DOMAIN, json.loads(json.dumps(rules), object_hook=_without_weight)),
    }


def backends(rule: Thing) -> list[Thing]:
    """The backends of one rule of an HTTPRoute."""
    found: list[Thing] = rule.get("backendRefs") or []
    return found


def template_of(replica_set: Thing) -> Thing:
    """The pod template that a replica set was made from: without the label that its controller adds."""
    template: Thing = json.loads(json.dumps(replica_set["spec"]["template"]))
    (template["metadata"].get("labels") or {}).pop(_HASH, None)
    return template


def template_digest(template: Thing) -> str:
    """The digest of a pod template."""
    return digest(_TEMPLATE_DOMAIN, template)


def without_restarts(template: Thing) -> Thing:
    """``template`` without what only restarted it."""
    metadata = dict(template.get("metadata") or {})
    kept = {key: value for key, value in _annotations(template).items() if key not in RESTARTS}
    metadata.pop("annotations", None)
    return {**template, "metadata": {**metadata, **({"annotations": kept} if kept else {})}}


def revision_of(replica_set: Thing) -> int:
    """The revision of the deployment that a replica set is of; 0 if it says none."""
    told = str(_metadata(replica_set).get("annotations", {}).get(REVISION, ""))
    return int(told) if told.isdecimal() else 0


def owned_by(things: Iterable[Thing], owner: Thing) -> tuple[Thing, ...]:
    """Those of ``things`` that ``owner`` controls."""
    uid = owner["metadata"]["uid"]
    return tuple(each for each in things if any(ref["uid"] == uid for ref in owners(each)))


def owners(thing: Thing) -> list[Thing]:
    """The references to those that control ``thing``."""
    return [ref for ref in _metadata(thing).get("ownerReferences") or [] if ref.get("controller")]


def selector_text(selector: Thing) -> str:
    """A label selector as a query of the API has it."""
    equal = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    return ",".join([*equal, *map(_expression, selector.get("matchExpressions") or [])])


def ready_pods(pods: Iterable[Thing]) -> int:
    """How many of ``pods`` are ready, and not about to go."""
    return sum("deletionTimestamp" not in _metadata(pod) and _is_ready(pod) for pod in pods)


def _is_ready(pod: Thing) -> bool:
    conditions = pod.get("status", {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _expression(expression: Thing) -> str:
    key, values = expression["key"], ",".join(expression.get("values") or [])
    match expression["operator"]:
        case "Exists":
            return str(key)
        case "DoesNotExist":
            return f"!{key}"
        case operator:
            return f"{key} {operator.lower()} ({values})"


def _has_caught_up(thing: Thing) -> bool:
    seen: int = thing.get("status", {}).get("observedGeneration", 0)
    return seen >= int(_metadata(thing).get("generation", 0))


def _aim(autoscaler: Thing) -> tuple[str, str]:
    reference = autoscaler["spec"]["scaleTargetRef"]
    return reference["kind"], reference["name"]


def _without_weight(value: Thing) -> Thing:
    return {key: each for key, each in value.items() if key != "weight"}


def _annotations(template: Thing) -> Thing:
    found: Thing = _metadata(template).get("annotations") or {}
    return found


def _metadata(thing: Thing) -> Thing:
    found: Thing = thing.get("metadata") or {}
    return found
