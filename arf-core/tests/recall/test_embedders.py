# SPDX-License-Identifier: Apache-2.0
"""Embedders are chosen by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from arf_core import Advisor, OSSConfig
from arf_core.errors import SettingsError
from arf_core.models.incident import Incident
from arf_core.recall import embedders
from arf_core.recall.embedders import embedder_named, register
from arf_core.testing import MOMENT, made_incident


class CountingEmbedder:
    """Two numbers: whether an incident has one signal, or more."""

    name = "counting-1"
    dimensions = 2

    def embed(self, incident: Incident) -> Sequence[float]:
        return (1.0, 0.0) if len(incident.signals) == 1 else (0.0, 1.0)


@pytest.fixture(autouse=True)
def _registered_as_before() -> Iterator[None]:
    before = dict(embedders._KNOWN)
    yield
    embedders._KNOWN.clear()
    embedders._KNOWN.update(before)


@pytest.mark.promise("MEM-3")
def test_a_registered_embedder_is_chosen_by_the_setting_and_decides_what_is_similar() -> None:
    register("counting-1", CountingEmbedder)
    advisor = Advisor(OSSConfig(embedder="counting-1", recall_limit=1))
    before = MOMENT - timedelta(hours=1)
    one = made_incident("one", metrics=("net_receive",), occurred_at=before)
    two = made_incident("two", metrics=("cpu_usage", "mem_usage"), occurred_at=before)
    advisor.remember([one, two])
    asked = replace(made_incident("asked", metrics=("cpu_usage",)), component=None)
    assert [match.incident.incident_id for match in advisor.advise(asked).matches] == ["one"]


@pytest.mark.promise("MEM-3")
def test_the_default_needs_no_registration() -> None:
    assert embedder_named(OSSConfig().embedder).name == "signals-1"


def test_an_unknown_embedder_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(SettingsError, match="'minilm': those registered are signals-1"):
        Advisor(OSSConfig(embedder="minilm"))


def test_a_name_never_changes_hands() -> None:
    register("counting-1", CountingEmbedder)
    register("counting-1", CountingEmbedder)
    with pytest.raises(SettingsError, match="registered already"):
        register("signals-1", CountingEmbedder)
