# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The keys of a build: what a ``keys.json`` may say, and that a release has no development key."""

from __future__ import annotations

import base64
import inspect
import json
import pkgutil
from importlib import import_module
from typing import Any

import pytest

from arf_enterprise import licensing
from arf_enterprise.errors import LicenseError
from arf_enterprise.licensing.development import development_signer
from arf_enterprise.licensing.keyring import DEVELOPMENT_KEY, read_keyring
from arf_enterprise.licensing.testing import VENDOR


def key(public_key: bytes, use: str = "vendor", **changed: Any) -> dict[str, Any]:
    encoded = base64.b64encode(public_key).decode()
    return {"public_key": encoded, "use": use, "not_after": "2100-01-01T00:00:00.000000Z", **changed}


def text(*keys: dict[str, Any], build: str = "release", **changed: Any) -> bytes:
    return json.dumps({"schema": "arf.vendor-keys/1", "build": build, "keys": keys, **changed}).encode()


@pytest.mark.promise("LIC-1")
def test_a_release_has_its_vendors_keys() -> None:
    ring = read_keyring(text(key(VENDOR.public_key)))
    assert not ring.by_id[VENDOR.key_id].is_development


@pytest.mark.promise("LIC-1")
@pytest.mark.parametrize("use", ["development", "vendor"])
def test_a_release_with_the_development_key_does_not_load_whatever_it_is_called(use: str) -> None:
    with pytest.raises(LicenseError, match="not one of the vendor's"):
        read_keyring(text(key(VENDOR.public_key), key(DEVELOPMENT_KEY, use)))


def test_a_development_build_does_not_call_the_development_key_a_vendors() -> None:
    assert len(read_keyring(text(key(DEVELOPMENT_KEY, "development"), build="development")).by_id) == 1
    with pytest.raises(LicenseError):
        read_keyring(text(key(DEVELOPMENT_KEY, "vendor"), build="development"))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", text(build="other"), text(schema="arf.vendor-keys/2"), text(key(VENDOR.public_key, "admin")),
        text(key(VENDOR.public_key[:31])), text(key(VENDOR.public_key, more=1)),
        text(key(VENDOR.public_key, not_after=None)),
        text(more=1), text().replace(b'"keys"', b'"keys": [], "keys"'),
    ],
)  # fmt: skip
def test_a_damaged_file_of_keys_does_not_load(data: bytes) -> None:
    with pytest.raises(LicenseError, match=r"keys\.json"):
        read_keyring(data)


def test_the_development_key_is_made_of_its_phrase() -> None:
    assert development_signer().public_key == DEVELOPMENT_KEY


@pytest.mark.promise("LIC-1")
def test_only_the_pure_verification_is_told_which_keys_to_trust() -> None:
    """Everything an installation runs takes the keys of its build: a ring is an argument in these functions alone."""
    told = {
        f"{module.name}.{name}"
        for module in pkgutil.iter_modules(licensing.__path__)
        for name, found in inspect.getmembers(import_module(f"arf_enterprise.licensing.{module.name}"), callable)
        if getattr(found, "__module__", "").endswith(f"licensing.{module.name}") and "keyring" in _parameters(found)
    }
    assert told == {
        "verify.verify",
        "verify._verified",
        "verify._signer",
        "revocations.verify_list",
        "revocations._trusted",
    }


def _parameters(found: Any) -> tuple[str, ...]:
    try:
        return tuple(inspect.signature(found).parameters)
    except ValueError:
        return ()
