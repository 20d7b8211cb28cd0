# SPDX-License-Identifier: Apache-2.0
"""The names the older single package had, kept where the open edition can keep them."""

from __future__ import annotations

import warnings
from typing import NoReturn

from arf_core.capabilities import ENTERPRISE_FEATURES
from arf_core.constants import MCP_MODES_ALLOWED
from arf_core.errors import DependencyError, FeatureRequiresEnterpriseError

__all__ = ["CompatibilityLayer", "FeatureRequiresEnterpriseError", "check_enterprise_feature", "create_mcp_client"]


def create_mcp_client() -> NoReturn:
    """Say how to get the advisory MCP client, which is a package of its own and depends on this one.

    Raises:
        DependencyError: always; the message has the command. ``arf_mcp_client.OSSMCPClient`` is the client.
    """
    warnings.warn("The open edition has the advisory mode only.", UserWarning, stacklevel=2)
    raise DependencyError(
        "the advisory MCP client is the package arf-mcp-client: `pip install arf-mcp-client`, "
        "then `from arf_mcp_client import OSSMCPClient`"
    )


def check_enterprise_feature(feature_name: str, current_mode: str = "advisory") -> None:
    """Return if the open edition has ``feature_name``.

    Raises:
        FeatureRequiresEnterpriseError: the feature, or ``current_mode``, is one that only Enterprise has.
    """
    required = ENTERPRISE_FEATURES.get(feature_name)
    if required is not None:
        raise FeatureRequiresEnterpriseError(feature_name, required)
    if current_mode not in MCP_MODES_ALLOWED:
        raise FeatureRequiresEnterpriseError(feature_name, current_mode)


class CompatibilityLayer:
    """The two functions above under the class name of the older package."""

    create_mcp_client = staticmethod(create_mcp_client)
    check_enterprise_feature = staticmethod(check_enterprise_feature)
