# SPDX-License-Identifier: Apache-2.0
"""``arf-mcp serve --transport http`` as a process of its own, met by real clients and by people who mean it harm."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import anyio
import httpx
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client

from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client.server.http import bound
from arf_mcp_client.settings import HttpSettings

pytestmark = [pytest.mark.anyio, pytest.mark.promise("MCP-2")]
Serving = Callable[..., AbstractContextManager[str]]
TOKEN = "a-token-of-some-length"
ACCEPT = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
CALL = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "get_capabilities", "arguments": {}}}


def post(address: str, body: object = CALL, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(address, content=content, headers={**ACCEPT, **headers}, timeout=30)


async def test_any_mcp_client_lists_and_calls_the_tools(serving: Serving, reading: dict[str, object]) -> None:
    seen: list[float] = []

    async def progress(progress: float, total: float | None, message: str | None) -> None:
        assert (total, bool(message)) == (60, True)
        seen.append(progress)

    long = [{**reading, "component": f"c{n}", "timestamp": f"2026-01-02T{n // 6:02}:{n % 6}0:00Z"} for n in range(60)]
    with serving() as address:
        for mode in ("2026-07-28", "legacy"):
            async with Client(address, mode=mode) as client:
                assert len((await client.list_tools()).tools) == 6
                answer = await client.call_tool("recommend_action", {"telemetry": reading})
                assert HealingIntent.from_dict((answer.structured_content or {})["recommended"]).intent_id
                await client.call_tool("analyze", {"telemetry": long}, progress_callback=progress)
                assert len((await client.list_resources()).resources) == 4
    assert len(seen) > 20


def test_a_wrong_or_missing_token_is_refused_and_the_right_one_is_not(serving: Serving) -> None:
    with serving(token=TOKEN) as address:
        for wrong in (
            {},
            {"authorization": "Bearer wrong"},
            {"authorization": f"Basic {TOKEN}"},
            {"authorization": TOKEN},
        ):
            response = post(address, **wrong)
            assert response.status_code == 401
            assert response.headers["www-authenticate"].startswith("Bearer")
            assert response.json()["error"] == "invalid_token"
            assert TOKEN not in response.text
        assert post(address, authorization=f"Bearer {TOKEN}").status_code == 200


async def test_a_client_with_the_token_works(serving: Serving) -> None:
    with serving(token=TOKEN) as address:
        http = create_mcp_http_client(headers={"authorization": f"Bearer {TOKEN}"})
        async with http, Client(streamable_http_client(address, http_client=http)) as client:
            assert not (await client.call_tool("get_capabilities", {})).is_error


def test_an_oauth_server_says_where_its_tokens_come_from(serving: Serving, tmp_path: Path) -> None:
    import jwt
    from cryptography.hazmat.primitives.asymmetric import rsa
    from jwt.algorithms import RSAAlgorithm

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwk = {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": "r1", "use": "sig", "alg": "RS256"}
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [jwk]}))
    audience = "https://arf.example/mcp"
    options = ("--oauth-issuer", "https://id.example", "--oauth-audience", audience, "--oauth-jwks", "keys.json")

    def token(**changed: Any) -> str:
        held = {
            "iss": "https://id.example",
            "aud": audience,
            "sub": "me",
            "scope": "arf",
            "exp": time.time() + 60,
            **changed,
        }
        return f"Bearer {jwt.encode(held, key, algorithm='RS256', headers={'kid': 'r1', 'typ': 'at+jwt'})}"

    with serving(*options, "--oauth-scope", "arf") as address:
        refused = post(address)
        assert refused.status_code == 401
        assert "https://arf.example/.well-known/oauth-protected-resource/mcp" in refused.headers["www-authenticate"]
        metadata = httpx.get(address.removesuffix("/mcp") + "/.well-known/oauth-protected-resource/mcp").json()
        assert metadata["resource"] == audience
        assert metadata["authorization_servers"] == ["https://id.example"]
        assert post(address, authorization=token()).status_code == 200
        assert post(address, authorization=token(scope="other")).status_code == 403
        assert post(address, authorization=token(aud="https://other.example")).status_code == 401


def test_a_page_of_elsewhere_cannot_reach_it(serving: Serving) -> None:
    with serving() as address:
        assert post(address, host="evil.example").status_code == 421
        assert post(address, origin="http://evil.example").status_code == 403
        assert post(address, origin="http://localhost:3000").status_code == 200


def test_malformed_and_oversized_requests_are_refused_and_the_server_goes_on(serving: Serving) -> None:
    with serving() as address:
        large = post(address, b"x" * 9_000_000)
        assert (large.status_code, large.json()["error"]["code"]) == (413, "ARF-1006")
        chunked = httpx.post(address, content=(b"x" * 1_000_000 for _ in range(9)), headers=ACCEPT, timeout=30)
        assert (chunked.status_code, chunked.json()["error"]["code"]) == (413, "ARF-1006")
        for bad in (b"", b"{", b"[]", b"\xff\xfe", b"null", b'{"jsonrpc":"2.0"}', b"[" * 100_000, b'{"a":' * 5000):
            response = post(address, bad)
            assert 400 <= response.status_code < 500
            assert "Traceback" not in response.text
        assert post(address).status_code == 200


def test_a_client_that_hangs_or_leaves_holds_nobody_up(serving: Serving) -> None:
    with serving() as address:
        where = urlsplit(address)
        head = (
            "POST /mcp HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"
        )
        hanging = [socket.create_connection((where.hostname or "", where.port or 0)) for _ in range(20)]
        try:
            for one in hanging:
                one.sendall(head.encode())
            assert post(address).status_code == 200
        finally:
            for one in hanging:
                one.close()
        assert post(address).status_code == 200


async def test_many_clients_at_once_are_all_answered_alike(serving: Serving, reading: dict[str, object]) -> None:
    params = {"name": "recommend_action", "arguments": {"telemetry": reading}}
    async with httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=32)) as client:
        with serving() as address:
            answers: list[bytes] = []

            async def ask() -> None:
                response = await client.post(address, json={**CALL, "params": params}, headers=ACCEPT)
                assert response.status_code == 200
                answers.append(response.content)

            async with anyio.create_task_group() as group:
                for _ in range(100):
                    group.start_soon(ask)
    assert len(answers) == 100
    assert len(set(answers)) == 1


def test_small_answers_are_not_held_back() -> None:
    # asyncio sets TCP_NODELAY only on sockets whose protocol is named; without it a call takes 40 ms longer.
    with bound(HttpSettings(port=0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_with_exit_code_0(tmp_path: Path, stop: signal.Signals) -> None:
    process, _ = started(tmp_path)
    process.send_signal(stop)
    assert process.communicate(timeout=30)[0] == ""
    assert process.returncode == 0


def test_after_a_kill_the_same_port_is_served_again(tmp_path: Path) -> None:
    first, address = started(tmp_path)
    assert post(address).status_code == 200
    first.kill()
    first.communicate(timeout=30)
    second, again = started(tmp_path, port=str(urlsplit(address).port))
    try:
        assert again == address
        assert post(address).status_code == 200
    finally:
        second.terminate()
        second.communicate(timeout=30)


def test_a_port_that_is_taken_is_a_typed_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "arf_mcp_client.cli", "serve", "--transport", "http", "--json", "--port"]
        done = subprocess.run(
            [*command, str(taken.getsockname()[1])],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
        )
    assert done.returncode == 6
    assert json.loads(done.stdout)["error"]["code"] == "ARF-1005"
    assert done.stderr == ""


def started(folder: Path, *, port: str = "0") -> tuple[subprocess.Popen[str], str]:
    """A running server and its address."""
    command = [sys.executable, "-m", "arf_mcp_client.cli", "serve", "--transport", "http", "--json", "--port", port]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder)
    assert process.stdout is not None
    return process, str(json.loads(process.stdout.readline())["listening"])
