# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a server does beside its requests, all of it, in the order in which it begins."""

from __future__ import annotations

from arf_enterprise.app import App
from arf_enterprise.audit.service import Sequencing
from arf_enterprise.learning.projection import Projection
from arf_enterprise.server.serving import Background, Together


def works_of(app: App) -> Together:
    """The works of ``app``: the log is sequenced, the licence watched, runs are carried out, the graph is told."""
    works: list[Background | None] = [
        Sequencing(app.database, key=app.audit_key, clock=app.clock),
        app.watch,
        app.engine,
        None if app.graph is None else Projection(app.database, app.graph, clock=app.clock),
    ]
    return Together(*(work for work in works if work is not None))
