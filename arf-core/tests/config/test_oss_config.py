# SPDX-License-Identifier: Apache-2.0
"""Settings: thresholds can be set from four places, sealed limits cannot be raised from any."""

from __future__ import annotations

from pathlib import Path

import pytest

from arf_core.config.oss_config import OSSConfig, load, oss_config
from arf_core.errors import SettingsError


def test_the_defaults_are_those_of_the_plan() -> None:
    assert oss_config.is_oss
    assert (oss_config.latency_critical, oss_config.latency_warning, oss_config.error_rate_critical) == (300, 150, 0.3)
    oss_config.validate_oss_limits()


@pytest.mark.promise("CFG-1")
@pytest.mark.parametrize(
    ("name", "raised", "as_text"),
    [
        ("MAX_INCIDENT_HISTORY", 1001, "1001"),
        ("MAX_RAG_LOOKBACK_DAYS", 8, "8"),
        ("MCP_MODE", "autonomous", "autonomous"),
        ("EXECUTION_ALLOWED", True, "true"),
        ("GRAPH_STORAGE", "neo4j", "neo4j"),
    ],
)
def test_no_source_raises_a_sealed_limit(tmp_path: Path, name: str, raised: object, as_text: str) -> None:
    with pytest.raises(SettingsError, match=f"{name}.*sealed limit"):
        OSSConfig(**{name: raised})
    with pytest.raises(SettingsError, match=f"{name}.*from argument"):
        load(arguments={name: raised}, environment={})
    with pytest.raises(SettingsError, match=f"{name}.*from environment"):
        load(arguments={}, environment={f"ARF_{name}": as_text})
    file = tmp_path / "arf.toml"
    file.write_text(f"{name} = {as_text if as_text in {'true', '8', '1001'} else repr(as_text)}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=f"{name}.*from file"):
        load(arguments={}, environment={}, file=file)


@pytest.mark.promise("CFG-1")
def test_the_strongest_source_wins_and_each_value_says_where_it_came_from(tmp_path: Path) -> None:
    file = tmp_path / "arf.toml"
    file.write_text("latency_critical = 400\nlatency_warning = 200\nrecall_limit = 9\n", encoding="utf-8")
    loaded = load(
        arguments={"latency_critical": 700},
        environment={"ARF_LATENCY_WARNING": "250", "ARF_TIER": "oss"},
        file=file,
    )
    assert loaded.config.latency_critical == 700
    assert loaded.config.latency_warning == 250
    assert loaded.config.recall_limit == 9
    assert loaded.origins["latency_critical"] == "argument"
    assert loaded.origins["latency_warning"] == "environment"
    assert loaded.origins["recall_limit"] == f"file {file}"
    assert loaded.origins["error_rate_critical"] == "default"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"latency_critical": "quick"}, "latency_critical is 'quick'"),
        ({"latency_critical": float("nan")}, "latency_critical is nan"),
        ({"error_rate_critical": 1.5}, "error_rate_critical is 1.5"),
        ({"latency_critcal": 3}, "'latency_critcal' is not a setting"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(settings: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        OSSConfig(**settings)


@pytest.mark.parametrize("content", [b"latency_critical = ", b"\xff\xfe", b"[table]\nx = 1\n"])
def test_a_settings_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "arf.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"arf\.toml"):
        load(arguments={}, environment={}, file=file)


def test_a_settings_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml"):
        load(arguments={}, environment={}, file=tmp_path / "none.toml")


def test_a_configuration_cannot_be_changed() -> None:
    config = OSSConfig()
    with pytest.raises(ValueError, match="frozen"):
        config.latency_critical = 1.0
