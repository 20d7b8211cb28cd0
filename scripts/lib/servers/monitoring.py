# SPDX-License-Identifier: Apache-2.0
"""A real Prometheus and a real Alertmanager (Debian's packages), with configurations for a test.

Prometheus evaluates each second and sends each two; Alertmanager groups for a second. The first notification of a fresh
Prometheus can be lost while it discovers Alertmanager: hence ``--rules.alert.resend-delay``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lib.servers.processes import Served, free_port, serving

PROMETHEUS: Final = "prometheus"
ALERTMANAGER: Final = "prometheus-alertmanager"

_ROUTES: Final = """\
route:
  receiver: arf
  group_by: [alertname, component]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: arf
    webhook_configs:
      - url: {webhook}
        send_resolved: true
"""
_SCRAPES: Final = """\
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ["127.0.0.1:{alertmanager}"]}}]
scrape_configs:
"""
_JOB: Final = """\
  - job_name: {name}
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def missing() -> str:
    """Which of the two programs is not installed; empty if both are."""
    return " and ".join(name for name in (PROMETHEUS, ALERTMANAGER) if shutil.which(name) is None)


@contextmanager
def alertmanager(folder: Path, *, webhook: str) -> Iterator[Served]:
    """An Alertmanager that posts to ``webhook``."""
    port, config = free_port(), folder / "alertmanager.yml"
    config.write_text(_ROUTES.format(webhook=webhook), encoding="utf-8")
    command = [
        ALERTMANAGER,
        f"--config.file={config}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with serving(command, folder / "alertmanager.log", port=port, path="/-/ready") as served:
        yield served


@contextmanager
def prometheus(folder: Path, *, rules: str, jobs: dict[str, int], alerts_to: int) -> Iterator[Served]:
    """A Prometheus that scrapes ``jobs`` (name → port), evaluates ``rules`` and tells the Alertmanager at a port."""
    port, config = free_port(), folder / "prometheus.yml"
    scraped = "".join(_JOB.format(name=name, port=number) for name, number in jobs.items())
    config.write_text(_SCRAPES.format(alertmanager=alerts_to) + scraped, encoding="utf-8")
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    command = [
        PROMETHEUS,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--rules.alert.resend-delay=2s",
    ]
    with serving(command, folder / "prometheus.log", port=port, path="/-/ready") as served:
        yield served
