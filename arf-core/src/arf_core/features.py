# SPDX-License-Identifier: Apache-2.0
"""Feature flags: parts of the analysis that can be left out. All are on unless they are turned off.

1. A flag is set by ``ARF_ENABLE_<NAME>=true|false``, or by ``ARF_FEATURES='{"name": true}'`` for several at once.
2. A flag is true or false, spelled so. Everything else (``1``, ``yes``, ``True``, an empty text) is an error.
3. An unknown name is an error that names the nearest one: a misspelt flag must not do nothing.
4. Both ways may name the same flag only if they agree.
5. No flag unlocks anything: what belongs to Enterprise is refused by name, whatever it is set to. A flag only leaves
   out advice; there is no code here that it could turn on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from arf_core.capabilities import ENTERPRISE_FEATURES
from arf_core.config.oss_config import OSSConfig
from arf_core.errors import FeatureRequiresEnterpriseError, FormatError, SettingsError
from arf_core.models.frozen import shown
from arf_core.strict_json import parse_json

ONE: Final = "ARF_ENABLE_"
"""What the environment variable of one flag begins with."""
SEVERAL: Final = "ARF_FEATURES"
"""The environment variable that sets several flags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Which parts of the analysis are on."""

    adaptive: bool = True
    recall: bool = True
    impact: bool = True
    terminal_plots: bool = True

    def applied_to(self, config: OSSConfig) -> OSSConfig:
        """The settings without the parts that are off: nothing is recalled, no rate is known."""
        off: dict[str, object] = {} if self.recall else {"recall_limit": 0}
        if not self.impact:
            off |= dict.fromkeys(_RATES)
        return OSSConfig(**{**config.model_dump(), **off}) if off else config


MEANS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "adaptive": "look for readings that leave their component's own course, though no threshold sees it; "
        "it takes most of the time of a long input",
        "recall": "look for similar incidents and let them speak; without it, advice rests on policies and diagnosis",
        "impact": "estimate what an incident costs, where rates are configured; not everybody may see amounts",
        "terminal_plots": "draw series and ranking in the terminal; without it, a screen reader has less to skip",
    }
)
"""What each flag turns on, and why one would turn it off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFeatures:
    """The flags, and for each where its state came from ("default", "environment ARF_ENABLE_…")."""

    features: Features
    origins: Mapping[str, str]

    def states(self) -> dict[str, bool]:
        """Each flag and whether it is on."""
        return asdict(self.features)


def load(environment: Mapping[str, str]) -> LoadedFeatures:
    """The flags that ``environment`` sets; all others are on.

    Raises:
        SettingsError: rules 2 to 4 above; the message names the variable and what was given.
        FeatureRequiresEnterpriseError: a flag is named like a feature that only Enterprise has.
    """
    found: dict[str, bool] = {}
    origins = dict.fromkeys(MEANS, "default")
    for name, state, variable in (*_several(environment), *_single(environment)):
        if found.get(name, state) is not state:
            raise SettingsError(
                f"{variable} sets {name} to {_word(state)}, but {SEVERAL} sets it to {_word(not state)}: "  # 4
                "set it in one place only"
            )
        found[name] = state
        origins[name] = f"environment {variable}"
    return LoadedFeatures(features=Features(**found), origins=origins)


def environment_name(flag: str) -> str:
    """The environment variable of one flag: ``adaptive`` is ``ARF_ENABLE_ADAPTIVE``."""
    return f"{ONE}{flag.upper()}"


_RATES: Final = ("requests_per_user", "revenue_per_request", "revenue_per_minute", "lost_share_when_slow")
_EXECUTION: Final = frozenset(
    {*ENTERPRISE_FEATURES, *ENTERPRISE_FEATURES.values(), "execution", "execution_allowed", "execute"}
)
"""Names that a flag cannot have: they would promise what the open edition does not do."""


def _single(environment: Mapping[str, str]) -> Iterator[tuple[str, bool, str]]:
    for variable, given in sorted(environment.items()):
        if variable.startswith(ONE):
            rest = variable.removeprefix(ONE)
            name = _checked_name(rest, variable, rest.upper())
            if given not in {"true", "false"}:
                raise SettingsError(f"{variable} is {shown(given)}: it must be true or false")  # 2
            yield name, given == "true", variable


def _several(environment: Mapping[str, str]) -> Iterator[tuple[str, bool, str]]:
    if SEVERAL not in environment:
        return
    try:
        value = parse_json(environment[SEVERAL], what=SEVERAL)
    except FormatError as error:
        raise SettingsError(f'{error}; it must be JSON such as {{"recall": false}}') from error
    if not isinstance(value, dict):
        raise SettingsError(f'{SEVERAL} is {shown(value)}: it must be a JSON object such as {{"recall": false}}')
    for key, state in value.items():
        name = _checked_name(key, SEVERAL, key.lower())
        if not isinstance(state, bool):
            raise SettingsError(f"{SEVERAL} sets {name} to {shown(state)}: it must be true or false")  # 2
        yield name, state, SEVERAL


def _checked_name(given: str, variable: str, right: str) -> str:
    """The flag that ``given`` names, if it is spelled ``right``."""
    name = given.lower()
    if name in _EXECUTION:
        raise FeatureRequiresEnterpriseError(name, ENTERPRISE_FEATURES.get(name))  # 5
    if given == right and name in MEANS:
        return name
    nearest = get_close_matches(name, MEANS, n=1, cutoff=0.0)[0]
    shape = repr(nearest) if variable == SEVERAL else environment_name(nearest)
    raise SettingsError(f"{variable} names no feature flag ({shown(given)}): the nearest is {shape}")  # 3


def _word(state: bool) -> str:  # noqa: FBT001 - a state and nothing else
    return "true" if state else "false"
