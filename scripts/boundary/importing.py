# SPDX-License-Identifier: Apache-2.0
"""Judges import statements: the modules they name, and the members they take of others."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

from boundary import grants, limiting
from boundary.capabilities import CALLED, MEMBERS
from boundary.modules import MODULES
from boundary.rows import capable, row
from boundary.rules import RULES
from boundary.scopes import Scope, absolute
from boundary.values import Ref

if TYPE_CHECKING:
    from boundary.judge import Judge

_STARRED: Final = frozenset(name.rpartition(".")[0] for name in MEMBERS) & {
    "os",
    "asyncio",
    "pickle",
    "posix",
    "nt",
    "importlib",
    "builtins",
    "gc",
    "runpy",
}


def import_(judge: Judge, node: Any, _scope: Scope) -> None:
    """``import a.b as c``."""
    for alias in node.names:
        imports(judge, node, alias.name)
        if alias.asname:
            limiting.limit_name(judge, node, alias.asname, known=False, value=None)


def imports(judge: Judge, node: ast.AST, name: str) -> None:
    """Judge the import of the module ``name``."""
    judge.imported.add(name)
    judge.imported.add(name.partition(".")[0])
    rule = capable(name)
    if rule is not None and node not in judge.module.typing_only:
        grants.imported(judge, node, name, rule)


def import_from(judge: Judge, node: Any, _scope: Scope) -> None:
    """``from a import b``."""
    source = absolute(node, judge.module.package)
    rule = capable(source)
    if node in judge.module.typing_only:
        return
    if rule is not None:
        grants.imported_from(judge, node, source, rule)
        return
    clean = judge.evaluator.project.is_clean(source)
    for alias in node.names:
        if alias.name == "*":
            _everything(judge, node, source)
            continue
        if alias.asname and alias.asname != alias.name:
            limiting.limit_name(judge, node, alias.asname, known=False, value=None)
        if not clean or f"{source}.{alias.name}" in MODULES:
            _member(judge, node, f"{source}.{alias.name}")


def _everything(judge: Judge, node: ast.AST, source: str) -> None:
    if source in _STARRED:
        rule = "DYN-IMPORT" if source == "builtins" else MEMBERS.get(f"{source}.system", "PROCESS")
        judge.report(node, rule, f"everything of {source}")


def _member(judge: Judge, node: ast.AST, path: str) -> None:
    for ref in judge.evaluator.member(path):
        if isinstance(ref, Ref) and not (ref.path == path and ref.path in CALLED):
            found = row(ref.path) or (capable(ref.path) if ref.module or ref.path in MODULES else None)
            if found is not None:
                judge.report(node, found, f"import of {ref.path}: {RULES[found].reason}")
