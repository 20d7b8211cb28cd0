# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""ARF Enterprise: carries sealed intents out, under licence, policy, approval, rehearsed rollback, verified health."""

from __future__ import annotations

from arf_enterprise.version import __version__

__all__ = ["__version__"]
