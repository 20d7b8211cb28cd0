# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Releases as folders beside each other, and the link that names the one in use.

1. The releases are the folders directly below ``folder``, in the order of their names, with numbers as numbers (r9 is
   before r10): the previous one is the last before the one in use.
2. The link is replaced at once, and only what it was when somebody looked: the text of it comes back exactly.
3. The name of a release is the name of one such folder: nothing that leads elsewhere.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from arf_enterprise.actions.marks import sync_folder
from arf_enterprise.errors import ActionImpossible, TargetMoved


@dataclass(frozen=True, slots=True, kw_only=True)
class Releases:
    """The releases in ``folder`` and the ``link`` to one of them."""

    link: Path
    folder: Path

    def text(self) -> str | None:
        """What the link says, None if there is none."""
        try:
            return os.readlink(self.link)  # noqa: PTH115 - the text as it is, which Path would rewrite
        except OSError:
            return None

    def names(self) -> tuple[str, ...]:
        """The releases, oldest first (rule 1).

        Raises:
            ActionImpossible: the folder cannot be read.
        """
        try:
            found = [entry.name for entry in os.scandir(self.folder) if entry.is_dir(follow_symlinks=False)]
        except OSError as error:
            raise ActionImpossible(f"the releases in {self.folder} cannot be read: {error.strerror}") from error
        return tuple(sorted((name for name in found if not name.startswith(".")), key=_natural))

    def name(self, text: str) -> str:
        """The release that the link names by ``text``.

        Raises:
            ActionImpossible: it leads elsewhere (rule 3).
        """
        place = Path(os.path.normpath(self.link.parent / text))
        if place.parent.resolve() != self.folder.resolve() or place.name not in self.names():
            raise ActionImpossible(f"{self.link} leads to {text}, which is no release in {self.folder}")
        return place.name

    def wanted(self, current: str, revision: str, *, is_forced: bool) -> str:
        """The release meant by ``revision``: a name, or ``previous``.

        Raises:
            ActionImpossible: there is none, it is in use, or it is newer and nobody forces it.
        """
        names = self.names()
        older = names[: names.index(current)]
        if revision == "previous":
            if not older:
                raise ActionImpossible(f"{current} is the oldest release in {self.folder}: there is none before it")
            return older[-1]
        if revision not in names:
            raise ActionImpossible(f"{revision!r} is no release in {self.folder}: it has {', '.join(names)[:300]}")
        if revision == current:
            raise ActionImpossible(f"{current} is in use already")
        if revision not in older and not is_forced:
            raise ActionImpossible(f"{revision} is newer than {current}: that is no rollback unless force is true")
        return revision

    def switch(self, before: str, after: str) -> None:
        """Make the link say ``after``, if it says ``before``; nothing is done if it says ``after`` already.

        Raises:
            TargetMoved: it says something else (rule 2).
            OSError: this user may not, or the disk does not take it.
        """
        now = self.text()
        if now == after:
            return
        if now != before:
            raise TargetMoved(f"{self.link} leads to {now}: it was planned for {before}")
        fresh = self.link.with_name(f".{self.link.name}.arf")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(after)
        fresh.replace(self.link)
        sync_folder(self.link.parent)


def _natural(name: str) -> tuple[tuple[int, int, str], ...]:
    parts = re.findall(r"[0-9]+|[^0-9]+", name)
    return tuple((0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts)
