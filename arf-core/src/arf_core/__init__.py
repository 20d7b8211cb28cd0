# SPDX-License-Identifier: Apache-2.0
"""ARF, the open edition: telemetry in, sealed healing intents out. It advises; it cannot act.

>>> from datetime import UTC, datetime
>>> from arf_core import Advisor, ReliabilityEvent
>>> reading = ReliabilityEvent(component="checkout-api", timestamp=datetime(2026, 1, 2, tzinfo=UTC), latency_p99=900)
>>> advice = Advisor().advise(reading)
>>> advice.intents[0].action.value
'restart_container'

Importing this module loads nothing else: each public name loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arf_core.version import __version__

if TYPE_CHECKING:
    from arf_core.advisor import Advisor
    from arf_core.compatibility import CompatibilityLayer, check_enterprise_feature, create_mcp_client
    from arf_core.config.oss_config import OSSConfig
    from arf_core.errors import ArfError, FeatureRequiresEnterpriseError
    from arf_core.models.action import Action
    from arf_core.models.advice import Advice
    from arf_core.models.event import ReliabilityEvent
    from arf_core.models.healing_intent import HealingIntent
    from arf_core.models.incident import Incident
    from arf_core.models.window import Window

__all__ = [
    "Action",
    "Advice",
    "Advisor",
    "ArfError",
    "CompatibilityLayer",
    "FeatureRequiresEnterpriseError",
    "HealingIntent",
    "Incident",
    "OSSConfig",
    "ReliabilityEvent",
    "Window",
    "__version__",
    "check_enterprise_feature",
    "create_mcp_client",
]


def __getattr__(name: str) -> object:
    if name == "Advisor":
        from arf_core.advisor import Advisor

        return Advisor
    if name == "OSSConfig":
        from arf_core.config.oss_config import OSSConfig

        return OSSConfig
    if name in __all__:
        from arf_core.public import NAMES

        return NAMES[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
