# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Where a Kubernetes target is, and how ARF gets in: settings and credentials of the way, read strictly.

1. Settings: ``namespace`` and ``deployment``; ``server`` (https) and perhaps ``ca`` (a PEM file; otherwise the system's
   authorities), unless a kubeconfig has them; ``service`` and ``track_label``, or ``route`` (an HTTPRoute), for
   shifting traffic; ``timeout_s``, how long one answer may take. Names are those that Kubernetes allows: they become
   parts of paths.
2. Credentials: ``token``, or ``kubeconfig`` (its whole text). In a cluster the token is
   ``file:/var/run/secrets/kubernetes.io/serviceaccount/token``.
3. Of a kubeconfig the current context counts: its server, authority and token. What would run a program (``exec``,
   ``auth-provider``), skip the verification of certificates or need a key file is refused.
4. The connection is always verified TLS. No message has a credential.

The form of a kubeconfig: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from arf_core.errors import FormatError, PolicyError
from arf_core.models.frozen import shown
from arf_core.policy.document import Node, read_document
from arf_core.verify.fields import base64_of, matched, object_of, text_of
from arf_enterprise.actions.adapter import Given
from arf_enterprise.errors import SettingError

ANSWER_S: Final = 10.0

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_LABEL: Final = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_SERVER: Final = re.compile(r"https://[A-Za-z0-9.\-\[\]:]+(:\d{1,5})?(/[A-Za-z0-9._~/\-]*)?")
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,16384}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One deployment of one cluster, and the way in. ``trust`` is ready to be used by a connection."""

    server: str
    namespace: str
    deployment: str
    service: str | None
    track_label: str
    route: str | None
    timeout_s: float
    token: str = field(repr=False)
    trust: ssl.SSLContext = field(repr=False)


def access(given: Given) -> Access:
    """What ``given`` says, checked (rules 1 to 4).

    Raises:
        SettingError: a setting or credential is unknown, missing, or not as the rules say.
    """
    try:
        return _access(given)
    except FormatError as error:
        raise SettingError(f"{given.component}: {error}") from error
    except (OSError, ssl.SSLError) as error:
        raise SettingError(f"{given.component}: the authority's certificate cannot be read: {error}") from error


def _access(given: Given) -> Access:
    what = "a kubernetes way"
    settings = object_of(
        given.settings,
        what=what,
        keys=("namespace", "deployment"),
        optional=("server", "ca", "service", "track_label", "route", "timeout_s"),
    )
    cluster = _cluster(settings, given.credentials)
    return Access(
        server=matched(cluster["server"], _SERVER, what=f"{what}: server", rule="an https address").rstrip("/"),
        token=_token(cluster["token"]),
        trust=ssl.create_default_context(cafile=cluster["ca"], cadata=cluster["ca_data"]),  # rule 4
        namespace=_name(settings, "namespace"),
        deployment=_name(settings, "deployment"),
        service=_name(settings, "service") if "service" in settings else None,
        route=_name(settings, "route") if "route" in settings else None,
        timeout_s=_seconds(settings.get("timeout_s", ANSWER_S)),
        track_label=matched(
            settings.get("track_label", "track"), _LABEL, what=f"{what}: track_label", rule="the name of a label"
        ),
    )


def _cluster(settings: Mapping[str, object], credentials: Mapping[str, str]) -> dict[str, Any]:
    if set(credentials) == {"kubeconfig"}:
        if named := sorted({"server", "ca"} & set(settings)):
            raise FormatError(f"{named[0]!r} stands in the settings, and in the kubeconfig: leave it out of one")
        return _kubeconfig(credentials["kubeconfig"])
    if set(credentials) != {"token"}:  # rule 2
        raise FormatError("the credentials of a kubernetes way are 'token', or 'kubeconfig'")
    if "server" not in settings:
        raise FormatError("a kubernetes way lacks 'server', the address of the cluster's API")
    authority = text_of(settings["ca"], what="a kubernetes way: ca") if "ca" in settings else None
    return {"server": settings["server"], "token": credentials["token"], "ca": authority, "ca_data": None}


def _kubeconfig(text: str) -> dict[str, Any]:  # rule 3
    document = _yaml(text)
    context = _named(document, "context", document.get("current-context"))
    cluster, user = (_named(document, kind, context.get(kind)) for kind in ("cluster", "user"))
    if cluster.get("insecure-skip-tls-verify"):
        raise FormatError("the kubeconfig skips the verification of certificates: name the cluster's authority in it")
    if "token" not in user:
        raise FormatError(
            "the kubeconfig's user has no token: programs and key files are not used; a credential 'token' may be "
            "a 'command:' reference"
        )
    named, data = (cluster.get(f"certificate-authority{form}") for form in ("", "-data"))
    return {
        "server": cluster.get("server"),
        "token": user["token"],
        "ca": None if named is None else text_of(named, what="the kubeconfig's certificate-authority"),
        "ca_data": None if data is None else _pem(data),
    }


def _yaml(text: str) -> dict[str, Any]:
    try:
        document = _plain(read_document(text, file="the kubeconfig"))
    except PolicyError:
        document = None
    if not isinstance(document, dict):  # no cause: the parser's message may quote the file, and that has credentials
        raise FormatError("the kubeconfig is no plain YAML mapping, with each key once")
    return document


def _plain(node: Node) -> object:
    match node.value:
        case tuple():
            return [_plain(each) for each in node.value]
        case Mapping():
            return {key: _plain(entry.node) for key, entry in node.value.items()}
        case value:
            return value


def _named(document: dict[str, Any], kind: str, name: object) -> dict[str, Any]:
    entries = document.get(f"{kind}s")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("name") == name and isinstance(entry.get(kind), dict):
            found: dict[str, Any] = entry[kind]
            return found
    raise FormatError(f"the kubeconfig names no {kind} for its current context")


def _pem(data: object) -> str:
    found = base64_of(data, what="the kubeconfig's certificate-authority-data")
    if b"-----BEGIN CERTIFICATE-----" not in found or not found.isascii():
        raise FormatError("the kubeconfig's certificate-authority-data has no certificate")
    return found.decode("ascii")


def _name(settings: Mapping[str, object], key: str) -> str:
    return matched(settings[key], _NAME, what=f"a kubernetes way: {key}", rule="a name that Kubernetes allows")


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= 60:
        raise FormatError(f"a kubernetes way: timeout_s is {shown(value)}: it must be seconds, from 1 to 60")
    return float(value)


def _token(value: object) -> str:
    if not isinstance(value, str) or not _TOKEN.fullmatch(value.strip()):
        raise FormatError("the token is empty, or has characters that no token has")
    return value.strip()
