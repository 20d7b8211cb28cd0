# SPDX-License-Identifier: Apache-2.0
"""``python -m arf_mcp_client.cli`` is ``arf-mcp``."""

from arf_mcp_client.cli.main import main

main()
