# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""ARF Enterprise: carries sealed intents out, under licence, policy, approval, rehearsed rollback, verified health.

Importing this module loads nothing else: each public name loads when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arf_enterprise.version import __version__

if TYPE_CHECKING:
    from arf_enterprise.errors import LicenseError
    from arf_enterprise.server.mcp import EnterpriseMCPServer, create_enterprise_mcp_server

__all__ = ["EnterpriseMCPServer", "LicenseError", "__version__", "create_enterprise_mcp_server"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "LicenseError":
        from arf_enterprise import errors

        return errors.LicenseError
    from arf_enterprise.server import mcp

    return getattr(mcp, name)
