# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Reads what stands around one deployment; the paths are those of the API's reference.

It asks for what it is given rights to in docs/kubernetes.md, and nothing else. What may not be read is a refusal: who
cannot see autoscalers cannot know that none owns the replicas.

Source: https://kubernetes.io/docs/reference/kubernetes-api/
"""

from __future__ import annotations

from arf_enterprise.actions.kubernetes_access import Access
from arf_enterprise.actions.kubernetes_api import Api, Thing
from arf_enterprise.actions.kubernetes_state import Seen, owned_by, ready_pods, selector_text


class Reading:
    """Looks at one deployment through ``api``. Every method raises as :class:`Api` does."""

    def __init__(self, api: Api, access: Access) -> None:
        """Nothing is asked yet."""
        self._api, self._access = api, access
        place = f"namespaces/{access.namespace}"
        self._apps, self._core = f"/apis/apps/v1/{place}", f"/api/v1/{place}"
        self._autoscalers = f"/apis/autoscaling/v2/{place}/horizontalpodautoscalers"
        self._routes = f"/apis/gateway.networking.k8s.io/v1/{place}/httproutes"

    def look(self) -> Seen:
        """The deployment and what stands around it, now."""
        deployment = self._api.get(self.path("deployment"))
        if deployment is None:
            return Seen(deployment=None)
        labels = selector_text(deployment["spec"]["selector"])
        return Seen(
            deployment=deployment,
            replica_sets=owned_by(self._api.items(f"{self._apps}/replicasets", labels=labels), deployment),
            autoscalers=tuple(self._api.items(self._autoscalers)),
            service=self._api.get(self.path("service")) if self._access.service else None,
            route=self._api.get(self.path("route"), is_extension=True) if self._access.route else None,
        )

    def path(self, written: str) -> str:
        """Where an object is that steps write (``kubernetes_steps.WRITTEN``)."""
        match written:
            case "service":
                return f"{self._core}/services/{self._access.service}"
            case "route":
                return f"{self._routes}/{self._access.route}"
            case _:
                return f"{self._apps}/deployments/{self._access.deployment}"

    def selector_of(self, service: str) -> Thing:
        """What a Service selects; nothing if there is no such Service."""
        found: Thing = (self._api.get(f"{self._core}/services/{service}") or {}).get("spec", {}).get("selector") or {}
        return found

    def ready(self, labels: Thing) -> int:
        """How many pods with these labels are ready; none where there are no labels, for that would be every pod."""
        query = selector_text({"matchLabels": labels})
        return ready_pods(self._api.items(f"{self._core}/pods", labels=query)) if query else 0
