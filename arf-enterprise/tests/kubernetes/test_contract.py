# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The contract of all adapters (``actions.testing``), for each kind of change, on a real control plane.

All with the rights of docs/kubernetes.md and no others. A connection is the one thing a case may not keep over a kill.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Adapter, Given
from arf_enterprise.actions.kubernetes import KubernetesAdapter
from arf_enterprise.actions.testing import AdapterContract, Case
from lib.servers.kubernetes_manifests import route, service
from lib.servers.kubernetes_namespace import Namespace

pytestmark = pytest.mark.promise("EXE-6")


@dataclass(kw_only=True)
class OnKubernetes:
    """A deployment ``checkout``, well, and one change of it; what a second writer does differs."""

    namespace: Namespace
    action: Action
    parameters: FrozenMap
    second: Callable[[], object]
    thief: Callable[[], object]
    given: Given
    kind: type[Adapter] = KubernetesAdapter
    patience_s: float = 20

    @property
    def refused(self) -> Given:
        return Given(component="checkout", settings=self.given.settings, credentials={"token": "0" * 32})

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.given.credentials["token"], "0" * 32, "correct-horse-battery")

    def move(self) -> None:
        self.second()

    def take_away(self) -> None:
        self.thief()

    def settle(self) -> None:
        self.namespace.settle("checkout")

    def effects(self) -> object:
        return self.namespace.effects()

    def frozen(self) -> AbstractContextManager[None]:
        return self.namespace.plane.frozen()

    def kill(self) -> None:
        self.namespace.plane.kill()


def restart(here: Namespace) -> OnKubernetes:
    here.deploy()
    return _case(here, Action.RESTART_CONTAINER, {}, move=lambda: here.change_image("shop:3"), take_away=here.delete)


def scale(here: Namespace) -> OnKubernetes:
    here.deploy()
    return _case(here, Action.SCALE_OUT, {"scale_factor": 2}, move=_scaled(here, 3), take_away=_scaled(here, 0))


def roll_back(here: Namespace) -> OnKubernetes:
    here.deploy()
    here.release("shop:2")
    return _case(here, Action.ROLLBACK, {}, move=lambda: here.change_image("shop:3"), take_away=here.delete)


def shift_selector(here: Namespace) -> OnKubernetes:
    here.deploy_tracks(canary="shop:2")
    here.make(service("checkout", {"part": "shop", "track": "stable"}))
    to = {"target": "canary", "percentage": 100}

    def move() -> None:
        here.patch({"spec": {"selector": {"track": "dark"}}}, kind="Service")

    return _case(here, Action.TRAFFIC_SHIFT, to, move=move, take_away=_scaled(here, 0), service="checkout")


def shift_weights(here: Namespace) -> OnKubernetes:
    here.deploy_tracks(canary="shop:2")
    here.make_routes({"stable": 90, "canary": 10})
    to = {"target": "canary", "percentage": 50}

    def move() -> None:
        here.patch({"spec": route({"stable": 80, "canary": 20})["spec"]}, kind="HTTPRoute")

    return _case(here, Action.TRAFFIC_SHIFT, to, move=move, take_away=_scaled(here, 0), route="checkout")


@pytest.mark.parametrize("made", [restart, scale, roll_back, shift_selector, shift_weights])
class TestKubernetes(AdapterContract):
    @pytest.fixture
    def case(self, namespace: Namespace, made: Callable[[Namespace], Case]) -> Case:
        return made(namespace)


def _case(
    here: Namespace,
    action: Action,
    parameters: Mapping[str, object],
    *,
    move: Callable[[], object],
    take_away: Callable[[], object],
    **settings: str,
) -> OnKubernetes:
    given = here.given(timeout_s=2, **settings)
    changed = FrozenMap(parameters)
    return OnKubernetes(namespace=here, action=action, parameters=changed, second=move, thief=take_away, given=given)


def _scaled(here: Namespace, replicas: int) -> Callable[[], object]:
    return lambda: here.patch({"spec": {"replicas": replicas}})
