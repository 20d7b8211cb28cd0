# SPDX-License-Identifier: Apache-2.0
"""The one mode of the open edition. There is no other to choose, and no way to add one."""

from __future__ import annotations

from enum import StrEnum
from typing import NoReturn

from arf_mcp_client.errors import ModeError


class MCPMode(StrEnum):
    """How a client behaves: it advises.

    Raises:
        ModeError: made from the name of any other mode.
    """

    ADVISORY = "advisory"

    @classmethod
    def _missing_(cls, value: object) -> NoReturn:
        raise ModeError(f"the mode is {str(value)[:80]!r}: the open edition has 'advisory' only")


class Advisory(type):
    """The class of classes whose ``MODE`` and ``mode`` cannot be set, nor be named anew in a subclass."""

    def __new__(cls, name: str, bases: tuple[type, ...], members: dict[str, object]) -> Advisory:
        """Make the class, unless it is a subclass that names a mode of its own."""
        if bases and (named := _SEALED & set(members)):
            raise ModeError(
                f"{name} cannot name a {min(named)} of its own: the client advises, and so do its subclasses"
            )
        return super().__new__(cls, name, bases, members)

    def __setattr__(cls, name: str, value: object) -> None:
        if name in _SEALED:
            raise ModeError(f"{cls.__name__}.{name} cannot be set: the open edition has 'advisory' only")
        super().__setattr__(name, value)

    def __delattr__(cls, name: str) -> None:
        if name in _SEALED:
            raise ModeError(f"{cls.__name__}.{name} cannot be deleted: the open edition has 'advisory' only")
        super().__delattr__(name)


_SEALED = frozenset({"MODE", "mode"})
