# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What others own is handed over as a patch file, and the file does exactly what the change would have done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from arf_core.models.action import Action, parameters_for
from arf_enterprise.actions.adapter import Change
from arf_enterprise.actions.kubernetes import KubernetesAdapter
from arf_enterprise.errors import OwnedElsewhere
from lib.servers.kubernetes_manifests import autoscaler, service
from lib.servers.kubernetes_namespace import Namespace

pytestmark = pytest.mark.promise("EXE-7")


@pytest.fixture
def adapter(namespace: Namespace) -> Iterator[KubernetesAdapter]:
    made = KubernetesAdapter(namespace.given())
    yield made
    made.close()


def planned(adapter: KubernetesAdapter, action: Action, **parameters: object) -> Change:
    return adapter.plan(action, parameters_for(action, parameters), adapter.observe())


def handed_over(adapter: KubernetesAdapter, action: Action, *, by: str, **parameters: object) -> dict[str, Any]:
    """The patch file that comes instead of a plan."""
    with pytest.raises(OwnedElsewhere, match=by) as refused:
        planned(adapter, action, **parameters)
    assert refused.value.patch.startswith("# ARF: ")
    found: dict[str, Any] = yaml.safe_load(refused.value.patch)
    return found


MARKS = {
    "Helm": {"labels": {"app.kubernetes.io/managed-by": "Helm"}},
    "Flux": {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}},
    "Argo CD": {"annotations": {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:x/checkout"}},
}


@pytest.mark.parametrize("tool", MARKS)
def test_what_a_tools_mark_is_on_is_not_scaled_but_can_be_restarted(
    adapter: KubernetesAdapter, namespace: Namespace, tool: str
) -> None:
    namespace.deploy(metadata=MARKS[tool])
    before = namespace.effects()
    patch = handed_over(adapter, Action.SCALE_OUT, by=tool)
    assert patch["metadata"] == {"name": "checkout", "namespace": namespace.name}
    assert patch["spec"] == {"replicas": 4}
    assert adapter.rehearse(planned(adapter, Action.RESTART_CONTAINER)).diff, "the annotation is nobody's"
    assert namespace.effects() == before


@pytest.mark.parametrize(
    "manager", ["argocd-controller", "kustomize-controller", "helm-controller", "helm", "Terraform"]
)
def test_what_a_tool_wrote_is_its_own_and_what_it_did_not_write_is_not(
    adapter: KubernetesAdapter, namespace: Namespace, manager: str
) -> None:
    namespace.deploy()
    namespace.patch({"spec": {"replicas": 3}}, fieldManager=manager)
    namespace.release("shop:2")
    assert handed_over(adapter, Action.SCALE_OUT, by=manager)["spec"] == {"replicas": 6}
    assert planned(adapter, Action.ROLLBACK).summary.startswith("roll back to revision 1")


def test_a_tool_that_wrote_the_very_annotation_of_restarts_owns_it(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    namespace.deploy()
    annotation = {"metadata": {"annotations": {"arf.dev/restarted-from": "git"}}}
    namespace.patch({"spec": {"template": annotation}}, fieldManager="argocd-controller")
    handed_over(adapter, Action.RESTART_CONTAINER, by="Argo CD")


@pytest.mark.parametrize(
    "changed",
    [
        {"containers": [{"name": "app", "image": "shop:2"}]},
        {"containers": [{"name": "app", "command": ["serve"], "env": [{"name": "MODE", "value": "fast"}]}]},
        {"containers": [{"name": "helper", "image": "helper:1"}, {"name": "app", "ports": [{"containerPort": 80}]}]},
        {"tolerations": [{"key": "spot", "operator": "Exists"}], "nodeSelector": {"disk": "ssd"}},
        {"volumes": [{"name": "cache", "emptyDir": {}}], "priority": None},
    ],
)
def test_the_file_of_a_rollback_makes_exactly_the_template_of_that_revision(
    adapter: KubernetesAdapter, namespace: Namespace, changed: dict[str, Any]
) -> None:
    namespace.deploy(metadata=MARKS["Helm"])
    old = namespace.read()["spec"]["template"]
    namespace.patch({"spec": {"template": {"metadata": {"labels": {"new": "yes"}}, "spec": changed}}})
    namespace.until(lambda: _is_recorded(namespace), what="the revision")
    patch = handed_over(adapter, Action.ROLLBACK, by="Helm")
    assert namespace.patch(patch, dryRun="All")["spec"]["template"] == old


def test_replicas_that_an_autoscaler_decides_are_handed_over_as_a_patch_of_it(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    namespace.deploy(replicas=3)
    namespace.make(autoscaler("checkout", least=3, most=5))
    patch = handed_over(adapter, Action.SCALE_OUT, by="HorizontalPodAutoscaler checkout")
    assert (patch["kind"], patch["spec"]) == ("HorizontalPodAutoscaler", {"minReplicas": 6, "maxReplicas": 6})
    namespace.patch(patch, kind="HorizontalPodAutoscaler")
    assert namespace.read(kind="HorizontalPodAutoscaler")["spec"]["minReplicas"] == 6


def test_what_an_autoscaler_does_is_no_change_of_the_state(adapter: KubernetesAdapter, namespace: Namespace) -> None:
    namespace.deploy()
    namespace.make(autoscaler("checkout", least=1, most=9))
    before = adapter.observe()
    namespace.patch({"spec": {"replicas": 3}})
    assert adapter.observe().digest == before.digest
    assert adapter.observe().vitals.wanted == 3


def test_an_autoscaler_of_another_deployment_owns_nothing_here(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    namespace.deploy()
    namespace.make(autoscaler("elsewhere", least=1, most=9))
    assert planned(adapter, Action.SCALE_OUT).forward["replicas"] == 4


def test_an_operators_deployment_is_changed_at_the_operator(adapter: KubernetesAdapter, namespace: Namespace) -> None:
    owner = namespace.make({"kind": "ConfigMap", "metadata": {"name": "shop"}})["metadata"]["uid"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "shop", "uid": owner, "controller": True}
    namespace.deploy(metadata={"ownerReferences": [reference]})
    handed_over(adapter, Action.SCALE_OUT, by="ConfigMap shop")


def test_a_service_and_a_route_of_a_tool_are_handed_over_too(namespace: Namespace) -> None:
    namespace.deploy_tracks(canary="shop:2")
    namespace.make_routes({"stable": 1, "canary": 0}, **MARKS["Flux"])
    front = service("front", {"part": "shop", "track": "stable"})
    namespace.make({**front, "metadata": {"name": "front", **MARKS["Argo CD"]}})
    by_route, by_service = (
        KubernetesAdapter(namespace.given(**way)) for way in ({"route": "checkout"}, {"service": "front"})
    )
    patch = handed_over(by_route, Action.TRAFFIC_SHIFT, by="Flux", target="canary", percentage=25)
    weights = [[each["weight"] for each in rule.get("backendRefs", [])] for rule in patch["spec"]["rules"]]
    assert weights == [[3, 1], []]
    patch = handed_over(by_service, Action.TRAFFIC_SHIFT, by="Argo CD", target="canary", percentage=100)
    assert patch["spec"] == {"selector": {"track": "canary"}}
    by_route.close()
    by_service.close()


def _is_recorded(here: Namespace) -> bool:
    return any("new" in each["spec"]["template"]["metadata"]["labels"] for each in here.items("ReplicaSet"))
