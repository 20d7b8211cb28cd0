# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Named SQL queries: every statement stands in a ``.sql`` file, described, and is never put together from pieces.

::

    -- append_entry --
    -- One audit entry, in the transaction of the change it describes.
    INSERT INTO audit_entry …

Parameters are psycopg's named ones, ``%(name)s``. The form of the files is procrastinate's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, LiteralString

_SQL: Final = "--"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One statement: its name, what it is for, and its text."""

    name: str
    description: str
    text: LiteralString


@cache
def queries() -> Mapping[str, Query]:
    """Every query of the package, by name.

    Raises:
        ValueError: two have one name, or one has no description.
    """
    found: dict[str, Query] = {}
    for file in sorted((files(__package__) / "queries").iterdir(), key=lambda entry: entry.name):
        for query in parse(file.read_text(encoding="utf-8")):
            if query.name in found:
                raise ValueError(f"two queries are called {query.name}")
            found[query.name] = query
    return found


def parse(text: str, *, comment: str = _SQL) -> Iterator[Query]:
    """The queries of one file, in order; ``comment`` begins a comment in its language."""
    parts = re.split(rf"^{comment} (\w+) {comment}$", text, flags=re.MULTILINE)
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        lines = body.strip().splitlines()
        said = [line[3:] for line in lines if line.startswith(f"{comment} ")]
        statement = "\n".join(line for line in lines if not line.startswith(comment)).strip()
        if not said or not statement:
            raise ValueError(f"the query {name} has no description, or no statement")
        # Package data, not input: the one place where text becomes a statement.
        yield Query(name=name, description=" ".join(said), text=statement)
