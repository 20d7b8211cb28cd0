# SPDX-License-Identifier: Apache-2.0
"""The seams have defaults that fit them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from arf_core import Advisor
from arf_core.recall.embedding import SignalEmbedder
from arf_core.recall.memory import AdvisorMemory, InMemoryIncidents
from arf_core.seams import AdviceOnly, Embedder, IncidentMemory, IntentSink
from arf_core.testing import MOMENT, made_event, made_incident


def test_the_default_sink_leaves_an_intent_as_it_was() -> None:
    sink: IntentSink = AdviceOnly()
    intent = Advisor().advise(made_event()).intents[0]
    before = intent.to_json()
    sink.submit(intent)
    assert intent.to_json() == before


def test_the_default_embedder_and_memory_fit_their_seams() -> None:
    embedder: Embedder = SignalEmbedder()
    memory: IncidentMemory = InMemoryIncidents(embedder)
    memory.remember(made_incident("known"))
    found = memory.similar(made_incident("asked"), now=MOMENT + timedelta(hours=1), limit=1)
    assert [match.incident.incident_id for match in found] == ["known"]


def test_an_advisor_recalls_from_the_memory_that_it_is_given() -> None:
    memory: AdvisorMemory = InMemoryIncidents(SignalEmbedder())
    advisor = Advisor(memory=memory)
    present = advisor.describe(made_event())
    memory.remember(replace(present, incident_id="known", occurred_at=MOMENT - timedelta(hours=1)))
    assert advisor.memory is memory
    assert [match.incident.incident_id for match in advisor.advise(made_event()).matches] == ["known"]
