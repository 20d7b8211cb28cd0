# SPDX-License-Identifier: Apache-2.0
"""The rules of an intent's fields (docs/contracts/healing-intent/1).

Each function gives the normal form of a value, or raises an ``IntentError`` that names the field, value and rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast

from arf_core.canonical import in_utc
from arf_core.errors import InputError, IntentError
from arf_core.models.action import Action
from arf_core.models.frozen import freeze, shown


def action_of(value: object) -> Action:
    """One of the six actions, also from its name."""
    if type(value) is Action:
        return value
    try:
        return Action(cast("str", value))
    except ValueError as error:
        raise IntentError(f"action is {shown(value)}: it must be one of {', '.join(Action)}") from error


def confidence_of(value: object) -> float:
    """A number from 0 to 1, as a float."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise IntentError(f"confidence is {shown(value)}: it must be a number from 0 to 1")
    return float(value) + 0.0  # -0.0 becomes 0.0


def moment_of(value: object) -> datetime:
    """An aware time, in UTC."""
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise IntentError(f"detected_at is {shown(value)}: it must be a datetime with a time zone")
    return in_utc(value)


def sequence_of(name: str, value: object) -> tuple[object, ...]:
    """A list of JSON values, deeply frozen."""
    if isinstance(value, (list, tuple)):
        return cast("tuple[object, ...]", freeze(value))
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise IntentError(f"{name} is {shown(value)}: it must be a list")
    return cast("tuple[object, ...]", freeze(list(value)))


def text_of(name: str, value: object, *, empty: bool = True) -> str:
    """A string as it is given; unless ``empty`` may be, one with more than blanks (space, tab, CR, LF) in it."""
    if type(value) is str and value.isascii() and (empty or value.strip(_BLANKS)):
        return value
    if not isinstance(value, str) or not (empty or value.strip(_BLANKS)):
        raise IntentError(f"{name} is {shown(value)}: it must be a string{'' if empty else ' that is not empty'}")
    try:
        return cast("str", freeze(value))
    except InputError as error:
        raise IntentError(f"{name}: {error}") from error


_BLANKS: Final = " \t\r\n"
