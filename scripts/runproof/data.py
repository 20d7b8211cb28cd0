# SPDX-License-Identifier: Apache-2.0
"""Made inputs for the drive: good and bad, and fault data laid out as ``arf benchmark`` wants it."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from runproof import bundles, ingest, operations, policies, verification

_ALERT: Final = {
    "status": "firing",
    "labels": {"alertname": "HighLatency", "component": "checkout-api", "severity": "critical"},
    "annotations": {"summary": "p99 900 ms on checkout-api"},
    "startsAt": "2026-01-02T03:04:05.000Z",
    "endsAt": "0001-01-01T00:00:00Z",
    "generatorURL": "http://prometheus/graph?g0.expr=orders_latency_p99_ms+%3E+500&g0.tab=1",
    "fingerprint": "7da19d70a9ed8675",
}
_WINDOW: Final = {
    "id": "w1",
    "step_s": 60,
    "normal": {name: {"cpu_pct": [5, 6, 5, 4, 5, 6, 5, 5, 4, 5]} for name in ("front", "cart")},
    "abnormal": {"front": {"cpu_pct": [5, 6, 5]}, "cart": {"cpu_pct": [5, 95, 96]}},
    "ends_at": "2026-01-02T03:04:05Z",
}
_INCIDENT: Final = {
    "id": "old",
    "split": "train",
    "instance": "cart-1",
    "service": "cart",
    "fault_type": "cpu",
    "action": "scale_out",
    "outcome": "healed",
    "alerts": [
        {"component": "cart-1", "metric": "cpu_usage", "direction": "up"},
        {"component": "web-0", "metric": "src_p99", "direction": "up"},
    ],
    "traces": [],
}
_POLICY: Final = """schema: arf.healing-policies/1
policies:
  - name: tell
    when: latency_p99 > 1
    actions: [alert_team]
    priority: 1
    cooldown_s: 1
    max_per_hour: 60
"""


def write_inputs(folder: Path) -> None:
    """Write every input of the drive below ``folder``."""
    _write_telemetry(folder)
    _write_settings(folder)
    bundles.write_inputs(folder)
    verification.write_inputs(folder)
    policies.write_inputs(folder)
    ingest.write_inputs(folder)
    operations.write_inputs(folder)
    _write_streams(folder / "faults")
    _write_cases(folder / "faults")


def _write_telemetry(folder: Path) -> None:
    body: dict[str, object] = {"version": "4", "groupKey": "{}", "status": "firing", "receiver": "arf"}
    body |= {"groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "truncatedAlerts": 0}
    related = {**_ALERT, "fingerprint": "b", "labels": {**_ALERT["labels"], "component": "db"}}  # type: ignore[dict-item]
    readings: list[Mapping[str, object]] = [
        {"component": "api", "timestamp": f"2026-01-02T03:{n:02}:05Z", "latency_p99": 900 if n == 30 else 20 + n % 3}
        for n in range(40)
    ]
    result = [
        {"metric": {"__name__": "cpu_pct", "service": "cart"}, "values": [[60 * n, str(n % 4)] for n in range(30)]}
    ]
    _write(folder / "alerts.json", {**body, "alerts": [_ALERT, related]})
    _write(folder / "prometheus.json", {"status": "success", "data": {"resultType": "matrix", "result": result}})
    _write_lines(folder / "readings.jsonl", readings)
    _write_lines(folder / "some-bad.jsonl", [*readings[:3], {"component": "db", "latency_p99": -5}])
    (folder / "readings.csv").write_text("component,timestamp,latency_p99\napi,2026-01-02T03:04:05Z,900\n", "utf-8")
    _write(folder / "window.json", _WINDOW)
    _write(folder / "bare.json", {name: value for name, value in _WINDOW.items() if name != "normal"})
    _write(folder / "baseline.json", {"step_s": 60, "edges": [["front", "cart"]], "normal": _WINDOW["normal"]})
    _write(folder / "calls.json", [["front", "cart"]])
    _write_lines(folder / "memory.jsonl", [_INCIDENT])
    _write(folder / "incident.json", {**_INCIDENT, "id": "new"})
    (folder / "empty").write_bytes(b"")
    (folder / "cut.json").write_bytes(b'{"alerts": [')


def _write_settings(folder: Path) -> None:
    (folder / "arf.toml").write_text("latency_critical = 450.0\nrequests_per_user = 2.0\n", "utf-8")
    (folder / "raised.toml").write_text("MAX_INCIDENT_HISTORY = 1001\n", "utf-8")
    (folder / "policy.yaml").write_text(_POLICY, "utf-8")
    (folder / "bad-policy.yaml").write_text(_POLICY.replace("latency_p99 > 1", "latency_p99 >"), "utf-8")


def _write_streams(folder: Path) -> None:
    start = datetime(2026, 1, 1)  # noqa: DTZ001 - NAB writes its times without a zone
    times = [str(start + timedelta(minutes=5 * row)) for row in range(400)]
    rows: list[list[object]] = [
        ["one", at, 10.0 + row * 7 % 5 + (90.0 if row == 300 else 0.0)] for row, at in enumerate(times)
    ]
    _write_table(folder / "anomaly_nab/series.csv.gz", [["series", "timestamp", "value"], *rows])
    _write(folder / "anomaly_nab/windows.json", {"one": [[times[290], times[320]]]})
    fault = {"day": "d", "t": 6000, "component": "web", "fault_type": "cpu"}
    _write_lines(folder / "rca_online_boutique/faults.jsonl", [fault])
    samples = [[t, "web", 90 if 6000 <= t < 6200 else 5 + t // 60 % 2, ""] for t in range(0, 9000, 60)]
    head: list[object] = ["t", "component", "cpu_pct", "latency"]
    _write_table(folder / "rca_online_boutique/metrics_d.csv.gz", [head, *samples])


def _write_cases(folder: Path) -> None:
    case = {**_WINDOW, "fault_type": "cpu", "root": "cart", "inject_t": 1_700_000_000}
    shop = {
        **{name: value for name, value in case.items() if name not in ("normal", "inject_t", "ends_at")},
        "scenario": "low",
        "alert": {"component": "front", "metric": "latency", "t": 1_700_000_000},
        "t": 1_700_000_000,
    }
    _write(folder / "rca_online_boutique/edges.json", [["front", "cart"]])
    _write_lines(folder / "rca_online_boutique/cases.jsonl.gz", [case])
    _write_lines(folder / "rca_petshop/cases.jsonl.gz", [shop])
    _write(
        folder / "rca_petshop/normal_low.json.gz",
        {"step_s": 60, "edges": [["front", "cart"]], "normal": _WINDOW["normal"]},
    )
    halves = [{**_INCIDENT, "id": f"i{n}", "split": "test" if n % 2 else "train"} for n in range(8)]
    _write_lines(folder / "incidents_sock_shop/incidents.jsonl.gz", halves)
    _write(folder / "actions/fault_actions.json", {"cpu": {"primary": ["scale_out"], "acceptable": ["traffic_shift"]}})


def _write(file: Path, value: object) -> None:
    _write_bytes(file, json.dumps(value).encode())


def _write_lines(file: Path, values: Iterable[object]) -> None:
    _write_bytes(file, "".join(json.dumps(value) + "\n" for value in values).encode())


def _write_table(file: Path, rows: Iterable[Iterable[object]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    _write_bytes(file, text.getvalue().encode())


def _write_bytes(file: Path, data: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(data) if file.suffix == ".gz" else data)
