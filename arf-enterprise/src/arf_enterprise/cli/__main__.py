# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``python -m arf_enterprise.cli``."""

from arf_enterprise.cli.main import main

main()
