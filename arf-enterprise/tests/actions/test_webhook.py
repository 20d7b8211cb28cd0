# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The adapter for webhooks, on a real receiver in a process of its own: the contract, and stories of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from arf_core.errors import FormatError
from arf_core.models.action import Action, parameters_for
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Adapter, Change, Fence, Given, Progress
from arf_enterprise.actions.testing import FENCE, AdapterContract
from arf_enterprise.actions.webhook import WebhookAdapter
from arf_enterprise.actions.webhook_contract import signature, status_of
from arf_enterprise.errors import RehearsalFailed, SettingError, TargetMoved, TargetRefused, TargetUnavailable
from lib.servers.answering import answering, certified, noting, says
from lib.servers.processes import Served, free_port, serving

pytestmark = pytest.mark.promise("EXE-6")
SECRET = "a-shared-secret-of-the-tests"
WRONG = "another-secret-of-the-tests"


@dataclass(frozen=True, slots=True)
class Receiver:
    """The running receiver."""

    served: Served

    def control(self, what: str = "look", **values: object) -> dict[str, Any]:
        found: dict[str, Any] = httpx.post(f"{self.served.url}/control/{what}", json=values, timeout=10).json()
        return found

    def given(self, *, secret: str = SECRET, **settings: object) -> Given:
        urls = {name: f"{self.served.url}/{name}" for name in ("status", "apply", "revert")}
        known = {**urls, "dry_run": f"{self.served.url}/dry-run", "timeout_s": 1, **settings}
        chosen = {name: value for name, value in known.items() if value is not None}
        return Given(component="shop", settings=FrozenMap(chosen), credentials={"secret": secret})


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    port = free_port()
    command = [sys.executable, str(Path(__file__).with_name("receiver.py")), str(port), SECRET]
    with serving(command, tmp_path / "receiver.log", port=port, path="/") as served:
        yield Receiver(served)


@dataclass(slots=True)
class RollbackCase:
    """A rollback through the receiver."""

    receiver: Receiver
    given: Given
    refused: Given | None
    kind: type[Adapter] = WebhookAdapter
    secrets: tuple[str, ...] = (SECRET, WRONG)
    patience_s: float = 5.0
    action: Action = Action.ROLLBACK
    parameters: FrozenMap = field(default_factory=FrozenMap)

    def settle(self) -> None:
        """It answers when it is done; what hung may still come."""
        time.sleep(0.1)
        self.receiver.control()

    def effects(self) -> object:
        return self.receiver.control()["effects"]

    def move(self) -> None:
        self.receiver.control("set", state={"release": "theirs", "replicas": 2})

    def take_away(self) -> None:
        self.receiver.control("set", exists=False, ready=0)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        pid = self.receiver.served.process.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def kill(self) -> None:
        self.receiver.served.kill()


class TestWebhook(AdapterContract):
    @pytest.fixture(params=["with a dry run", "without"])
    def case(self, receiver: Receiver, request: pytest.FixtureRequest) -> RollbackCase:
        given = receiver.given() if request.param == "with a dry run" else receiver.given(dry_run=None)
        return RollbackCase(receiver, given, receiver.given(secret=WRONG))


def planned(adapter: WebhookAdapter) -> Change:
    return adapter.plan(Action.ROLLBACK, parameters_for(Action.ROLLBACK, {}), adapter.observe())


def test_a_request_is_signed_and_says_which_run_it_is_of(receiver: Receiver) -> None:
    adapter = WebhookAdapter(receiver.given())
    change = planned(adapter)
    adapter.apply(change, FENCE)
    adapter.revert(change, FENCE)
    apply, revert = (one for one in receiver.control()["asked"] if one["body"]["operation"] in {"apply", "revert"})
    assert apply["headers"]["Idempotency-Key"] == f"{FENCE.execution_id}.apply"
    assert revert["headers"]["Idempotency-Key"] == f"{FENCE.execution_id}.revert"
    assert apply["headers"]["ARF-Fence"] == "7"
    assert apply["body"] == {
        "schema": "arf.webhook/1",
        "operation": "apply",
        "component": "shop",
        "change": change.digest,
        "action": "rollback",
        "parameters": {"force": False, "revision": "previous"},
        "before": {"release": "v2", "replicas": 2},
        "execution_id": FENCE.execution_id,
        "fence": 7,
    }


def test_openssl_makes_the_same_signature() -> None:
    """Any language can check it: here a shell does."""
    body, stamp = b'{"schema":"arf.webhook/1"}', "1767322800"
    said = subprocess.run(
        ["/usr/bin/openssl", "dgst", "-sha256", "-hmac", SECRET, "-r"],
        input=f"{stamp}.".encode() + body,
        capture_output=True,
        check=True,
    )
    assert signature(SECRET, stamp, body) == "v1=" + said.stdout.split()[0].decode()


def test_a_request_of_long_ago_is_refused_by_a_receiver_that_looks_at_the_time(receiver: Receiver) -> None:
    late = WebhookAdapter(receiver.given(), clock=lambda: time.time() - 3600)
    with pytest.raises(TargetRefused, match="401: the signature is wrong"):
        late.observe()


def test_a_run_that_was_overtaken_is_refused_by_its_fence(receiver: Receiver) -> None:
    adapter = WebhookAdapter(receiver.given())
    first = planned(adapter)
    adapter.apply(first, Fence(execution_id="newer", number=9))
    adapter.revert(first, Fence(execution_id="newer", number=9))
    with pytest.raises(TargetMoved, match="409"):
        adapter.apply(planned(adapter), Fence(execution_id="older", number=8))
    assert receiver.control()["effects"] == ["apply", "revert"]


def test_a_second_change_of_the_same_kind_is_not_taken_for_the_first(receiver: Receiver) -> None:
    """A restart leaves the state as it was: only the receiver's last change tells the runs apart."""
    adapter = WebhookAdapter(receiver.given())
    first = planned(adapter)
    adapter.apply(first, FENCE)
    receiver.control("set", state={"release": "v2", "replicas": 2})
    second = planned(adapter)
    assert second.before.digest == first.before.digest
    assert second.digest != first.digest
    assert adapter.progress(second, adapter.observe()) is Progress.NOT_APPLIED
    adapter.apply(second, replace(FENCE, execution_id="the_second"))
    assert receiver.control()["effects"] == ["apply", "apply"]


def test_without_an_address_to_revert_at_there_is_no_inverse(receiver: Receiver) -> None:
    adapter = WebhookAdapter(receiver.given(revert=None))
    change = planned(adapter)
    assert change.inverse is None
    assert "no address to revert at" in str(change.irreversible_because)
    with pytest.raises(TargetRefused, match="no address for revert"):
        adapter.revert(change, FENCE)


def test_a_dry_run_that_fails_tells_the_receivers_words_without_the_secret(receiver: Receiver) -> None:
    adapter = WebhookAdapter(receiver.given())
    change = planned(adapter)
    receiver.control("set", state={"release": "theirs", "replicas": 2})
    with pytest.raises(RehearsalFailed, match="moved; the secret is …") as caught:
        adapter.rehearse(change)
    assert SECRET not in str(caught.value)
    with pytest.raises(RehearsalFailed, match="was changed since"):
        WebhookAdapter(receiver.given(dry_run=None)).rehearse(change)


def test_a_change_that_the_receiver_is_still_at_or_failed_at_is_told_apart(receiver: Receiver) -> None:
    adapter = WebhookAdapter(receiver.given())
    change = planned(adapter)
    for operation, progress, shown in (
        ("apply", "running", Progress.APPLIED),
        ("apply", "done", Progress.APPLIED),
        ("apply", "failed", Progress.OTHER),
        ("revert", "running", Progress.OTHER),
        ("revert", "done", Progress.NOT_APPLIED),
    ):
        receiver.control("set", last={"change": change.digest, "operation": operation, "progress": progress})
        assert adapter.progress(change, adapter.observe()) is shown


def at(url: str, **settings: object) -> WebhookAdapter:
    known = {"status": f"{url}/s", "apply": f"{url}/a", "timeout_s": 0.6, **settings}
    return WebhookAdapter(Given(component="shop", settings=FrozenMap(known), credentials={"secret": SECRET}))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_refused_and_not_followed(status: int) -> None:
    """Where it leads to, such as a cloud's metadata, is asked nothing, and gets no signature."""
    asked: list[bytes] = []
    with (
        answering(noting(asked, says(200, b"{}"))) as inside,
        answering(says(status, b"", f"Location: {inside}/latest/meta-data")) as url,
        pytest.raises(TargetRefused, match="not followed"),
    ):
        at(url).observe()
    assert asked == []


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, TargetRefused), (403, TargetRefused), (404, TargetRefused), (409, TargetMoved), (412, TargetMoved),
     (408, TargetUnavailable), (429, TargetUnavailable), (500, TargetUnavailable), (503, TargetUnavailable)],
)  # fmt: skip
def test_what_a_receiver_answers_has_one_meaning(status: int, error: type[Exception]) -> None:
    body = json.dumps({"says": f"no\x1b[2J {SECRET}"}).encode()
    with answering(says(status, body)) as url, pytest.raises(error, match=rf"{status}: no \[2J …") as caught:
        at(url).observe()
    assert SECRET not in str(caught.value)


def drip(connection: socket.socket, _request: bytes) -> None:
    """A byte of the headers each 50 ms, for ever."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X")
        time.sleep(0.05)


def flood(connection: socket.socket, _request: bytes) -> None:
    """A body without end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


@pytest.mark.parametrize(
    ("play", "told"),
    [
        (drip, "did not answer within 0.6 s"),
        (lambda _connection, _request: time.sleep(3), "did not answer within 0.6 s"),
        (flood, "more than is read"),
        (lambda connection, _request: connection.sendall(b"SSH-2.0-x\r\n"), "does not answer in HTTP"),
        (lambda connection, _request: connection.close(), "does not answer in HTTP"),
        (says(200, b"[" * 100_000), "gives no status"),
        (says(200, b"\x1f\x8b garbage", "Content-Encoding: gzip"), "gives no status"),
    ],
    ids=["drip", "silence", "flood", "no HTTP", "hang up", "a deep bomb", "packed"],
)
def test_a_receiver_that_drips_floods_or_talks_nonsense_is_given_up_in_time(play: Any, told: str) -> None:
    with answering(play) as url:
        start = time.monotonic()
        with pytest.raises(TargetUnavailable, match=told):
            at(url, timeout_s=5 if play is flood else 0.6).observe()
        assert time.monotonic() - start < 4


STATUS = {"schema": "arf.webhook-status/1", "state": {"a": 1}, "exists": True}


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "arf.webhook-status/2"}, {"state": []}, {"exists": "yes"}, {"extra": 1}, {"wanted": -1},
        {"wanted": True}, {"ready": 1.5}, {"traffic": 2}, {"traffic": "0.5"}, {"last_change": {}},
        {"state": {"a": "x" * 30_000}}, {"state": {"a": [[[[[[[[]]]]]]]] * 2 + [2**60]}},
        {"last_change": {"change": "x", "operation": "apply", "progress": "done"}},
        {"last_change": {"change": "sha256:" + "0" * 64, "operation": "delete", "progress": "done"}},
    ],
)  # fmt: skip
def test_a_status_that_is_not_to_the_letter_is_no_status(change: dict[str, object]) -> None:
    assert status_of(json.dumps(STATUS).encode()).state == {"a": 1}
    with pytest.raises(FormatError):
        status_of(json.dumps(STATUS | change).encode())


def test_a_certificate_that_nobody_vouches_for_is_refused_and_the_right_one_is_not(tmp_path: Path) -> None:
    pem, context = certified(tmp_path)
    other, _ = certified(tmp_path, name="127.0.0.2")
    with answering(says(200, json.dumps(STATUS).encode()), trust=context) as url:
        assert at(url, ca_file=str(pem)).observe().state == {"a": 1}
        for ca_file in ({}, {"ca_file": str(other)}):
            with pytest.raises(TargetUnavailable, match="no certificate that is trusted here"):
                at(url, **ca_file).observe()
    _, elsewhere = certified(tmp_path, name="127.0.0.3")
    with (
        answering(says(200, json.dumps(STATUS).encode()), trust=elsewhere) as url,
        pytest.raises(TargetUnavailable, match="no certificate"),
    ):
        at(url, ca_file=str(tmp_path / "127.0.0.3.pem")).observe()


@pytest.mark.parametrize(
    ("settings", "credentials", "told"),
    [
        ({"status": None}, {}, "needs the setting 'status'"),
        ({"statuss": "x"}, {}, "no setting 'statuss'"),
        ({"apply": "http://u:p@127.0.0.1/"}, {}, "without a name, password"),
        ({"apply": "file:///etc/passwd"}, {}, "http or https URL"),
        ({"apply": "http://rundeck.example/"}, {}, "plain http to another machine"),
        ({"timeout_s": 0}, {}, "timeout_s"),
        ({"timeout_s": 1e9}, {}, "timeout_s"),
        ({"ca_file": "ca.pem"}, {}, "absolute path"),
        ({"allow_plain_http": "yes"}, {}, "true or false"),
        ({}, {"secret": "short"}, "16 characters"),
        ({}, {"secret": ""}, "16 characters"),
        ({}, {"password": "x" * 20}, "no credential 'password'"),
    ],
)
def test_settings_that_cannot_work_are_told(
    settings: dict[str, object], credentials: dict[str, str], told: str
) -> None:
    known = {"status": "https://h/s", "apply": "https://h/a", **settings}
    chosen = FrozenMap({name: value for name, value in known.items() if value is not None})
    with pytest.raises(SettingError, match=told):
        WebhookAdapter(Given(component="shop", settings=chosen, credentials={"secret": SECRET, **credentials}))


def test_plain_http_is_possible_where_it_is_said() -> None:
    at("http://127.0.0.1:1")
    at("http://rundeck.example", allow_plain_http=True)
