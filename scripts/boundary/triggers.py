# SPDX-License-Identifier: Apache-2.0
"""The words by which a capability can be obtained: without any of them in its text a file needs no look. Data only."""

from __future__ import annotations

import re
from typing import Final

from boundary.capabilities import BUILTINS, MEMBERS, METHODS, NAMESPACES, REEXPORTED
from boundary.limits import SEALED
from boundary.modules import MODULES

DYNAMIC: Final = frozenset(
    word.encode()
    for word in """getattr vars globals locals modules attrgetter methodcaller import_module __import__ __builtins__
        __dict__ __getattribute__ __globals__ __subclasses__ f_globals f_builtins
    f_locals getattr_static reload __code__ getmembers __loader__ resolve_name exec_module load_module
    execution_allowed license_key dictConfig meta_path path_hooks __self__ allow_pickle
    genfromtxt loadtxt fromregex execute executemany executescript cypher sitecustomize usercustomize builtins
        entry_points constants boundaries patch sock""".split()
) | {
    name.encode()
    for name in (
        *SEALED,
        *(BUILTINS.keys() - {"compile", "help"}),
        *(name for name, (_, owners) in METHODS.items() if not owners),
    )
}
SPOKEN: Final = DYNAMIC & frozenset(
    word.encode()
    for word in (
        *SEALED,
        *"""execution_allowed license_key sitecustomize usercustomize constants boundaries patch allow_pickle sock
        execute executemany executescript cypher""".split(),
    )
)
"""Words that count in a text too: what is set, opened or executed may be named by one."""
COMMON: Final = frozenset(
    word.encode()
    for word in """abc processor cli measure resolve commands server requests append extend insert pop remove
        clear update
        copy values items setdefault popitem load loads open
        code run abc repeat measure request testing process help setup
    main text path client streams template Timer system uv system kill reduce query backends util edit launch compile
        modules records types loader Loader distributed request rpc tls socket listen load_all
        bindings exporter instrumentation public stdio""".split()
)
"""Names so common that they count only beside the name of their module."""


def _plain(word: bytes) -> bytes:
    """A word without the underscores by which modules hide what they import."""
    return word if word.startswith(b"__") else word.lstrip(b"_")


ROWS: Final[dict[bytes, list[frozenset[bytes]]]] = {}
"""By the last word of a capability: the sets of words that make up its owner."""
_tops: set[bytes] = set()
for _name in (
    *MODULES,
    *MEMBERS,
    "yaml.load",
    "yaml.load_all",
    *(f"{owner}.{method}" for method, (_, owners) in METHODS.items() for owner in owners),
):
    _parts = [_plain(part.encode()) for part in _name.split(".")]
    if _parts[0] == b"numpy" and len(_parts) > 2:
        _parts = _parts[1:]  # what numpy holds is named below it: numpy itself may come from anywhere
    ROWS.setdefault(_parts[-1], []).append(frozenset(_parts[:-1] or _parts))
    if len(_parts) > 1 and _parts[-1] in COMMON:
        _tops.add(_parts[0])
    if _parts[0] == b"os":
        ROWS[_parts[-1]] += [frozenset({b"posix"}), frozenset({b"nt"})]
OWNERS: Final = frozenset(_tops)
"""The modules with capable members of everyday names: ``os.system``, ``sys.path.append``."""
EVERYDAY: Final = {word: [beside for beside in ROWS[word] if beside != {word}] for word in ROWS.keys() & COMMON}
"""The rows whose words say nothing by themselves."""
_DRAWN: Final = METHODS.keys() | REEXPORTED | NAMESPACES
DULL: Final = {word: rows for word, rows in EVERYDAY.items() if word.decode() not in _DRAWN} | {
    b"code": [frozenset({b"pdb"}), frozenset({b"idlelib"}), frozenset({b"__main__"})]
}
"""Of these, the ones that matter as attributes only where their owner can be meant."""
CARRIED: Final = frozenset(form + name.encode() for name in REEXPORTED for form in (b"", b"_"))
"""Modules that other modules carry along under their own name."""
BESIDE: Final = frozenset().union(*(beside for rows in EVERYDAY.values() for beside in rows))
EXECUTION: Final = re.compile(rb"[\"']\s*execution\s*[\"']", re.IGNORECASE)
MODE_MEMBER: Final = re.compile(
    rb"\.\s*(?:approval|autonomous|auto_execute|execute|execution|supervised|enforcing|enforce)\b", re.IGNORECASE
)
MODE_MADE: Final = re.compile(
    rb"mode\w*[\"']?\]?(?:\s*:\s*\w+)?\s*[=:]\s*(?:f[\"']|[\"'][^\"'\n]*[\"']\s*[%.]|[(\[{])", re.IGNORECASE
)
"""A mode whose text is computed in its place."""
_NAMED: Final = rb"[.\"']\s*%s\b(?!\s+import\b)|\bimport\b[^\n]*\b%s\b|^[ \t\f]*%s\b[ \t]*(?:[,)#]|as\b|$)"
ONLY_AS_CODE: Final = {
    word: re.compile(_NAMED.replace(b"%s", word), re.MULTILINE) for word in (b"modules", b"constants", b"boundaries")
} | {
    word: re.compile(rb"\.\s*%s\b|\b%s\s*\(|\bas\s+%s\b" % (word, word, word))
    for word in (b"execute", b"executemany", b"executescript")
}
"""Words of prose too: they count where they are taken from something, imported, or called."""
PATH_CHANGED: Final = re.compile(
    rb"\bpath\b[ \t]*(?:\[[^\n\]]*\][ \t]*(?:\+?=(?!=))|\+?=(?!=))|\bsys[ \t]*\.[ \t]*path\b(?![ \t]*[.)\]:,\n])"
    rb"|\bsys\b[^\n]*\bimport\b[^\n]*\bpath\b|\bsys[ \t]+as\b"
)
"""The search path, set or held under a name: without a word that would say so."""
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

PARTNERS: Final[dict[bytes, frozenset[bytes]]] = {
    word.encode(): frozenset(partner.encode() for partner in partners.split())
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
}
"""The first words of statements, and the words of which one must be there too."""
DECODING: Final = frozenset(
    b"""b64decode b32decode b16decode b85decode a85decode urlsafe_b64decode standard_b64decode decodebytes fromhex
        unhexlify a2b_hex a2b_base64 rot13 rot_13 maketrans unicode_escape swapcase""".split()
)
"""Words by which text is made that the source does not show."""
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
SETTING: Final = frozenset(
    b"constants boundaries import_module __import__ modules getattr reload patch globals".split()
)
LIMITING: Final = frozenset(name.encode() for name in SEALED) | SETTING
_SEALED: Final = rb"(?:" + "|".join(SEALED).encode() + rb")"
SEALED_WORDS: Final = frozenset(name.encode() for name in SEALED)
HOLDING: Final = frozenset((b"constants", b"boundaries"))
_HELD: Final = rb"(?:constants|boundaries)"
SEALED_NAME: Final = re.compile(rb"\b(?:" + _SEALED + rb"|" + _HELD + rb")\b")
HELD_TEXT: Final = re.compile(rb"[\"'][\w.]*\b" + _HELD + rb"\b(?!\.py)")
"""A module of limits as text: something may be set in it by its name."""
_LIMIT: Final = rb"(?:\b" + _SEALED + rb"\b|\b" + _HELD + rb"\.\w+\b)"
_FREE: Final = rb"(?:(?!\b" + _SEALED + rb"\b|\b" + _HELD + rb"\b)[^\n'\"])"
"""A character at which no name of a limit begins."""
_AFTER: Final = rb"(?:[ ]?[)\]}+*/<>:-](?!=)|[ ](?:if|and|or|else)\b|[ ]?!=)"
SEALED_READ: Final = re.compile(
    rb"^(?![^\n]*\b(?:for|as|del|global|nonlocal|case|lambda|def|class|match|with)\b)(?:"
    rb"[ \t]*from [\w.]+ import [\w, ]+"
    rb"|(?:" + _FREE + rb"*?(?:"
    rb"(?:=[ ]?|return[ ]|[-+/<>][ ]?|\bin[ ])[\w.]*?" + _LIMIT + rb"(?=$|,$|" + _AFTER + rb")"
    rb"|(?:[*({][ ]?|,[ ])[\w.]*?" + _LIMIT + rb"(?=" + _AFTER + rb")"
    rb"))+(?:(?!=)" + _FREE + rb"|(?<![<>])[<>]=|[!=]=)*"
    rb"|" + _FREE + rb"*?=[ ]?[\w.]+?\." + _SEALED + rb",?)$",
    re.MULTILINE,
)
"""A line that only reads limits: they are imported, or stand after an operator, and nothing is bound behind them."""
SET: Final = re.compile(rb"(?<=[\"'.])(?:%s)\b|\b(?:%s)\s*=" % (("|".join(SEALED).encode(),) * 2))
"""A limit as text, as an attribute or as a keyword: more than its plain name."""
SPACES: Final = ACCESS - {b"__class__", b"getattr", b"vars"}
SYSTEM: Final = frozenset((b"path", b"modules", b"meta_path", b"path_hooks"))
KEYED: Final = frozenset(
    b"""vars globals locals modules __dict__ __globals__ __builtins__ f_globals f_builtins f_locals func_globals
    import_module __import__ getmembers attrgetter methodcaller __getattribute__ getattr_static""".split()
)
"""Without one of these, or a ``getattr`` whose name is not plain text, there is no namespace to take an item of."""


STATED: Final = frozenset(STATEMENTS) | PARTNERS.keys() | frozenset().union(*PARTNERS.values())
EVERY: Final = frozenset().union(
    DYNAMIC,
    ROWS,
    *(beside for rows in ROWS.values() for beside in rows),
    DECODING,
    EXECUTING,
    ACCESS,
    PROVIDERS,
    LIMITING,
    SPACES,
    SYSTEM,
    KEYED,
    (b"compile", b"help", b"__main__", b"importlib", b"site", b"marshal", b"mem", b"kmem", b"sock", b"sys", b"open"),
)
