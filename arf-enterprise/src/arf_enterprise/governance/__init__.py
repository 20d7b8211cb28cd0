# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Whether an intent may be carried out, by whom it must be approved, and what stops it."""
