# SPDX-License-Identifier: Apache-2.0
"""The JSON Schemas (draft 2020-12) of a policy file and of a table of cases, for editors: made from the tables that the
readers go by.

A schema is weaker than the reader: it does not compile conditions, and does not know that names are unique or that a
file of cases names rules of the policy file. What it refuses, the reader refuses too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from arf_core.models.action import PARAMETERS, Action
from arf_core.models.event import MAX_NAME, METRICS
from arf_core.models.incident import Outcome
from arf_core.models.signal import Severity, SignalKind
from arf_core.policy import cases, parts
from arf_core.policy.edges import MOST, SHARES
from arf_core.policy.fields import NAME
from arf_core.policy.parts import Part
from arf_core.policy.rules import SCHEMA
from arf_core.policy.syntax import MAX_CONDITION

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, object]


def policy_schema() -> Schema:
    """The schema of a policy file."""
    return {
        "$schema": DIALECT,
        "$id": f"urn:{SCHEMA.replace('/', ':')}",
        "title": "ARF healing policies",
        "description": "What may be recommended, and when. Checked by `arf policy lint`.",
        **_object(
            parts.ROOT,
            {
                "schema": {"const": SCHEMA},
                "policies": _list(_rule(parts.POLICY), most=parts.MAX_RULES),
                "remedies": _list(_rule(parts.REMEDY), most=parts.MAX_RULES),
                "fallback": _rule(parts.FALLBACK),
            },
        ),
    }


def cases_schema() -> Schema:
    """The schema of a table of cases for `arf policy test`."""
    return {
        "$schema": DIALECT,
        "$id": f"urn:{cases.SCHEMA.replace('/', ':')}",
        "title": "Cases for ARF healing policies",
        "description": "What is given, and what should be recommended then. Run by `arf policy test`.",
        **_object(
            cases.ROOT,
            {
                "schema": {"const": cases.SCHEMA},
                "cases": _list(
                    _object(cases.CASE, {"name": _NAME, "given": _given(), "expect": _expect()}), most=cases.MAX_CASES
                ),
            },
        ),
    }


_NAME: Final[Schema] = {"type": "string", "pattern": f"^(?:{NAME.pattern})$"}
_ACTION: Final[Schema] = {"enum": [action.value for action in Action]}
_KIND: Final[Schema] = {"enum": [kind.value for kind in SignalKind]}
_SHARE: Final[Schema] = {"type": "number", "minimum": 0, "maximum": 1}


def _object(part: Part, properties: Mapping[str, Schema]) -> Schema:
    described = {key: {**properties[key], **_described(key)} for key in part.keys}
    found: Schema = {"type": "object", "additionalProperties": False, "properties": described}
    return {**found, "required": list(part.required)} if part.required else found


def _described(key: str) -> Schema:
    return {"description": _WORDS[key]} if key in _WORDS else {}


_WORDS: Final = {
    "when": "CEL over latency_p99 (ms), error_rate, cpu_util, memory_util (0 to 1), throughput, severity, kind, score,"
    " component and words, such as: latency_p99 > 500 && error_rate > 0.1",
    "actions": "in the order in which they are offered",
    "priority": "lower comes first",
    "cooldown_s": "seconds of rest after it was used for a component",
    "max_per_hour": "the most uses for a component in any 3600 seconds",
    "parameters": "by action; what is left out has its default",
    "kind": "the kind of the root cause's dominant signal",
    "policies": "rules with a condition",
    "remedies": "rules for a kind of root cause, where no condition is true: at most one of each kind",
    "fallback": "the rule for what nothing else fits",
    "metrics": "the reading; latency_p99 in milliseconds, shares from 0 to 1, throughput in requests a second",
    "baseline": "whether the diagnosis measured against a baseline",
    "remembered": "what memory recalls",
    "used": "rules that were used for the component before",
}


def _list(items: Schema, *, most: int, least: int = 1) -> Schema:
    return {"type": "array", "items": items, "minItems": least, "maxItems": most}


def _rule(part: Part) -> Schema:
    return _object(
        part,
        {
            "name": _NAME,
            "when": {"type": "string", "minLength": 1, "maxLength": MAX_CONDITION},
            "kind": _KIND,
            "actions": {**_list(_ACTION, most=len(Action)), "uniqueItems": True},
            "priority": {"type": "integer", "minimum": 1, "maximum": parts.MOST_PRIORITY},
            "cooldown_s": {"type": "number", "minimum": 0, "maximum": parts.MOST_COOLDOWN_S},
            "max_per_hour": {"type": "integer", "minimum": 1, "maximum": parts.MOST_PER_HOUR},
            "parameters": _parameters(),
        },
    )


def _parameters() -> Schema:
    of_actions = {action.value: _parameters_of(action) for action in Action}
    return {"type": "object", "additionalProperties": False, "properties": of_actions}


def _parameters_of(action: Action) -> Schema:
    found: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: {**PARAMETER_SCHEMAS[action, name], "description": parameter.rule}
            for name, parameter in PARAMETERS[action].items()
        },
    }
    required = [name for name, parameter in PARAMETERS[action].items() if parameter.required]
    return {**found, "required": required} if required else found


def _whole(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


_TEXT: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": 253}

PARAMETER_SCHEMAS: Final[Mapping[tuple[Action, str], Schema]] = {
    (Action.ROLLBACK, "revision"): _TEXT,
    (Action.ROLLBACK, "force"): {"type": "boolean"},
    (Action.RESTART_CONTAINER, "container_id"): {**_TEXT, "type": ["string", "null"]},
    (Action.RESTART_CONTAINER, "grace_period"): _whole(0, 3600),
    (Action.SCALE_OUT, "scale_factor"): _whole(1, 10),
    (Action.SCALE_OUT, "resource_profile"): _TEXT,
    (Action.CIRCUIT_BREAKER, "threshold"): _SHARE,
    (Action.CIRCUIT_BREAKER, "timeout"): _whole(1, 3600),
    (Action.TRAFFIC_SHIFT, "percentage"): _whole(1, 100),
    (Action.TRAFFIC_SHIFT, "target"): _TEXT,
    (Action.ALERT_TEAM, "severity"): {"enum": ["low", "medium", "high", "critical"]},
    (Action.ALERT_TEAM, "channels"): _list(_TEXT, most=16),
}
"""What each parameter accepts. ``models.action`` says it in words and as a function; a test holds the two together."""


def _given() -> Schema:
    outcome: Schema = {"enum": [one.value for one in Outcome]}
    ago: Schema = {"type": "number", "minimum": 0, "maximum": parts.MOST_COOLDOWN_S}
    remembered = _object(cases.RECALLED, {"action": _ACTION, "outcome": outcome, "similarity": _SHARE})
    return _object(
        cases.GIVEN,
        {
            "component": {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
            "metrics": {
                "type": "object",
                "additionalProperties": False,
                "properties": {name: _SHARE if name in SHARES else _AMOUNT for name in METRICS},
            },
            "kind": _KIND,
            "severity": {"enum": [severity.value for severity in Severity]},
            "score": _SHARE,
            "words": _list({"type": "string", "minLength": 1}, most=cases.MAX_WORDS),
            "baseline": {"type": "boolean"},
            "remembered": _list(remembered, most=cases.MAX_CASES),
            "used": _list(_object(cases.USED, {"rule": _NAME, "ago_s": ago}), most=cases.MAX_CASES),
        },
    )


_AMOUNT: Final[Schema] = {"type": "number", "minimum": 0, "maximum": MOST}


def _expect() -> Schema:
    refused: Schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {action.value: {**_NAME, "type": ["string", "null"]} for action in Action},
    }
    properties: dict[str, Schema] = {
        "actions": _list(_ACTION, most=len(Action), least=0),
        "first": _ACTION,
        "refused": refused,
    }
    return {**_object(cases.EXPECT, properties), "minProperties": 1}
