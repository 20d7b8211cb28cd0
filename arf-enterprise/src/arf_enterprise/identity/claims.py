# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Who a verified token is: claims become a principal.

1. A token counts as a person's only if it came through a client that people log in with, and names somebody else than
   that client. Every other is an agent's.
2. An agent's roles do not include approver and admin, whatever its groups are.
3. Groups that the settings do not list give nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from arf_enterprise.identity.principal import Principal, Role
from arf_enterprise.identity.provider import Provider
from arf_enterprise.identity.roles import effective

DEFAULT_TENANT: Final = "default"
"""The one tenant of an installation that has not several."""


def principal_of(claims: Mapping[str, object], provider: Provider, *, is_multi_tenant: bool) -> Principal:
    """The caller that ``claims`` (of ``tokens.verify``) name."""
    subject = str(claims["sub"])
    is_agent = not _is_person(claims, provider, subject)
    groups = _names(claims.get(provider.roles_claim))
    roles = frozenset[Role]().union(*(provider.roles.get(group, frozenset()) for group in groups))  # 3
    return Principal(
        issuer=provider.issuer,
        subject=subject,
        method="oidc",
        roles=effective(roles, is_agent=is_agent),  # 2
        tenants=_tenants(claims, provider) if is_multi_tenant else frozenset({DEFAULT_TENANT}),
        is_agent=is_agent,
    )


def _is_person(claims: Mapping[str, object], provider: Provider, subject: str) -> bool:  # 1
    clients = {value for name in ("azp", "client_id", "cid", "appid") if (value := claims.get(name)) is not None}
    return bool(clients) and clients <= provider.people_clients and subject not in clients


def _tenants(claims: Mapping[str, object], provider: Provider) -> frozenset[str]:
    return frozenset() if provider.tenants_claim is None else _names(claims.get(provider.tenants_claim))


def _names(value: object) -> frozenset[str]:
    """A claim that has one name or a list of them."""
    listed = value if isinstance(value, list) else [value]
    return frozenset(item for item in listed if isinstance(item, str))
