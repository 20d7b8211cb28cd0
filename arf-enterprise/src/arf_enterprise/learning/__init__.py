# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What verified outcomes teach."""
