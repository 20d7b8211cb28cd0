# SPDX-License-Identifier: Apache-2.0
"""The world of the demo: every part of it is the real program, on free ports of this machine, and ends with the block.

::

    people → HAProxy → shop-1, shop-2, (shop-3)    under supervisord
                          ↑ scrapes
                      Prometheus → Alertmanager → ARF (the open edition's API server)
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from demo_enterprise.shop import REPLICAS, Shop, new_shop, rest_the_spare
from demo_enterprise.traffic import Traffic, flowing
from lib.servers import haproxy as haproxies
from lib.servers import monitoring
from lib.servers.haproxy import Proxied, haproxy
from lib.servers.monitoring import alertmanager, prometheus
from lib.servers.processes import Served, api
from lib.servers.supervisord import Supervised, supervisord

PATIENCE_S: Final = 60.0
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that runs."""

    folder: Path
    shop: Shop
    supervised: Supervised
    proxied: Proxied
    monitor: Served
    manager: Served
    arf: Served
    traffic: Traffic

    def incidents(self, status: str = "open") -> list[dict[str, Any]]:
        """The incidents that ARF knows."""
        return _json(f"{self.arf.url}/v1/incidents?status={status}")["incidents"]  # type: ignore[no-any-return]

    def incident(self, incident_id: str) -> dict[str, Any]:
        """One incident: its alerts, the advice, its intents."""
        return _json(f"{self.arf.url}/v1/incidents/{incident_id}")

    def capabilities(self) -> bytes:
        """What the API server says that it does."""
        return httpx.get(f"{self.arf.url}/v1/capabilities", trust_env=False, timeout=PATIENCE_S).content

    def sealed(self, intent_id: str) -> str:
        """The sealed intent, as ARF hands it out."""
        answer = httpx.get(f"{self.arf.url}/v1/intents/{intent_id}", trust_env=False, timeout=PATIENCE_S)
        return answer.raise_for_status().text

    def measured(self, query: str) -> float | None:
        """What Prometheus says now; None if that is nothing."""
        answer = httpx.get(
            f"{self.monitor.url}/api/v1/query", params={"query": query}, trust_env=False, timeout=PATIENCE_S
        )
        found = answer.raise_for_status().json()["data"]["result"]
        return float(found[0]["value"][1]) if found else None


def missing() -> str:
    """What is not installed, and how that is done; empty if nothing is."""
    absent = [name for name in (haproxies.missing(), monitoring.missing()) if name]
    if absent:
        return f"{' and '.join(absent)}: apt-get install haproxy prometheus prometheus-alertmanager"
    if importlib.util.find_spec("supervisor") is None:
        return "supervisor: scripts/setup"
    return ""


def file(name: str) -> str:
    """The text of a file of the demo."""
    return files("demo_enterprise").joinpath("files", name).read_text(encoding="utf-8")


def until(found: Callable[[], _Found | None], *, what: str, seconds: float = PATIENCE_S) -> _Found:
    """What ``found`` gives, as soon as it gives something.

    Raises:
        TimeoutError: it gave nothing in time.
    """
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := found():
            return result
        time.sleep(0.1)
    raise TimeoutError(f"{what}: not within {seconds:g} s")


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """All of it, serving, in ``folder``, which must not exist.

    Raises:
        DidNotStart: one of the parts did not come up; the message has its log.
    """
    folder.mkdir(mode=0o711)
    healing = folder / "healing.yaml"
    healing.write_text(file("healing.yaml"), encoding="utf-8")
    shop = new_shop(folder / "shop")
    with ExitStack() as stack:
        supervised = stack.enter_context(supervisord(folder, programs=shop.programs()))
        proxied = stack.enter_context(haproxy(folder, servers=shop.ports))
        rest_the_spare(proxied)
        arf = stack.enter_context(api(folder, "--journal", str(folder / "arf.journal"), "--policy", str(healing)))
        manager = stack.enter_context(alertmanager(folder, webhook=f"{arf.url}/v1/alerts"))
        monitor = stack.enter_context(
            prometheus(folder, rules=file("rules.yml"), jobs=shop.ports, alerts_to=manager.port)
        )
        made = World(
            folder=folder,
            shop=shop,
            supervised=supervised,
            proxied=proxied,
            monitor=monitor,
            manager=manager,
            arf=arf,
            traffic=stack.enter_context(flowing(proxied.url)),
        )
        until(lambda: made.measured('count(up{job=~"shop-.+"} == 1)') == len(REPLICAS), what="every replica is scraped")
        yield made


def _json(url: str) -> dict[str, Any]:
    answer: dict[str, Any] = httpx.get(url, trust_env=False, timeout=PATIENCE_S).raise_for_status().json()
    return answer
