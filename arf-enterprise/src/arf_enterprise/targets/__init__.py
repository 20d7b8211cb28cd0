# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What ARF may change: components, the ways to them, and how their health is told."""
