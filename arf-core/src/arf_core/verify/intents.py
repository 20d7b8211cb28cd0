# SPDX-License-Identifier: Apache-2.0
"""Which part of an intent was altered: its commitments, recomputed one by one.

An intent carries three commitments over three parts (docs/contracts/healing-intent/1):

1. ``intent_id`` over the identity: action, parameters, component, incident_id, detected_at;
2. ``context_digest`` over the context: reasoning_chain, similar_incidents, evidence;
3. ``digest`` over the request: the identity, the grounds (justification, confidence, policy_applied, rollback_hint) and
   the two commitments above.

One alteration breaks a particular set of them, and so names its part. A part and its commitments altered together
cannot be told from another intent: that is what a signature would be for, and an intent carries none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from arf_core.canonical import digest
from arf_core.errors import BadPlace, InputError
from arf_core.models.frozen import shown
from arf_core.models.healing_intent import SCHEMA, HealingIntent
from arf_core.strict_json import parse_json

Verified = HealingIntent | BadPlace

IDENTITY: Final = "an identity field (action, parameters, component, incident_id or detected_at)"
GROUNDS: Final = "the grounds (justification, confidence, policy_applied or rollback_hint) or the digest"
CONTEXT: Final = "the context (reasoning_chain, similar_incidents or evidence)"


def verified_text(data: bytes | str, *, where: str) -> Verified:
    """The intent in the JSON text ``data`` if its id and digests recompute, else what is bad at ``where``."""
    try:
        return verified_value(parse_json(data, what="the intent"), where=where)
    except InputError as error:
        return BadPlace(where=where, what=str(error))


def verified_value(value: object, *, where: str) -> Verified:
    """As :func:`verified_text`, for a value that strict parsing gave."""
    try:
        intent = HealingIntent.resealed(value)
        return _compared(cast("Mapping[str, object]", value), intent, where)
    except InputError as error:
        return BadPlace(where=where, what=f"{error}{_about_keys(value)}")


def _compared(given: Mapping[str, object], intent: HealingIntent, where: str) -> Verified:
    if all(given[name] == getattr(intent, name) for name in ("intent_id", "context_digest", "digest")):
        return intent
    name, part = _broken(given, intent)
    what = f"{part} was altered: {name} does not recompute"
    return BadPlace(where=where, what=what, stated=_stated(given[name]), computed=getattr(intent, name))


def _broken(given: Mapping[str, object], intent: HealingIntent) -> tuple[str, str]:
    request_holds = given["digest"] == _request_digest(given, intent)
    if given["intent_id"] != intent.intent_id:
        only_the_id = given["digest"] == _request_digest(given, intent, intent_id=intent.intent_id)
        return "intent_id", "the intent_id itself" if only_the_id or request_holds else IDENTITY
    if given["context_digest"] != intent.context_digest:
        only_that = given["digest"] == _request_digest(given, intent, context_digest=intent.context_digest)
        return "context_digest", "the context_digest itself" if only_that else CONTEXT
    return "digest", GROUNDS


def _request_digest(given: Mapping[str, object], intent: HealingIntent, **instead: str) -> str:
    """The digest of the request as it stands, with its stated id and context digest, or others ``instead``."""
    stated = {name: given[name] for name in ("intent_id", "context_digest")}
    request = {**intent.to_enterprise_request(), **stated, **instead}
    del request["digest"]
    return digest(SCHEMA, request)


def _stated(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= 80 else shown(value)


def _about_keys(value: object) -> str:
    """A key or signature that came along is pointed out, for somebody may have meant it to be believed."""
    if isinstance(value, Mapping) and not _SIGNATURES.isdisjoint(value):
        return "; an intent carries no signature, and a key or signature inside an artifact is never trusted"
    return ""


_SIGNATURES: Final = frozenset(
    {"sig", "signature", "signatures", "signed_by", "key", "key_id", "public_key", "certificate", "verified"}
)
