# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Whoever runs our commands on the machine itself: who can read the data folder owns the installation anyway.

It may do everything but approve: an approval is somebody's, and a shell proves nobody.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable

from arf_enterprise.identity.principal import Principal, Role


def local_principal(tenants: Iterable[str]) -> Principal:
    """The user of this process, for ``tenants``."""
    return Principal(
        issuer="local",
        subject=_user_name(os.geteuid()),
        method="local",
        roles=frozenset(Role) - {Role.APPROVER},
        tenants=frozenset(tenants),
    )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container often runs as a number without a name
        return f"uid-{uid}"
