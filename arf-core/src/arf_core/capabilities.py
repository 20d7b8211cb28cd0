# SPDX-License-Identifier: Apache-2.0
"""What this edition does, and what it leaves to Enterprise."""

from __future__ import annotations

from typing import Final

from arf_core import constants
from arf_core.models.action import Action
from arf_core.models.healing_intent import SCHEMA
from arf_core.version import __version__

ENTERPRISE_FEATURES: Final = {
    "autonomous_execution": "autonomous",
    "approval_workflow": "approval",
    "approval_workflows": "approval",
    "persistent_storage": "autonomous",
    "learning_engine": "autonomous",
    "audit_trails": "approval",
    "compliance_reports": "approval",
}
"""What only Enterprise has → the mode it needs there."""


def capabilities() -> dict[str, object]:
    """What this edition can and cannot do, its sealed limits, and the digest that pins them."""
    return {
        "edition": "oss",
        "version": __version__,
        "mode": "advisory",
        "can_advise": True,
        "can_execute": False,
        "intent_schema": SCHEMA,
        "actions": [action.value for action in Action],
        "limits": {**constants.limits(), "MCP_MODES_ALLOWED": list(constants.MCP_MODES_ALLOWED)},
        "limits_digest": constants.LIMITS_DIGEST,
        "max_incident_history": constants.MAX_INCIDENT_HISTORY,
        "enterprise_upgrade_available": True,
        "enterprise_features": sorted(ENTERPRISE_FEATURES),
    }
