# SPDX-License-Identifier: Apache-2.0
"""Judges what a module declares and sets: limits, modes, licence and audit symbols, and statements that reach a
call."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

from boundary import limiting, symbols
from boundary.limits import SEALED
from boundary.scopes import Scope, terminal
from boundary.values import Const

if TYPE_CHECKING:
    from boundary.judge import Judge

_TEXT_SINKS: Final = frozenset(
    """print debug info warning warn error critical exception log fail skip write_line echo secho style Text Markdown
    Panel Option Argument add_argument add_parser help dedent
    compile match search fullmatch sub findall finditer split len isinstance startswith endswith append_text fmt
    format lower upper strip join replace Field gettext _ ngettext assertEqual
    assertIn assertNotIn raises warns add_row add_column add_option title rule cast str repr describe explain label
        heading message docstring deprecated""".split()
)
_EXECUTES: Final = frozenset(
    """
        execute executemany executescript run query cypher sql exec_driver_sql prepare fetch fetchall fetchone
        fetchrow fetchval
    """.split()
)


def definition(judge: Judge, node: Any, _scope: Scope) -> None:
    """A function or class is defined: its name may be a licence or audit symbol, or a limit."""
    if judge.module.may.enterprise:
        _symbol(judge, node, node.name, "defined")
    limiting.limit_name(judge, node, node.name, known=False, value=None)


def parameter(judge: Judge, node: Any, _scope: Scope) -> None:
    """A parameter that takes a licence key."""
    if judge.module.may.enterprise and symbols.licence_symbol(node.arg):
        judge.report(node, "LICENCE", f"the parameter {node.arg} takes a licence to judge")


def _symbol(judge: Judge, node: ast.AST, name: str, how: str) -> None:
    if symbols.licence_symbol(name):
        judge.report(node, "LICENCE", f"{name} is {how}")
    elif symbols.audit_symbol(name):
        judge.report(node, "AUDIT", f"{name} is {how}")


def call(judge: Judge, node: ast.Call, scope: Scope) -> None:
    """A call: of a licence or audit symbol, that sets a limit, or that receives a statement."""
    name = terminal(node.func)
    if judge.module.may.enterprise:
        _symbol(judge, node, name, "called")
    if (
        judge.module.may.enterprise
        and isinstance(node.func, ast.Attribute)
        and symbols.audit_receiver(terminal(node.func.value), name)
    ):
        judge.report(node, "AUDIT", f"{terminal(node.func.value)}.{name} writes an audit record")
    if judge.module.may.setting:
        limiting.sets_limit(judge, node, name, scope)
    if judge.module.may.statements or (judge.module.may.executes and name in _EXECUTES):
        _statements(judge, node, name, scope)


def _statements(judge: Judge, node: ast.Call, name: str, scope: Scope) -> None:
    if name in _TEXT_SINKS or name.endswith(("Error", "Exception", "Warning", "Refused", "NotPermitted")):
        return
    for argument in [
        *node.args,
        *(
            k.value
            for k in node.keywords
            if k.arg not in {"help", "description", "message", "title", "reason", "text_help", "doc"}
        ),
    ]:
        for text in (
            judge.evaluator.texts(argument, scope)
            if isinstance(
                argument, (ast.Constant, ast.JoinedStr, ast.BinOp, ast.Name, ast.Attribute, ast.Call, ast.Subscript)
            )
            else ()
        ):
            rule = symbols.statement(text)
            if rule is not None and not isinstance(judge.module.parent(node), ast.Raise):
                judge.report(argument, rule, f"{' '.join(text.split())[:60]!r} reaches {name or 'a call'}()")


def assignment(judge: Judge, node: Any, scope: Scope) -> None:
    """Assignments to limits, modes and licence keys."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    for target in targets:
        pairs = [(target, node.value)]
        if isinstance(target, (ast.Tuple, ast.List)):
            each = (
                node.value.elts
                if isinstance(node.value, (ast.Tuple, ast.List)) and len(node.value.elts) == len(target.elts)
                else [None] * len(target.elts)
            )
            pairs = list(zip(target.elts, each, strict=True))
        for part, value in pairs:
            _assigned(judge, node, part, value, scope)


def _assigned(judge: Judge, node: Any, target: ast.expr, value: ast.expr | None, scope: Scope) -> None:  # noqa: C901 -- one line for each kind of target
    slot = isinstance(target, ast.Subscript)
    stored = judge.module.may.limits and (judge.module.may.spaces or judge.carries)
    if slot and not (stored or judge.module.may.enterprise):
        return
    name = _key(judge, target, scope) if isinstance(target, ast.Subscript) else terminal(target)
    if isinstance(node, ast.AnnAssign) and value is None:
        return
    known, constant = False, None
    if (
        (name in SEALED or name.lower() == "execution_allowed")
        and value is not None
        and not isinstance(node, ast.AugAssign)
    ):
        known, constant = judge.evaluator.constant(value, scope)
    if isinstance(target, ast.Name):
        if (
            name in SEALED
            and value is not None
            and not limiting.handed_on(judge, name, value, scope)
            and (known or not isinstance(scope.node, ast.ClassDef))
        ):
            limiting.limit_name(judge, node, name, known=known, value=constant)
    elif isinstance(target, ast.Subscript) and stored:
        limiting.stored_item(judge, node, target, name, scope)
    if value is not None and name and judge.module.may.enterprise:
        _mode(judge, node, name, value, scope)
        if name.lower() == "execution_allowed" and name not in SEALED and known and constant is True:
            judge.report(node, "MODE", f"{name} is set to True")
        if (
            isinstance(target, (ast.Name, ast.Attribute))
            and symbols.licence_symbol(name)
            and symbols.words(name)[-1] in {"key", "token"}
        ):
            judge.report(node, "LICENCE", f"{name} is assigned")
    if isinstance(target, ast.Attribute) and target.attr == "__code__":
        judge.report(node, "DYN-CODE", "the code of a function is replaced")


def _key(judge: Judge, target: ast.Subscript, scope: Scope) -> str:
    return next(
        (
            v.value
            for v in judge.evaluator.values(target.slice, scope)
            if isinstance(v, Const) and isinstance(v.value, str)
        ),
        "",
    )


def keyword(judge: Judge, node: Any, scope: Scope) -> None:
    """``f(mode="autonomous")``, ``f(license_key=…)``, ``f(execution_allowed=True)``."""
    if node.arg is None or not judge.module.may.enterprise:
        return
    _mode(judge, node, node.arg, node.value, scope)
    if symbols.licence_symbol(node.arg):
        judge.report(node, "LICENCE", f"the argument {node.arg} hands a licence on")
    if node.arg.lower() == "execution_allowed" and isinstance(node.value, ast.Constant) and node.value.value is True:
        judge.report(node, "MODE", f"{node.arg} is set to True")


def display(judge: Judge, node: Any, scope: Scope) -> None:
    """``{"mode": "autonomous"}``."""
    if not judge.module.may.enterprise:
        return
    for key, value in zip(node.keys, node.values, strict=True):
        if (
            isinstance(key, ast.Constant)
            and isinstance(key.value, str)
            and isinstance(value, (ast.Constant, ast.Tuple, ast.List))
        ):
            _mode(judge, value, key.value, value, scope)


def mode_attribute(judge: Judge, node: ast.Attribute) -> None:
    """``MCPMode.APPROVAL``."""
    if symbols.mode_member(terminal(node.value), node.attr):
        judge.report(node, "MODE", f"{terminal(node.value)}.{node.attr} executes")


def _mode(judge: Judge, node: ast.AST, name: str, value: ast.expr, scope: Scope) -> None:
    if not symbols.mode_name(name) or name in SEALED:
        return
    if isinstance(
        value,
        (
            ast.Constant,
            ast.Tuple,
            ast.List,
            ast.Set,
            ast.BinOp,
            ast.Name,
            ast.JoinedStr,
            ast.IfExp,
            ast.BoolOp,
            ast.Call,
        ),
    ):
        for text in _members(judge, value, scope):
            if symbols.executing_mode(text):
                judge.report(node, "MODE", f"{name} is {text!r}")
                return


def _members(judge: Judge, value: ast.expr, scope: Scope) -> list[str]:
    from boundary.values import Seq

    found: list[str] = []
    for each in judge.evaluator.values(value, scope):
        nested = [v for group in each.items for v in group] if isinstance(each, Seq) else [each]
        found.extend(v.value for v in nested if isinstance(v, Const) and isinstance(v.value, str))
    return found
