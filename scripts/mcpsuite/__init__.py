# SPDX-License-Identifier: Apache-2.0
"""What is held against the MCP server from outside: the public conformance suites, the Inspector, and its speed."""
