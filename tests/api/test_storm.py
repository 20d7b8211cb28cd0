# SPDX-License-Identifier: Apache-2.0
"""Storms: nothing that was accepted is lost or doubled, memory is bounded, and the server answers meanwhile."""

from __future__ import annotations

import json
import signal
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from lib.servers.processes import DidNotStart, Served, api
from lib.servers.storm import bodies, peak_mib, send

JSON = {"Content-Type": "application/json"}


def members(served: Served) -> dict[str, str]:
    """Fingerprint → incident, of every alert that is known; a fingerprint that is known twice fails."""
    known = httpx.get(f"{served.url}/v1/incidents?limit=1000", timeout=60).json()["incidents"]
    found: dict[str, str] = {}
    for one in known:
        document = httpx.get(f"{served.url}/v1/incidents/{one['incident_id']}", timeout=60).json()
        for alert in document["alerts"]:
            assert alert["fingerprint"] not in found, "an alert was doubled"
            found[alert["fingerprint"]] = one["incident_id"]
    return found


def fingerprints(work: list[bytes]) -> set[str]:
    """The fingerprints of all alerts in ``work``."""
    return {alert["fingerprint"] for body in work for alert in json.loads(body)["alerts"]}


@pytest.mark.promise("API-1")
def test_a_storm_is_taken_whole_and_health_answers_meanwhile(served: Served) -> None:
    work = bodies(40, each=50, services=60)
    outcome = send(served, work)
    assert outcome.statuses == {200: 40}
    assert outcome.read == 2000
    assert set(members(served)) == fingerprints(work)
    assert outcome.health


def test_everything_sent_three_times_in_any_order_is_known_once(tmp_path: Path) -> None:
    work = bodies(20, each=40, services=30)
    many = [*work, *reversed(work), *work[10:], *work[:10]]
    with api(tmp_path) as served:
        assert send(served, many).statuses == {200: 60}
        assert set(members(served)) == fingerprints(work)
        intents = httpx.get(f"{served.url}/v1/intents?limit=1000").json()["intents"]
        assert len({intent["intent_id"] for intent in intents}) == len(intents)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_kill_in_the_storm_loses_and_doubles_nothing_that_was_accepted(tmp_path: Path, seed: int) -> None:
    journal, work = tmp_path / "journal", bodies(60, each=25, services=20)
    accepted: list[bytes] = []
    with api(tmp_path, "--journal", str(journal)) as served:
        killer = threading.Timer(seed * 0.45, served.process.send_signal, [signal.SIGKILL])
        killer.start()
        senders = [threading.Thread(target=_post_all, args=(served, work[n::6], accepted)) for n in range(6)]
        for thread in senders:
            thread.start()
        for thread in senders:
            thread.join()
        killer.join()
        served.process.wait(60)
    with api(tmp_path, "--journal", str(journal)) as again:
        known = members(again)
        assert fingerprints(accepted) <= set(known)
        assert send(again, work).statuses == {200: 60}  # Alertmanager repeats what was not answered
        assert set(members(again)) == fingerprints(work)
        before = members(again)
        assert again.stop() == 0
    with api(tmp_path, "--journal", str(journal)) as last:
        assert members(last) == before


def _post_all(served: Served, work: list[bytes], accepted: list[bytes]) -> None:
    with httpx.Client(base_url=served.url, timeout=60) as client:
        for body in work:
            try:
                if client.post("/v1/alerts", content=body, headers=JSON).status_code == 200:
                    accepted.append(body)
            except httpx.TransportError:
                return


def test_without_a_journal_a_restart_begins_empty_and_the_sender_brings_it_back(tmp_path: Path) -> None:
    work = bodies(4, each=10, services=4)
    with api(tmp_path) as served:
        send(served, work)
        served.kill()
    with api(tmp_path) as again:
        assert members(again) == {}
        send(again, work)
        assert set(members(again)) == fingerprints(work)


@pytest.mark.parametrize("change", ["altered", "shortened"])
def test_an_altered_journal_is_refused_by_its_line(tmp_path: Path, change: str) -> None:
    journal = tmp_path / "journal"
    with api(tmp_path, "--journal", str(journal)) as served:
        for body in bodies(4, each=2, services=2):
            send(served, [body])
        served.kill()
    lines = journal.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"service-0", b"service-9") if change == "altered" else b""
    journal.write_bytes(b"".join(lines))
    refused = pytest.raises(DidNotStart, match=r"exit 6.*altered in line 3")
    with refused, api(tmp_path, "--journal", str(journal)):
        pass


def test_memory_stays_bounded_however_many_different_alerts_come(tmp_path: Path) -> None:
    with api(tmp_path) as served:
        work = bodies(30, each=100, services=100_000)
        assert send(served, work).statuses == {200: 30}
        first = peak_mib(served.process.pid)
        for start in (100, 200):
            assert send(served, bodies(30, each=100, services=100_000, first=start)).statuses == {200: 30}
        assert peak_mib(served.process.pid) < first + 80
        metrics = _metrics(served)
        assert metrics["arf_incidents"] == 1000
        assert metrics["arf_incidents_dropped_total"] == 8000


def _metrics(served: Served) -> dict[str, float]:
    document: dict[str, Any] = httpx.get(f"{served.url}/metrics?format=json", timeout=60).json()
    return {metric["name"]: metric["samples"][0]["value"] for metric in document["metrics"]}


@pytest.mark.promise("API-1")
def test_storm_and_attack_together_leave_the_honest_sender_unharmed(tmp_path: Path) -> None:
    with api(tmp_path, "--body-seconds", "2") as served:
        over = threading.Event()
        attackers = [threading.Thread(target=_attack, args=(served, over, kind)) for kind in range(3)]
        for thread in attackers:
            thread.start()
        work = bodies(20, each=20, services=10)
        outcome = send(served, work, connections=2)
        over.set()
        for thread in attackers:
            thread.join()
        assert outcome.statuses == {200: 20}
        assert set(members(served)) == fingerprints(work)
        assert served.stop() == 0
        assert "Traceback" not in served.log.read_text()


def _attack(served: Served, over: threading.Event, kind: int) -> None:
    def slow() -> Any:
        for _ in range(40):
            time.sleep(0.1)
            yield b" "

    with httpx.Client(base_url=served.url, timeout=60) as client:
        while not over.is_set():
            content = (b"{" * 1000, b" " * 9_000_000, slow())[kind]
            try:
                status = client.post("/v1/alerts", content=content, headers=JSON).status_code
            except httpx.TransportError:
                continue  # the server ended the connection
            assert status in (400, 408, 413, 429, 503)
