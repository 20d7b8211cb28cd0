# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What counts as there and ready: not what is being deleted, not the pods of the old template."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from arf_core.models.action import Action, parameters_for
from arf_enterprise.actions.adapter import Fence, Vitals
from arf_enterprise.actions.kubernetes import KubernetesAdapter
from lib.servers.kubernetes_namespace import NEVER_READY, Namespace

pytestmark = pytest.mark.promise("EXE-4")
FENCE = Fence(execution_id="run", number=1)


@pytest.fixture
def adapter(namespace: Namespace) -> Iterator[KubernetesAdapter]:
    namespace.deploy(replicas=3)
    made = KubernetesAdapter(namespace.given())
    yield made
    made.close()


def test_a_rollout_that_never_gets_ready_is_not_ready_though_the_old_pods_are(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    namespace.patch({"spec": {"progressDeadlineSeconds": 1}})
    namespace.change_image(f"{NEVER_READY}:1")
    namespace.until(lambda: _reason(namespace) == "ProgressDeadlineExceeded", what="the deadline")
    status = namespace.read()["status"]
    assert status["readyReplicas"] == 3, "Kubernetes' own number says that all is well"
    assert adapter.observe().vitals == Vitals(exists=True, wanted=3, ready=0)


def test_a_release_that_never_gets_ready_is_rolled_back_and_well_again(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    namespace.change_image(f"{NEVER_READY}:1")
    namespace.until(lambda: adapter.observe().vitals.ready == 0, what="the bad release")
    change = adapter.plan(Action.ROLLBACK, parameters_for(Action.ROLLBACK, {}), adapter.observe())
    adapter.apply(change, FENCE)
    namespace.settle()
    assert adapter.observe().vitals == Vitals(exists=True, wanted=3, ready=3)


def test_nothing_is_ready_until_the_controllers_have_seen_the_change(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    change = adapter.plan(Action.RESTART_CONTAINER, parameters_for(Action.RESTART_CONTAINER, {}), adapter.observe())
    adapter.apply(change, FENCE)
    assert (adapter.observe().vitals.ready or 0) < 3, "the pods from before the restart are not those of the change"
    namespace.settle()
    assert adapter.observe().vitals.ready == 3


def test_what_is_being_deleted_does_not_exist_any_more(adapter: KubernetesAdapter, namespace: Namespace) -> None:
    namespace.patch({"metadata": {"finalizers": ["example.com/hold"]}})
    namespace.delete()
    assert namespace.read()["status"]["readyReplicas"] == 3, "it is still there, and its pods are"
    assert adapter.observe().vitals == Vitals(exists=False)
    namespace.patch({"metadata": {"finalizers": None}})


def test_scaled_to_zero_wants_nothing_and_shows_it(adapter: KubernetesAdapter, namespace: Namespace) -> None:
    namespace.patch({"spec": {"replicas": 0}})
    namespace.settle()
    assert adapter.observe().vitals == Vitals(exists=True, wanted=0, ready=0)


def test_a_pod_that_stops_being_ready_is_not_counted(adapter: KubernetesAdapter, namespace: Namespace) -> None:
    pod = namespace.items("Pod")[0]["metadata"]["name"]
    conditions = [{"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "False"}]
    namespace.patch({"status": {"conditions": conditions}}, f"{pod}/status", kind="Pod")
    namespace.until(lambda: adapter.observe().vitals.ready == 2, what="the pod to be counted out")


def test_a_selector_of_expressions_finds_its_pods(namespace: Namespace) -> None:
    expressions = [
        {"key": "app", "operator": "In", "values": ["checkout", "till"]},
        {"key": "app", "operator": "Exists"},
        {"key": "legacy", "operator": "DoesNotExist"},
        {"key": "track", "operator": "NotIn", "values": ["dark"]},
    ]
    namespace.deploy(spec={"selector": {"matchLabels": None, "matchExpressions": expressions}})
    adapter = KubernetesAdapter(namespace.given())
    assert adapter.observe().vitals == Vitals(exists=True, wanted=2, ready=2)
    adapter.close()


def _reason(here: Namespace) -> str:
    conditions = here.read().get("status", {}).get("conditions", [])
    return next((each.get("reason", "") for each in conditions if each["type"] == "Progressing"), "")
