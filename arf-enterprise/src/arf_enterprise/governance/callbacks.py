# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Answers that come back from channels: buttons in Slack, and signed webhooks of anything else.

Slack signs as https://api.slack.com/authentication/verifying-requests-from-slack has it (``v0``)::

    X-Slack-Signature: v0=hex(HMAC-SHA-256(signing secret, "v0:" + timestamp + ":" + body))

and a webhook as docs/approvals.md has it (``v1``)::

    X-ARF-Signature: v1=hex(HMAC-SHA-256(secret, "arf.callback/1\\n" + channel + "\\n" + timestamp + "\\n" + body))

1. The signature is checked first, over the bytes that came, in constant time; nothing is parsed before.
2. The time is part of what is signed, and at most 300 s from ours, either way. Each signature is taken once.
3. Who pressed is looked up in a table of ours (``governance.channels``); a channel cannot say who somebody is.
4. A callback carries the digest that was shown: it approves that, or nothing.
5. What is refused is recorded, also where nobody knows whom it is from.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, cast
from urllib.parse import parse_qsl

from arf_core.errors import InputError
from arf_core.strict_json import parse_json
from arf_core.verify.fields import digest_of, list_of, object_of, text_of
from arf_enterprise.errors import (
    AccessError,
    ApprovalForged,
    ApprovalRefused,
    ApprovalUsed,
    EnterpriseError,
    NotPermitted,
    RequestError,
)
from arf_enterprise.governance import approval
from arf_enterprise.governance.approval_state import State
from arf_enterprise.governance.channels import SLACK, Channels
from arf_enterprise.governance.recording import record_refusal
from arf_enterprise.identity.claims import DEFAULT_TENANT
from arf_enterprise.identity.principal import Principal
from arf_enterprise.stores.postgres.database import Database, Transaction

SCHEMA: Final = "arf.callback/1"
PATIENCE_S: Final = 300
APPROVE: Final = "arf_approve"
REJECT: Final = "arf_reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What came over a channel: the headers of its signature, None where they are missing, and the body as it came."""

    channel: str
    timestamp: str | None
    signature: str | None
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """An answer whose signature holds: who gave it, as the channel calls them, and to what."""

    channel: str
    known_as: str
    tenant: str
    approval_id: str
    digest: str
    approve: bool
    reason: str
    signature: bytes


def slack_callback(signed: Signed, *, secret: str, now: datetime) -> Callback:
    """The button that was pressed.

    Raises:
        ApprovalForged: the signature, or its time, is not right (rules 1 and 2).
        RequestError, FormatError: signed, and no button of ours.
    """
    signature = _checked(signed, "v0", f"v0:{signed.timestamp}:", secret, now)
    fields = parse_qsl(_text(signed.body), keep_blank_values=True, strict_parsing=False, max_num_fields=10)
    payloads = [value for name, value in fields if name == "payload"]
    if len(payloads) != 1:
        raise RequestError("the body is not that of one pressed button: it has no `payload`, or several")
    given = _mapping(parse_json(payloads[0].encode("utf-8", "replace"), what="the payload"), "the payload")
    user = _mapping(given.get("user"), "the payload's user")
    actions = list_of(given.get("actions"), what="the payload's actions", most=1)
    pressed = _mapping(actions[0] if actions else None, "the payload's action")
    if pressed.get("action_id") not in {APPROVE, REJECT}:
        raise RequestError("the button is none of ours")
    tenant, approval_id, digest = _shown(pressed.get("value"))
    return Callback(
        channel=SLACK,
        known_as=text_of(user.get("id"), what="the user's id", most=200),
        tenant=tenant,
        approval_id=approval_id,
        digest=digest,
        approve=pressed["action_id"] == APPROVE,
        reason="",
        signature=signature,
    )


def webhook_callback(signed: Signed, *, secret: str, now: datetime) -> Callback:
    """The answer that a webhook carries.

    Raises:
        ApprovalForged: the signature, or its time, is not right (rules 1 and 2).
        FormatError, RequestError: signed, and not in the form.
    """
    signature = _checked(signed, "v1", f"{SCHEMA}\n{signed.channel}\n{signed.timestamp}\n", secret, now)
    given = object_of(
        parse_json(signed.body, what="the body"), what="the body", keys=_KEYS, optional=("reason",)
    )  # fmt: skip
    if given["schema"] != SCHEMA or given["decision"] not in {"approve", "reject"}:
        raise RequestError(f"the schema must be {SCHEMA}, and the decision approve or reject")
    return Callback(
        channel=signed.channel,
        known_as=text_of(given["person"], what="person", most=200),
        tenant=text_of(given["tenant"], what="tenant", most=200),
        approval_id=text_of(given["approval_id"], what="approval_id", most=200),
        digest=digest_of(given["digest"], what="digest"),
        approve=given["decision"] == "approve",
        reason=text_of(given["reason"], what="reason") if "reason" in given else "",
        signature=signature,
    )


def take(database: Database, channels: Channels, callback: Callback, *, request_id: str, now: datetime) -> State:
    """Take an answer whose signature holds; the state of the request after it.

    Raises:
        NotPermitted: nobody in the table, or nobody of that tenant (rule 3).
        ApprovalUsed: it was taken before (rule 2).
        NotFound, ApprovalRefused: as ``governance.approval.vote``.
    """
    by = channels.person(callback.channel, callback.known_as)
    if by is None or callback.tenant not in by.tenants:
        raise NotPermitted(f"{callback.known_as!r:.80} of {callback.channel} is nobody who may decide here")
    with database.transaction(callback.tenant) as transaction:
        found = _attempt(transaction, callback, by, request_id, now)
    if isinstance(found, Exception):
        raise found
    return found


def record_refused(
    database: Database, channel: str, error: EnterpriseError, *, client: str, request_id: str, now: datetime
) -> None:
    """Record a callback that nobody known gave, in the log of ``default`` (rule 5); ``client`` is an address."""
    by = Principal(issuer="network", subject=client or "-", method="callback")
    with database.transaction(DEFAULT_TENANT) as transaction:
        record_refusal(transaction, f"callback/{channel}", error, by=by, request_id=request_id, now=now)


def _attempt(
    transaction: Transaction, callback: Callback, by: Principal, request_id: str, now: datetime
) -> State | ApprovalRefused | AccessError:
    said = approval.Said(
        approval_id=callback.approval_id, by=by, approve=callback.approve, digest=callback.digest,
        reason=callback.reason, request_id=request_id,
    )  # fmt: skip
    place = {"tenant": callback.tenant, "channel": callback.channel, "signature": callback.signature}
    if transaction.run("take_callback", taken_at=now, **place):
        return approval.attempt(transaction, said, now=now)
    error = ApprovalUsed("this callback was taken before: each counts once")
    approval.look(transaction, callback.approval_id, now)
    target = f"approval/{callback.approval_id}"
    record_refusal(transaction, target, error, by=by, request_id=request_id, now=now)
    return error


_KEYS: Final = ("schema", "tenant", "approval_id", "digest", "decision", "person")
_TIME: Final = re.compile(r"[0-9]{1,12}", re.ASCII)


def _checked(signed: Signed, version: str, prefix: str, secret: str, now: datetime) -> bytes:
    """The 32 bytes of the signature, if it holds and is of now (rules 1 and 2)."""
    if signed.timestamp is None or not _TIME.fullmatch(signed.timestamp):
        raise ApprovalForged("the callback has no time, or one that is no number of seconds")
    computed = hmac.digest(secret.encode(), prefix.encode() + signed.body, "sha256")
    stated = (signed.signature or "").encode("utf-8", "replace")
    if not hmac.compare_digest(f"{version}={computed.hex()}".encode(), stated):
        raise ApprovalForged(f"the callback was not signed by the channel {signed.channel!r:.80}")
    if abs(now.timestamp() - int(signed.timestamp)) > PATIENCE_S:
        raise ApprovalForged(f"the callback is more than {PATIENCE_S} s away from now")
    return computed


def _text(body: bytes) -> str:
    try:
        return body.decode("ascii")
    except UnicodeDecodeError as error:
        raise RequestError("the body is no form") from error


def _mapping(value: object, what: str) -> Mapping[str, object]:
    """Slack's own documents have more in them than is read, and may get more."""
    if not isinstance(value, Mapping):
        raise RequestError(f"{what} is no object")
    return cast("Mapping[str, object]", value)


def _shown(value: object) -> tuple[str, str, str]:
    """Tenant, id and digest, as a button of ours has them (rule 4)."""
    parts = value.split(" ") if isinstance(value, str) else []
    if len(parts) != 3:
        raise RequestError("the button's value is not tenant, id and digest")
    try:
        return text_of(parts[0], what="tenant"), text_of(parts[1], what="id"), digest_of(parts[2], what="digest")
    except InputError as error:
        raise RequestError(str(error)) from error
