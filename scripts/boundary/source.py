# SPDX-License-Identifier: Apache-2.0
"""Scans one Python file: the bytes go to ``ast.parse``, which honours the byte order mark and the PEP 263 cookie, and
what ``gate`` cannot clear is walked, evaluated and judged. What does not parse is refused."""

from __future__ import annotations

from dataclasses import replace

from boundary.gate import Text
from boundary.grants import NOTHING, Grant
from boundary.judge import judge
from boundary.rules import Finding
from boundary.tree import Tree, parse


def scan_source(
    data: bytes,
    path: str,
    name: str,
    tree: Tree,
    *,
    file: str = "",
    text: Text | None = None,
    grant: Grant = NOTHING,
) -> list[Finding]:
    """The findings in one source file. ``path`` is what is reported, ``name`` the module's dotted name, ``file``
    where it lies, ``grant`` what it may use."""
    file = file or path
    try:
        text = text or Text(data)
        if grant.members:
            hints = replace(text.hints(), dynamic=True, spaces=True, latent=True, system=True, dull=frozenset())
            return judge(tree.add(name, file, parse(data), text, hints), path, grant)
        if not tree.needs_look(name, text):
            return []
        return judge(tree.loaded(name, file) or tree.add(name, file, parse(data), text), path)
    except (RecursionError, MemoryError):
        return [Finding(path, 1, 1, "DEEP", "an expression too deep or too long to read")]
    except SyntaxError as error:
        rule = "DEEP" if "too many nested" in str(error) or "parser stack" in str(error) else "SYNTAX"
        return [Finding(path, error.lineno or 1, (error.offset or 0) + 1, rule, str(error.msg))]
    except (ValueError, UnicodeError, LookupError) as error:
        if isinstance(error, (KeyError, IndexError)):
            raise
        return [Finding(path, 1, 1, "SYNTAX", str(error))]
