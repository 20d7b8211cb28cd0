# SPDX-License-Identifier: Apache-2.0
"""``python -m arf_core.cli`` is ``arf``."""

from arf_core.cli.main import main

main()
