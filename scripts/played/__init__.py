# SPDX-License-Identifier: Apache-2.0
"""Servers that tests play: real sockets and real HTTP, with answers and faults on demand."""
