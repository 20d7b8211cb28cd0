# SPDX-License-Identifier: Apache-2.0
"""Which packages are installed, in which version, and whether they load.

What is required is read from the installed distribution itself, so that this list cannot go stale. Each import stands
here in full: loading a module by a name from the outside is what the open edition does not do.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final

from arf_core.doctor.finding import About, Finding, State
from arf_core.errors import ArfError

LEAST_PYTHON: Final = (3, 11)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A package by its name in the index, the versions that fit (``>=2.2,<3``), and the extra it belongs to, if any."""

    name: str
    fits: str
    extra: str | None


def python() -> Finding:
    """Whether the interpreter is one that ARF runs on."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < LEAST_PYTHON:
        least = ".".join(map(str, LEAST_PYTHON))
        words = f"Python {found}: {least} or later is needed"
        return _finding("python", State.FAILED, words, f"uv venv --python {least} && uv pip install arf-core")
    return _finding("python", State.OK, f"Python {found}", None)


def required() -> Iterator[Finding]:
    """Each package that ARF cannot do without: installed, of a version that fits, and loadable."""
    for one in _requirements():
        if one.extra is None:
            yield examined(one)


def optional() -> Iterator[Finding]:
    """Each extra: whether all its packages are there. What is missing is a warning, with the command that installs."""
    extras: dict[str, list[Requirement]] = {}
    for one in _requirements():
        if one.extra is not None:
            extras.setdefault(one.extra, []).append(one)
    for extra, needed in sorted(extras.items()):
        problems = [problem for one in needed if (problem := _problem(one)) is not None]
        check = f"extra {extra}"
        if problems:
            yield _finding(check, State.WARNING, "; ".join(problems), f"pip install 'arf-core[{extra}]'")
        else:
            yield _finding(check, State.OK, ", ".join(f"{one.name} {version(one.name)}" for one in needed), None)


def _requirements() -> Iterator[Requirement]:
    for line in requires("arf-core") or ():
        if found := _REQUIREMENT.fullmatch(line):
            yield Requirement(name=found["name"], fits=found["fits"], extra=found["extra"])


_REQUIREMENT: Final = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*(?P<fits>[<>=!~0-9.,*\s]*)(?:;\s*extra\s*==\s*['\"](?P<extra>[\w-]+)['\"]\s*)?"
)


def examined(one: Requirement) -> Finding:
    """Whether one required package is installed, fits and loads."""
    problem = _problem(one)
    if problem is None:
        return _finding(one.name, State.OK, f"{one.name} {version(one.name)}", None)
    return _finding(one.name, State.FAILED, problem, f"pip install --force-reinstall '{one.name}{one.fits}'")


def _problem(one: Requirement) -> str | None:
    try:
        installed = version(one.name)
    except PackageNotFoundError:
        return f"{one.name} is not installed"
    if not fits(installed, one.fits):
        return f"{one.name} {installed} is installed: {one.fits} is needed"
    try:
        _LOAD.get(one.name, _nothing)()
    except (ImportError, OSError) as error:
        return f"{one.name} {installed} does not load: {error}"
    return None


def fits(installed: str, wanted: str) -> bool:
    """Whether a version satisfies a list of ``>=``, ``<``, ``<=``, ``>`` and ``==``; other operators count as kept."""
    have = _numbers(installed)
    return all(_kept(have, clause.strip()) for clause in wanted.split(",") if clause.strip())


def _kept(have: tuple[int, ...], clause: str) -> bool:
    found = re.fullmatch(r"(>=|<=|==|<|>)\s*([0-9.]+)", clause)
    if found is None:
        return True
    bound = _numbers(found[2])
    long = max(len(have), len(bound))
    return _COMPARE[found[1]](have + (0,) * (long - len(have)), bound + (0,) * (long - len(bound)))


def _numbers(text: str) -> tuple[int, ...]:
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()


_COMPARE: Final[Mapping[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]]] = {
    ">=": lambda have, bound: have >= bound,
    "<=": lambda have, bound: have <= bound,
    "==": lambda have, bound: have == bound,
    "<": lambda have, bound: have < bound,
    ">": lambda have, bound: have > bound,
}


def _finding(check: str, state: State, found: str, command: str | None) -> Finding:
    about = About.INSTALLATION if check == "python" else About.DEPENDENCY
    return Finding(check=check, about=about, state=state, found=found, command=command)


def _nothing() -> None:
    """For a package that is not loaded here: typer has been, and loading uvicorn is the server's business alone."""


def _cel() -> None:
    import cel

    if cel.compile("1 < 2").execute(cel.Context({})) is not True:
        raise ImportError("it does not evaluate 1 < 2")


def _cryptography() -> None:
    import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401 - that it loads is the question


def _faiss() -> None:
    import faiss  # noqa: F401


def _numpy() -> None:
    import numpy as np  # noqa: F401


def _pydantic() -> None:
    import pydantic  # noqa: F401


def _yaml() -> None:
    import yaml  # noqa: F401


def _rfc8785() -> None:
    import rfc8785

    if rfc8785.dumps({"a": 1.0}) != b'{"a":1}':
        raise ImportError("it does not write canonical JSON")


def _fastapi() -> None:
    import fastapi  # noqa: F401


def _otlp() -> None:
    import opentelemetry.proto.metrics.v1.metrics_pb2  # noqa: F401


def _pillow() -> None:
    import PIL.Image  # noqa: F401


_LOAD: Final[Mapping[str, Callable[[], None]]] = {
    "common-expression-language": _cel,
    "cryptography": _cryptography,
    "faiss-cpu": _faiss,
    "numpy": _numpy,
    "pydantic": _pydantic,
    "pyyaml": _yaml,
    "rfc8785": _rfc8785,
    "fastapi": _fastapi,
    "opentelemetry-proto": _otlp,
    "pillow": _pillow,
}


def installed() -> str:
    """The version of arf-core that is installed.

    Raises:
        ArfError: it is not installed as a package at all.
    """
    try:
        return version("arf-core")
    except PackageNotFoundError as error:
        raise ArfError("arf-core is not installed as a package: it is only on the path") from error
