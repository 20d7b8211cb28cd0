# SPDX-License-Identifier: Apache-2.0
"""The server that a contract runs against: a played one, or a real one by its address."""

from __future__ import annotations

from dataclasses import dataclass

from played.enterprise import PlayedEnterprise


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Its address and token; ``played`` is None where it is a real one."""

    url: str
    token: str
    played: PlayedEnterprise | None
