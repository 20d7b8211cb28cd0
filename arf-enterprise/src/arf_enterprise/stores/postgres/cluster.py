# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What an embedded Postgres is made of before it runs: its folder, its passwords, the files of ``initdb``, its logins.

1. ``initdb`` works in ``data.new``, then one rename: half a database is never taken for one.
2. Passwords are in one file of ours, 0600, written before the data; without data it is written anew.
3. No password reaches a command line, an environment, a file of the server's user, or a log: ``initdb`` reads it from a
   pipe, and logins are made with its SCRAM verifier.
4. Two logins: ``arf_owner`` owns the schema and migrates; ``arf_app`` is what the program works as, and can neither
   change the schema nor get past row-level security.
5. A folder of another major version is refused, not converted.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from arf_core.canonical import canonical_bytes
from arf_core.errors import ArfError
from arf_core.strict_json import parse_json
from arf_enterprise.errors import StoreSetupError
from arf_enterprise.stores.postgres.binaries import Binaries
from arf_enterprise.stores.postgres.process import User, run_as

SUPERUSER: Final = "postgres"
LOGINS: Final = ("arf_owner", "arf_app")
DATABASE: Final = "arf"


def prepared(folder: Path, user: User, programs: Binaries) -> Mapping[str, str]:
    """The password of each login of the database in ``folder``, which is made if there is none.

    Raises:
        StoreSetupError: it is of another version, its passwords are gone, or it cannot be made.
    """
    check_reachable(folder, user, programs)
    data = folder / "data"
    if data.exists():
        _check_version(data, programs)
        return passwords(folder)
    made = {login: secrets.token_urlsafe(32) for login in (SUPERUSER, *LOGINS)}
    _write_secret(folder / "credentials.json", canonical_bytes(made))  # rule 2
    _initdb(folder, user, programs, made[SUPERUSER])
    return made


def passwords(folder: Path) -> Mapping[str, str]:
    """The passwords in ``folder``, by login.

    Raises:
        StoreSetupError: the file is not there, is open to others, or was altered.
    """
    file = folder / "credentials.json"
    try:
        if file.stat().st_mode & 0o077:
            raise StoreSetupError(f"{file} is open to other users: chmod 600 {file}")
        found = parse_json(file.read_bytes())
    except (OSError, ArfError) as error:
        raise StoreSetupError(f"{file} has no passwords: restore it from the backup of {folder}") from error
    if (
        not isinstance(found, dict)
        or set(found) != {SUPERUSER, *LOGINS}
        or not all(isinstance(password, str) for password in found.values())
    ):
        raise StoreSetupError(f"{file} has not the passwords of three logins: restore it from the backup of {folder}")
    return found


def check_reachable(folder: Path, user: User, programs: Binaries) -> None:
    """Nothing, if ``user`` can enter ``folder``: tried, not guessed.

    Raises:
        StoreSetupError: it cannot. No folder above is ever opened for it.
    """
    if user.uid != os.geteuid() and run_as(user, [programs.program("postgres"), "--version"], cwd=folder).returncode:
        raise StoreSetupError(
            f"user {user.uid} runs Postgres and cannot enter {folder}: a folder above is closed to it. Name another "
            "folder with ARF_DATA, such as /var/lib/arf-enterprise"
        )


def make_logins(connection: psycopg.Connection[tuple[object, ...]], known: Mapping[str, str]) -> None:
    """Make the logins and the database that are missing (rule 4); ``connection`` is the superuser's."""
    present = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
    for login in LOGINS:
        if login not in present:
            verifier = connection.pgconn.encrypt_password(known[login].encode(), login.encode(), b"scram-sha-256")
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD {}").format(
                    sql.Identifier(login), verifier.decode()
                )
            )
    if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER arf_owner").format(sql.Identifier(DATABASE)))


def _check_version(data: Path, programs: Binaries) -> None:  # rule 5
    try:
        made = int((data / "PG_VERSION").read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        raise StoreSetupError(f"{data} is no data of Postgres: restore a backup into a new folder") from error
    if made != programs.major:
        raise StoreSetupError(
            f"{data} was made by Postgres {made}, and this one is {programs.major}: name the binaries of {made}, "
            "or restore a backup into a new folder"
        )


def _write_secret(file: Path, content: bytes) -> None:
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


def _initdb(folder: Path, user: User, programs: Binaries, password: str) -> None:  # rule 1
    fresh = folder / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    os.chown(fresh, user.uid, user.gid)
    done = run_as(
        user,
        [
            programs.program("initdb"), "-D", str(fresh), "-U", SUPERUSER, "-E", "UTF8", "--locale=C",
            "-A", "scram-sha-256", "--pwfile=/dev/stdin",
        ],
        secret=password + "\n",  # rule 3
    )  # fmt: skip
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        said = done.stderr.strip() or done.stdout.strip()
        raise StoreSetupError(f"initdb failed in {folder} as user {user.uid}: {said}")
    fresh.rename(folder / "data")
    _sync(folder)  # or a power cut could take the name of a database away that has acknowledged rows


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
