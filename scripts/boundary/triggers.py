# SPDX-License-Identifier: Apache-2.0
"""The words by which a capability can be obtained: without any of them in its text a file needs no look. Data only."""

from __future__ import annotations

import re
from typing import Final

from boundary.capabilities import BUILTINS, MEMBERS, METHODS, MODULES, REEXPORTED
from boundary.limits import SEALED

DYNAMIC: Final = frozenset(
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
COMMON: Final = frozenset(
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


ROWS: Final[dict[bytes, list[frozenset[bytes]]]] = {}
for _name in (
    *MODULES,
    *MEMBERS,
    *(f"{owner}.{method}" for method, (_, owners) in METHODS.items() for owner in owners),
):
    _parts = [_plain(part.encode()) for part in _name.split(".")]
    ROWS.setdefault(_parts[-1], []).append(frozenset({_parts[0]}))
LATER: Final = re.compile(
    rb"licen[cs](?:e|ing)_|_licen[cs](?:e|ing)|Licen[cs](?:e|ing)[A-Z]|[a-z]Licen[cs]|LICEN[CS](?:E|ING)_|_LICEN[CS]"
    rb"|(?i:audit|approval|autonomous|auto_execute|_allowed|[\"']execution[\"']|modes?\.[a-z]|/proc|/dev|docker)"
)
BARE: Final = re.compile(rb"(?<![.\w])(?:compile\b|help\b(?!\s*=[^=]))")
"""The two builtins that are also everyday names of methods and arguments."""
_CREATED: Final = (
    rb"\s+(?:or\s+replace\s+)?(?:\w+\s+)?(?:table|index|view|role|user|database|schema|extension|sequence|function"
    rb"|procedure|trigger|constraint|system)\s"
)
_NODE: Final = rb"\s*\(\s*\w*\s*(?:[:{)]|in\s)"


def _called(word: bytes) -> bytes:
    """``MATCH (n:X)``, which is neither ``x.match(`` nor ``def match(``."""
    return rb"(?<![.\w]" + word + rb")(?<!def " + word + rb")" + _NODE


STATEMENTS: Final[dict[bytes, bytes]] = {
    b"insert": rb"\s+(?:or\s+\w+\s+|ignore\s+)?into",
    b"update": rb"\s+\S+\s+(?:\w+\s+)?set\s",
    b"delete": rb"\s+from",
    b"truncate": rb"\s+\w",
    b"merge": rb"(?:\s+into|" + _called(b"merge") + rb")",
    b"match": _called(b"match"),
    b"foreach": _called(b"foreach"),
    b"create": rb"(?:" + _called(b"create") + rb"|" + _CREATED + rb")",
    b"drop": _CREATED,
    b"alter": _CREATED,
    b"load": rb"\s+csv",
    b"grant": rb"\s[^\n]+\son\s",
    b"revoke": rb"\s[^\n]+\son\s",
    b"copy": rb"\s+\S+\s*(?:\([^)]*\)\s*)?(?:from|to)\s",
    b"call": rb"\s+(?:apoc|dbms|db)\.",
    b"unwind": rb"\s",
    b"attach": rb"\s+database",
    b"replace": rb"\s+into",
}
"""How a statement goes on after its first word, ignoring case."""

PARTS: Final = (
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
STATING: Final[dict[bytes, frozenset[bytes]]] = {
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
PARTNERS: Final = {word: frozenset(p.lower() for p in partners) for word, partners in STATING.items()}
EXECUTING: Final = frozenset(b"execute executemany executescript cypher cursor query sql".split())
ACCESS: Final = frozenset(
    b"""getattr vars modules attrgetter methodcaller __import__ import_module _gcd_import __builtins__ __dict__
        __globals__ f_globals f_builtins f_locals globals locals FunctionType CodeType
    LambdaType __class__ getmembers __code__ itemgetter getitem allow_pickle yaml loadtxt genfromtxt fromregex
    dictConfig sock sitecustomize usercustomize __self__ __getattribute__
    builtins mem __loader__ getattr_static proc dev""".split()
)
PROVIDERS: Final = frozenset(
    name.partition(".")[0].lstrip("_").encode() for name in (*MODULES, *MEMBERS, *REEXPORTED)
) - COMMON - {b"typing", b"numpy", b"types", b"logging", b"rich", b"yaml"} | {
    b"getattr",
    b"globals",
    b"exec",
    b"eval",
    b"partial",
}
LIMITING: Final = frozenset(name.encode() for name in SEALED) | frozenset(
    b"constants boundaries import_module __import__ modules getattr reload patch globals".split()
)
SPACES: Final = ACCESS - {b"__class__", b"getattr", b"vars"}
SYSTEM: Final = frozenset((b"path", b"modules", b"meta_path", b"path_hooks"))
KEYED: Final = frozenset(
    b"""vars globals locals modules __dict__ __globals__ __builtins__ f_globals f_builtins f_locals func_globals
    import_module __import__ getmembers attrgetter methodcaller __getattribute__ getattr_static""".split()
)
"""Without one of these, or a ``getattr`` whose name is not plain text, there is no namespace to take an item of."""
