# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The audit log: written in the transaction of the change, integrated into a tree, verified by anyone, offline."""
