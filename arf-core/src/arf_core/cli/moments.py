# SPDX-License-Identifier: Apache-2.0
"""Times among the options of a command."""

from __future__ import annotations

from datetime import datetime

from arf_core.errors import SettingsError


def moment_of(option: str, text: str | None) -> datetime | None:
    """The time (aware) that the option says, None where it was not given.

    Raises:
        SettingsError: it is not ISO 8601, or has no zone.
    """
    try:
        moment = None if text is None else datetime.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{option} is {text!r}: it must be a time such as 2026-01-02T03:04:05Z") from error
    if moment is not None and moment.utcoffset() is None:
        raise SettingsError(f"{option} is {text!r}: it must have a time zone, such as {text}Z")
    return moment
