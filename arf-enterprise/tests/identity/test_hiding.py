# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What people paste into the wrong place is not told again."""

from __future__ import annotations

import pytest

from arf_enterprise.identity.hiding import hidden

KEY = f"arf_key_{'0199d2c3' * 4}_{'Ab-_9' * 8}xyz"
TOKEN = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
LICENCE = "ARF-ENT-cGF5bG9hZA.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "secret", [KEY, TOKEN, LICENCE, KEY[:60], TOKEN[:30], LICENCE[:15], f"{KEY[:30]}...{KEY[-20:]}"]
)
def test_a_secret_is_cut_off_wherever_it_stands(secret: str) -> None:
    for text in (secret, f"no key {secret!r} is there", f"a,{secret},b", f"{secret} and {secret}"):
        told = hidden(text)
        assert "[hidden]" in told
        assert secret[-8:] not in told
        assert secret[16:28] not in told or len(secret) < 28


@pytest.mark.parametrize(
    "text",
    ["", "key_0199d2c3a4b5c6d7e8f90123456789ab", "arf_key_<id>_<secret>", "it begins with ARF-ENT- and", "sha256:00"],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert hidden(text) == text
