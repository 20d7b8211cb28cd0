# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Where an installation looks for its licence, in this order: the first that has one decides.

1. ``ARF_LICENSE_KEY``
2. the file ``ARF_LICENSE_FILE``, or DATA/licence.key
3. the database (``arf-enterprise license install``)
4. the marketplace, where ``ARF_MARKETPLACE_URL`` names one
"""

from __future__ import annotations

from collections.abc import Callable

from arf_enterprise.licensing.entitlement import (
    EntitlementProvider,
    EnvironmentEntitlement,
    FileEntitlement,
    FirstEntitlement,
    Known,
    StoredEntitlement,
    known_of,
)
from arf_enterprise.licensing.marketplace import Marketplace, MarketplaceEntitlement
from arf_enterprise.settings import Settings
from arf_enterprise.stores.postgres.database import Database


def provider_of(settings: Settings, database: Database | None) -> FirstEntitlement:
    """What finds the licence of the installation; without a database only where none is needed.

    Raises:
        SettingError: the address of the marketplace is not one.
    """
    known = _known(settings, database)
    found: list[EntitlementProvider] = [
        EnvironmentEntitlement(key=settings.license_key, known=known),
        FileEntitlement(file=settings.license_file, known=known),
    ]
    if database is not None:
        found.append(StoredEntitlement(database=database, known=known))
    if settings.marketplace_url is not None:
        marketplace = Marketplace(settings.marketplace_url, settings.marketplace_token or "")
        cache = settings.data / "marketplace.key"
        found.append(MarketplaceEntitlement(marketplace=marketplace, cache=cache, known=known))
    return FirstEntitlement(providers=tuple(found))


def is_set_up(settings: Settings) -> bool:
    """Whether there is an installation to ask: a database that was named, or a data folder with one."""
    return not settings.is_embedded or (settings.data / "postgres").is_dir()


def _known(settings: Settings, database: Database | None) -> Callable[[], Known]:
    if database is None:
        return lambda: Known(customer=settings.customer)
    return lambda: known_of(database, settings.customer)
