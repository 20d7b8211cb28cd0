# SPDX-License-Identifier: Apache-2.0
"""``python -m arf_core.api``."""

from arf_core.api.command import main

main()
