# SPDX-License-Identifier: Apache-2.0
"""The advisor: one call from telemetry to sealed intents.

1. detect    what is wrong
2. diagnose  where it began
3. recall    what resembled it
4. decide    what may be recommended, and what is refused
5. seal      each recommendation as a frozen intent

It is synchronous and deterministic: the same subject, memory and policies, and the same uses of the policies' limits
before, give byte-identical intents. It reads no clock (docs/adr/0002-the-clock-is-the-telemetry.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime, timedelta

from arf_core import stages
from arf_core.config.oss_config import OSSConfig
from arf_core.detect.thresholds import Thresholds
from arf_core.models.advice import Advice
from arf_core.models.incident import Incident
from arf_core.policy.decide import decide
from arf_core.policy.limits import Limiter
from arf_core.policy.load import load_defaults
from arf_core.policy.rules import PolicySet
from arf_core.policy.weigh import NEIGHBOURS
from arf_core.prospect import impact, outlook, rates_of
from arf_core.recall.embedders import embedder_named
from arf_core.recall.memory import AdvisorMemory, InMemoryIncidents
from arf_core.seal import seal
from arf_core.stages import Edges, Subject


class Advisor:
    """Advises on readings, groups of alerts, incidents and windows. Safe to share between threads."""

    def __init__(
        self,
        config: OSSConfig | None = None,
        *,
        policies: PolicySet | None = None,
        edges: Edges = (),
        memory: AdvisorMemory | None = None,
    ) -> None:
        """An advisor with ``memory``, or an empty one of its own.

        ``edges`` are the known calls, as (caller, callee) pairs; a window's own calls count before them.
        """
        self.config = config or OSSConfig()
        self.policies = policies or load_defaults()
        self.memory: AdvisorMemory = memory_for(self.config) if memory is None else memory
        self._thresholds = _thresholds(self.config)
        self._rates = rates_of(self.config)
        self._limiter = Limiter()
        # More is heard than is shown: the votes of the nearest decide.
        self._heard = max(self.config.recall_limit, NEIGHBOURS) if self.config.recall_limit else 0
        self._edges = tuple(edges)

    def remember(self, incidents: Iterable[Incident]) -> None:
        """Keep ``incidents``, so that similar ones are recognised."""
        self.memory.remember_all(incidents)

    def is_abnormal(self, subject: Subject) -> bool:
        """Whether anything is wrong with ``subject``."""
        return bool(stages.detect(subject, self._thresholds, stages.moved_in(subject)))

    def describe(self, subject: Subject) -> Incident:
        """``subject`` in the form in which memory keeps incidents."""
        moved = stages.moved_in(subject)
        anomalies = stages.detect(subject, self._thresholds, moved)
        causes = stages.diagnose(subject, anomalies, moved, edges=self._edges, memory=self.memory)
        return stages.describe(subject, stages.incident_id_for(subject), anomalies, causes)

    def advise(self, subject: Subject, *, now: datetime | None = None, limiter: Limiter | None = None) -> Advice:
        """What to do about ``subject``, or why nothing should be done.

        ``now`` (aware) is the subject's own time unless given; cooldowns and the age of memories count from it, but the
        intents are of the subject's own time: the same facts give the same intents whenever they are asked about.
        Cooldowns and hourly limits are counted in the advisor's own ``limiter`` unless another is given.
        """
        happened = stages.time_of(subject)
        now = now or happened
        incident_id = stages.incident_id_for(subject)
        if stages.is_over(subject):
            return Advice(incident_id=incident_id, at=now, closed=(incident_id,), because="it is resolved")
        moved = stages.moved_in(subject)
        anomalies = stages.detect(subject, self._thresholds, moved)  # 1
        causes = stages.diagnose(subject, anomalies, moved, edges=self._edges, memory=self.memory)  # 2
        if not anomalies:
            return Advice(incident_id=incident_id, at=now, root_causes=causes, because="nothing is abnormal")
        present = stages.describe(subject, incident_id, anomalies, causes)
        shown = self.config.recall_limit
        heard = self.memory.similar(present, now=now, limit=self._heard, explained=shown)  # 3
        matches = heard[:shown]
        decision = decide(  # 4
            anomalies=anomalies,
            causes=causes,
            matches=heard,
            policies=self.policies,
            limiter=self._limiter if limiter is None else limiter,
            now=now,
        )
        intents = seal(  # 5
            decision.proposals,
            incident_id=incident_id,
            detected_at=happened,
            anomalies=anomalies,
            causes=causes,
            matches=matches,
        )
        return Advice(
            incident_id=incident_id,
            at=now,
            anomalies=anomalies,
            root_causes=causes,
            matches=matches,
            intents=intents,
            refused=decision.refused,
            outlook=outlook(subject, anomalies, self._thresholds),
            impact=impact(subject, anomalies, self._rates, self._thresholds),
            because=decision.because,
        )


def memory_for(config: OSSConfig) -> InMemoryIncidents:
    """An empty memory in this process, as ``config`` limits it."""
    return InMemoryIncidents(
        embedder_named(config.embedder),
        capacity=config.MAX_INCIDENT_HISTORY,
        max_age=timedelta(days=config.MAX_RAG_LOOKBACK_DAYS),
    )


def _thresholds(config: OSSConfig) -> Thresholds:
    """The thresholds among the settings: they have the same names."""
    return Thresholds(**config.model_dump(include={field.name for field in fields(Thresholds)}))
