# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Telling people that something waits for them: an approval, a run that needs a person, a stop.

1. Telling never holds anything up, and never fails it: it happens on a thread of its own, one notice after the other,
   and what goes wrong is logged and counted, by the channel's name alone.
2. At most :data:`MOST_WAITING` things wait to be told; one more is dropped, logged and counted.
3. No secret is told or logged: URLs are references, read when they are needed; their hosts and paths may be secrets.
4. A person is told what and where to look; what an approver decides by is shown by ``arf-enterprise approvals show``.
   Buttons carry the digest of the request as it was told.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Final, Protocol

from arf_core.api.logs import fields
from arf_core.canonical import write_time
from arf_enterprise.errors import DeliveryError, EnterpriseError
from arf_enterprise.governance.approval_rows import of_execution
from arf_enterprise.governance.approval_state import State
from arf_enterprise.governance.callbacks import APPROVE, REJECT
from arf_enterprise.governance.channels import About, Channels, Outlet
from arf_enterprise.governance.stop import Stop
from arf_enterprise.stores.postgres.database import Database

ASKED: Final = "approval.asked"
"""What a run says when it begins to wait for people."""
MOST_WAITING: Final = 1000
PATIENCE_S: Final = 10.0
MOST_TEXT: Final = 2000
_QUIET: Final = (("apprise", logging.CRITICAL + 1), ("urllib3", logging.INFO))
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told. ``button`` is the value of the buttons for approving and rejecting, None if there are none."""

    about: About
    title: str
    text: str
    button: str | None = None


def approval_notice(state: State) -> Notice:
    """That a request waits for approval."""
    binding = state.binding
    lines = (
        state.summary[:MOST_TEXT],
        f"{state.given} of {binding.quorum} have approved; it expires at {write_time(binding.expires_at)}",
        f"arf-enterprise approvals show {state.approval_id} --tenant {binding.tenant}",
    )
    button = f"{binding.tenant} {state.approval_id} {state.digest}"
    return Notice(about="approval", title="ARF: an approval is asked for", text="\n".join(lines), button=button)


def person_notice(execution_id: str, component: str, says: str) -> Notice:
    """That a run needs a person."""
    text = f"{component}: {says[:MOST_TEXT]}\narf-enterprise runs show {execution_id}"
    return Notice(about="needs_a_person", title="ARF: a run needs a person", text=text)


def stop_notice(stop: Stop) -> Notice:
    """That something was stopped, or set going again."""
    verb = "pressed" if stop.lifted_at is None else "lifted"
    text = f"{stop.scope}: {stop.reason}\n{stop.stop_id}"
    return Notice(about="stop", title=f"ARF: a stop was {verb}", text=text)


class Count(Protocol):
    """Counts what happened to notices, by the name of the channel."""

    def __call__(self, outlet: str, *, is_told: bool) -> None:
        """One notice was told, or was not."""


def uncounted(outlet: str, *, is_told: bool) -> None:
    """Counts nothing."""


class Notifier:
    """Tells the outlets of some channels. Safe to share between threads; :meth:`close` ends it."""

    def __init__(
        self,
        channels: Channels,
        *,
        read: Callable[[str], str],
        deliver: Callable[[Outlet, str, Notice], None] | None = None,
        count: Count = uncounted,
    ) -> None:
        """``read`` gives the URL for a reference, ``deliver`` sends (:func:`sent`, unless another is given)."""
        self._channels, self._read, self._deliver, self._count = channels, read, deliver or sent, count
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="arf-notify")
        self._lock, self._waiting = Lock(), 0

    def tell(self, notice: Notice) -> None:
        """Tell everybody who wants to hear of it, soon; returns at once (rule 1)."""
        for outlet in self._channels.outlets:
            if notice.about not in outlet.about:
                continue
            if not self._is_room():  # 2
                self._failed(outlet, "too many wait to be told")
                continue
            self._pool.submit(self._told, outlet, notice).add_done_callback(self._done)

    def close(self) -> None:
        """Tell what waits, and end."""
        self._pool.shutdown(wait=True)

    def _is_room(self) -> bool:
        with self._lock:
            is_room = self._waiting < MOST_WAITING
            self._waiting += is_room
        return is_room

    def _done(self, _future: Future[None]) -> None:
        with self._lock:
            self._waiting -= 1

    def _told(self, outlet: Outlet, notice: Notice) -> None:
        try:
            self._deliver(outlet, self._read(outlet.url), notice)
        except Exception as error:  # noqa: BLE001 - the edge of this thread (rule 1); its text may quote a URL (rule 3)
            self._failed(outlet, type(error).__name__)
        else:
            self._count(outlet.name, is_told=True)

    def _failed(self, outlet: Outlet, because: str) -> None:
        log.warning("a notification was not delivered", extra=fields(channel=outlet.name, because=because))
        self._count(outlet.name, is_told=False)


class Concerned(Protocol):
    """A run, as far as people are told of it."""

    @property
    def tenant(self) -> str:
        """Whose it is."""

    @property
    def execution_id(self) -> str:
        """Its id."""

    @property
    def component(self) -> str:
        """What it is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTeller:
    """Tells of runs (``execution.means.Notify``): what they wait for is read from the database. It never fails."""

    notifier: Notifier
    database: Database
    clock: Callable[[], datetime]

    def __call__(self, kind: str, run: Concerned, says: str) -> None:
        """Tell that ``run`` waits for an approval (``approval.asked``), or needs a person (anything else)."""
        try:
            notice = self._asked(run) if kind == ASKED else person_notice(run.execution_id, run.component, says)
        except EnterpriseError as error:  # rule 1
            log.warning("a notification was not made", extra=fields(kind=kind, because=type(error).__name__))
            return
        self.notifier.tell(notice)

    def _asked(self, run: Concerned) -> Notice:
        with self.database.transaction(run.tenant) as transaction:
            return approval_notice(of_execution(transaction, run.execution_id, self.clock()))


def sent(outlet: Outlet, url: str, notice: Notice) -> None:
    """Send ``notice`` to ``url``.

    Raises:
        DeliveryError: it was not taken; the message does not say where.
    """
    if outlet.form == "slack":
        _sent_to_slack(url, notice)
        return
    import apprise

    for name, level in _QUIET:  # 3: they log URLs
        logging.getLogger(name).setLevel(level)
    service = apprise.Apprise(asset=apprise.AppriseAsset(secure_logging=True))
    if not service.add(url) or not service.notify(title=notice.title, body=notice.text, timeout=PATIENCE_S):
        raise DeliveryError(f"the channel {outlet.name} did not take the notification")


def slack_message(notice: Notice) -> dict[str, object]:
    """The notice in Slack's blocks, with buttons if it has any (rule 4)."""
    text: dict[str, object] = {"type": "section", "text": {"type": "plain_text", "text": notice.text}}
    blocks = [text] if notice.button is None else [text, {"type": "actions", "elements": _buttons(notice.button)}]
    return {"text": notice.title, "blocks": blocks}


def _buttons(value: str) -> list[dict[str, object]]:
    kinds = ((APPROVE, "Approve", "primary"), (REJECT, "Reject", "danger"))
    return [
        {"type": "button", "action_id": name, "style": style, "value": value,
         "text": {"type": "plain_text", "text": label}}
        for name, label, style in kinds
    ]  # fmt: skip


def _sent_to_slack(url: str, notice: Notice) -> None:
    from arf_enterprise.actions.exchange import Ask, exchange

    body = json.dumps(slack_message(notice)).encode()
    headers = {"Content-Type": "application/json"}
    answer = exchange(Ask(url=url, method="POST", headers=headers, body=body, timeout_s=PATIENCE_S))
    if answer.status != 200:
        raise DeliveryError(f"Slack answered {answer.status}")
