# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""How it writes: rehearsals leave no trace, nobody is overwritten, a lost run cannot write, no is no."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from arf_core.models.action import Action, parameters_for
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Adapter, Change, Fence, Given, Progress
from arf_enterprise.actions.kubernetes import TRIES, KubernetesAdapter
from arf_enterprise.errors import ActionImpossible, FenceLost, RehearsalFailed, TargetMoved, TargetRefused
from lib.servers.kubernetes_manifests import role
from lib.servers.kubernetes_namespace import Namespace

FENCE = Fence(execution_id="run-7", number=7)


@contextmanager
def opened(what: Given) -> Iterator[KubernetesAdapter]:
    adapter = KubernetesAdapter(what)
    try:
        yield adapter
    finally:
        adapter.close()


@pytest.fixture
def adapter(namespace: Namespace) -> Iterator[KubernetesAdapter]:
    namespace.deploy()
    with opened(namespace.given()) as made:
        yield made


def planned(adapter: Adapter, action: Action = Action.RESTART_CONTAINER, **parameters: object) -> Change:
    return adapter.plan(action, parameters_for(action, parameters), adapter.observe())


def noted_on(here: Namespace) -> Mapping[str, str]:
    found: Mapping[str, str] = here.read()["metadata"]["annotations"]
    return found


def meddled(adapter: KubernetesAdapter, meddle: Callable[[], object], *, times: int = 1) -> None:
    """Somebody else writes between what ``adapter`` reads and what it writes, the first ``times`` times."""
    patch, left = adapter._api.patch, iter(range(times))

    def after_somebody(path: str, body: Mapping[str, Any], *, dry_run: bool) -> dict[str, Any] | None:
        if next(left, None) is not None:
            meddle()
        return patch(path, body, dry_run=dry_run)

    adapter._api.patch = after_somebody  # type: ignore[method-assign]


@pytest.mark.promise("EXE-3")
def test_a_rehearsal_changes_nothing_and_the_servers_own_log_shows_that_each_write_was_a_dry_run(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    before = namespace.read()
    rehearsed = adapter.rehearse(planned(adapter, Action.SCALE_OUT, scale_factor=3))
    assert rehearsed.diff == ("  spec.replicas: 2 → 6",)
    assert rehearsed.undo_diff == ("  spec.replicas: 6 → 2",)
    assert namespace.read() == before
    writes = [each["requestURI"] for each in namespace.audited("arf") if each["verb"] not in {"get", "list"}]
    assert len(writes) == 2
    assert all("dryRun=All" in uri for uri in writes)


def test_a_change_is_one_write_that_says_which_run_and_which_hold_made_it(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    adapter.apply(planned(adapter), FENCE)
    writes = [each["requestURI"] for each in namespace.audited("arf") if each["verb"] not in {"get", "list"}]
    assert [("dryRun" in uri, "fieldManager=arf-enterprise" in uri) for uri in writes] == [(False, True)]
    noted = noted_on(namespace)
    assert (noted["arf.dev/execution"], noted["arf.dev/fence"]) == ("run-7", "7")


def test_a_write_of_somebody_else_that_changes_nothing_of_the_plan_does_not_stop_it(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    change = planned(adapter)
    meddled(adapter, lambda: namespace.patch({"metadata": {"labels": {"seen": "today"}}}))
    adapter.apply(change, FENCE)
    assert adapter.progress(change, adapter.observe()) is Progress.APPLIED
    assert namespace.read()["metadata"]["labels"]["seen"] == "today"


def test_a_write_of_somebody_else_between_reading_and_writing_is_noticed_and_kept(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    change = planned(adapter, Action.SCALE_OUT)
    meddled(adapter, lambda: namespace.patch({"spec": {"replicas": 3}}))
    with pytest.raises(TargetMoved, match="nothing was written"):
        adapter.apply(change, FENCE)
    assert namespace.read()["spec"]["replicas"] == 3
    assert "arf.dev/fence" not in noted_on(namespace)


def test_a_deployment_that_is_written_all_the_time_is_given_up_without_a_change(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    change, numbers = planned(adapter, Action.SCALE_OUT), iter(range(100))
    meddled(
        adapter,
        lambda: namespace.patch({"metadata": {"labels": {"seen": f"n{next(numbers)}"}}}),
        times=TRIES,
    )
    with pytest.raises(TargetMoved, match="somebody else each of 5 times"):
        adapter.apply(change, FENCE)
    assert namespace.read()["spec"]["replicas"] == 2


def test_one_that_was_deleted_and_made_again_is_another_one(adapter: KubernetesAdapter, namespace: Namespace) -> None:
    change = planned(adapter)
    namespace.delete()
    namespace.settle()
    namespace.deploy()
    with pytest.raises(TargetMoved):
        adapter.apply(change, FENCE)


def test_one_that_is_gone_between_reading_and_writing_has_moved(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    change = planned(adapter)
    meddled(adapter, namespace.delete)
    with pytest.raises(TargetMoved, match="not there any more"):
        adapter.apply(change, FENCE)


def test_a_server_that_lost_its_hold_can_neither_apply_nor_undo(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    change = planned(adapter, Action.SCALE_OUT)
    adapter.apply(change, FENCE)
    namespace.patch({"metadata": {"annotations": {"arf.dev/execution": "run-8", "arf.dev/fence": "8"}}})
    with pytest.raises(FenceLost, match=r"run-8 holds it with fence 8, this one has 7"):
        adapter.revert(change, FENCE)
    assert namespace.read()["spec"]["replicas"] == 4
    adapter.revert(change, Fence(execution_id="run-9", number=9))
    with pytest.raises(FenceLost):
        adapter.apply(change, FENCE)
    with pytest.raises(FenceLost):
        adapter.apply(change, Fence(execution_id="another", number=9))
    assert namespace.read()["spec"]["replicas"] == 2


@pytest.mark.parametrize("fence", ["many", "", "-1", "9" * 5000])
def test_a_fence_that_cannot_be_read_is_not_taken_for_none(
    adapter: KubernetesAdapter, namespace: Namespace, fence: str
) -> None:
    change = planned(adapter)
    namespace.patch({"metadata": {"annotations": {"arf.dev/fence": fence}}})
    with pytest.raises(FenceLost, match="is no number"):
        adapter.apply(change, FENCE)


@pytest.mark.promise("EXE-2")
def test_a_write_still_under_way_when_the_run_was_given_up_never_lands(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    change = planned(adapter, Action.SCALE_OUT)
    with opened(namespace.given()) as successor:
        meddled(adapter, lambda: successor.revert(change, Fence(execution_id="run-7", number=8)))
        with pytest.raises(FenceLost):
            adapter.apply(change, FENCE)
        assert successor.progress(change, successor.observe()) is Progress.NOT_APPLIED


def test_who_may_only_read_is_refused_with_the_right_that_lacks(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    change, before = planned(adapter), namespace.effects()
    for manifest in role(
        "reader", {"apps": ("deployments", "replicasets"), "autoscaling": ("horizontalpodautoscalers",)}
    ):
        namespace.make(manifest)
    with opened(namespace.given(user="reader")) as reader:
        assert reader.progress(change, reader.observe()) is Progress.NOT_APPLIED
        with pytest.raises(RehearsalFailed, match='cannot patch resource "deployments"'):
            reader.rehearse(change)
        with pytest.raises(TargetRefused, match=r'403 .*"reader" cannot patch resource "deployments"'):
            reader.apply(change, FENCE)
    assert namespace.effects() == before


def test_who_cannot_see_whether_an_autoscaler_owns_the_replicas_is_refused(namespace: Namespace) -> None:
    namespace.deploy()
    for manifest in role("reader", {"apps": ("deployments", "replicasets")}):
        namespace.make(manifest)
    with (
        opened(namespace.given(user="reader")) as reader,
        pytest.raises(TargetRefused, match="horizontalpodautoscalers"),
    ):
        reader.observe()


def test_what_admission_would_refuse_fails_the_rehearsal_in_its_own_words(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    change = planned(adapter, Action.SCALE_OUT, scale_factor=10)
    namespace.forbid(unless="object.spec.replicas <= 3", message="three at most here")
    with pytest.raises(RehearsalFailed, match="three at most here"):
        adapter.rehearse(change)
    with pytest.raises(TargetRefused, match="three at most here"):
        adapter.apply(change, FENCE)
    assert adapter.rehearse(planned(adapter)).diff, "what it does not forbid is possible"


def test_what_the_cluster_would_make_something_else_of_fails_the_rehearsal(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    change = planned(adapter, Action.SCALE_OUT)
    namespace.alter(to="Object{spec: Object.spec{replicas: 3}}")
    with pytest.raises(RehearsalFailed, match="something else of scale than was asked for"):
        adapter.rehearse(change)


def test_a_plan_for_what_changed_meanwhile_is_refused(adapter: KubernetesAdapter, namespace: Namespace) -> None:
    observed = adapter.observe()
    namespace.change_image("shop:9")
    with pytest.raises(TargetMoved):
        adapter.plan(Action.SCALE_OUT, parameters_for(Action.SCALE_OUT, {}), observed)


def test_a_plan_made_twice_is_the_same_to_the_byte(adapter: KubernetesAdapter) -> None:
    assert planned(adapter).digest == planned(adapter).digest


def test_status_and_annotations_of_others_are_no_change_of_the_state(
    adapter: KubernetesAdapter, namespace: Namespace
) -> None:
    before = adapter.observe()
    namespace.patch({"metadata": {"annotations": {"note": "looked at"}}})
    after = adapter.observe()
    assert (after.digest, after.version) != (before.digest, before.version)
    assert after.digest == before.digest


@pytest.mark.parametrize(
    ("action", "parameters", "why"),
    [
        (Action.SCALE_OUT, {"scale_factor": 1}, "has 2 replicas"),
        (Action.SCALE_OUT, {"resource_profile": "large"}, "no profile here"),
        (Action.RESTART_CONTAINER, {"container_id": "sidecar"}, "has no container 'sidecar'"),
        (Action.ROLLBACK, {}, "no revision 'previous'"),
        (Action.TRAFFIC_SHIFT, {"target": "canary"}, "neither a route nor a Service"),
    ],
)
def test_what_means_nothing_there_is_impossible(
    adapter: KubernetesAdapter, action: Action, parameters: dict[str, object], why: str
) -> None:
    with pytest.raises(ActionImpossible, match=why):
        planned(adapter, action, **parameters)


def test_nothing_can_be_done_to_what_is_paused_or_not_there(adapter: KubernetesAdapter, namespace: Namespace) -> None:
    namespace.patch({"spec": {"paused": True}})
    with pytest.raises(ActionImpossible, match="is paused"):
        planned(adapter)
    namespace.delete()
    assert adapter.observe().state == FrozenMap({"exists": False})
    with pytest.raises(ActionImpossible, match="not there"):
        planned(adapter)
