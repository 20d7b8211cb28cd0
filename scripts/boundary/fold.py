# SPDX-License-Identifier: Apache-2.0
"""Constant folding: computes what an expression of constants and pure functions is, as Python would.

Only operations on the whitelist below are performed, on values of bounded size; nothing of the scanned code is ever
run. This is how
``"".join(chr(c ^ 1) for c in b"...")``, base64, slices and formats lose their disguise.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from boundary.operations import COMPARE, UNARY, WIDE, Unfoldable, bounded, operate
from boundary.pure import LARGEST, METHODS, PURE, VALUES

Lookup: TypeAlias = Callable[[ast.expr], tuple[bool, Any]]
"""Gives (True, value) for an expression outside the fold's own names, or (False, dotted path or None)."""
Env: TypeAlias = dict[str, Any]

_DEEPEST: Final = 600


def fold(node: ast.expr, lookup: Lookup, env: Env | None = None, depth: int = 0) -> Any:
    """The value of ``node``.

    Raises:
        Unfoldable: it depends on something that is not a constant, or would be too large.
    """
    handler = _FOLDS.get(node.__class__)
    if handler is None or depth > _DEEPEST:
        raise Unfoldable
    try:
        return bounded(handler(node, lookup, env or {}, depth + 1))
    except Unfoldable:
        raise
    except Exception as error:
        raise Unfoldable from error


def _constant(node: Any, _lookup: Lookup, _env: Env, _depth: int) -> Any:
    return node.value


def _name(node: Any, lookup: Lookup, env: Env, _depth: int) -> Any:
    if node.id in env:
        return env[node.id]
    return _looked_up(node, lookup)


def _looked_up(node: ast.expr, lookup: Lookup) -> Any:
    known, value = lookup(node)
    if known:
        return value
    if value in VALUES:
        return VALUES[value]
    raise Unfoldable


def _sequence(node: Any, lookup: Lookup, env: Env, depth: int) -> Any:
    items: list[Any] = []
    for item in node.elts:
        if isinstance(item, ast.Starred):
            items.extend(fold(item.value, lookup, env, depth))
        else:
            items.append(fold(item, lookup, env, depth))
    return tuple(items) if isinstance(node, ast.Tuple) else set(items) if isinstance(node, ast.Set) else items


def _dict(node: Any, lookup: Lookup, env: Env, depth: int) -> Any:
    found: dict[Any, Any] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            found.update(fold(value, lookup, env, depth))
        else:
            found[fold(key, lookup, env, depth)] = fold(value, lookup, env, depth)
    return found


def _binary(node: Any, lookup: Lookup, env: Env, depth: int) -> Any:
    chain = [node]
    while isinstance(chain[-1].left, ast.BinOp):  # a long sum leans to the left: no recursion for it
        chain.append(chain[-1].left)
    value = fold(chain[-1].left, lookup, env, depth)
    for part in reversed(chain):
        other = fold(part.right, lookup, env, depth)
        value = bounded(operate(part.op, value, other))
    return value


def _unary(node: Any, lookup: Lookup, env: Env, depth: int) -> Any:
    return UNARY[node.op.__class__](fold(node.operand, lookup, env, depth))


def _joined(node: Any, lookup: Lookup, env: Env, depth: int) -> str:
    return "".join(fold(part, lookup, env, depth) for part in node.values)


def _formatted(node: Any, lookup: Lookup, env: Env, depth: int) -> str:
    value = fold(node.value, lookup, env, depth)
    conversions: dict[int, Callable[[Any], str]] = {114: repr, 115: str, 97: ascii}
    value = conversions[node.conversion](value) if node.conversion != -1 else value
    return format(value, fold(node.format_spec, lookup, env, depth) if node.format_spec else "")


def _subscript(node: Any, lookup: Lookup, env: Env, depth: int) -> Any:
    value = fold(node.value, lookup, env, depth)
    return value[fold(node.slice, lookup, env, depth)]


def _slice(node: Any, lookup: Lookup, env: Env, depth: int) -> slice:
    return slice(
        *(None if part is None else fold(part, lookup, env, depth) for part in (node.lower, node.upper, node.step))
    )


def _conditional(node: Any, lookup: Lookup, env: Env, depth: int) -> Any:
    return fold(node.body if fold(node.test, lookup, env, depth) else node.orelse, lookup, env, depth)


def _comparison(node: Any, lookup: Lookup, env: Env, depth: int) -> bool:
    if len(node.ops) != 1:
        raise Unfoldable
    return bool(
        COMPARE[node.ops[0].__class__](
            fold(node.left, lookup, env, depth), fold(node.comparators[0], lookup, env, depth)
        )
    )


def _comprehension(node: Any, lookup: Lookup, env: Env, depth: int) -> Any:
    found: list[Any] = []
    _generate(node, 0, lookup, dict(env), depth, found)
    return set(found) if isinstance(node, ast.SetComp) else dict(found) if isinstance(node, ast.DictComp) else found


def _generate(node: Any, index: int, lookup: Lookup, env: Env, depth: int, found: list[Any]) -> None:
    if index == len(node.generators):
        pair = isinstance(node, ast.DictComp)
        found.append(
            (fold(node.key, lookup, env, depth), fold(node.value, lookup, env, depth))
            if pair
            else fold(node.elt, lookup, env, depth)
        )
        bounded(found)
        return
    generator = node.generators[index]
    for item in list(fold(generator.iter, lookup, env, depth)):
        within = {**env, **_unpacked(generator.target, item)}
        if all(fold(test, lookup, within, depth) for test in generator.ifs):
            _generate(node, index + 1, lookup, within, depth, found)


def _unpacked(target: ast.expr, item: Any) -> Env:
    if isinstance(target, ast.Name):
        return {target.id: item}
    if isinstance(target, (ast.Tuple, ast.List)):
        return {
            name: value
            for part, each in zip(target.elts, item, strict=True)
            for name, value in _unpacked(part, each).items()
        }
    raise Unfoldable


def _call(node: Any, lookup: Lookup, env: Env, depth: int) -> Any:
    function = _function(node.func, lookup, env, depth)
    args = [
        fold(a, lookup, env, depth) if not isinstance(a, ast.Lambda) else _closure(a, lookup, env, depth)
        for a in _unstarred(node.args, lookup, env, depth)
    ]
    named = {keyword.arg: fold(keyword.value, lookup, env, depth) for keyword in node.keywords}
    _modest([*args, *named.values()], getattr(function, "__self__", None))
    value = function(*args, **named)
    return list(value) if isinstance(value, (map, filter, zip, enumerate, reversed, range)) else value


def _modest(args: list[Any], owner: Any) -> None:
    """Refuse what would take much time or memory to compute."""
    sizes = [len(value) for value in (owner, *args) if isinstance(value, (str, bytes, bytearray, list, tuple))]
    product = 1
    for size in sizes:
        product *= max(size, 1)
    if product > 1 << 22 or any(
        isinstance(value, int) and abs(value) > LARGEST for value in args if not isinstance(owner, int)
    ):
        raise Unfoldable
    if isinstance(owner, str) and "{" in owner and WIDE.search(owner):
        raise Unfoldable


def _unstarred(args: list[ast.expr], lookup: Lookup, env: Env, depth: int) -> list[ast.expr]:
    plain: list[ast.expr] = []
    for argument in args:
        if isinstance(argument, ast.Starred):
            plain.extend(ast.Constant(item) for item in fold(argument.value, lookup, env, depth))
        else:
            plain.append(argument)
    return plain


def _closure(node: ast.Lambda, lookup: Lookup, env: Env, depth: int) -> Callable[..., Any]:
    names = [argument.arg for argument in node.args.args]
    return lambda *given: fold(node.body, lookup, {**env, **dict(zip(names, given, strict=True))}, depth)


def _function(node: ast.expr, lookup: Lookup, env: Env, depth: int) -> Callable[..., Any]:
    if isinstance(node, ast.Lambda):
        return _closure(node, lookup, env, depth)
    if isinstance(node, (ast.Name, ast.Attribute)):
        known, path = lookup(node)
        if not known and isinstance(path, str) and path in PURE:
            return PURE[path]
    if isinstance(node, ast.Attribute):
        owner = fold(node.value, lookup, env, depth)
        if isinstance(owner, (str, bytes, bytearray, list, tuple, dict, int)) and node.attr in METHODS:
            return getattr(owner, node.attr)  # type: ignore[no-any-return]
    raise Unfoldable


def _attribute(node: Any, lookup: Lookup, _env: Env, _depth: int) -> Any:
    return _looked_up(node, lookup)


_FOLDS: Final[dict[type, Callable[[Any, Lookup, Env, int], Any]]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Tuple: _sequence,
    ast.List: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dict,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.JoinedStr: _joined,
    ast.FormattedValue: _formatted,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.IfExp: _conditional,
    ast.Compare: _comparison,
    ast.ListComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.Call: _call,
    ast.Attribute: _attribute,
}
