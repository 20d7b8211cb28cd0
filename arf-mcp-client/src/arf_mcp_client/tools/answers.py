# SPDX-License-Identifier: Apache-2.0
"""From ARF's values to the shapes that the tools answer with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, cast

from arf_core.analysis import Analysis
from arf_core.canonical import write_time
from arf_core.capabilities import capabilities
from arf_core.ingest.formats import Format
from arf_core.models.advice import Advice, Refused, Rule
from arf_core.models.frozen import thaw
from arf_core.models.healing_intent import HealingIntent
from arf_core.models.incident import Match
from arf_core.models.outlook import Impact
from arf_core.models.root_cause import RootCause
from arf_core.verify.report import Report
from arf_mcp_client.desk import Desk
from arf_mcp_client.settings import MAX_INPUT
from arf_mcp_client.tools import shapes

if TYPE_CHECKING:
    from pydantic import JsonValue

    from arf_core.explanation import Explanation


MOST_CAUSES: Final = 5
"""How many of the ranked components are told: the rest are hardly believed."""


def analysis_answer(analysis: Analysis, *, limit: int, sealed: bool) -> shapes.AnalysisAnswer:
    """The first ``limit`` incidents and faults of an analysis; the intents of those incidents in full if ``sealed``."""
    advices = [answered.advice for answered in analysis.answered]
    shown, faults = advices[:limit], analysis.faults[:limit]
    return shapes.AnalysisAnswer(
        read=analysis.read,
        normal=analysis.normal,
        incidents=[incident_advice(advice) for advice in shown],
        closed=[closed for advice in advices for closed in advice.closed],
        faults=[shapes.Fault(where=fault.where, code=fault.code, message=fault.message) for fault in faults],
        notes=list(analysis.notes),
        left_out=len(advices) - len(shown) + len(analysis.faults) - len(faults),
        sealed=[sealed_intent(intent) for advice in shown for intent in advice.intents] if sealed else [],
    )


def incident_advice(advice: Advice) -> shapes.IncidentAdvice:
    """The advice about one incident, its intents in short."""
    return shapes.IncidentAdvice(
        incident_id=advice.incident_id,
        at=write_time(advice.at),
        findings=[
            shapes.Finding(
                component=found.component, severity=found.severity.value, score=found.score, because=list(found.because)
            )
            for found in advice.anomalies
        ],
        root_causes=_causes(advice.root_causes),
        similar=[similar_incident(match) for match in advice.matches],
        intents=[intent_summary(intent) for intent in advice.intents],
        refused=list(_refused(advice.refused)),
        outlook=[
            shapes.Ahead(
                component=ahead.component,
                metric=ahead.metric,
                threshold=ahead.threshold,
                seconds_to_threshold=ahead.forecast.seconds_to_threshold,
            )
            for ahead in advice.outlook
        ],
        impact=None if advice.impact is None else _cost(advice.impact),
        because=advice.because,
    )


def recommendation(advice: Advice) -> shapes.Recommendation:
    """The first intent of an advice in full, the others in short."""
    return shapes.Recommendation(
        incident_id=advice.incident_id,
        recommended=sealed_intent(advice.intents[0]) if advice.intents else None,
        alternatives=[intent_summary(intent) for intent in advice.intents[1:]],
        refused=list(_refused(advice.refused)),
        root_causes=_causes(advice.root_causes),
        because=advice.because,
    )


def similar_incident(match: Match) -> shapes.SimilarIncident:
    """A match of memory."""
    incident = match.incident
    return shapes.SimilarIncident(
        incident_id=incident.incident_id,
        score=match.score,
        age_s=match.age_s,
        why=list(match.why),
        component=incident.component,
        fault_type=incident.fault_type,
        action=incident.action,
        outcome=incident.outcome.value,
    )


def sealed_intent(intent: HealingIntent) -> shapes.SealedIntent:
    """The sealed document of an intent."""
    return shapes.SealedIntent.model_validate(intent.to_dict())


def intent_summary(intent: HealingIntent) -> shapes.IntentSummary:
    """An intent in short."""
    return shapes.IntentSummary(
        intent_id=intent.intent_id,
        action=intent.action.value,
        component=intent.component,
        parameters=cast("dict[str, JsonValue]", thaw(intent.parameters)),
        confidence=intent.confidence,
        justification=intent.justification,
        policy_applied=intent.policy_applied,
        rollback_hint=intent.rollback_hint,
        digest=intent.digest,
    )


def explanation_answer(found: Explanation) -> shapes.DecisionExplained:
    """An explanation of one decision."""
    return shapes.DecisionExplained(
        action=found.action.value,
        component=found.component,
        recommended=found.recommended,
        sentence=found.sentence,
        because=found.because,
        rule=_rule(found.rule),
        change=None if found.change is None else found.change.sentence,
    )


def verification_answer(report: Report) -> shapes.VerificationAnswer:
    """A report of a verification."""
    return shapes.VerificationAnswer(
        ok=report.ok,
        kind=report.kind,
        count=report.count,
        checks=[shapes.Checked(what=check.what, ok=check.ok, detail=check.detail) for check in report.checks],
        proven=list(report.proven),
        not_proven=list(report.not_proven),
        first_bad=None if report.first_bad is None else str(report.first_bad),
    )


def server_capabilities(desk: Desk) -> shapes.ServerCapabilities:
    """What this edition does, and what this server was started with."""
    able = capabilities()
    fields = shapes.ServerCapabilities.model_fields.keys() & able.keys()
    return shapes.ServerCapabilities.model_validate(
        {
            **{name: able[name] for name in fields},
            "formats": [form.value for form in Format],
            "max_input_bytes": MAX_INPUT,
            "policies_file": desk.advisor.policies.file,
            "policies_digest": desk.advisor.policies.digest,
            "remembered_incidents": len(desk.advisor.memory),
        }
    )


def _causes(causes: Sequence[RootCause]) -> list[shapes.Cause]:
    return [
        shapes.Cause(
            component=cause.component, rank=cause.rank, share=cause.share, kind=cause.kind.value, path=list(cause.path)
        )
        for cause in causes[:MOST_CAUSES]
    ]


def _refused(refused: Sequence[Refused]) -> Iterator[shapes.RefusedAction]:
    for one in refused:
        yield shapes.RefusedAction(
            action=one.action, component=one.component, because=one.because, rule=_rule(one.rule)
        )


def _rule(rule: Rule) -> shapes.RuleAt:
    return shapes.RuleAt(name=rule.name, file=rule.file, line=rule.line)


def _cost(impact: Impact) -> shapes.Cost:
    return shapes.Cost(
        users_affected=impact.users_affected,
        revenue_at_risk=impact.revenue_at_risk,
        currency=impact.currency,
        arithmetic=list(impact.arithmetic),
    )
