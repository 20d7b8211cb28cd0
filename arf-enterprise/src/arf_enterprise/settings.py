# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The settings of an installation: one frozen value, from the environment, read once at the rim.

==========================  ==========================================================================================
ARF_DATA                    the folder of the embedded Postgres and of keys; default /var/lib/arf-enterprise for root,
                            otherwise ~/.local/share/arf-enterprise
ARF_DATABASE_URL            their own Postgres 15 or newer, as a plain member of arf_app; unset: the embedded one
ARF_DATABASE_OWNER_URL      the login that owns the schema, for `migrate`
ARF_LICENSE_KEY             the licence itself
ARF_LICENSE_FILE            a file that has it; default DATA/licence.key
ARF_MARKETPLACE_URL         the metering service of a marketplace that gives the licence, with ARF_MARKETPLACE_TOKEN
ARF_CUSTOMER                whose installation this is: a licence for another customer is refused
ARF_TENANTS                 single (default) or multi
ARF_OIDC_FILE               the identity provider whose tokens are taken, in YAML (identity.provider)
ARF_AUDIT_KEY               the key that signs checkpoints, 32 bytes in base64
ARF_AUDIT_KEY_COMMAND       a command that signs instead, with ARF_AUDIT_PUBLIC_KEY beside it
ARF_AUDIT_KEY_FILE          an encrypted key file; default DATA/audit-key.pem
ARF_AUDIT_PASSPHRASE_FILE   what opens it; default DATA/audit-passphrase
NEO4J_URI                   the graph (Neo4j 5): bolt://HOST:PORT or neo4j://HOST, with +s for TLS; unset: there is none
NEO4J_USER                  its login; default neo4j, with NEO4J_PASSWORD beside it
==========================  ==========================================================================================

No value of a secret is ever part of a message or of ``repr``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from arf_enterprise.errors import SettingError
from arf_enterprise.stores.neo4j.login import GraphLogin

_KNOWN: Final = frozenset(
    "ARF_DATA ARF_DATABASE_URL ARF_DATABASE_OWNER_URL ARF_LICENSE_KEY ARF_LICENSE_FILE ARF_CUSTOMER ARF_TENANTS"
    " ARF_MARKETPLACE_URL ARF_MARKETPLACE_TOKEN"
    " ARF_OIDC_FILE ARF_AUDIT_KEY ARF_AUDIT_KEY_COMMAND ARF_AUDIT_PUBLIC_KEY ARF_AUDIT_KEY_FILE"
    " ARF_AUDIT_PASSPHRASE_FILE NEO4J_URI NEO4J_USER NEO4J_PASSWORD".split()
)

_GRAPHS: Final = frozenset({"bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an installation can be told."""

    data: Path
    database_url: str | None = field(default=None, repr=False)
    owner_url: str | None = field(default=None, repr=False)
    license_key: str | None = field(default=None, repr=False)
    license_file: Path
    marketplace_url: str | None = None
    marketplace_token: str | None = field(default=None, repr=False)
    customer: str | None = None
    is_multi_tenant: bool = False
    oidc_file: Path | None = None
    audit_key: str | None = field(default=None, repr=False)
    audit_command: tuple[str, ...] = ()
    audit_public_key: str | None = None
    audit_key_file: Path
    audit_passphrase_file: Path
    graph: GraphLogin | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether the embedded Postgres is meant."""
        return self.database_url is None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in ``environment``; an empty value is as good as none.

    Raises:
        SettingError: a value that is none of those that are expected.
    """
    given = {name: environment[name] for name in _KNOWN if environment.get(name)}
    data = Path(given.get("ARF_DATA") or default_data(environment)).expanduser().absolute()
    tenants = given.get("ARF_TENANTS", "single")
    if tenants not in {"single", "multi"}:
        raise SettingError(f"ARF_TENANTS is {tenants!r:.40}: it must be single or multi")
    return Settings(
        data=data,
        database_url=_url(given, "ARF_DATABASE_URL"),
        owner_url=_url(given, "ARF_DATABASE_OWNER_URL"),
        license_key=given.get("ARF_LICENSE_KEY"),
        license_file=Path(given.get("ARF_LICENSE_FILE") or data / "licence.key"),
        marketplace_url=given.get("ARF_MARKETPLACE_URL"),
        marketplace_token=given.get("ARF_MARKETPLACE_TOKEN"),
        customer=given.get("ARF_CUSTOMER"),
        is_multi_tenant=tenants == "multi",
        oidc_file=Path(given["ARF_OIDC_FILE"]) if "ARF_OIDC_FILE" in given else None,
        audit_key=given.get("ARF_AUDIT_KEY"),
        audit_command=tuple(given.get("ARF_AUDIT_KEY_COMMAND", "").split()),
        audit_public_key=given.get("ARF_AUDIT_PUBLIC_KEY"),
        audit_key_file=Path(given.get("ARF_AUDIT_KEY_FILE") or data / "audit-key.pem"),
        audit_passphrase_file=Path(given.get("ARF_AUDIT_PASSPHRASE_FILE") or data / "audit-passphrase"),
        graph=_graph(given),
    )


def default_data(environment: Mapping[str, str]) -> Path:
    """Where an installation lives that was not told: a folder of the machine for root, else of the user."""
    if os.geteuid() == 0:
        return Path("/var/lib/arf-enterprise")
    shared = environment.get("XDG_DATA_HOME") or Path(environment.get("HOME", "~")) / ".local/share"
    return Path(shared) / "arf-enterprise"


def _graph(given: Mapping[str, str]) -> GraphLogin | None:
    if (uri := given.get("NEO4J_URI")) is None:
        return None
    scheme, _, place = uri.partition("://")
    if scheme not in _GRAPHS or not place or "@" in place:
        raise SettingError(f"NEO4J_URI must be {', '.join(sorted(_GRAPHS))} and ://HOST:PORT, without user or password")
    if "NEO4J_PASSWORD" not in given:
        raise SettingError("NEO4J_URI is set: NEO4J_PASSWORD must be, too")
    return GraphLogin(uri=uri, user=given.get("NEO4J_USER", "neo4j"), password=given["NEO4J_PASSWORD"])


def _url(given: Mapping[str, str], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not value.startswith(("postgresql://", "postgres://")):
        raise SettingError(f"{name} must begin with postgresql://")
    return value
