# SPDX-License-Identifier: Apache-2.0
"""Manifests for tests, as JSON: deployments, Services, autoscalers, routes, roles, an admission policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

Thing = dict[str, Any]

_RBAC: Final = "rbac.authorization.k8s.io"
_GATEWAY: Final = "gateway.networking.k8s.io"


def deployment(name: str, *, image: str, replicas: int) -> Thing:
    """A deployment with one container, ``app``, whose environment has a secret."""
    labels = {"app": name}
    container = {"name": "app", "image": image, "env": [{"name": "PASSWORD", "value": "correct-horse-battery"}]}
    pods = {"terminationGracePeriodSeconds": 1, "containers": [container]}
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pods},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels}, "spec": spec}


def service(name: str, selector: Mapping[str, str]) -> Thing:
    """A Service."""
    spec = {"selector": dict(selector), "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def autoscaler(of: str, *, least: int, most: int) -> Thing:
    """An autoscaler of a deployment, with its name."""
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": of}
    target = {"type": "Utilization", "averageUtilization": 80}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": of},
        "spec": {
            "scaleTargetRef": reference,
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
        },
    }


def route(weights: Mapping[str, int]) -> Thing:
    """An HTTPRoute ``checkout`` with one weighted rule, and one without a backend."""
    backends = [{"name": name, "port": 80, "weight": weight} for name, weight in weights.items()]
    return {
        "apiVersion": f"{_GATEWAY}/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "checkout"},
        "spec": {"parentRefs": [{"name": "edge"}], "rules": [{"backendRefs": backends}, {"filters": []}]},
    }


def route_definition() -> Thing:
    """The definition of HTTPRoute in the Gateway API, cut down to what a weighted route has."""
    weight = {"type": "integer", "format": "int32", "default": 1, "minimum": 0, "maximum": 1_000_000}
    backend = _fields({"name": {"type": "string"}, "port": {"type": "integer"}, "weight": weight})
    rule = _fields({"backendRefs": {"type": "array", "x-kubernetes-list-type": "atomic", "items": backend}})
    spec = _fields({"rules": {"type": "array", "x-kubernetes-list-type": "atomic", "items": rule}})
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}}
    approved = {"api-approved.kubernetes.io": "https://github.com/kubernetes-sigs/gateway-api/pull/1111"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"httproutes.{_GATEWAY}", "annotations": approved},
        "spec": {
            "group": _GATEWAY,
            "names": {"kind": "HTTPRoute", "plural": "httproutes", "singular": "httproute"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


def role(user: str, may_read: Mapping[str, Sequence[str]]) -> list[Thing]:
    """A Role that lets ``user`` read, by API group and resource, and its binding."""
    rules = [
        {"apiGroups": [group], "resources": list(resources), "verbs": ["get", "list"]}
        for group, resources in may_read.items()
    ]
    named = {"apiVersion": f"{_RBAC}/v1", "kind": "Role", "metadata": {"name": user}, "rules": rules}
    return [named, binding(user, role=user)]


def binding(user: str, *, role: str) -> Thing:
    """Gives ``user`` a Role."""
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": user},
        "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": role},
        "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": user}],
    }


def forbidding(namespace: str, *, unless: str, message: str) -> list[Thing]:
    """Refuses updates of deployments in one namespace that are not as the CEL expression ``unless`` says."""
    rule = {"validations": [{"expression": unless, "message": message}]}
    return _admission("Validating", namespace, rule, {"validationActions": ["Deny"]})


def altering(namespace: str, *, to: str) -> list[Thing]:
    """Alters updates of deployments in one namespace as the CEL expression ``to`` says."""
    mutation = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": to}}
    return _admission("Mutating", namespace, {"mutations": [mutation], "reinvocationPolicy": "Never"}, {})


def role_in(page: Path) -> Thing:
    """The Role that stands in a ``yaml`` block of a page of the documentation."""
    blocks = [yaml.safe_load(block.split("```")[0]) for block in page.read_text("utf-8").split("```yaml\n")[1:]]
    found: Thing = next(block for block in blocks if block.get("kind") == "Role")
    return found


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> Thing:
    """``over`` merged into ``base``: mappings deeply, everything else replaced."""
    both = {key: merged(base[key], value) for key, value in over.items() if _are_maps(base.get(key), value)}
    return {**base, **over, **both}


def _admission(kind: str, namespace: str, spec: Thing, bound: Thing) -> list[Thing]:
    rule = {"apiGroups": ["apps"], "apiVersions": ["*"], "operations": ["UPDATE"], "resources": ["deployments"]}
    here = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    constraints = {"resourceRules": [rule], "namespaceSelector": here}
    name = f"{kind.lower()}-{namespace}"
    named = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    binding = {"policyName": name, **bound}
    return [
        {**named, "kind": f"{kind}AdmissionPolicy", "spec": {"matchConstraints": constraints, **spec}},
        {**named, "kind": f"{kind}AdmissionPolicyBinding", "spec": binding},
    ]


def _are_maps(*values: object) -> bool:
    return all(isinstance(value, Mapping) for value in values)


def _fields(properties: Thing) -> Thing:
    return {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": properties}
