# SPDX-License-Identifier: Apache-2.0
"""The template that the documentation gives, filled in as Datadog would, is read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from arf_core.ingest.datadog import looks_like_datadog, parse
from arf_core.ingest.formats import DESCRIBED
from arf_core.models.event import Status

PAGE = (Path(__file__).resolve().parents[2] / "docs/ingest.md").read_text(encoding="utf-8")
NOW = datetime(2026, 1, 1, tzinfo=UTC)

DOCUMENTED = frozenset(
    "AGGREG_KEY ALERT_CYCLE_KEY ALERT_ID ALERT_METRIC ALERT_PRIORITY ALERT_QUERY ALERT_SCOPE ALERT_STATUS ALERT_TITLE"
    " ALERT_TRANSITION ALERT_TYPE DATE EMAIL EVENT_MSG EVENT_TITLE EVENT_TYPE HOSTNAME ID LAST_UPDATED LINK LOGS_SAMPLE"
    " METRIC_NAMESPACE ORG_ID ORG_NAME PRIORITY SNAPSHOT TAGS TEXT_ONLY_MSG USER USERNAME".split()
)
"""The variables of https://docs.datadoghq.com/integrations/webhooks/ that are about monitors."""

FILLED = {
    "ALERT_ID": "1234",
    "ALERT_TRANSITION": "Triggered",
    "ALERT_CYCLE_KEY": "6405241298712345",
    "AGGREG_KEY": "9bd4ac313a4d1e8fae2482df7b77628",
    "ALERT_METRIC": "system.cpu.user",
    "ALERT_QUERY": "avg(last_5m):avg:system.cpu.user{*} by {service} > 90",
    "ALERT_SCOPE": "availability-zone:us-east-1a, service:checkout",
    "ALERT_STATUS": "CPU at 97 % on checkout",
    "ALERT_TITLE": "[Triggered on {service:checkout}] CPU is high",
    "ALERT_TYPE": "error",
    "ALERT_PRIORITY": "P1",
    "HOSTNAME": "web-1",
    "TAGS": "env:prod, host:web-1, monitor",
    "EVENT_TITLE": "[P1] [Triggered on {service:checkout}] CPU is high",
    "TEXT_ONLY_MSG": "see the runbook",
    "DATE": "1767323045000",
    "LINK": "https://app.datadoghq.com/event/event?id=123456",
}


def template() -> str:
    found = re.search(r"```json\n(\{.*?\$ALERT_TRANSITION.*?\n\})\n```", PAGE, re.DOTALL)
    assert found
    return found[1]


def test_the_template_uses_documented_variables_only() -> None:
    used = set(re.findall(r"\$([A-Z_]+)", template()))
    assert used == set(FILLED) <= DOCUMENTED


@pytest.mark.promise("EVT-2")
@pytest.mark.parametrize(
    ("transition", "status"),
    [("Triggered", Status.FIRING), ("Re-Triggered", Status.FIRING), ("Recovered", Status.RESOLVED)],
)
def test_the_template_filled_in_is_an_alert(transition: str, status: Status) -> None:
    values = {**FILLED, "ALERT_TRANSITION": transition}
    body = re.sub(r"\$([A-Z_]+)", lambda found: values[found[1]], template())
    assert looks_like_datadog(json.loads(body))
    batch = parse(body.encode(), now=NOW)
    (event,) = batch.events
    assert batch.faults == ()
    assert (event.component, event.status, event.timestamp.year) == ("checkout", status, 2026)
    assert event.cpu_util == (0.97 if status is Status.FIRING else None)
    assert event.alert is not None
    assert event.alert.name == "CPU is high"


def test_a_template_that_nothing_filled_in_is_a_fault_that_names_what_is_missing() -> None:
    (fault,) = parse(template().encode(), now=NOW).faults
    assert "alert_transition is missing" in fault.message


def test_the_page_has_every_format() -> None:
    assert [one.form for one in DESCRIBED if f"`{one.form.value}`" not in PAGE] == []
