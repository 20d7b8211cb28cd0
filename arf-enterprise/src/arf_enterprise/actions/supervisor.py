# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Programs under supervisord: restart, roll back to another release, run more of them.

``supervisor_settings`` has the settings, ``supervisor_plan`` the state and the words of a change.
supervisord has no dry run, no version and no memory of who did what. So:

1. A rehearsal checks each precondition of both directions, and says that this is what it did.
2. The state is read again right before it is changed, under ARF's own lock (``marks``); the fence is checked there.
3. What was begun is marked before, what is done is marked after; ``progress`` reads the mark, the state and which
   processes live a new life since then.
4. What is refused after something was done is no refusal: it is unavailable, for it cannot be told as nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Final, cast, final

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions import supervisor_plan as plans
from arf_enterprise.actions.adapter import Change, Fence, Given, Observation, Progress, Rehearsal
from arf_enterprise.actions.marks import Mark, Marks, Phase
from arf_enterprise.actions.supervisor_rehearsal import problems
from arf_enterprise.actions.supervisor_settings import Replicas, filled, rpc_of, settings_of
from arf_enterprise.actions.supervisor_steps import Steps
from arf_enterprise.errors import (
    ActionImpossible,
    RehearsalFailed,
    SettingError,
    TargetMoved,
    TargetRefused,
    TargetUnavailable,
)

_BY: Final = "every precondition was checked, both ways: supervisord has no dry run"


@final
class SupervisorAdapter:
    """A program, its replicas and its release, under one supervisord."""

    name: ClassVar[str] = plans.NAME
    actions: ClassVar[frozenset[Action]] = frozenset({Action.RESTART_CONTAINER, Action.ROLLBACK, Action.SCALE_OUT})

    def __init__(self, given: Given) -> None:
        """Check the settings; nothing is asked yet.

        Raises:
            SettingError: one is wrong.
        """
        self._settings = settings_of(given)
        self._rpc = rpc_of(given)
        self._steps, self._writes = Steps(rpc=self._rpc), 0
        self._marks = Marks(self._settings.state_folder, self._settings.group)

    def observe(self) -> Observation:
        """The groups, their processes, and the release link.

        Raises:
            TargetUnavailable: supervisord does not answer in time.
            TargetRefused: it does not accept the password.
        """
        releases = self._settings.releases
        found = [process for process in self._rpc.processes() if plans.belongs(process.group, to=self._settings.group)]
        return plans.observed(found, releases.text() if releases else None)

    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:
        """The change that ``action`` means.

        Raises:
            ActionImpossible: it means nothing here, or would change nothing.
        """
        if not observed.vitals.exists:
            raise ActionImpossible(f"supervisord knows no group {self._settings.group}")
        match action:
            case Action.RESTART_CONTAINER:
                only, grace_s = parameters["container_id"], parameters["grace_period"]
                return plans.restart(observed, only=cast("str | None", only), grace_s=cast("int", grace_s))
            case Action.ROLLBACK:
                return self._planned_rollback(parameters, observed)
            case Action.SCALE_OUT:
                return self._planned_scale(parameters, observed)
            case _:
                raise ActionImpossible(f"supervisord has no way to {action.value}")

    def rehearse(self, change: Change) -> Rehearsal:
        """Check each precondition of both directions (rule 1).

        Raises:
            RehearsalFailed: one does not hold.
            TargetMoved: the state is not the planned one any more.
        """
        self._check_unmoved(change, self.observe())
        if found := problems(change.forward, self._settings, self._rpc):
            raise RehearsalFailed("; ".join(found))
        return Rehearsal(diff=plans.difference(change.forward), undo_diff=plans.difference(_inverse(change)), by=_BY)

    def apply(self, change: Change, fence: Fence) -> None:
        """Do it, or the rest of it if this very change was begun and not finished (rules 2 and 3).

        Raises:
            TargetMoved: the state is not the planned one.
            FenceLost: a later holder was here.
            TargetUnavailable: it does not answer, or stopped half way.
            TargetRefused: it said no, and nothing was done.
        """
        with self._marks.held(fence), self._no_half_refusal():
            observed, mark = self.observe(), self._marks.of(change)
            if self.progress(change, observed) is Progress.APPLIED:
                return
            baseline = plans.lives(observed)
            if mark is not None and mark.phase is Phase.APPLYING:
                baseline = mark.baseline
            else:
                self._check_unmoved(change, observed)
            self._marks.put(change, fence, Phase.APPLYING, baseline=baseline)
            self._carry_out(change.forward, left=plans.not_renewed(change, baseline, observed))
            self._marks.put(change, fence, Phase.APPLIED, baseline=baseline)

    def revert(self, change: Change, fence: Fence) -> None:
        """Undo it, from wherever it got to, or the rest of that if it was begun and not finished (rules 2 and 3).

        Raises:
            TargetMoved: what it had done was changed by somebody else.
            FenceLost: a later holder was here.
            TargetUnavailable, TargetRefused: it does not answer, or said no.
        """
        with self._marks.held(fence), self._no_half_refusal():
            observed, mark = self.observe(), self._marks.of(change)
            if mark is None or mark.phase is Phase.REVERTED:
                self._check_unmoved(change, observed)
                return
            _check_undoable(change, mark, observed)
            is_finished = mark.phase is not Phase.APPLYING
            touched = plans.to_restart_back(change, observed, is_finished=is_finished)
            is_resumed = mark.phase is Phase.REVERTING and plans.is_switched_back(change, observed)
            baseline = mark.baseline if is_resumed else plans.lives(observed)
            self._marks.put(change, fence, Phase.REVERTING, baseline=baseline)
            self._carry_out(_inverse(change), left=plans.left_of(touched, baseline, observed))
            self._marks.put(change, fence, Phase.REVERTED, baseline=baseline)

    def progress(self, change: Change, observed: Observation) -> Progress:
        """How far ``change`` got (rule 3).

        Raises:
            TargetUnavailable: its mark cannot be read.
        """
        mark = self._marks.of(change)
        is_before, is_after = observed.digest == change.before.digest, observed.state == change.forward["after"]
        if mark is None or mark.phase is Phase.REVERTED:
            return Progress.NOT_APPLIED if is_before else Progress.OTHER
        if mark.phase is Phase.APPLIED:
            return Progress.APPLIED if is_after else Progress.OTHER
        left = plans.not_renewed(change, mark.baseline, observed)
        if mark.phase is Phase.APPLYING and is_after and not left:
            return Progress.APPLIED
        is_untouched = is_before and left == change.forward["processes"] and not self._has_written(change)
        return Progress.NOT_APPLIED if mark.phase is Phase.APPLYING and is_untouched else Progress.OTHER

    def close(self) -> None:
        """Nothing is kept open: each call has its own connection."""

    def _planned_rollback(self, parameters: FrozenMap, observed: Observation) -> Change:
        releases, link = self._settings.releases, cast("str | None", observed.state["link"])
        if releases is None or link is None:
            raise ActionImpossible("there is no release link: set release_link and releases_folder")
        current = releases.name(link)
        wanted = releases.wanted(current, cast("str", parameters["revision"]), is_forced=parameters["force"] is True)
        return plans.rollback(observed, link=link, current=current, wanted=wanted)

    def _planned_scale(self, parameters: FrozenMap, observed: Observation) -> Change:
        replicas, profile = self._replicas(), cast("str", parameters["resource_profile"])
        template = _template(replicas, profile)
        factor = cast("int", parameters["scale_factor"])
        names = plans.fresh_names(observed.state, self._settings.group, factor=factor, most=replicas.most)
        try:
            return plans.scale_out(observed, {name: filled(template, name=name, number=n) for name, n in names})
        except SettingError as error:
            raise ActionImpossible(str(error)) from error

    def _switch(self, before: str, after: str) -> None:
        if self._settings.releases is None:
            raise ActionImpossible("there is no release link any more: set release_link and releases_folder")
        self._settings.releases.switch(before, after)
        self._writes += 1

    def _has_written(self, change: Change) -> bool:
        """Whether a file of a replica is there: supervisord would find it the next time it reads its files."""
        names = cast("Mapping[str, str]", change.forward.get("groups", {}))
        return any((self._replicas().folder / f"{name}.conf").exists() for name in names)

    def _replicas(self) -> Replicas:
        if self._settings.replicas is None:
            raise ActionImpossible("there is no template of a replica: set replicas")
        return self._settings.replicas

    def _check_unmoved(self, change: Change, observed: Observation) -> None:
        if observed.digest != change.before.digest:
            raise TargetMoved(f"{self._settings.group} is now {observed.state}: planned for {change.before.state}")

    def _carry_out(self, words: FrozenMap, *, left: tuple[str, ...]) -> None:
        grace_s = cast("float", words.get("grace_s", 0))
        groups = cast("Mapping[str, str]", words.get("groups", {}))
        match words["do"]:
            case "restart":
                self._steps.restart(left, grace_s=grace_s)
            case "start":
                self._steps.start(left)
            case "switch":
                self._switch(str(words["from"]), str(words["to"]))
                self._steps.restart(left, grace_s=grace_s)
            case "add":
                self._steps.add(groups, self._replicas().folder)
            case _:
                self._steps.remove(groups, self._replicas().folder, grace_s=grace_s)

    @contextmanager
    def _no_half_refusal(self) -> Iterator[None]:
        """Rule 4."""
        try:
            yield
        except (TargetRefused, OSError) as error:
            if self._writes + self._rpc.writes:
                raise TargetUnavailable(f"it stopped half way: {error}") from error
            raise TargetRefused(f"nothing was done: {error}") from error


def _template(replicas: Replicas, profile: str) -> str:
    path = replicas.templates.get(profile)
    if path is None:
        raise ActionImpossible(f"there is no template of the profile {profile!r}: replicas.templates has others")
    try:
        return Path(str(path)).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ActionImpossible(f"the template {path} cannot be read: {type(error).__name__}") from error


def _inverse(change: Change) -> FrozenMap:
    if change.inverse is None:
        raise ActionImpossible("the change was not planned by this adapter: each of its changes has an inverse")
    return change.inverse


def _check_undoable(change: Change, mark: Mark, observed: Observation) -> None:
    """What ARF left running, people must have left running: otherwise it is theirs now."""
    keys = cast("tuple[str, ...]", change.forward["processes"])
    stopped = sorted(set(keys) - set(plans.started(observed.state)))
    if mark.phase is Phase.APPLIED and stopped:
        raise TargetMoved(f"somebody stopped or removed {', '.join(stopped)} since: it is not for ARF to start it")
