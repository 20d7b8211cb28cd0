# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Named Cypher: every statement stands in a ``.cypher`` file, described, and is never put together from pieces.

::

    // put_incidents //
    // Incidents as their latest documents say …
    UNWIND $rows AS row …

The files have the form of the SQL ones, and are read by the same parser. Values are parameters, ``$name``. Every
statement names its tenant as ``$tenant``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from arf_enterprise.stores.postgres.queries import Query, parse


@cache
def statements() -> Mapping[str, Query]:
    """Every statement of the package, by name.

    Raises:
        ValueError: two have one name, or one has no description.
    """
    return _named("queries")


@cache
def migrations() -> Mapping[str, tuple[Query, ...]]:
    """The statements of each migration, by its name, in order; each can be run again."""
    folder = files(__package__) / "migrations"
    found = sorted(folder.iterdir(), key=lambda entry: entry.name)
    return {
        file.name.removesuffix(".cypher"): tuple(parse(file.read_text(encoding="utf-8"), comment="//"))
        for file in found
        if file.name.endswith(".cypher")
    }


@cache
def schema_digest() -> str:
    """What pins the migrations of this program."""
    texts = "\n".join(f"{name}\n{query.text}" for name, steps in migrations().items() for query in steps)
    return "sha256:" + hashlib.sha256(texts.encode()).hexdigest()


def _named(folder: str) -> Mapping[str, Query]:
    found: dict[str, Query] = {}
    for file in sorted((files(__package__) / folder).iterdir(), key=lambda entry: entry.name):
        for query in parse(file.read_text(encoding="utf-8"), comment="//"):
            if query.name in found:
                raise ValueError(f"two statements are called {query.name}")
            found[query.name] = query
    return found
