# SPDX-License-Identifier: Apache-2.0
"""The version of this distribution: the same as arf-core's."""

__version__ = "0.1.0"
