# SPDX-License-Identifier: Apache-2.0
"""An incident as seen from one of its components."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from arf_core.models.incident import Incident
from arf_core.models.signal import CallSymptom, Direction, Signal, SignalKind
from arf_core.recall.profile import (
    centre_of,
    features_at,
    is_a_name,
    prominence,
    scene_of,
    service_of,
    symptom_class,
)

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def moved(component: str, metric: str, direction: Direction = Direction.UP, shift: float | None = None) -> Signal:
    return Signal(component=component, metric=metric, kind=SignalKind.CPU, direction=direction, shift=shift)


def incident(*signals: Signal, calls: tuple[CallSymptom, ...] = (), words: tuple[str, ...] = ()) -> Incident:
    return Incident(incident_id="i", occurred_at=WHEN, signals=signals, calls=calls, words=words)


def roles(one: Incident, focus: str | None) -> dict[str, float]:
    return {f"{role} {what} {way}".strip(): weight for role, what, way, weight in features_at(scene_of(one), focus)}


@pytest.mark.parametrize(
    ("component", "service"),
    [
        ("cart-0", "cart"),
        ("cart-12", "cart"),
        ("web1", "web"),
        ("cart-7d9f8b6c5d-x2x9z", "cart"),
        ("cart", "cart"),
        ("cart-db-0", "cart-db"),
        ("42", "42"),
    ],
)
def test_replicas_of_a_service_have_one_name(component: str, service: str) -> None:
    assert service_of(component) == service


def test_a_status_is_told_by_its_class_and_other_symptoms_are_kept() -> None:
    assert [symptom_class(symptom) for symptom in ("503", "404", "PD", "timeout")] == ["5xx", "4xx", "PD", "timeout"]


def test_a_caller_that_tracing_does_not_know_is_no_component() -> None:
    calls = (CallSymptom(source="-1", target="web", operation="GET", symptom="500"),)
    assert not is_a_name("-1")
    assert scene_of(incident(calls=calls)).components == ("web",)


def test_a_metric_that_moved_at_no_replica_is_told_from_one_that_did() -> None:
    seen = roles(incident(moved("cart-0", "cpu"), moved("cart-0", "heap"), moved("cart-1", "heap")), "cart-0")
    assert "alone cpu up" in seen
    assert "alone heap up" not in seen
    assert "replica heap up" in seen


def test_what_a_replica_has_and_the_component_has_not_is_seen() -> None:
    seen = roles(incident(moved("cart-0", "cpu"), moved("cart-1", "heap")), "cart-0")
    assert "spared heap up" in seen


def test_what_moved_elsewhere_counts_by_the_part_of_the_components_that_show_it() -> None:
    one = incident(moved("a", "cpu"), moved("b", "cpu"), moved("c", "cpu"), moved("d", "heap"))
    assert roles(one, "a")["elsewhere cpu up"] == pytest.approx(2 / 4)


def test_a_signal_known_to_have_moved_far_weighs_more() -> None:
    near, far = (roles(incident(moved("a", "cpu", shift=shift)), "a")["own cpu up"] for shift in (3.0, 300.0))
    assert near < far <= 2.0


def test_calls_are_told_by_whether_they_go_into_out_of_or_stay_inside() -> None:
    calls = (
        CallSymptom(source="web", target="cart", operation="GET", symptom="500"),
        CallSymptom(source="cart", target="db", operation="find", symptom="PD"),
        CallSymptom(source="cart", target="cart", operation="add", symptom="PD"),
    )
    seen = roles(incident(calls=calls), "cart")
    assert {"calls into 5xx", "calls out of PD", "calls inside PD"} <= seen.keys()
    assert seen["part out of PD"] == 1.0


def test_the_order_of_signals_and_calls_makes_no_difference() -> None:
    signals = [moved(component, metric) for component in ("b-1", "a", "b-0") for metric in ("heap", "cpu")]
    calls = tuple(CallSymptom(source="a", target=name, operation="x", symptom="500") for name in ("b-0", "b-1"))
    one, other = incident(*signals, calls=calls), incident(*reversed(signals), calls=calls[::-1])
    for focus in ("a", "b-0", "b-1"):
        assert list(features_at(scene_of(one), focus)) == list(features_at(scene_of(other), focus))


def test_an_incident_with_nothing_in_it_has_no_centre_and_no_features() -> None:
    scene = scene_of(incident())
    assert centre_of(scene) is None
    assert list(features_at(scene, None)) == []


def test_words_are_all_that_is_seen_of_an_incident_without_components() -> None:
    assert roles(incident(words=("disk", "full", "disk")), None).keys() == {"word disk", "word full"}


def test_what_only_one_replica_shows_makes_it_more_prominent() -> None:
    scene = scene_of(
        incident(moved("a-0", "x"), moved("a-0", "y"), moved("a-1", "x"), moved("a-1", "y"), moved("b", "z"))
    )
    assert prominence(scene, "b") > prominence(scene, "a-0")
    assert centre_of(scene) == "b"


def test_of_equally_prominent_components_the_first_by_name_is_the_centre() -> None:
    assert centre_of(scene_of(incident(moved("b", "x"), moved("a", "y")))) == "a"
