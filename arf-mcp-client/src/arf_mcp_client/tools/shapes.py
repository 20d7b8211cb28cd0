# SPDX-License-Identifier: Apache-2.0
"""What the tools answer, as models with published JSON schemas: the rim between ARF's values and any MCP client."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class Shape(BaseModel):
    """An object of exactly its fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SealedIntent(Shape):
    """A sealed healing intent, schema arf.healing-intent/1: every field, so that its digests recompute."""

    schema_name: Literal["arf.healing-intent/1"] = Field(alias="schema")
    intent_id: str
    action: str
    component: str
    parameters: dict[str, JsonValue]
    incident_id: str
    detected_at: str
    justification: str
    confidence: float = Field(ge=0, le=1)
    policy_applied: str | None
    rollback_hint: str | None
    reasoning_chain: list[JsonValue]
    similar_incidents: list[JsonValue]
    evidence: dict[str, JsonValue]
    context_digest: str
    digest: str
    requires_enterprise: Literal[True]


class IntentSummary(Shape):
    """An intent in short; the sealed document is the resource arf://intents/{intent_id}."""

    intent_id: str
    action: str
    component: str
    parameters: dict[str, JsonValue]
    confidence: float
    justification: str
    policy_applied: str | None
    rollback_hint: str | None
    digest: str


class RuleAt(Shape):
    """Where a rule stands."""

    name: str
    file: str
    line: int


class RefusedAction(Shape):
    """An action that was considered and not recommended."""

    action: str
    component: str
    because: str
    rule: RuleAt


class Finding(Shape):
    """One component in which something is wrong; score from 0 to 1."""

    component: str
    severity: str
    score: float
    because: list[str]


class Cause(Shape):
    """A component where it may have begun, the likeliest with rank 1; share is its part of the belief, from 0 to 1."""

    component: str
    rank: int
    share: float
    kind: str
    path: list[str]


class SimilarIncident(Shape):
    """A remembered incident: score is the likeness, -1 to 1; outcome says how the action ended."""

    incident_id: str
    score: float
    age_s: float
    why: list[str]
    component: str | None
    fault_type: str | None
    action: str | None
    outcome: str


class Ahead(Shape):
    """A metric on its way to a threshold, counted in seconds from the last sample."""

    component: str
    metric: str
    threshold: float
    seconds_to_threshold: float


class Cost(Shape):
    """What the incident costs; None where it cannot be known."""

    users_affected: float | None
    revenue_at_risk: float | None
    currency: str
    arithmetic: list[str]


class IncidentAdvice(Shape):
    """What is wrong, where it began, what resembled it, and what to consider; because says why there is no intent."""

    incident_id: str
    at: str
    findings: list[Finding]
    root_causes: list[Cause]
    similar: list[SimilarIncident]
    intents: list[IntentSummary]
    refused: list[RefusedAction]
    outlook: list[Ahead]
    impact: Cost | None
    because: str


class Fault(Shape):
    """A record that could not be read."""

    where: str
    code: str
    message: str


class AnalysisAnswer(Shape):
    """The analysis of an input.

    read counts the records that were read, normal those in which nothing is abnormal; left_out counts incidents and
    faults beyond the limit. sealed has the full intents if they were asked for.
    """

    read: int
    normal: int
    incidents: list[IncidentAdvice]
    closed: list[str]
    faults: list[Fault]
    notes: list[str]
    left_out: int
    sealed: list[SealedIntent]


class Recommendation(Shape):
    """The best action for one incident, sealed, or the reason why there is none."""

    incident_id: str
    recommended: SealedIntent | None
    alternatives: list[IntentSummary]
    refused: list[RefusedAction]
    root_causes: list[Cause]
    because: str


class SimilarIncidents(Shape):
    """What memory holds that resembles the incident, best first; remembered counts all that is in memory."""

    remembered: int
    incidents: list[SimilarIncident]


class DecisionExplained(Shape):
    """Why an action was or was not recommended: a sentence, the rule and its place, what would flip it."""

    action: str
    component: str
    recommended: bool
    sentence: str
    because: str
    rule: RuleAt
    change: str | None


class Checked(Shape):
    """One thing that was looked at."""

    what: str
    ok: bool
    detail: str


class VerificationAnswer(Shape):
    """What was proven about an artifact and what was not; first_bad names the first place that does not verify."""

    ok: bool
    kind: str
    count: int
    checks: list[Checked]
    proven: list[str]
    not_proven: list[str]
    first_bad: str | None


class ServerCapabilities(Shape):
    """What this edition does, what it cannot do, and the limits that are sealed into it."""

    edition: str
    version: str
    mode: str
    can_advise: bool
    can_execute: bool
    intent_schema: str
    actions: list[str]
    formats: list[str]
    limits: dict[str, JsonValue]
    limits_digest: str
    max_input_bytes: int
    policies_file: str
    policies_digest: str
    remembered_incidents: int
    enterprise_features: list[str]
