# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Policy files as the commands read them: bounded, UTF-8, and with every complaint at its place."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from arf_enterprise.governance.rules import GovernancePolicy

PolicyFile = Annotated[
    Path, typer.Argument(help="A governance policy, in YAML (docs/governance.md); - is standard input.")
]
TenantOption = Annotated[str, typer.Option(help="Whose policy.")]


def read_policy(file: Path) -> GovernancePolicy:
    """The policy in ``file``.

    Raises:
        RequestError: it cannot be read, or has mistakes.
    """
    from arf_enterprise.governance.store import read_policy as read

    return read(read_text(file), file=str(file))


def read_text(file: Path) -> str:
    """The text of ``file``, no more of it than any policy has.

    Raises:
        RequestError: it cannot be read, or is not UTF-8.
    """
    from arf_core.policy.document import MAX_TEXT
    from arf_enterprise.errors import RequestError

    try:
        return read_bytes(file, most=4 * MAX_TEXT).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(f"{file} is not UTF-8 text, or larger than any policy") from error


def read_bytes(file: Path, *, most: int) -> bytes:
    """The content of ``file``, at most ``most`` bytes and one; ``-`` is standard input.

    Raises:
        RequestError: it cannot be read.
    """
    from arf_enterprise.errors import RequestError

    try:
        if str(file) == "-":
            return sys.stdin.buffer.read(most + 1)
        with file.open("rb") as opened:
            return opened.read(most + 1)
    except OSError as error:
        raise RequestError(f"{file} cannot be read: {error.strerror}") from error
