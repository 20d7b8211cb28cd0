# SPDX-License-Identifier: Apache-2.0
"""The proofs that the server only listens bite: a connection out of a handler, another address, another socket."""

from __future__ import annotations

from pathlib import Path

import pytest

from runproof import listed
from runproof.namespace import judge
from runproof.parent import is_caught, run_plant

SOCKET = "7 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 6"
BIND = '7 bind(6, {sa_family=AF_INET, sin_port=htons(8000), sin_addr=inet_addr("127.0.0.1")}, 16) = 0'
LISTEN = "7 listen(6, 1024) = 0"
ANSWER = '7 sendto(8, "HTTP/1.1 200 OK\\r\\n", 17, 0, NULL, 0) = 17'


@pytest.mark.promise("BND-4")
def test_a_connection_from_inside_a_request_handler_is_caught() -> None:
    heard = run_plant("handler_connect")
    assert is_caught("handler_connect", heard)
    assert any(finding.kind == "socket.connect" for finding in heard.report.findings)


def kinds(*log: str) -> list[str]:
    """What a log of system calls comes to."""
    return [finding.kind for finding in judge(log, Path("/tmp/run/out"))]


def test_a_server_on_loopback_that_answers_is_all_right() -> None:
    assert kinds(SOCKET, BIND, LISTEN, ANSWER, SOCKET, BIND, LISTEN) == []


@pytest.mark.parametrize(
    ("log", "found"),
    [
        ([SOCKET], ["socket"]),
        ([SOCKET, SOCKET, BIND], ["socket"]),
        ([SOCKET, BIND.replace("127.0.0.1", "10.0.0.1")], ["bind", "socket"]),
        ([SOCKET, BIND, SOCKET.replace("AF_INET", "AF_UNIX")], ["socket"]),
        ([SOCKET.replace("SOCK_STREAM", "SOCK_DGRAM")], ["socket"]),
        ([SOCKET, BIND, '7 connect(6, {sa_family=AF_INET, sin_addr=inet_addr("127.0.0.1")}, 16) = 0'], ["connect"]),
        ([ANSWER.replace("NULL, 0", '{sa_family=AF_INET, sin_addr=inet_addr("127.0.0.1")}, 16')], ["sendto"]),
    ],
)
def test_anything_else_is_found(log: list[str], found: list[str]) -> None:
    assert kinds(*log) == found


@pytest.mark.parametrize(
    ("address", "expected"),
    [(("127.0.0.1", 1), True), (("::1", 1), True), (("0.0.0.0", 1), False), (("", 1), False), ("/tmp/socket", False)],  # noqa: S104
)
def test_only_loopback_may_be_bound(address: object, expected: bool) -> None:
    assert listed.is_loopback(address) is expected


def test_arf_itself_is_on_no_list_of_who_may_listen() -> None:
    assert {who for who, _ in listed.LISTENING} <= {"uvicorn", "anyio"}
    assert not any("connect" in event for event in listed.LISTENS)
