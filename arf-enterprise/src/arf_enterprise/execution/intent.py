# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The intent as it comes: sealed by the open edition, or asked for by a caller and sealed here.

1. A sealed request has exactly the keys of ``HealingIntent.to_enterprise_request()``, each of its type; a known field
   breaks no rule of its own; ``intent_id`` and ``digest`` recompute (docs/contracts/healing-intent/1).
2. The reasoning that ``context_digest`` commits to stayed with the open edition: it is part of what was sealed.
3. A free-form command does not exist: the older request ``{"tool", "component", "parameters", "mode",
   "justification"}`` is sealed first, as an intent of its caller, with the time at which it came.
4. A wish can lower what happens, never raise it: ``mode`` is the rung that the caller asks for at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, cast

from arf_core.canonical import canonical_text, digest, read_time
from arf_core.errors import InputError
from arf_core.models.healing_intent import SCHEMA, HealingIntent
from arf_core.strict_json import parse_json
from arf_enterprise.errors import IntentInvalid, RequestError
from arf_enterprise.governance.ruling import Rung

MODES: Final[Mapping[str, Rung]] = {
    "advisory": Rung.ADVISE,
    "approval": Rung.REQUIRE_APPROVAL,
    "autonomous": Rung.AUTONOMOUS,
}
"""What callers call the rungs → the rung."""
_KEYS: Final = frozenset(
    "action component confidence context_digest detected_at digest incident_id intent_id justification parameters"
    " policy_applied requires_enterprise rollback_hint schema".split()
)
_ASKED: Final = frozenset({"tool", "component", "parameters", "mode", "justification", "metadata"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """An intent that was taken: its fields (``intent``, whose own digest does not count), and what was sealed."""

    intent: HealingIntent
    digest: str
    text: str
    """The canonical JSON of the request."""

    @property
    def intent_id(self) -> str:
        """The short id, which names the action, its parameters, the incident, the component and the time."""
        return self.intent.intent_id


def sealed(given: object, *, key: str | None = None) -> Submitted:
    """The sealed request in a JSON value (rule 1), which was sent under ``key``: its digest, if anything.

    Raises:
        IntentInvalid: it is none, or it was altered; the message names the field.
    """
    if not isinstance(given, Mapping) or set(given) != _KEYS:
        raise IntentInvalid(f"an intent has exactly the fields {', '.join(sorted(_KEYS))}")
    if given["schema"] != SCHEMA or given["requires_enterprise"] is not True:
        raise IntentInvalid(f"schema must be {SCHEMA}, and requires_enterprise true")
    try:
        intent = _of(given)
        text = canonical_text(given)
        computed = digest(SCHEMA, {name: value for name, value in given.items() if name != "digest"})
    except InputError as error:
        raise IntentInvalid(str(error)) from error
    for name, value in (("intent_id", intent.intent_id), ("digest", computed)):
        if given[name] != value:
            raise IntentInvalid(f"{name} is not what the content gives: it was altered, {name} should be {value}")
    if key is not None and key != computed:
        raise IntentInvalid("Idempotency-Key is not the digest of the intent")
    return Submitted(intent=intent, digest=computed, text=text)


@lru_cache(maxsize=256)
def stored(text: str) -> Submitted:
    """The intent in a text that the database has; each step of a run reads it, so the same text is read once.

    Raises:
        IntentInvalid: the database was altered.
    """
    return sealed(parse_json(text, what="the stored intent"))


def of_intent(intent: HealingIntent) -> Submitted:
    """A sealed intent of this process, as it would come over the wire."""
    return Submitted(intent=intent, digest=intent.digest, text=canonical_text(intent.to_enterprise_request()))


def asked(given: object, *, now: datetime) -> tuple[Submitted, Rung]:
    """The intent that the older request means, sealed (rule 3), and the rung it asks for.

    Raises:
        RequestError: a field is missing, unknown or of the wrong type.
    """
    if not isinstance(given, Mapping) or not set(given) <= _ASKED or not {"tool", "component"} <= set(given):
        raise RequestError(f"the request has tool, component, and no other fields than {', '.join(sorted(_ASKED))}")
    wished = rung_of(given.get("mode", "approval"))
    metadata = given.get("metadata") or {}
    if not isinstance(metadata, Mapping):
        raise RequestError("metadata must be an object")
    dated = {**metadata, "detected_at": metadata.get("detected_at") or now.isoformat()}
    try:
        intent = HealingIntent.from_mcp_request({**given, "metadata": dated})
    except InputError as error:
        raise RequestError(str(error)) from error
    return of_intent(intent), wished


def rung_of(mode: object) -> Rung:
    """The rung that a caller means by ``mode``.

    Raises:
        RequestError: there is no such mode.
    """
    if not isinstance(mode, str) or mode not in MODES:
        raise RequestError(f"mode must be one of {', '.join(MODES)}")
    return MODES[mode]


def _of(given: Mapping[str, object]) -> HealingIntent:
    for name in ("detected_at", "context_digest"):
        if not isinstance(given[name], str):
            raise IntentInvalid(f"{name} must be a string")
    if not isinstance(given["parameters"], Mapping):
        raise IntentInvalid("parameters must be an object")
    intent = HealingIntent(
        action=cast("str", given["action"]),  # type: ignore[arg-type]  # checked by the intent itself
        component=cast("str", given["component"]),
        incident_id=cast("str", given["incident_id"]),
        detected_at=read_time(cast("str", given["detected_at"])),
        justification=cast("str", given["justification"]),
        confidence=cast("float", given["confidence"]),
        parameters=given["parameters"],  # type: ignore[arg-type]  # frozen by the intent itself
        policy_applied=cast("str | None", given["policy_applied"]),
        rollback_hint=cast("str | None", given["rollback_hint"]),
    )
    if set(intent.parameters) != set(given["parameters"]):
        raise IntentInvalid("parameters leaves out parameters of the action: a sealed intent names all of them")
    return intent
