# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The signature of a fault: under what name its outcomes are learned together.

It is the name of the rule that recommended the action. A rule is true of one kind of fault, its name crosses to
Enterprise with every intent (``policy_applied``, "name@digest of the policy"), and it stays when the policy changes
elsewhere: so what was learned outlives an edited threshold. The digest is left off for that reason.
"""

from __future__ import annotations

from typing import Final

UNKNOWN: Final = "unknown"


def signature_of(policy_applied: str | None) -> str:
    """The signature of the fault that an intent with that ``policy_applied`` is about."""
    name, at, digest = (policy_applied or "").rpartition("@")
    return (name if at and digest.startswith("sha256:") else (policy_applied or "")) or UNKNOWN
