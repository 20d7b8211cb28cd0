# SPDX-License-Identifier: Apache-2.0
"""Verifies artifacts offline. It reads everything and signs nothing."""
