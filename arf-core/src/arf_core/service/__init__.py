# SPDX-License-Identifier: Apache-2.0
"""The advisor as something that goes on: what the servers of the open edition share."""

from __future__ import annotations

from arf_core.service.advising import AdviceService, KnownIncident

__all__ = ["AdviceService", "KnownIncident"]
