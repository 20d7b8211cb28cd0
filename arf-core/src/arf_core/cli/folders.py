# SPDX-License-Identifier: Apache-2.0
"""Reading a whole folder into memory: plain files only, and no more than an archive may have."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from arf_core.errors import ArchiveError, InputError, TooLargeError
from arf_core.verify.archive_form import MAX_BYTES, MAX_ENTRIES

MAX_DEPTH: Final = 16


def read_folder(folder: Path) -> dict[str, bytes]:
    """The files below ``folder``: content by name, relative and with ``/``.

    Raises:
        ArchiveError: something below it is neither a plain file nor a folder; a link is never followed.
        TooLargeError: more files or bytes than an archive may have.
        InputError: it cannot be read.
    """
    found: dict[str, bytes] = {}
    room = MAX_BYTES
    try:
        for file in _files(folder):
            with os.fdopen(os.open(file, _FLAGS), "rb") as opened:
                content = opened.read(room + 1)
            room -= len(content)
            found[file.relative_to(folder).as_posix()] = content
            if room < 0 or len(found) > MAX_ENTRIES:
                raise TooLargeError(f"{folder} has more than {MAX_ENTRIES} files, or {MAX_BYTES} bytes")
    except OSError as error:
        raise InputError(f"{error.filename or folder} cannot be read: {error.strerror}") from error
    return found


def _files(folder: Path, room: int = MAX_DEPTH) -> Iterator[Path]:
    if not room:
        raise ArchiveError(f"{folder} is nested more than {MAX_DEPTH} folders deep")
    with os.scandir(folder) as entries:
        listed = sorted(islice(entries, MAX_ENTRIES + 1), key=lambda entry: entry.name)
    if len(listed) > MAX_ENTRIES:
        raise TooLargeError(f"{folder} has more than {MAX_ENTRIES} files")
    for entry in listed:
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISDIR(mode):
            yield from _files(Path(entry.path), room - 1)
        elif stat.S_ISREG(mode):
            yield Path(entry.path)
        else:
            raise ArchiveError(f"{entry.path!r} is a link, device, pipe or socket: a pack has plain files only")


# Not a link that something has become since it was listed, and no waiting for a pipe.
_FLAGS: Final = os.O_RDONLY | (os.O_NOFOLLOW | os.O_NONBLOCK if os.name == "posix" else 0)
