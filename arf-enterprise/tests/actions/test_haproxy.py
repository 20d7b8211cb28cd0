# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The adapter for HAProxy, on a real one before real services: the contract three times, and stories of its own."""

from __future__ import annotations

import json
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.models.action import Action, parameters_for
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Adapter, Change, Given, Progress
from arf_enterprise.actions.haproxy import HaproxyAdapter
from arf_enterprise.actions.haproxy_api import Counts
from arf_enterprise.actions.haproxy_plan import error_shares, shifted
from arf_enterprise.actions.testing import FENCE, AdapterContract, Case
from arf_enterprise.errors import (
    ActionImpossible,
    RehearsalFailed,
    SettingError,
    TargetMoved,
    TargetRefused,
    TargetUnavailable,
)
from lib.servers import service
from lib.servers.haproxy import Proxied, haproxy
from lib.servers.processes import Served, free_port, serving

pytestmark = pytest.mark.promise("EXE-6")


@dataclass(frozen=True, slots=True)
class World:
    """Three services; two of them are servers of the backend, the third is a spare."""

    proxied: Proxied
    services: dict[str, Served]

    @property
    def given(self) -> Given:
        settings = {
            "socket": str(self.proxied.socket),
            "backend": self.proxied.backend,
            "spares": {"c": f"127.0.0.1:{self.services['c'].port}"},
            "groups": {"green": ["b"]},
            "look_s": 0.2,
            "timeout_s": 1,
        }
        return Given(component="shop", settings=FrozenMap(settings))

    def fault(self, name: str, **faults: object) -> None:
        body = json.dumps({**service.NONE, **faults}).encode()
        urllib.request.urlopen(f"{self.services[name].url}/fault", data=body, timeout=5).close()  # noqa: S310 - our own http URL

    def ask(self, times: int) -> Counter[int]:
        """Statuses of so many requests through HAProxy."""
        found: Counter[int] = Counter()
        for _ in range(times):
            try:
                with urllib.request.urlopen(self.proxied.url, timeout=5) as answer:  # noqa: S310 - as above
                    found[answer.status] += 1
            except urllib.error.HTTPError as error:
                found[error.code] += 1
                error.close()
        return found

    def asked(self) -> dict[str, int]:
        """How many requests each service says that it had."""
        return {name: _asked(served) for name, served in self.services.items()}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    folder = tmp_path_factory.mktemp("services")
    release = service.write_release(folder, "r1")
    with ExitStack() as stack:
        made = {}
        for name in ("a", "b", "c"):
            port = free_port()
            command = [sys.executable, "-S", service.__file__, "--port", str(port), "--release", str(release)]
            made[name] = stack.enter_context(serving(command, folder / f"{name}.log", port=port, path="/health"))
        yield made


@pytest.fixture
def world(tmp_path: Path, services: dict[str, Served]) -> Iterator[World]:
    with haproxy(tmp_path, servers={name: services[name].port for name in ("a", "b")}) as proxied:
        made = World(proxied, services)
        for name in services:
            made.fault(name)
        yield made


@dataclass(slots=True)
class _Case:
    world: World
    action: Action
    parameters: FrozenMap
    kind: type[Adapter] = HaproxyAdapter
    patience_s: float = 4.0
    secrets: tuple[str, ...] = field(default=())

    @property
    def given(self) -> Given:
        return self.world.given

    @property
    def refused(self) -> Given | None:
        """A socket of level user: HAProxy has no other credentials."""
        return replace(self.given, settings=FrozenMap({**self.given.settings, "socket": str(_user(self.world))}))

    def settle(self) -> None:
        """Each command is done when it is answered."""

    def effects(self) -> object:
        lines = self.world.proxied.ask("show servers state").splitlines()
        rows = [line.split() for line in lines if line and line[0].isdigit()]
        return [row[3:5] + row[6:9] + row[18:19] for row in rows if len(row) > 18]

    def move(self) -> None:
        self.world.proxied.ask("set weight shop/a 7")

    def take_away(self) -> None:
        self.world.proxied.ask("set server shop/a state maint; set server shop/b state maint")

    def frozen(self) -> AbstractContextManager[None]:
        return self.world.proxied.frozen()

    def kill(self) -> None:
        self.world.proxied.kill()


class TestTrafficShift(AdapterContract):
    @pytest.fixture
    def case(self, world: World) -> Case:
        return _Case(world, Action.TRAFFIC_SHIFT, FrozenMap({"percentage": 90, "target": "green"}))


class TestCircuitBreaker(AdapterContract):
    @pytest.fixture
    def case(self, world: World) -> Iterator[Case]:
        world.fault("a", errors=1.0)
        with _asking(world):
            yield _Case(world, Action.CIRCUIT_BREAKER, FrozenMap({"threshold": 0.5, "timeout": 60}))


class TestScaleOut(AdapterContract):
    @pytest.fixture
    def case(self, world: World) -> Case:
        return _Spared(world, Action.SCALE_OUT, FrozenMap({"scale_factor": 2}))


@dataclass(slots=True)
class _Spared(_Case):
    """As many spares as there are servers: to double them."""

    @property
    def given(self) -> Given:
        spares = dict.fromkeys(("c", "d"), f"127.0.0.1:{self.world.services['c'].port}")
        return replace(self.world.given, settings=FrozenMap({**self.world.given.settings, "spares": spares}))


@pytest.fixture
def adapter(world: World) -> HaproxyAdapter:
    return HaproxyAdapter(world.given)


def planned(adapter: HaproxyAdapter, action: Action, **parameters: object) -> Change:
    return adapter.plan(action, parameters_for(action, parameters), adapter.observe())


def test_traffic_really_goes_where_it_was_shifted_and_comes_back(world: World, adapter: HaproxyAdapter) -> None:
    change = planned(adapter, Action.TRAFFIC_SHIFT, target="b", percentage=75)
    adapter.apply(change, FENCE)
    before = world.asked()
    world.ask(40)
    after = world.asked()
    assert abs(after["b"] - before["b"] - 30) <= 1, "three of four, but for where HAProxy's round begins"
    adapter.revert(change, FENCE)
    world.ask(40)
    assert abs(world.asked()["a"] - after["a"] - 20) <= 1


def test_all_traffic_can_be_shifted_and_the_rest_keeps_its_proportions() -> None:
    assert shifted({"a": 10, "b": 20, "c": 30}, frozenset({"c"}), 100) == {"a": 0, "b": 0, "c": 256}
    assert shifted({"a": 10, "b": 20, "c": 0}, frozenset({"c"}), 25) == {"a": 128, "b": 256, "c": 128}


@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 256), min_size=2, max_size=8),
    st.integers(1, 100),
    st.data(),
)
@settings(max_examples=200, deadline=None)
def test_shifted_weights_can_be_set_and_give_the_share(
    weights: dict[str, int], percentage: int, data: st.DataObject
) -> None:
    target = frozenset(data.draw(st.lists(st.sampled_from(sorted(weights)), min_size=1, max_size=len(weights) - 1)))
    new = shifted(weights, target, percentage)
    assert set(new) == set(weights)
    assert all(0 <= weight <= 256 for weight in new.values())
    assert max(new.values()) == 256
    share = 100 * sum(new[name] for name in target) / sum(new.values())
    assert abs(share - percentage) < 3, "whole weights of at least 1"


def test_shifting_to_where_it_is_already_or_to_nobody_is_impossible(adapter: HaproxyAdapter) -> None:
    for target, percentage, says in (
        ("b", 50, "has 50 % of the weight already"),
        ("nobody", 60, "nobody is no server here"),
        ("b; set weight shop/a 0", 60, "is no server here"),
    ):
        with pytest.raises(ActionImpossible, match=says):
            planned(adapter, Action.TRAFFIC_SHIFT, target=target, percentage=percentage)


@pytest.mark.promise("EXE-4")
def test_traffic_is_not_shifted_to_a_server_that_is_down(world: World, tmp_path: Path) -> None:
    with haproxy(tmp_path, servers={"a": world.services["a"].port, "dead": free_port()}) as proxied:
        other = HaproxyAdapter(
            replace(world.given, settings=FrozenMap({**world.given.settings, "socket": str(proxied.socket)}))
        )
        _await(lambda: other.observe().vitals.ready == 1)
        with pytest.raises(ActionImpossible, match="none of dead is up"):
            planned(other, Action.TRAFFIC_SHIFT, target="dead", percentage=60)


def test_a_failing_server_is_taken_out_and_no_request_fails_any_more(world: World, adapter: HaproxyAdapter) -> None:
    world.fault("a", errors=1.0)
    adapter.observe()
    assert world.ask(10)[500] == 5
    change = planned(adapter, Action.CIRCUIT_BREAKER, timeout=120)
    assert change.forward["timeout_s"] == 120
    assert change.instances == 1
    adapter.apply(change, FENCE)
    assert world.ask(10) == {200: 10}
    assert adapter.observe().vitals.ready == 2, "it is still there, and still checked"


def test_the_last_server_is_never_taken_out(world: World, adapter: HaproxyAdapter) -> None:
    for name in ("a", "b"):
        world.fault(name, errors=1.0)
    adapter.observe()
    world.ask(10)
    with pytest.raises(ActionImpossible, match="every server that takes traffic fails"):
        planned(adapter, Action.CIRCUIT_BREAKER)


def test_without_errors_or_without_requests_no_circuit_is_broken(world: World) -> None:
    for requests in (0, 6):
        adapter = HaproxyAdapter(world.given)
        adapter.observe()
        world.ask(requests)
        with pytest.raises(ActionImpossible, match="no server had more than"):
            planned(adapter, Action.CIRCUIT_BREAKER)


def test_counters_that_began_anew_are_no_errors() -> None:
    old, new = Counts(requests=90, errors=80, rate=0), Counts(requests=2, errors=2, rate=0)
    assert error_shares({"a": old, "BACKEND": old}, {"a": new, "BACKEND": new}) == {}


def test_a_spare_is_added_takes_traffic_and_is_removed_although_it_was_used(world: World) -> None:
    case = _Spared(world, Action.SCALE_OUT, FrozenMap())
    adapter = HaproxyAdapter(case.given)
    change = planned(adapter, Action.SCALE_OUT, scale_factor=2)
    adapter.apply(change, FENCE)
    before = world.asked()["c"]
    assert world.ask(8) == {200: 8}
    assert world.asked()["c"] - before == 4
    adapter.revert(change, FENCE)
    assert adapter.observe().digest == change.before.digest
    assert world.ask(8) == {200: 8}


def test_a_server_with_a_request_under_way_is_removed_in_the_end(world: World) -> None:
    case = _Spared(world, Action.SCALE_OUT, FrozenMap())
    adapter = HaproxyAdapter(case.given)
    change = planned(adapter, Action.SCALE_OUT, scale_factor=2)
    adapter.apply(change, FENCE)
    world.fault("c", latency_ms=800)
    with _asking(world):
        _await(lambda: adapter.observe().vitals.ready == 4)
        time.sleep(0.3)
        adapter.revert(change, FENCE)
    assert adapter.observe().digest == change.before.digest


def test_a_server_whose_request_never_ends_is_removed_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("arf_enterprise.actions.haproxy.DRAIN_S", 0.5)
    adapter = HaproxyAdapter(_Spared(world, Action.SCALE_OUT, FrozenMap()).given)
    change = planned(adapter, Action.SCALE_OUT, scale_factor=2)
    adapter.apply(change, FENCE)
    world.fault("c", latency_ms=4000)
    with _asking(world):
        time.sleep(0.5)
        start = time.monotonic()
        adapter.revert(change, FENCE)
        assert time.monotonic() - start < 3.5, "it waited for the request"
    assert adapter.observe().digest == change.before.digest


@pytest.mark.promise("EXE-3")
def test_a_rehearsal_fails_where_the_change_would(world: World, adapter: HaproxyAdapter) -> None:
    nobody = {"c": f"127.0.0.1:{free_port()}", "d": f"127.0.0.1:{free_port()}"}
    changed = HaproxyAdapter(replace(world.given, settings=FrozenMap({**world.given.settings, "spares": nobody})))
    with pytest.raises(RehearsalFailed, match="does not answer"):
        changed.rehearse(planned(changed, Action.SCALE_OUT))
    change = planned(adapter, Action.TRAFFIC_SHIFT, target="b", percentage=60)
    reader = HaproxyAdapter(
        replace(world.given, settings=FrozenMap({**world.given.settings, "socket": str(_user(world))}))
    )
    with pytest.raises(RehearsalFailed, match="level user"):
        reader.rehearse(change)
    with pytest.raises(TargetRefused, match="Permission denied"):
        reader.apply(change, FENCE)


@pytest.mark.promise("EXE-3")
def test_a_balance_that_takes_no_weights_is_found_out_by_the_rehearsal(world: World, tmp_path: Path) -> None:
    ports = {name: served.port for name, served in world.services.items()}
    with haproxy(tmp_path, servers=ports, balance="static-rr") as proxied:
        changed = FrozenMap({**world.given.settings, "socket": str(proxied.socket), "spares": {}})
        adapter = HaproxyAdapter(replace(world.given, settings=changed))
        change = planned(adapter, Action.TRAFFIC_SHIFT, target="b", percentage=60)
        with pytest.raises(RehearsalFailed, match="static-rr"):
            adapter.rehearse(change)
        with pytest.raises(TargetRefused, match="static LB algorithm"):
            adapter.apply(change, FENCE)


@pytest.mark.promise("EXE-5")
def test_what_somebody_else_set_after_the_change_is_not_set_back(world: World, adapter: HaproxyAdapter) -> None:
    change = planned(adapter, Action.TRAFFIC_SHIFT, target="b", percentage=60)
    adapter.apply(change, FENCE)
    world.proxied.ask("set weight shop/a 3")
    assert adapter.progress(change, adapter.observe()) is Progress.OTHER
    with pytest.raises(TargetMoved, match="a has weight 3 now"):
        adapter.revert(change, FENCE)
    assert "3 (initial 100)" in world.proxied.ask("get weight shop/a")


def test_a_change_that_was_tampered_with_in_the_database_sends_no_command(adapter: HaproxyAdapter) -> None:
    change = planned(adapter, Action.TRAFFIC_SHIFT, target="b", percentage=60)
    evil = {"a/x; set server shop/b state maint; set weight shop/a": {"weight": 1}}
    forged = replace(change, forward=FrozenMap({**change.forward, "to": evil}))
    with pytest.raises(ActionImpossible, match="no name that HAProxy could have"):
        adapter.apply(forged, FENCE)
    assert adapter.observe().digest == change.before.digest


@pytest.mark.promise("EXE-4")
def test_vitals_tell_the_share_of_traffic(world: World) -> None:
    only_a = HaproxyAdapter(replace(world.given, settings=FrozenMap({**world.given.settings, "servers": ["a"]})))
    assert only_a.observe().vitals.document() == {"exists": True, "wanted": 1, "ready": 1, "traffic": 0.5}
    world.proxied.ask("set weight shop/a 0")
    assert only_a.observe().vitals.traffic == 0.0


def test_a_backend_that_is_not_there_does_not_exist(world: World) -> None:
    other = HaproxyAdapter(replace(world.given, settings=FrozenMap({**world.given.settings, "backend": "none"})))
    assert not other.observe().vitals.exists
    with pytest.raises(ActionImpossible, match="no servers"):
        planned(other, Action.CIRCUIT_BREAKER)


def test_what_is_no_haproxy_is_unavailable(world: World, tmp_path: Path) -> None:
    for path, error in ((tmp_path / "none", TargetUnavailable), (world.proxied.socket.parent, TargetUnavailable)):
        adapter = HaproxyAdapter(
            replace(world.given, settings=FrozenMap({**world.given.settings, "socket": str(path)}))
        )
        with pytest.raises(error):
            adapter.observe()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"backend": "shop; shutdown"}, "a name of letters"),
        ({"backend": "shop\nshow"}, "a name of letters"),
        ({"servers": ["a b"]}, "a name of letters"),
        ({"spares": {"c": "127.0.0.1:80 weight 0"}}, "IPv4"),
        ({"spares": {"c;x": "127.0.0.1:80"}}, "a name of letters"),
        ({"spares": {"c": "127.0.0.1:99999"}}, "no such port"),
        ({"groups": {"green": "a"}}, "a list of servers"),
        ({"socket": "relative"}, "absolute path"),
        ({"look_s": 99}, "seconds from"),
        ({"surprise": 1}, "unknown key"),
    ],
)
def test_settings_that_cannot_work_are_refused(change: dict[str, object], says: str) -> None:
    settings = {"socket": "/run/haproxy", "backend": "shop", **change}
    with pytest.raises(SettingError, match=says):
        HaproxyAdapter(Given(component="shop", settings=FrozenMap(settings)))


def _user(world: World) -> Path:
    return world.proxied.user_socket


def _asked(served: Served) -> int:
    with urllib.request.urlopen(f"{served.url}/metrics", timeout=5) as answer:  # noqa: S310 - as above
        lines = answer.read().decode().splitlines()
    return sum(int(line.rpartition(" ")[2]) for line in lines if line.startswith("http_requests_total"))


@contextmanager
def _asking(world: World) -> Iterator[None]:
    """Requests all the time, a few at once, until the block ends."""
    over = threading.Event()

    def ask() -> None:
        while not over.wait(0.02):
            with suppress(OSError, HTTPException):
                world.ask(1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _await(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)
