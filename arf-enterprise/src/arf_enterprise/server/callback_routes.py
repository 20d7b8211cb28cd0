# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Callbacks of channels: no key opens these paths, each request is authenticated by its own signature.

1. A right signature is always looked at, however many wrong ones came before: checking one costs microseconds.
2. What is refused is recorded, but of an address that fails again and again only as much as of wrong keys
   (``identity.attempts``): nobody fills the log.
3. Every wrong callback is answered alike (401): what is set up here is not told.
4. A secret is read at most once a minute, however many callbacks come: strangers start no commands here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.requests import Request

from arf_core.api.logs import fields
from arf_enterprise.app import App
from arf_enterprise.errors import AccessError, ApprovalForged, SettingError
from arf_enterprise.governance.callbacks import (
    Callback,
    Signed,
    record_refused,
    slack_callback,
    take,
    webhook_callback,
)
from arf_enterprise.governance.channels import FILE, SLACK, Channels, read_channels
from arf_enterprise.identity.attempts import Attempts, network_of
from arf_enterprise.server.deciding import tell_run
from arf_enterprise.server.described import answers, body, of_a_body
from arf_enterprise.server.guard import app_of, serving_of
from arf_enterprise.targets.broker import read

router: Final = APIRouter(prefix="/callbacks")

_TAKEN: Final[dict[str, object]] = {"schema": "arf.callback-taken/1", "state": "approved", "given": 1, "quorum": 1}
_WEBHOOK: Final[dict[str, object]] = {
    "schema": "arf.callback/1",
    "tenant": "default",
    "approval_id": "approval_019b7c5e1f2a4b6c8d0e2f4a6b8c0d2e",
    "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "decision": "approve",
    "person": "alice",
}
_TEXT: Final = {"type": "string", "minLength": 1, "maxLength": 2000}
_WEBHOOK_SCHEMA: Final = {
    "type": "object",
    "required": sorted(_WEBHOOK),
    "additionalProperties": False,
    "properties": {**dict.fromkeys([*_WEBHOOK, "reason"], _TEXT), "decision": {"enum": ["approve", "reject"]}},
}
_FORM: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}}
}
_Made = Callable[..., Callback]
log = logging.getLogger(__name__)


async def _body(request: Request) -> bytes:
    """The body as it came: what was signed is its bytes."""
    return await request.body()


@router.post("/slack", responses=answers(_TAKEN, *of_a_body(404, 409)), openapi_extra=_FORM)
def slack(request: Request, given: Annotated[bytes, Depends(_body)]) -> dict[str, object]:
    """A button that was pressed in Slack, signed by Slack."""
    signed = _signed(request, SLACK, given, prefix="X-Slack", timestamp="X-Slack-Request-Timestamp")
    return _taken(request, signed, slack_callback)


@router.post(
    "/webhook",
    responses=answers(_TAKEN, *of_a_body(404, 409)),
    openapi_extra=body(_WEBHOOK, _WEBHOOK_SCHEMA),
)
def webhook(request: Request, given: Annotated[bytes, Depends(_body)]) -> dict[str, object]:
    """An answer of a channel that `X-ARF-Channel` names, signed by it (docs/approvals.md)."""
    channel = request.headers.get("X-ARF-Channel", "")
    signed = _signed(request, channel, given, prefix="X-ARF", timestamp="X-ARF-Timestamp")
    return _taken(request, signed, webhook_callback)


def _signed(request: Request, channel: str, given: bytes, *, prefix: str, timestamp: str) -> Signed:
    signature = _one(request, f"{prefix}-Signature")
    return Signed(channel=channel, timestamp=_one(request, timestamp), signature=signature, body=given)


def _one(request: Request, name: str) -> str | None:
    """The header, if it is there once: of two, nobody knows which was meant."""
    values = request.headers.getlist(name)
    return values[0] if len(values) == 1 else None


def _taken(request: Request, signed: Signed, made: _Made) -> dict[str, object]:
    app, request_id = app_of(request), str(request.state.request_id)
    now = app.clock()
    try:
        channels = _channels(app)
        secret = _secret(channels, signed.channel, made, minute=int(serving_of(request).seconds() // 60))
        callback = made(signed, secret=secret, now=now)
        found = take(app.database, channels, callback, request_id=request_id, now=now)
    except (ApprovalForged, AccessError) as error:
        _record(request, signed.channel, error, now)
        raise
    tell_run(app, found)
    quorum = found.binding.quorum
    return {"schema": "arf.callback-taken/1", "state": found.kind.value, "given": found.given, "quorum": quorum}


def _secret(channels: Channels, channel: str, made: _Made, *, minute: int) -> str:
    reference = channels.secrets.get(channel)
    if reference is None or (channel == SLACK) != (made is slack_callback):  # 3
        raise ApprovalForged("the callback was not signed by a channel of this installation")
    if (secret := _read_secret(reference, minute)) is None:
        raise ApprovalForged("the signature cannot be checked now: the log says why")
    return secret


@lru_cache(maxsize=16)
def _read_secret(reference: str, _minute: int) -> str | None:
    """Read once a minute, also where it cannot be: it may be a command's, and nobody knows yet who asks (rule 4)."""
    try:
        return read(reference)
    except SettingError as error:
        log.warning("the secret of a channel cannot be read", extra=fields(because=str(error)))
        return None


def _record(request: Request, channel: str, error: ApprovalForged | AccessError, now: datetime) -> None:
    """Record the refusal, unless its address has failed too often (rule 2)."""
    client = network_of(request.client.host if request.client else "")
    attempts, seconds = _attempts(request), serving_of(request).seconds()
    if attempts.wait(client, now=seconds):
        return
    attempts.failed(client, now=seconds)
    name = channel if channel in _channels(app_of(request)).secrets else "unknown"
    request_id = str(request.state.request_id)
    record_refused(app_of(request).database, name, error, client=client, request_id=request_id, now=now)


def _attempts(request: Request) -> Attempts:
    """Who failed, of this application."""
    state = request.app.state
    if not hasattr(state, "callback_attempts"):
        state.callback_attempts = Attempts()
    found: Attempts = state.callback_attempts
    return found


def _channels(app: App) -> Channels:
    """The channels of the installation, read again when their file is another one."""
    file = app.settings.data / FILE
    try:
        changed = file.stat().st_mtime_ns
    except FileNotFoundError:
        return Channels()
    except OSError as error:
        raise SettingError(f"{file} cannot be read: {type(error).__name__}") from error
    return _read(file, changed)


@lru_cache(maxsize=4)
def _read(file: Path, _changed: int) -> Channels:
    return read_channels(file)
