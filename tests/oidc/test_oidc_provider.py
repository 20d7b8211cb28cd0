# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Tokens of a certified OpenID provider: a person's by code flow and PKCE, a program's by client credentials."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from arf_enterprise.errors import NotAuthenticated
from arf_enterprise.identity.claims import principal_of
from arf_enterprise.identity.jwks import APART_S, ProviderKeys, http_fetch
from arf_enterprise.identity.principal import Principal, Role
from arf_enterprise.identity.provider import Provider
from arf_enterprise.identity.tokens import LONGEST, verify

if TYPE_CHECKING:
    from tests.oidc.conftest import NodeProvider

pytestmark = pytest.mark.promise("SRV-2")
ROLES = {"sre": frozenset({Role.OPERATOR}), "admins": frozenset({Role.ADMIN})}


class Seconds:
    """A clock that does not go back, which tests set."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return self.passed


def settings_of(provider: NodeProvider, **changed: str) -> Provider:
    fields: dict[str, str] = {"issuer": provider.issuer, "audience": "arf", **changed}
    return Provider(
        **fields,  # type: ignore[arg-type]  # each is a text
        people_clients=frozenset({"arf-console"}),
        roles=ROLES,
        roles_claim="groups",
        tenants_claim="arf_tenants",
    )


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def known(provider: NodeProvider, seconds: Seconds) -> Callable[[str], Principal]:
    """Who a token is, by the provider's keys as they are fetched."""
    settings = settings_of(provider)
    keys = ProviderKeys(settings, fetch=http_fetch(), seconds=seconds)

    def who(token: str) -> Principal:
        claims = verify(token, provider=settings, keys=keys, now=datetime.now(UTC))
        return principal_of(claims, settings, is_multi_tenant=True)

    return who


def test_a_person_who_logged_in_has_the_roles_of_its_groups(
    provider: NodeProvider, known: Callable[[str], Principal]
) -> None:
    found = known(provider.persons_tokens("alice")["access_token"])
    assert (found.subject, found.is_agent) == ("alice", False)
    assert found.roles == {Role.OPERATOR, Role.ADMIN}
    assert found.tenants == {"acme"}


def test_a_program_is_an_agent_and_never_an_admin(provider: NodeProvider, known: Callable[[str], Principal]) -> None:
    found = known(provider.programs_token())
    assert (found.subject, found.is_agent) == ("robot", True)
    assert found.roles == {Role.OPERATOR}


def test_the_token_that_says_who_logged_in_is_no_access_token(
    provider: NodeProvider, known: Callable[[str], Principal]
) -> None:
    with pytest.raises(NotAuthenticated, match="audience"):
        known(provider.persons_tokens("alice")["id_token"])


def test_a_token_for_another_audience_or_issuer_is_refused(provider: NodeProvider) -> None:
    token = provider.programs_token()
    for changed in ({"audience": "another"}, {"issuer": provider.issuer.replace("127.0.0.1", "localhost")}):
        settings = settings_of(provider, **changed)
        keys = ProviderKeys(settings_of(provider), fetch=http_fetch(), seconds=Seconds())
        with pytest.raises(NotAuthenticated, match=r"audience|issuer"):
            verify(token, provider=settings, keys=keys, now=datetime.now(UTC))


def test_a_token_ends(provider: NodeProvider) -> None:
    settings = settings_of(provider)
    keys = ProviderKeys(settings, fetch=http_fetch(), seconds=Seconds())
    token = provider.programs_token()
    with pytest.raises(NotAuthenticated, match="expired"):
        verify(token, provider=settings, keys=keys, now=datetime.now(UTC) + LONGEST)
    with pytest.raises(NotAuthenticated, match="future"):
        verify(token, provider=settings, keys=keys, now=datetime.now(UTC) - timedelta(hours=1))


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "EdDSA", "ES256"])
def test_when_the_provider_rotates_its_key_new_tokens_are_taken_and_old_ones_end(
    provider: NodeProvider, known: Callable[[str], Principal], seconds: Seconds, algorithm: str
) -> None:
    old = provider.programs_token()
    assert known(old).subject == "robot"
    provider.start(algorithm)
    new = provider.programs_token()
    with pytest.raises(NotAuthenticated, match="does not have"):
        known(new)  # asked a moment ago: not yet again
    seconds.passed += APART_S
    assert known(new).subject == "robot"
    with pytest.raises(NotAuthenticated, match="does not have"):
        known(old)
