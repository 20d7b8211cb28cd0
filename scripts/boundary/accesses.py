# SPDX-License-Identifier: Apache-2.0
"""Judges the ways by which code obtains a member without naming it: ``getattr``, namespaces, ``sys.modules``, imports
by text, object graphs."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

from boundary.calls import GETATTRS, IMPORTS, SUBSCRIPTS, gets, got
from boundary.capabilities import BUILTINS, INERT, MEMBERS, METHODS, REEXPORTED
from boundary.declarations import plain_callee
from boundary.members import is_module
from boundary.scopes import Scope
from boundary.values import ANY, OWN, Const, Getter, Method, Partial, Pattern, Ref, Space, Top, Value, Values, elements

if TYPE_CHECKING:
    from boundary.judge import Judge

_KEYS_ONLY: Final = frozenset(
    "len list tuple set frozenset sorted isinstance repr bool type id any iter enumerate str print dict".split()
)
_READS: Final = frozenset(("get", "__getitem__", "pop", "setdefault", "keys", "__contains__"))
_NATIVE_PATHS: Final = re.compile(
    r"/proc/(self|\d+|¤)/mem\b|/dev/(k?mem|port)\b|docker\.sock\b|containerd\.sock\b|podman\.sock\b|/dev/(tcp|udp)/"
)
_STARTS: Final = re.compile(r"(^|/)(sitecustomize|usercustomize)\.py$")
_GENERIC: Final = REEXPORTED | {
    "__dict__",
    "__builtins__",
    "__loader__",
    "__spec__",
    "__class__",
    "__getattribute__",
    "__globals__",
    "modules",
}


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
    if value.path == OWN or _inert(judge, value.path) or use in {"subscript", "compared", "bound"}:
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
    judge.report(node, rule, f"the namespace of {_called(value.path)} is handed on whole")


def _gets(call: ast.Call) -> bool:
    return ast.unparse(call.func).endswith(("getattr", "dict.get", "dict.__getitem__", "getitem", "getitem"))


def _called(path: str) -> str:
    return {ANY: "a function or frame", OWN: "this module"}.get(path, path)


def import_system(judge: Judge, node: ast.Attribute, ref: Ref) -> None:
    """``sys.modules`` and ``sys.path`` may be asked, not taken or changed."""
    use, parent = judge.use(node)
    if ref.path == "sys.modules" and use == "other":
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
    if not bases and node.attr not in {"f_builtins", "__builtins__"}:
        judge.report(node, rule, f"method {node.attr}")
    elif any(isinstance(owner, Ref) and owner.path.startswith(bases) for owner in owners if bases):
        judge.report(node, rule, f"method {node.attr} of {ast.unparse(node.value)}")


def subscript(judge: Judge, node: ast.Subscript, scope: Scope) -> None:
    """``namespace[key]``, read or written."""
    owners = judge.evaluator.values(node.value, scope)
    spaces = [
        o for o in owners if isinstance(o, Space) or (isinstance(o, Ref) and o.path in {"sys.modules", "sys.path"})
    ]
    if not spaces:
        return
    keys = judge.evaluator.values(node.slice, scope)
    for owner in spaces:
        path = owner.path
        if not isinstance(node.ctx, ast.Load):
            if path in {"sys.modules", "sys.path"} and not (
                path == "sys.modules"
                and keys
                and all(isinstance(k, Const) and k.value in {OWN, judge.module.name} for k in keys)
                and isinstance(node.ctx, ast.Del)
            ):
                judge.report(node, "DYN-SYSTEM", f"{path} is changed")
        elif path != "sys.path":
            _looked_up(judge, node, owner, keys, judge.evaluator.values(node, scope))


def call(judge: Judge, node: ast.Call, scope: Scope) -> None:
    """A call that may hand out a member, import by text, or open what is outside."""
    if judge.module.native:
        _paths(judge, node, scope)
    if isinstance(node.func, ast.Attribute) and node.func.attr not in _CALLEES and node.func.attr not in judge.held:
        return
    if isinstance(node.func, ast.Name) and plain_callee(judge, node.func.id, scope):
        return
    for callee in judge.evaluator.values(node.func, scope):
        if isinstance(callee, (Ref, Partial, Getter, Method)):
            _called_with(judge, node, callee, scope)


def _called_with(judge: Judge, node: ast.Call, callee: Ref | Partial | Getter | Method, scope: Scope) -> None:
    values = judge.evaluator.values
    path = callee.path if isinstance(callee, Ref) else ""
    if path in {"builtins.vars", "inspect.getmembers"}:
        for value in values(node, scope):
            if isinstance(value, Space):
                space(judge, node, value)
    elif not path or path in _WATCHED or path.endswith(".__getattribute__"):
        args = [values(a.value if isinstance(a, ast.Starred) else a, scope) for a in node.args]
        _accessed(judge, node, *_unwrapped(callee, args), scope)
    if path:
        _special(judge, node, path, scope)


def _unwrapped(callee: Value, args: list[Values]) -> tuple[Value, list[Values]]:
    """``partial(getattr, os)(n)``, ``map(getattr, [os], [n])`` and ``reduce(getattr, [n], os)`` as the plain call."""
    for _ in range(4):
        if isinstance(callee, Partial) and callee.function:
            given = callee.args
            callee, args = callee.function[0], [*given, *args]
        elif isinstance(callee, Ref) and callee.path in {"builtins.map", "itertools.starmap"} and args and args[0]:
            callee, args = _first_accessor(args[0]), [elements(group) for group in args[1:]]
        elif isinstance(callee, Ref) and callee.path == "functools.reduce" and len(args) > 1 and args[0]:
            callee, args = (
                _first_accessor(args[0]),
                [args[2] if len(args) > 2 else elements(args[1]), elements(args[1])],
            )
        elif isinstance(callee, Ref) and callee.path == "operator.call" and args and args[0]:
            callee, args = args[0][0], args[1:]
        else:
            break
    return callee, args


def _first_accessor(values: Values) -> Value:
    return next((v for v in values if isinstance(v, (Ref, Getter, Method, Partial))), values[0])


def _accessed(judge: Judge, node: ast.Call, callee: Value, args: list[Values], scope: Scope) -> None:
    found = judge.evaluator.values(node, scope)
    if isinstance(callee, Ref) and callee.path in IMPORTS:
        named = [judge.evaluator.values(k.value, scope) for k in node.keywords if k.arg == "name"]
        _imports(judge, node, (args or named or [()])[0])
    elif isinstance(callee, Ref):
        _by_reference(judge, node, callee.path, args, found)
    elif isinstance(callee, Getter) and args:
        for name in callee.names[:1] if callee.kind == "method" else callee.names:
            if callee.kind != "item":
                _gotten(
                    judge, node, args[0], name, found if callee.kind == "attr" else judge.evaluator.values(node, scope)
                )
                _resolved(judge, node, args[0], name)
    elif (
        isinstance(callee, Method)
        and isinstance(callee.owner, Space)
        and callee.name in {"get", "pop", "__getitem__", "setdefault"}
        and args
    ):
        _looked_up(judge, node, callee.owner, args[0], found)


def _by_reference(judge: Judge, node: ast.Call, path: str, args: list[Values], found: Values) -> None:
    if gets(path) and len(args) > 1:
        _gotten(judge, node, args[0], args[1], found)
    elif path.endswith(".__getattribute__") and args and is_module(path.rpartition(".")[0]):
        _gotten(judge, node, (Ref(path.rpartition(".")[0], module=True),), args[0], found)
    elif path in {"sys.modules.get", "sys.modules.__getitem__"} and args:
        _looked_up(judge, node, Ref("sys.modules"), args[0], found)
    elif path in SUBSCRIPTS and len(args) > 1:
        for owner in args[0]:
            if isinstance(owner, Space) or (isinstance(owner, Ref) and owner.path == "sys.modules"):
                _looked_up(judge, node, owner, args[1], found)
    elif path in {"types.FunctionType", "types.CodeType"} and not isinstance(node.func, ast.Attribute):
        judge.report(node, "DYN-CODE", f"a call of {path} makes code")


def _resolved(judge: Judge, node: ast.Call, owners: Values, names: Values) -> None:
    for value in got(judge.evaluator, owners, names, []):
        if isinstance(value, Ref):
            judge.member(node, value)


def _imports(judge: Judge, node: ast.Call, names: Values) -> None:
    for name in names:
        if isinstance(name, Const) and isinstance(name.value, str):
            if name.value != OWN and not name.value.startswith("."):
                judge.imports(node, name.value)
        else:
            judge.report(node, "DYN-IMPORT", "the name of the imported module cannot be decided")


def _gotten(judge: Judge, node: ast.Call, owners: Values, names: Values, found: Values) -> None:
    modules = [owner for owner in owners if isinstance(owner, Ref) and owner.module and not _inert(judge, owner.path)]
    if not modules:
        for value in found:
            if isinstance(value, Ref) and any(isinstance(owner, Ref) for owner in owners):
                judge.member(node, value)
        return
    for value in (*found, *got(judge.evaluator, tuple(modules), names, [])):
        if isinstance(value, Ref):
            judge.member(node, value)
    if (
        any(not isinstance(n, Const) and any(_reaches(module.path, n) for module in modules) for n in names)
        or not names
    ):
        judge.report(
            node, "UNDECIDED", f"which attribute of the module {_called(modules[0].path)} is taken cannot be decided"
        )


def _inert(judge: Judge, path: str) -> bool:
    """Whether no name of the module leads to a capability: known ones, and modules of the tree that import none."""
    return path in INERT or (path != judge.module.name and judge.evaluator.project.is_plain(path))


def _reaches(module: str, name: Value) -> bool:
    if not isinstance(name, Pattern):
        return True
    members = {path.rpartition(".")[2] for path in MEMBERS if path.rpartition(".")[0] == module} | _GENERIC
    return any(name.fits(member) for member in members | {f"_{m}" for m in REEXPORTED})


def _looked_up(judge: Judge, node: ast.expr, owner: Space | Ref, keys: Values, found: Values) -> None:
    for value in found:
        if isinstance(value, Ref) and value.path != "sys.modules":
            judge.member(node, value)
            if value.path in {f"builtins.{n}" for n in BUILTINS} and value.path not in MEMBERS:
                judge.report(node, BUILTINS[value.path[9:]], f"{value.path} by its name in a namespace")
    if not _inert(judge, owner.path) and any(isinstance(k, (Top, Pattern)) and _reaches(owner.path, k) for k in keys):
        judge.report(node, "UNDECIDED", f"which name of {_called(owner.path)} is read cannot be decided")


def _special(judge: Judge, node: ast.Call, path: str, scope: Scope) -> None:
    if path in _SPECIAL:
        values = judge.evaluator.values
        named = {k.arg: k.value for k in node.keywords if k.arg}
        if path == "numpy.load" and ("allow_pickle" in named or len(node.args) > 2):
            given = values(named.get("allow_pickle", node.args[2] if len(node.args) > 2 else node), scope)
            if given != (Const(value=False),):
                judge.report(node, "DYN-UNPICKLE", "numpy.load with allow_pickle runs what the file contains")
        elif path in {"yaml.load", "yaml.load_all"} and not _safe_loader(judge, node, named, scope):
            judge.report(node, "DYN-UNPICKLE", f"{path} without a safe loader")
        elif path in {"numpy.loadtxt", "numpy.genfromtxt", "numpy.fromregex"} and any(
            t.startswith(("http:", "https:", "ftp:")) for a in node.args[:1] for t in judge.evaluator.texts(a, scope)
        ):
            judge.report(node, "NETWORK", f"{path} fetches an address")
        elif path == "logging.config.dictConfig":
            _logging(judge, node, scope)


def _paths(judge: Judge, node: ast.Call, scope: Scope) -> None:
    for argument in [*node.args, *(k.value for k in node.keywords)]:
        if isinstance(argument, (ast.Constant, ast.JoinedStr, ast.BinOp)):
            for text in judge.evaluator.texts(argument, scope):
                if _NATIVE_PATHS.search(text):
                    judge.report(node, "NATIVE", f"{text} is a way round Python")
                elif _STARTS.search(text):
                    judge.report(node, "START-UP", f"{text} runs when Python starts")


def _safe_loader(judge: Judge, node: ast.Call, named: dict[str, ast.expr], scope: Scope) -> bool:
    loader = named.get("Loader", node.args[1] if len(node.args) > 1 else None)
    if loader is None:
        return False
    found = judge.evaluator.values(loader, scope)
    return bool(found) and all(
        (isinstance(v, Ref) and v.path.rpartition(".")[2] in {"SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader"})
        or not isinstance(v, (Ref, Top))
        for v in found
    )


def _logging(judge: Judge, node: ast.Call, scope: Scope) -> None:
    known, value = judge.evaluator.constant(node.args[0], scope) if node.args else (False, None)
    text = repr(value)
    if not known:
        judge.report(node, "DYN-IMPORT", "logging.config.dictConfig imports and calls what its dictionary names")
    elif "'()'" in text or "ext://" in text:
        judge.report(node, "DYN-IMPORT", "logging.config.dictConfig with a factory imports and calls it")
    for handler in ("SocketHandler", "DatagramHandler", "SysLogHandler", "SMTPHandler", "HTTPHandler"):
        if known and handler in text:
            judge.report(node, "NETWORK", f"logging.handlers.{handler}")


_SPECIAL: Final = frozenset(
    """
        numpy.load yaml.load yaml.load_all numpy.loadtxt numpy.genfromtxt numpy.fromregex
        logging.config.dictConfig
    """.split()
)
_WATCHED: Final = (
    GETATTRS
    | IMPORTS
    | SUBSCRIPTS
    | {
        "builtins.map",
        "itertools.starmap",
        "functools.reduce",
        "operator.call",
        "sys.modules.get",
        "sys.modules.__getitem__",
        "types.FunctionType",
        "types.CodeType",
        "types.LambdaType",
    }
)
_CALLEES: Final = frozenset(name.rpartition(".")[2] for name in _WATCHED | _SPECIAL) | frozenset(
    """
        get pop setdefault __getitem__ __getattribute__ __call__ vars getmembers attrgetter methodcaller
        itemgetter partial map reduce
    """.split()
)
_REASONS: Final = {
    "help": "it starts a pager process",
    "breakpoint": "it starts a debugger that runs what is typed",
    "__loader__": "it loads any module",
}
