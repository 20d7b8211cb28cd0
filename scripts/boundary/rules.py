# SPDX-License-Identifier: Apache-2.0
"""Every rule of the boundary: its id, why it exists, and how a finding is mended. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; ``reason`` says what the finding makes possible, ``mend`` what to do instead."""

    id: str
    reason: str
    mend: str


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A violation at a place; ``expression`` is the exact source text an allow-list entry must repeat."""

    path: str
    line: int
    column: int
    rule: str
    what: str
    expression: str = ""


_ADVISE: Final = "let the open edition advise: put the step into a HealingIntent and leave acting to arf_enterprise"
_CONSTANT: Final = "name the module or member in the source, or give an allow-list entry with reason and owner"

RULES: Final[dict[str, Rule]] = {
    rule.id: rule
    for rule in (
        Rule("PROCESS", "it can start, fork or signal a process", _ADVISE),
        Rule("NETWORK", "it can open an outgoing connection", "take the data as an argument; the caller fetches it"),
        Rule("LISTEN", "it opens a listening socket", "keep it in the declared server module and allow-list it there"),
        Rule("DATABASE", "it reaches a database, graph or queue", "receive a store through arf_core.seams"),
        Rule("ORCHESTRATE", "it drives other machines or services", _ADVISE),
        Rule("ENTERPRISE", "the open edition must not know Enterprise", "meet only in sealed intent JSON"),
        Rule(
            "NATIVE",
            "native code gets round every check of Python",
            "use numpy or faiss through their public functions",
        ),
        Rule("DYN-CODE", "text or bytes become running code", "write the code as code; use CEL for conditions"),
        Rule("DYN-IMPORT", "a module is chosen while the program runs", _CONSTANT),
        Rule("DYN-UNPICKLE", "reading this format runs what it contains", "use JSON through arf_core.strict_json"),
        Rule("DYN-GRAPH", "walking Python's own objects reaches every module", "hold the value you need by name"),
        Rule(
            "DYN-SYSTEM",
            "changing the import system decides what code runs",
            "leave sys.modules, sys.path and the hooks alone",
        ),
        Rule("UNDECIDED", "which member of a module is meant cannot be decided from the source", _CONSTANT),
        Rule(
            "SQL-WRITE", "a statement that changes a database reaches a call", "stores belong to arf_enterprise.stores"
        ),
        Rule(
            "CYPHER-WRITE", "a statement that changes a graph reaches a call", "stores belong to arf_enterprise.stores"
        ),
        Rule("MODE", "it names a mode in which something is executed", "the open edition has one mode: 'advisory'"),
        Rule(
            "LICENCE",
            "licences are judged in Enterprise only",
            "say what needs a licence with FeatureRequiresEnterpriseError",
        ),
        Rule("AUDIT", "the audit log is written in Enterprise only", "verify records with arf_core.verify; write none"),
        Rule("LIMIT", "the sealed limits of the open edition are touched", "leave arf_core.constants as it is"),
        Rule("SIGN", "it makes or uses a private key", "verify with the public key; arf_enterprise signs"),
        Rule(
            "FILES",
            "it hands files of the machine to whoever asks the server",
            "answer from memory; read package data with importlib.resources",
        ),
        Rule("SYNTAX", "what cannot be parsed cannot be proven", "mend the syntax or the declared encoding"),
        Rule("DEEP", "the expression is too deep or too long to be read", "split it into named parts"),
        Rule("CARRIER", "a data file that is code", "ship data as JSON, YAML or text; code as .py in the package"),
        Rule(
            "START-UP",
            "Python runs this file by itself when it starts",
            "remove it: importing does nothing, starting neither",
        ),
        Rule("CONFTEST", "pytest runs a conftest.py wherever it finds one", "keep tests out of the wheel"),
        Rule("BUILD", "building or installing runs code", "use a plain build backend without hooks"),
        Rule(
            "ENTRY",
            "an entry point names execution, other people's code or a plug-in of a tool",
            "list only the CLI of this package",
        ),
        Rule("REQUIRES", "a requirement pulls a capability in", "keep it in arf-enterprise"),
        Rule("OUTSIDE", "a wheel may carry its own package and nothing else", "build from the tree with hatchling"),
        Rule("RECORD", "the wheel's RECORD does not describe its files", "build the wheel again; do not edit it"),
        Rule("DIFFERS", "the wheel is not what the source tree builds", "build it from this tree"),
        Rule("ALLOW-STALE", "an allow-list entry matches nothing", "remove the entry"),
        Rule(
            "ALLOW-BARE", "an allow-list entry lacks its path, rule, expression, reason or owner", "complete the entry"
        ),
    )
}
