# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The composition root: everything an installation is made of, wired by hand, in one readable place."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from arf_enterprise.audit.signing import CommandKey, KeyProvider, create_key_file, environment_key, file_key
from arf_enterprise.errors import SettingError
from arf_enterprise.settings import Settings
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.stores.postgres.embedded import running
from arf_enterprise.stores.postgres.migrate import check, migrate

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """An installation that runs."""

    settings: Settings
    database: Database
    audit_key: KeyProvider
    clock: Clock


def system_clock() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


@contextmanager
def opened(settings: Settings, *, clock: Clock = system_clock) -> Iterator[App]:
    """The installation that ``settings`` describe, for as long as the block lasts.

    1. the database: the embedded one, started and migrated, or theirs, whose schema must be this version's
    2. the key that signs checkpoints
    3. a pool of connections, as a login that cannot get past the database's own rules

    Raises:
        EnterpriseError: the subclass and the message say what is missing, and what to do.
    """
    with urls(settings) as (app_url, owner_url):  # 1
        if settings.is_embedded and owner_url:
            migrate(owner_url)
        check(app_url)
        key = audit_key(settings)  # 2
        database = Database(app_url)
        database.open()  # 3
        try:
            yield App(settings=settings, database=database, audit_key=key, clock=clock)
        finally:
            database.close()


@contextmanager
def urls(settings: Settings) -> Iterator[tuple[str, str | None]]:
    """Where the program and where the owner of the schema connect to; the embedded server runs meanwhile."""
    if settings.database_url is not None:
        yield settings.database_url, settings.owner_url
        return
    with running(settings.data / "postgres") as server:
        yield server.url("arf_app"), server.url("arf_owner")


def audit_key(settings: Settings) -> KeyProvider:
    """The key that signs checkpoints: from the environment, a command, or the encrypted file, made if there is none.

    Raises:
        SettingError: it cannot be had.
    """
    if settings.audit_key is not None:
        return environment_key({"ARF_AUDIT_KEY": settings.audit_key}, "ARF_AUDIT_KEY")
    if settings.audit_command:
        return CommandKey(settings.audit_command, _public_key(settings.audit_public_key))
    if not settings.audit_key_file.exists():
        return _made_key(settings)
    return file_key(settings.audit_key_file, _passphrase(settings))


def _made_key(settings: Settings) -> KeyProvider:
    settings.audit_key_file.parent.mkdir(parents=True, exist_ok=True, mode=0o711)
    if not settings.audit_passphrase_file.exists():
        settings.audit_passphrase_file.touch(mode=0o600)
        settings.audit_passphrase_file.write_text(secrets.token_urlsafe(32), encoding="ascii")
    return create_key_file(settings.audit_key_file, _passphrase(settings))


def _passphrase(settings: Settings) -> bytes:
    try:
        return settings.audit_passphrase_file.read_bytes().strip()
    except OSError as error:
        raise SettingError(
            f"{settings.audit_passphrase_file} cannot be read: it has the audit key's passphrase"
        ) from error


def _public_key(text: str | None) -> bytes:
    try:
        raw = base64.b64decode(text or "", validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 32:
        raise SettingError("ARF_AUDIT_PUBLIC_KEY must be the command's public key: 32 bytes in base64")
    return raw
