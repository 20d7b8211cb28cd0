# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Channels: where people are told that something waits for them, and who may answer from there. A YAML file.

::

    schema: arf.channels/1
    notify:                                     who is told, and about what
      - name: oncall
        url: env:ONCALL_URL                     a reference to the URL of an Apprise service: it has a token in it
        about: [approval, needs_a_person, stop]
      - name: approvers
        url: file:/run/secrets/slack-webhook    with `form: slack`: an incoming webhook, told with buttons
        form: slack
        about: [approval]
    slack:
      signing_secret: file:/run/secrets/slack   what Slack signs callbacks with
    webhooks:
      - name: pager
        secret: env:PAGER_SECRET                shared with whoever signs callbacks as docs/approvals.md has it
    people:                                     who somebody in a channel is here
      - subject: alice@example.com
        tenants: [default]
        known_as: {slack: U012AB3CD, pager: alice}

1. Secrets and URLs are references (``targets.broker``), never values.
2. Whoever is not in the table is nobody. Being in it is being an approver, by callbacks of those channels alone.
3. A person stands once, and so does an id in a channel: nobody is two people, and nobody's button is somebody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from arf_core.errors import ArfError
from arf_core.policy.document import read_document
from arf_core.policy.fields import plain
from arf_core.verify.fields import list_of, object_of, text_of
from arf_enterprise.errors import SettingError
from arf_enterprise.governance.approval_state import person_of
from arf_enterprise.identity.principal import Principal, Role
from arf_enterprise.targets.broker import REFERENCE, REFERENCE_RULE

SCHEMA: Final = "arf.channels/1"
SLACK: Final = "slack"
FILE: Final = "channels.yaml"
"""What the file is called, in the folder ``ARF_DATA``."""
About = Literal["approval", "needs_a_person", "stop"]
ABOUT: Final[tuple[About, ...]] = ("approval", "needs_a_person", "stop")
_MOST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """Somewhere people are told: ``url`` is a reference."""

    name: str
    url: str
    about: frozenset[str]
    form: Literal["apprise", "slack"] = "apprise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A person of the table, and what each channel calls them."""

    subject: str
    tenants: frozenset[str]
    known_as: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """What the file says. ``secrets`` are references by the name of the channel."""

    outlets: tuple[Outlet, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    people: tuple[Known, ...] = ()

    def person(self, channel: str, known_as: str) -> Principal | None:
        """Who ``known_as`` of ``channel`` is here; None if nobody (rule 2)."""
        for known in self.people:
            if known.known_as.get(channel) == known_as:
                return Principal(
                    issuer=f"channel/{channel}",
                    subject=known.subject,
                    method="callback",
                    roles=frozenset({Role.APPROVER}),
                    tenants=known.tenants,
                )
        return None


def read_channels(file: Path) -> Channels:
    """The channels that ``file`` describes; none at all if there is no such file.

    Raises:
        SettingError: it cannot be read, or says something that is not in the form above.
    """
    if not file.exists():
        return Channels()
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{file} cannot be read: {type(error).__name__}") from error
    return load_channels(text, file=str(file))


def load_channels(text: str, *, file: str) -> Channels:
    """The channels in ``text``.

    Raises:
        SettingError: it is not in the form above; the message says where.
    """
    try:
        return _channels(plain(read_document(text, file=file)))
    except (ArfError, SettingError) as error:
        raise SettingError(f"{file}: {error}") from error


def _channels(value: object) -> Channels:
    given = object_of(value, what="the file", keys=("schema",), optional=("notify", "slack", "webhooks", "people"))
    if given["schema"] != SCHEMA:
        raise SettingError(f"the schema is not {SCHEMA}")
    channels = Channels(
        outlets=tuple(_outlet(item) for item in _list(given, "notify")),
        secrets=_secrets(given),
        people=tuple(_known(item) for item in _list(given, "people")),
    )
    _check_people(channels)
    return channels


def _list(given: Mapping[str, object], name: str) -> list[object]:
    return list_of(given.get(name, []), what=name, most=_MOST)


def _outlet(item: object) -> Outlet:
    given = object_of(item, what="an item of notify", keys=("name", "url", "about"), optional=("form",))
    about = {text_of(one, what="an item of about") for one in list_of(given["about"], what="about", most=len(ABOUT))}
    form = given.get("form", "apprise")
    if not about or not about <= set(ABOUT):
        raise SettingError(f"about must be one or more of {', '.join(ABOUT)}")
    if form not in {"apprise", "slack"}:
        raise SettingError("form must be apprise or slack")
    return Outlet(
        name=text_of(given["name"], what="name", most=200),
        url=_reference(given["url"], "url"),
        about=frozenset(about),
        form=form,
    )


def _secrets(given: Mapping[str, object]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    if "slack" in given:
        slack = object_of(given["slack"], what=SLACK, keys=("signing_secret",))
        found[SLACK] = _reference(slack["signing_secret"], "signing_secret")
    for item in _list(given, "webhooks"):
        webhook = object_of(item, what="an item of webhooks", keys=("name", "secret"))
        name = text_of(webhook["name"], what="name", most=200)
        if name == SLACK or name in found:
            raise SettingError(f"two channels are called {name}, or it is called {SLACK}")
        found[name] = _reference(webhook["secret"], "secret")
    return found


def _known(item: object) -> Known:
    given = object_of(item, what="an item of people", keys=("subject", "tenants", "known_as"))
    tenants = [text_of(one, what="a tenant") for one in list_of(given["tenants"], what="tenants", most=_MOST)]
    names = sorted(given["known_as"]) if isinstance(given["known_as"], Mapping) else ()
    known_as = object_of(given["known_as"], what="known_as", keys=names)
    return Known(
        subject=text_of(given["subject"], what="subject", most=200),
        tenants=frozenset(tenants),
        known_as={name: text_of(known_as[name], what=f"known_as.{name}", most=200) for name in known_as},
    )


def _reference(value: object, what: str) -> str:  # rule 1
    if not isinstance(value, str) or not REFERENCE.fullmatch(value):
        raise SettingError(f"{what} is not {REFERENCE_RULE}")
    return value


def _check_people(channels: Channels) -> None:  # rule 3
    subjects = [person_of(known.subject) for known in channels.people]
    ids = [one for known in channels.people for one in known.known_as.items()]
    if len(set(subjects)) != len(subjects) or len(set(ids)) != len(ids):
        raise SettingError("people: a subject, or an id in a channel, stands twice")
    if unknown := {channel for channel, _ in ids} - set(channels.secrets):
        raise SettingError(f"people: known_as names {min(unknown)}, which is no channel that signs callbacks")
