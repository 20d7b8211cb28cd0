# SPDX-License-Identifier: Apache-2.0
"""The policy tools: their command lines, and what no command reaches."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

HELP: Final = tuple(f"policy {name}" for name in ("init", "fmt", "schema", "lint", "test", "explain", "simulate"))
GOOD: Final = (
    "policy init OUT/policies.yaml",
    "policy init OUT/policies.yaml --force --json",
    "policy init OUT/quiet.yaml --quiet",
    "policy lint OUT/policies.yaml --strict --format github --json",
    "policy lint OUT/policies.yaml --quiet",
    "policy fmt OUT/policies.yaml --check --diff --json",
    "policy fmt loose-policy.yaml --diff",
    "policy fmt OUT/quiet.yaml --quiet",
    "policy test OUT/policies.yaml --cases OUT/policies.cases.yaml --junit OUT/results.xml --min-coverage 80 --json",
    "policy test OUT/policies.yaml --quiet",
    "policy schema cases --json",
    "policy schema policies --quiet",
    "policy explain alerts.json --action rollback --component checkout-api --format alertmanager --json",
    "policy explain window.json --action alert_team --policy policy.yaml --memory memory.jsonl --topology calls.json",
    "policy explain window.json --action scale_out --now 2026-01-02T03:04:05Z --thresholds-only --quiet",
    "policy explain readings.jsonl --action restart_container --config arf.toml --incident inc_cf9318a767bd6f4c",
    "policy simulate --policy policy.yaml --against defaults alerts.json readings.jsonl --memory memory.jsonl --json",
    "policy simulate --policy policy.yaml --against policy.yaml readings.jsonl --fail-on-change --format jsonl",
    "policy simulate --policy policy.yaml window.json --now 2026-01-02T03:04:05Z --thresholds-only",
    "policy simulate --policy policy.yaml alerts.json --topology calls.json --config arf.toml --quiet",
)
BAD: Final = (
    "policy init OUT/policies.yaml",
    "policy lint bad-policy.yaml",
    "policy lint wrong-policy.yaml --format github",
    "policy lint suspicious-policy.yaml --strict",
    "policy fmt bad-policy.yaml",
    "policy test policy.yaml",
    "policy explain alerts.json --action nothing",
    "policy explain alerts.json --action rollback --component nobody",
    "policy simulate --policy bad-policy.yaml alerts.json",
)
CHANGED: Final = (
    "policy test OUT/policies.yaml --cases failing.cases.yaml",
    "policy simulate --policy policy.yaml alerts.json --fail-on-change",
)
"""Command lines that exit 5."""

_LOOSE: Final = """# a header

policies: # a list
    - {name: slow, when: 'latency_p99 > 1', actions: [alert_team], # to people
       priority: 1, cooldown_s: 1, max_per_hour: 60}
    -   actions:
          - rollback # why
          - alert_team
        name: failing
        when: |
          error_rate > 0.3 &&
          severity == 'critical'
        priority: 2
        cooldown_s: 1
        max_per_hour: 1
    # - name: disabled
schema: arf.healing-policies/1
"""
_SUSPICIOUS: Final = """schema: arf.healing-policies/1
policies:
  - {name: a, when: error_rate > 5, actions: [rollback], priority: 1, cooldown_s: 0, max_per_hour: 1}
  - {name: b, when: latency_p99 > 0.3, actions: [rollback], priority: 1, cooldown_s: 1, max_per_hour: 1}
  - {name: c, when: latency_p99 > 500, actions: [rollback], priority: 1, cooldown_s: 1, max_per_hour: 1}
  - {name: d, when: cpu_util > 0.9 && cpu_util < 0.5, actions: [rollback], priority: 1, cooldown_s: 1, max_per_hour: 1}
  - {name: e, when: "severity in ['info']", actions: [rollback], priority: 1, cooldown_s: 1, max_per_hour: 1}
"""
_WRONG: Final = """schema: arf.healing-policies/1
policies:
  - {name: a, when: eror_rate > 5, actions: [rolback], priority: high, cooldown_s: 0, cooldown: 0, max_per_hour: 1}
  - {name: a, name: b}
"""
_FAILING: Final = """schema: arf.healing-policy-cases/1
cases:
  - name: everything is wrong here
    given:
      component: checkout
      metrics: {latency_p99: 900, error_rate: 0.4}
      kind: latency
      severity: critical
      score: 0.9
      words: [slow]
      baseline: true
      remembered: [{action: scale_out, outcome: healed, similarity: 0.8}]
      used: [{rule: busy, ago_s: 5}]
    expect: {actions: [scale_out], first: scale_out, refused: {alert_team: null, rollback: busy}}
"""


def write_inputs(folder: Path) -> None:
    """Write the policy files and cases of the command lines above."""
    for name, text in (
        ("loose-policy.yaml", _LOOSE),
        ("suspicious-policy.yaml", _SUSPICIOUS),
        ("wrong-policy.yaml", _WRONG),
        ("failing.cases.yaml", _FAILING),
    ):
        (folder / name).write_text(text, "utf-8")


def drive() -> None:
    """Every kind of smallest change, and every difference between two policies."""
    _explained()
    _simulated()


def _explained() -> None:
    from arf_core import Advisor
    from arf_core.errors import InputError
    from arf_core.explanation import explain
    from arf_core.ingest.grouping import fold
    from arf_core.models.action import Action
    from arf_core.policy.load import load
    from arf_core.testing import made_event, made_incident, made_window

    advisor, few = Advisor(), Advisor(policies=load(_LOOSE, file="loose.yaml"))
    advisor.remember([made_incident("past", fault_type="cpu", action="scale_out")])
    for subject in (made_event(), made_event(), made_window(), made_incident(), made_event(latency_p99=20.0)):
        for asked in (advisor, few):
            advice = asked.advise(subject)
            for action in Action:
                found = explain(advice, action=action, advisor=asked)
                assert found.sentence
                assert found.file
                assert found.line >= 1
    (group,) = fold([made_event(), made_event("db", latency_p99=400.0)], edges=[("checkout-api", "db")]).groups
    both = advisor.advise(group)
    for component in ("checkout-api", "db"):
        assert explain(both, action="rollback", component=component, advisor=advisor).component == component
    with suppress(InputError):
        explain(advisor.advise(made_event()), action="reboot", advisor=advisor)


def _simulated() -> None:
    from arf_core import Advisor
    from arf_core.ingest.batch import Batch
    from arf_core.policy.load import load
    from arf_core.simulation import simulate
    from arf_core.testing import made_event, made_window

    batch = Batch(events=(made_event(error_rate=0.4),), windows=(made_window(),))
    changed = simulate(batch, old=Advisor(), new=Advisor(policies=load(_LOOSE, file="loose.yaml")))
    assert changed.counts["removed"]
