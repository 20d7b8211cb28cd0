# SPDX-License-Identifier: Apache-2.0
"""Judges what a module declares and sets: limits, modes, licence and audit symbols, and statements that reach a
call."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, Final

from boundary import symbols
from boundary.limits import HOLDERS, SEALED, SETTERS, SETTING_METHODS, holds, kept
from boundary.scopes import Scope, outwards, terminal
from boundary.values import OWN, Const, Ref, Space, Values

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
    if judge.module.enterprise:
        _symbol(judge, node, node.name, "defined")
    limit_name(judge, node, node.name, known=False, value=None)


def parameter(judge: Judge, node: Any, _scope: Scope) -> None:
    """A parameter that takes a licence key."""
    if judge.module.enterprise and symbols.licence_symbol(node.arg):
        judge.report(node, "LICENCE", f"the parameter {node.arg} takes a licence to judge")


def _symbol(judge: Judge, node: ast.AST, name: str, how: str) -> None:
    if symbols.licence_symbol(name):
        judge.report(node, "LICENCE", f"{name} is {how}")
    elif symbols.audit_symbol(name):
        judge.report(node, "AUDIT", f"{name} is {how}")


def call(judge: Judge, node: ast.Call, scope: Scope) -> None:
    """A call: of a licence or audit symbol, that sets a limit, or that receives a statement."""
    name = terminal(node.func)
    if judge.module.enterprise:
        _symbol(judge, node, name, "called")
    if (
        judge.module.enterprise
        and isinstance(node.func, ast.Attribute)
        and symbols.audit_receiver(terminal(node.func.value), name)
    ):
        judge.report(node, "AUDIT", f"{terminal(node.func.value)}.{name} writes an audit record")
    if judge.module.limits:
        _sets_limit(judge, node, name, scope)
    if judge.module.statements or (judge.module.executes and name in _EXECUTES):
        _statements(judge, node, name, scope)


def _statements(judge: Judge, node: ast.Call, name: str, scope: Scope) -> None:
    if (
        name in _TEXT_SINKS
        or name.endswith(("Error", "Exception", "Warning", "Refused", "NotPermitted"))
        or isinstance(judge.module.parents.get(node), ast.Raise)
    ):
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
            if rule is not None:
                judge.report(argument, rule, f"{' '.join(text.split())[:60]!r} reaches {name or 'a call'}()")


def _sets_limit(judge: Judge, node: ast.Call, name: str, scope: Scope) -> None:
    if name not in _SETTER_NAMES and (not isinstance(node.func, ast.Name) or plain_callee(judge, name, scope)):
        return
    values = judge.evaluator.values
    callees = values(node.func, scope)
    setter = (
        name in SETTING_METHODS
        or any(isinstance(c, Ref) and c.path in SETTERS for c in callees)
        or _partial_setter(callees)
    )
    if not setter:
        return
    given = [*node.args, *(k.value for k in node.keywords)]
    groups = [values(a.value if isinstance(a, ast.Starred) else a, scope) for a in given]
    if isinstance(node.func, ast.Attribute):
        groups.append(values(node.func.value, scope))
    for group in groups:
        for value in group:
            text = value.value if isinstance(value, Const) and isinstance(value.value, str) else ""
            if _holder(value) or (
                text
                and (text in SEALED or text.rpartition(".")[2] in SEALED or text in HOLDERS)
                and not _reads(name, callees)
            ):
                judge.report(node, "LIMIT", f"{name or 'a call'} sets {text or 'a module of limits'}")
                return
    if any(k.arg in SEALED for k in node.keywords) and name in {"update", "multiple", "setdefault"}:
        judge.report(node, "LIMIT", f"{name} sets a limit by keyword")


def plain_callee(judge: Judge, name: str, scope: Scope) -> bool:
    """Whether ``name`` is a function or class of this module, and nothing else."""
    where = next((s for s in outwards(scope) if name in s.names), None)
    if where is None:
        return name in _PLAIN and not judge.module.stars
    return all(
        binding.kind in {"function", "class"} and not getattr(binding.node, "decorator_list", None)
        for binding in where.names[name]
    )


def _partial_setter(callees: Values) -> bool:
    inner = [v for c in callees if hasattr(c, "function") for v in c.function]
    return any(isinstance(c, Ref) and c.path in SETTERS for c in inner)


def _reads(name: str, callees: Values) -> bool:
    """``pop``/``setdefault``/``update`` of an ordinary dictionary that happens to hold the word."""
    return (
        name in {"pop", "setdefault", "update", "clear", "object", "popitem"}
        and not any(isinstance(c, Ref) for c in callees)
        and not any(_owned(c) for c in callees)
    )


def _owned(callee: object) -> bool:
    owner = getattr(callee, "owner", None)
    return isinstance(owner, Space)


def _holder(value: object) -> bool:
    return (isinstance(value, (Ref, Space)) and holds(value.path)) or (
        isinstance(value, Ref) and value.path.endswith(".__dict__") and holds(value.path[:-9])
    )


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
    if slot and not (judge.module.limits or judge.module.enterprise):
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
            and not _handed_on(judge, name, value, scope)
            and (known or not isinstance(scope.node, ast.ClassDef))
        ):
            limit_name(judge, node, name, known=known, value=constant)
    elif isinstance(target, ast.Subscript) and judge.module.limits:
        _stored_item(judge, node, target, name, scope)
    if value is not None and name and judge.module.enterprise:
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


def _handed_on(judge: Judge, name: str, value: ast.expr, scope: Scope) -> bool:
    """Whether the value is the sealed limit itself, under the same name."""
    return any(
        isinstance(v, Ref) and v.path in {f"{holder}.{name}" for holder in HOLDERS}
        for v in judge.evaluator.values(value, scope)
    )


def _key(judge: Judge, target: ast.Subscript, scope: Scope) -> str:
    return next(
        (
            v.value
            for v in judge.evaluator.values(target.slice, scope)
            if isinstance(v, Const) and isinstance(v.value, str)
        ),
        "",
    )


def _stored_item(judge: Judge, node: ast.AST, target: ast.Subscript, name: str, scope: Scope) -> None:
    owners = judge.evaluator.values(target.value, scope)
    if any(_holder(owner) for owner in owners):
        judge.report(node, "LIMIT", "an item of the namespace of the limits is set")
    elif name in SEALED and any(isinstance(owner, Space) for owner in owners):
        judge.report(node, "LIMIT", f"{name} is set through a namespace")
    elif any(isinstance(owner, Ref) and owner.path == "sys.modules" for owner in owners) and name in HOLDERS:
        judge.report(node, "LIMIT", f"the module {name} is replaced")


def limit_name(judge: Judge, node: ast.AST, name: str, *, known: bool, value: object) -> None:
    """A global named like a limit is bound: only to the sealed value."""
    if name in SEALED and not kept(name, known, value):
        judge.report(node, "LIMIT", f"{name} is bound to something other than its sealed value {SEALED[name]!r}")


def stored_attribute(judge: Judge, node: ast.Attribute, scope: Scope) -> None:
    """``module.LIMIT = …``, ``del module.LIMIT``, ``module.__class__ = …`` and changes of the import system."""
    if isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}:
        if node.attr in SEALED:
            judge.report(node, "LIMIT", f"{node.attr} is set from outside")
        return
    owners = judge.evaluator.values(node.value, scope)
    if node.attr in SEALED:
        judge.report(node, "LIMIT", f"{node.attr} is set from outside")
    elif any(isinstance(o, Ref) and holds(o.path) for o in owners) and not any(
        isinstance(o, Ref) and o.path == OWN for o in owners
    ):
        judge.report(node, "LIMIT", f"the attribute {node.attr} of a module of limits is set")
    for owner in owners:
        path = f"{owner.path}.{node.attr}" if isinstance(owner, Ref) else ""
        if path in _IMPORT_SYSTEM or path in {"builtins.__import__", "builtins.__build_class__", "builtins.open"}:
            judge.report(node, "DYN-SYSTEM", f"{path} is replaced")


def deletion(judge: Judge, node: Any, _scope: Scope) -> None:
    """``del LIMIT``."""
    for target in node.targets:
        if isinstance(target, ast.Name) and target.id in SEALED:
            judge.report(node, "LIMIT", f"{target.id} is deleted")


def loop(judge: Judge, node: Any, _scope: Scope) -> None:
    """``for LIMIT in …`` binds it like an assignment."""
    for part in ast.walk(node.target):
        if isinstance(part, ast.Name):
            limit_name(judge, node, part.id, known=False, value=None)


def keyword(judge: Judge, node: Any, scope: Scope) -> None:
    """``f(mode="autonomous")``, ``f(license_key=…)``, ``f(execution_allowed=True)``."""
    if node.arg is None or not judge.module.enterprise:
        return
    _mode(judge, node, node.arg, node.value, scope)
    if symbols.licence_symbol(node.arg):
        judge.report(node, "LICENCE", f"the argument {node.arg} hands a licence on")
    if node.arg.lower() == "execution_allowed" and isinstance(node.value, ast.Constant) and node.value.value is True:
        judge.report(node, "MODE", f"{node.arg} is set to True")


def display(judge: Judge, node: Any, scope: Scope) -> None:
    """``{"mode": "autonomous"}``."""
    if not judge.module.enterprise:
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


_SETTER_NAMES: Final = SETTING_METHODS | frozenset(path.rpartition(".")[2] for path in SETTERS)
_PLAIN: Final = frozenset(
    """
        len isinstance str int print range list dict set tuple super sorted zip enumerate any all min max sum
        abs float bool repr hash id issubclass hasattr iter next round ValueError TypeError KeyError
    """.split()
)
_IMPORT_SYSTEM: Final = frozenset(
    ("sys.modules", "sys.path", "sys.meta_path", "sys.path_hooks", "sys.path_importer_cache", "typing.TYPE_CHECKING")
)
