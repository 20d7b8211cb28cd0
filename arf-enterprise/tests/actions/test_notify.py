# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Telling people, through apprise, to real receivers: an HTTP server and a mail server on this machine."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Mapping

import pytest

from arf_core.models.action import Action, parameters_for
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Change, Given, Progress
from arf_enterprise.actions.notify import NotifyAdapter
from arf_enterprise.actions.testing import FENCE
from arf_enterprise.errors import ActionImpossible, SettingError, TargetUnavailable
from lib.servers.answering import answering, noting, says

pytestmark = [
    pytest.mark.promise("EXE-6"),
    # apprise's own import, on Pythons before 3.13.
    pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning"),
]
TOKEN = "token-of-the-channel"


def adapter_of(credentials: Mapping[str, str], component: str = "shop", **settings: object) -> NotifyAdapter:
    given = Given(component=component, settings=FrozenMap({"timeout_s": 5, **settings}), credentials=credentials)
    return NotifyAdapter(given)


def planned(adapter: NotifyAdapter, *channels: str, severity: str = "high") -> Change:
    asked = parameters_for(Action.ALERT_TEAM, {"severity": severity, "channels": channels})
    return adapter.plan(Action.ALERT_TEAM, asked, adapter.observe())


def to_json(url: str) -> str:
    """An apprise URL that posts to ``url``."""
    return f"{url.replace('http://', 'json://')}/{TOKEN}"


def test_people_are_told_once_on_each_channel_and_the_rehearsal_disturbs_nobody() -> None:
    asked: list[bytes] = []
    with answering(noting(asked, says(200, b""))) as url:
        adapter = adapter_of({"slack": to_json(url), "pager": to_json(url)}, channels={"ops-team": "pager"})
        change = planned(adapter, "slack", "ops-team", "slack", "fax")
        adapter.rehearse(change)
        assert asked == []
        assert adapter.progress(change, adapter.observe()) is Progress.NOT_APPLIED
        adapter.apply(change, FENCE)
    assert adapter.progress(change, adapter.observe()) is Progress.APPLIED
    assert change.summary == "tells slack, ops-team that shop needs people (high); not set up: fax"
    bodies = [json.loads(request.partition(b"\r\n\r\n")[2]) for request in asked]
    assert [body["title"] for body in bodies] == ["[high] shop needs people"] * 2
    assert all(FENCE.execution_id in body["message"] and body["type"] == "warning" for body in bodies)


def test_what_was_said_is_undone_by_nothing() -> None:
    adapter = adapter_of({"slack": "json://127.0.0.1:1"})
    change = planned(adapter, "slack")
    assert change.inverse == FrozenMap()
    assert change.irreversible_because is None
    assert change.instances == 0
    assert "nothing to undo" in str(change.undo_summary)
    adapter.revert(change, FENCE)
    assert adapter.observe().digest == change.before.digest


def test_one_channel_that_takes_it_is_enough_and_the_other_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with answering(says(200, b"")) as good, answering(says(500, b"")) as bad, caplog.at_level(logging.WARNING):
        adapter = adapter_of({"slack": to_json(bad), "email": to_json(good)})
        adapter.apply(planned(adapter, "slack", "email"), FENCE)
    assert "channel_failed" in caplog.messages
    assert TOKEN not in caplog.text


def test_when_no_channel_takes_it_it_was_not_said_and_no_token_is_told() -> None:
    with answering(says(500, b"")) as bad:
        adapter = adapter_of({"slack": to_json(bad), "email": f"json://127.0.0.1:1/{TOKEN}"})
        change = planned(adapter, "slack", "email")
        with pytest.raises(TargetUnavailable, match="none of slack, email took the message of shop") as caught:
            adapter.apply(change, FENCE)
    assert TOKEN not in f"{caught.value!r} {adapter!r} {change!r}"
    assert adapter.progress(change, adapter.observe()) is Progress.NOT_APPLIED


def test_a_channel_that_hangs_is_given_up_in_time() -> None:
    with answering(lambda _connection, _request: time.sleep(20)) as url:
        adapter = adapter_of({"slack": to_json(url)}, timeout_s=1)
        start = time.monotonic()
        with pytest.raises(TargetUnavailable):
            adapter.apply(planned(adapter, "slack"), FENCE)
        assert time.monotonic() - start < 15


def test_a_mail_server_gets_the_message() -> None:
    taken: list[bytes] = []

    def smtp(connection: socket.socket, first: bytes) -> None:
        """The few replies that one message needs (RFC 5321)."""
        file, said = connection.makefile("rwb"), first
        while said:
            verb = said[:4].upper()
            if verb == b"DATA":
                file.write(b"354 go on\r\n")
                file.flush()
                while (line := file.readline()) not in {b".\r\n", b""}:
                    taken.append(line)
            file.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            file.flush()
            said = file.readline()

    with answering(smtp, greeting=b"220 sink ESMTP\r\n") as url:
        port = url.rpartition(":")[2]
        adapter = adapter_of({"email": f"mailto://127.0.0.1:{port}?from=arf@example.com&to=ops@example.com"})
        adapter.apply(planned(adapter, "email", severity="critical"), FENCE)
    message = b"".join(taken)
    assert b"[critical] shop needs people" in message
    assert FENCE.execution_id.encode() in message


def test_a_component_with_a_crafted_name_cannot_format_or_break_the_message() -> None:
    asked: list[bytes] = []
    with answering(noting(asked, says(200, b""))) as url:
        adapter = adapter_of({"slack": to_json(url)}, component="<b>shop</b>\r\nBcc: x" + "y" * 400)
        adapter.apply(planned(adapter, "slack"), FENCE)
    title = json.loads(asked[0].partition(b"\r\n\r\n")[2])["title"]
    assert "\n" not in title
    assert len(title) < 200


def test_a_channel_that_nobody_set_up_is_impossible() -> None:
    with pytest.raises(ActionImpossible, match="none of the channels fax is set up for shop: slack"):
        planned(adapter_of({"slack": "json://127.0.0.1:1"}), "fax")
    adapter = adapter_of({"slack": "json://127.0.0.1:1"})
    with pytest.raises(ActionImpossible, match="rollback means nothing to it"):
        adapter.plan(Action.ROLLBACK, parameters_for(Action.ROLLBACK, {}), adapter.observe())


@pytest.mark.parametrize(
    ("settings", "credentials", "told"),
    [
        ({}, {}, "no credential"),
        ({}, {"slack": f"nosuch://{TOKEN}"}, "no URL that apprise knows"),
        ({}, {"slack": TOKEN}, "no URL that apprise knows"),
        ({"channels": {"ops": "missing"}}, {"slack": "json://h"}, "names a credential that is not there"),
        ({"channels": ["slack"]}, {"slack": "json://h"}, "must map channels"),
        ({"url": "x"}, {"slack": "json://h"}, "no setting 'url'"),
    ],
)
def test_settings_that_cannot_work_are_told_without_the_url(
    settings: dict[str, object], credentials: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingError, match=told) as caught:
        NotifyAdapter(Given(component="shop", settings=FrozenMap(settings), credentials=credentials))
    assert TOKEN not in str(caught.value)
