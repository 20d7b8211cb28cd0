# SPDX-License-Identifier: Apache-2.0
"""The default embedding: deterministic, offline, without a model."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arf_core.errors import SettingsError
from arf_core.models.incident import Incident, Outcome
from arf_core.models.signal import CallSymptom, Direction, Signal, SignalKind
from arf_core.recall.embedding import SignalEmbedder
from arf_core.seams import Embedder

WHEN = datetime(2026, 1, 1, tzinfo=UTC)

NAMES = st.sampled_from(("web-0", "web-1", "cart", "db-0", "-1"))

SIGNALS = st.builds(
    Signal,
    component=NAMES,
    metric=st.sampled_from(("cpu", "heap", "http_errors", "p99")),
    kind=st.sampled_from(SignalKind),
    direction=st.sampled_from(Direction),
    shift=st.none() | st.floats(0, 1e9),
)
CALLS = st.builds(
    CallSymptom, source=NAMES, target=NAMES, operation=st.just("x"), symptom=st.sampled_from(("PD", "500", "404"))
)
INCIDENTS = st.builds(
    Incident,
    incident_id=st.just("i"),
    occurred_at=st.just(WHEN),
    signals=st.lists(SIGNALS, max_size=6).map(tuple),
    calls=st.lists(CALLS, max_size=4).map(tuple),
    words=st.lists(st.sampled_from(("pod", "crash", "\ud800", "ß")), max_size=3).map(tuple),
    component=st.none() | NAMES,
)


def signal(component: str, metric: str, direction: Direction = Direction.UP) -> Signal:
    return Signal(component=component, metric=metric, kind=SignalKind.CPU, direction=direction)


def incident(*signals: Signal) -> Incident:
    return Incident(incident_id="i", occurred_at=WHEN, signals=signals)


def cosine(one: Incident, other: Incident) -> float:
    embedder = SignalEmbedder()
    return sum(a * b for a, b in zip(embedder.embed(one), embedder.embed(other), strict=True))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(INCIDENTS)
def test_a_vector_has_the_promised_length_and_no_number_that_is_not_finite(one: Incident) -> None:
    embedder = SignalEmbedder()
    vector = embedder.embed(one)
    norm = math.sqrt(sum(number * number for number in vector))
    assert len(vector) == embedder.dimensions
    assert norm == pytest.approx(1.0, abs=1e-5) or norm == 0.0


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(INCIDENTS)
def test_the_order_of_signals_and_calls_does_not_change_the_vector(one: Incident) -> None:
    shuffled = replace(one, signals=one.signals[::-1], calls=one.calls[::-1], words=one.words[::-1])
    assert SignalEmbedder().embed(shuffled) == SignalEmbedder().embed(one)


def test_an_incident_with_nothing_in_it_is_all_zeros() -> None:
    assert set(SignalEmbedder(32).embed(incident())) == {0.0}


def test_what_people_found_and_did_does_not_enter_the_vector() -> None:
    one = incident(signal("a", "cpu"))
    known = replace(one, incident_id="other", fault_type="cpu", action="rollback", outcome=Outcome.HEALED)
    assert SignalEmbedder().embed(one) == SignalEmbedder().embed(known)


def test_the_same_signals_resemble_each_other_more_than_the_opposite_ones() -> None:
    up, again = incident(signal("a", "cpu"), signal("a", "heap")), incident(signal("b", "cpu"), signal("b", "heap"))
    down = incident(signal("a", "cpu", Direction.DOWN), signal("a", "heap", Direction.DOWN))
    assert cosine(up, again) > cosine(up, down)


def test_an_incident_is_seen_from_where_it_began_if_that_is_known() -> None:
    one = incident(signal("a", "cpu"), signal("b", "heap"))
    vectors = {SignalEmbedder().embed(replace(one, component=component)) for component in ("a", "b")}
    assert len(vectors) == 2


@pytest.mark.promise("MEM-3")
def test_the_vector_is_the_same_in_every_process() -> None:
    program = (
        "from arf_core.recall.embedding import SignalEmbedder\n"
        "from arf_core.models.incident import Incident\n"
        "from arf_core.models.signal import *\n"
        "from datetime import *\n"
        "signals = tuple(Signal(component=c, metric=m, kind=SignalKind.CPU, direction=Direction.UP)"
        " for c in ('web-0', 'web-1', 'db') for m in ('cpu', 'heap'))\n"
        "one = Incident(incident_id='i', occurred_at=datetime(2026, 1, 1, tzinfo=UTC), signals=signals,"
        " words=('pod', 'crash', 'looping'))\n"
        "print(SignalEmbedder().embed(one))\n"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(printed) == 1


@pytest.mark.promise("MEM-3")
def test_the_default_embedder_is_an_embedder_like_any_other() -> None:
    embedder: Embedder = SignalEmbedder()
    assert (embedder.name, embedder.dimensions) == ("signals-1", 256)


@pytest.mark.parametrize("dimensions", [0, 15, 4097])
def test_a_size_that_makes_no_sense_is_refused(dimensions: int) -> None:
    with pytest.raises(SettingsError, match=str(dimensions)):
        SignalEmbedder(dimensions)
