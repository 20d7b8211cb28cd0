# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The command ``arf-enterprise``."""
