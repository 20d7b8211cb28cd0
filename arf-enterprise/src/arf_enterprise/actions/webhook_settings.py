# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The settings of a webhook, checked once. docs/targets.md has the table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, cast
from urllib.parse import urlsplit

from arf_core.models.frozen import shown
from arf_enterprise.actions.adapter import Given
from arf_enterprise.errors import SettingError
from arf_enterprise.targets.probe_fields import is_url

SHORTEST_SECRET: Final = 16
TIMEOUT_S: Final = 10.0
LONGEST_S: Final = 60.0
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_URLS: Final = ("status", "apply", "revert", "dry_run")
_KNOWN: Final = (*_URLS, "timeout_s", "ca_file", "allow_plain_http")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSettings:
    """Where a receiver listens; ``revert`` and ``dry_run`` are None where it has none."""

    urls: Mapping[str, str]
    timeout_s: float
    ca_file: str | None
    secret: str = field(repr=False)
    authorization: str | None = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message may have."""
        return tuple(one for one in (self.secret, self.authorization) if one)


def settings_of(given: Given) -> WebhookSettings:
    """The settings in ``given``.

    Raises:
        SettingError: one is unknown, missing or wrong.
    """
    found = given.settings
    for key in found:
        if key not in _KNOWN:
            raise SettingError(f"the webhook of {given.component} has no setting {key!r:.60}: {', '.join(_KNOWN)}")
    for key in ("status", "apply"):
        if key not in found:
            raise SettingError(f"the webhook of {given.component} needs the setting {key!r}")
    is_plain = flag_of(found, "allow_plain_http", given)
    return WebhookSettings(
        urls={
            key: url_of(found[key], f"{key} of {given.component}", is_plain=is_plain) for key in _URLS if key in found
        },
        timeout_s=timeout_of(found, given),
        ca_file=ca_file_of(found, given),
        secret=_secret(given),
        authorization=given.credentials.get("authorization"),
    )


def url_of(value: object, what: str, *, is_plain: bool) -> str:
    """``value`` as an address that is encrypted, or on this machine, or allowed not to be.

    Raises:
        SettingError: it is none.
    """
    if not is_url(value):
        raise SettingError(f"{what} must be an http or https URL without a name, password or fragment")
    url = cast("str", value)
    parts = urlsplit(url)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK and not is_plain:
        raise SettingError(f"{what} is plain http to another machine: use https, or set allow_plain_http: true")
    return url


def timeout_of(found: Mapping[str, object], given: Given) -> float:
    """The setting ``timeout_s``.

    Raises:
        SettingError: it is no number of seconds.
    """
    value = found.get("timeout_s", TIMEOUT_S)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.1 <= value <= LONGEST_S:
        raise SettingError(f"timeout_s of {given.component} is {shown(value)}: it must be 0.1 to {LONGEST_S:g} seconds")
    return float(value)


def ca_file_of(found: Mapping[str, object], given: Given) -> str | None:
    """The setting ``ca_file``.

    Raises:
        SettingError: it is no absolute path.
    """
    value = found.get("ca_file")
    if value is not None and not (isinstance(value, str) and value.startswith("/")):
        raise SettingError(
            f"ca_file of {given.component} is {shown(value)}: it must be the absolute path of a PEM file"
        )
    return value


def flag_of(found: Mapping[str, object], key: str, given: Given) -> bool:
    """The setting ``key``, which is false if it is left out.

    Raises:
        SettingError: it is neither true nor false.
    """
    value = found.get(key, False)
    if not isinstance(value, bool):
        raise SettingError(f"{key} of {given.component} is {shown(value)}: it must be true or false")
    return value


def _secret(given: Given) -> str:
    if unknown := sorted(set(given.credentials) - {"secret", "authorization"}):
        raise SettingError(f"the webhook of {given.component} has no credential {unknown[0]!r}: secret, authorization")
    secret = given.credentials.get("secret", "")
    if len(secret) < SHORTEST_SECRET:
        raise SettingError(
            f"the webhook of {given.component} needs the credential 'secret' of {SHORTEST_SECRET} characters or more"
        )
    return secret
