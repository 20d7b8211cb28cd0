# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Shifting traffic: by the selector of a Service, or by the weights of an HTTPRoute.

1. A Service's selector moves everything or nothing, so it is for 100 % alone; and only the track may change.
2. In an HTTPRoute the target gets the percentage, the others share the rest as they did, in every rule that has the
   target.
3. A shift is possible only if something changes.

HTTPRoute: https://gateway-api.sigs.k8s.io/reference/spec/#httproute
"""

from __future__ import annotations

import math
from typing import Any, Final

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Change, Observation
from arf_enterprise.actions.kubernetes_api import Thing
from arf_enterprise.actions.kubernetes_state import Seen, route_state, service_state
from arf_enterprise.actions.kubernetes_steps import change_of, name_of, there
from arf_enterprise.errors import ActionImpossible

_MOST_WEIGHT: Final = 1_000_000


def shift_by_selector(seen: Seen, parameters: FrozenMap, before: Observation, *, label: str) -> Change:
    """Let the Service select another track (rule 1)."""
    deployment, service = there(seen), seen.service
    if service is None:
        raise ActionImpossible(f"{name_of(deployment)} has neither a route nor a Service: name one that is there")
    selector, target = service["spec"].get("selector") or {}, parameters["target"]
    if label not in selector:
        raise ActionImpossible(f"the Service {name_of(service)} does not select by {label!r}: it has no tracks")
    if parameters["percentage"] != 100:
        raise ActionImpossible("a Service's selector moves all traffic or none: ask for 100 percent, or name a route")
    if selector[label] == target:  # rule 3
        raise ActionImpossible(f"the Service {name_of(service)} selects {label}={target} already")
    steps = tuple(_select(service, each) for each in ({**selector, label: target}, selector))
    names = tuple(f"let the Service {name_of(service)} select {label}={each}" for each in (target, selector[label]))
    count = deployment["spec"].get("replicas", 1)
    return change_of(Action.TRAFFIC_SHIFT, before, steps, (names[0], names[1]), instances=(count, count))


def shift_by_weights(seen: Seen, parameters: FrozenMap, before: Observation) -> Change:
    """Give a backend of the HTTPRoute a share of the traffic (rule 2)."""
    deployment, route = there(seen), seen.route
    if route is None:
        raise ActionImpossible(
            f"{name_of(deployment)} has no route: the HTTPRoute of its settings is not in the cluster"
        )
    target, percentage = str(parameters["target"]), int(str(parameters["percentage"]))
    old: list[list[list[Any]]] = route_state(route)["weights"]
    if {[name for name, _ in rule].count(target) for rule in old} - {0} != {1}:
        raise ActionImpossible(f"no rule of the HTTPRoute {name_of(route)} has {target!r} as one of its backends, once")
    new = [_shared(rule, target, percentage) for rule in old]
    if [_shares(rule) for rule in new] == [_shares(rule) for rule in old]:  # rule 3
        raise ActionImpossible(f"{target} gets {percentage} % of the HTTPRoute {name_of(route)} already")
    steps = tuple(_weigh(route, each) for each in (new, old))
    names = (
        f"give {target} {percentage} % of the traffic of {name_of(route)}",
        f"give {name_of(route)} its weights of now",
    )
    count = deployment["spec"].get("replicas", 1)
    return change_of(Action.TRAFFIC_SHIFT, before, steps, names, instances=(count, count))


def _select(service: Thing, selector: Thing) -> Thing:
    return {
        "kind": "selector",
        "selector": selector,
        "after": {"service": {**service_state(service), "selector": selector}},
    }


def _weigh(route: Thing, weights: list[list[list[Any]]]) -> Thing:
    return {"kind": "weights", "weights": weights, "after": {"route": {**route_state(route), "weights": weights}}}


def _shared(rule: list[list[Any]], target: str, percentage: int) -> list[list[Any]]:
    """The weights of one rule: the target's is ``percentage`` of all, the others keep their proportions (rule 2)."""
    if not any(name == target for name, _ in rule):
        return rule
    others = [(name, weight) for name, weight in rule if name != target]
    total = sum(weight for _, weight in others)
    if not others:
        return rule
    if not total:
        others, total = [(name, 1) for name, _ in others], len(others)
    weights = iter([weight * (100 - percentage) for _, weight in others])
    exact = [percentage * total if name == target else next(weights) for name, _ in rule]
    return [[name, weight] for (name, _), weight in zip(rule, _small(exact), strict=True)]


def _small(weights: list[int]) -> list[int]:
    """In the same proportions, and none greater than Kubernetes allows."""
    divisor, most = math.gcd(*weights), max(weights)
    whole = [weight // divisor for weight in weights]
    return whole if max(whole) <= _MOST_WEIGHT else [weight * _MOST_WEIGHT // most for weight in weights]


def _shares(rule: list[list[Any]]) -> list[float]:
    total = sum(weight for _, weight in rule) or 1
    return [weight / total for _, weight in rule]
