# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Looking after an installation: what is wrong with it, and whether it may go to production."""
