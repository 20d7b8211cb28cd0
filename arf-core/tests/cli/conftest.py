# SPDX-License-Identifier: Apache-2.0
"""Made inputs for the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("ARF_CONFIG", "ARF_LATENCY_CRITICAL", "ARF_DEBUG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def webhook(tmp_path: Path) -> Path:
    """A body in the shape of the Alertmanager webhook, version 4, with two alerts of one group."""
    alert = {
        "status": "firing",
        "labels": {"alertname": "HighLatency", "component": "checkout-api", "severity": "critical"},
        "annotations": {"summary": "p99 900 ms on checkout-api"},
        "startsAt": "2026-01-02T03:04:05.000Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "",
        "fingerprint": "7da19d70a9ed8675",
    }
    body = {
        "version": "4",
        "groupKey": "{}",
        "status": "firing",
        "receiver": "arf",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://alerts.example",
        "truncatedAlerts": 0,
        "alerts": [alert],
    }
    file = tmp_path / "alerts.json"
    file.write_text(json.dumps(body), encoding="utf-8")
    return file


@pytest.fixture
def readings(tmp_path: Path) -> Path:
    """Three readings, one a line: a slow one, a normal one, and one that breaks a rule."""
    lines = [
        {"component": "api", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": 900},
        {"component": "web", "timestamp": "2026-01-02T03:04:06Z", "latency_p99": 20},
        {"component": "db", "timestamp": "2026-01-02T03:04:07Z", "latency_p99": -5},
    ]
    file = tmp_path / "readings.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file
