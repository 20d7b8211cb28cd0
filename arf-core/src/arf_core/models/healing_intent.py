# SPDX-License-Identifier: Apache-2.0
"""The sealed intent: what ARF recommends, and the only thing that passes between the editions.

Schema ``arf.healing-intent/1`` (docs/contracts/healing-intent/1):

1. ``intent_id`` is ``"intent_"`` and the first 16 hex digits of SHA-256 over the canonical JSON of action, parameters,
   incident_id, component and detected_at.
2. ``context_digest`` commits to reasoning_chain, similar_incidents and evidence, which stay in the open edition.
3. ``digest`` commits to every field of the request that crosses to Enterprise, ``context_digest`` included.
4. An intent has no state: pending, running and done belong to Enterprise and its audit log.
5. Two intents are equal when their digests are; copying gives the same intent, unpickling reads its JSON and checks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import is_
from typing import Final, NoReturn, cast

from arf_core import canonical
from arf_core.errors import InputError, IntentError
from arf_core.models.action import Action, parameters_for
from arf_core.models.frozen import FrozenMap, shown, thaw
from arf_core.models.intent_fields import action_of, confidence_of, moment_of, sequence_of, text_of
from arf_core.models.intent_shapes import LEGACY_CONFIDENCE, SCHEMA, document_fields, mcp_request_fields
from arf_core.strict_json import parse_json

CONTEXT_DOMAIN: Final = "arf.healing-intent-context/1"

__all__ = ["CONTEXT_DOMAIN", "LEGACY_CONFIDENCE", "SCHEMA", "HealingIntent"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HealingIntent:
    """A recommendation, frozen and identified by its content.

    ``confidence`` is in [0, 1]; ``detected_at`` is aware and kept in UTC with microseconds. Parameters that are left
    out take their defaults. ``intent_id``, ``digest`` and ``context_digest`` are computed, never given.

    Raises:
        IntentError: a field breaks its rule; the message names it.
    """

    action: Action
    component: str
    incident_id: str
    detected_at: datetime
    justification: str
    confidence: float
    parameters: FrozenMap = field(default_factory=FrozenMap)
    reasoning_chain: tuple[object, ...] = ()
    similar_incidents: tuple[object, ...] = ()
    policy_applied: str | None = None
    rollback_hint: str | None = None
    evidence: FrozenMap = field(default_factory=FrozenMap)
    intent_id: str = field(init=False)
    context_digest: str = field(init=False)
    digest: str = field(init=False)

    def __post_init__(self) -> None:
        try:
            self._normalise()
            self._seal()
        except IntentError:
            raise
        except InputError as error:
            raise IntentError(f"the intent cannot be sealed: {error}") from error

    @classmethod
    def from_json(cls, data: bytes | str) -> HealingIntent:
        """The intent in ``data``, as :meth:`to_json` wrote it.

        Raises:
            IntentError: an unknown, missing or double key, NaN, a wrong type, a naive time, or an id or digest that
                does not recompute.
        """
        try:
            return cls.from_dict(parse_json(data, what="the intent"))
        except IntentError:
            raise
        except InputError as error:
            raise IntentError(str(error)) from error

    @classmethod
    def from_dict(cls, value: object) -> HealingIntent:
        """The intent in a JSON object, strictly: see :meth:`from_json`."""
        intent = cls.resealed(value)
        given = cast("Mapping[str, object]", value)
        for name in ("intent_id", "context_digest", "digest"):
            if given[name] != getattr(intent, name):
                raise IntentError(f"{name} is {shown(given[name])}, but the content gives {getattr(intent, name)!r}")
        return intent

    @classmethod
    def resealed(cls, value: object) -> HealingIntent:
        """The intent that the content of a JSON object gives, whatever id and digests the object states.

        Raises:
            IntentError: as :meth:`from_json`, save for an id or digest that does not recompute.
        """
        intent = cls(**document_fields(value))
        given = cast("Mapping[str, object]", value)
        if set(intent.parameters) != set(cast("Mapping[str, object]", given["parameters"])):
            raise IntentError("parameters leaves out parameters of the action: an intent on file names all of them")
        return intent

    @classmethod
    def from_mcp_request(cls, request: Mapping[str, object]) -> HealingIntent:
        """The intent in the older MCP request shape.

        That shape is ``{"tool", "component", "parameters", "justification", "mode", "metadata": {"incident_id",
        "detected_at"}}``. It carried no confidence, hence :data:`LEGACY_CONFIDENCE` unless the metadata has
        ``oss_confidence``; ``factor`` is read as ``scale_factor``. ``mode`` is a wish and has no effect.

        Raises:
            IntentError: the tool or component is missing, the time is missing or naive, or a field breaks its rule.
        """
        return cls(**mcp_request_fields(request))

    def to_enterprise_request(self) -> dict[str, object]:
        """What crosses to Enterprise: what to do and why, and the digest; reasoning and similar incidents stay here."""
        return {
            "action": self.action.value,
            "component": self.component,
            "confidence": self.confidence,
            "context_digest": self.context_digest,
            "detected_at": canonical.write_time(self.detected_at),
            "digest": self.digest,
            "incident_id": self.incident_id,
            "intent_id": self.intent_id,
            "justification": self.justification,
            "parameters": thaw(self.parameters),
            "policy_applied": self.policy_applied,
            "requires_enterprise": True,
            "rollback_hint": self.rollback_hint,
            "schema": SCHEMA,
        }

    def to_dict(self) -> dict[str, object]:
        """The whole intent as plain JSON values: the request and the context its ``context_digest`` commits to."""
        return {**self.to_enterprise_request(), **{name: thaw(getattr(self, name)) for name in _CONTEXT}}

    def to_json(self) -> str:
        """The whole intent in canonical JSON, one line."""
        return canonical.canonical_text(self.to_dict())

    def __eq__(self, other: object) -> bool:
        return self.digest == other.digest if isinstance(other, HealingIntent) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.digest)

    def __copy__(self) -> HealingIntent:
        return self

    def __deepcopy__(self, _memo: object) -> HealingIntent:
        return self

    def __reduce__(self) -> tuple[Callable[[str], HealingIntent], tuple[str]]:
        return HealingIntent.from_json, (self.to_json(),)

    def __setstate__(self, _state: object) -> NoReturn:
        raise AttributeError("a HealingIntent cannot be changed")

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("HealingIntent cannot be subclassed: a subclass could seal other bytes")

    def _normalise(self) -> None:
        action = action_of(self.action)
        normal: dict[str, object] = {
            "action": action,
            "parameters": parameters_for(action, self.parameters),
            "confidence": confidence_of(self.confidence),
            "detected_at": moment_of(self.detected_at),
            "component": text_of("component", self.component, empty=False),
            "incident_id": text_of("incident_id", self.incident_id, empty=False),
            "justification": text_of("justification", self.justification),
            "policy_applied": None if self.policy_applied is None else text_of("policy_applied", self.policy_applied),
            "rollback_hint": None if self.rollback_hint is None else text_of("rollback_hint", self.rollback_hint),
        }
        if not _CONTEXTS.is_last((self.reasoning_chain, self.similar_incidents, self.evidence)):
            normal["reasoning_chain"] = sequence_of("reasoning_chain", self.reasoning_chain)
            normal["similar_incidents"] = sequence_of("similar_incidents", self.similar_incidents)
            normal["evidence"] = FrozenMap(self.evidence)
        for name, value in normal.items():
            if value is not getattr(self, name):
                object.__setattr__(self, name, value)

    def _seal(self) -> None:
        """Write each member once, in the order that canonical JSON gives the keys, and digest what was written."""
        text = canonical.canonical_text
        action, component, incident_id = f'"{self.action.value}"', text(self.component), text(self.incident_id)
        detected_at, parameters = f'"{canonical.write_time(self.detected_at)}"', self.parameters.written()
        intent_id = canonical.text_short_id(
            "intent_",
            f'{{"action":{action},"component":{component},"detected_at":{detected_at},'
            f'"incident_id":{incident_id},"parameters":{parameters}}}',
        )
        context_digest = _CONTEXTS.digest_of((self.reasoning_chain, self.similar_incidents, self.evidence))
        digest = canonical.text_digest(
            SCHEMA,
            f'{{"action":{action},"component":{component},"confidence":{text(self.confidence)},'
            f'"context_digest":"{context_digest}","detected_at":{detected_at},"incident_id":{incident_id},'
            f'"intent_id":"{intent_id}","justification":{text(self.justification)},"parameters":{parameters},'
            f'"policy_applied":{text(self.policy_applied)},"requires_enterprise":true,'
            f'"rollback_hint":{text(self.rollback_hint)},"schema":"{SCHEMA}"}}',
        )
        for name, value in (("intent_id", intent_id), ("context_digest", context_digest), ("digest", digest)):
            object.__setattr__(self, name, value)


_CONTEXT: Final = ("reasoning_chain", "similar_incidents", "evidence")


class _Contexts:
    """Digests contexts, and knows the last one again: the intents of one advice share theirs.

    Knowing again means being the very same frozen objects, never being equal to them.
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: tuple[tuple[object, ...], str] = ((), "")

    def is_last(self, context: tuple[object, ...]) -> bool:
        """Whether ``context`` is the last one digested: then it is in its normal form."""
        return _are_the_same(self._last[0], context)

    def digest_of(self, context: tuple[object, ...]) -> str:
        """The digest of a context in its normal form."""
        last, known = self._last
        if _are_the_same(last, context):
            return known
        texts = canonical.member_texts(dict(zip(_CONTEXT, context, strict=True)))
        computed = canonical.text_digest(CONTEXT_DOMAIN, canonical.object_text(texts))
        self._last = (context, computed)  # one assignment: threads see the old pair or the new
        return computed


def _are_the_same(last: tuple[object, ...], context: tuple[object, ...]) -> bool:
    return len(last) == len(context) and all(map(is_, last, context))


_CONTEXTS: Final = _Contexts()
