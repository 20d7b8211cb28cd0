# SPDX-License-Identifier: Apache-2.0
"""The modules below the scanned folders, read and parsed when one of them asks for another."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from boundary.binding import collect
from boundary.evaluate import Evaluator
from boundary.gate import Text
from boundary.reach import ANY, given, handed, reaches
from boundary.scopes import Hints


class Tree:
    """The modules below the scanned folders, parsed when one asks for them."""

    def __init__(self, roots: Mapping[str, str], texts: Mapping[str, Text] | None = None) -> None:
        self._paths = roots
        self._evaluators: dict[str, Evaluator | None] = {}
        self._texts: dict[str, Text] = dict(texts or {})
        self._homes: dict[ast.AST, Evaluator | None] = {}
        self._importers: dict[str, list[str]] = {}
        self._edges: dict[str, list[str]] = {}
        self._children: dict[str, list[str]] = {}
        self._provided: dict[tuple[str, str], bool] = {}
        for name in roots:
            self.text(name)
        self._handed = handed(self)
        self._given = given(self, self._handed)

    def evaluator(self, name: str) -> Evaluator | None:
        """The evaluator of module ``name``, or None where the tree has no such module or it cannot be parsed."""
        if name in self._evaluators:
            return self._evaluators[name]
        self._evaluators[name] = None
        path = self._paths.get(name)
        if path is not None:
            try:
                text = self.text(name)
                self._evaluators[name] = self.add(name, path, parse(text.data), text)
            except _UNREADABLE:
                return None
        return self._evaluators[name]

    def names(self) -> list[str]:
        """The names of all modules."""
        return list(self._paths)

    def path(self, name: str) -> str | None:
        """Where the tree's module ``name`` lies."""
        return self._paths.get(name)

    def has(self, name: str) -> bool:
        """Whether the tree has a module of that name."""
        return name in self._paths

    def may_provide(self, name: str, member: str) -> bool:
        """Whether ``member`` of the tree's module ``name`` could be more than a function or class of plain code."""
        if name not in self._paths:
            return False
        key = (name, member)
        if key not in self._provided:
            self._provided[key] = self.text(name).provides(member, plain=self.is_clean(name))
        return self._provided[key]

    def is_clean(self, name: str) -> bool:
        """Whether the tree's module ``name`` has no capability, is given none, and so has none to give."""
        if name not in self._paths or name in self._handed or name in self._given:
            return False
        return not self.text(name).needs_look()

    def is_plain(self, name: str) -> bool:
        """Whether the tree's module ``name`` names nothing that is capable, and imports nothing of the tree."""
        return name in self._paths and self.text(name).is_plain()

    def carries(self, name: str) -> bool:
        """Whether a namespace could come to the module ``name`` by its imports, however indirect."""
        return ANY in self._given.get(name, ())

    def needs_look(self, name: str, text: Text) -> bool:
        """Whether the module could hold a capability: by its own words, or because of what others handed to it."""
        return text.needs_look() or (name in self._given and reaches(text, self._given[name]))

    def neighbours(self, name: str) -> list[str]:
        """The modules of the tree that ``name`` may import: those it names, and those below them it has a word of."""
        if name not in self._paths:
            return []
        if name not in self._edges:
            text = self.text(name)
            package = name if self._paths[name].endswith("__init__.py") else name.rpartition(".")[0]
            sources = {resolved(source, package) for source in text.sources()}
            self._edges[name] = [
                other
                for source in sources
                for other in self._below(source)
                if source.startswith(other)
                or other.rpartition(".")[2].encode() in text.words
                or not text.data.isascii()
            ]
        return self._edges[name]

    def importers(self, name: str) -> list[str]:
        """The modules of the tree that may import ``name``; who does so must spell the last part of its name, except
        from within the package itself."""
        if name not in self._importers:
            last = name.rpartition(".")[2].encode()
            package = name + "." if self._paths[name].endswith("__init__.py") else "\0"
            self._importers[name] = [
                other
                for other, text in self._texts.items()
                if other != name
                and (last in text.words or text.hidden or (other.startswith(package) and b"from ." in text.view))
                and name in self.neighbours(other)
            ]
        return self._importers[name]

    def _below(self, source: str) -> list[str]:
        """The module ``source``, the packages around it, and the modules directly in it."""
        if not self._children:
            for name in self._paths:
                self._children.setdefault(name.rpartition(".")[0], []).append(name)
        parts = source.split(".")
        around = [".".join(parts[:n]) for n in range(1, len(parts) + 1)]
        return [name for name in around if name in self._paths] + self._children.get(source, [])

    def text(self, name: str, data: bytes | None = None) -> Text:
        """The words of the tree's module ``name``; ``data`` where its file was already read."""
        if name not in self._texts:
            self._texts[name] = Text(Path(self._paths[name]).read_bytes() if data is None else data)
        return self._texts[name]

    def loaded(self, name: str, path: str) -> Evaluator | None:
        """The evaluator of ``path`` if another module already asked for it."""
        return self._evaluators.get(name) if self._paths.get(name) == path else None

    def home(self, node: ast.AST) -> Evaluator | None:
        """The evaluator of the module that defines the function or class ``node``."""
        if node not in self._homes:
            self._homes[node] = next(
                (e for e in self._evaluators.values() if e is not None and node in e.module.scopes), None
            )
        return self._homes[node]

    def add(self, name: str, path: str, tree: ast.Module, text: Text, hints: Hints | None = None) -> Evaluator:
        """Keep the parsed module ``name``; ``hints`` where more must be looked at than its text says."""
        package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
        evaluator = Evaluator(
            collect(tree, name, package, hints or text.hints(self._given.get(name, frozenset()))), self
        )
        self._evaluators[name] = evaluator
        return evaluator


def resolved(source: str, package: str) -> str:
    """The dotted name of what an import statement of ``package`` names."""
    level = len(source) - len(source.lstrip("."))
    base = package.split(".")[: len(package.split(".")) - level + 1] if level else []
    return ".".join(part for part in (*base, source.lstrip(".")) if part)


def parse(data: bytes) -> ast.Module:
    """The syntax tree of a source file, read in its declared encoding."""
    return ast.parse(data)


_UNREADABLE: Final = (OSError, SyntaxError, ValueError, RecursionError, MemoryError, LookupError)
