# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Changing a component through a signed webhook: Rundeck, StackStorm, Argo, or a script of one's own.

The receiver knows what to do and how to undo it; ARF says what was decided, and reads back what became of it. The
contract is ``actions.webhook_contract``.

1. ``status`` is what the receiver shows; the last change that it took is how ``progress`` is known after a crash.
2. ``apply`` reads first: what is done already is not asked for again, and nothing is asked of a target that has moved.
   The receiver is told the state before, to refuse (409) what has moved since that look.
3. ``revert`` is asked for even if the change never showed: the receiver must not begin with it afterwards.
4. Without an address to revert at there is no inverse, and that is said.
5. A second restart is not the first: what was the last change when it was planned is part of a change's digest.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar, Final

from arf_core.errors import InputError
from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions import webhook_contract as contract
from arf_enterprise.actions.adapter import Change, Fence, Given, Observation, Progress, Rehearsal
from arf_enterprise.actions.exchange import Ask, Got, NoAnswer, exchange
from arf_enterprise.actions.webhook_settings import settings_of
from arf_enterprise.errors import RehearsalFailed, TargetMoved, TargetRefused, TargetUnavailable

NAME: Final = "webhook"
_MOVED: Final = frozenset({409, 412})
_LATER: Final = frozenset({408, 425, 429})


class WebhookAdapter:
    """A component behind a receiver of signed webhooks."""

    name: ClassVar[str] = NAME
    actions: ClassVar[frozenset[Action]] = frozenset(Action)

    def __init__(self, given: Given, *, clock: Callable[[], float] = time.time) -> None:
        """Check the settings; ``clock`` gives the seconds since 1970 that requests are stamped with.

        Raises:
            SettingError: one is unknown, missing or wrong.
        """
        self._settings = settings_of(given)
        self._component, self._clock = given.component, clock

    def observe(self) -> Observation:
        """What the receiver's ``status`` shows (rule 1)."""
        got = self._post("status", contract.request("status", self._component), None)
        try:
            return contract.status_of(got.body)
        except InputError as error:
            raise TargetUnavailable(f"the receiver of {self._component} gives no status: {error}") from error

    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:
        """The change: what the receiver is told, both ways."""
        wanted = observed.vitals.wanted
        instances = 1 if wanted is None else max(1, wanted)
        can_undo = "revert" in self._settings.urls  # rule 4
        return Change(
            action=action,
            adapter=NAME,
            before=observed,
            forward=FrozenMap({"operation": "apply", "parameters": parameters, "since": observed.version}),  # rule 5
            inverse=FrozenMap({"operation": "revert", "state": observed.state}) if can_undo else None,
            summary=f"asks the receiver of {self._component} for {action.value} with {parameters.written()}",
            undo_summary=f"asks it to bring back {observed.state.written()}" if can_undo else None,
            irreversible_because=None if can_undo else f"the webhook of {self._component} has no address to revert at",
            instances=instances,
            of_instances=instances,
        )

    def rehearse(self, change: Change) -> Rehearsal:
        """The receiver's own dry run; where it has none, whether it answers and the target has not moved."""
        if "dry_run" in self._settings.urls:
            return self._dry_run(change)
        if self.observe().digest != change.before.digest:
            raise RehearsalFailed(f"{self._component} was changed since the change was planned")
        undo = () if change.undo_summary is None else (change.undo_summary,)
        return Rehearsal(diff=(change.summary,), undo_diff=undo, by="its status: the receiver has no dry run")

    def apply(self, change: Change, fence: Fence) -> None:
        """Ask for it, once (rule 2)."""
        observed = self.observe()
        if self.progress(change, observed) is Progress.APPLIED:
            return
        if observed.digest != change.before.digest:
            raise TargetMoved(f"{self._component} was changed by somebody else since the change was planned")
        self._post("apply", contract.request("apply", self._component, change, fence), fence)

    def revert(self, change: Change, fence: Fence) -> None:
        """Ask for the state before (rule 3)."""
        self._post("revert", contract.request("revert", self._component, change, fence), fence)

    def progress(self, change: Change, observed: Observation) -> Progress:
        """What the last change that the receiver took says of ``change``."""
        last = contract.last_change(observed)
        if last is not None and last.change == change.digest and last.operation == "apply":
            return Progress.OTHER if last.progress == "failed" else Progress.APPLIED
        is_running = last is not None and last.progress == "running"
        return Progress.NOT_APPLIED if observed.digest == change.before.digest and not is_running else Progress.OTHER

    def close(self) -> None:
        """Nothing is held."""

    def _dry_run(self, change: Change) -> Rehearsal:
        got = self._post("dry_run", contract.request("dry_run", self._component, change), None)
        try:
            why, diff, undo_diff = contract.dry_run_of(got.body)
        except InputError as error:
            raise RehearsalFailed(f"the dry run of {self._component} gives no answer: {error}") from error
        if why is not None:
            raise RehearsalFailed(f"{self._component}: {contract.without(why, self._settings.secrets)}")
        undo = () if change.undo_summary is None else (change.undo_summary,)
        return Rehearsal(diff=diff or (change.summary,), undo_diff=undo_diff or undo, by="the receiver's dry run")

    def _post(self, operation: contract.Operation, body: bytes, fence: Fence | None) -> Got:
        settings = self._settings
        if operation not in settings.urls:
            raise TargetRefused(f"the webhook of {self._component} has no address for {operation}")
        stamp = str(int(self._clock()))
        headers = contract.headers(operation, body, secret=settings.secret, timestamp=stamp, fence=fence)
        if settings.authorization is not None:
            headers["Authorization"] = settings.authorization
        asked = Ask(
            url=settings.urls[operation],
            method="POST",
            headers=headers,
            body=body,
            timeout_s=settings.timeout_s,
            ca_file=settings.ca_file,
        )
        try:
            got = exchange(asked)
        except NoAnswer as error:
            raise TargetUnavailable(f"the receiver of {self._component}: {error}") from error
        self._check(operation, asked, got)
        return got

    def _check(self, operation: str, asked: Ask, got: Got) -> None:
        """Nothing, if the receiver took it."""
        if 200 <= got.status < 300 and got.is_whole:
            return
        said = contract.said(got.body, self._settings.secrets)
        told = f"{asked.place} answers {operation} with {got.status}" + (f": {said}" if said else "")
        if got.status in _MOVED:
            raise TargetMoved(told)
        if not got.is_whole or got.status >= 500 or got.status in _LATER:
            raise TargetUnavailable(told if got.is_whole else f"{told}, and more than is read")
        if 300 <= got.status < 400:
            raise TargetRefused(f"{told}: a redirect, which is not followed")
        raise TargetRefused(told)
