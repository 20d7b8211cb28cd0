# SPDX-License-Identifier: Apache-2.0
"""The public Python API that the commands do not reach. :mod:`runproof.names` says whether anything is left out."""

from __future__ import annotations

import json
import warnings
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from runproof import bundles, ingest, operations, policies, verification


def drive(inputs: Path, outputs: Path) -> None:
    """Call everything that no command calls."""
    for part in (_public_names, _advice, _values, _memory, _diagnosis, _policies, _ingest):
        part()
    bundles.drive(outputs)
    policies.drive()
    ingest.drive()
    operations.drive()
    verification.drive()
    _intents(outputs)
    _baseline_alone(inputs)


def _public_names() -> None:
    """Every name that the package itself serves, and what the older package had."""
    import arf_core
    from arf_core.compatibility import CompatibilityLayer
    from arf_core.errors import ArfError

    served = [getattr(arf_core, name) for name in arf_core.__all__]
    assert all(one is not None for one in served)
    arf_core.OSSConfig().validate_oss_limits()
    assert arf_core.OSSConfig().is_oss
    arf_core.check_enterprise_feature("advice")
    with suppress(arf_core.FeatureRequiresEnterpriseError):
        CompatibilityLayer.check_enterprise_feature("autonomous_execution")
    with warnings.catch_warnings(), suppress(ArfError):
        warnings.simplefilter("ignore")
        CompatibilityLayer.create_mcp_client()


def _advice() -> None:
    """The README's way: an advisor, made telemetry, a memory."""
    from arf_core import Advisor
    from arf_core.seams import AdviceOnly
    from arf_core.testing import made_event, made_incident, made_window

    advisor = Advisor()
    advisor.remember([made_incident("past", fault_type="cpu", action="scale_out")])
    for subject in (made_event(), made_window(), made_incident("present")):
        for intent in advisor.advise(subject).intents:
            AdviceOnly().submit(intent)
    rising = made_window(metric="latency_p99_ms", high=250.0)
    advisor.advise(rising)


def _values() -> None:
    """Frozen maps, canonical bytes, written values."""
    from arf_core.canonical import Written, canonical_bytes, file_digest
    from arf_core.models.frozen import FrozenMap
    from arf_core.models.outlook import Forecast, Outlook

    assert list(FrozenMap({"a": 1}).values()) == [1]
    assert file_digest(canonical_bytes({"a": 1})).startswith("sha256:")
    with suppress(NotImplementedError):
        Written().written()
    ahead = Forecast(
        seconds_to_threshold=60.0,
        earliest_s=30.0,
        latest_s=None,
        trend_per_s=0.1,
        trend_low=0.0,
        trend_high=0.2,
        confidence=0.5,
        samples=9,
    )
    assert Outlook(component="cart", metric="cpu_util", threshold=0.9, forecast=ahead).forecast is ahead


def _memory() -> None:
    """The memory with one incident at a time, its index, its embedder and its statistics."""
    import numpy as np

    from arf_core.recall.embedders import embedder_named, register
    from arf_core.recall.embedding import SignalEmbedder
    from arf_core.recall.focus import roots_of
    from arf_core.recall.index import VectorIndex
    from arf_core.recall.memory import InMemoryIncidents
    from arf_core.recall.profile import centre_of, scene_of
    from arf_core.recall.statistics import statistics_of
    from arf_core.testing import MOMENT, made_incident

    register("signals-again", SignalEmbedder)
    assert embedder_named("signals-again").dimensions == SignalEmbedder().dimensions
    memory, embedder, index = InMemoryIncidents(SignalEmbedder()), SignalEmbedder(), VectorIndex(2)
    known = [made_incident(f"i{number}", fault_type="cpu") for number in range(3)]
    for incident in known:
        memory.remember(incident)
    assert memory.similar(made_incident("new"), now=MOMENT + timedelta(hours=1), limit=2)
    assert len(embedder.embed(known[0])) == embedder.dimensions
    roots_of(known, embedder)
    centre_of(scene_of(known[0]))
    assert statistics_of(known).rarity(("cpu_usage", known[0].signals[0].direction)) >= 0
    index.add(np.eye(2, dtype=np.float32), np.array([1, 2], dtype=np.int64))
    index.remove(1)
    assert index.numbers == (2,)


def _diagnosis() -> None:
    """The call graph, and blame that is handed down it."""
    from dataclasses import replace

    from arf_core.diagnose.rank import rank
    from arf_core.diagnose.topology import CallGraph
    from arf_core.models.signal import SignalKind
    from arf_core.models.window import Alerting
    from arf_core.testing import made_window

    graph = CallGraph(edges=(("front", "cart"), ("cart", "db")))
    assert graph.callers("cart") == ("front",)
    assert graph.depths("front") == {"front": 0, "cart": 1, "db": 2}
    assert graph.path("front", "db") == ("front", "cart", "db")
    assert graph.blame("front", {"front": 1.0, "cart": 1.0})
    slow = made_window(metric="latency_p90_s", high=9.0)
    values = {"latency_p90_s": [5.0, 9.0, 9.0, 9.0]}
    both = replace(slow, abnormal={**slow.abnormal, "front": values, "cart": values})
    assert rank(replace(both, alerting=Alerting(component="front", kind=SignalKind.LATENCY)))


def _policies() -> None:
    """The rules of the defaults, and a limit that is reached."""
    from arf_core import Advisor
    from arf_core.errors import PolicyError
    from arf_core.policy.limits import Limiter
    from arf_core.policy.load import load, load_defaults
    from arf_core.testing import MOMENT, made_event

    defaults = load_defaults()
    assert all(rule.actions for rule in defaults.rules())
    with suppress(PolicyError):
        load("- a list\n", file="list.yaml")
    limiter = Limiter()
    rule = next(defaults.rules())
    refusals = [limiter.check_and_take(rule, "cart", MOMENT) for _ in range(2)]
    assert refusals[0] is None
    assert refusals[1] is not None
    assert limiter.entries == 1
    advisor = Advisor()
    assert advisor.advise(made_event()).intents
    advisor.advise(made_event())


def _ingest() -> None:
    """Groups, and batches that are joined."""
    from arf_core import Advisor
    from arf_core.ingest.alertmanager import parse
    from arf_core.ingest.batch import joined
    from arf_core.ingest.grouping import fold
    from arf_core.ingest.groups import to_incident
    from arf_core.testing import made_event

    events = [made_event(), made_event("db")]
    (group,) = fold(events, edges=[("checkout-api", "db")]).groups
    assert set(group.components) == {"checkout-api", "db"}
    assert to_incident(group).signals
    Advisor(edges=[("checkout-api", "db")]).advise(group)
    assert joined([parse({"alerts": []}), parse({"alerts": []})]).events == ()


def _intents(outputs: Path) -> None:
    """A sealed intent there and back, as the older package's request, and against another's receipt."""
    from arf_core import HealingIntent
    from arf_core.verify.receipt import Receipt

    lines = (outputs / "demo.jsonl").read_text("utf-8").splitlines()
    first, other = map(HealingIntent.from_json, lines[:2])
    assert HealingIntent.from_dict(first.to_dict()) == first
    assert Receipt.of(first).differences(other)
    metadata = {"detected_at": "2026-01-02T03:04:05Z"}
    request = {"tool": "restart_container", "component": "cart", "parameters": {}, "metadata": metadata}
    assert HealingIntent.from_mcp_request(request).component == "cart"
    first.to_enterprise_request()


def _baseline_alone(inputs: Path) -> None:
    """A webhook a line, and a topology where telemetry was expected."""
    from arf_core.errors import ArfError
    from arf_core.ingest.reading import read
    from arf_core.testing import MOMENT

    body = json.loads((inputs / "alerts.json").read_text("utf-8"))
    assert len(read((json.dumps(body) + "\n" + json.dumps(body)).encode(), now=MOMENT)) > 0
    with suppress(ArfError):
        read((inputs / "baseline.json").read_bytes(), now=MOMENT)
