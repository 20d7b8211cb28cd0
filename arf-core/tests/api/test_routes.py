# SPDX-License-Identifier: Apache-2.0
"""Every route of a real server: what it takes, what it answers, and that every error has the one form."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from api.conftest import Kit, Running

from arf_core.errors import every_error
from arf_core.models.healing_intent import HealingIntent

WEBHOOK = json.dumps(
    {
        "version": "4",
        "alerts": [
            {
                "status": "firing",
                "labels": {"alertname": "HighLatency", "component": "cart"},
                "annotations": {"summary": "p99 900 ms on cart"},
                "startsAt": "2026-01-02T03:04:05Z",
            }
        ],
    }
).encode()
READING = {"component": "cart", "timestamp": "2026-01-02T03:04:05Z", "latency_p99": 900.0}
CODES = {error.code for error in every_error()}


@pytest.mark.promise("API-1")
def test_the_process_lives_and_is_ready(up: Running) -> None:
    assert up.client.get("/health").json()["status"] == "ok"
    assert up.client.get("/ready").json() == {"status": "ready"}


@pytest.mark.promise("API-1")
def test_a_server_that_stops_is_not_ready_and_takes_nothing_new(kit: Kit, up: Running) -> None:
    up.serving.is_stopping = True
    ready, refused = up.client.get("/ready"), up.post("/v1/alerts", kit.webhook(kit.alert()))
    assert (ready.status_code, ready.json()) == (503, {"status": "stopping"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert up.client.get("/health").status_code == 200


@pytest.mark.promise("API-1")
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", json.dumps(READING).encode()),
        ("application/json", WEBHOOK),
        ("application/x-ndjson", json.dumps(READING).encode() + b"\n" + json.dumps(READING).encode()),
        ("text/csv", b"timestamp,component,latency_p99\n2026-01-02T03:04:05Z,cart,900\n"),
        ("application/gzip", gzip.compress(json.dumps(READING).encode(), mtime=0)),
        ("application/octet-stream", json.dumps(READING).encode()),
    ],
)
def test_analyze_reads_what_the_command_reads_and_keeps_nothing(up: Running, content_type: str, body: bytes) -> None:
    first = up.post("/v1/analyze", body, content_type=content_type)
    again = up.post("/v1/analyze", body, content_type=content_type)
    assert first.status_code == 200, first.text
    assert first.json()["schema"] == "arf.analysis/1"
    assert first.json()["advice"][0]["intents"]
    assert again.json() == first.json()
    assert up.client.get("/v1/incidents").json()["incidents"] == []


@pytest.mark.promise("API-1")
def test_an_alert_opens_an_incident_with_sealed_intents_and_its_end_closes_it(kit: Kit, up: Running) -> None:
    opened = up.post("/v1/alerts", kit.webhook(kit.alert())).json()
    (told,) = opened["incidents"]
    found = up.client.get(f"/v1/incidents/{told['incident_id']}").json()
    assert found["status"] == "open"
    assert [intent["intent_id"] for intent in found["intents"]] == told["intents"] != []
    sealed = up.client.get(f"/v1/intents/{told['intents'][0]}")
    assert HealingIntent.from_json(sealed.text).intent_id == told["intents"][0]
    closed = up.post("/v1/alerts", kit.webhook(kit.alert(status="resolved"))).json()
    assert closed["closed"] == [told["incident_id"]]
    assert up.client.get("/v1/incidents?status=open").json()["incidents"] == []
    (past,) = up.client.get("/v1/incidents?status=closed").json()["incidents"]
    assert past["incident_id"] == told["incident_id"]
    assert past["intent_ids"] == told["intents"]


@pytest.mark.promise("API-1")
def test_a_later_incident_recalls_the_one_that_closed(kit: Kit, up: Running) -> None:
    first = up.post("/v1/alerts", kit.webhook(kit.alert())).json()["incidents"][0]["incident_id"]
    up.post("/v1/alerts", kit.webhook(kit.alert(status="resolved")))
    later = up.post("/v1/alerts", kit.webhook(kit.alert(2, minute=30))).json()["incidents"][0]["incident_id"]
    advice = up.client.get(f"/v1/incidents/{later}").json()["advice"]
    assert [match["incident"]["incident_id"] for match in advice["matches"]] == [first]
    assert advice["matches"][0]["incident"]["outcome"] == "unknown"


def test_the_same_delivery_again_is_answered_alike_and_doubles_nothing(kit: Kit, up: Running) -> None:
    body = kit.webhook(kit.alert(1), kit.alert(2), kit.alert(3, component="db"))
    answers = [up.post("/v1/alerts", body).json() for _ in range(3)]
    assert answers[1] == answers[0] == answers[2]
    known = up.client.get("/v1/incidents").json()["incidents"]
    assert sorted(one["members"] for one in known) == [1, 2]
    sealed = [intent for told in answers[0]["incidents"] for intent in told["intents"]]
    kept = up.client.get("/v1/intents").json()["intents"]
    assert sorted(intent["intent_id"] for intent in kept) == sorted(sealed)


def test_one_bad_alert_is_a_fault_and_the_others_are_taken(kit: Kit, up: Running) -> None:
    told = up.post("/v1/alerts", kit.webhook({"status": "firing"}, kit.alert())).json()
    assert told["read"] == 1
    assert told["faults"][0]["where"] == "alerts[0]"
    assert len(told["incidents"]) == 1


@pytest.mark.promise("API-2")
def test_metrics_say_the_same_as_text_json_and_csv(kit: Kit, up: Running) -> None:
    up.post("/v1/alerts", kit.webhook(kit.alert()))
    up.client.get("/v1/incidents")
    text, document, table = (up.client.get(f"/metrics?format={form}") for form in ("prometheus", "json", "csv"))
    assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
    line = re.compile(r'[a-z_]+(\{([a-z]+="[^"]*",?)+\})? \S+')
    series = [row for row in text.text.splitlines() if not row.startswith("#")]
    assert all(line.fullmatch(row) for row in series)
    assert 'arf_incidents{status="open"} 1' in series
    assert 'arf_requests_total{method="POST",route="/v1/alerts",status="200"} 1' in series
    samples = [sample for metric in document.json()["metrics"] for sample in metric["samples"]]
    opened = [one for one in samples if one["series"] == "arf_incidents" and one["labels"] == {"status": "open"}]
    assert opened[0]["value"] == 1
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert {"series": "arf_incidents", "labels": "status=open", "value": "1"} in rows


@pytest.mark.promise("API-2")
def test_a_histogram_s_buckets_add_up(up: Running) -> None:
    up.client.get("/health")
    rows = [row for row in up.client.get("/metrics").text.splitlines() if 'route="/health"' in row]
    buckets = [int(row.rsplit(" ", 1)[1]) for row in rows if "_bucket" in row]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 1


@pytest.mark.promise("API-1")
def test_the_documentation_is_one_page_that_loads_nothing(up: Running) -> None:
    page = up.client.get("/docs")
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in page.text
    assert re.findall(r'(?:src|href)="(?!#)([^"]*)"', page.text) == ["/openapi.json"]
    assert "inc_" in page.text


@pytest.mark.promise("API-1")
def test_openapi_has_every_route_with_an_example_or_answer_and_the_error_form(up: Running) -> None:
    document = up.client.get("/openapi.json").json()
    assert {"/health", "/ready", "/metrics", "/v1/analyze", "/v1/alerts", "/v1/incidents", "/v1/capabilities"} <= set(
        document["paths"]
    )
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            assert operation["description"], path
            if method == "post":
                assert operation["requestBody"]["content"]["application/json"]["example"], path
                assert {"400", "401", "413", "415", "422", "429", "500", "503"} <= set(operation["responses"]), path
    assert document["components"]["schemas"]["Error"]["examples"][0]["error"]["code"] == "ARF-1006"
    assert document["components"]["schemas"]["Accepted"]["examples"][0]["incidents"][0]["intents"]


@pytest.mark.promise("API-1")
def test_the_example_of_each_delivery_is_taken(up: Running) -> None:
    document = up.client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        if "post" in operations:
            example = operations["post"]["requestBody"]["content"]["application/json"]["example"]
            answer = up.post(path, example)
            assert answer.status_code in (200, 202), (path, answer.text)
    assert up.client.get("/v1/incidents").json()["incidents"]


@pytest.mark.promise("API-1")
@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("POST", "/v1/alerts", b"{", {}, 400),
        ("POST", "/v1/alerts", b"", {}, 400),
        ("POST", "/v1/alerts", b"\xff\xfe{}", {}, 400),
        ("POST", "/v1/alerts", b'{"alerts": [], "x": "\xff"}', {}, 400),
        ("POST", "/v1/alerts", b'{"alerts": [], "alerts": []}', {}, 400),
        ("POST", "/v1/alerts", b"[" * 100_000, {}, 400),
        ("POST", "/v1/alerts", b"{}", {"Content-Encoding": "gzip"}, 400),
        ("POST", "/v1/alerts", gzip.compress(b"{}" * 999, mtime=0)[:-9], {"Content-Encoding": "gzip"}, 400),
        ("POST", "/v1/alerts", b"{}", {"Content-Encoding": "br"}, 415),
        ("POST", "/v1/alerts", b"{}", {"Content-Type": "text/html"}, 415),
        ("POST", "/v1/alerts", b'{"alerts": [1]}', {}, 422),
        ("POST", "/v1/analyze", b'{"no": "shape"}', {}, 400),
        ("POST", "/v1/events/pagerduty", b"[]", {}, 400),
        ("POST", "/v1/events/datadog", b"[]", {}, 400),
        ("GET", "/v1/incidents?limit=0", None, {}, 422),
        ("GET", "/v1/incidents?limit=x", None, {}, 422),
        ("GET", "/metrics?format=xml", None, {}, 422),
        ("GET", "/v1/incidents/none", None, {}, 404),
        ("GET", "/v1/intents/none", None, {}, 404),
        ("GET", "/none", None, {}, 404),
        ("GET", "/v1/alerts/", None, {}, 404),
        ("GET", "/v1/alerts", None, {}, 405),
        ("DELETE", "/v1/incidents", None, {}, 405),
        ("GET", "/v1/incidents", None, {"Host": "rebound.example"}, 400),
    ],
)
def test_every_refusal_has_the_one_form(
    up: Running, method: str, path: str, body: bytes | None, headers: dict[str, str], status: int
) -> None:
    given = {"Content-Type": "application/json", "X-Request-ID": "test-1", **headers}
    answer = up.client.request(method, path, content=body, headers=given)
    error = answer.json()["error"]
    assert answer.status_code == status, answer.text
    assert set(error) == {"code", "message", "remedy", "request_id"}
    assert error["code"] in CODES
    assert error["request_id"] == answer.headers["x-request-id"] == "test-1"
    assert error["message"]
    assert error["remedy"]
    assert "Traceback" not in answer.text


def test_an_unexpected_error_is_logged_not_told(kit: Kit, up: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr(up.serving.service, "take", broken)
    answer = up.post("/v1/alerts", kit.webhook(kit.alert()))
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "ARF-0001")
    assert "secret" not in answer.text


@pytest.mark.parametrize("given", ["a b", "", "x" * 65, "é", "a\tb"])
def test_a_request_id_that_is_not_well_formed_is_replaced(up: Running, given: str) -> None:
    answer = up.client.get("/health", headers=[(b"X-Request-ID", given.encode())])
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])


def test_otlp_answers_as_its_specification_says(up: Running) -> None:
    good = up.client.get("/openapi.json").json()["paths"]["/v1/otlp/v1/metrics"]["post"]["requestBody"]["content"]
    assert up.post("/v1/otlp/v1/metrics", good["application/json"]["example"]).json() == {}
    empty = up.post("/v1/otlp/v1/metrics", b"", content_type="application/x-protobuf")
    assert (empty.status_code, empty.content, empty.headers["content-type"]) == (200, b"", "application/x-protobuf")
    bad = up.post("/v1/otlp/v1/metrics", b"no protobuf", content_type="application/x-protobuf")
    assert (bad.status_code, bad.content[:2]) == (400, b"\x08\x03")  # google.rpc.Status with INVALID_ARGUMENT
    told = up.post("/v1/otlp/v1/metrics", b"{")
    assert (told.status_code, told.json()["code"], told.json()["error"]["code"]) == (400, 3, "ARF-1002")


def test_bad_points_are_a_partial_success(up: Running) -> None:
    document = up.client.get("/openapi.json").json()["paths"]["/v1/otlp/v1/metrics"]["post"]["requestBody"]["content"]
    body = document["application/json"]["example"]
    points = body["resourceMetrics"][0]["scopeMetrics"][0]["metrics"][0]["gauge"]["dataPoints"]
    points.append({"timeUnixNano": "no time", "asDouble": 0.97})
    partial = up.post("/v1/otlp/v1/metrics", body).json()["partialSuccess"]
    assert partial["rejectedDataPoints"] == "1"
    assert partial["errorMessage"]
