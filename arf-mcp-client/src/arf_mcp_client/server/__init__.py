# SPDX-License-Identifier: Apache-2.0
"""The advisory MCP server: what it is made of, and how it listens. It never connects anywhere."""
