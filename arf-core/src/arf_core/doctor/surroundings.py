# SPDX-License-Identifier: Apache-2.0
"""Settings, flags, policies, clock, terminal and output folder: what surrounds an installation.

Everything comes in from the outside (``doctor.around``): nothing here reads the environment or the clock.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from os import W_OK, X_OK, access
from pathlib import Path
from typing import Final

from arf_core.config.oss_config import LoadedConfig, OSSConfig, environment_name, load
from arf_core.detect.thresholds import Thresholds
from arf_core.doctor.around import Surroundings
from arf_core.doctor.finding import About, Finding, State
from arf_core.errors import ArfError, SettingsError
from arf_core.features import MEANS, ONE, SEVERAL
from arf_core.features import environment_name as flag_name
from arf_core.features import load as load_features

RELEASED: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right shows an earlier time than the release of this program."""
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)

OTHER_VARIABLES: Final = frozenset({"ARF_CONFIG", "ARF_DEBUG", SEVERAL})
"""The variables of this package that are no settings: docs/configuration.md."""
OF_OTHERS: Final = (ONE, "ARF_API_", "ARF_MCP_", "ARF_ENTERPRISE_")
"""What the variables of the flags, the servers and Enterprise begin with: who reads them checks them."""


def settings(around: Surroundings) -> tuple[Finding, LoadedConfig | None]:
    """Whether the settings load, and what they are."""
    if around.file is not None and not around.file.exists():
        words = f"the settings file {around.file} is not there"
        return _settings("settings", State.FAILED, words, _fix(around)), None
    try:
        loaded = load(arguments={}, environment=around.environment, file=around.file)
        Thresholds(**loaded.config.model_dump(include=set(Thresholds.__dataclass_fields__)))
    except ArfError as error:
        return _settings("settings", State.FAILED, str(error), _mends_settings(around)), None
    changed = sum(origin != "default" for origin in loaded.origins.values())
    words = f"{len(loaded.origins)} settings, {changed} of them changed" + (f", {around.file}" if around.file else "")
    return _settings("settings", State.OK, words, None), loaded


def flags(around: Surroundings) -> Finding:
    """Whether the feature flags are spelled right, and which are off."""
    try:
        states = load_features(around.environment).states()
    except ArfError as error:
        given = sorted(name for name in around.environment if name.startswith(ONE) or name == SEVERAL)
        wrong = [name for name in given if _is_wrong(name, around.environment[name])] or given
        return _settings("feature flags", State.FAILED, str(error), f"unset {shlex.join(wrong)}")
    off = [name for name, on in states.items() if not on]
    return _settings("feature flags", State.OK, f"off: {', '.join(off)}" if off else "all on", None)


def variables(around: Surroundings) -> Iterator[Finding]:
    """The variables that begin with ARF_ and mean nothing: most likely misspelt."""
    known = {*OTHER_VARIABLES, *map(environment_name, OSSConfig.model_fields), *map(flag_name, MEANS)}
    for name in sorted(around.environment):
        if name.startswith("ARF_") and name not in known and not name.startswith(OF_OTHERS):
            nearest = get_close_matches(name, known, n=1, cutoff=0.0)[0]
            words = f"{name} is not a variable of ARF and has no effect: the nearest is {nearest}"
            yield _settings("environment", State.WARNING, words, f"unset {shlex.quote(name)}")


def policies(around: Surroundings, config: OSSConfig) -> Finding:
    """Whether the healing policies load."""
    from arf_core.policy.load import load as load_policies
    from arf_core.policy.load import load_defaults

    if not config.policy_file:
        return _settings("policies", State.OK, f"the defaults: {len(load_defaults().policies)} policies", None)
    file = Path(config.policy_file)
    if not file.exists():
        words = f"the policy file {file} is not there"
        return _settings("policies", State.FAILED, words, _fix(around))
    try:
        loaded = load_policies(file.read_text(encoding="utf-8"), file=file.name)
    except (ArfError, OSError, UnicodeDecodeError) as error:
        return _settings("policies", State.FAILED, f"{file}: {error}", _aside(file, around))
    return _settings("policies", State.OK, f"{file}: {len(loaded.policies)} policies", None)


def output(around: Surroundings) -> Finding:
    """Whether files can be written where they shall be."""
    folder = around.out
    if folder is None:
        return _installation("output", State.OK, "no folder named: --out FOLDER checks one", None)
    if not folder.is_dir():
        words = f"the folder {folder} is not there"
        return _installation("output", State.FAILED, words, f"mkdir -p {shlex.quote(str(folder))}")
    if not access(folder, W_OK | X_OK):
        words = f"the folder {folder} may not be written"
        return _installation("output", State.FAILED, words, f"chmod u+wx {shlex.quote(str(folder))}")
    return _installation("output", State.OK, f"{folder} may be written", None)


def clock(around: Surroundings) -> Iterator[Finding]:
    """Whether the clock can be right, and the time zone exists. Telemetry carries its own times; receipts do not."""
    shown = f"{around.now:%Y-%m-%d %H:%M:%S} UTC"
    if not RELEASED - timedelta(days=1) <= around.now <= LATEST:
        words = f"the clock shows {shown}, which cannot be: this program was released after {RELEASED:%Y-%m-%d}"
        yield _installation("clock", State.FAILED, words, "sudo timedatectl set-ntp true")
    else:
        yield _installation("clock", State.OK, shown, None)
    name, is_known = around.zone
    if not is_known:
        words = f"TZ names {name!r}, which this system does not know: local times are shown in UTC"
        yield _installation("time zone", State.WARNING, words, "unset TZ")
    else:
        yield _installation("time zone", State.OK, name, None)


def terminal(around: Surroundings) -> Finding:
    """Whether the terminal can show the blocks and arrows of plots."""
    try:
        "▁█┃├─→…".encode(around.encoding)
    except (UnicodeEncodeError, LookupError):
        words = f"the terminal's encoding {around.encoding} cannot show plots"
        return _installation("terminal", State.WARNING, words, "export PYTHONIOENCODING=utf-8")
    return _installation("terminal", State.OK, around.encoding, None)


def _mends_settings(around: Surroundings) -> str:
    """Taking back the variables that are wrong; where none is, putting the file aside."""
    given = [name for name in OSSConfig.model_fields if around.environment.get(environment_name(name))]
    wrong = [name for name in given if not _loads({environment_name(name): around.environment[environment_name(name)]})]
    if wrong or around.file is None or not _loads({}, around.file):
        if wrong or around.file is None:
            return f"unset {' '.join(map(environment_name, wrong or given))}"
        return _aside(around.file, around)
    return f"unset {' '.join(map(environment_name, given))}"


def _loads(environment: Mapping[str, str], file: Path | None = None) -> bool:
    try:
        config = load(arguments={}, environment=environment, file=file).config
        Thresholds(**config.model_dump(include=set(Thresholds.__dataclass_fields__)))
    except SettingsError:
        return False
    return True


def _is_wrong(variable: str, given: str) -> bool:
    try:
        load_features({variable: given})
    except ArfError:
        return True
    return False


def _aside(file: Path, around: Surroundings) -> str:
    """Keep the file that cannot be used under another name, and write a good one in its place."""
    name = shlex.quote(str(file))
    return f"mv {name} {shlex.quote(f'{file}.bad')} && {_fix(around)}"


def _fix(around: Surroundings) -> str:
    return "arf doctor --fix" + (f" --config {shlex.quote(str(around.file))}" if around.file is not None else "")


def _settings(check: str, state: State, found: str, command: str | None) -> Finding:
    return Finding(check=check, about=About.SETTINGS, state=state, found=found, command=command)


def _installation(check: str, state: State, found: str, command: str | None) -> Finding:
    return Finding(check=check, about=About.INSTALLATION, state=state, found=found, command=command)
