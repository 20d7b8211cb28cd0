# SPDX-License-Identifier: Apache-2.0
"""Settings of hypothesis: no deadlines (machines are noisy), and no example database in the repository."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("arf", deadline=None, database=None)
settings.load_profile("arf")
