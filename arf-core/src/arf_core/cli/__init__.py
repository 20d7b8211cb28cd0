# SPDX-License-Identifier: Apache-2.0
"""The ``arf`` command: a composition root."""
