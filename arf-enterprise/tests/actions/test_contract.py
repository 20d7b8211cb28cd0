# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The contract bites: for each rule, an adapter on a real HAProxy that breaks it, and is found out."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Adapter, Change, Fence, Given, Observation, Progress, Rehearsal
from arf_enterprise.actions.haproxy import HaproxyAdapter
from arf_enterprise.actions.testing import AdapterContract, Case
from arf_enterprise.errors import TargetUnavailable
from lib.servers import service
from lib.servers.haproxy import Proxied, haproxy
from lib.servers.processes import free_port, serving

pytestmark = pytest.mark.promise("EXE-6")
PLANTED = "planted-password"


class _Sound:
    """The real adapter; each class below breaks one thing of it."""

    name: ClassVar[str] = "haproxy"
    actions: ClassVar[frozenset[Action]] = HaproxyAdapter.actions

    def __init__(self, given: Given) -> None:
        self.inner = HaproxyAdapter(given)

    def observe(self) -> Observation:
        return self.inner.observe()

    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:
        return self.inner.plan(action, parameters, observed)

    def rehearse(self, change: Change) -> Rehearsal:
        return self.inner.rehearse(change)

    def apply(self, change: Change, fence: Fence) -> None:
        self.inner.apply(change, fence)

    def revert(self, change: Change, fence: Fence) -> None:
        self.inner.revert(change, fence)

    def progress(self, change: Change, observed: Observation) -> Progress:
        return self.inner.progress(change, observed)

    def close(self) -> None:
        self.inner.close()

    def write(self, change: Change) -> None:
        """Write it, whatever the state is."""
        self.inner._api.write(*(f"set weight shop/{name} {weight}" for name, weight in _weights(change)))


def _weights(change: Change) -> Iterator[tuple[str, object]]:
    to = change.forward["to"]
    assert isinstance(to, FrozenMap)
    for name, keys in to.items():
        assert isinstance(keys, FrozenMap)
        yield name, keys["weight"]


class MovesByItself(_Sound):
    def observe(self) -> Observation:
        found = self.inner.observe()
        return replace(found, state=FrozenMap({**found.state, "uptime": time.monotonic_ns() % 2**52}))


class RehearsesForReal(_Sound):
    def rehearse(self, change: Change) -> Rehearsal:
        found = self.inner.rehearse(change)
        self.write(change)
        return found


class NeverUndoes(_Sound):
    def revert(self, change: Change, fence: Fence) -> None:
        pass


class SaysNothingAboutUndoing(_Sound):
    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:
        return replace(self.inner.plan(action, parameters, observed), undo_summary=None)


class AppliesAgain(_Sound):
    def apply(self, change: Change, fence: Fence) -> None:  # noqa: ARG002 - the seam's
        self.write(replace(change, forward=_more(self.observe(), change)))


class Overwrites(_Sound):
    def apply(self, change: Change, fence: Fence) -> None:  # noqa: ARG002 - the seam's
        self.write(change)


class Forgets(_Sound):
    def progress(self, change: Change, observed: Observation) -> Progress:  # noqa: ARG002 - the seam's
        return Progress.NOT_APPLIED


class WaitsForEver(_Sound):
    def __init__(self, given: Given) -> None:
        super().__init__(replace(given, settings=FrozenMap({**given.settings, "timeout_s": 5})))


class TellsItsSecret(_Sound):
    def observe(self) -> Observation:
        try:
            return self.inner.observe()
        except TargetUnavailable as error:
            raise TargetUnavailable(f"{error} (password {PLANTED})") from error


class IgnoresRefusals(_Sound):
    def apply(self, change: Change, fence: Fence) -> None:
        pass


class PlansAnything(_Sound):
    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:  # noqa: ARG002 - the seam's
        known = FrozenMap({"percentage": 90, "target": "b"})
        return self.inner.plan(Action.TRAFFIC_SHIFT, known, observed)


class AlwaysWell(_Sound):
    def observe(self) -> Observation:
        found = self.inner.observe()
        return replace(found, vitals=replace(found.vitals, ready=found.vitals.wanted))


class ShowsItsSecret(_Sound):
    def __repr__(self) -> str:
        return f"ShowsItsSecret({PLANTED})"


def _more(now: Observation, change: Change) -> FrozenMap:
    servers = now.state["servers"]
    assert isinstance(servers, FrozenMap)
    less = {name: {"weight": int(str(at["weight"])) // 2} for name, at in servers.items() if isinstance(at, FrozenMap)}
    return FrozenMap({**change.forward, "to": less})


@dataclass(slots=True)
class _Case:
    proxied: Proxied
    kind: type[Adapter]
    action: Action = Action.TRAFFIC_SHIFT
    parameters: FrozenMap = FrozenMap({"percentage": 90, "target": "b"})  # noqa: RUF009 - it is frozen
    secrets: tuple[str, ...] = (PLANTED,)
    patience_s: float = 3.0

    @property
    def given(self) -> Given:
        settings = {"socket": str(self.proxied.socket), "backend": "shop", "timeout_s": 1}
        return Given(component="shop", settings=FrozenMap(settings))

    @property
    def refused(self) -> Given | None:
        return replace(self.given, settings=FrozenMap({**self.given.settings, "socket": str(self.proxied.user_socket)}))

    def settle(self) -> None:
        pass

    def effects(self) -> object:
        return [self.proxied.ask(f"get weight shop/{name}") for name in "ab"]

    def move(self) -> None:
        self.proxied.ask("set weight shop/a 7")

    def take_away(self) -> None:
        self.proxied.ask("set server shop/a state maint; set server shop/b state maint")

    def frozen(self) -> AbstractContextManager[None]:
        return self.proxied.frozen()

    def kill(self) -> None:
        self.proxied.kill()


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    folder, made = tmp_path_factory.mktemp("services"), {name: free_port() for name in "ab"}
    release = service.write_release(folder, "r1")
    with ExitStack() as stack:
        for name, port in made.items():
            command = [sys.executable, "-S", service.__file__, "--port", str(port), "--release", str(release)]
            stack.enter_context(serving(command, folder / f"{name}.log", port=port, path="/health"))
        yield made


@pytest.fixture
def proxied(tmp_path: Path, ports: dict[str, int]) -> Iterator[Proxied]:
    with haproxy(tmp_path, servers=ports) as running:
        yield running


_RULES = AdapterContract()


BROKEN: list[tuple[type[Adapter], Callable[[Case], None], str]] = [
    (MovesByItself, _RULES.test_observing_twice_gives_the_same_digest, "moved by itself"),
    (RehearsesForReal, _RULES.test_a_rehearsal_changes_nothing_and_shows_both_directions, "had effects"),
    (SaysNothingAboutUndoing, _RULES.test_a_change_has_an_inverse_or_says_why_it_has_none, "not told"),
    (NeverUndoes, _RULES.test_a_change_is_applied_and_undone_and_the_target_shows_each, "not as before"),
    (Forgets, _RULES.test_a_change_is_applied_and_undone_and_the_target_shows_each, "not_applied, not applied"),
    (AppliesAgain, _RULES.test_applying_twice_has_no_second_effect, "a second effect"),
    (NeverUndoes, _RULES.test_reverting_twice_leaves_what_was_there_before, "not as before"),
    (Overwrites, _RULES.test_a_writer_between_plan_and_apply_is_noticed_and_not_overwritten, "it went through"),
    (Forgets, _RULES.test_a_crash_between_apply_and_record_is_read_back, "not_applied, not applied"),
    (IgnoresRefusals, _RULES.test_a_target_that_is_gone_is_unavailable_at_once, "it went through"),
    (WaitsForEver, _RULES.test_a_target_that_hangs_is_given_up_in_time_and_can_be_undone, "to give up"),
    (TellsItsSecret, _RULES.test_a_target_that_is_gone_is_unavailable_at_once, "tells a secret"),
    (IgnoresRefusals, _RULES.test_credentials_that_are_not_accepted_are_a_refusal, "it went through"),
    (PlansAnything, _RULES.test_an_action_that_it_does_not_know_is_impossible, "it went through"),
    (AlwaysWell, _RULES.test_what_was_taken_away_is_not_well, "became"),
    (ShowsItsSecret, _RULES.test_nothing_tells_a_secret, "a secret is shown"),
]


@pytest.mark.parametrize(("kind", "rule", "says"), BROKEN)
def test_an_adapter_that_breaks_a_rule_is_found_out(
    proxied: Proxied, kind: type[Adapter], rule: Callable[[Case], None], says: str
) -> None:
    with pytest.raises(AssertionError, match=says):
        rule(_Case(proxied, kind))


def test_every_rule_is_broken_by_one_of_them() -> None:
    rules = {name for name in vars(AdapterContract) if name.startswith("test_")}
    assert {rule.__name__ for _, rule, _ in BROKEN} == rules
