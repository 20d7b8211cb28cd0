# SPDX-License-Identifier: Apache-2.0
"""Finds where it began: robust change per metric, the walk along calls, and the ranking."""
