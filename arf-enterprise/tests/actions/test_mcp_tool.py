# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The adapter for tools of an upstream MCP server, on a real one: the contract, and stories of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given as tried
from hypothesis import strategies as st

from arf_core.models.action import Action, parameters_for
from arf_core.models.frozen import FrozenMap, thaw
from arf_enterprise.actions.adapter import Adapter, Change, Fence, Given, Progress
from arf_enterprise.actions.mcp_schema import against
from arf_enterprise.actions.mcp_tool import McpToolAdapter
from arf_enterprise.actions.templates import filled, shows, template_of
from arf_enterprise.actions.testing import FENCE, AdapterContract
from arf_enterprise.errors import (
    ActionImpossible,
    RehearsalFailed,
    SettingError,
    TargetMoved,
    TargetRefused,
    TargetUnavailable,
)
from lib.servers.answering import answering, noting, says
from lib.servers.processes import Served, free_port, serving

pytestmark = pytest.mark.promise("EXE-6")
TOKEN = "token-of-the-upstream-server"
WRONG = "token-that-is-wrong"
UPSTREAM = Path(__file__).with_name("upstream.py")
NEW = json.dumps({"exists": True, "replicas": 1, "ready": 1, "effects": 0})
SETTINGS = {
    "status": {"tool": "status"},
    "apply": {"tool": "scale", "arguments": '{"service": "shop", "replicas": {"$parameter": "scale_factor"}}'},
    "revert": {"tool": "scale", "arguments": {"service": "shop", "replicas": {"$before": "replicas"}}},
    "applied_when": {"replicas": {"$parameter": "scale_factor"}},
    "state": ["exists", "replicas"],
    "vitals": {"exists": "exists", "wanted": "replicas", "ready": "ready"},
}


@dataclass(slots=True)
class Upstream:
    """What the server changes, and how it is reached."""

    file: Path
    served: Served | None = None

    def look(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.file.read_text())
        return found

    def set(self, **values: object) -> None:
        self.file.write_text(json.dumps({**self.look(), **values}))

    def given(self, *, token: str = TOKEN, **settings: object) -> Given:
        known: dict[str, object] = {**SETTINGS, "timeout_s": 20, **settings}
        if self.served is None:
            known["command"] = [sys.executable, str(UPSTREAM), str(self.file)]
            return Given(component="shop", settings=FrozenMap(known), credentials={"api_token": token})
        known["url"] = f"{self.served.url}/mcp"
        return Given(component="shop", settings=FrozenMap(known), credentials={"authorization": f"Bearer {token}"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shop.json"
    path.write_text(NEW)
    return path


@pytest.fixture
def stdio(file: Path, monkeypatch: pytest.MonkeyPatch) -> Upstream:
    monkeypatch.setenv("ARF_ALLOWED_COMMANDS", sys.executable)
    return Upstream(file)


@contextmanager
def running(file: Path, folder: Path) -> Iterator[Upstream]:
    """The server over HTTP, on ``file``."""
    port = free_port()
    command = [sys.executable, str(UPSTREAM), str(file), str(port), TOKEN]
    with serving(command, folder / f"upstream-{port}.log", port=port, path="/health") as served:
        yield Upstream(file, served)


@pytest.fixture
def upstream(file: Path, tmp_path: Path) -> Iterator[Upstream]:
    """A server of the test's own: to be stopped and killed."""
    with running(file, tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    folder = tmp_path_factory.mktemp("upstream")
    with running(folder / "shop.json", folder) as found:
        yield found


@pytest.fixture
def shared(lasting: Upstream) -> Upstream:
    """A server that others had before, with what it changes as new."""
    lasting.file.write_text(NEW)
    return lasting


@dataclass(slots=True)
class ScaleCase:
    """Scaling out through the server's tool."""

    upstream: Upstream
    given: Given
    refused: Given | None
    kind: type[Adapter] = McpToolAdapter
    secrets: tuple[str, ...] = (TOKEN, WRONG)
    patience_s: float = 12.0
    action: Action = Action.SCALE_OUT
    parameters: FrozenMap = field(default_factory=lambda: FrozenMap({"scale_factor": 3}))

    def settle(self) -> None:
        """A tool has done its work when it answers; what hung may still come."""
        before: object = None
        while before != (before := self.upstream.look()):
            time.sleep(0.2)

    def effects(self) -> object:
        return self.upstream.look()["effects"]

    def move(self) -> None:
        self.upstream.set(replicas=2, ready=2)

    def take_away(self) -> None:
        self.upstream.set(exists=False, replicas=0, ready=0)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        assert self.upstream.served is not None
        pid = self.upstream.served.process.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def kill(self) -> None:
        assert self.upstream.served is not None
        self.upstream.served.kill()


class TestMcpTool(AdapterContract):
    @pytest.fixture
    def case(self, upstream: Upstream) -> ScaleCase:
        return ScaleCase(upstream, upstream.given(timeout_s=3), upstream.given(token=WRONG, timeout_s=3))


def planned(adapter: McpToolAdapter, factor: int = 3) -> Change:
    return adapter.plan(Action.SCALE_OUT, parameters_for(Action.SCALE_OUT, {"scale_factor": factor}), adapter.observe())


def test_a_server_that_is_started_over_stdio_is_changed_and_changed_back(stdio: Upstream) -> None:
    adapter = McpToolAdapter(stdio.given())
    change = planned(adapter)
    adapter.rehearse(change)
    adapter.apply(change, FENCE)
    assert adapter.progress(change, adapter.observe()) is Progress.APPLIED
    assert stdio.look()["replicas"] == 3
    adapter.revert(change, FENCE)
    assert adapter.progress(change, adapter.observe()) is Progress.NOT_APPLIED
    assert (stdio.look()["replicas"], stdio.look()["effects"]) == (1, 2)


def test_people_approve_the_very_call(shared: Upstream) -> None:
    change = planned(McpToolAdapter(shared.given()))
    assert change.summary == 'calls scale with {"replicas":3,"service":"shop"}'
    assert change.undo_summary == 'calls scale with {"replicas":1,"service":"shop"}'
    assert thaw(change.before.state) == {"exists": True, "replicas": 1}


def test_a_program_that_the_operator_did_not_allow_is_not_started(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise who may write a tenant's inventory could run anything on this machine."""
    for allowed in ("", "/usr/bin/true", f"{sys.executable}x"):
        monkeypatch.setenv("ARF_ALLOWED_COMMANDS", allowed)
        with pytest.raises(SettingError, match="ARF_ALLOWED_COMMANDS"):
            McpToolAdapter(Upstream(file).given())


def test_what_is_there_already_is_impossible(shared: Upstream) -> None:
    adapter = McpToolAdapter(shared.given())
    with pytest.raises(ActionImpossible, match="already as scale_out would make it"):
        planned(adapter, factor=1)


def test_without_a_tool_that_undoes_it_there_is_no_inverse(shared: Upstream) -> None:
    given = shared.given()
    settings = {name: value for name, value in given.settings.items() if name != "revert"}
    adapter = McpToolAdapter(Given(component="shop", settings=FrozenMap(settings), credentials=given.credentials))
    change = planned(adapter)
    assert change.inverse is None
    assert change.irreversible_because == "no tool is declared that undoes scale"
    with pytest.raises(TargetRefused, match="cannot be undone"):
        adapter.revert(change, FENCE)


@pytest.mark.parametrize(
    ("apply", "told"),
    [
        ({"tool": "missing"}, "no tool 'missing'"),
        ({"tool": "only_reads", "arguments": SETTINGS["apply"]["arguments"]}, "says that it only reads"),  # type: ignore[index]
        ({"tool": "scale", "arguments": {"service": "shop"}}, "'replicas' is a required property"),
        ({"tool": "scale", "arguments": {"service": 7, "replicas": 2}}, "is not of type 'string'"),
    ],
)
def test_a_call_that_the_tool_would_not_take_fails_in_the_rehearsal(
    shared: Upstream, apply: dict[str, object], told: str
) -> None:
    adapter = McpToolAdapter(shared.given(apply=apply))
    change = planned(adapter)
    with pytest.raises(RehearsalFailed, match=told):
        adapter.rehearse(change)
    with pytest.raises(TargetRefused, match=told):
        adapter.apply(change, FENCE)
    assert shared.look()["effects"] == 0


def test_a_status_tool_that_does_not_say_it_only_reads_is_not_called(shared: Upstream) -> None:
    with pytest.raises(TargetRefused, match="does not say that it only reads"):
        McpToolAdapter(shared.given(status={"tool": "lying_status"})).observe()


def test_a_tool_that_fails_is_a_refusal_only_if_nothing_changed(shared: Upstream) -> None:
    adapter = McpToolAdapter(shared.given())
    change = planned(adapter)
    shared.set(breaks=True)
    with pytest.raises(TargetRefused, match="quota of … is used up") as caught:
        adapter.apply(change, FENCE)
    assert TOKEN not in str(caught.value)
    shared.set(breaks="half")
    with pytest.raises(TargetUnavailable, match="something has changed"):
        adapter.apply(change, FENCE)
    assert adapter.progress(change, adapter.observe()) is Progress.OTHER


def test_an_answer_that_is_far_too_large_is_given_up(shared: Upstream) -> None:
    with pytest.raises(TargetUnavailable):
        McpToolAdapter(shared.given(status={"tool": "unstructured"})).observe()


def at(url: str) -> McpToolAdapter:
    settings = FrozenMap({**SETTINGS, "url": f"{url}/mcp", "timeout_s": 2})
    return McpToolAdapter(Given(component="shop", settings=settings, credentials={"authorization": f"Bearer {TOKEN}"}))


def flood(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


@pytest.mark.parametrize(
    "play", [flood, says(200, b"{}"), says(500, b""), lambda _connection, _request: time.sleep(5)],
    ids=["flood", "no MCP", "500", "silence"],
)  # fmt: skip
def test_a_server_that_talks_no_mcp_is_given_up_in_time(play: object) -> None:
    with answering(play) as url:  # type: ignore[arg-type]
        start = time.monotonic()
        with pytest.raises(TargetUnavailable) as caught:
            at(url).observe()
        assert TOKEN not in str(caught.value)
        assert time.monotonic() - start < 10


def test_a_redirect_to_elsewhere_gets_neither_a_request_nor_the_token() -> None:
    asked: list[bytes] = []
    with (
        answering(noting(asked, says(200, b"{}"))) as inside,
        answering(says(307, b"", f"Location: {inside}/latest/meta-data")) as url,
        pytest.raises(TargetUnavailable),
    ):
        at(url).observe()
    assert asked == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"status": None}, "needs the setting 'status'"),
        ({"applied_when": {}}, "everything would look applied"),
        ({"applied_when": None}, "needs the setting 'applied_when'"),
        ({"url": None}, "either 'url' or 'command'"),
        ({"command": ["/bin/sh"]}, "either 'url' or 'command'"),
        ({"url": "http://mcp.example/mcp"}, "plain http to another machine"),
        ({"apply": "scale"}, "must have 'tool'"),
        ({"apply": {"tool": "x", "extra": 1}}, "must have 'tool'"),
        ({"apply": {"tool": "x", "arguments": "{"}}, "must be a JSON object"),
        ({"apply": {"tool": "x", "arguments": '{"a": 1, "a": 2}'}}, "twice"),
        ({"apply": {"tool": "x", "arguments": {"a": {"$parameter": "x", "b": 1}}}}, "alone in its object"),
        ({"apply": {"tool": "x", "arguments": {"a": {"$eval": "x"}}}}, "no substitution"),
        ({"vitals": {"speed": "x"}}, "vitals of shop has 'speed'"),
        ({"state": []}, "list of texts"),
        ({"tools": 1}, "no setting 'tools'"),
    ],
)
def test_settings_that_cannot_work_are_told(change: dict[str, object], told: str) -> None:
    known = {**SETTINGS, "url": "https://mcp.example/mcp", **change}
    settings = FrozenMap({name: value for name, value in known.items() if value is not None})
    with pytest.raises(SettingError, match=told):
        McpToolAdapter(Given(component="shop", settings=settings))


def test_a_template_is_filled_with_values_and_never_with_text() -> None:
    """A parameter that looks like a template, or like JSON, stays the one string it is."""
    template = template_of({"a": [{"$parameter": "name"}, "x $parameter"], "b": {"$before": "n"}}, what="t")
    evil = '"}, {"$before": "n"'
    found = filled(template, parameters={"name": evil}, before={"n": 3})
    assert found == FrozenMap({"a": [evil, "x $parameter"], "b": 3})
    with pytest.raises(ActionImpossible, match="known are other"):
        filled(template, parameters={"other": 1}, before={"n": 3})


KEYS = st.text("abc", min_size=1, max_size=2)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=3)


@tried(OBJECTS)
def test_a_template_without_substitutions_is_itself_and_shows_itself(value: dict[str, object]) -> None:
    template = template_of(value, what="t")
    assert filled(template, parameters={}, before={}) == template
    assert shows(template, template)
    assert shows(FrozenMap({**value, "more": 1}), template)
    assert not shows(FrozenMap(), FrozenMap({**value, "more": 1}))


def test_true_is_not_one() -> None:
    assert not shows(FrozenMap({"a": True}), FrozenMap({"a": 1}))
    assert shows(FrozenMap({"a": 1.0}), FrozenMap({"a": 1}))


def test_a_schema_that_refers_to_the_network_is_not_followed() -> None:
    asked: list[bytes] = []
    with answering(noting(asked, says(200, b'{"type": "object"}'))) as url:
        assert "cannot be followed" in str(against({"$ref": f"{url}/schema.json"}, {}))
        assert "cannot be followed" in str(against({"$ref": "file:///etc/passwd"}, {}))
    assert asked == []
    assert "its schema is none" in str(against({"type": 7}, {}))


def test_a_second_writer_during_a_run_is_not_undone_over(shared: Upstream) -> None:
    adapter = McpToolAdapter(shared.given())
    change = planned(adapter)
    adapter.apply(change, FENCE)
    with pytest.raises(ActionImpossible):
        planned(adapter)
    shared.set(replicas=7)
    assert adapter.progress(change, adapter.observe()) is Progress.OTHER
    with pytest.raises(TargetMoved):
        adapter.apply(change, Fence(execution_id="again", number=8))
