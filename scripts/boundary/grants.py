# SPDX-License-Identifier: Apache-2.0
"""What one file is granted of a capable module: these members, these arguments, and nothing else of it.

::

    [[tool.arf.boundary.grant]]
    path = "arf-core/src/arf_core/api/server.py"
    members = ["uvicorn.Config", "uvicorn.Server"]
    arguments = { "uvicorn.Config" = ["app!text", "host", "port", "loop='asyncio'"] }
    reason = "the API listens; it never connects"
    owner = "core"

    [[tool.arf.boundary.grant]]
    path = "arf-core/pyproject.toml"
    requires = ["uvicorn; extra == 'api'"]
    reason = "the extra api brings the server that listens"
    owner = "core"

1. A member is granted by its whole name. Other members, the module handed on, and everything from it by a star are
   found as if nothing had been granted.
2. ``arguments`` closes the list of a callable's arguments: a name takes any value, ``name=literal`` only that one,
   ``name!text`` no text (which a library could import); a number stands for a position. Such a callable may only be
   called, or be named in an annotation.
3. Where a member ``module.Class().method`` is granted, an instance of that class has no other methods.
4. What is granted must be used: the rest is stale. In a wheel the grants of its distribution's folder hold.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from boundary.rows import capable
from boundary.rules import RULES, Finding
from boundary.values import Const, Pattern, Ref, Space

if TYPE_CHECKING:
    from boundary.judge import Judge
    from boundary.scopes import Scope

GRANTED: Final = "GRANTED"
"""Not a rule: how a file says that it used what it was granted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the file ``path`` may use; ``requires`` are (name, extra) of a project's requirements."""

    path: str
    members: frozenset[str] = frozenset()
    arguments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    requires: frozenset[tuple[str, str]] = frozenset()
    reason: str = ""
    owner: str = ""

    def permits(self, path: str) -> bool:
        """Whether the member or module ``path`` may be named."""
        return any(path == member or member.startswith(path + ".") or self._of(path, member) for member in self.members)

    def _of(self, path: str, member: str) -> bool:
        """Whether ``path`` is an attribute of a granted member; of a class with listed methods only those."""
        if not path.startswith(member + "."):
            return False
        return not self.closed(member + "()") or member + "()" + path[len(member) :] in self.members

    def closed(self, instance: str) -> bool:
        """Whether what ``instance``, ``module.Class()``, may be asked is listed (rule 3)."""
        return any(member.startswith(instance + ".") for member in self.members)


NOTHING: Final = Grant(path="")


def used(path: str, what: str) -> Finding:
    """The note that ``what`` was used in ``path``."""
    return Finding(path, 1, 1, GRANTED, what, what)


def imported(judge: Judge, node: ast.AST, name: str, rule: str) -> None:
    """``import name`` of a capable module: harmless by itself where a member of it is granted (rule 1)."""
    if not any(member.startswith(name + ".") for member in judge.grant.members):
        judge.report(node, rule, f"import of {name}: {RULES[rule].reason}")


def imported_from(judge: Judge, node: Any, source: str, rule: str) -> None:
    """``from source import …`` of a capable module."""
    for alias in node.names:
        path = f"{source}.{alias.name}"
        if alias.name == "*" or not judge.grant.permits(path):
            judge.report(node, rule, f"import from {source}: {RULES[rule].reason}")
            return
        judge.findings.append(used(judge.path, path))


def named(judge: Judge, node: ast.expr, scope: Scope) -> None:
    """A name or attribute in a file with grants: what it denotes of a capable module must be granted."""
    for value in judge.evaluator.values(node, scope):
        if isinstance(value, (Ref, Space)):
            rule = capable(value.path.partition("(")[0])
            if rule is not None and isinstance(value, Ref):
                _named(judge, node, value, rule)
            elif rule is not None:
                judge.report(node, rule, f"the namespace of {value.path} is not granted: {RULES[rule].reason}")


def _named(judge: Judge, node: ast.expr, value: Ref, rule: str) -> None:
    path, grant = value.path, judge.grant
    if path in grant.members:
        judge.findings.append(used(judge.path, path))
        if path in grant.arguments and not _called_or_annotated(judge, node):
            judge.report(node, rule, f"{path} is handed on: its arguments cannot be seen")
    elif "(" in path:
        if not isinstance(node, (ast.Attribute, ast.Call)):
            return
        instance, _, asked = path.rpartition(".")
        if asked == getattr(node, "attr", asked) and grant.closed(instance):
            judge.report(node, rule, f"{path} is not granted: {RULES[rule].reason}")
    elif not grant.permits(path):
        judge.report(node, rule, f"{path} is not granted: {RULES[rule].reason}")
    elif value.module and judge.use(node)[0] != "attribute":
        judge.report(node, rule, f"the module {path} is handed on whole")


def called(judge: Judge, node: ast.Call, scope: Scope) -> None:
    """A call in a file with grants: of a callable with a closed list, its arguments are held against it (rule 2)."""
    if any(isinstance(v, Ref) and not v.path.endswith(")") for v in judge.evaluator.values(node, scope)):
        named(judge, node, scope)  # what getattr gives
    for callee in judge.evaluator.values(node.func, scope):
        if isinstance(callee, Ref) and callee.path in judge.grant.arguments:
            listed = judge.grant.arguments[callee.path]
            rule = capable(callee.path) or "UNDECIDED"
            given = [("*" if isinstance(a, ast.Starred) else str(n), a) for n, a in enumerate(node.args)]
            for name, value in [*given, *((k.arg or "**", k.value) for k in node.keywords)]:
                if not _granted(judge, name, value, listed, scope):
                    judge.report(node, rule, f"the argument {name} of {callee.path}, with that value, is not granted")


def _granted(judge: Judge, name: str, value: ast.expr, listed: tuple[str, ...], scope: Scope) -> bool:
    if name in listed:
        return True
    values = judge.evaluator.values(value, scope)
    if f"{name}!text" in listed:
        return not any(isinstance(v, Pattern) or (isinstance(v, Const) and isinstance(v.value, str)) for v in values)
    literal = {entry.partition("=")[2] for entry in listed if entry.partition("=")[0] == name}
    return bool(values) and all(isinstance(v, Const) and repr(v.value) in literal for v in values)


def _called_or_annotated(judge: Judge, node: ast.AST) -> bool:
    inner, outer = node, judge.module.parent(node)
    if isinstance(outer, ast.Call) and outer.func is node:
        return True
    while isinstance(outer, (ast.BinOp, ast.Subscript, ast.Tuple)):
        inner, outer = outer, judge.module.parent(outer)
    return (
        isinstance(outer, ast.arg)
        or (isinstance(outer, ast.AnnAssign) and outer.annotation is inner)
        or (isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef)) and outer.returns is inner)
    )


def requirement(text: str) -> tuple[str, str]:
    """(name, extra) of a requirement in PEP 508 form, in one spelling."""
    name = re.match(r"\s*([\w.-]+)", text)
    extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", text)
    return re.sub(r"[-_.]+", "-", name[1]).lower() if name else "", extra[1] if extra else ""
