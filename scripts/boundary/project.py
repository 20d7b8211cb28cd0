# SPDX-License-Identifier: Apache-2.0
"""What the evaluation of one module asks about the others."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from boundary.evaluate import Evaluator


class Project(Protocol):
    """What the evaluator asks about other modules of the scanned tree."""

    def evaluator(self, name: str) -> Evaluator | None:
        """The evaluator of the module ``name``, or None where it is not part of the tree."""

    def has(self, name: str) -> bool:
        """Whether the tree has that module."""

    def may_provide(self, name: str, member: str) -> bool:
        """Whether it is worth looking into module ``name`` for ``member``."""

    def carries(self, name: str) -> bool:
        """Whether a namespace could come to module ``name`` by its imports."""

    def is_clean(self, name: str) -> bool:
        """Whether the tree's module ``name`` has no capability to give."""

    def is_plain(self, name: str) -> bool:
        """Whether the tree's module ``name`` names nothing that is capable."""

    def home(self, node: ast.AST) -> Evaluator | None:
        """The evaluator of the module that defines ``node``."""
