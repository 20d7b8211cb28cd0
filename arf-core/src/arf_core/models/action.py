# SPDX-License-Identifier: Apache-2.0
"""The six actions that can be recommended, and their typed parameters. Nothing else can.

JSON has one kind of number: 30 and 30.0 are the same to every reader, so a whole number may come as either and is kept
as an ``int``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from arf_core.errors import IntentError
from arf_core.models.frozen import FrozenMap, shown


class Action(StrEnum):
    """What can be recommended."""

    ROLLBACK = "rollback"
    RESTART_CONTAINER = "restart_container"
    SCALE_OUT = "scale_out"
    CIRCUIT_BREAKER = "circuit_breaker"
    TRAFFIC_SHIFT = "traffic_shift"
    ALERT_TEAM = "alert_team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an action: its default, the rule in words, and the check of the rule.

    A ``required`` parameter has no default; a ``whole`` one is kept as an ``int``.
    """

    rule: str
    accepts: Callable[[object], bool]
    default: object = None
    required: bool = False
    whole: bool = False


def parameters_for(action: Action, given: Mapping[str, object]) -> FrozenMap:
    """The parameters of ``action``: those ``given``, checked, and the defaults of the rest.

    Raises:
        IntentError: an unknown parameter, a missing one, or a value that breaks the parameter's rule.
        InputError: ``given`` is not a mapping of strings to JSON values.
    """
    return _parameters_for(action, FrozenMap(given))


@lru_cache(maxsize=256)
def _parameters_for(action: Action, frozen: FrozenMap) -> FrozenMap:
    known = PARAMETERS[action]
    if unknown := sorted(set(frozen) - set(known)):
        raise IntentError(f"{action} has no parameter {shown(unknown[0])}: it has {', '.join(sorted(known))}")
    return FrozenMap({name: _value(action, name, parameter, frozen) for name, parameter in known.items()})


def _value(action: Action, name: str, parameter: Parameter, given: Mapping[str, object]) -> object:
    if name not in given:
        if parameter.required:
            raise IntentError(f"{action} needs the parameter {name!r}: {parameter.rule}")
        return parameter.default
    value = given[name]
    if not parameter.accepts(value):
        raise IntentError(f"{action}.{name} is {shown(value)}: it must be {parameter.rule}")
    return int(value) if parameter.whole else value  # type: ignore[call-overload]


def _text(value: object) -> bool:
    return isinstance(value, str) and _TEXT.fullmatch(value) is not None


def _number(least: float, most: float) -> Callable[[object], bool]:
    return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and least <= value <= most


def _whole(rule: str, *, least: int, most: int, default: int) -> Parameter:
    in_range = _number(least, most)
    return Parameter(rule=rule, accepts=lambda v: in_range(v) and v == int(v), default=default, whole=True)  # type: ignore[call-overload]


def _texts(value: object) -> bool:
    return isinstance(value, tuple) and 0 < len(value) <= 16 and all(_text(item) for item in value)


# Spelled out, for str.isprintable() follows the Unicode version of the interpreter: control characters, line and
# paragraph separators and the marks that turn the direction of writing are not allowed in a name.
_TEXT: Final = re.compile("[^\\x00-\\x1f\\x7f-\\x9f\\u2028-\\u202e\\u2066-\\u2069]{1,253}")
_SEVERITIES: Final = ("low", "medium", "high", "critical")

PARAMETERS: Final[Mapping[Action, Mapping[str, Parameter]]] = MappingProxyType(
    {
        Action.ROLLBACK: {
            "revision": Parameter(rule="the name of a revision, or 'previous'", accepts=_text, default="previous"),
            "force": Parameter(rule="true or false", accepts=lambda value: isinstance(value, bool), default=False),
        },
        Action.RESTART_CONTAINER: {
            "container_id": Parameter(
                rule="a container's id, or null", accepts=lambda value: value is None or _text(value)
            ),
            "grace_period": _whole("whole seconds from 0 to 3600", least=0, most=3600, default=30),
        },
        Action.SCALE_OUT: {
            "scale_factor": _whole("a whole number from 1 to 10", least=1, most=10, default=2),
            "resource_profile": Parameter(rule="the name of a profile", accepts=_text, default="standard"),
        },
        Action.CIRCUIT_BREAKER: {
            "threshold": Parameter(rule="a share from 0 to 1", accepts=_number(0, 1), default=0.5),
            "timeout": _whole("whole seconds from 1 to 3600", least=1, most=3600, default=60),
        },
        Action.TRAFFIC_SHIFT: {
            "percentage": _whole("a whole number from 1 to 100", least=1, most=100, default=50),
            "target": Parameter(rule="where the traffic goes", accepts=_text, required=True),
        },
        Action.ALERT_TEAM: {
            "severity": Parameter(
                rule=f"one of {', '.join(_SEVERITIES)}", accepts=lambda value: value in _SEVERITIES, default="medium"
            ),
            "channels": Parameter(rule="a list of channel names", accepts=_texts, default=("slack", "email")),
        },
    }
)
