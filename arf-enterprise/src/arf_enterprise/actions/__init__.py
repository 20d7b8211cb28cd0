# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Adapters: the only modules that touch the world, one class a way of changing it."""
