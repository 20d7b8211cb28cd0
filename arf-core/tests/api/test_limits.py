# SPDX-License-Identifier: Apache-2.0
"""Attacks on a real server: too much, too fast, too slow, without a token. Each is refused, and the rest go on."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from api.conftest import Kit


TOKEN = "0123456789abcdef-token"
LIMIT = 20_000
HEAD = b"POST /v1/alerts HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
GARBAGE = (b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9\r\n\r\n", b"\r\n" * 100, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")


@pytest.mark.promise("API-1")
def test_a_body_that_says_it_is_too_large_is_refused(kit: Kit) -> None:
    with kit.running(max_body=LIMIT) as up:
        answer = up.post("/v1/alerts", b" " * (LIMIT + 1))
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "ARF-1006")


@pytest.mark.promise("API-1")
def test_a_chunked_body_is_refused_at_the_limit_not_after_it(kit: Kit) -> None:
    sent = []

    def endless() -> Iterator[bytes]:
        for _ in range(100):
            sent.append(1)
            yield b" " * LIMIT

    with kit.running(max_body=LIMIT) as up:
        answer = up.client.post("/v1/alerts", content=endless(), headers={"Content-Type": "application/json"})
        assert answer.status_code == 413
        assert up.serving.budget.held == 0


@pytest.mark.promise("API-1")
@pytest.mark.parametrize("layers", [1, 2])
def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(kit: Kit, layers: int) -> None:
    bomb = b" " * 50_000_000
    for _ in range(layers):
        bomb = gzip.compress(bomb)
    with kit.running(max_body=200_000) as up:
        answer = up.post("/v1/analyze", bomb, content_encoding="gzip")
        assert answer.status_code in (400, 413), answer.text
        assert answer.json()["error"]["code"] in ("ARF-1006", "ARF-1002")


def test_the_bodies_of_all_together_are_bounded(kit: Kit) -> None:
    with kit.running(max_body=LIMIT, max_waiting_bytes=LIMIT // 2) as up:
        answer = up.post("/v1/alerts", b" " * LIMIT)
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "ARF-3003")
        assert answer.headers["retry-after"]
        assert up.post("/v1/alerts", kit.webhook(kit.alert())).status_code == 200
        assert up.serving.budget.held == 0


@pytest.mark.promise("API-1")
def test_too_many_requests_are_told_when_to_come_back_and_health_still_answers(kit: Kit) -> None:
    with kit.running(client_rate=1.0, burst=2.0) as up:
        answers = [up.client.get("/v1/capabilities") for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 429, 429, 429]
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert answers[-1].json()["error"]["code"] == "ARF-3003"
        assert up.client.get("/health").status_code == 200


@pytest.mark.parametrize(
    "given", ["", "Bearer", f"Bearer {TOKEN}x", f"bearer {TOKEN}", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", TOKEN]
)
def test_a_wrong_token_is_refused(kit: Kit, given: str) -> None:
    with kit.running(token=TOKEN) as up:
        answer = up.client.get("/v1/incidents", headers={"Authorization": given} if given else {})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "ARF-3002")
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert TOKEN not in answer.text


def test_the_right_token_is_let_in_and_is_nowhere_in_the_log(kit: Kit, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG"), kit.running(token=TOKEN) as up:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        assert up.client.get("/v1/incidents", headers=headers).status_code == 200
        assert up.client.get("/docs").status_code == 401
        assert up.client.get("/health").status_code == 200
        assert up.client.get("/ready").status_code == 200
        assert TOKEN not in repr(up.serving)
    assert TOKEN not in caplog.text


def test_a_slow_body_is_refused_and_others_are_served_meanwhile(kit: Kit) -> None:
    with kit.running(body_seconds=0.5) as up:
        with socket.create_connection(("127.0.0.1", up.port), timeout=60) as slow:
            slow.sendall(HEAD % 99 + b"{")
            assert up.post("/v1/alerts", kit.webhook(kit.alert())).status_code == 200
            answer = received(slow)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b'"code": "ARF-1000"' in answer


@pytest.mark.parametrize("sent", [b"", b"GET /health HTTP/1.1\r\nHost: local"])
def test_a_connection_that_sends_no_whole_head_is_ended(kit: Kit, sent: bytes) -> None:
    with kit.running(head_seconds=1) as up, socket.create_connection(("127.0.0.1", up.port), timeout=60) as slow:
        slow.sendall(sent)
        try:
            assert slow.recv(1) == b""
        except ConnectionResetError:
            return


def test_many_slow_connections_keep_nobody_out(kit: Kit) -> None:
    with kit.running(max_connections=300, head_seconds=5) as up:
        slow = [socket.create_connection(("127.0.0.1", up.port), timeout=60) for _ in range(200)]
        for one in slow:
            one.sendall(b"POST /v1/alerts HTTP/1.1\r\nHost: localhost\r\n")
        assert up.post("/v1/alerts", kit.webhook(kit.alert())).status_code == 200
        for one in slow:
            one.close()


def test_a_client_that_leaves_harms_nobody(kit: Kit) -> None:
    with kit.running() as up:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", up.port), timeout=60) as one:
                body = json.dumps(kit.webhook(kit.alert())).encode()
                one.sendall(HEAD % len(body) + body[: len(body) // 2])
        end = time.monotonic() + 30
        while up.serving.in_flight and time.monotonic() < end:
            time.sleep(0.01)
        assert (up.serving.in_flight, up.serving.budget.held) == (0, 0)
        assert up.client.get("/v1/incidents").json()["incidents"] == []


def test_what_is_not_http_does_not_end_the_server(kit: Kit) -> None:
    with kit.running() as up:
        for garbage in GARBAGE:
            with socket.create_connection(("127.0.0.1", up.port), timeout=5) as one:
                one.sendall(garbage)
                one.shutdown(socket.SHUT_WR)
                while one.recv(4096):
                    pass
        assert up.client.get("/health").status_code == 200


def test_health_answers_while_everything_works(kit: Kit) -> None:
    with kit.running() as up, httpx.Client(base_url=f"http://127.0.0.1:{up.port}", timeout=60) as other:
        from threading import Thread

        many = kit.webhook(*(kit.alert(n, component=f"c{n}") for n in range(1500)))
        worker = Thread(target=lambda: up.post("/v1/alerts", many))
        worker.start()
        answered = 0
        while worker.is_alive():
            assert other.get("/health").status_code == 200
            answered += 1
        worker.join(60)
        assert answered > 1
        assert other.get("/v1/incidents?limit=1000").json()["incidents"][0]["members"] == 1


def test_what_is_under_way_finishes_when_the_server_stops(kit: Kit) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool, kit.running() as up:
        many = kit.webhook(*(kit.alert(n, component=f"c{n}") for n in range(800)))
        answer = pool.submit(up.post, "/v1/alerts", many)
        while not up.serving.in_flight:
            time.sleep(0.001)
        up.server.handle_exit(15, None)
        assert answer.result(60).json()["read"] == 800


def test_a_page_of_another_site_cannot_post_without_being_asked(kit: Kit) -> None:
    """A form can send text/plain anywhere unasked; JSON makes the browser ask first, and nothing answers that."""
    with kit.running() as up:
        form = up.client.post(
            "/v1/alerts", content=json.dumps(kit.webhook(kit.alert())), headers={"Content-Type": "text/plain"}
        )
        asked = up.client.options("/v1/alerts", headers={"Origin": "https://evil.example"})
        assert (form.status_code, asked.status_code) == (415, 405)
        assert "access-control-allow-origin" not in asked.headers


def received(connection: socket.socket) -> bytes:
    """Everything until the other side ends the connection."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)
