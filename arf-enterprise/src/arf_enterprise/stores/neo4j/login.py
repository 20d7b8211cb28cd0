# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Where Neo4j is, and who we are there."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphLogin:
    """A login to one database of a server; its password is in no ``repr``."""

    uri: str
    user: str
    password: str = field(repr=False)
    database: str = "neo4j"
