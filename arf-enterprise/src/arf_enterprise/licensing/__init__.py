# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What a customer may use: licences, verified offline against keys that are part of the package."""
