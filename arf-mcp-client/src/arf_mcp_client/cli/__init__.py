# SPDX-License-Identifier: Apache-2.0
"""The ``arf-mcp`` command."""
