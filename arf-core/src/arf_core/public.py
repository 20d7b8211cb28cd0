# SPDX-License-Identifier: Apache-2.0
"""The public names that load quickly: values, errors and the older package's helpers. ``arf_core`` serves them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from arf_core.compatibility import CompatibilityLayer, check_enterprise_feature, create_mcp_client
from arf_core.errors import ArfError, FeatureRequiresEnterpriseError
from arf_core.models.action import Action
from arf_core.models.advice import Advice
from arf_core.models.event import ReliabilityEvent
from arf_core.models.healing_intent import HealingIntent
from arf_core.models.incident import Incident
from arf_core.models.window import Window

NAMES: Final[Mapping[str, object]] = {
    "Action": Action,
    "Advice": Advice,
    "ArfError": ArfError,
    "CompatibilityLayer": CompatibilityLayer,
    "FeatureRequiresEnterpriseError": FeatureRequiresEnterpriseError,
    "HealingIntent": HealingIntent,
    "Incident": Incident,
    "ReliabilityEvent": ReliabilityEvent,
    "Window": Window,
    "check_enterprise_feature": check_enterprise_feature,
    "create_mcp_client": create_mcp_client,
}
