# SPDX-License-Identifier: Apache-2.0
"""The API server of the open edition: ``python -m arf_core.api``. It listens and answers; it never connects."""
