# SPDX-License-Identifier: Apache-2.0
"""An analysis without any value of the telemetry, for a bundle that may leave the house.

What remains: names (of components, metrics, rules and incidents), times, kinds, directions and severities, the order of
causes, actions, and the id and digest of each intent. What is left out: every number that was measured or computed from
one, every sentence (sentences quote numbers), the texts and labels of alerts, the incidents that were recalled, and the
messages about records that could not be read. An intent's own values are behind its digest.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from arf_core.canonical import write_time
from arf_core.models.advice import Advice
from arf_core.verify.bundle_form import REFERENCE_ANALYSIS

if TYPE_CHECKING:
    from arf_core.analysis import Analysis


def reference_document(analysis: Analysis) -> dict[str, object]:
    """The analysis without values, schema ``arf.analysis-reference/1``."""
    return {
        "schema": REFERENCE_ANALYSIS,
        "read": analysis.read,
        "normal": analysis.normal,
        "advice": [_advice(answered.advice) for answered in analysis.answered],
        "faults": dict(Counter(fault.code for fault in analysis.faults)),
        "notes": len(analysis.notes),
    }


def _advice(advice: Advice) -> dict[str, object]:
    return {
        "incident_id": advice.incident_id,
        "at": write_time(advice.at),
        "anomalies": [
            {
                "component": anomaly.component,
                "severity": anomaly.severity.value,
                "signals": [
                    {"component": signal.component, "metric": signal.metric, "direction": signal.direction.value}
                    for signal in anomaly.signals
                ],
            }
            for anomaly in advice.anomalies
        ],
        "root_causes": [{"component": cause.component, "kind": cause.kind.value} for cause in advice.root_causes],
        "matches": len(advice.matches),
        "intents": [{"intent_id": intent.intent_id, "digest": intent.digest} for intent in advice.intents],
        "refused": [
            {
                "action": refused.action,
                "component": refused.component,
                "rule": refused.rule.name,
                "line": refused.rule.line,
            }
            for refused in advice.refused
        ],
        "closed": list(advice.closed),
    }
