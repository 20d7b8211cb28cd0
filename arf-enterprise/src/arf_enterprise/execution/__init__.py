# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Carrying an intent out: one durable run, in numbered steps."""
