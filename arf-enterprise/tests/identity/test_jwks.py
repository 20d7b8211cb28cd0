# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The provider's keys over real HTTP: discovery, rotation, and a provider that is away, lies or asks too much."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest

from arf_enterprise.errors import IdentityUnavailable
from arf_enterprise.identity.jwks import APART_S, FRESH_S, MOST_BYTES, STALE_S, ProviderKeys, http_fetch, usable
from arf_enterprise.identity.testing import (
    DISCOVERY_PATH,
    JWKS_PATH,
    LocalProvider,
    local_provider,
    signing_key,
)
from arf_enterprise.server.testing import Clock


@pytest.fixture
def provider() -> Iterator[LocalProvider]:
    with local_provider() as found:
        yield found


def keys_of(provider: LocalProvider, clock: Clock) -> ProviderKeys:
    return ProviderKeys(provider.settings(), fetch=http_fetch(), seconds=clock.seconds)


def fetched(provider: LocalProvider) -> int:
    return provider.asked.get(JWKS_PATH, 0)


@pytest.mark.promise("SRV-2")
def test_keys_are_found_by_discovery_and_fetched_once(provider: LocalProvider) -> None:
    keys = keys_of(provider, Clock())
    for _ in range(3):
        found = keys.find(provider.keys[0].kid, "EC")
        assert found is not None
        assert found["x"] == provider.keys[0].jwk()["x"]
    assert provider.asked == {DISCOVERY_PATH: 1, JWKS_PATH: 1}


@pytest.mark.promise("SRV-2")
def test_a_key_that_rotated_in_is_found_and_the_old_one_ends(provider: LocalProvider) -> None:
    clock = Clock()
    keys = keys_of(provider, clock)
    old = provider.keys[0].kid
    assert keys.find(old, "EC")
    new = provider.rotate().kid
    clock.passed += APART_S
    assert keys.find(new, "EC")
    assert keys.find(old, "EC") is None


def test_a_key_that_was_withdrawn_ends_within_the_hour_though_nobody_uses_another(provider: LocalProvider) -> None:
    clock = Clock()
    keys = keys_of(provider, clock)
    old = provider.keys[0].kid
    assert keys.find(old, "EC")
    provider.rotate()
    clock.passed += FRESH_S
    assert keys.find(old, "EC") is None


@pytest.mark.promise("SRV-2")
def test_strangers_with_made_up_keys_do_not_make_us_ask(provider: LocalProvider) -> None:
    clock = Clock()
    keys = keys_of(provider, clock)
    for number in range(200):
        assert keys.find(f"made-up-{number}", "EC") is None
    assert fetched(provider) == 1
    clock.passed += APART_S
    assert keys.find("made-up", "EC") is None
    assert fetched(provider) == 2


def test_many_threads_fetch_once(provider: LocalProvider) -> None:
    keys = keys_of(provider, Clock())
    found: list[object] = []
    threads = [Thread(target=lambda: found.append(keys.find(provider.keys[0].kid, "EC"))) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found)
    assert fetched(provider) == 1


@pytest.mark.promise("SRV-2")
def test_known_keys_serve_on_while_the_provider_is_away_but_not_for_ever(provider: LocalProvider) -> None:
    clock = Clock()
    keys = keys_of(provider, clock)
    kid = provider.keys[0].kid
    assert keys.find(kid, "EC")
    provider.broken = True
    clock.passed += STALE_S - 1
    assert keys.find(kid, "EC")
    clock.passed += APART_S
    for _ in range(2):
        with pytest.raises(IdentityUnavailable):
            keys.find(kid, "EC")
    provider.broken = False
    clock.passed += APART_S
    assert keys.find(kid, "EC")


def test_a_provider_that_was_never_there_lets_nobody_in() -> None:
    with local_provider() as provider:
        settings = provider.settings()
    keys = ProviderKeys(settings, fetch=http_fetch(), seconds=Clock().seconds)
    with pytest.raises(IdentityUnavailable, match="ConnectError"):
        keys.find("any", "EC")


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize(
    ("path", "document", "says"),
    [
        (DISCOVERY_PATH, {"issuer": "https://evil.example", "jwks_uri": "https://evil.example/jwks"}, "another issuer"),
        (DISCOVERY_PATH, {"jwks_uri": "{issuer}/jwks"}, "another issuer"),
        (DISCOVERY_PATH, {"issuer": "{issuer}"}, "jwks_uri"),
        (DISCOVERY_PATH, {"issuer": "{issuer}", "jwks_uri": "http://keys.example/jwks"}, "https"),
        (DISCOVERY_PATH, {"issuer": "{issuer}", "jwks_uri": "file:///etc/passwd"}, "https"),
        (DISCOVERY_PATH, b"<html>", "JSON"),
        (DISCOVERY_PATH, ["issuer"], "object"),
        (JWKS_PATH, b'{"keys": [], "keys": []}', "JSON"),
        (JWKS_PATH, b" " * (MOST_BYTES + 1), "more than"),
        (JWKS_PATH, None, "404"),
    ],
)
def test_a_provider_that_answers_something_else_is_not_believed(
    provider: LocalProvider, path: str, document: Any, says: str
) -> None:
    if isinstance(document, dict):
        document = {name: value.replace("{issuer}", provider.issuer) for name, value in document.items()}
    provider.documents[path] = document
    with pytest.raises(IdentityUnavailable, match=says):
        keys_of(provider, Clock()).find(provider.keys[0].kid, "EC")


def test_only_keys_that_may_verify_signatures_are_taken() -> None:
    good = [signing_key(algorithm).jwk() for algorithm in ("RS256", "ES256", "EdDSA")]
    rsa = good[0]
    bad: list[object] = [
        {"kty": "oct", "kid": "a", "k": "c2VjcmV0"},
        {**rsa, "use": "enc"},
        {**rsa, "n": rsa["n"][:100]},
        {**rsa, "n": 7},
        {**good[1], "crv": "P-384"},
        {**good[2], "crv": "X25519"},
        {name: value for name, value in rsa.items() if name != "kid"},
        {**rsa, "kid": 7},
        "no key",
        None,
    ]
    assert [key["kid"] for key in usable({"keys": [*bad, *good]})] == [key["kid"] for key in good]
    assert list(usable({"keys": "none"})) == []


def test_a_private_part_that_a_provider_publishes_is_not_kept() -> None:
    (found,) = usable({"keys": [{**signing_key("RS256").jwk(), "d": "secret", "p": "secret"}]})
    assert "secret" not in found.values()
