# SPDX-License-Identifier: Apache-2.0
"""The guard, alone: what passes it, what it turns away, and with which answer."""

from __future__ import annotations

from functools import partial

import anyio
import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Message, Receive, Scope, Send

from arf_mcp_client.server.guard import Guard
from arf_mcp_client.settings import PATH, HttpSettings

pytestmark = pytest.mark.anyio
HEADERS = [(b"host", b"localhost"), (b"content-type", b"application/json")]
LOCAL = "http://127.0.0.1:8765"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{len(body)}")(scope, receive, send)


async def post(settings: HttpSettings, *, content: bytes = b"abc", base: str = LOCAL, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(Guard(echo, settings))
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        kind = headers.pop("kind", "application/json")
        return await client.post(PATH, content=content, headers={"content-type": kind, **headers})


def code_of(response: httpx.Response) -> str:
    error = response.json()["error"]
    assert error["message"]
    assert error["remedy"]
    return str(error["code"])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8765", "localhost", "LOCALHOST:1", "[::1]:8765", "[::1]"])
async def test_this_machine_s_own_names_pass(host: str) -> None:
    assert (await post(HttpSettings(), host=host)).text == "3"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost:8765.evil.example", "localhost@evil", "", "[::2]", "::1"],
)
async def test_another_host_is_turned_away(host: str) -> None:
    response = await post(HttpSettings(), host=host)
    assert (response.status_code, code_of(response)) == (421, "ARF-3000")


@pytest.mark.parametrize(
    "origin", ["http://localhost", "http://127.0.0.1:3000", "https://localhost:1", "http://[::1]:9"]
)
async def test_pages_of_this_machine_pass(origin: str) -> None:
    assert (await post(HttpSettings(), origin=origin)).status_code == 200


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "", "http://localhost.evil.example", "http://localhost:1@evil", "file://localhost"],
)
async def test_pages_of_elsewhere_are_turned_away(origin: str) -> None:
    response = await post(HttpSettings(), origin=origin)
    assert (response.status_code, code_of(response)) == (403, "ARF-3000")


async def test_named_hosts_and_origins_pass_and_the_local_ones_no_longer_do() -> None:
    settings = HttpSettings(
        host="0.0.0.0",  # noqa: S104 - nothing is bound here
        token="a-token-of-some-length",
        allowed_hosts=("arf.example",),
        allowed_origins=("https://chat.example",),
    )
    assert (await post(settings, host="arf.example:8765", origin="https://chat.example")).status_code == 200
    assert (await post(settings, host="localhost")).status_code == 421
    assert (await post(settings, host="0.0.0.0")).status_code == 421  # noqa: S104
    assert (await post(settings, host="arf.example", origin="http://localhost")).status_code == 403


async def test_a_body_that_says_it_is_too_large_is_turned_away_before_it_is_read() -> None:
    response = await post(HttpSettings(max_body=10), content=b"x" * 11)
    assert (response.status_code, code_of(response)) == (413, "ARF-1006")
    assert (await post(HttpSettings(max_body=10), content=b"x" * 10)).text == "10"


async def talk(guard: Guard, *messages: Message, then_wait: bool = False) -> list[Message]:
    """What the guard sends to a client that sends ``messages``, with no length said."""
    sent: list[Message] = []
    left = list(messages)

    async def receive() -> Message:
        if left:
            return left.pop(0)
        if then_wait:
            await anyio.sleep_forever()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": PATH, "headers": HEADERS}
    with anyio.fail_after(10):
        await guard(scope, receive, send)
    return sent


async def test_a_body_that_grows_too_large_is_turned_away_as_it_comes() -> None:
    part = {"type": "http.request", "body": b"x" * 6, "more_body": True}
    sent = await talk(Guard(echo, HttpSettings(max_body=10)), part, part, {**part, "more_body": False})
    assert sent[0]["status"] == 413
    assert b"ARF-1006" in sent[1]["body"]


async def test_a_client_that_sends_too_slowly_is_turned_away() -> None:
    part = {"type": "http.request", "body": b"x", "more_body": True}
    sent = await talk(Guard(echo, HttpSettings(body_timeout=0.05)), part, then_wait=True)
    assert sent[0]["status"] == 408
    assert b"ARF-1000" in sent[1]["body"]


async def test_more_at_once_than_are_served_are_asked_to_come_back() -> None:
    go_on, entered = anyio.Event(), anyio.Event()

    async def held(scope: Scope, receive: Receive, send: Send) -> None:
        entered.set()
        await go_on.wait()
        await echo(scope, receive, send)

    guard = Guard(held, HttpSettings(most_at_once=1))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(guard), base_url=LOCAL) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(partial(client.post, PATH, json={}))
            await entered.wait()
            response = await client.post(PATH, json={})
            assert (response.status_code, code_of(response)) == (503, "ARF-3003")
            assert response.headers["retry-after"] == "1"
            go_on.set()
        assert (await client.post(PATH, json={})).status_code == 200


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded", "application/jsonp"])
async def test_a_body_that_is_not_said_to_be_json_is_turned_away(kind: str) -> None:
    response = await post(HttpSettings(), kind=kind)
    assert (response.status_code, code_of(response)) == (415, "ARF-1000")
    assert (await post(HttpSettings(), kind="Application/JSON; charset=utf-8")).status_code == 200


async def test_another_path_is_not_served() -> None:
    transport = httpx.ASGITransport(Guard(echo, HttpSettings()))
    async with httpx.AsyncClient(transport=transport, base_url=LOCAL) as client:
        response = await client.post("/other")
    assert (response.status_code, code_of(response)) == (404, "ARF-1008")


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
async def test_streams_without_a_question_are_not_served(method: str) -> None:
    transport = httpx.ASGITransport(Guard(echo, HttpSettings()))
    async with httpx.AsyncClient(transport=transport, base_url=LOCAL) as client:
        response = await client.request(method, PATH)
    assert (response.status_code, response.headers["allow"], code_of(response)) == (405, "POST", "ARF-3000")
