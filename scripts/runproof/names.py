# SPDX-License-Identifier: Apache-2.0
"""Every public name of a package, and which of them ran.

Functions and methods are taken from the compiled source (nothing hides behind a decorator), classes from the modules.
A name is public if no part of it begins with an underscore. A function was touched if its code ran. A class was touched
if any code of its own ran: its ``__init__``, also a generated one, or a method. A class without code (an error, an
enumeration) has nothing that could run but its body, which runs at import.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import CodeType, ModuleType


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A public name, where it is defined, and the code of which at least one piece must run (none: nothing can)."""

    full: str
    where: str
    codes: frozenset[Mark]


Mark = tuple[str, int, str] | int
"""What tells one piece of code from another: file, first line and qualified name; its identity if it was generated."""


def mark_of(code: CodeType) -> Mark:
    """The mark of ``code``."""
    if code.co_filename.startswith("<"):
        return id(code)
    return code.co_filename, code.co_firstlineno, code.co_qualname


def modules_of(package: ModuleType, *, but: Iterable[str] = ()) -> tuple[ModuleType, ...]:
    """The package and every module in it, imported; ``but`` names modules that run a program when imported."""
    skipped = set(but)
    found = (module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))
    return (package, *(importlib.import_module(name) for name in found if name not in skipped))


def public_names(modules: Iterable[ModuleType]) -> tuple[Name, ...]:
    """The public functions, methods and classes that ``modules`` define, re-exports left out."""
    return tuple(name for module in modules for name in (*_functions(module), *_classes(module)))


def untouched(names: Iterable[Name], ran: Iterable[CodeType], excluded: Mapping[str, str]) -> tuple[Name, ...]:
    """The names that did not run and are not excluded."""
    marks = {mark_of(code) for code in ran}
    return tuple(name for name in names if not is_touched(name, marks) and not _reason(name, excluded))


def stale(names: Iterable[Name], ran: Iterable[CodeType], excluded: Mapping[str, str]) -> tuple[str, ...]:
    """The exclusions that exclude nothing: every name below them ran, or there is none."""
    marks = {mark_of(code) for code in ran}
    idle = {prefix for name in names if not is_touched(name, marks) for prefix in excluded if _below(name.full, prefix)}
    return tuple(prefix for prefix in excluded if prefix not in idle)


def is_touched(name: Name, marks: set[Mark]) -> bool:
    """Whether any code of ``name`` is among ``marks``."""
    return not name.codes or not name.codes.isdisjoint(marks)


def _reason(name: Name, excluded: Mapping[str, str]) -> str | None:
    return next((reason for prefix, reason in excluded.items() if _below(name.full, prefix)), None)


def _below(full: str, prefix: str) -> bool:
    return full == prefix or full.startswith(f"{prefix}.")


def _functions(module: ModuleType) -> Iterator[Name]:
    file = inspect.getsourcefile(module)
    if file is None:
        return
    with open(file, "rb") as source:  # noqa: PTH123 - as bytes, with the encoding that the file declares
        body = compile(source.read(), file, "exec", dont_inherit=True)
    for code in _inside(body):
        if _is_function(code) and _is_public(code.co_qualname):
            where = f"{file}:{code.co_firstlineno}"
            yield Name(full=f"{module.__name__}.{code.co_qualname}", where=where, codes=frozenset({mark_of(code)}))


def _inside(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _inside(constant)


def _is_function(code: CodeType) -> bool:
    # A class body is not optimised to fast locals, a function is.
    return bool(code.co_flags & inspect.CO_NEWLOCALS) and bool(code.co_flags & inspect.CO_OPTIMIZED)


def _is_public(qualified: str) -> bool:
    return not any(part.startswith(("_", "<")) for part in qualified.split("."))


def _classes(module: ModuleType) -> Iterator[Name]:
    for kind in _defined(module, vars(module).values()):
        if _is_public(kind.__qualname__):
            # Not what an enumeration or a protocol is given by the standard library: that runs for any other, too.
            own = [
                code for code in _codes(kind) if code.co_filename.startswith("<") or code.co_filename == module.__file__
            ]
            codes = frozenset(map(mark_of, own))
            yield Name(full=f"{module.__name__}.{kind.__qualname__}", where=str(module.__file__), codes=codes)


def _defined(module: ModuleType, values: Iterable[object]) -> Iterator[type]:
    for value in values:
        if inspect.isclass(value) and value.__module__ == module.__name__:
            yield value
            yield from _defined(module, [inner for inner in vars(value).values() if inner is not value])


def _codes(kind: type) -> Iterator[CodeType]:
    for value in vars(kind).values():
        inner = (
            getattr(value, "fget", None) or getattr(value, "func", None) or getattr(value, "__func__", None) or value
        )
        function = inspect.unwrap(inner) if callable(inner) else inner
        if inspect.isfunction(function):
            yield function.__code__
