# SPDX-License-Identifier: Apache-2.0
"""The formats that can be read, by name: apart from the readers, so that the command line starts quickly."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """The formats that can be read; AUTO looks at the input."""

    AUTO = "auto"
    ALERTMANAGER = "alertmanager"
    PROMETHEUS = "prometheus"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
