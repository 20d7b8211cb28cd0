# SPDX-License-Identifier: Apache-2.0
"""The token that an Enterprise server asks for: kept out of every text this package makes.

It is in no ``repr``, no message, no log, no file and no chain of exceptions; it leaves only in the header
``Authorization``. It is taken from a file or from the environment, never from an argument of a command, which every
process of the machine could read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn

from arf_mcp_client.errors import HandOffError

VARIABLE: Final = "ARF_ENTERPRISE_TOKEN"
"""The environment variable that may hold the token."""

MAX_TOKEN: Final = 8 * 1024
"""The longest token, in characters."""

SHORTEST_HIDDEN: Final = 8
"""From how many characters on a token is looked for in what a server answers: shorter ones are found in any text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A bearer token.

    Raises:
        HandOffError: it is empty, too long, or has other characters than a header can carry; the message lacks it.
    """

    token: str = field(repr=False)

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.token):
            raise HandOffError(
                f"the token must be 1 to {MAX_TOKEN} visible ASCII characters without blanks: check where it is kept"
            )

    @classmethod
    def from_file(cls, file: Path) -> Credentials:
        """The token in ``file``, on a line of its own.

        Raises:
            HandOffError: the file cannot be read, or holds no token.
        """
        try:
            with file.open("rb") as opened:
                data = opened.read(MAX_TOKEN + 2)
        except OSError as error:
            raise HandOffError(f"the credentials file {file} cannot be read: {error.strerror}") from None
        return cls(token=data.decode("ascii", "replace").strip())

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Credentials:
        """The token in the variable :data:`VARIABLE` of ``environment``.

        Raises:
            HandOffError: it is not set, or holds no token.
        """
        if not (token := environment.get(VARIABLE, "").strip()):
            raise HandOffError(f"no credentials: set {VARIABLE}, or name a file with --credentials-file")
        return cls(token=token)

    def hidden_in(self, data: bytes) -> bytes:
        """``data`` without the token: what a server sends back is shown and kept."""
        if len(self.token) < SHORTEST_HIDDEN:
            return data
        for spelling in {self.token, self.token.replace("/", "\\/")}:
            data = data.replace(spelling.encode("ascii"), b"[credentials]")
        return data

    def __reduce__(self) -> NoReturn:
        raise TypeError("Credentials are not written anywhere")


def credentials_of(given: Credentials | str) -> Credentials:
    """``given`` as :class:`Credentials`; a string is the token itself."""
    return given if isinstance(given, Credentials) else Credentials(token=given)


_TOKEN: Final = re.compile(f"[!-~]{{1,{MAX_TOKEN}}}")
