# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What scripts/learning_simulation.py plays: worlds whose truth is known, and who learns in them."""
