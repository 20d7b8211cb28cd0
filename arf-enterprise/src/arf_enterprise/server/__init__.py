# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What listens: REST, and MCP."""
