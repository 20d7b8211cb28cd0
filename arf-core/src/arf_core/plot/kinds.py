# SPDX-License-Identifier: Apache-2.0
"""The kinds of plot, in a module that loads nothing else: the command line needs their names for its help."""

from __future__ import annotations

from enum import StrEnum


class PlotKind(StrEnum):
    """What of an incident is drawn."""

    WINDOW = "window"
    RANKING = "ranking"
    GRAPH = "graph"
    ALL = "all"
