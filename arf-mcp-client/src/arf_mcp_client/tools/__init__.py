# SPDX-License-Identifier: Apache-2.0
"""The tools of the advisory server: what they take, what they answer, and how they are registered."""
