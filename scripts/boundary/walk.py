# SPDX-License-Identifier: Apache-2.0
"""One walk over a module: which scopes it has, what each name is bound to, and which nodes are worth judging.

The walk keeps its own stack, so that no depth of nesting can break it. It does not follow the order of statements: a
name denotes
everything it is ever bound to in its scope.
"""

# ruff: noqa: FBT001, FBT003, ARG002 -- the handlers share one signature, and assert what the table guarantees

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Final, TypeAlias

from boundary.scopes import JUDGED, Binding, Module, Scope, Site, outwards, terminal

_BRANCHES: Final = frozenset(
    (
        ast.If,
        ast.For,
        ast.While,
        ast.Try,
        ast.TryStar,
        ast.With,
        ast.Match,
        ast.AsyncFor,
        ast.AsyncWith,
        ast.ExceptHandler,
        ast.match_case,
    )
)
_LEAVES: Final = frozenset(
    (
        int,
        str,
        bytes,
        float,
        complex,
        bool,
        type(None),
        type(...),
        ast.Constant,
        ast.Load,
        ast.Store,
        ast.Del,
        ast.Pass,
        ast.Break,
        ast.Continue,
        ast.Add,
        ast.Sub,
        ast.Mult,
        ast.Div,
        ast.Mod,
        ast.Eq,
        ast.NotEq,
        ast.Lt,
        ast.LtE,
        ast.Gt,
        ast.GtE,
        ast.Is,
        ast.IsNot,
        ast.In,
        ast.NotIn,
        ast.And,
        ast.Or,
        ast.Not,
        ast.USub,
        ast.FloorDiv,
        ast.Pow,
        ast.BitOr,
        ast.BitAnd,
        ast.BitXor,
    )
)
_GROWING: Final = frozenset(("append", "add", "appendleft", "insert", "setdefault", "put", "extend", "update"))


def collect(tree: ast.Module, name: str, package: str) -> Module:
    """Walk ``tree`` once. ``name`` is the module's dotted name, ``package`` the package that relative imports start
    from."""
    module = Module(name, package, tree, Scope(tree, None))
    _Walk(module).run()
    return module


class _Walk:
    def __init__(self, module: Module) -> None:
        self.module = module
        self.stack: list[tuple[ast.AST, Scope, bool]] = []

    def run(self) -> None:
        module = self.module
        module.scopes[module.tree] = module.top
        self.stack = [(statement, module.top, False) for statement in reversed(module.tree.body)]
        while self.stack:
            node, scope, branch = self.stack.pop()
            if node.__class__ in JUDGED:
                module.judged.append((node, scope))
            handler = _HANDLERS.get(node.__class__)
            if handler is not None:
                handler(self, node, scope, branch)
            else:
                self.children(node, scope, branch or node.__class__ in _BRANCHES)

    def children(self, node: ast.AST, scope: Scope, branch: bool) -> None:
        parents, names, stack = self.module.parents, self.module.names, self.stack
        for value in node.__dict__.values():
            kind = value.__class__
            if kind in _LEAVES:
                continue
            for item in value if kind is list else (value,):
                kind = item.__class__
                if kind in _LEAVES:
                    continue
                parents[item] = node
                if kind is ast.Name:
                    names.append((item, scope))
                else:
                    stack.append((item, scope, branch))

    def push(self, node: ast.AST, parts: list[ast.AST | None], scope: Scope, branch: bool) -> None:
        for part in parts:
            if part is not None:
                self.module.parents[part] = node
                if part.__class__ is ast.Name:
                    self.module.names.append((part, scope))
                else:
                    self.stack.append((part, scope, branch))

    def bind(self, name: str, binding: Binding, scope: Scope, branch: bool) -> None:
        where = scope
        kind = scope.outer.get(name)
        if kind == "global":
            where = self.module.top
        elif kind == "nonlocal" and scope.parent is not None:
            where = next((s for s in outwards(scope.parent) if name in s.names), scope.parent)
        where.names[name].append(binding)
        if not branch:
            where.certain.add(name)

    def target(
        self, target: ast.AST, kind: str, value: ast.AST, scope: Scope, branch: bool, path: tuple[int, ...] = ()
    ) -> None:
        """Bind everything in an assignment target to its part of ``value``."""
        todo: list[tuple[ast.AST, tuple[int, ...]]] = [(target, path)]
        while todo:
            part, way = todo.pop()
            if isinstance(part, ast.Name):
                self.bind(part.id, Binding(kind, value, scope, way), scope, branch)
                if isinstance(value, ast.Lambda):
                    self.module.lambdas[value].append(part.id)
            elif isinstance(part, ast.Attribute) and isinstance(value, ast.expr) and kind == "expr" and not way:
                self.module.fields[part.attr].append((value, scope))
                if isinstance(value, ast.Lambda):
                    self.module.lambdas[value].append(part.attr)
            elif isinstance(part, ast.Subscript) and isinstance(value, ast.expr) and not way:
                name = terminal(part.value)
                if name:
                    self.module.stores[name].append((part.slice, value, scope))
            elif isinstance(part, (ast.Tuple, ast.List)):
                starred = any(isinstance(item, ast.Starred) for item in part.elts)
                todo.extend((item, (*way, -1 if starred else index)) for index, item in enumerate(part.elts))
            elif isinstance(part, ast.Starred):
                todo.append((part.value, (*way[:-1], -2)))

    # -- statements and expressions that bind
    # -------------------------------------------------------------------------
    def function(self, node: ast.AST, scope: Scope, branch: bool) -> None:
        assert isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        inner = Scope(node, scope)
        self.module.scopes[node] = inner
        arguments = node.args
        plain = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        for argument in [*plain, *(a for a in (arguments.vararg, arguments.kwarg) if a is not None)]:
            inner.names[argument.arg].append(Binding("param", node, scope, name=argument.arg))
            inner.certain.add(argument.arg)
            self.module.judged.append((argument, scope))
            self.push(argument, [annotation(argument.annotation)], scope, branch)
        self.push(node, [*arguments.defaults, *arguments.kw_defaults], scope, branch)
        if isinstance(node, ast.Lambda):
            self.module.returns[node].append((node.body, False))
            self.push(node, [node.body], inner, False)
            return
        self.bind(node.name, Binding("function", node, scope), scope, branch)
        self.push(node, [*node.decorator_list, annotation(node.returns)], scope, branch)
        self.push(node, list(reversed(node.body)), inner, False)

    def klass(self, node: ast.AST, scope: Scope, branch: bool) -> None:
        assert isinstance(node, ast.ClassDef)
        self.bind(node.name, Binding("class", node, scope), scope, branch)
        inner = Scope(node, scope)
        self.module.scopes[node] = inner
        self.push(node, [*node.decorator_list, *node.bases, *node.keywords], scope, branch)
        self.push(node, list(reversed(node.body)), inner, False)

    def comprehension(self, node: ast.AST, scope: Scope, branch: bool) -> None:
        assert isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp))
        inner = Scope(node, scope)
        self.module.scopes[node] = inner
        for index, generator in enumerate(node.generators):
            within = scope if index == 0 else inner
            self.push(generator, [generator.iter], within, branch)
            self.target(generator.target, "iter", generator.iter, inner, False)
            for name in inner.names.values():
                name[:] = [b._replace(scope=within) if b.node is generator.iter else b for b in name]
            self.push(node, [*generator.ifs], inner, False)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self.push(node, [*parts], inner, False)

    def imported(self, node: ast.AST, scope: Scope, branch: bool) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                path = alias.name if alias.asname else alias.name.partition(".")[0]
                self.bind(alias.asname or path, Binding("module", node, scope, name=path), scope, branch)
        elif isinstance(node, ast.ImportFrom):
            source = absolute(node, self.module.package)
            for alias in node.names:
                if alias.name == "*":
                    self.module.stars.append(source)
                else:
                    name = f"{source}.{alias.name}" if source else alias.name
                    self.bind(alias.asname or alias.name, Binding("member", node, scope, name=name), scope, branch)

    def assigned(self, node: ast.AST, scope: Scope, branch: bool) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self.target(target, "expr", node.value, scope, branch)
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            self.target(node.target, "expr", node.value, scope, branch)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            self.bind(node.target.id, Binding("annotated", node.annotation, scope), scope, branch)
        elif isinstance(node, ast.NamedExpr):
            where = next(s for s in outwards(scope) if not isinstance(s.node, _COMPREHENSIONS))
            self.target(node.target, "expr", node.value, where, True)
            self.bind(node.target.id, Binding("expr", node.value, scope), where, True)
        elif isinstance(node, ast.AugAssign):
            if isinstance(node.target, ast.Name):
                self.bind(node.target.id, Binding("aug", node, scope), scope, True)
            elif isinstance(node.op, ast.BitOr) and terminal(node.target):
                self.module.stores[terminal(node.target)].append((None, node.value, scope))
        self.children(node, scope, branch)
        if isinstance(node, ast.AnnAssign):
            self.push(node, [annotation(node.annotation)], scope, branch)

    def looped(self, node: ast.AST, scope: Scope, branch: bool) -> None:
        assert isinstance(node, (ast.For, ast.AsyncFor))
        self.target(node.target, "iter", node.iter, scope, True)
        self.children(node, scope, True)

    def opened(self, node: ast.AST, scope: Scope, branch: bool) -> None:
        assert isinstance(node, ast.withitem)
        if node.optional_vars is not None:
            self.target(node.optional_vars, "entered", node.context_expr, scope, branch)
        self.children(node, scope, branch)

    def caught(self, node: ast.AST, scope: Scope, branch: bool) -> None:
        assert isinstance(node, ast.ExceptHandler)
        if node.name:
            self.bind(node.name, Binding("opaque", node, scope), scope, True)
        self.children(node, scope, True)

    def matched(self, node: ast.AST, scope: Scope, branch: bool) -> None:
        assert isinstance(node, ast.Match)
        for case in node.cases:
            for name, way in _captures(case.pattern):
                kind = "matched" if way is None else "expr"
                self.bind(name, Binding(kind, node.subject, scope, way or ()), scope, True)
        self.children(node, scope, True)

    def declared(self, node: ast.AST, scope: Scope, _branch: bool) -> None:
        assert isinstance(node, (ast.Global, ast.Nonlocal))
        kind = "global" if isinstance(node, ast.Global) else "nonlocal"
        scope.outer.update(dict.fromkeys(node.names, kind))

    def returned(self, node: ast.AST, scope: Scope, branch: bool) -> None:
        assert isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom))
        if node.value is not None:
            function = next(
                (
                    s.node
                    for s in outwards(scope)
                    if isinstance(s.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
                ),
                None,
            )
            if function is not None:
                self.module.returns[function].append((node.value, isinstance(node, ast.Yield)))
        self.children(node, scope, branch)

    def called(self, node: ast.AST, scope: Scope, branch: bool) -> None:
        assert isinstance(node, ast.Call)
        name = terminal(node.func)
        if name:
            self.module.sites[name].append(Site(node, scope))
        elif isinstance(node.func, ast.Lambda):
            self.module.lambdas[node.func].append(f"<lambda {id(node.func)}>")
            self.module.sites[f"<lambda {id(node.func)}>"].append(Site(node, scope))
        if name in _MAPPING and node.args:
            mapped = node.args[0]
            inner = terminal(mapped) or f"<lambda {id(mapped)}>"
            if isinstance(mapped, ast.Lambda):
                self.module.lambdas[mapped].append(inner)
            self.module.sites[inner].append(Site(node, scope, mapped=True))
        if name in _GROWING and isinstance(node.func, ast.Attribute) and node.args and terminal(node.func.value):
            key = node.args[0] if name == "setdefault" else None
            self.module.stores[terminal(node.func.value)].append((key, node.args[-1], scope))
        for keyword in node.keywords:
            if keyword.arg is not None:
                self.module.fields[keyword.arg].append((keyword.value, scope))
        self.children(node, scope, branch)

    def branched(self, node: ast.AST, scope: Scope, _branch: bool) -> None:
        assert isinstance(node, ast.If)
        if terminal(node.test) == "TYPE_CHECKING":
            for statement in node.body:
                self.module.typing_only.update(
                    n for n in ast.walk(statement) if isinstance(n, (ast.Import, ast.ImportFrom))
                )
        self.children(node, scope, True)


def annotation(node: ast.expr | None) -> ast.expr | None:
    """An annotation as the expression it becomes when ``typing.get_type_hints`` evaluates it: text is code there."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and "(" in node.value:
        try:
            parsed = ast.parse(node.value, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return node
        for part in ast.walk(parsed):
            ast.copy_location(part, node)
        return parsed
    return node


def absolute(node: ast.ImportFrom, package: str) -> str:
    """The dotted name that ``from … import`` starts from, relative ones resolved against ``package``."""
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*(base or [""]), *([node.module] if node.module else [])])


def _captures(pattern: ast.pattern) -> list[tuple[str, tuple[int, ...] | None]]:
    """The names a pattern binds; the way into the subject, or None where a class pattern takes an attribute."""
    found: list[tuple[str, tuple[int, ...] | None]] = []
    for part in ast.walk(pattern):
        if isinstance(part, (ast.MatchAs, ast.MatchStar)) and part.name:
            found.append((part.name, () if part is pattern else (-1,)))
        elif isinstance(part, ast.MatchMapping) and part.rest:
            found.append((part.rest, ()))
    return found


_COMPREHENSIONS: Final = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_MAPPING: Final = frozenset(("map", "filter", "starmap", "sorted", "reduce"))
_Handler: TypeAlias = Callable[["_Walk", ast.AST, Scope, bool], None]
_HANDLERS: Final[dict[type[ast.AST], _Handler]] = {
    ast.FunctionDef: _Walk.function,
    ast.AsyncFunctionDef: _Walk.function,
    ast.Lambda: _Walk.function,
    ast.ClassDef: _Walk.klass,
    ast.ListComp: _Walk.comprehension,
    ast.SetComp: _Walk.comprehension,
    ast.DictComp: _Walk.comprehension,
    ast.GeneratorExp: _Walk.comprehension,
    ast.Import: _Walk.imported,
    ast.ImportFrom: _Walk.imported,
    ast.Assign: _Walk.assigned,
    ast.AnnAssign: _Walk.assigned,
    ast.AugAssign: _Walk.assigned,
    ast.NamedExpr: _Walk.assigned,
    ast.For: _Walk.looped,
    ast.AsyncFor: _Walk.looped,
    ast.withitem: _Walk.opened,
    ast.ExceptHandler: _Walk.caught,
    ast.Match: _Walk.matched,
    ast.Global: _Walk.declared,
    ast.Nonlocal: _Walk.declared,
    ast.Return: _Walk.returned,
    ast.Yield: _Walk.returned,
    ast.YieldFrom: _Walk.returned,
    ast.Call: _Walk.called,
    ast.If: _Walk.branched,
}
