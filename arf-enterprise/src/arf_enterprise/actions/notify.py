# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Telling people: ``alert_team`` through apprise (chat, mail, paging, plain webhooks).

1. A channel is a credential: its name is the channel's, its value an apprise URL (``slack://…``, ``mailto://…``,
   ``json://…``), which has tokens in it and is never shown. ``channels`` gives other names to them.
2. What was said cannot be unsaid, and does no harm: the inverse is an empty operation. Nothing is left to read back,
   so after a crash it may be said twice.
3. It has gone out when one channel took it; a channel that did not is logged. When none did, it was not said.
4. A message is short, plain text: names from telemetry cannot format it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, cast

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap, shown
from arf_enterprise.actions.adapter import Change, Fence, Given, Observation, Progress, Rehearsal, Vitals
from arf_enterprise.actions.webhook_settings import timeout_of
from arf_enterprise.errors import ActionImpossible, SettingError, TargetUnavailable

if TYPE_CHECKING:
    from apprise import Apprise

_LOG = logging.getLogger(__name__)

NAME: Final = "notify"
MOST_TITLE: Final = 150
SEVERITIES: Final[Mapping[str, str]] = {"low": "info", "medium": "info", "high": "warning", "critical": "failure"}
"""Severity → apprise's kind of message."""


class NotifyAdapter:
    """The people who care for a component."""

    name: ClassVar[str] = NAME
    actions: ClassVar[frozenset[Action]] = frozenset({Action.ALERT_TEAM})

    def __init__(self, given: Given) -> None:
        """Check the settings.

        Raises:
            SettingError: one is unknown or wrong, or a channel's URL is none that apprise knows.
        """
        if unknown := sorted(set(given.settings) - {"channels", "timeout_s"}):
            raise SettingError(f"notify of {given.component} has no setting {unknown[0]!r:.60}: channels, timeout_s")
        self._component, self._urls = given.component, given.credentials
        self._timeout_s = timeout_of(given.settings, given)
        self._names = _channels(given)
        for channel in self._names:
            self._made(channel)
        self._sent: set[str] = set()

    def observe(self) -> Observation:
        """The channels that there are; people are always there."""
        return Observation(state=FrozenMap({"channels": sorted(self._names)}), vitals=Vitals(exists=True))

    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:
        """The message, and to whom."""
        if action is not Action.ALERT_TEAM:
            raise ActionImpossible(f"notify only tells people: {action.value} means nothing to it")
        asked = cast("tuple[str, ...]", parameters["channels"])
        known = tuple(channel for channel in dict.fromkeys(asked) if channel in self._names)
        if not known:
            there = ", ".join(sorted(self._names))
            raise ActionImpossible(f"none of the channels {', '.join(asked)} is set up for {self._component}: {there}")
        missing = [channel for channel in asked if channel not in self._names]
        without = f"; not set up: {', '.join(missing)}" if missing else ""
        severity = str(parameters["severity"])
        return Change(
            action=action,
            adapter=NAME,
            before=observed,
            forward=FrozenMap({"severity": severity, "channels": known, "title": self._title(severity)}),
            inverse=FrozenMap(),  # rule 2
            summary=f"tells {', '.join(known)} that {self._component} needs people ({severity}){without}",
            undo_summary="nothing to undo: it changes nothing but what people know",
            instances=0,
        )

    def rehearse(self, change: Change) -> Rehearsal:
        """Whether every channel is one that can be made; nobody is disturbed."""
        for channel in cast("tuple[str, ...]", change.forward["channels"]):
            self._made(channel)
        return Rehearsal(diff=(change.summary,), undo_diff=("nothing to undo",), by="the channels' addresses were read")

    def apply(self, change: Change, fence: Fence) -> None:
        """Say it (rule 3)."""
        channels = cast("tuple[str, ...]", change.forward["channels"])
        took = [channel for channel in channels if self._said(channel, change, fence)]
        if not took:
            raise TargetUnavailable(f"none of {', '.join(channels)} took the message of {self._component}")
        self._sent.add(change.digest)

    def revert(self, change: Change, fence: Fence) -> None:
        """Nothing (rule 2)."""
        del change, fence

    def progress(self, change: Change, observed: Observation) -> Progress:
        """What this adapter itself has said (rule 2)."""
        del observed
        return Progress.APPLIED if change.digest in self._sent else Progress.NOT_APPLIED

    def close(self) -> None:
        """Nothing is held."""

    def _title(self, severity: str) -> str:
        plain = "".join(one if one.isprintable() else " " for one in self._component)
        return f"[{severity}] {plain[:MOST_TITLE]} needs people"

    def _said(self, channel: str, change: Change, fence: Fence) -> bool:
        from apprise import NotifyFormat, NotifyType

        kind = NotifyType(SEVERITIES[str(change.forward["severity"])])
        body = f"ARF recommends that somebody looks at it. Run: {fence.execution_id}"
        result = self._made(channel).notify(
            body,
            title=str(change.forward["title"]),
            notify_type=kind,
            body_format=NotifyFormat.TEXT,  # rule 4
            interpret_escapes=False,
            timeout=self._timeout_s,
        )
        if not result:  # by its truth: an AppriseResult is never False itself
            _LOG.warning("channel_failed", extra={"component": self._component, "channel": channel})
        return bool(result)

    def _made(self, channel: str) -> Apprise:
        """The channel. Not ``from`` what apprise raises: it may quote the URL (rule 1)."""
        from apprise import Apprise, AppriseAsset

        made = Apprise(asset=AppriseAsset(async_mode=False, app_id="ARF", app_desc="ARF Enterprise", storage_mode=None))
        try:
            is_added = made.add(self._urls[self._names[channel]])
        except (TypeError, ValueError):
            is_added = False
        if not is_added:
            raise SettingError(f"the channel {channel!r:.100} of {self._component} is no URL that apprise knows")
        return made


def _channels(given: Given) -> dict[str, str]:
    """Channel → the name of its credential: the credentials by their own names, and by those in ``channels``."""
    found = {name: name for name in given.credentials}
    renamed = given.settings.get("channels", FrozenMap())
    if not isinstance(renamed, Mapping):
        raise SettingError(f"channels of {given.component} is {shown(renamed)}: it must map channels to credentials")
    for channel, name in renamed.items():
        if name not in given.credentials:
            raise SettingError(
                f"the channel {channel!r:.100} of {given.component} names a credential that is not there"
            )
        found[channel] = str(name)
    if not found:
        raise SettingError(f"notify of {given.component} has no credential: each is a channel")
    return found
