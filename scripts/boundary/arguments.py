# SPDX-License-Identifier: Apache-2.0
"""Judges calls that are harmless or not by what they are given: loaders, logging settings, paths round Python."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

from boundary.scopes import Scope
from boundary.values import Const, Ref, Top

if TYPE_CHECKING:
    from boundary.judge import Judge

_NATIVE_PATHS: Final = re.compile(
    r"/proc/(self|\d+|¤)/mem\b|/dev/(k?mem|port)\b|docker\.sock\b|containerd\.sock\b|podman\.sock\b|/dev/(tcp|udp)/"
)
_STARTS: Final = re.compile(r"(^|/)(sitecustomize|usercustomize)\.py$")
SPECIAL: Final = frozenset(
    """
        numpy.load yaml.load yaml.load_all numpy.loadtxt numpy.genfromtxt numpy.fromregex
        logging.config.dictConfig
    """.split()
)


def special(judge: Judge, node: ast.Call, path: str, scope: Scope) -> None:
    """A call of a function that is harmless or not by its arguments."""
    if path in SPECIAL:
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


def paths(judge: Judge, node: ast.Call, scope: Scope) -> None:
    """A text that names a way round Python is handed to a call."""
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
