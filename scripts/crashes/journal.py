# SPDX-License-Identifier: Apache-2.0
"""What the processes note of what they did, in files that outlive them; and what all of them share."""

from __future__ import annotations

from pathlib import Path
from typing import Final

TENANT: Final = "default"
PASSPHRASE: Final = b"of a test"


def note(folder: Path, name: str, words: list[str]) -> None:
    """Add ``words`` to the journal ``name``: they are in the file when this returns."""
    with (folder / "journal" / name).open("ab", buffering=0) as journal:
        journal.write("".join(f"{word}\n" for word in words).encode())


def noted(folder: Path, outcome: str) -> set[str]:
    """Every word of the journals of ``outcome``."""
    files = (folder / "journal").glob(f"{outcome}.*")
    return {line for file in files for line in file.read_text().splitlines()}
