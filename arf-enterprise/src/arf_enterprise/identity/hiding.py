# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Hides what looks like a key, a token or a licence in text that is about to be told.

Our own messages never carry one on purpose. This is for what people paste into the wrong place: a key where its id
belongs is quoted by the message that refuses it.
"""

from __future__ import annotations

import re
from typing import Final

_SECRETS: Final = re.compile(
    r"(arf_key_[0-9a-fA-F]{8})[\w.-]*"  # an API key, also one that a message shortened in its middle
    r"|(ARF-ENT-)[\w.-]+"  # a licence
    r"|(eyJ)[\w-]{5,}(?:\.[\w-]*)*"  # a JWT: its header always begins so
)


def hidden(text: str) -> str:
    """``text``, with everything that looks like a secret cut off after its beginning."""
    return _SECRETS.sub(lambda found: f"{found[1] or found[2] or found[3]}[hidden]", text)
