# SPDX-License-Identifier: Apache-2.0
"""What functions, classes, comprehensions, imports and calls bind: handlers of the walk."""

# ruff: noqa: FBT001, FBT003 -- all handlers share one signature, called only by the walk

from __future__ import annotations

import ast
import builtins
from typing import Any, Final

from boundary import assignments
from boundary.assignments import annotation
from boundary.limits import SEALED
from boundary.scopes import COMPREHENSIONS, Binding, Hints, Module, Scope, Site, absolute, outwards, terminal
from boundary.walk import Handler, Walk

_GROWING: Final = frozenset(("append", "add", "appendleft", "insert", "setdefault", "put", "extend", "update"))
_MAPPING: Final = frozenset(("map", "filter", "starmap", "sorted", "reduce"))
_TUPLES: Final = frozenset(("namedtuple", "NamedTuple"))
_EXCEPTIONS: Final = frozenset(
    name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException)
)
_GIVING: Final = _EXCEPTIONS | _TUPLES | _MAPPING | _GROWING
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def collect(tree: ast.Module, name: str, package: str, may: Hints) -> Module:
    """Walk ``tree`` once. ``name`` is the module's dotted name, ``package`` what relative imports start from, ``may``
    what the words of the file allow to be there."""
    module = Module(name, package, tree, Scope(tree, None), may)
    Walk(module, _HANDLERS).run()
    for made, fields in module.tuples.items():
        for site in module.sites.get(made, ()):
            for name, argument in zip(fields, site.call.args, strict=False):
                module.fields[name].append((argument, site.scope))
    return module


def _function(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    if walk.may.enterprise or node.name in SEALED:
        walk.module.judged.append((node, scope))
    inner = _parameters(walk, node, scope, branch)
    walk.bind(node.name, Binding("function", node, scope), scope, branch)
    for decorator in node.decorator_list:
        walk.look(decorator, scope, branch)
    if node.returns is not None:
        walk.look(annotation(walk.module, node, node.returns), scope, branch)
    walk.stack.extend([(statement, inner, False) for statement in reversed(node.body)])


def _lambda(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    inner = _parameters(walk, node, scope, branch)
    walk.module.returns[node].append((node.body, False))
    walk.look(node.body, inner, False)


def _parameters(walk: Walk, node: Any, scope: Scope, branch: bool) -> Scope:
    module, arguments = walk.module, node.args
    inner = Scope(node, scope)
    module.scopes[node] = inner
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [a for a in (arguments.vararg, arguments.kwarg) if a is not None]
    for argument in every:
        name = argument.arg
        inner.names[name].append(Binding("param", node, scope, (), name))
        inner.certain.add(name)
        if walk.may.enterprise:
            module.judged.append((argument, scope))
        if argument.annotation is not None:
            walk.look(annotation(module, argument, argument.annotation), scope, branch)
    for default in (*arguments.defaults, *arguments.kw_defaults):
        walk.look(default, scope, branch)
    return inner


def _class(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    if walk.may.enterprise or node.name in SEALED:
        walk.module.judged.append((node, scope))
    walk.bind(node.name, Binding("class", node, scope), scope, branch)
    inner = Scope(node, scope)
    walk.module.scopes[node] = inner
    for part in (*node.decorator_list, *node.bases, *node.keywords):
        walk.look(part, scope, branch)
    walk.stack.extend([(statement, inner, False) for statement in reversed(node.body)])


def _comprehension(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    inner = Scope(node, scope)
    walk.module.scopes[node] = inner
    for index, generator in enumerate(node.generators):
        within = scope if index == 0 else inner
        walk.look(generator.iter, within, branch)
        walk.target(generator.target, "iter", generator.iter, inner, False)
        if index == 0:  # the first one is evaluated outside
            for bindings in inner.names.values():
                bindings[:] = [b._replace(scope=scope) if b.node is generator.iter else b for b in bindings]
        for condition in generator.ifs:
            walk.look(condition, inner, False)
    for part in (node.key, node.value) if node.__class__ is ast.DictComp else (node.elt,):
        walk.look(part, inner, False)


def _import(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    walk.module.judged.append((node, scope))
    for alias in node.names:
        path = alias.name if alias.asname else alias.name.partition(".")[0]
        walk.bind(alias.asname or path, Binding("module", node, scope, (), path), scope, branch)


def _import_from(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    walk.module.judged.append((node, scope))
    source = absolute(node, walk.module.package)
    for alias in node.names:
        if alias.name == "*":
            walk.module.stars.append(source)
        else:
            name = f"{source}.{alias.name}" if source else alias.name
            walk.bind(alias.asname or alias.name, Binding("member", node, scope, (), name), scope, branch)


def _returned(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    if node.value is None:
        return
    function = next((s.node for s in outwards(scope) if isinstance(s.node, _FUNCTIONS)), None)
    if function is not None:
        walk.module.returns[function].append((node.value, node.__class__ is ast.Yield))
    walk.look(node.value, scope, branch)


def _called(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    module, function = walk.module, node.func
    module.judged.append((node, scope))
    name = terminal(function)
    if name:
        module.sites[name].append(Site(node, scope))
        if node.args and name in _GIVING:
            _given(module, node, name, scope)
    elif function.__class__ is ast.Lambda:
        module.lambdas[function].append(f"<lambda {id(function)}>")
        module.sites[f"<lambda {id(function)}>"].append(Site(node, scope))
    walk.look(function, scope, branch)
    for argument in node.args:
        walk.look(argument, scope, branch)
    for keyword in node.keywords:
        if keyword.arg is not None:
            module.fields[keyword.arg].append((keyword.value, scope))
            if walk.may.enterprise:
                module.judged.append((keyword, scope))
        walk.look(keyword.value, scope, branch)


def _given(module: Module, node: ast.Call, name: str, scope: Scope) -> None:
    """A call by whose name its arguments come out elsewhere."""
    function = node.func
    if name in _EXCEPTIONS:
        assignments.carried(module, node, scope)
    elif name in _TUPLES:
        _tuple(module, node)
    elif name in _MAPPING:
        _mapped(module, node, scope)
    elif function.__class__ is ast.Attribute and terminal(function.value):
        key = node.args[0] if name == "setdefault" else None
        module.stores[terminal(function.value)].append((key, node.args[-1], scope))


def _tuple(module: Module, node: ast.Call) -> None:
    """``namedtuple("Name", …)``: the names of its fields, by the name of the class."""
    texts = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    if len(texts) > 1:
        module.tuples[texts[0]] = [word for text in texts[1:] for word in text.replace(",", " ").split()]


def _mapped(module: Module, node: ast.Call, scope: Scope) -> None:
    mapped = node.args[0]
    inner = terminal(mapped) or f"<lambda {id(mapped)}>"
    if isinstance(mapped, ast.Lambda):
        module.lambdas[mapped].append(inner)
    module.sites[inner].append(Site(node, scope, mapped=True))


def _judged(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    walk.module.judged.append((node, scope))
    walk.children(node, scope, branch)


def _dict(walk: Walk, node: Any, scope: Scope, branch: bool) -> None:
    if walk.may.enterprise:
        walk.module.judged.append((node, scope))
    walk.children(node, scope, branch)


def _branched(walk: Walk, node: Any, scope: Scope, _branch: bool) -> None:
    if terminal(node.test) == "TYPE_CHECKING":
        for statement in node.body:
            walk.module.typing_only.update(
                n for n in ast.walk(statement) if isinstance(n, (ast.Import, ast.ImportFrom))
            )
    walk.children(node, scope, True)


_HANDLERS: Final[dict[type, Handler]] = {
    **assignments.HANDLERS,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.Lambda: _lambda,
    ast.ClassDef: _class,
    **dict.fromkeys(COMPREHENSIONS, _comprehension),
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Return: _returned,
    ast.Yield: _returned,
    ast.YieldFrom: _returned,
    ast.Call: _called,
    ast.Subscript: _judged,
    ast.MatchClass: _judged,
    ast.Dict: _dict,
    ast.If: _branched,
}
