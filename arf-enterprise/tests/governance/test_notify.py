# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Telling people: over real HTTP, and without ever holding anything up."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from arf_enterprise.execution.means import Notify
from arf_enterprise.governance import notify
from arf_enterprise.governance.approval_state import State
from arf_enterprise.governance.callbacks import APPROVE, REJECT
from arf_enterprise.governance.channels import Channels, Outlet
from arf_enterprise.governance.notify import (
    Notice,
    Notifier,
    RunTeller,
    approval_notice,
    person_notice,
    stop_notice,
)
from arf_enterprise.governance.stop import ALL, Stop
from arf_enterprise.governance.testing import NOW, TENANT, Desk
from arf_enterprise.stores.postgres.database import Database

# Apprise 2.2 imports it, where Python still has it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
NOTICE = Notice(about="stop", title="ARF: a stop was pressed", text="all: smoke")


@pytest.fixture
def waiting(database: Database) -> State:
    return Desk(database).ask(quorum=2)


class Counted:
    def __init__(self) -> None:
        self.told: list[tuple[str, bool]] = []

    def __call__(self, outlet: str, *, is_told: bool) -> None:
        self.told.append((outlet, is_told))


@contextmanager
def listening(status: int = 200) -> Iterator[tuple[int, list[bytes]]]:
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_port, got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def told(notice: Notice, *outlets: Outlet, urls: dict[str, str]) -> list[tuple[str, bool]]:
    counted = Counted()
    notifier = Notifier(Channels(outlets=outlets), read=urls.__getitem__, count=counted)
    notifier.tell(notice)
    notifier.close()
    return sorted(counted.told)


def outlet(name: str, about: str = "stop", **more: str) -> Outlet:
    return Outlet(name=name, url=f"env:{name}", about=frozenset({about}), **more)  # type: ignore[arg-type]  # form


@pytest.mark.promise("GOV-4")
def test_a_notice_reaches_a_real_service_and_one_that_fails_does_not_hold_up_another() -> None:
    with listening() as (port, got), listening(500) as (broken, _):
        bad, good = f"json://127.0.0.1:{broken}/x", f"json://127.0.0.1:{port}/x"
        urls = {"env:good": good, "env:bad": bad, "env:odd": "none"}
        assert told(NOTICE, outlet("bad"), outlet("odd"), outlet("gone"), outlet("good"), urls=urls) == [
            ("bad", False), ("gone", False), ("good", True), ("odd", False),
        ]  # fmt: skip
        (body,) = got
    assert json.loads(body)["title"] == NOTICE.title
    assert json.loads(body)["message"] == NOTICE.text


@pytest.mark.promise("GOV-4")
def test_slack_is_told_with_buttons_that_carry_the_digest_that_is_shown(waiting: State) -> None:
    notice = approval_notice(waiting)
    with listening() as (port, got):
        urls = {"env:slack": f"http://127.0.0.1:{port}/services/T0/B0/x"}
        assert told(notice, outlet("slack", "approval", form="slack"), urls=urls) == [("slack", True)]
    (message,) = map(json.loads, got)
    buttons = message["blocks"][1]["elements"]
    assert [button["action_id"] for button in buttons] == [APPROVE, REJECT]
    assert {button["value"] for button in buttons} == {f"{TENANT} {waiting.approval_id} {waiting.digest}"}
    with listening(404) as (port, _):
        urls = {"env:slack": f"http://127.0.0.1:{port}/services/T0/B0/x"}
        assert told(notice, outlet("slack", "approval", form="slack"), urls=urls) == [("slack", False)]


def test_who_wants_to_hear_of_something_else_is_not_told(waiting: State) -> None:
    notices = [approval_notice(waiting), person_notice("exe_1", "checkout", "the revert failed"), stop_notice(_stop())]
    for notice in notices:
        for about in ("approval", "needs_a_person", "stop"):
            found = told(notice, outlet("x", about), urls={"env:x": "none"})
            assert found == ([("x", False)] if about == notice.about else [])
    assert "1 of" not in notices[0].text
    assert "0 of 2 have approved" in notices[0].text
    assert "exe_1" in notices[1].text


def _stop() -> Stop:
    return Stop(stop_id="stop_1", scope=ALL, reason="smoke", pressed_at=NOW)


@pytest.mark.promise("GOV-4")
def test_no_secret_of_a_url_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with listening(500) as (port, _):
        urls = {
            "env:a": f"json://user:hunter2@127.0.0.1:{port}/hunter2",
            "env:b": f"http://127.0.0.1:{port}/hunter2",
            "env:c": "slack://hunter2/hunter2/hunter2",
        }
        told(NOTICE, outlet("a"), outlet("b", form="slack"), outlet("c"), urls=urls)
    assert len([record for record in caplog.records if record.name.startswith("arf")]) == 3
    assert not any("hunter2" in str(vars(record)) for record in caplog.records)


def test_telling_returns_at_once_and_what_is_too_much_is_dropped_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "MOST_WAITING", 5)
    counted, go = Counted(), Event()

    def deliver(_outlet: Outlet, _url: str, _notice: Notice) -> None:
        go.wait()

    notifier = Notifier(Channels(outlets=(outlet("slow"),)), read=str, deliver=deliver, count=counted)
    for _ in range(9):
        notifier.tell(NOTICE)
    assert counted.told == [("slow", False)] * 4
    go.set()
    notifier.close()
    assert counted.told.count(("slow", True)) == 5


@dataclass(frozen=True)
class Run:
    execution_id: str
    tenant: str = TENANT
    component: str = "checkout"


@pytest.mark.promise("GOV-4")
def test_a_run_tells_what_it_waits_for_and_goes_on_where_that_cannot_be_told(database: Database) -> None:
    waiting, heard = Desk(database).ask(), list[Notice]()

    def deliver(_outlet: Outlet, _url: str, notice: Notice) -> None:
        heard.append(notice)

    outlets = (outlet("a", "approval"), outlet("b", "needs_a_person"))
    notifier = Notifier(Channels(outlets=outlets), read=str, deliver=deliver)
    teller: Notify = RunTeller(notifier=notifier, database=database, clock=lambda: NOW)
    teller("approval.asked", Run(waiting.binding.execution_id), "restart checkout")  # type: ignore[arg-type]  # as a run
    teller("approval.asked", Run("execution_that_is_not_there"), "")  # type: ignore[arg-type]
    teller("execution.needs_person", Run("exe_1"), "the revert failed")  # type: ignore[arg-type]
    notifier.close()
    assert [notice.about for notice in heard] == ["approval", "needs_a_person"]
    assert heard[0].button == f"{TENANT} {waiting.approval_id} {waiting.digest}"
