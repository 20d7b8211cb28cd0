# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A backend of HAProxy: shift traffic, take failing servers out, add spare ones. ``haproxy_settings`` has the settings.

HAProxy has no dry run, no version, no condition on a command, and cannot check a fence. So:

1. A rehearsal checks each precondition of both directions, and says that this is what it did.
2. The state is read right before it is changed, and read back afterwards. All of a change is one line of commands: a
   death of this process does not leave it half done.
3. What it did is the state itself, so ``progress`` compares that. A reload of HAProxy forgets all of it.
4. What is refused after something was done is no refusal: it is unavailable, for it cannot be told as nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import ClassVar, Final, cast, final

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions import haproxy_plan as plans
from arf_enterprise.actions.adapter import Change, Fence, Given, Observation, Progress, Rehearsal
from arf_enterprise.actions.haproxy_api import Api, Counts
from arf_enterprise.actions.haproxy_commands import commands, left_to_undo, word_problems
from arf_enterprise.actions.haproxy_settings import settings_of
from arf_enterprise.errors import ActionImpossible, RehearsalFailed, TargetMoved, TargetRefused, TargetUnavailable

DRAIN_S: Final = 5.0
_BY: Final = "every precondition was checked, both ways: HAProxy has no dry run"
_POLL_S: Final = 0.05
_DELETED: Final = ("Server deleted.", "No such server.")


@final
class HaproxyAdapter:
    """One backend of one HAProxy, by its runtime API."""

    name: ClassVar[str] = plans.NAME
    actions: ClassVar[frozenset[Action]] = frozenset({Action.TRAFFIC_SHIFT, Action.CIRCUIT_BREAKER, Action.SCALE_OUT})

    def __init__(self, given: Given) -> None:
        """Check the settings; nothing is asked yet.

        Raises:
            SettingError: one is wrong.
        """
        self._settings = settings_of(given)
        self._api = Api(path=self._settings.socket, timeout_s=self._settings.timeout_s)
        self._look: tuple[float, Mapping[str, Counts]] | None = None

    def observe(self) -> Observation:
        """The servers of the backend, and how much of its traffic the component's get.

        Raises:
            TargetUnavailable: HAProxy does not answer in time.
            TargetRefused: this process may not open the socket.
        """
        servers, counts = self._api.servers(self._settings.backend), self._api.counts(self._settings.backend)
        self._look = self._look or (time.monotonic(), counts)
        return plans.observed(servers, counts, own=self._settings.servers)

    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:
        """The change that ``action`` means; for a circuit breaker, it counts errors for ``look_s``.

        Raises:
            ActionImpossible: it means nothing here, or would change nothing.
            TargetMoved: it is not as ``observed`` any more.
        """
        if action not in self.actions:
            raise ActionImpossible(f"HAProxy has no way to {action.value}")
        if not observed.vitals.exists:
            raise ActionImpossible(f"HAProxy has no servers of this component in {self._settings.backend}")
        servers = self._api.servers(self._settings.backend)
        self._check_unmoved(observed, self.observe())
        match action:
            case Action.TRAFFIC_SHIFT:
                percentage = cast("int", parameters["percentage"])
                return plans.traffic_shift(observed, servers, self._target(parameters["target"]), percentage)
            case Action.CIRCUIT_BREAKER:
                threshold, timeout_s = cast("float", parameters["threshold"]), cast("int", parameters["timeout"])
                errors = self._errors()
                return plans.circuit_breaker(observed, servers, errors, threshold=threshold, timeout_s=timeout_s)
            case _:
                factor = cast("int", parameters["scale_factor"])
                return plans.scale_out(observed, servers, self._settings.spares, factor=factor)

    def rehearse(self, change: Change) -> Rehearsal:
        """Check each precondition of both directions (rule 1).

        Raises:
            RehearsalFailed: one does not hold.
            TargetMoved: the state is not the planned one any more.
        """
        self._check_unmoved(change.before, self.observe())
        if problems := [*self._problems(change), *word_problems(change.forward)]:
            raise RehearsalFailed("; ".join(problems))
        return Rehearsal(diff=plans.difference(change.forward), undo_diff=plans.difference(_inverse(change)), by=_BY)

    def apply(self, change: Change, fence: Fence) -> None:  # noqa: ARG002 - HAProxy cannot check a fence
        """Do it, if the state is the planned one, and read it back (rule 2).

        Raises:
            TargetMoved: the state is not the planned one.
            TargetUnavailable: HAProxy does not answer, or shows otherwise than was asked for.
            TargetRefused: it said no, and nothing was done.
        """
        observed = self.observe()
        if self.progress(change, observed) is Progress.APPLIED:
            return
        self._check_unmoved(change.before, observed)
        self._write(commands(change.forward, self._settings.backend), before=observed)
        if self.observe().state != change.forward["after"]:
            raise TargetUnavailable("HAProxy took the change and shows another state: somebody else writes as well")

    def revert(self, change: Change, fence: Fence) -> None:  # noqa: ARG002 - HAProxy cannot check a fence
        """Undo what of it is there (rule 3).

        Raises:
            TargetMoved: what it had done was changed by somebody else.
            TargetUnavailable: HAProxy does not answer, or shows otherwise than was asked for.
            TargetRefused: it said no, and nothing was done.
        """
        observed = self.observe()
        left = left_to_undo(_inverse(change), observed)
        if left is None:
            return
        self._write(commands(left, self._settings.backend), before=observed)
        if left["do"] == "remove":
            self._delete(cast("FrozenMap", left["servers"]))
        if left_to_undo(left, self.observe()) is not None:
            raise TargetUnavailable(
                "HAProxy took the change back and shows another state: somebody else writes as well"
            )

    def progress(self, change: Change, observed: Observation) -> Progress:
        """How far ``change`` got: the state tells (rule 3)."""
        if observed.digest == change.before.digest:
            return Progress.NOT_APPLIED
        return Progress.APPLIED if observed.state == change.forward["after"] else Progress.OTHER

    def close(self) -> None:
        """Nothing is kept open: each request has its own connection."""

    def _target(self, named: object) -> frozenset[str]:
        group = self._settings.groups.get(str(named), (str(named),))
        return frozenset(cast("tuple[str, ...]", group))

    def _errors(self) -> Mapping[str, float]:
        """The error shares since the first look, which is at least ``look_s`` ago."""
        since, first = self._look or (time.monotonic(), self._api.counts(self._settings.backend))
        time.sleep(max(0.0, self._settings.look_s - (time.monotonic() - since)))
        return plans.error_shares(first, self._api.counts(self._settings.backend))

    def _check_unmoved(self, before: Observation, now: Observation) -> None:
        if now.digest != before.digest:
            raise TargetMoved(f"{self._settings.backend} is now {now.state}: planned for {before.state}")

    def _write(self, lines: tuple[str, ...], *, before: Observation) -> None:
        """Rule 4."""
        try:
            self._api.write(*lines)
        except TargetRefused as error:
            if self.observe().digest == before.digest:
                raise
            raise TargetUnavailable(f"it stopped half way: {error}") from error

    def _delete(self, servers: FrozenMap) -> None:
        """Delete servers in maintenance, once their sessions have ended; after ``DRAIN_S`` these are ended."""
        for name in servers:
            server, end = f"{self._settings.backend}/{name}", time.monotonic() + DRAIN_S
            while not self._is_deleted(server):
                if time.monotonic() > end + DRAIN_S:
                    raise TargetUnavailable(f"{server} still has sessions: it is in maintenance and takes no new ones")
                if time.monotonic() > end:
                    self._api.write(f"shutdown sessions server {server}")
                time.sleep(_POLL_S)

    def _is_deleted(self, server: str) -> bool:
        answer = self._api.ask(f"del server {server}").strip()
        if answer not in _DELETED and "connection" not in answer:
            raise TargetUnavailable(f"HAProxy does not delete {server}: {answer[:300]}")
        return answer in _DELETED

    def _problems(self, change: Change) -> Iterator[str]:
        """What stands in the way on HAProxy's side; ``static-rr`` alone is known to take no weights."""
        if change.action is Action.TRAFFIC_SHIFT and self._api.algorithm(self._settings.backend) == "static-rr":
            yield f"{self._settings.backend} balances by static-rr, which takes no weights while it runs"
        if (level := self._api.level()) != "admin":
            yield f"the socket {self._settings.socket} has level {level}: changes need one of level admin"


def _inverse(change: Change) -> FrozenMap:
    if change.inverse is None:
        raise ActionImpossible("the change was not planned by this adapter: each of its changes has an inverse")
    return change.inverse
