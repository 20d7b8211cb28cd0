# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The settings of a way by supervisord::

    socket: /run/supervisor.sock        # or url: http://127.0.0.1:9001
    group: checkout                     # the program or group; replicas are checkout-2, checkout-3 …
    state_folder: /var/lib/arf/marks    # of ARF's own user: what was done, for reading back after a crash
    timeout_s: 5                        # how long one call may take
    release_link: /srv/checkout/current # both for rollback
    releases_folder: /srv/checkout/releases
    replicas:                           # for scale_out
      folder: /etc/supervisor/conf.d    # one that supervisord includes *.conf of
      templates: {standard: /etc/arf/checkout.replica}
      most: 8                           # groups in all

A template is one section ``[program:{name}]`` as supervisord has it; ``{name}`` and ``{number}`` are filled in. People
who approve see it, so it has no secrets. Credentials: ``user`` and ``password``, both or none.
"""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from arf_core.errors import ArfError
from arf_core.models.frozen import FrozenMap, shown
from arf_core.verify.fields import matched, object_of, text_of
from arf_enterprise.actions.adapter import Given
from arf_enterprise.actions.releases import Releases
from arf_enterprise.actions.supervisor_rpc import Rpc
from arf_enterprise.actions.unix_socket import checked_path, is_loopback, seconds
from arf_enterprise.errors import SettingError

NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_OPTIONAL: Final = ("socket", "url", "timeout_s", "release_link", "releases_folder", "replicas")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicas:
    """How replicas are made: the folder of their files, the templates by resource profile, how many groups at most."""

    folder: Path
    templates: FrozenMap
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings, checked."""

    group: str
    state_folder: Path
    releases: Releases | None
    replicas: Replicas | None


def settings_of(given: Given) -> Settings:
    """The settings in ``given``.

    Raises:
        SettingError: one is unknown, missing or of the wrong kind.
    """
    try:
        found = object_of(given.settings, what="supervisor", keys=("group", "state_folder"), optional=_OPTIONAL)
        return Settings(
            group=matched(found["group"], NAME, what="group", rule="the name of a group"),
            state_folder=_path(found["state_folder"], what="state_folder"),
            releases=_releases(found.get("release_link"), found.get("releases_folder")),
            replicas=None if found.get("replicas") is None else _replicas(found["replicas"]),
        )
    except ArfError as error:
        raise SettingError(f"{given.component}: {error}") from error


def rpc_of(given: Given) -> Rpc:
    """How supervisord is asked.

    Raises:
        SettingError: neither a socket nor a url, or one that is not on this machine; half of the credentials.
    """
    user, password = given.credentials.get("user"), given.credentials.get("password")
    if (user is None) != (password is None) or set(given.credentials) - {"user", "password"}:
        raise SettingError(f"{given.component}: a supervisord's credentials are user and password, both or none")
    timeout_s = seconds(given.settings.get("timeout_s", 5), what="timeout_s", least=0.1, most=60)
    path, url = given.settings.get("socket"), given.settings.get("url")
    if (path is None) == (url is None):
        raise SettingError(f"{given.component}: a supervisord has either a socket or a url")
    if path is not None:
        checked = checked_path(str(path), what="socket")
        return Rpc(socket=checked, user=user, password=password, timeout_s=timeout_s)
    parts = urlsplit(str(url))
    if parts.scheme != "http" or not is_loopback(parts.hostname) or parts.username or parts.path.strip("/"):
        raise SettingError(f"{given.component}: the url of a supervisord is http://127.0.0.1:PORT, without credentials")
    host = parts.hostname or ""
    return Rpc(socket=None, host=host, port=parts.port or 80, user=user, password=password, timeout_s=timeout_s)


def filled(template: str, *, name: str, number: int) -> str:
    """The file of the replica ``name`` from ``template``.

    Raises:
        SettingError: what comes out is not one program of that name that starts by itself, once.
    """
    text = template.replace("{name}", name).replace("{number}", str(number))
    reader = configparser.RawConfigParser(inline_comment_prefixes=(";", "#"))
    try:
        reader.read_string(text)
    except configparser.Error as error:
        raise SettingError(f"the template of {name} is no section of supervisord: {type(error).__name__}") from error
    if reader.sections() != [f"program:{name}"] or reader.defaults():
        raise SettingError(f"the template of {name} must have the section [program:{{name}}] and no other")
    if bad := [key for key in ("numprocs", "process_name", "autostart") if reader.has_option(f"program:{name}", key)]:
        raise SettingError(f"the template of {name} sets {bad[0]}: a replica is one process that starts by itself")
    return text


def _releases(link: object, folder: object) -> Releases | None:
    if link is None and folder is None:
        return None
    return Releases(link=_path(link, what="release_link"), folder=_path(folder, what="releases_folder"))


def _replicas(value: object) -> Replicas:
    found = object_of(value, what="replicas", keys=("folder", "templates"), optional=("most",))
    templates, most = found["templates"], found.get("most", 16)
    if not isinstance(templates, FrozenMap) or not templates:
        raise SettingError("replicas.templates must be files by the name of a profile")
    if isinstance(most, bool) or not isinstance(most, int) or not 1 <= most <= 1000:
        raise SettingError(f"replicas.most is {shown(most)}: it must be a whole number from 1 to 1000")
    paths = {name: str(_path(path, what=f"replicas.templates.{name}")) for name, path in templates.items()}
    return Replicas(folder=_path(found["folder"], what="replicas.folder"), templates=FrozenMap(paths), most=most)


def _path(value: object, *, what: str) -> Path:
    path = Path(text_of(value, what=what))
    if not path.is_absolute():
        raise SettingError(f"{what} is {shown(value)}: it must be an absolute path")
    return path
