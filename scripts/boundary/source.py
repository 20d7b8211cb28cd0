# SPDX-License-Identifier: Apache-2.0
"""Reads Python source as the interpreter would, decides whether a file needs a look, and scans it.

1. The bytes go to ``ast.parse``, which honours the byte order mark and the PEP 263 cookie. What does not parse is
refused.
2. A plain ASCII file without any of the words by which a capability can be obtained needs no look: every finding
needs one of them. Files with a cookie
   or with other characters (identifiers are NFKC-normalised) are always looked at.
3. Everything else is walked, evaluated and judged.
"""

from __future__ import annotations

import ast
import re
import unicodedata
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Final

from boundary.capabilities import BUILTINS, MEMBERS, METHODS, MODULES, REEXPORTED
from boundary.evaluate import Evaluator
from boundary.judge import judge
from boundary.limits import SEALED
from boundary.rules import Finding
from boundary.walk import collect

_SPLIT: Final = bytes(c if (chr(c).isalnum() and c < 128) or c == 95 else 32 for c in range(256))
_COOKIE: Final = re.compile(rb"^[ \t\f]*#.*?coding[:=]", re.MULTILINE)
_ASCII: Final = frozenset(map(chr, range(128)))
_DYNAMIC: Final = frozenset(
    word.encode()
    for word in """getattr vars globals locals modules attrgetter methodcaller import_module __import__ __builtins__
        __dict__ __getattribute__ __globals__ __subclasses__ f_globals f_builtins
    f_locals getattr_static reload __code__ getmembers __loader__ resolve_name exec_module load_module
    execution_allowed license_key dictConfig meta_path path_hooks __self__ allow_pickle
    genfromtxt loadtxt fromregex execute executemany executescript cypher sitecustomize usercustomize builtins MCPMode
        entry_points constants boundaries patch sock yaml""".split()
) | {
    name.encode()
    for name in (
        *SEALED,
        *(BUILTINS.keys() - {"compile", "help"}),
        *(name for name, (_, owners) in METHODS.items() if not owners),
    )
}
_COMMON: Final = frozenset(
    word.encode()
    for word in """abc processor cli measure resolve commands server requests append extend insert pop remove
        clear update
        copy values items setdefault popitem load loads open
        code run abc repeat measure request testing process help setup
    main text path client streams template Timer system uv system kill reduce query backends util edit launch compile
        modules records types loader Loader""".split()
)
"""Names so common that they count only beside the name of their module."""


def _plain(word: bytes) -> bytes:
    """A word without the underscores by which modules hide what they import."""
    return word if word.startswith(b"__") else word.lstrip(b"_")


_ROWS: Final[dict[bytes, list[frozenset[bytes]]]] = {}
for _name in (
    *MODULES,
    *MEMBERS,
    *(f"{owner}.{method}" for method, (_, owners) in METHODS.items() for owner in owners),
):
    _parts = [_plain(part.encode()) for part in _name.split(".")]
    _ROWS.setdefault(_parts[-1], []).append(frozenset({_parts[0]}))
_LATER: Final = re.compile(
    rb"licen[cs](?:e|ing)_|_licen[cs](?:e|ing)|Licen[cs](?:e|ing)[A-Z]|[a-z]Licen[cs]|LICEN[CS](?:E|ING)_|_LICEN[CS]"
    rb"|(?i:audit|approval|autonomous|auto_execute|_allowed|[\"']execution[\"']|modes?\.[a-z]|/proc|/dev|docker)"
)
_BARE: Final = re.compile(rb"(?<![.\w])(?:compile\b|help\b(?!\s*=[^=]))")
"""The two builtins that are also everyday names of methods and arguments."""
_STATEMENT: Final = re.compile(
    rb"(?i)insert\s+(?:or\s+\w+\s+|ignore\s+)?into|update\s+\S+\s+(?:\w+\s+)?set\s|delete\s+from|truncate\s+\w|merge\s+into|(?<![.\w])(?:match|merge|create|foreach)\s*\(\s*\w*\s*(?:[:{)]|in\s)|load\s+csv"
    rb"|(?:create|drop|alter)\s+(?:or\s+replace\s+)?(?:\w+\s+)?(?:table|index|view|role|user|database|schema|extension|sequence|function|procedure|trigger|constraint|system)\s"
    rb"|grant\s[^\n]+\son\s|revoke\s[^\n]+\son\s|copy\s+\S+\s*(?:\([^)]*\)\s*)?(?:from|to)\s|call\s+(?:apoc|dbms|db)\.|unwind\s|attach\s+database|replace\s+into"
)


_PARTS: Final = (
    b"icens",
    b"icenc",
    b"ICENS",
    b"ICENC",
    b"audit",
    b"Audit",
    b"AUDIT",
    b"pproval",
    b"PPROVAL",
    b"utonomous",
    b"UTONOMOUS",
    b"execut",
    b"llowed",
    b"Mode",
    b"/proc",
    b"/dev",
    b"docker",
)
_STATING: Final[dict[bytes, frozenset[bytes]]] = {
    form(word).encode(): frozenset(form(partner).encode() for partner in partners.split())
    for word, partners in {
        "insert": "into",
        "replace": "into",
        "update": "set",
        "delete": "from",
        "truncate": "truncate",
        "merge": "merge",
        "create": "create",
        "drop": "table database schema index view role user function trigger constraint materialized",
        "alter": "table database schema role user system",
        "match": "set delete remove merge create detach",
        "foreach": "foreach",
        "unwind": "unwind",
        "load": "csv",
        "call": "apoc dbms db",
        "grant": "on",
        "revoke": "on",
        "copy": "program stdin stdout from to",
        "attach": "database",
        "detach": "delete",
    }.items()
    for form in (str.lower, str.upper, str.capitalize)
}
_EXECUTING: Final = frozenset(b"execute executemany executescript cypher cursor query sql".split())
_ACCESS: Final = frozenset(
    b"""getattr vars modules attrgetter methodcaller __import__ import_module _gcd_import __builtins__ __dict__
        __globals__ f_globals f_builtins f_locals globals locals FunctionType CodeType
    LambdaType __class__ getmembers __code__ itemgetter getitem allow_pickle yaml loadtxt genfromtxt fromregex
    dictConfig sock sitecustomize usercustomize __self__ __getattribute__
    builtins mem __loader__ getattr_static proc dev""".split()
)
_PROVIDERS: Final = frozenset(
    name.partition(".")[0].lstrip("_").encode() for name in (*MODULES, *MEMBERS, *REEXPORTED)
) - _COMMON - {b"typing", b"numpy", b"types", b"logging", b"rich", b"yaml"} | {
    b"getattr",
    b"globals",
    b"exec",
    b"eval",
    b"partial",
}
_LIMITING: Final = frozenset(name.encode() for name in SEALED) | frozenset(
    b"constants boundaries import_module __import__ modules getattr reload patch globals".split()
)


class Tree:
    """The modules below the scanned folders, parsed when one asks for them."""

    def __init__(self, roots: dict[str, Path]) -> None:
        self._paths = roots
        self._evaluators: dict[str, Evaluator | None] = {}
        self._texts: dict[str, tuple[bytes, set[bytes]]] = {}
        self._homes: dict[ast.AST, Evaluator | None] = {}
        self._provided: dict[tuple[str, str], bool] = {}

    def evaluator(self, name: str) -> Evaluator | None:
        """The evaluator of module ``name``, or None where the tree has no such module or it cannot be parsed."""
        if name in self._evaluators:
            return self._evaluators[name]
        self._evaluators[name] = None
        path = self._paths.get(name)
        if path is not None:
            try:
                data = path.read_bytes()
                self._evaluators[name] = self.add(name, path, parse(data), data)
            except _UNREADABLE:
                return None
        return self._evaluators[name]

    def has(self, name: str) -> bool:
        """Whether the tree has a module of that name."""
        return name in self._paths

    def may_provide(self, name: str, member: str) -> bool:
        """Whether ``member`` of the tree's module ``name`` could be more than a function or class of plain code."""
        path = self._paths.get(name)
        if path is None:
            return False
        key = (name, member)
        if key not in self._provided:
            if name not in self._texts:
                data = path.read_bytes()
                self._texts[name] = (data, _words(data))
            data, found = self._texts[name]
            self._provided[key] = _provides(data, found, member.encode())
        return self._provided[key]

    def is_plain(self, name: str) -> bool:
        """Whether the tree's module ``name`` names nothing that is capable, and imports nothing of the tree."""
        path = self._paths.get(name)
        if path is None:
            return False
        data = path.read_bytes()
        return (
            not _hidden(data)
            and _words(data).isdisjoint(_PROVIDERS)
            and re.search(rb"(?m)^\s*(?:from|import)\s", data) is None
        )

    def loaded(self, name: str, path: Path) -> Evaluator | None:
        """The evaluator of ``path`` if another module already asked for it."""
        return self._evaluators.get(name) if self._paths.get(name) == path else None

    def home(self, node: ast.AST) -> Evaluator | None:
        """The evaluator of the module that defines the function or class ``node``."""
        if node not in self._homes:
            self._homes[node] = next(
                (e for e in self._evaluators.values() if e is not None and node in e.module.scopes), None
            )
        return self._homes[node]

    def add(self, name: str, path: Path, tree: ast.Module, data: bytes) -> Evaluator:
        """Keep the parsed module ``name``."""
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        module = collect(tree, name, package)
        if not _hidden(data):
            found = _words(data)
            module.statements = _states(data, found)
            module.executes = not found.isdisjoint(_EXECUTING)
            module.dynamic = not found.isdisjoint(_ACCESS)
            module.limits = not found.isdisjoint(_LIMITING)
            module.system = (
                b"sys" in found and not found.isdisjoint((b"path", b"modules", b"meta_path", b"path_hooks"))
            ) or not found.isdisjoint(_ACCESS - {b"__class__", b"getattr", b"vars"})
            module.enterprise = _later(data)
            module.latent = not found.isdisjoint((b"importlib", b"site", b"marshal"))
            module.native = any(word in data for word in (b"/proc", b"/dev", b"sock", b"customize", b"mem"))
        evaluator = Evaluator(module, self)
        self._evaluators[name] = evaluator
        return evaluator


def parse(data: bytes) -> ast.Module:
    """The syntax tree of a source file, read in its declared encoding."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data)


def scan_source(data: bytes, path: str, name: str, tree: Tree, file: Path | None = None) -> list[Finding]:
    """The findings in one source file. ``path`` is what is reported, ``name`` the module's dotted name, ``file``
    where it lies."""
    file = file or Path(path)
    try:
        evaluator = tree.loaded(name, file)
        if evaluator is None:
            parsed = parse(data)
            if not needs_look(data):
                return []
            evaluator = tree.add(name, file, parsed, data)
        return judge(evaluator, path)
    except (RecursionError, MemoryError):
        return [Finding(path, 1, 1, "DEEP", "an expression too deep or too long to read")]
    except SyntaxError as error:
        rule = "DEEP" if "too many nested" in str(error) or "parser stack" in str(error) else "SYNTAX"
        return [Finding(path, error.lineno or 1, (error.offset or 0) + 1, rule, str(error.msg))]
    except (ValueError, UnicodeError, LookupError) as error:
        if isinstance(error, (KeyError, IndexError)):
            raise
        return [Finding(path, 1, 1, "SYNTAX", str(error))]


def needs_look(data: bytes) -> bool:
    """Whether the file has anything by which a capability could be obtained.

    A row of the tables needs its last name in the text, beside the name of its module or, where that may come from
    elsewhere in the tree, alone;
    everything else needs one of the words of dynamic access.
    """
    if _hidden(data):
        return True
    found = _words(data)
    if not _DYNAMIC.isdisjoint(found) or _later(data) or _states(data, found):
        return True
    if (b"compile" in found or b"help" in found) and _BARE.search(data) is not None:
        return True
    return any(_row_applies(word, found, data) for word in _ROWS.keys() & found)


def _row_applies(word: bytes, found: set[bytes], data: bytes) -> bool:
    rows = _ROWS[word]
    if word not in _COMMON and any(beside != {word} for beside in rows):
        return True
    return any(_beside(word, beside, found, data) for beside in rows)


def _provides(data: bytes, found: set[bytes], member: bytes) -> bool:
    if member not in found and member.lstrip(b"_") not in found:
        return b"import *" in data or not data.isascii()
    if not found.isdisjoint(_PROVIDERS):
        return True
    return re.search(rb"(?m)^(?:async\s+def|def|class)\s+" + re.escape(member) + rb"\b", data) is None


def _hidden(data: bytes) -> bool:
    """Whether the words of the file may not be what its bytes show."""
    return (
        _COOKIE.search(data[:400]) is not None
        or b"\\\n" in data
        or b"\\\r" in data
        or (not data.isascii() and _disguised(data))
    )


def _words(data: bytes) -> set[bytes]:
    found = set(data.translate(_SPLIT).split())
    found.update([word.lstrip(b"_") for word in found if word[:1] == b"_" and word[:2] != b"__"])
    return found


def _later(data: bytes) -> bool:
    """Whether a name or text of Enterprise may be there: licence, audit, mode, or a path round Python."""
    return any(word in data for word in _PARTS) and _LATER.search(data) is not None


def _states(data: bytes, found: set[bytes]) -> bool:
    begun = _STATING.keys() & found
    lowered = {word.lower() for word in found} if any(not word.islower() for word in begun) else found
    likely = any(
        not {partner.lower() for partner in _STATING[word]}.isdisjoint(lowered) for word in begun if word != b"copy"
    )
    return (likely or b"COPY" in found) and _STATEMENT.search(data) is not None


def _beside(word: bytes, beside: frozenset[bytes], found: set[bytes], data: bytes) -> bool:
    if beside != {word}:
        return beside <= found
    return re.search(rb"(?:import|from)[^\n#]*\b_?" + word + rb"\b", data) is not None


def _disguised(data: bytes) -> bool:
    """Whether a character outside ASCII could be part of an identifier that Python reads as an ASCII one."""
    try:
        others = set(data.decode("utf-8-sig")) - _ASCII
    except UnicodeDecodeError:
        return True
    return any(_folds(other) for other in others)


@lru_cache(maxsize=10_000)
def _folds(character: str) -> bool:
    return any(part.isalnum() or part == "_" for part in unicodedata.normalize("NFKC", character) if part in _ASCII)


_UNREADABLE: Final = (OSError, SyntaxError, ValueError, RecursionError, MemoryError, LookupError)
