# SPDX-License-Identifier: Apache-2.0
"""What ``scripts/crash_matrix.py`` does: kill a server, Postgres or the target at every step of a run, and look."""
