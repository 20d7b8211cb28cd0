# SPDX-License-Identifier: Apache-2.0
"""A namespace of a test's own on a control plane: somebody else who may do everything, and sees everything."""

from __future__ import annotations

import json
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx

from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Given
from lib.servers.kubernetes import ADMIN, ROOT, ControlPlane
from lib.servers.kubernetes_manifests import (
    Thing,
    altering,
    binding,
    deployment,
    forbidding,
    merged,
    role_in,
    route,
    route_definition,
    service,
)

SETTLE_S: Final = 60
NEVER_READY: Final = "never-ready"
"""In the name of an image: its containers crash at each start (scripts/kubernetes/kubelet.go)."""

_AT: Final[Mapping[str, str]] = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "ReplicaSet": "/apis/apps/v1/namespaces/{}/replicasets",
    "HorizontalPodAutoscaler": "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
    "HTTPRoute": "/apis/gateway.networking.k8s.io/v1/namespaces/{}/httproutes",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "Pod": "/api/v1/namespaces/{}/pods",
    "Service": "/api/v1/namespaces/{}/services",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "Namespace": "/api/v1/namespaces",
    "CustomResourceDefinition": "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    "ValidatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    "MutatingAdmissionPolicy": "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicies",
    "MutatingAdmissionPolicyBinding": "/apis/admissionregistration.k8s.io/v1/mutatingadmissionpolicybindings",
}
_STRATEGIC: Final = "application/strategic-merge-patch+json"
_MERGE: Final = "application/merge-patch+json"


class DidNotSettle(AssertionError):
    """What was waited for did not come; the message has what is there."""


class Namespace:
    """A fresh namespace; ``user`` has in it the rights of the Role in docs/kubernetes.md."""

    def __init__(self, plane: ControlPlane, *, user: str, rights: Path = ROOT / "docs/kubernetes.md") -> None:
        """Make it, with the rights that stand in the page ``rights``."""
        self.plane, self.name = plane, f"test-{secrets.token_hex(6)}"
        self._http = httpx.Client(
            base_url=plane.server,
            headers={"Authorization": f"Bearer {plane.tokens[ADMIN]}"},
            verify=ssl.create_default_context(cafile=plane.ca),
            timeout=30,
            trust_env=False,
        )
        for manifest in (
            {"kind": "Namespace", "metadata": {"name": self.name}},
            role_in(rights),
            binding(user, role="arf"),
        ):
            self.make(manifest)

    def close(self) -> None:
        """Give back the connection; the namespace stays until its control plane goes."""
        self._http.close()

    def given(self, *, user: str = "arf", **settings: str | float) -> Given:
        """What an adapter of the deployment ``checkout`` is made of, with the token of ``user``."""
        plane = self.plane
        where = {"server": plane.server, "ca": str(plane.ca), "namespace": self.name, "deployment": "checkout"}
        credentials = {"token": plane.tokens[user]}
        return Given(component="checkout", settings=FrozenMap({**where, **settings}), credentials=credentials)

    def make(self, manifest: Thing) -> Thing:
        """Create an object, here if it is of a namespace."""
        kind = manifest["kind"]
        metadata = {**manifest["metadata"], **({"namespace": self.name} if "{}" in _AT[kind] else {})}
        return self._ask("POST", self._at(kind), {**manifest, "metadata": metadata})

    def items(self, kind: str) -> list[Thing]:
        """All objects of a kind that are here."""
        found: list[Thing] = self._ask("GET", self._at(kind))["items"]
        return found

    def read(self, name: str = "checkout", *, kind: str = "Deployment") -> Thing:
        """An object.

        Raises:
            httpx.HTTPStatusError: there is none.
        """
        return self._ask("GET", self._at(kind, name))

    def patch(self, body: Thing, name: str = "checkout", *, kind: str = "Deployment", **query: str) -> Thing:
        """Patch an object as somebody else (strategically, as kubectl does); what it is then."""
        form = _MERGE if kind == "HTTPRoute" else _STRATEGIC
        return self._ask("PATCH", self._at(kind, name), body, form=form, **{"fieldManager": "kubectl-edit", **query})

    def delete(self, name: str = "checkout", *, kind: str = "Deployment") -> None:
        """Delete an object."""
        self._ask("DELETE", self._at(kind, name))

    def deploy(
        self, name: str = "checkout", *, image: str = "shop:1", replicas: int = 2, waits: bool = True, **more: Any
    ) -> None:
        """Create a deployment and wait for its pods; ``more`` goes over the manifest, deeply."""
        self.make(merged(deployment(name, image=image, replicas=replicas), more))
        if waits:
            self.settle(name)

    def deploy_tracks(self, **images: str) -> None:
        """A deployment each track: ``checkout`` for stable, others by track and image; all pods are ``part: shop``."""
        for track, image in {"stable": "shop:1", **images}.items():
            name = "checkout" if track == "stable" else track
            labels = {"app": name, "part": "shop", "track": track}
            template = {"template": {"metadata": {"labels": labels}}}
            self.deploy(name, image=image, spec=template, waits=NEVER_READY not in image)

    def change_image(self, image: str) -> None:
        """Let the container of ``checkout`` have another image, as somebody else."""
        self.patch({"spec": {"template": {"spec": {"containers": [{"name": "app", "image": image}]}}}})

    def release(self, image: str) -> None:
        """As :meth:`change_image`, and wait for the rollout."""
        self.change_image(image)
        self.settle()

    def make_routes(self, weights: Mapping[str, int], **metadata: object) -> None:
        """A Service for each track, and an HTTPRoute ``checkout`` with these weights."""
        definition = route_definition()
        try:
            self.make(definition)
        except httpx.HTTPStatusError as error:
            if error.response.status_code != HTTPStatus.CONFLICT:
                raise
        self.until(lambda: self._http.get(self._at("HTTPRoute")).is_success, what="HTTPRoute to be known")
        for track in weights:
            self.make(service(track, {"part": "shop", "track": track}))
        self.make(merged(route(weights), {"metadata": metadata}))

    def forbid(self, *, unless: str, message: str) -> None:
        """Let admission refuse deployments here that are not as the CEL expression says, and wait until it does."""
        for manifest in forbidding(self.name, unless=unless, message=message):
            self.make(manifest)
        self.until(lambda: self._tried(9).is_client_error, what="the admission policy")

    def alter(self, *, to: str) -> None:
        """Let admission alter deployments here as the CEL expression says, and wait until it does."""
        for manifest in altering(self.name, to=to):
            self.make(manifest)
        self.until(lambda: self._tried(9).json()["spec"]["replicas"] != 9, what="the admission policy")

    def settle(self, name: str = "checkout") -> None:
        """Wait until the rollout is complete and no pod is about to go; or, with no deployment, until no pod is there.

        Raises:
            DidNotSettle: that takes too long.
        """
        self.until(lambda: self._is_settled(name), what=f"{name} to settle")

    def until(self, holds: Callable[[], object], *, what: str) -> None:
        """Wait for ``holds``. Raises as :meth:`settle`."""
        end = time.monotonic() + SETTLE_S
        while not holds():
            if time.monotonic() > end:
                raise DidNotSettle(f"waited {SETTLE_S} s for {what}: {[pod['status'] for pod in self.items('Pod')]}")
            time.sleep(0.05)

    def effects(self) -> object:
        """What only a real effect changes: the pods, generations, what Services select."""
        pods = sorted(pod["metadata"]["uid"] for pod in self.items("Pod"))
        kept = [*self.items("Deployment"), *self.items("ReplicaSet")]
        generations = sorted((each["metadata"]["uid"], each["metadata"]["generation"]) for each in kept)
        return pods, generations, sorted(str(each["spec"]["selector"]) for each in self.items("Service"))

    def audited(self, user: str) -> list[Thing]:
        """The requests of ``user`` in this namespace that the audit log has, in their order."""
        events = [json.loads(line) for line in self.plane.audit.read_text(encoding="utf-8").splitlines()]
        mine = [each for each in events if each.get("objectRef", {}).get("namespace") == self.name]
        return [each for each in mine if each["user"]["username"] == user]

    def _tried(self, replicas: int) -> httpx.Response:
        """What a dry run of scaling ``checkout`` says."""
        return self._http.patch(
            self._at("Deployment", "checkout"),
            params={"dryRun": "All"},
            json={"spec": {"replicas": replicas}},
            headers={"Content-Type": _MERGE},
        )

    def _is_settled(self, name: str) -> bool:
        found = [each for each in self.items("Deployment") if each["metadata"]["name"] == name]
        pods = self.items("Pod")
        if any("deletionTimestamp" in pod["metadata"] for pod in pods):
            return False
        if not found:
            return not any(pod["metadata"]["labels"]["app"] == name for pod in pods)
        status, wanted = found[0].get("status", {}), found[0]["spec"]["replicas"]
        counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "readyReplicas")]
        return status.get("observedGeneration") == found[0]["metadata"]["generation"] and counts == [wanted] * 3

    def _at(self, kind: str, name: str = "") -> str:
        return _AT[kind].format(self.name) + (f"/{name}" if name else "")

    def _ask(self, method: str, path: str, body: Thing | None = None, *, form: str = "", **query: str) -> Thing:
        headers = {"Content-Type": form or "application/json"}
        answer = self._http.request(method, path, json=body, params=query, headers=headers)
        if answer.is_error:
            raise httpx.HTTPStatusError(f"{method} {path}: {answer.text}", request=answer.request, response=answer)
        found: Thing = answer.json()
        return found
