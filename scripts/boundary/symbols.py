# SPDX-License-Identifier: Apache-2.0
"""Names and texts that belong to Enterprise: licence judging, audit writing, execution modes, and statements that
change a store.

Names are judged as code, by their words: ``validate_license(`` is a finding, ``license_text`` and the sentence
"validate the license" are not.
Statements are judged by their shape: ``DELETE FROM x WHERE y = 1`` is one, "delete from the list where possible" is
prose.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_LICENCE: Final = frozenset(("license", "licence", "licensing", "licencing"))
_JUDGING: Final = frozenset(
    """
        validate verify check activate issue revoke renew enforce authorize authorise unlock register
        deactivate require sign mint grant load is has
    """.split()
)
_LICENCE_NOUNS: Final = frozenset(
    "key manager validator server token checker guard gate enforcer verifier client service".split()
)
_LICENCE_STATES: Final = frozenset("valid active expired activated licensed ok".split())
_LICENCE_TEXT: Final = frozenset(
    """
        header headers text file files spdx notice identifier identifiers expression expressions classifier
        classifiers url path name headings plate metadata field required
    """.split()
)
_AUDIT_VERBS: Final = frozenset(
    "write append record log emit insert store add persist commit save seal push put sign send create".split()
)
_AUDIT_NOUNS: Final = frozenset("writer logger recorder appender sink sequencer store".split())
_AUDIT_READ: Final = frozenset("verify read parse check load export show list text docs url name".split())
_MODE_NAME: Final = re.compile(r"(^|_)(mode|modes)(_|$)", re.IGNORECASE)
_MODES: Final = frozenset(
    ("approval", "autonomous", "auto_execute", "execute", "execution", "supervised", "enforcing", "enforce")
)
_PLAIN_MODES: Final = frozenset(("approval", "autonomous", "execution", "auto_execute"))

_NAME = r"[`\"\[\w.¤$:{}]+[`\"\]]?"
_START = r"(?:^|;|\n|\)|\*/|--[^\n]*\n)\s*(?:EXPLAIN\s+(?:ANALYZE\s+)?)?"
_SQL: Final = rf"""{_START}(?:
      INSERT\s+(?:OR\s+\w+\s+)?(?:IGNORE\s+)?INTO\s+{_NAME}\s*(?:\(|\bVALUES\b|\bSELECT\b|\bDEFAULT\b)
    | REPLACE\s+INTO\s+{_NAME}\s*(?:\(|\bVALUES\b|\bSELECT\b)
    | UPDATE\s+(?:ONLY\s+)?{_NAME}(?:\s+(?:AS\s+)?\w+)?\s+SET\s+{_NAME}\s*=
    | DELETE\s+FROM\s+{_NAME}\s*(?:;|$|(?:AS\s+\w+\s+)?WHERE\s+[^\s]+\s*(?:=|<|>|!|~|\bIN\s*\(|\bLIKE\s|\bIS
      \s+(?:NOT\s+)?NULL|\bBETWEEN\s)|WHERE\s+(?:¤|TRUE|1\b|EXISTS)|RETURNING\s|USING\s)
    | CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMP(?:ORARY)?\s+|UNLOGGED\s+|GLOBAL\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS
      \s+)?{_NAME}\s*(?:\(|\bAS\s+SELECT\b)
    | CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?:CONCURRENTLY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?(?:{_NAME}\s+)?ON\s+{_NAME}
      \s*(?:\(|USING)
    | CREATE\s+(?:OR\s+REPLACE\s+)?(?:MATERIALIZED\s+)?VIEW\s+{_NAME}\s+AS\s+SELECT
    | CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE|TRIGGER)\s+{_NAME}\s*(?:\(|BEFORE|AFTER)
    | CREATE\s+(?:ROLE|USER|DATABASE|SCHEMA|EXTENSION|SEQUENCE)\s+(?:IF\s+NOT\s+EXISTS\s+)?{_NAME}
      \s*(?:;|$|WITH\b|AUTHORIZATION\b)
    | DROP\s+(?:TABLE|DATABASE|SCHEMA|INDEX|VIEW|ROLE|USER|FUNCTION|TRIGGER|MATERIALIZED\s+VIEW)\s+(?:IF
      \s+EXISTS\s+)?{_NAME}\s*(?:;|$|CASCADE\b|RESTRICT\b|,)
    | ALTER\s+(?:TABLE|DATABASE|SCHEMA|ROLE|USER|SYSTEM)\s+(?:IF\s+EXISTS\s+)?{_NAME}
      \s+(?:ADD|DROP|ALTER|RENAME|SET|OWNER|WITH|ENABLE|DISABLE)\s
    | TRUNCATE\s+(?:TABLE\s+){_NAME}\s*(?:;|$|CASCADE\b|RESTART\b|,)
    | TRUNCATE\s+{_NAME}\s*(?:;|$|CASCADE\b)
    | COPY\s+{_NAME}\s*(?:\([^)]*\)\s*)?(?:FROM|TO)\s+(?:PROGRAM|STDIN|STDOUT|')
    | GRANT\s+[\w\s,]+\s+ON\s+(?:TABLE\s+|ALL\s+\w+\s+IN\s+SCHEMA\s+)?{_NAME}\s+TO\s
    | REVOKE\s+[\w\s,]+\s+ON\s+{_NAME}\s+FROM\s
    | ATTACH\s+DATABASE\s+['¤?]
    | MERGE\s+INTO\s+{_NAME}\s+(?:AS\s+\w+\s+|\w+\s+)?USING\s
    | WITH\s+\w+\s+AS\s+\(.*\)\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s
    )"""
_CYPHER: Final = r"""(?:^|;|\n|\}|\))\s*(?:
      (?:MERGE|CREATE)\s*\(\s*[\w¤]*\s*(?::\s*[`\w¤|:]+|\{|\)\s*(?:-|<-|SET\b|RETURN\b|ON\s+(?:CREATE|MATCH)))
    | (?:OPTIONAL\s+)?MATCH\s*(?:\w+\s*=\s*)?\(\s*[\w¤]*\s*(?::|\{|\)).*?\b(?:SET\s+\w+(?:[.:][\w¤]+)*
      \s*\+?=|SET\s+\w+:\w|DETACH\s+DELETE\s|DELETE\s+\w+\s*(?:;|$|,)|REMOVE\s+\w+[.:]\w|MERGE\s*\(|CREATE\s*\()
    | (?:DETACH\s+DELETE)\s+\w+\s*(?:;|$|,)
    | UNWIND\s+[^\n]+?\s+AS\s+\w+\s+.*?\b(?:MERGE|CREATE|MATCH)\s*\(
    | LOAD\s+CSV\s+(?:WITH\s+HEADERS\s+)?FROM\s
    | (?:CREATE|DROP)\s+(?:CONSTRAINT|(?:VECTOR\s+|FULLTEXT\s+|RANGE\s+)?INDEX)\s+[\w¤]*\s*(?:IF\s+(?:NOT
      \s+)?EXISTS\s*)?(?:FOR|ON|$|;)
    | CALL\s+(?:apoc|dbms|db\.index|db\.create)[.\w]*\s*\(
    | FOREACH\s*\(\s*\w+\s+IN\s
    )"""
_KEYWORDS: Final = re.compile(
    r"insert|update|delete|create|drop|alter|truncate|merge|copy|grant|revoke|attach|load\s+csv|call\s|foreach|replace",
    re.IGNORECASE,
)


@lru_cache(maxsize=20_000)
def words(name: str) -> tuple[str, ...]:
    """The words of an identifier, lower case: ``validateLicenseKey`` → validate, license, key."""
    return tuple(word.lower() for word in _WORDS.findall(name))


@lru_cache(maxsize=20_000)
def licence_symbol(name: str) -> bool:
    """Whether a function, class or parameter of that name judges licences."""
    parts = words(name)
    if not _LICENCE & set(parts) or _LICENCE_TEXT & set(parts):
        return False
    if len(parts) == 1:
        return False
    at = next(i for i, word in enumerate(parts) if word in _LICENCE)
    after = parts[at + 1 :]
    before = parts[:at]
    if before and before[0] in {"is", "has", "load"}:
        return bool(set(after) & (_LICENCE_STATES | {"key", "token"}))
    return (
        bool(set(before) & _JUDGING)
        or bool(set(after) & _LICENCE_NOUNS)
        or bool(set(before) & {"valid", "invalid"} and after[:1] == ("error",))
    )


@lru_cache(maxsize=20_000)
def audit_symbol(name: str) -> bool:
    """Whether a function or class of that name writes audit records."""
    parts = words(name)
    if "audit" not in parts and "audits" not in parts:
        return False
    if parts[0] in _AUDIT_READ:
        return False
    rest = [word for word in parts if word not in {"audit", "audits"}]
    if rest and rest[0] == "log" and parts[0] in {"audit", "audits"}:
        rest = rest[1:]
    return bool(set(rest) & (_AUDIT_VERBS | _AUDIT_NOUNS))


def audited(name: str) -> bool:
    """Whether a call of ``name``, or of any of its methods, may write an audit record."""
    return audit_symbol(name) or audit_receiver(name, "write")


def audit_receiver(name: str, method: str) -> bool:
    """Whether ``name.method(…)`` writes to an audit log: ``audit_log.append``."""
    parts = words(name)
    if "audit" not in parts or parts[-1] not in {
        "audit",
        "log",
        "trail",
        "writer",
        "sink",
        "store",
        "journal",
        "ledger",
        "chain",
        "tree",
        "logger",
    }:
        return False
    return words(method)[:1] != () and words(method)[0] in _AUDIT_VERBS


def mode_name(name: str) -> bool:
    """Whether a variable, parameter or key of that name holds an execution mode: ``mode``, ``mcp_mode``,
    ``MCP_MODES_ALLOWED``."""
    return _MODE_NAME.search(name) is not None and len(words(name)) < 5


def executing_mode(value: str) -> bool:
    """Whether the text is a mode in which something is executed."""
    return value.strip().lower() in _PLAIN_MODES


def mode_member(owner: str, member: str) -> bool:
    """Whether ``Owner.MEMBER`` is such a mode: ``MCPMode.APPROVAL``."""
    return owner.endswith(("Mode", "Modes")) and member.lower() in _MODES


def statement(text: str) -> str | None:
    """The rule that a statement in ``text`` breaks, or None where there is no statement that changes a store."""
    if len(text) < 10 or not _KEYWORDS.search(text):
        return None
    text = text.strip()
    cypher, sql = _statements()
    return "CYPHER-WRITE" if cypher.search(text) else "SQL-WRITE" if sql.search(text) else None


@cache
def _statements() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The two patterns, made when the first text needs them."""
    flags = re.IGNORECASE | re.VERBOSE | re.DOTALL
    return re.compile(_CYPHER, flags), re.compile(_SQL, flags)
