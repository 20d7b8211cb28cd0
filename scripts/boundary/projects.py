# SPDX-License-Identifier: Apache-2.0
"""Project files that name execution or pull it in: build hooks, entry points, requirements and extras."""

from __future__ import annotations

import configparser
import re
import tomllib
from typing import Any, Final

from boundary.distributions import DISTRIBUTIONS
from boundary.grants import NOTHING, Grant, used
from boundary.modules import MODULES
from boundary.rows import capable
from boundary.rules import Finding

_BACKENDS: Final = frozenset(
    (
        "hatchling.build",
        "setuptools.build_meta",
        "flit_core.buildapi",
        "flit_core",
        "poetry.core.masonry.api",
        "uv_build",
        "pdm.backend",
    )
)
_ENTRY_WORDS: Final = re.compile(
    r"exec|enterprise|actuat|act(ion|or)s?\b|approv|remediat|operator|runner|daemon|plugin|hook|adapter|provider|driver",
    re.IGNORECASE,
)
_NAME: Final = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)")


def project_file(path: str, data: bytes, grant: Grant = NOTHING) -> list[Finding]:
    """Findings in a ``pyproject.toml``: build hooks, entry points, requirements but for those that ``grant`` names."""
    try:
        table = tomllib.loads(data.decode())
    except ValueError as error:
        return [Finding(path, 1, 1, "SYNTAX", f"not TOML: {error}")]
    project = table.get("project", {})
    build = table.get("build-system", {})
    tool = table.get("tool", {})
    found = [*_build(path, build, tool)]
    packages = _packages(project, tool)
    groups = {
        "console_scripts": project.get("scripts", {}),
        "gui_scripts": project.get("gui-scripts", {}),
        **project.get("entry-points", {}),
        **_poetry(tool),
    }
    for group, entries in groups.items():
        found += [f for name, target in entries.items() for f in entry(path, group, name, str(target), packages)]
    required = [("", r) for r in project.get("dependencies", [])] + [("", r) for r in build.get("requires", [])]
    required += [(extra, r) for extra, rs in project.get("optional-dependencies", {}).items() for r in rs]
    found += [f for extra, r in required for f in requirement(path, str(r), extra, grant)]
    if {"dependencies", "entry-points", "optional-dependencies", "scripts"} & set(project.get("dynamic", [])):
        found.append(
            Finding(path, 1, 1, "BUILD", "requirements or entry points are computed while building", "dynamic")
        )
    return found


def setup_cfg(path: str, data: bytes) -> list[Finding]:
    """Findings in a ``setup.cfg``."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(data.decode())
    except (configparser.Error, UnicodeDecodeError) as error:
        return [Finding(path, 1, 1, "SYNTAX", f"not a setup.cfg: {error}")]
    found = [
        Finding(path, 1, 1, "BUILD", f"{key} in setup.cfg", key)
        for section in parser.sections()
        for key in parser[section]
        if key in {"cmdclass", "setup_requires", "ext_modules"}
    ]
    for section in parser.sections():
        for key, value in parser[section].items():
            if (section == "options" and key == "install_requires") or section == "options.extras_require":
                found += [
                    f
                    for line in value.splitlines()
                    if line.strip()
                    for f in requirement(path, line, "" if section == "options" else key)
                ]
            if section == "options.entry_points":
                found += [
                    f for line in value.splitlines() if "=" in line for f in entry(path, key, *_pair(line), frozenset())
                ]
    return found


def requirements_file(path: str, data: bytes) -> list[Finding]:
    """Findings in a ``requirements.txt``."""
    lines = [line.split(" #")[0].strip() for line in data.decode(errors="replace").splitlines()]
    return [
        f
        for line in lines
        if line and not line.startswith(("#", "-"))
        for f in requirement(path, line.rstrip("\\"), "")
    ]


def requirement(path: str, text: str, extra: str, grant: Grant = NOTHING) -> list[Finding]:
    """The finding of one requirement, in PEP 508 form, unless ``grant`` names it with that extra."""
    match = _NAME.match(text)
    if match is None:
        return []
    name = re.sub(r"[-_.]+", "-", match[1]).lower()
    rule = _provides(name)
    where = f" (extra {extra})" if extra else ""
    granted = rule is not None and (name, extra) in grant.requires
    found = [Finding(path, 1, 1, "REQUIRES", f"{name}{where} gives {rule.lower()}", text.strip())] if rule else []
    if granted:
        found = [used(path, "; ".join(filter(None, (name, extra))))]
    if re.match(r"^[^;]*@\s*\w+[+:]", text):
        found.append(Finding(path, 1, 1, "REQUIRES", f"{name}{where} comes from an address", text.strip()))
    return found


def _provides(name: str) -> str | None:
    if name in DISTRIBUTIONS:
        return DISTRIBUTIONS[name]
    if name in {"setuptools", "pip", "distutils", "cython", "arf-core"}:
        return None
    lowered = {module.lower(): rule for module, rule in MODULES.items() if "." not in module}
    for candidate in (name.replace("-", "_"), name.replace("-", ""), name.replace("-", ".")):
        rule = lowered.get(candidate) or (capable(candidate) if "." in candidate else None)
        if rule:
            return rule
    return "ENTERPRISE" if "enterprise" in name.split("-") else None


def entry(path: str, group: str, name: str, target: str, packages: frozenset[str]) -> list[Finding]:
    """The finding of one entry point: only a console script of an own package passes."""
    module = target.partition(":")[0].strip().partition(" ")[0]
    text = f"{group}: {name} = {target}"
    if group not in {"console_scripts", "gui_scripts"}:
        return [Finding(path, 1, 1, "ENTRY", f"{text} registers a plug-in", text)]
    if (
        capable(module)
        or (packages and module.partition(".")[0] not in packages)
        or module.partition(".")[0] in {"os", "sys", "subprocess", "builtins", "importlib", "pty"}
    ):
        return [Finding(path, 1, 1, "ENTRY", f"{text} starts something that is not of this package", text)]
    if _ENTRY_WORDS.search(name) or _ENTRY_WORDS.search(target.replace("_", "-")):
        return [Finding(path, 1, 1, "ENTRY", f"{text} names execution", text)]
    return []


def _build(path: str, build: dict[str, Any], tool: dict[str, Any]) -> list[Finding]:
    found = []
    backend = str(build.get("build-backend", "setuptools.build_meta"))
    if backend.partition(":")[0] not in _BACKENDS:
        found.append(Finding(path, 1, 1, "BUILD", f"build backend {backend}", backend))
    if "backend-path" in build:
        found.append(Finding(path, 1, 1, "BUILD", "a build backend inside the tree", "backend-path"))
    hatch = tool.get("hatch", {})
    hooks = {**hatch.get("build", {}).get("hooks", {}), **hatch.get("metadata", {}).get("hooks", {})}
    hooks.update(
        {k: v for t in hatch.get("build", {}).get("targets", {}).values() for k, v in t.get("hooks", {}).items()}
    )
    found += [Finding(path, 1, 1, "BUILD", f"build hook {name}", name) for name in hooks]
    setuptools = tool.get("setuptools", {})
    found += [
        Finding(path, 1, 1, "BUILD", f"setuptools {key}", key)
        for key in ("cmdclass", "ext-modules", "script-files")
        if key in setuptools
    ]
    if (
        hatch.get("version", {}).get("source") == "code"
        or "script" in tool.get("poetry", {}).get("build", {})
        or ("pdm" in tool and "build" in tool["pdm"])
    ):
        found.append(Finding(path, 1, 1, "BUILD", "a version or build script that runs code", "script"))
    return found


def _packages(project: dict[str, Any], tool: dict[str, Any]) -> frozenset[str]:
    wheel = tool.get("hatch", {}).get("build", {}).get("targets", {}).get("wheel", {})
    named = [str(p).rpartition("/")[2] for p in wheel.get("packages", [])]
    return frozenset(named or [re.sub(r"[-.]+", "_", str(project.get("name", ""))).lower()])


def _poetry(tool: dict[str, Any]) -> dict[str, Any]:
    poetry = tool.get("poetry", {})
    return {
        "poetry.plugins": {f"{g}.{n}": t for g, es in poetry.get("plugins", {}).items() for n, t in es.items()},
        **({"console_scripts": poetry["scripts"]} if "scripts" in poetry else {}),
    }


def _pair(line: str) -> tuple[str, str]:
    name, _, target = line.partition("=")
    return name.strip(), target.strip()
