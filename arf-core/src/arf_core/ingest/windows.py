# SPDX-License-Identifier: Apache-2.0
"""Windows and topologies as JSON.

A window is ``{"step_s": 60, "normal": {component: {metric: [values]}}, "abnormal": {…}}``, oldest sample first,
``null`` where one is missing. ``normal`` and ``edges`` may stand in a baseline document that several windows share.
Optional are ``id``, ``alert`` (``{"component", "metric"}``: where people noticed), ``ends_at`` or ``t`` (the samples'
times), and ``edges``.

What such a record says beyond that is not read; in particular the labels of test data (``root``, ``fault_type``) never
reach the analysis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import Final

from arf_core.errors import EventError, FormatError
from arf_core.ingest import foreign
from arf_core.models.event import checked_name
from arf_core.models.window import Alerting, Series, Window
from arf_core.strict_json import parse_json
from arf_core.vocabulary import sense_of

Edges = tuple[tuple[str, str], ...]

MAX_EDGES: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What several windows share: their normal part, the time between samples in seconds, and the calls."""

    normal: Series | None = None
    step_s: float | None = None
    edges: Edges = ()


def read_baseline(data: bytes | object) -> Baseline:
    """The baseline in ``{"step_s", "edges", "normal"}`` (each may be missing), or in a bare list of edges.

    Raises:
        FormatError: not JSON, or neither of the two shapes.
    """
    value = parse_json(data, what="the baseline") if isinstance(data, bytes) else data
    try:
        if not isinstance(value, Mapping):
            return Baseline(edges=_edges(value))
        normal, step_s, edges = value.get("normal"), value.get("step_s"), value.get("edges")
        return Baseline(
            normal=None if normal is None else _series(normal, "normal"),
            step_s=None if step_s is None else foreign.number(step_s, name="step_s"),
            edges=() if edges is None else _edges(edges),
        )
    except EventError as error:
        raise FormatError(f"the baseline cannot be read: {error}") from error


def read_window(
    record: Mapping[str, object],
    *,
    baseline: Baseline | None = None,
    edges: Iterable[tuple[str, str]] = (),
    default_time: datetime,
) -> Window:
    """The window in ``record``; what it lacks comes from ``baseline``, its edges also from ``edges``.

    ``default_time`` is when it ends if the record does not say so.

    Raises:
        EventError: a field is missing or breaks its rule.
    """
    shared = baseline or Baseline()
    abnormal = _series(record.get("abnormal"), "abnormal")
    normal = _series(record["normal"], "normal") if record.get("normal") is not None else shared.normal
    if normal is None:
        raise EventError("normal is missing: a window needs samples of normal operation, its own or a baseline's")
    step_s = foreign.number(record.get("step_s", shared.step_s), name="step_s")
    own = _edges(record["edges"]) if record.get("edges") is not None else ()
    return Window(
        normal=normal,
        abnormal=abnormal,
        step_s=step_s,
        ends_at=_ends_at(record, abnormal, step_s, default_time),
        edges=own or tuple(edges) or shared.edges,
        alerting=_alerting(record.get("alert")),
        window_id=_name(record.get("id")),
    )


def _name(value: object) -> str | None:
    """The window's name; None where it has none, or a blank one."""
    if value is None:
        return None
    name = foreign.text_of(value, name="id")
    return name if name.strip() else None


def looks_like_window(value: Mapping[str, object]) -> bool:
    """Whether ``value`` has the shape of a window."""
    return isinstance(value.get("abnormal"), Mapping)


def looks_like_baseline(value: Mapping[str, object]) -> bool:
    """Whether ``value`` is a topology or the shared part of windows: nothing to analyse by itself."""
    return "abnormal" not in value and bool({"edges", "normal"} & value.keys()) and "signals" not in value


def read_edges(data: bytes | object) -> Edges:
    """The call graph in ``[[caller, callee], …]`` or ``{"edges": [[caller, callee], …]}``, each pair once, in order.

    Raises:
        FormatError: not JSON, or neither of the two shapes; the message gives the position of a wrong pair.
    """
    value = parse_json(data, what="the topology") if isinstance(data, bytes) else data
    try:
        return _edges(value.get("edges") if isinstance(value, Mapping) else value)
    except EventError as error:
        raise FormatError(f"the topology cannot be read: {error}") from error


def _edges(value: object) -> Edges:
    pairs = foreign.sequence(value, name="edges")
    if len(pairs) > MAX_EDGES:
        raise EventError(f"edges has {len(pairs)} pairs: at most {MAX_EDGES} are allowed")
    return tuple(dict.fromkeys(_edge(pair, index) for index, pair in enumerate(pairs)))


def _edge(pair: object, index: int) -> tuple[str, str]:
    if not isinstance(pair, (list, tuple)) or len(pair) != 2:  # a pair has two
        raise EventError(f"edges[{index}] is {pair!r:.60}: it must be a pair [caller, callee]")
    return checked_name(f"edges[{index}][0]", pair[0]), checked_name(f"edges[{index}][1]", pair[1])


def _series(value: object, part: str) -> Series:
    return {
        checked_name(f"a component of {part}", component): {
            checked_name(f"a metric of {part}.{component}", metric): _samples(values, f"{part}.{component}.{metric}")
            for metric, values in foreign.mapping(metrics, name=f"{part}.{component}").items()
        }
        for component, metrics in foreign.mapping(value, name=part).items()
    }


def _samples(values: object, name: str) -> tuple[float | None, ...]:
    row = foreign.sequence(values, name=name)
    return tuple(
        [value if type(value) is float and isfinite(value) else _sample(value, name, n) for n, value in enumerate(row)]
    )


def _sample(value: object, name: str, index: int) -> float | None:
    if value is None or (isinstance(value, float) and not isfinite(value)):
        return None
    return foreign.number(value, name=f"{name}[{index}]")


def _ends_at(record: Mapping[str, object], abnormal: Series, step_s: float, default_time: datetime) -> datetime:
    if (said := record.get("ends_at")) is not None:
        return foreign.moment(said, name="ends_at")
    times = record.get("t")
    if isinstance(times, (list, tuple)) and times:
        return foreign.moment(times[-1], name="t")
    if (began := record.get("inject_t")) is not None:
        return _later(foreign.moment(began, name="inject_t"), step_s * _length(abnormal))
    return default_time.astimezone(UTC)


def _later(began: datetime, seconds: float) -> datetime:
    try:
        return began + timedelta(seconds=seconds)
    except (OverflowError, ValueError) as error:
        raise EventError(f"step_s × samples is {seconds:g} s: the window would end after the year 9999") from error


def _length(series: Series) -> int:
    return max((len(values) for metrics in series.values() for values in metrics.values()), default=0)


def _alerting(value: object) -> Alerting | None:
    if value is None:
        return None
    alert = foreign.mapping(value, name="alert")
    component = checked_name("alert.component", alert.get("component"))
    return Alerting(component=component, kind=sense_of(checked_name("alert.metric", alert.get("metric"))).kind)
