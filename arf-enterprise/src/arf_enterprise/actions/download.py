# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Fetching one file over https: a policy pack that somebody names by its URL.

1. Only https, and no redirects: what is fetched is what was named.
2. At most so many bytes, within so many seconds in all.
3. What comes back is data to be verified; nothing here trusts it.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from time import monotonic
from typing import Final

import httpx

from arf_enterprise.errors import DeliveryError, RequestError

PATIENCE_S: Final = 30.0


def fetch(url: str, *, most: int, ca_file: Path | None = None) -> bytes:
    """The content of ``url``; certificates are held against those of the system, or of ``ca_file``.

    Raises:
        RequestError: not an https URL.
        DeliveryError: it cannot be had, is larger than ``most`` bytes, or takes too long.
    """
    try:
        named = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise RequestError("what was named is no URL") from error
    if named.scheme != "https" or not named.host or named.userinfo:  # rule 1
        raise RequestError("a pack is fetched over https, without a login in the URL")
    try:
        context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
        with (
            httpx.Client(verify=context, timeout=PATIENCE_S, follow_redirects=False, trust_env=False) as client,
            client.stream("GET", named) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise DeliveryError(f"{named.host} answered with {answer.status_code}")
            return _read(answer, named.host, most)
    except (httpx.HTTPError, OSError) as error:
        raise DeliveryError(f"{named.host} does not give it: {type(error).__name__}") from error


def _read(answer: httpx.Response, host: str, most: int) -> bytes:  # rule 2
    found, end = bytearray(), monotonic() + PATIENCE_S
    for piece in answer.iter_bytes():
        found += piece
        if len(found) > most:
            raise DeliveryError(f"{host} sends more than {most} bytes")
        if monotonic() > end:
            raise DeliveryError(f"{host} takes longer than {PATIENCE_S:g} seconds")
    return bytes(found)
