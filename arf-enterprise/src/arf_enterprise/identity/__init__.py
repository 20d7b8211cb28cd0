# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Who asks: people, agents and services, their roles and their tenants."""
