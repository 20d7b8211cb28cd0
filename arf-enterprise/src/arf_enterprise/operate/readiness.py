# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Whether an installation may go to production: passed or failed, each with its reason. One failure is unsafe.

1. Their own Postgres, reached over TLS that checks whom it talks to, served by a plain login; the owner's login is not
   in the environment of the servers.
2. The audit key, and what opens it, do not lie in the data folder: who takes the one must not have the other.
3. Commits are durable, protections are on, and somebody backs the database up.
4. More than one machine serves it.
5. A licence that is none for development.
6. Everything that the doctor checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.conninfo import conninfo_to_dict

from arf_core.doctor.finding import About, Finding, State
from arf_enterprise.operate.doctor import Seen
from arf_enterprise.settings import Settings

ARCHIVED_WITHIN: Final = timedelta(days=1)
_CHECKED_TLS: Final = frozenset({"verify-ca", "verify-full"})


def readiness(settings: Settings, seen: Seen, *, now: datetime) -> tuple[Finding, ...]:
    """What must hold in production, from what the doctor has seen."""
    return tuple(_required(settings, seen, now))


def _required(settings: Settings, seen: Seen, now: datetime) -> Iterator[Finding]:
    yield _judged(
        "own database", not settings.is_embedded, "the embedded Postgres lives and dies with one process",
        "export ARF_DATABASE_URL='postgresql://arf_serve@HOST/arf?sslmode=verify-full'",
    )  # fmt: skip
    yield _judged(
        "owner apart", settings.owner_url is None, "ARF_DATABASE_OWNER_URL is in this environment: keep it for migrate",
        "unset ARF_DATABASE_OWNER_URL",
    )  # fmt: skip
    yield _judged(
        "audit key apart", _is_key_apart(settings), "the audit key, or what opens it, lies in the data folder",
        "export ARF_AUDIT_KEY_COMMAND='/usr/local/bin/sign-with-hsm' ARF_AUDIT_PUBLIC_KEY='BASE64'",
    )  # fmt: skip
    if seen.database is None:
        yield _judged("database", holds=False, otherwise="it was not reached", command="arf-enterprise doctor")
    else:
        yield from _of_database(settings, seen.database, now)
    yield _licence(seen)
    for finding in seen.findings:
        if finding.state is State.FAILED:
            yield finding


def _of_database(settings: Settings, row: dict[str, Any], now: datetime) -> Iterator[Finding]:
    yield _judged(
        "TLS", row["is_local"] or (row["has_tls"] and _checks_whom(settings)),
        "the connection to the database is not encrypted, or does not check whom it talks to",
        "export ARF_DATABASE_URL='postgresql://arf_serve@HOST/arf?sslmode=verify-full&sslrootcert=system'",
    )  # fmt: skip
    yield _judged(
        "plain owner", not row["superuser_owns"], "a superuser owns the schema arf, and row-level security stops none",
        "psql \"$ARF_DATABASE_OWNER_URL\" -c 'REASSIGN OWNED BY CURRENT_USER TO arf_owner'",
    )  # fmt: skip
    archived = row["archived_at"]
    yield _judged(
        "backups", row["is_archiving"] and archived is not None and now - archived < ARCHIVED_WITHIN,
        "nothing shows that the write-ahead log was archived within a day",
        "psql \"$ARF_DATABASE_OWNER_URL\" -c 'SELECT * FROM pg_stat_archiver'",
    )  # fmt: skip
    yield _judged(
        "several machines", row["machines"] > 1, f"{row['machines']} machine is connected: nothing takes over from it",
        "arf-enterprise serve",
    )  # fmt: skip


def _is_key_apart(settings: Settings) -> bool:
    if settings.audit_key is not None or settings.audit_command:
        return True
    places = (settings.audit_key_file, settings.audit_passphrase_file)
    return len({file.parent for file in places}) == 2 and not any(settings.data in file.parents for file in places)


def _checks_whom(settings: Settings) -> bool:
    return conninfo_to_dict(settings.database_url or "").get("sslmode") in _CHECKED_TLS


def _licence(seen: Seen) -> Finding:
    found = next((finding for finding in seen.findings if finding.check == "licence"), None)
    is_good = found is not None and found.state is not State.FAILED and found.command is None
    is_real = is_good and found is not None and not found.found.startswith("development")
    return _judged(
        "licence for production", is_real, "there is none, or it is for development", "arf-enterprise license show"
    )


def _judged(name: str, holds: bool, otherwise: str, command: str) -> Finding:  # noqa: FBT001 - what is judged
    if holds:
        return Finding(check=name, about=About.INSTALLATION, state=State.OK, found="passed")
    return Finding(check=name, about=About.INSTALLATION, state=State.FAILED, found=otherwise, command=command)
