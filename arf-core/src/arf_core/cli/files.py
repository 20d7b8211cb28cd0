# SPDX-License-Identifier: Apache-2.0
"""Reading inputs and writing outputs for the commands: bounded, and never half a file."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from arf_core.errors import FormatError, InputError

MAX_INPUT: Final = 512 * 1024 * 1024
"""How many bytes a command reads at most."""


def read_input(source: str) -> bytes:
    """The bytes of the file ``source``, or of standard input for ``-``.

    Raises:
        InputError: there is no such file, it cannot be read, or it is larger than :data:`MAX_INPUT`.
    """
    try:
        if source == "-":
            data = sys.stdin.buffer.read(MAX_INPUT + 1)
        else:
            with Path(source).open("rb") as file:
                data = file.read(MAX_INPUT + 1)
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}") from error
    if len(data) > MAX_INPUT:
        raise FormatError(f"{source} is larger than {MAX_INPUT // 2**20} MiB: split it")
    return data


def read_text(file: Path) -> str:
    """The UTF-8 text of ``file``.

    Raises:
        InputError: as :func:`read_input`, or it is not UTF-8.
    """
    try:
        return read_input(str(file)).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"{file} is not UTF-8: offset {error.start}") from error


def write_output(file: Path, data: bytes) -> None:
    """Write ``data`` to ``file`` as a whole: a reader sees the old content or the new, never a part.

    Raises:
        InputError: the folder is not there or may not be written.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=file.parent, prefix=f".{file.name}.", delete=False) as part:
            part.write(data)
        Path(part.name).chmod(0o666 & ~_umask())
        Path(part.name).replace(file)
    except OSError as error:
        raise InputError(f"{file} cannot be written: {error.strerror}") from error


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
