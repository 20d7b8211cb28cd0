# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Probes, asked of real servers; the registry; adapters that raise whatever they like."""

from __future__ import annotations

import json
import socket
import time
import traceback
import urllib.parse
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions import registry
from arf_enterprise.actions.adapter import Change, Fence, Given, Observation, Progress, Rehearsal, Vitals
from arf_enterprise.actions.checks import check
from arf_enterprise.actions.exchange import Ask, NoAnswer, exchange
from arf_enterprise.actions.probes import Answer, ask
from arf_enterprise.errors import ActionImpossible, SettingError, TargetUnavailable
from arf_enterprise.targets.target import HealthPlan, Probe, Target, Way
from lib.servers.answering import answering, certified, noting, says
from lib.servers.monitoring import missing, prometheus

SECRET = "secret-of-the-probe"
EMPTY = FrozenMap()


def probe(kind: Literal["http", "prometheus", "adapter"], **settings: object) -> Probe:
    return Probe(name="p", kind=kind, is_symptom=True, settings=FrozenMap(settings))


def read(reference: str) -> str:
    return {"env:TOKEN": f"Bearer {SECRET}"}[reference]


def drip(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X")
        time.sleep(0.05)


def flood(connection: socket.socket, _request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


@pytest.mark.parametrize(
    ("play", "settings", "ok", "told"),
    [
        (says(200, b"all is ok"), {}, True, "answers 200"),
        (says(200, b"all is ok"), {"contains": "is ok"}, True, "answers 200"),
        (says(200, b"all is bad"), {"contains": "is ok"}, False, "not in its answer"),
        (says(503, b"all is ok"), {"contains": "is ok"}, False, "answers 503, not 200"),
        (says(204, b""), {"status": 204}, True, "answers 204"),
        (says(302, b"", "Location: http://127.0.0.1:1/"), {}, False, "answers 302, not 200"),
        (drip, {"timeout_s": 0.4}, False, "did not answer within 0.4 s"),
        (lambda _connection, _request: time.sleep(2), {"timeout_s": 0.4}, False, "did not answer"),
        (flood, {"contains": "is ok"}, None, "no more are read"),
    ],
)
def test_an_http_probe_says_what_it_sees(play: Any, settings: dict[str, object], ok: bool | None, told: str) -> None:
    with answering(play) as url:
        answer = ask(probe("http", url=url, **settings), None)
    assert answer.ok is ok
    assert told in answer.says


def test_nothing_that_listens_is_not_ok() -> None:
    answer = ask(probe("http", url="http://127.0.0.1:1/"), None)
    assert (answer.ok, answer.says) == (False, "http://127.0.0.1:1/ cannot be reached: Connection refused")


def test_a_credential_is_sent_and_never_said() -> None:
    asked: list[bytes] = []
    with answering(noting(asked, says(500, b""))) as url:
        answer = ask(probe("http", url=f"{url}/?q=1", authorization="env:TOKEN"), None, read=read)
    assert f"Authorization: Bearer {SECRET}".encode() in asked[0]
    assert SECRET not in repr(answer)


def test_a_credential_that_cannot_be_read_cannot_tell() -> None:
    answer = ask(probe("http", url="http://127.0.0.1:1/", authorization="env:NOT_SET_ANYWHERE"), None)
    assert answer.ok is None
    assert "NOT_SET_ANYWHERE is not set" in answer.says


@pytest.mark.parametrize("value", [f"Bearer {SECRET}\r\nX: y", f"Bearer {SECRET}\n", f"Bearer {SECRET}ü"])
def test_a_credential_that_no_header_can_carry_is_not_quoted(value: str) -> None:
    with pytest.raises(NoAnswer, match="was not asked") as caught:
        exchange(Ask(url="http://127.0.0.1:1/", headers={"Authorization": value}))
    assert SECRET not in "".join(traceback.format_exception(caught.value)).replace("SECRET", "")


def test_a_redirect_is_not_followed_to_what_is_inside() -> None:
    asked: list[bytes] = []
    with (
        answering(noting(asked, says(200, b""))) as inside,
        answering(says(302, b"", f"Location: {inside}/secret")) as url,
    ):
        assert ask(probe("http", url=url), None).ok is False
    assert asked == []


def test_a_certificate_is_checked(tmp_path: Path) -> None:
    pem, context = certified(tmp_path)
    with answering(says(200, b""), trust=context) as url:
        assert ask(probe("http", url=url, ca_file=str(pem)), None).ok is True
        answer = ask(probe("http", url=url), None)
        assert ask(probe("http", url=url, ca_file="/nowhere.pem"), None).ok is not True
    assert answer.ok is False
    assert "no certificate that is trusted here" in answer.says


MATRIX = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'


def vector(*values: str) -> bytes:
    series = [{"metric": {}, "value": [1.5, value]} for value in values]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": series}}).encode()


@pytest.mark.parametrize(
    ("body", "settings", "ok", "value"),
    [
        (vector("0.5"), {"below": 1}, True, 0.5),
        (vector("1"), {"below": 1}, False, 1.0),
        (vector("0.1", "3", "0.2"), {"below": 1}, False, 3.0),
        (vector("2", "3"), {"above": 1}, True, 2.0),
        (vector("2", "0"), {"above": 1}, False, 0.0),
        (vector("1", "1"), {"equals": 1}, True, 1.0),
        (vector("1", "0"), {"equals": 1}, False, 0.0),
        (vector(), {"equals": 1}, None, None),
        (vector(), {"below": 1, "absent_is_ok": True}, True, None),
        (vector(), {"below": 1, "absent_is_ok": False}, None, None),
        (vector("NaN"), {"below": 1}, None, None),
        (vector("+Inf"), {"above": 1}, None, None),
        (vector("0", "NaN"), {"below": 1, "absent_is_ok": True}, None, None),
        (vector("zero"), {"below": 1}, None, None),
        (b'{"status":"success","data":{"resultType":"scalar","result":[1,"0"]}}', {"below": 1}, True, 0.0),
        (MATRIX, {"below": 1, "absent_is_ok": True}, None, None),
        (b'{"status":"success","data":{"resultType":"vector","result":[{}]}}', {"below": 1}, None, None),
        (b'{"status":"error","error":"x"}', {"below": 1}, None, None),
        (b"[]", {"below": 1}, None, None),
        (b'{"status":"success","status":"success"}', {"below": 1}, None, None),
        (b"[" * 90_000, {"below": 1}, None, None),
        (b"<html>", {"below": 1, "absent_is_ok": True}, None, None),
    ],
)
def test_what_prometheus_finds_is_judged_by_its_worst_value_and_the_rest_cannot_be_told(
    body: bytes, settings: dict[str, object], ok: bool | None, value: float | None
) -> None:
    with answering(says(200, body)) as url:
        answer = ask(probe("prometheus", url=url, query="up", **settings), None)
    assert (answer.ok, answer.value) == (ok, value), answer.says


@pytest.mark.parametrize("play", [says(500, vector("0")), says(302, b"", "Location: /x"), flood, drip])
def test_a_prometheus_that_is_ill_cannot_tell(play: Any) -> None:
    with answering(play) as url:
        answer = ask(probe("prometheus", url=url, query="up", below=1, absent_is_ok=True, timeout_s=2), None)
    assert answer.ok is None
    assert ask(probe("prometheus", url="http://127.0.0.1:1", query="up", below=1, absent_is_ok=True), None).ok is None


@pytest.mark.skipif(bool(missing()), reason=f"{missing()} is not installed")
def test_a_real_prometheus_is_asked_and_judged(tmp_path: Path) -> None:
    with prometheus(tmp_path, rules="groups: []", jobs={}, alerts_to=1) as running:
        for query, settings, ok, value in (
            ("vector(3) * 2", {"equals": 6}, True, 6.0),
            ("vector(3) * 2", {"below": 6}, False, 6.0),
            ("scalar(vector(0.5))", {"above": 0.4}, True, 0.5),
            ("up{job='nothing'}", {"equals": 1}, None, None),
            ("up{job='nothing'}", {"equals": 1, "absent_is_ok": True}, True, None),
            ("vector(0) / 0", {"below": 1}, None, None),
            ("up{", {"below": 1, "absent_is_ok": True}, None, None),
        ):
            answer = ask(probe("prometheus", url=running.url, query=query, **settings), None)
            assert (answer.ok, answer.value) == (ok, value), answer.says


@given(st.text(min_size=1, max_size=40))
def test_a_query_is_sent_as_it_is_written(query: str) -> None:
    asked: list[bytes] = []
    with answering(noting(asked, says(200, vector("0")))) as url:
        assert ask(probe("prometheus", url=f"{url}/prometheus/", query=query, below=1), None).ok is True
    path = asked[0].split(b" ")[1].decode("ascii")
    assert path.startswith("/prometheus/api/v1/query?query=")
    assert urllib.parse.unquote(path.partition("=")[2], errors="strict") == query


class Raising:
    """An adapter that raises what it is told to, and shows what it is told to."""

    name: ClassVar[str] = "supervisor"
    actions: ClassVar[frozenset[Action]] = frozenset({Action.ROLLBACK})
    raises: ClassVar[Callable[[], Exception] | None] = None
    vitals: ClassVar[Vitals] = Vitals(exists=True, wanted=1, ready=1)

    def __init__(self, given: Given) -> None:
        self._given = given
        self._raise()

    def _raise(self) -> None:
        if (raises := type(self).raises) is not None:
            raise raises()

    def observe(self) -> Observation:
        self._raise()
        return Observation(state=EMPTY, vitals=type(self).vitals)

    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:
        self._raise()
        return Change(action=action, adapter="x", before=observed, forward=parameters, inverse=None, summary="s")

    def rehearse(self, change: Change) -> Rehearsal:
        self._raise()
        return Rehearsal(diff=(), undo_diff=(), by=change.summary)

    def apply(self, change: Change, fence: Fence) -> None:
        del change, fence
        self._raise()

    def revert(self, change: Change, fence: Fence) -> None:
        del change, fence
        self._raise()

    def progress(self, change: Change, observed: Observation) -> Progress:
        del change, observed
        self._raise()
        return Progress.OTHER

    def close(self) -> None:
        self._raise()


WAY = Way(adapter="supervisor", actions=frozenset({Action.ROLLBACK}), credentials=FrozenMap({"password": "env:TOKEN"}))


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> type[Raising]:
    monkeypatch.setattr(registry, "adapter_class", lambda _name: Raising)
    monkeypatch.setattr(Raising, "raises", None)
    monkeypatch.setattr(Raising, "vitals", Vitals(exists=True, wanted=1, ready=1))
    return Raising


class Odd(Exception):
    def __str__(self) -> str:
        raise RuntimeError("has no text")


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET),
        OSError(5, SECRET),
        KeyError(SECRET),
        Odd(),
        RecursionError(),
        ExceptionGroup("g", [ValueError(SECRET)]),
    ],
)
def test_whatever_an_adapter_raises_comes_out_as_ours_and_without_its_text(
    raising: type[Raising], error: Exception
) -> None:
    adapter = registry.make(WAY, "shop", read=read)
    observed = adapter.observe()
    change = adapter.plan(Action.ROLLBACK, EMPTY, observed)
    raising.raises = lambda: error
    fence = Fence(execution_id="e", number=1)
    for call in (
        adapter.observe,
        adapter.close,
        lambda: adapter.plan(Action.ROLLBACK, EMPTY, observed),
        lambda: adapter.rehearse(change),
        lambda: adapter.apply(change, fence),
        lambda: adapter.revert(change, fence),
        lambda: adapter.progress(change, observed),
        lambda: registry.make(WAY, "shop", read=read),
    ):
        with pytest.raises(TargetUnavailable, match=f"failed with {type(error).__name__}") as caught:
            call()
        assert SECRET not in f"{caught.value} {caught.value.__cause__}"


def test_our_own_errors_come_out_as_they_are(raising: type[Raising]) -> None:
    adapter = registry.make(WAY, "shop", read=read)
    raising.raises = lambda: ActionImpossible("because")
    with pytest.raises(ActionImpossible, match="because"):
        adapter.observe()
    assert SECRET not in repr(adapter)


@pytest.mark.parametrize("name", sorted(registry.TABLE))
def test_every_adapter_of_the_table_exists_under_its_name(name: str) -> None:
    kind = registry.adapter_class(name)
    assert kind.name == name
    assert kind.actions


@pytest.mark.parametrize("name", ["os:system", "", "Supervisor", "registry"])
def test_what_is_not_in_the_table_makes_nothing(name: str) -> None:
    with pytest.raises(SettingError, match="there is no adapter"):
        registry.make(Way(adapter=name, actions=frozenset()), "shop", read=read)


@pytest.mark.usefixtures("raising")
def test_a_way_for_what_its_adapter_cannot_do_is_refused() -> None:
    way = Way(adapter="supervisor", actions=frozenset({Action.ROLLBACK, Action.SCALE_OUT}))
    with pytest.raises(SettingError, match="cannot do scale_out: it has rollback"):
        registry.make(way, "shop", read=read)


@pytest.mark.parametrize(
    ("vitals", "ok"),
    [
        (Vitals(exists=True, wanted=2, ready=2), True),
        (Vitals(exists=True, wanted=2, ready=3), True),
        (Vitals(exists=True, wanted=2, ready=1), False),
        (Vitals(exists=True, wanted=0, ready=0), False),
        (Vitals(exists=False), False),
        (Vitals(exists=True, wanted=2), None),
        (Vitals(exists=True, ready=2), None),
    ],
)
def test_an_adapter_probe_wants_as_many_ready_as_are_wanted_and_any(
    raising: type[Raising], vitals: Vitals, ok: bool | None
) -> None:
    raising.vitals = vitals
    assert ask(probe("adapter"), registry.make(WAY, "shop", read=read)).ok is ok


def test_an_adapter_that_is_not_there_or_fails_cannot_tell(raising: type[Raising]) -> None:
    adapter = registry.make(WAY, "shop", read=read)
    raising.raises = lambda: ValueError(SECRET)
    assert ask(probe("adapter"), None).ok is None
    assert ask(probe("adapter"), adapter) == Answer(
        ok=None, says="the adapter supervisor of shop failed with ValueError: it cannot be told what happened"
    )


def target() -> Target:
    health = HealthPlan(probes=(probe("http", url="http://127.0.0.1:1/"), probe("adapter")))
    return Target(component="shop", environment="e", tier=1, owner="o", kind="k", ways=(WAY,), health=health)


def test_a_check_says_plainly_what_works(raising: type[Raising]) -> None:
    assert [(one.kind, one.works, one.says) for one in check(target(), read=read)] == [
        ("way", True, "it answers, 1 wanted, 1 ready"),
        ("probe", True, "not ok: http://127.0.0.1:1/ cannot be reached: Connection refused"),
        ("probe", True, "ok: 1 of 1 are ready"),
    ]
    raising.raises = lambda: ValueError(SECRET)
    found = list(check(target(), read=read))
    assert [one.works for one in found] == [False, True, False]
    assert SECRET not in repr(found)
