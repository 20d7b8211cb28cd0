# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Where Enterprise keeps its records."""
