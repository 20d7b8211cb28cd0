# SPDX-License-Identifier: Apache-2.0
"""From ARF's values to plain JSON values, for ``--json`` and for files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum

from arf_core.canonical import write_time
from arf_core.models.healing_intent import HealingIntent


def plain(value: object) -> object:
    """``value`` as dicts, lists, strings, numbers, booleans and None.

    A dataclass becomes an object of its fields, a time its canonical text, an intent its sealed document.
    """
    if isinstance(value, HealingIntent):
        return value.to_dict()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return write_time(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value
