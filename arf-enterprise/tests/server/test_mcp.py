# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The Enterprise MCP server: a valid licence, or no server."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import anyio
import pytest

import arf_enterprise
from arf_core.models.healing_intent import HealingIntent
from arf_enterprise import EnterpriseMCPServer, LicenseError, create_enterprise_mcp_server
from arf_enterprise.errors import LicenseExpired, LicenseMalformed, LicenseMissing, SettingError
from arf_enterprise.licensing.testing import development

NOW = datetime(2026, 1, 10, tzinfo=UTC)
INTENT = HealingIntent(
    action="restart_container",  # type: ignore[arg-type]  # the intent makes it one
    component="shop",
    incident_id="incident-1",
    detected_at=NOW,
    justification="it does not answer",
    confidence=0.9,
)


@pytest.fixture(autouse=True)
def _no_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARF_LICENSE_KEY", raising=False)


@pytest.mark.promise("LIC-2")
@pytest.mark.parametrize(
    "key", [None, "", " ", "invalid", "ARF-ENT-", "ARF-ENT-1234567890abcdef", "ARF-ENT-e30.e30", "x" * 10_000_000]
)
def test_without_a_valid_licence_there_is_no_server(key: str | None) -> None:
    for make in (EnterpriseMCPServer, create_enterprise_mcp_server):
        with pytest.raises(LicenseError, match="Enterprise license required") as raised:
            make(license_key=key)
        if key is not None and len(key.strip()) > 8:
            assert key[:12] not in str(raised.value)


@pytest.mark.promise("LIC-2")
def test_with_a_valid_licence_it_says_what_it_can_do() -> None:
    server = EnterpriseMCPServer(license_key=development(now=NOW), clock=lambda: NOW)
    assert server.mode == "approval"
    able = server.get_capabilities()
    assert (able["edition"], able["can_execute"]) == ("enterprise", True)
    assert server.license.edition.value == "development"
    assert "ARF-ENT" not in repr(server) + str(able) + repr(vars(server))


def test_a_licence_without_a_rung_that_acts_says_that_nothing_can_be_executed() -> None:
    key = development(now=NOW, features=frozenset({"audit_trails"}))
    assert EnterpriseMCPServer(license_key=key, clock=lambda: NOW).get_capabilities()["can_execute"] is False


@pytest.mark.promise("LIC-2")
def test_a_licence_that_ends_while_it_runs_ends_what_it_may_do() -> None:
    times = [NOW]
    server = EnterpriseMCPServer(license_key=development(now=NOW, days=2), clock=lambda: times[-1])
    times.append(NOW + timedelta(days=365))
    with pytest.raises(LicenseExpired, match="Enterprise license required"):
        anyio.run(server.execute_healing_intent, INTENT)
    with pytest.raises(LicenseExpired):
        EnterpriseMCPServer(license_key=development(now=NOW, days=2), clock=lambda: times[-1])
    assert server.get_capabilities()["can_execute"] is False


@pytest.mark.parametrize("mode", ["approval", "autonomous", "advisory"])
def test_its_mode_is_the_one_it_was_made_with(mode: str) -> None:
    assert EnterpriseMCPServer(development(now=NOW), mode=mode, clock=lambda: NOW).mode == mode


def test_a_mode_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingError, match="'god'"):
        EnterpriseMCPServer(development(now=NOW), mode="god", clock=lambda: NOW)


def test_the_environments_licence_counts_where_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARF_LICENSE_KEY", development(now=NOW))
    assert EnterpriseMCPServer(clock=lambda: NOW).mode == "approval"
    with pytest.raises(LicenseMissing):
        EnterpriseMCPServer(license_key="", clock=lambda: NOW)
    with pytest.raises(LicenseMalformed):
        EnterpriseMCPServer(license_key="another", clock=lambda: NOW)


def test_importing_the_package_loads_nothing_heavy() -> None:
    script = (
        "import sys, arf_enterprise\n"
        "assert not {'psycopg', 'fastapi', 'jwt', 'httpx', 'cryptography'} & set(sys.modules), sorted(sys.modules)\n"
        "arf_enterprise.EnterpriseMCPServer\n"
        "assert 'fastapi' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_name_that_is_not_public_is_none() -> None:
    assert all(getattr(arf_enterprise, name) for name in arf_enterprise.__all__)
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = arf_enterprise.nothing_here
