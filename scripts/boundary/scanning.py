# SPDX-License-Identifier: Apache-2.0
"""Reads the files of a tree, decides which of them need a look, and scans those, in several processes where it pays.

Every file is read; every Python file is held against the words of ``gate``, and what they do not clear is parsed and
evaluated.
"""

from __future__ import annotations

import gc
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from boundary import carriers, projects, workers
from boundary.gate import Text
from boundary.grants import Grant
from boundary.rules import Finding
from boundary.settings import Settings
from boundary.source import scan_source
from boundary.tree import Tree

SKIPPED: Final = frozenset(
    ".git __pycache__ .venv node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .tox .nox".split()
)
_PYTHON: Final = (".py", ".pyw", ".pyi")
_DEEP: Final = 12_000
_LOOKED: Final = 16
"""How many times longer a line takes that is evaluated, than one of a file that its words clear."""
_MANY: Final = 16_000
"""Lines, so weighed, from which on a second process pays for its start."""


class Item(NamedTuple):
    """One file that was read; ``text`` and ``module`` are those of a Python file."""

    path: str
    shown: str
    data: bytes
    text: Text | None
    module: str
    weight: int = 0


class Scanned(NamedTuple):
    """What is in some files: ``lines`` were read, of ``sources`` Python files ``evaluated`` were evaluated, because
    their words did not clear them."""

    findings: list[Finding]
    lines: int
    sources: int
    evaluated: int


def scan_files(files: Sequence[Path], chosen: Settings, processes: int | None) -> Scanned:
    """The findings in ``files``, and how much of them was read."""
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEEP))
    collecting = gc.isenabled()
    gc.disable()  # syntax trees are many small objects without a need for the collector
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _scanned(files, chosen, processes)
    finally:
        if collecting:
            gc.enable()


def _scanned(files: Sequence[Path], chosen: Settings, processes: int | None) -> Scanned:
    names = module_names(files)
    shown, packages = Shown(chosen.root), Packages()
    items = [_read(str(file), shown, packages) for file in files]
    tree = Tree(names, {item.module: item.text for item in items if item.text and names.get(item.module) == item.path})
    items = [item._replace(weight=_weight(item, chosen)) for item in items]
    portions = _portions(items, processes)

    def work(portion: list[Item]) -> tuple[list[Finding], int]:
        found = [f for item in portion for f in _scan(item, tree, packages, chosen.grant(item.shown))]
        return found, sum(_evaluated(item, tree, chosen) for item in portion)

    answers = workers.spread(portions, work)
    return Scanned(
        [finding for found, _ in answers for finding in found],
        sum(item.data.count(b"\n") for item in items),
        sum(item.text is not None for item in items),
        sum(count for _, count in answers),
    )


def _evaluated(item: Item, tree: Tree, chosen: Settings) -> bool:
    if item.text is None:
        return False
    return tree.needs_look(item.module, item.text) or bool(chosen.grant(item.shown).members)


def module_names(files: Sequence[Path]) -> dict[str, str]:
    """The dotted names of the Python files, by the packages they lie in, and where each lies."""
    packages = Packages()
    names: dict[str, str] = {}
    for file in files:
        path = str(file)
        if path.endswith(".py"):
            names.setdefault(packages.module(path), path)
    return names


class Packages:
    """Which folders are packages; each is asked for once."""

    def __init__(self) -> None:
        self._known: dict[str, bool] = {}

    def has(self, folder: str) -> bool:
        """Whether ``folder`` has an ``__init__.py``."""
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = os.path.isfile(os.path.join(folder, "__init__.py"))  # noqa: PTH118, PTH113 -- a Path costs more than the question
        return known

    def module(self, path: str) -> str:
        """The dotted name of the module in the file ``path``."""
        folder, _, name = path.rpartition(os.sep)
        stem = name.rpartition(".")[0]
        own = folder.rpartition(os.sep)[2]
        parts = [] if stem == "__init__" else [stem]
        while folder and self.has(folder):
            folder, _, last = folder.rpartition(os.sep)
            parts.insert(0, last)
        return ".".join(parts) or own


class Shown:
    """Paths as they are reported: from the root, where they lie below it."""

    def __init__(self, root: Path) -> None:
        self._root = str(root.resolve()) + os.sep
        self._folders: dict[str, str] = {}

    def __call__(self, path: str) -> str:
        """How ``path`` is shown."""
        folder, _, name = path.rpartition(os.sep)
        full = self._folders.get(folder)
        if full is None:
            full = self._folders[folder] = str(Path(folder).resolve())
        whole = os.path.join(full, name)  # noqa: PTH118 -- as above
        if os.path.islink(whole):  # noqa: PTH114 -- as above
            whole = str(Path(whole).resolve())
        return Path(whole.removeprefix(self._root) if whole.startswith(self._root) else path).as_posix()


def _read(path: str, shown: Shown, packages: Packages) -> Item:
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 -- as above
        data = file.readall()
    if path.endswith(_PYTHON):
        return Item(path, shown(path), data, Text(data), packages.module(path))
    return Item(path, shown(path), data, None, "")


def _weight(item: Item, chosen: Settings) -> int:
    """How much work the file is likely to be; what it turns out to be is known only where it is done."""
    likely = item.text is not None and (item.text.likely() or bool(chosen.grant(item.shown).members))
    return item.data.count(b"\n") * (_LOOKED if likely else 1) + 5


def _portions(items: list[Item], processes: int | None) -> list[list[Item]]:
    """Neighbours stay together: they look into each other."""
    whole = sum(item.weight for item in items)
    count = processes or min(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, 8
    )
    if whole < _MANY or not workers.possible():
        return [items]
    portions: list[list[Item]] = [[]]
    room = whole / count
    for item in items:
        if room <= 0 and len(portions) < count:
            portions.append([])
            room += whole / count
        portions[-1].append(item)
        room -= item.weight
    return portions


def _scan(item: Item, tree: Tree, packages: Packages, grant: Grant) -> list[Finding]:
    name = item.path.rpartition(os.sep)[2]
    if item.text is not None:
        shipped = packages.has(item.path.rpartition(os.sep)[0])
        found = scan_source(
            item.data,
            item.shown,
            item.module,
            tree,
            file=item.path,
            text=item.text,
            grant=grant,
        )
        return [*carriers.python_file(item.shown, shipped=shipped), *found]
    if name == "pyproject.toml":
        return projects.project_file(item.shown, item.data, grant)
    if name == "setup.cfg":
        return projects.setup_cfg(item.shown, item.data)
    if name.startswith("requirements") and name.endswith(".txt"):
        return projects.requirements_file(item.shown, item.data)
    return carriers.data_file(item.shown, item.data)
