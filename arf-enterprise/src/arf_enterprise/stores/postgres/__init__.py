# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Postgres, the one database of record, in every size."""
