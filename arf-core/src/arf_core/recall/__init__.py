# SPDX-License-Identifier: Apache-2.0
"""Finds what resembled it before: a deterministic embedding, the capped memory, and its pattern statistics."""
