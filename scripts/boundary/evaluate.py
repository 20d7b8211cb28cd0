# SPDX-License-Identifier: Apache-2.0
"""Abstract interpretation of one module: what an expression may denote, over every path the program could take.

Flow-insensitive: order and conditions do not matter, a name denotes everything it may be bound to. What cannot be
known is ``TOP``; nothing
is ever guessed away. Modules of the scanned tree are looked into when they are reached.
"""

# ruff: noqa: ARG002 -- asserts tell the type checker what the binding kinds guarantee

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from boundary.calls import apply
from boundary.capabilities import BUILTINS
from boundary.fold import Unfoldable, fold
from boundary.members import attribute, canonical, item
from boundary.scopes import Binding, Module, Scope, outwards, terminal
from boundary.values import (
    OWN,
    UNKNOWN,
    Cls,
    Const,
    Fun,
    Getter,
    Map,
    Partial,
    Pattern,
    Ref,
    Seq,
    Space,
    Top,
    Values,
    elements,
    lift,
    union,
)

_DEEPEST: Final = 300
_BUILTIN_NAMES: Final = frozenset(dir(builtins)) | BUILTINS.keys()
_STRINGS: Final = (ast.BinOp, ast.JoinedStr, ast.Call, ast.Subscript, ast.IfExp, ast.ListComp, ast.Name)


class Project(Protocol):
    """What the evaluator asks about other modules of the scanned tree."""

    def evaluator(self, name: str) -> Evaluator | None:
        """The evaluator of the module ``name``, or None where it is not part of the tree."""

    def has(self, name: str) -> bool:
        """Whether the tree has that module."""

    def may_provide(self, name: str, member: str) -> bool:
        """Whether it is worth looking into module ``name`` for ``member``."""

    def is_plain(self, name: str) -> bool:
        """Whether the tree's module ``name`` names nothing that is capable."""

    def home(self, node: ast.AST) -> Evaluator | None:
        """The evaluator of the module that defines ``node``."""


class Evaluator:
    """Answers what the expressions of one module may denote; each answer is computed once."""

    def __init__(self, module: Module, project: Project) -> None:
        self.module = module
        self.project = project
        self._known: dict[ast.AST, Values] = {}
        self._running: set[ast.AST] = set()
        self._folded: dict[ast.AST, tuple[bool, Any]] = {}
        self._cut: set[ast.AST | tuple[Scope, str]] = set()
        self._before: dict[ast.AST, Values] = {}
        self._resolving: set[str] = set()
        self._globals: dict[str, Values] = {}
        self._names: dict[tuple[Scope, str], Values] = {}
        self._names_before: dict[tuple[Scope, str], Values] = {}
        self._naming: set[tuple[Scope, str]] = set()

    def values(self, node: ast.expr, scope: Scope) -> Values:
        """What ``node`` may denote."""
        known = self._known.get(node)
        if known is not None:
            return known
        if node in self._running:
            self._cut.add(node)
            return self._before.get(node, ())
        handler = _EVALUATIONS.get(node.__class__)
        if handler is None or len(self._running) > _DEEPEST:
            return UNKNOWN
        self._running.add(node)
        try:
            found = handler(self, node, scope)
        finally:
            self._running.discard(node)
        self._known[node] = found
        return found

    def again(self) -> bool:
        """Prepare a second round where the first met a name that is defined by itself; False where the answers are
        final."""
        final = [
            self._known.get(key, ()) if isinstance(key, ast.AST) else self._names.get(key, ()) for key in self._cut
        ]
        if self._before or not any(_telling(value) for values in final for value in values):
            return False
        self._before, self._known, self._folded = self._known, {}, {}
        self._names_before, self._names, self._globals = self._names, {}, {}
        return True

    def home(self, node: ast.AST) -> Evaluator:
        """The evaluator of the module that defines the function or class ``node``."""
        return self if node in self.module.scopes else self.project.home(node) or self

    def constant(self, node: ast.expr, scope: Scope) -> tuple[bool, Any]:
        """(True, the value) where ``node`` is a constant expression, else (False, None)."""
        if node in self._folded:
            return self._folded[node]
        self._folded[node] = (False, None)  # against a name that is defined by itself
        with suppress(Unfoldable):
            self._folded[node] = (True, fold(node, lambda part: self._looked_up(part, scope)))
        return self._folded[node]

    def texts(self, node: ast.expr, scope: Scope) -> list[str]:
        """The strings that ``node`` may denote, unknown parts of f-strings and sums written as ``¤``."""
        found = [v.value for v in self.values(node, scope) if isinstance(v, Const) and isinstance(v.value, str)]
        return found or [text for text in (self._skeleton(node, scope, 0),) if text.strip("¤ ")]

    def global_name(self, name: str) -> Values:
        """What the module's global ``name`` may denote; nothing if it has none."""
        known = self._globals.get(name)
        if known is None:
            self._globals[name] = ()  # against modules that import each other's names
            known = self._bound(self.module.top, name) if name in self.module.top.names else ()
            known = known or union(*(self._starred(star, name) for star in self.module.stars))
            self._globals[name] = known
        return known

    def _starred(self, star: str, name: str) -> Values:
        """What ``from star import *`` gives for ``name``: for a module outside the tree, perhaps its member."""
        if self.project.has(star) and not self.project.may_provide(star, name):
            return ()
        other = self.project.evaluator(star)
        return other.global_name(name) if other is not None else attribute(self, (Ref(star, module=True),), name)

    def named(self, name: str, scope: Scope) -> Values:
        """What ``name`` may denote when it is read in ``scope``."""
        first = True
        for where in outwards(scope):
            skip = isinstance(where.node, ast.ClassDef) and not first
            first = first and not isinstance(where.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            if scope.outer.get(name) == "global" and where.parent is not None:
                continue
            if name in where.names and not skip:
                found = self._bound(where, name)
                return union(found, () if name in where.certain or where.parent else self._builtin(name))
        return self._builtin(name)

    def _builtin(self, name: str) -> Values:
        if name == "__builtins__":
            return (Space("builtins"),)
        if name == "__name__":
            return (Const(self.module.name), Const(OWN))
        if name in _BUILTIN_NAMES:
            return (Ref(f"builtins.{name}"),)
        return union(*(self._starred(star, name) for star in self.module.stars)) or UNKNOWN

    def _bound(self, scope: Scope, name: str) -> Values:
        known = self._names.get((scope, name))
        if known is None:
            if (scope, name) in self._naming:
                self._cut.add((scope, name))
                return self._names_before.get((scope, name), ())
            self._naming.add((scope, name))
            try:
                known = union(*(self._binding(binding) for binding in scope.names[name][:60]))
            finally:
                self._naming.discard((scope, name))
            self._names[scope, name] = known
        return known

    def _binding(self, binding: Binding) -> Values:  # noqa: C901 -- one line for each kind of binding
        kind, node = binding.kind, binding.node
        if kind == "module":
            return (Ref(binding.name, module=True),)
        if kind == "member":
            return self.member(binding.name)
        if kind == "function" and isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return self._decorated(node, binding.scope)
        if kind == "class" and isinstance(node, ast.ClassDef):
            return (Cls(node),)
        if kind == "param":
            return self._parameter(binding)
        if kind == "annotated" and isinstance(node, ast.expr):
            return union(self._annotated(node, binding.scope), UNKNOWN)
        if kind == "aug" and isinstance(node, ast.AugAssign):
            whole = (
                ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
                if isinstance(node.target, ast.Name)
                else node.value
            )
            return self._augmented(whole, node, binding.scope)
        if kind in {"expr", "iter", "entered"} and isinstance(node, ast.expr):
            found = self.values(node, binding.scope)
            if kind == "entered":  # a generator made a context manager gives what it yields
                found = union(found, *(elements((v,)) for v in found if isinstance(v, Seq) and not v.exact))
            found = elements(found) if kind == "iter" else found
            for step in binding.path:
                found = (
                    elements(found)
                    if step == -1
                    else (Seq((elements(found),), exact=False),)
                    if step == -2
                    else item(self, found, (Const(step),))
                )
            return found
        return UNKNOWN

    def member(self, path: str) -> Values:
        """What ``from a import b`` gives for the path ``a.b``."""
        source, _, name = path.rpartition(".")
        if self.project.has(source) and not self.project.may_provide(source, name):
            return (Ref(path, module=self.project.has(path)),)
        other = self.project.evaluator(source) if path not in self._resolving else None
        if other is not None:
            self._resolving.add(path)
            try:
                return other.global_name(name) or (Ref(path, module=self.project.has(path)),)
            finally:
                self._resolving.discard(path)
        return (canonical(Ref(source, module=True), name),) if source else (Ref(path, module=True),)

    def _decorated(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> Values:
        return union(
            (Fun(node),),
            *(
                apply(self, self.values(d, scope), [(Fun(node),)], {}, None)
                for d in node.decorator_list[:4]
                if not isinstance(d, ast.Name)
            ),
        )

    def _augmented(self, whole: ast.expr, node: ast.AugAssign, scope: Scope) -> Values:
        if node in self._running:
            return ()
        self._running.add(node)
        try:
            return self.values(whole, scope)
        finally:
            self._running.discard(node)

    def _annotated(self, node: ast.expr, scope: Scope) -> Values:
        found = self.values(node, scope) if isinstance(node, (ast.Name, ast.Attribute)) else ()
        return tuple(
            Ref(f"{v.path}()") if isinstance(v, Ref) else Cls(v.node, instance=True)
            for v in found
            if isinstance(v, (Ref, Cls))
        )

    def _parameter(self, binding: Binding) -> Values:
        node, name = binding.node, binding.name
        assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        given = _Parameters(node)
        found = [UNKNOWN]
        default = given.defaults.get(name)
        if default is not None:
            found.append(self.values(default, binding.scope))
        if name in given.annotations:
            found.append(self._annotated(given.annotations[name], binding.scope))
        method = isinstance(binding.scope.node, ast.ClassDef)
        if method and given.position(name) == 0 and isinstance(binding.scope.node, ast.ClassDef):
            return (Cls(binding.scope.node, instance=True), *UNKNOWN)
        found.extend(
            self._argument(site.call, site.scope, name, given, shift=int(method), mapped=site.mapped)
            for site in self._sites(node, binding.scope)
        )
        return union(*found)

    def _sites(self, node: ast.AST, scope: Scope) -> list[Any]:
        names = self.module.lambdas.get(node, []) if isinstance(node, ast.Lambda) else [node.name]  # type: ignore[attr-defined]
        if isinstance(scope.node, ast.ClassDef) and names == ["__init__"]:
            names = [scope.node.name]
        return [site for name in names for site in self.module.sites.get(name, [])[:40]]

    def _argument(
        self, call: ast.Call, scope: Scope, name: str, given: _Parameters, *, shift: int, mapped: bool
    ) -> Values:
        position = given.position(name)
        args = call.args[1:] if mapped else call.args
        if position is None:  # *args or **kwargs
            starred = name == given.rest
            kept = args[max(len(given.names) - shift, 0) :] if starred else [k.value for k in call.keywords]
            whole = [self.values(a.value if isinstance(a, ast.Starred) else a, scope) for a in kept]
            return (
                (Seq(tuple(whole)),)
                if starred
                else (Map(tuple(((Const(k.arg),), v) for k, v in zip(call.keywords, whole, strict=True) if k.arg)),)
            )
        position -= shift
        if 0 <= position < len(args) and not any(isinstance(a, ast.Starred) for a in args[: position + 1]):
            found = self.values(args[position], scope)
            return elements(found) if mapped else found
        starred_args = [elements(self.values(a.value, scope)) for a in args if isinstance(a, ast.Starred)]
        return union(*starred_args, *(self.values(k.value, scope) for k in call.keywords if k.arg == name))

    def _looked_up(self, node: ast.expr, scope: Scope) -> tuple[bool, Any]:
        if isinstance(node, ast.Name):
            where = next((s for s in outwards(scope) if node.id in s.names), None)
            bindings = where.names[node.id] if where else []
            if (
                len(bindings) == 1
                and bindings[0].kind == "expr"
                and not bindings[0].path
                and not self.module.stores.get(node.id)
            ):
                source = bindings[0].node
                assert isinstance(source, ast.expr)
                known, value = self.constant(source, bindings[0].scope)
                if known:
                    return True, value
        found = self.values(node, scope)
        if len(found) == 1 and isinstance(found[0], Const) and found[0].value != OWN:
            return True, found[0].value
        return False, found[0].path if len(found) == 1 and isinstance(found[0], Ref) else None

    def _skeleton(self, node: ast.expr, scope: Scope, depth: int) -> str:
        """The text of a string expression with ``¤`` for what is not known."""
        if depth > 40:
            return "¤"
        if isinstance(node, ast.JoinedStr):
            return "".join(self._skeleton(part, scope, depth + 1) for part in node.values)
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else "¤"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._skeleton(node.left, scope, depth + 1) + self._skeleton(node.right, scope, depth + 1)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return self._skeleton(node.left, scope, depth + 1).replace("%s", "¤").replace("%d", "¤")
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"format", "strip", "format_map"}
        ):
            return self._skeleton(node.func.value, scope, depth + 1)
        if isinstance(node, ast.Name):
            where = next((s for s in outwards(scope) if node.id in s.names), None)
            for binding in where.names[node.id][:1] if where else ():
                if binding.kind == "expr" and isinstance(binding.node, ast.expr) and not binding.path:
                    return self._skeleton(binding.node, binding.scope, depth + 10)
        return next(
            (v.value for v in self.values(node, scope) if isinstance(v, Const) and isinstance(v.value, str)), "¤"
        )

    # -- one evaluation for each kind of expression
    # ---------------------------------------------------------------------
    def name(self, node: Any, scope: Scope) -> Values:
        """A name that is read."""
        return self.named(node.id, scope)

    def attribute(self, node: Any, scope: Scope) -> Values:
        """``owner.name``."""
        return attribute(self, self.values(node.value, scope), node.attr)

    def folded(self, node: Any, scope: Scope) -> Values:
        """An expression that may be a constant."""
        known, value = self.constant(node, scope)
        return (lift(value),) if known else self.built(node, scope)

    def built(self, node: Any, scope: Scope) -> Values:
        """Text of which parts are known."""
        if isinstance(node, ast.BinOp):
            return self._sum(node, scope)
        if isinstance(node, ast.JoinedStr):
            return _ends(self._skeleton(node, scope, 0))
        return UNKNOWN

    def _sum(self, node: ast.BinOp, scope: Scope) -> Values:
        left, right = self.values(node.left, scope), self.values(node.right, scope)
        if isinstance(node.op, ast.BitOr) and any(isinstance(v, Map) for v in (*left, *right)):
            return union(left, right)
        if not isinstance(node.op, ast.Add):
            return _ends(self._skeleton(node, scope, 0))
        return union(*((_added(a, b),) for a in left[:12] for b in right[:12]))

    def subscript(self, node: Any, scope: Scope) -> Values:
        """``owner[key]``."""
        base = self.values(node.value, scope)
        stored = self.module.stores.get(terminal(node.value), ())
        found = union(
            item(self, base, self.values(node.slice, scope)), *(self.values(value, at) for _, value, at in stored[:20])
        )
        known, value = (
            self.constant(node, scope) if not any(isinstance(v, (Ref, Space, Fun)) for v in found) else (False, None)
        )
        return (lift(value),) if known else found

    def call(self, node: Any, scope: Scope) -> Values:
        """A call."""
        callee = self.values(node.func, scope)
        args = _arguments(self, node, scope)
        named = {k.arg: self.values(k.value, scope) for k in node.keywords if k.arg}
        found = apply(self, callee, args, named, (node, scope))
        if all(isinstance(value, (Top, Pattern)) for value in found) or not found:
            known, value = self.constant(node, scope)
            if known:
                return (lift(value),)
            upper = isinstance(node.func, ast.Attribute) and node.func.attr == "upper" and not node.args
            return (Pattern(upper=True),) if upper else found or UNKNOWN
        return found

    def sequence(self, node: Any, scope: Scope) -> Values:
        """A list, tuple or set display."""
        starred = any(isinstance(item, ast.Starred) for item in node.elts)
        items = tuple(
            elements(self.values(i.value, scope)) if isinstance(i, ast.Starred) else self.values(i, scope)
            for i in node.elts[:400]
        )
        return (Seq(items, exact=not starred and not isinstance(node, ast.Set)),)

    def mapping(self, node: Any, scope: Scope) -> Values:
        """A dict display."""
        pairs = list(zip(node.keys, node.values, strict=True))[:400]
        plain = tuple((self.values(k, scope), self.values(v, scope)) for k, v in pairs if k is not None)
        return union((Map(plain),), *(self.values(v, scope) for k, v in pairs if k is None))

    def comprehension(self, node: Any, scope: Scope) -> Values:
        """A comprehension, as any of its items."""
        inner = self.module.scopes[node]
        if isinstance(node, ast.DictComp):
            return (Map(((self.values(node.key, inner), self.values(node.value, inner)),)),)
        known, value = self.constant(node, inner)
        return (lift(value),) if known else (Seq((self.values(node.elt, inner),), exact=False),)

    def choice(self, node: Any, scope: Scope) -> Values:
        """One of several values."""
        parts = node.values if isinstance(node, ast.BoolOp) else [node.body, node.orelse]
        return union(*(self.values(part, scope) for part in parts))

    def inner(self, node: Any, scope: Scope) -> Values:
        """The value that ``await``, ``*`` or ``:=`` passes on."""
        return self.values(node.value, scope)


def _telling(value: object) -> bool:
    """Whether missing this value in a circle could have hidden a finding."""
    return (
        isinstance(value, (Space, Getter, Partial, Seq, Map))
        or (isinstance(value, Ref) and not value.path.endswith((")", "]")))
        or (isinstance(value, Const) and isinstance(value.value, str))
    )


class _Parameters:
    """The parameters of a function, by name."""

    def __init__(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        arguments = node.args
        plain = [*arguments.posonlyargs, *arguments.args]
        self.names = [a.arg for a in plain]
        self.keywords = [a.arg for a in arguments.kwonlyargs]
        self.rest = arguments.vararg.arg if arguments.vararg else ""
        pairs = [
            *zip(reversed(plain), reversed(arguments.defaults), strict=False),
            *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
        ]
        self.defaults = {a.arg: d for a, d in pairs if d is not None}
        self.annotations = {a.arg: a.annotation for a in [*plain, *arguments.kwonlyargs] if a.annotation is not None}

    def position(self, name: str) -> int | None:
        """The position of ``name``; far beyond the last for keyword-only ones, None for ``*args`` and
        ``**kwargs``."""
        if name in self.names:
            return self.names.index(name)
        return 10_000 if name in self.keywords else None


def _arguments(evaluator: Evaluator, node: ast.Call, scope: Scope) -> list[Values]:
    found: list[Values] = []
    for argument in node.args:
        if not isinstance(argument, ast.Starred):
            found.append(evaluator.values(argument, scope))
            continue
        inner = evaluator.values(argument.value, scope)
        first = inner[0] if len(inner) == 1 else None
        found.extend(first.items if isinstance(first, Seq) and first.exact else [elements(inner)])
    return found


def _ends(skeleton: str) -> Values:
    if "¤" not in skeleton:
        return (Const(skeleton),) if skeleton else UNKNOWN
    return (Pattern(skeleton.partition("¤")[0], skeleton.rpartition("¤")[2]),)


def _added(left: Any, right: Any) -> Any:
    if isinstance(left, Const) and isinstance(right, Const):
        first, second = left.value, right.value
        if isinstance(first, str) and isinstance(second, str) and len(first) + len(second) < 5000:
            return Const(first + second)
        return UNKNOWN[0]
    if isinstance(left, Seq) and isinstance(right, Seq):
        return Seq((*left.items, *right.items), exact=left.exact and right.exact)
    prefix = (
        left.value
        if isinstance(left, Const) and isinstance(left.value, str)
        else left.prefix
        if isinstance(left, Pattern)
        else ""
    )
    suffix = (
        right.value
        if isinstance(right, Const) and isinstance(right.value, str)
        else right.suffix
        if isinstance(right, Pattern)
        else ""
    )
    return Pattern(prefix, suffix) if prefix or suffix else UNKNOWN[0]


_Evaluation = Callable[[Evaluator, Any, Scope], Values]
_EVALUATIONS: Final[dict[type, _Evaluation]] = {
    ast.Constant: lambda _e, node, _s: (Const(node.value),) if node.value is not ... else UNKNOWN,
    ast.Name: Evaluator.name,
    ast.Attribute: Evaluator.attribute,
    ast.Call: Evaluator.call,
    ast.Subscript: Evaluator.subscript,
    ast.BinOp: Evaluator.folded,
    ast.JoinedStr: Evaluator.folded,
    ast.UnaryOp: Evaluator.folded,
    ast.IfExp: Evaluator.choice,
    ast.BoolOp: Evaluator.choice,
    ast.NamedExpr: Evaluator.inner,
    ast.Await: Evaluator.inner,
    ast.Starred: Evaluator.inner,
    ast.YieldFrom: Evaluator.inner,
    ast.Lambda: lambda _e, node, _s: (Fun(node),),
    ast.Tuple: Evaluator.sequence,
    ast.List: Evaluator.sequence,
    ast.Set: Evaluator.sequence,
    ast.Dict: Evaluator.mapping,
    ast.ListComp: Evaluator.comprehension,
    ast.SetComp: Evaluator.comprehension,
    ast.GeneratorExp: Evaluator.comprehension,
    ast.DictComp: Evaluator.comprehension,
    ast.Slice: Evaluator.folded,
    ast.FormattedValue: Evaluator.folded,
}
