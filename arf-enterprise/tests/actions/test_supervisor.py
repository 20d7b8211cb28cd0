# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The adapter for supervisord, on a real one with a real service: the contract three times, and stories of its own."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from arf_core.models.action import Action, parameters_for
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Adapter, Change, Given
from arf_enterprise.actions.supervisor import SupervisorAdapter
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
from lib.servers.processes import free_port
from lib.servers.supervisord import program, supervisord
from lib.supervised import World, supervised

pytestmark = pytest.mark.promise("EXE-6")
WRONG = "wrong-password-that-must-not-be-told"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with supervised(tmp_path) as made:
        yield made


@dataclass(slots=True)
class _Case:
    world: World
    action: Action
    parameters: FrozenMap
    kind: type[Adapter] = SupervisorAdapter
    patience_s: float = 4.0

    @property
    def given(self) -> Given:
        return self.world.given

    @property
    def refused(self) -> Given | None:
        return replace(self.given, credentials={"user": self.world.running.user, "password": WRONG})

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.world.running.password, WRONG)

    def settle(self) -> None:
        self.world.settle()

    def effects(self) -> object:
        conf = {file.name: file.read_text() for file in self.world.running.conf.iterdir()}
        return self.world.states(), str((self.world.folder / "current").readlink()), conf

    def move(self) -> None:
        self.world.running.ctl("stop", "shop")

    def take_away(self) -> None:
        self.world.running.ctl("stop", "shop")

    def frozen(self) -> AbstractContextManager[None]:
        return self.world.running.frozen()

    def kill(self) -> None:
        self.world.running.kill()


class TestRestart(AdapterContract):
    @pytest.fixture
    def case(self, world: World) -> Case:
        return _Case(world, Action.RESTART_CONTAINER, FrozenMap({"grace_period": 5}))


class TestRollback(AdapterContract):
    @pytest.fixture
    def case(self, world: World) -> Case:
        return _Deployed(world, Action.ROLLBACK, FrozenMap())


class TestScaleOut(AdapterContract):
    @pytest.fixture
    def case(self, world: World) -> Case:
        return _Removed(world, Action.SCALE_OUT, FrozenMap({"scale_factor": 3}))


class _Deployed(_Case):
    """The second writer deploys another release; away means removed."""

    def move(self) -> None:
        service.write_release(self.world.folder / "releases", "r11")
        (self.world.folder / "current").unlink()
        (self.world.folder / "current").symlink_to("releases/r11")


class _Removed(_Case):
    """Away means that supervisord does not know it any more."""

    def take_away(self) -> None:
        self.world.running.ctl("stop", "shop")
        self.world.running.ctl("remove", "shop")

    def settle(self) -> None:
        if self.world.states():
            self.world.settle()


@pytest.fixture
def adapter(world: World) -> SupervisorAdapter:
    return SupervisorAdapter(world.given)


def planned(adapter: SupervisorAdapter, action: Action, **parameters: object) -> Change:
    return adapter.plan(action, parameters_for(action, parameters), adapter.observe())


def test_a_rollback_serves_the_previous_release_and_back_again_with_the_very_same_link(
    world: World, adapter: SupervisorAdapter
) -> None:
    change = planned(adapter, Action.ROLLBACK)
    assert change.summary.startswith("from release r10 to r9"), "r9 is before r10"
    adapter.apply(change, FENCE)
    assert world.comes_to("r9")
    adapter.revert(change, FENCE)
    assert world.comes_to("r10")
    assert str((world.folder / "current").readlink()) == "releases/r10"


def test_http_on_loopback_is_as_good_as_a_socket(tmp_path: Path) -> None:
    (tmp_path / "marks").mkdir(mode=0o700)
    port = free_port()
    text = program("shop", [sys.executable, "-S", "-c", "import time; time.sleep(600)"], startsecs="0")
    with supervisord(tmp_path, programs={"shop": text}, port=port) as running:
        settings = {
            "url": f"http://127.0.0.1:{port}",
            "group": "shop",
            "state_folder": str(tmp_path / "marks"),
            "timeout_s": 2,
        }
        given = Given(
            component="shop",
            settings=FrozenMap(settings),
            credentials={"user": running.user, "password": running.password},
        )
        adapter = SupervisorAdapter(given)
        before = running.processes()[0]["pid"]
        adapter.apply(planned(adapter, Action.RESTART_CONTAINER), FENCE)
        assert running.processes()[0]["pid"] != before
        with pytest.raises(TargetRefused, match="does not accept the user and password"):
            SupervisorAdapter(replace(given, credentials={})).observe()


def test_what_people_stopped_is_not_started_by_a_restart_or_its_undoing(
    world: World, adapter: SupervisorAdapter
) -> None:
    change = planned(adapter, Action.RESTART_CONTAINER)
    adapter.apply(change, FENCE)
    world.running.ctl("stop", "shop")
    with pytest.raises(TargetMoved, match="somebody stopped"):
        adapter.revert(change, FENCE)
    with pytest.raises(ActionImpossible, match="people stopped it"):
        planned(adapter, Action.RESTART_CONTAINER)
    assert world.states()["shop"][0] == "STOPPED"


def test_a_program_that_does_not_end_is_killed_after_its_grace(world: World, adapter: SupervisorAdapter) -> None:
    stubborn = "import signal,time\nsignal.signal(15, signal.SIG_IGN)\nwhile True: time.sleep(9)"
    (world.folder / "stubborn.py").write_text(stubborn)
    command = [sys.executable, "-S", str(world.folder / "stubborn.py")]
    (world.running.conf / "shop-2.conf").write_text(program("shop-2", command, stopwaitsecs="600"))
    world.running.ctl("update", "shop-2")
    world.settle()
    start = time.monotonic()
    adapter.apply(planned(adapter, Action.RESTART_CONTAINER, grace_period=1, container_id="shop-2"), FENCE)
    assert time.monotonic() - start < 30, "it waited for stopwaitsecs"


def test_a_release_that_leads_elsewhere_is_no_release(world: World, adapter: SupervisorAdapter) -> None:
    (world.folder / "secret").mkdir()
    (world.folder / "releases" / "r1").symlink_to(world.folder / "secret")
    for revision in ("../secret", "/etc", "r1", ".", "..", "r10/../../secret"):
        with pytest.raises(ActionImpossible, match="is no release"):
            planned(adapter, Action.ROLLBACK, revision=revision)


def test_a_newer_release_is_no_rollback_unless_it_is_forced(world: World, adapter: SupervisorAdapter) -> None:
    service.write_release(world.folder / "releases", "r11")
    with pytest.raises(ActionImpossible, match="newer"):
        planned(adapter, Action.ROLLBACK, revision="r11")
    assert planned(adapter, Action.ROLLBACK, revision="r11", force=True).forward["to"] == "releases/r11"
    with pytest.raises(ActionImpossible, match="in use"):
        planned(adapter, Action.ROLLBACK, revision="r10")


@pytest.mark.promise("EXE-3")
def test_a_rehearsal_fails_where_the_change_would(world: World, adapter: SupervisorAdapter) -> None:
    grown = planned(adapter, Action.SCALE_OUT)
    (world.running.conf / "shop-2.conf").write_text("; of somebody else")
    with pytest.raises(RehearsalFailed, match=r"shop-2\.conf is there already"):
        adapter.rehearse(grown)
    with pytest.raises(TargetMoved, match="says something else"):
        adapter.apply(grown, FENCE)
    back = planned(adapter, Action.ROLLBACK)
    (world.folder / "releases" / "r9").rename(world.folder / "releases" / "gone")
    with pytest.raises(RehearsalFailed, match="r9 is no folder"):
        adapter.rehearse(back)


def test_replicas_answer_and_the_most_is_kept(world: World, adapter: SupervisorAdapter) -> None:
    change = planned(adapter, Action.SCALE_OUT, scale_factor=3)
    adapter.apply(change, FENCE)
    world.settle()
    assert set(world.states()) == {"shop", "shop-2", "shop-3"}
    assert adapter.observe().vitals.ready == 3
    with pytest.raises(ActionImpossible, match="more than the 4"):
        planned(adapter, Action.SCALE_OUT, scale_factor=2)
    with pytest.raises(ActionImpossible, match="no template of the profile 'huge'"):
        planned(adapter, Action.SCALE_OUT, resource_profile="huge")


def test_replicas_are_restarted_one_after_another(world: World, adapter: SupervisorAdapter) -> None:
    adapter.apply(planned(adapter, Action.SCALE_OUT, scale_factor=3), FENCE)
    world.settle()
    change, fewest, over = planned(adapter, Action.RESTART_CONTAINER), [3], threading.Event()

    def watch() -> None:
        while not over.is_set():
            fewest.append(sum(state == "RUNNING" for state, _ in world.states().values()))

    watcher = threading.Thread(target=watch)
    watcher.start()
    adapter.apply(change, FENCE)
    over.set()
    watcher.join()
    assert min(fewest) == 2
    assert change.instances == change.of_instances == 3


def test_a_folder_that_supervisord_does_not_read_leaves_no_file_behind(world: World) -> None:
    (world.folder / "elsewhere").mkdir()
    replicas = {**world.given.settings["replicas"], "folder": str(world.folder / "elsewhere")}  # type: ignore[dict-item]
    adapter = SupervisorAdapter(
        replace(world.given, settings=FrozenMap({**world.given.settings, "replicas": replicas}))
    )
    with pytest.raises((TargetRefused, TargetUnavailable), match="BAD_NAME"):
        adapter.apply(planned(adapter, Action.SCALE_OUT), FENCE)
    assert list((world.folder / "elsewhere").iterdir()) == []


@pytest.mark.promise("EXE-4")
def test_a_program_that_fails_for_good_is_there_and_not_ready(world: World, adapter: SupervisorAdapter) -> None:
    conf = world.running.conf / "shop.conf"
    conf.write_text(conf.read_text().replace("startsecs=0", "startsecs=1\nstartretries=1"))
    world.running.ctl("update")
    world.settle()
    before = adapter.observe()
    (world.folder / "releases" / "r10" / "release.json").write_text('{"crash": true}')
    _await_state(world, "FATAL")
    sick = adapter.observe()
    assert (sick.digest, sick.vitals.wanted, sick.vitals.ready) == (before.digest, 1, 0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"socket": None}, "either a socket or a url"),
        ({"url": "http://127.0.0.1:1"}, "either a socket or a url"),
        ({"socket": None, "url": "http://10.0.0.1:9001"}, r"http://127\.0\.0\.1"),
        ({"socket": None, "url": "http://u:p@127.0.0.1:9001"}, "without credentials"),
        ({"socket": "/" + "x" * 108}, "at most 107 bytes"),
        ({"group": "a:b"}, "the name of a group"),
        ({"state_folder": "/nonexistent"}, "is not there"),
        ({"state_folder": "/tmp"}, "closed to others"),
        ({"timeout_s": 0}, "seconds from"),
        ({"release_link": "current", "releases_folder": "/srv"}, "absolute path"),
        ({"release_link": "/srv/current"}, "releases_folder"),
        ({"surprise": 1}, "unknown key"),
    ],
)
def test_settings_that_cannot_work_are_refused(tmp_path: Path, change: dict[str, object], says: str) -> None:
    good = {"socket": "/run/supervisor.sock", "group": "shop", "state_folder": str(tmp_path)}
    settings = {name: value for name, value in {**good, **change}.items() if value is not None}
    with pytest.raises(SettingError, match=says):
        SupervisorAdapter(Given(component="shop", settings=FrozenMap(settings)))


@pytest.mark.parametrize(
    "credentials", [{"user": "arf"}, {"password": WRONG}, {"user": "a", "password": "b", "c": "d"}]
)
def test_half_of_the_credentials_is_refused_and_not_told(tmp_path: Path, credentials: dict[str, str]) -> None:
    settings = {"socket": "/run/supervisor.sock", "group": "shop", "state_folder": str(tmp_path)}
    with pytest.raises(SettingError, match="both or none") as refused:
        SupervisorAdapter(Given(component="shop", settings=FrozenMap(settings), credentials=credentials))
    assert WRONG not in str(refused.value)


@pytest.mark.parametrize("template", ["[program:{name}]\nnumprocs=9", "[program:other]", "[eventlistener:{name}]", "x"])
def test_a_template_is_one_program_of_that_name(world: World, adapter: SupervisorAdapter, template: str) -> None:
    (world.folder / "replica").write_text(template)
    with pytest.raises(ActionImpossible, match="the template of shop-2"):
        planned(adapter, Action.SCALE_OUT)


def _await_state(world: World, state: str) -> None:
    end = time.monotonic() + 20
    while world.states()["shop"][0] != state:
        assert time.monotonic() < end, world.states()
        time.sleep(0.1)
