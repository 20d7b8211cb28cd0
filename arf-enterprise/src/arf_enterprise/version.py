# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The version of the distribution: the same number in all three, see ``scripts/check``."""

__version__ = "0.1.0"
