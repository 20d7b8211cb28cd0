# SPDX-License-Identifier: Apache-2.0
"""Reads what people already have: one foreign shape a module, events and windows out."""
