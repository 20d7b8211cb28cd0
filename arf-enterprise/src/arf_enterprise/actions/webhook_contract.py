# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What passes between ARF and a webhook's receiver: ``arf.webhook/1`` (docs/targets.md has it for who writes one).

1. Every request is a POST of canonical JSON, signed: ``ARF-Signature: v1=`` and the hex HMAC-SHA-256, under the shared
   secret, of ``ARF-Timestamp``, a dot, and the body as it was sent.
2. Answers are read strictly: an unknown key, a doubled one or a wrong type is no answer.
3. A text of the receiver's is repeated in our messages only as far as it is printable, cut to :data:`MOST_SAID`
   characters, and without the secrets that were sent to it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, cast

from arf_core.canonical import canonical_bytes, canonical_text
from arf_core.errors import FormatError, InputError
from arf_core.models.frozen import FrozenMap, shown
from arf_core.strict_json import parse_json
from arf_core.verify.fields import digest_of, list_of, object_of
from arf_enterprise.actions.adapter import Change, Fence, Observation, Vitals

SCHEMA: Final = "arf.webhook/1"
STATUS_SCHEMA: Final = "arf.webhook-status/1"
DRY_RUN_SCHEMA: Final = "arf.webhook-dry-run/1"
MOST_SAID: Final = 300
SHORTEST_WORD: Final = 8
MOST_LINES: Final = 1000
MOST_STATE: Final = 20_000
MOST_INSTANCES: Final = 1_000_000

Operation = Literal["status", "dry_run", "apply", "revert"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastChange:
    """The last change that a receiver took, and how far it is; kept in ``Observation.version`` as canonical JSON."""

    change: str
    operation: str
    progress: str

    def text(self) -> str:
        """As ``Observation.version``."""
        return canonical_text({"change": self.change, "operation": self.operation, "progress": self.progress})


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of ``ARF-Signature`` (rule 1)."""
    return "v1=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def request(operation: Operation, component: str, change: Change | None = None, fence: Fence | None = None) -> bytes:
    """The body of a request. ``before`` is the state that the change was planned from."""
    document: dict[str, object] = {"schema": SCHEMA, "operation": operation, "component": component}
    if change is not None:
        document |= {
            "change": change.digest,
            "action": change.action.value,
            "parameters": change.forward["parameters"],
            "before": change.before.state,
        }
    if fence is not None:
        document |= {"execution_id": fence.execution_id, "fence": fence.number}
    return canonical_bytes(document)


def headers(operation: Operation, body: bytes, *, secret: str, timestamp: str, fence: Fence | None) -> dict[str, str]:
    """The headers of a request. The key is the same however often one direction of one run is asked for."""
    found = {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "ARF-Timestamp": timestamp,
        "ARF-Signature": signature(secret, timestamp, body),
    }
    if fence is not None:
        found |= {"Idempotency-Key": f"{fence.execution_id}.{operation}", "ARF-Fence": str(fence.number)}
    return found


def status_of(body: bytes) -> Observation:
    """What the answer to ``status`` shows (rule 2).

    Raises:
        FormatError: it is none.
    """
    found = object_of(
        parse_json(body, what="the status"),
        what="the status",
        keys=("schema", "state", "exists"),
        optional=("wanted", "ready", "traffic", "last_change"),
    )
    _schema(found, STATUS_SCHEMA)
    if not isinstance(found["state"], Mapping):
        raise FormatError(f"state is {shown(found['state'])}: it must be an object")
    try:
        state = FrozenMap(found["state"])
    except InputError as error:
        raise FormatError(f"state cannot be kept: {error}") from error
    if len(state.written()) > MOST_STATE:
        raise FormatError(f"state has more than {MOST_STATE} characters: nobody could approve a change of it")
    vitals = Vitals(
        exists=_truth(found["exists"], "exists"),
        wanted=count_of(found.get("wanted"), what="wanted"),
        ready=count_of(found.get("ready"), what="ready"),
        traffic=share_of(found.get("traffic"), what="traffic"),
    )
    last = found.get("last_change")
    return Observation(state=state, vitals=vitals, version=None if last is None else _last(last).text())


def last_change(observed: Observation) -> LastChange | None:
    """The last change that ``observed`` shows."""
    if observed.version is None:
        return None
    return LastChange(**cast("dict[str, str]", parse_json(observed.version)))


def dry_run_of(body: bytes) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    """What the answer to ``dry_run`` says: why not (None: it would work), and the lines of the difference, both ways.

    Raises:
        FormatError: it is none (rule 2).
    """
    found = object_of(
        parse_json(body, what="the dry run"),
        what="the dry run",
        keys=("schema", "ok"),
        optional=("says", "diff", "undo_diff"),
    )
    _schema(found, DRY_RUN_SCHEMA)
    is_ok, says = _truth(found["ok"], "ok"), found.get("says", "")
    if not isinstance(says, str):
        raise FormatError(f"says is {shown(says)}: it must be a text")
    why = None if is_ok else says or "the receiver says that it would not work"
    return why, _lines(found.get("diff", []), "diff"), _lines(found.get("undo_diff", []), "undo_diff")


def said(body: bytes, secrets: Iterable[str]) -> str:
    """What a receiver says of an error: the ``says`` of its JSON, as far as it may be repeated (rule 3)."""
    try:
        found = parse_json(body)
    except InputError:
        return ""
    text = found.get("says") if isinstance(found, Mapping) else None
    return without(text, secrets) if isinstance(text, str) else ""


def without(text: str, secrets: Iterable[str]) -> str:
    """``text`` as it may be repeated (rule 3)."""
    for secret in secrets:
        # Its words, too: of "Bearer TOKEN", a receiver may repeat the token alone.
        for piece in (secret, *(word for word in secret.split() if len(word) >= SHORTEST_WORD)):
            text = text.replace(piece, "…")
    return "".join(one if one.isprintable() else " " for one in text[:MOST_SAID])


def count_of(value: object, *, what: str) -> int | None:
    """``value`` as a number of instances, or None.

    Raises:
        FormatError: it is neither.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_INSTANCES:
        raise FormatError(f"{what} is {shown(value)}: it must be a whole number from 0 to {MOST_INSTANCES}, or null")
    return value


def share_of(value: object, *, what: str) -> float | None:
    """``value`` as a share from 0 to 1, or None.

    Raises:
        FormatError: it is neither.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise FormatError(f"{what} is {shown(value)}: it must be a number from 0 to 1, or null")
    return float(value)


def _schema(found: Mapping[str, object], schema: str) -> None:
    if found["schema"] != schema:
        raise FormatError(f"schema is {shown(found['schema'])}: it must be {schema}")


def _truth(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise FormatError(f"{what} is {shown(value)}: it must be true or false")
    return value


def _last(value: object) -> LastChange:
    found = object_of(value, what="last_change", keys=("change", "operation", "progress"))
    for key, known in (("operation", ("apply", "revert")), ("progress", ("running", "done", "failed"))):
        if found[key] not in known:
            raise FormatError(f"last_change.{key} is {shown(found[key])}: it must be one of {', '.join(known)}")
    return LastChange(
        change=digest_of(found["change"], what="last_change.change"),
        operation=str(found["operation"]),
        progress=str(found["progress"]),
    )


def _lines(value: object, what: str) -> tuple[str, ...]:
    lines = list_of(value, what=what, most=MOST_LINES)
    if not all(isinstance(line, str) and len(line) <= MOST_SAID and line.isprintable() for line in lines):
        raise FormatError(f"{what} must be printable lines of at most {MOST_SAID} characters")
    return cast("tuple[str, ...]", tuple(lines))
