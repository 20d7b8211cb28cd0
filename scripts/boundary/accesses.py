# SPDX-License-Identifier: Apache-2.0
"""Judges the ways by which code obtains a member without naming it: ``getattr``, namespaces, ``sys.modules``, imports
by text, object graphs."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Final

from boundary.capabilities import BUILTINS, INERT, METHODS
from boundary.scopes import Scope
from boundary.values import ANY, OWN, Ref, Space

if TYPE_CHECKING:
    from boundary.judge import Judge

_KEYS_ONLY: Final = frozenset(
    "len list tuple set frozenset sorted isinstance repr bool type id any iter enumerate str print dict".split()
)
_READS: Final = frozenset(("get", "__getitem__", "pop", "setdefault", "keys", "__contains__"))


def builtin(judge: Judge, node: ast.Name, scope: Scope) -> None:
    """A builtin that runs code or imports is named."""
    use, parent = judge.use(node)
    if node.id == "__import__":
        if use not in {"callee", "bound", "compared"} and not _handed_to_accessor(parent):
            judge.report(node, "DYN-IMPORT", "__import__ is handed on, so what it imports cannot be decided")
        return
    if node.id == "__loader__" and use in {"compared", "bound"}:
        return
    if node.id == "compile" and isinstance(parent, ast.Call) and use == "callee" and _parses_only(judge, parent, scope):
        return
    if node.id == "help" and use != "callee":
        return
    judge.report(node, BUILTINS[node.id], f"{node.id}: {_REASONS.get(node.id, 'text becomes running code')}")


def _handed_to_accessor(parent: ast.AST | None) -> bool:
    return (
        isinstance(parent, ast.Call)
        and isinstance(parent.func, (ast.Name, ast.Attribute))
        and ast.unparse(parent.func).rpartition(".")[2] in {"map", "partial", "starmap", "reduce"}
    )


def _parses_only(judge: Judge, call: ast.Call, scope: Scope) -> bool:
    flags = [k.value for k in call.keywords if k.arg == "flags"] or call.args[3:4]
    return any(
        isinstance(v, Ref) and v.path == "ast.PyCF_ONLY_AST"
        for flag in flags
        for v in judge.evaluator.values(flag, scope)
    )


def space(judge: Judge, node: ast.expr, value: Space) -> None:
    """The namespace of a module is obtained as a dict: fine where single, known names are read from it."""
    use, parent = judge.use(node)
    if use == "bound":
        judge.aliases.update(
            part.id
            for target in getattr(parent, "targets", [getattr(parent, "target", None)])
            for part in [target]
            if isinstance(part, ast.Name)
        )
    if value.path == OWN or inert(judge, value.path) or use in {"subscript", "compared", "bound"}:
        return
    if use == "attribute" and isinstance(parent, ast.Attribute):
        if parent.attr in _READS or (value.path == "builtins" and parent.attr not in {"values", "items", "copy"}):
            return
    elif (
        (isinstance(parent, ast.Call) and isinstance(parent.func, ast.Name) and parent.func.id in _KEYS_ONLY - {"dict"})
        or (isinstance(parent, ast.Call) and isinstance(parent.func, (ast.Name, ast.Attribute)) and _gets(parent))
        or isinstance(parent, (ast.For, ast.comprehension))
    ):
        return
    rule = "DYN-GRAPH" if value.path == ANY else "UNDECIDED"
    judge.report(node, rule, f"the namespace of {called(value.path)} is handed on whole")


def _gets(call: ast.Call) -> bool:
    return ast.unparse(call.func).endswith(("getattr", "dict.get", "dict.__getitem__", "getitem", "getitem"))


def import_system(judge: Judge, node: ast.Attribute, ref: Ref) -> None:
    """``sys.modules`` and ``sys.path`` may be asked, not taken or changed."""
    if ref.path != "sys.modules":
        return
    use, parent = judge.use(node)
    if use == "other":
        iterated = isinstance(parent, (ast.For, ast.comprehension))
        silent = (
            isinstance(parent, ast.Call)
            and isinstance(parent.func, ast.Name)
            and parent.func.id in _KEYS_ONLY - {"dict"}
        )
        if not iterated and not silent and not (isinstance(parent, ast.Call) and _gets(parent)):
            judge.report(
                node, "UNDECIDED", "sys.modules is handed on whole: every loaded module can be reached through it"
            )


def named_method(judge: Judge, node: ast.Attribute, scope: Scope) -> None:
    """Methods whose name alone says what they do, and the walk over subclasses of ``object``."""
    owners = judge.evaluator.values(node.value, scope)
    if node.attr == "__subclasses__":
        if any(
            isinstance(owner, Ref) and owner.path.startswith(("builtins.object", "builtins.type")) for owner in owners
        ):
            judge.report(node, "DYN-GRAPH", "the subclasses of object reach every loaded class")
        return
    known = METHODS.get(node.attr)
    if known is None:
        return
    rule, bases = known
    if not bases:
        judge.report(node, rule, f"method {node.attr}")
    elif any(isinstance(owner, Ref) and owner.path.startswith(bases) for owner in owners if bases):
        judge.report(node, rule, f"method {node.attr} of {ast.unparse(node.value)}")


def inert(judge: Judge, path: str) -> bool:
    """Whether no name of the module leads to a capability: known ones, and modules of the tree that import none."""
    return path in INERT or (path != judge.module.name and judge.evaluator.project.is_plain(path))


def called(path: str) -> str:
    """A namespace in words."""
    return {ANY: "a function or frame", OWN: "this module"}.get(path, path)


_REASONS: Final = {
    "help": "it starts a pager process",
    "breakpoint": "it starts a debugger that runs what is typed",
    "__loader__": "it loads any module",
}
