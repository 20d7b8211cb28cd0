# SPDX-License-Identifier: Apache-2.0
"""The settings of the open edition: thresholds can be set, sealed limits can only be lowered or confirmed.

A setting comes from, strongest first: an argument, the environment (``ARF_`` and its name in capitals), a TOML file,
its default. :func:`load` keeps the origin of each. Unknown names in a file or an argument are errors; environment
variables that are not settings belong to someone else and are left alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from arf_core.constants import MAX_INCIDENT_HISTORY, MAX_RAG_LOOKBACK_DAYS
from arf_core.errors import SettingsError

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class OSSConfig(BaseModel):
    """The settings, frozen. Names in capitals are sealed limits: a value that would raise one is refused.

    Raises:
        SettingsError: an unknown name, a value of the wrong kind, or one that would raise a sealed limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    MAX_INCIDENT_HISTORY: int = Field(default=MAX_INCIDENT_HISTORY, ge=1, le=MAX_INCIDENT_HISTORY)
    MAX_RAG_LOOKBACK_DAYS: int = Field(default=MAX_RAG_LOOKBACK_DAYS, ge=1, le=MAX_RAG_LOOKBACK_DAYS)
    MCP_MODE: Literal["advisory"] = "advisory"
    EXECUTION_ALLOWED: Literal[False] = False
    GRAPH_STORAGE: Literal["in_memory"] = "in_memory"

    latency_critical: Positive = 300.0
    latency_warning: Positive = 150.0
    error_rate_critical: Share = 0.3
    error_rate_warning: Share = 0.1
    cpu_critical: Share = 0.9
    cpu_warning: Share = 0.8
    memory_critical: Share = 0.9
    memory_warning: Share = 0.8
    recall_limit: int = Field(default=5, ge=0, le=50)
    policy_file: str = ""
    embedder: str = "signals-1"
    requests_per_user: Positive | None = None
    revenue_per_request: Positive | None = None
    revenue_per_minute: Positive | None = None
    lost_share_when_slow: Share | None = None
    currency: str = Field(default="USD", min_length=1, max_length=8, pattern="^[A-Za-z0-9]+$")

    def __init__(self, **settings: Any) -> None:
        """Check ``settings`` and freeze them."""
        try:
            super().__init__(**settings)
        except ValidationError as error:
            raise SettingsError(_sentence(error)) from error

    @property
    def is_oss(self) -> bool:
        """True: this is the open edition."""
        return True

    def validate_oss_limits(self) -> None:
        """Do nothing: a configuration that raises a limit cannot be made. Kept for callers of the older API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedConfig:
    """A configuration, and for each setting where its value came from ("default", "environment ARF_…", "file …")."""

    config: OSSConfig
    origins: Mapping[str, str]


def load(*, arguments: Mapping[str, object], environment: Mapping[str, str], file: Path | None = None) -> LoadedConfig:
    """The configuration from its sources, strongest first: ``arguments``, ``environment``, ``file``, defaults.

    Raises:
        SettingsError: as :class:`OSSConfig`, or the file is not there or not TOML; the message names the source.
    """
    values: dict[str, object] = {}
    origins = dict.fromkeys(OSSConfig.model_fields, "default")
    for origin, source in (
        (f"file {file}", _from_file(file)),
        ("environment", _from_environment(environment)),
        ("argument", arguments),
    ):
        _check(source, origin)
        values.update(source)
        origins.update(dict.fromkeys(source, origin))
    return LoadedConfig(config=OSSConfig(**values), origins=origins)


def environment_name(setting: str) -> str:
    """The environment variable of a setting: ``latency_critical`` is ``ARF_LATENCY_CRITICAL``."""
    return f"ARF_{setting.upper()}"


def _from_file(file: Path | None) -> dict[str, object]:
    if file is None:
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"the settings file {file} cannot be read: {error}") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    names = {name: environment_name(name) for name in OSSConfig.model_fields}
    given = {name: environment[variable] for name, variable in names.items() if environment.get(variable)}
    # A variable is text; the two literals that are not strings are read as their words.
    return {name: False if value.lower() == "false" else value for name, value in given.items()}


def _check(source: Mapping[str, object], origin: str) -> None:
    try:
        OSSConfig(**source)
    except SettingsError as error:
        raise SettingsError(f"{error} (from {origin})") from error


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return f"{name!r} is not a setting: `arf config show` lists them"
    sealed = " It is a sealed limit of the open edition." if name.isupper() else ""
    return f"{name} is {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}.{sealed}"


oss_config = OSSConfig()
"""The defaults."""
