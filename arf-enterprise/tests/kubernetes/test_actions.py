# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What each action means: which revision, which track, which share; and what people are shown of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from arf_core.models.action import Action, parameters_for
from arf_enterprise.actions.adapter import Change, Fence
from arf_enterprise.actions.kubernetes import KubernetesAdapter
from arf_enterprise.errors import ActionImpossible, TargetMoved
from lib.servers.kubernetes_manifests import service
from lib.servers.kubernetes_namespace import NEVER_READY, Namespace

FENCE = Fence(execution_id="run", number=1)


@pytest.fixture
def adapter(namespace: Namespace) -> Iterator[KubernetesAdapter]:
    namespace.deploy()
    made = KubernetesAdapter(namespace.given())
    yield made
    made.close()


def planned(adapter: KubernetesAdapter, action: Action, **parameters: object) -> Change:
    return adapter.plan(action, parameters_for(action, parameters), adapter.observe())


def image(here: Namespace) -> str:
    containers = here.read()["spec"]["template"]["spec"]["containers"]
    return str(containers[0]["image"])


def test_the_revision_before_a_restart_is_the_same_program_so_a_rollback_goes_further(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    namespace.release("shop:2")
    adapter.apply(planned(adapter, Action.RESTART_CONTAINER), FENCE)
    namespace.settle()
    adapter.apply(planned(adapter, Action.ROLLBACK), FENCE)
    namespace.settle()
    assert image(namespace) == "shop:1"


def test_a_revision_that_is_named_is_taken_as_it_is(adapter: KubernetesAdapter, namespace: Namespace) -> None:
    namespace.release("shop:2")
    namespace.release("shop:3")
    change = planned(adapter, Action.ROLLBACK, revision="1")
    assert change.summary == f"roll back to revision 1 of {namespace.name}/checkout (shop:1)"
    assert change.undo_summary == f"go forward again to revision 3 of {namespace.name}/checkout (shop:3)"
    adapter.apply(change, FENCE)
    assert image(namespace) == "shop:1"
    namespace.settle()
    with pytest.raises(ActionImpossible, match=r"no revision '7'.*: 2, 3"):
        planned(adapter, Action.ROLLBACK, revision="7")


def test_a_revision_that_was_cleared_away_after_the_plan_is_not_guessed(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    namespace.release("shop:2")
    change = planned(adapter, Action.ROLLBACK)
    namespace.delete(str(change.forward["replica_set"]), kind="ReplicaSet")
    namespace.settle()
    with pytest.raises(TargetMoved, match="not kept any more"):
        adapter.apply(change, FENCE)


def test_a_revision_that_somebody_rewrote_after_the_plan_is_not_taken(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    namespace.release("shop:2")
    change = planned(adapter, Action.ROLLBACK)
    body = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": "evil:1"}]}}}}
    namespace.patch(body, str(change.forward["replica_set"]), kind="ReplicaSet")
    with pytest.raises(TargetMoved, match="not kept any more"):
        adapter.apply(change, FENCE)
    assert image(namespace) == "shop:2"


def test_what_people_are_shown_has_no_values_of_variables(adapter: KubernetesAdapter, namespace: Namespace) -> None:
    environment = [{"name": "PASSWORD", "value": "battery-staple"}]
    containers = [{"name": "app", "image": "shop:2", "env": environment}]
    namespace.patch({"spec": {"template": {"spec": {"containers": containers}}}})
    namespace.settle()
    change = planned(adapter, Action.ROLLBACK)
    shown = adapter.rehearse(change)
    assert shown.diff == (
        "  spec.template.spec.containers[app].env[PASSWORD].value: (not shown) → (not shown)",
        '  spec.template.spec.containers[app].image: "shop:2" → "shop:1"',
    )
    everything = f"{shown!r} {change.document()!r}"
    assert "battery" not in everything


class TestTracks:
    @pytest.fixture(autouse=True)
    def _tracks(self, namespace: Namespace) -> None:
        namespace.deploy_tracks(sick=f"{NEVER_READY}:1")

    def test_a_selector_moves_everything_or_nothing(self, namespace: Namespace) -> None:
        namespace.make(service("checkout", {"part": "shop", "track": "blue"}))
        adapter = KubernetesAdapter(namespace.given(service="checkout"))
        with pytest.raises(ActionImpossible, match="ask for 100"):
            planned(adapter, Action.TRAFFIC_SHIFT, target="stable", percentage=99)
        change = planned(adapter, Action.TRAFFIC_SHIFT, target="stable", percentage=100)
        assert adapter.rehearse(change).diff == ('  spec.selector.track: "blue" → "stable"',)
        adapter.apply(change, FENCE)
        with pytest.raises(ActionImpossible, match="already"):
            planned(adapter, Action.TRAFFIC_SHIFT, target="stable", percentage=100)
        adapter.close()

    @pytest.mark.parametrize("target", ["sick", "nowhere"])
    def test_traffic_goes_nowhere_where_no_pod_is_ready(self, namespace: Namespace, target: str) -> None:
        namespace.make(service("front", {"part": "shop", "track": "stable"}))
        namespace.make_routes({"stable": 100, "sick": 0, "nowhere": 0})
        for way in ({"service": "front"}, {"route": "checkout"}):
            adapter = KubernetesAdapter(namespace.given(**way))
            with pytest.raises(ActionImpossible, match="no pod is ready"):
                planned(adapter, Action.TRAFFIC_SHIFT, target=target, percentage=100)
            adapter.close()

    def test_a_service_without_tracks_has_none_to_shift_to(self, namespace: Namespace) -> None:
        namespace.make(service("front", {"part": "shop"}))
        adapter = KubernetesAdapter(namespace.given(service="front"))
        with pytest.raises(ActionImpossible, match="has no tracks"):
            planned(adapter, Action.TRAFFIC_SHIFT, target="stable", percentage=100)
        adapter.close()

    def test_the_others_share_the_rest_as_they_did(self, namespace: Namespace) -> None:
        namespace.make_routes({"stable": 1, "blue": 30, "green": 10})
        adapter = KubernetesAdapter(namespace.given(route="checkout"))
        change = planned(adapter, Action.TRAFFIC_SHIFT, target="stable", percentage=60)
        weights = change.forward["weights"]
        assert weights == ((("stable", 6), ("blue", 3), ("green", 1)), ())
        adapter.apply(change, FENCE)
        with pytest.raises(ActionImpossible, match="60 % of the HTTPRoute"):
            planned(adapter, Action.TRAFFIC_SHIFT, target="stable", percentage=60)
        with pytest.raises(ActionImpossible, match="'red' as one of its backends"):
            planned(adapter, Action.TRAFFIC_SHIFT, target="red", percentage=60)
        adapter.close()

    def test_a_cluster_without_the_route_can_shift_nothing(self, namespace: Namespace) -> None:
        adapter = KubernetesAdapter(namespace.given(route="elsewhere"))
        with pytest.raises(ActionImpossible, match="is not in the cluster"):
            planned(adapter, Action.TRAFFIC_SHIFT, target="stable")
        adapter.close()
