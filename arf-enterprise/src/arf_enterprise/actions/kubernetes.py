# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A deployment on Kubernetes: restart, scale out, roll back, shift traffic.

``kubernetes_access`` has the settings and credentials, ``kubernetes_state`` what counts as state and as ready,
``kubernetes_steps`` the steps, ``kubernetes_owner`` what is handed over as a patch file; docs/kubernetes.md the rights
that this needs.

1. One change is one write of one object, by a merge patch that carries the ``resourceVersion`` of the object that was
   compared with the plan. So there is no half of a change, and no write of somebody else's is overwritten.
2. A 409 means that the object was written between the two: it is read and compared again. Status moves often; if the
   state is still as planned, the write is tried again, a few times.
3. The annotations ``arf.dev/execution`` and ``arf.dev/fence`` are written by the same patch. An object with a higher
   fence, or the same one of another run, is not written any more. (This is why ``spec.replicas`` is patched instead of
   the scale subresource, which has no annotations.)
4. Undoing what was not applied still writes the annotations: that takes the ``resourceVersion`` away from a write of
   ours which is still under way, so it can never land after the run was given up.
5. A rehearsal sends the very patches with ``dryRun=All``, so admission and rights decide as they would. What the
   cluster would make of them must be the state that the plan leads to.
6. Traffic goes nowhere where no pod is ready.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar, Final, cast

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Change, Fence, Given, Observation, Progress, Rehearsal
from arf_enterprise.actions.kubernetes_access import access
from arf_enterprise.actions.kubernetes_api import Api, Thing
from arf_enterprise.actions.kubernetes_difference import lines, merge_patch
from arf_enterprise.actions.kubernetes_owner import owned
from arf_enterprise.actions.kubernetes_reading import Reading
from arf_enterprise.actions.kubernetes_state import Seen, deployment_state, route_state, service_state
from arf_enterprise.actions.kubernetes_steps import (
    NAME,
    WRITTEN,
    carried_out,
    restart,
    roll_back,
    scale,
)
from arf_enterprise.actions.kubernetes_traffic import shift_by_selector, shift_by_weights
from arf_enterprise.errors import (
    ActionImpossible,
    FenceLost,
    OwnedElsewhere,
    RehearsalFailed,
    TargetMoved,
    TargetRefused,
)

EXECUTION: Final = "arf.dev/execution"
FENCE: Final = "arf.dev/fence"
TRIES: Final = 5

_NUMBER: Final = re.compile(r"[0-9]{1,18}")

_Plan = Callable[[Seen, FrozenMap, Observation], Change]
_STATES: Final[dict[str, Callable[[Thing], Thing]]] = {
    "deployment": deployment_state,
    "service": lambda service: {"service": service_state(service)},
    "route": lambda route: {"route": route_state(route)},
}


class KubernetesAdapter:
    """The adapter ``kubernetes``; see ``actions.adapter`` for what each method promises."""

    name: ClassVar[str] = NAME
    actions: ClassVar[frozenset[Action]] = frozenset(
        {Action.RESTART_CONTAINER, Action.SCALE_OUT, Action.ROLLBACK, Action.TRAFFIC_SHIFT}
    )

    def __init__(self, given: Given) -> None:
        """Nothing is asked yet.

        Raises:
            SettingError: see ``kubernetes_access``.
        """
        self._access = access(given)
        self._api = Api(self._access)
        self._reading = Reading(self._api, self._access)

    def observe(self) -> Observation:
        """The deployment, and the Service or route of the settings; the version is the deployment's."""
        return self._reading.look().observation

    def plan(self, action: Action, parameters: FrozenMap, observed: Observation) -> Change:
        """The steps that ``action`` means, if nobody else owns what they change.

        Raises:
            TargetMoved: the deployment is not as ``observed`` any more.
            ActionImpossible, OwnedElsewhere: see ``actions.adapter``.
        """
        seen = self._reading.look()
        if seen.observation.state != observed.state:
            raise TargetMoved(f"{self._what} changed while a change of it was planned")
        change = self._planner(action)(seen, parameters, seen.observation)
        before = self._written(change.forward, seen)
        found = owned(before, carried_out(change.forward, before, seen), seen, summary=f"ARF: {change.summary}")
        if found:
            raise OwnedElsewhere(f"{self._what}: what would change is owned by {found.by}", patch=found.patch)
        self._refuse_emptiness(change.forward, str(parameters.get("target")))
        return change

    def rehearse(self, change: Change) -> Rehearsal:
        """Both patches with ``dryRun=All`` (rule 5)."""
        for _ in range(TRIES):
            seen = self._as_planned(change, Progress.NOT_APPLIED)
            before = self._written(change.forward, seen)
            after = self._tried(change.forward, before, before, seen)
            again = after and self._tried(_inverse(change), after, before, seen)
            if after and again:
                return Rehearsal(
                    diff=_lines(before, after), undo_diff=_lines(after, again), by="Kubernetes' dryRun=All"
                )
        raise self._restless()

    def apply(self, change: Change, fence: Fence) -> None:
        """One patch; Kubernetes replaces pods afterwards, in its own time."""
        for _ in range(TRIES):
            if self._write(change, change.forward, fence, self._as_planned(change, Progress.NOT_APPLIED)):
                return
        raise self._restless()

    def revert(self, change: Change, fence: Fence) -> None:
        """One patch back, or a mark that nothing may be applied any more (rule 4).

        Raises:
            TargetMoved: the deployment is neither as before nor as the change made it.
        """
        for _ in range(TRIES):
            seen = self._as_planned(change, Progress.APPLIED, Progress.NOT_APPLIED)
            is_applied = self.progress(change, seen.observation) is Progress.APPLIED
            if self._write(change, _inverse(change) if is_applied else None, fence, seen):
                return
        raise self._restless()

    def progress(self, change: Change, observed: Observation) -> Progress:
        """Told from the state alone: a change is one write, so it is there as a whole or not at all."""
        if observed.state == change.before.state:
            return Progress.NOT_APPLIED
        leads_to = FrozenMap({**change.before.state, **_after(change.forward)})
        return Progress.APPLIED if observed.state == leads_to else Progress.OTHER

    def close(self) -> None:
        """Give back the connection."""
        self._api.close()

    def __repr__(self) -> str:
        return f"KubernetesAdapter({self._what})"

    @property
    def _what(self) -> str:
        return f"deployment {self._access.namespace}/{self._access.deployment}"

    def _planner(self, action: Action) -> _Plan:
        match action:
            case Action.RESTART_CONTAINER:
                return restart
            case Action.SCALE_OUT:
                return scale
            case Action.ROLLBACK:
                return roll_back
            case Action.TRAFFIC_SHIFT if self._access.route:
                return shift_by_weights
            case Action.TRAFFIC_SHIFT:
                label = self._access.track_label
                return lambda seen, parameters, before: shift_by_selector(seen, parameters, before, label=label)
            case _:
                raise ActionImpossible(f"{action} means nothing for a deployment of Kubernetes")

    def _refuse_emptiness(self, step: FrozenMap, target: str) -> None:  # rule 6
        match step["kind"]:
            case "selector":
                labels: Thing = dict(cast("FrozenMap", step["selector"]))
            case "weights":
                labels = self._reading.selector_of(target)
            case _:
                return
        if not self._reading.ready(labels):
            raise ActionImpossible(f"no pod is ready where the traffic of {self._what} would go: {target}")

    def _as_planned(self, change: Change, *wanted: Progress) -> Seen:
        seen = self._reading.look()
        if self.progress(change, seen.observation) not in wanted:
            raise TargetMoved(f"{self._what} is not as it was when the change was planned; nothing was written")
        return seen

    def _written(self, step: FrozenMap, seen: Seen) -> Thing:
        found: Thing = getattr(seen, WRITTEN[str(step["kind"])])
        return found

    def _tried(self, step: FrozenMap, start: Thing, real: Thing, seen: Seen) -> Thing | None:
        """What the cluster would make of ``step`` from ``start``, asked of the ``real`` object; None after a 409."""
        wanted = carried_out(step, start, seen)
        body = merge_patch({"spec": start["spec"]}, {"spec": wanted["spec"]})
        written = WRITTEN[str(step["kind"])]
        try:
            result = self._api.patch(self._reading.path(written), _checked(body, real), dry_run=True)
        except TargetRefused as error:
            raise RehearsalFailed(f"{self._what}: {error}") from error
        if result and not _after(step).items() <= FrozenMap(_STATES[written](result)).items():
            raise RehearsalFailed(
                f"{self._what}: the cluster makes something else of {step['kind']} than was asked for"
            )
        return result

    def _write(self, change: Change, step: FrozenMap | None, fence: Fence, seen: Seen) -> bool:
        """Whether the one patch was taken (rules 1 to 4); not after a 409."""
        thing = self._written(change.forward, seen)
        _refuse_later(thing, fence, self._what)
        wanted = thing if step is None else carried_out(step, thing, seen)
        body = _checked(merge_patch({"spec": thing["spec"]}, {"spec": wanted["spec"]}), thing)
        body["metadata"]["annotations"] = {EXECUTION: fence.execution_id, FENCE: str(fence.number)}
        path = self._reading.path(WRITTEN[str(change.forward["kind"])])
        return self._api.patch(path, body, dry_run=False) is not None

    def _restless(self) -> TargetMoved:
        return TargetMoved(f"{self._what} was written by somebody else each of {TRIES} times; nothing was changed")


def _after(step: FrozenMap) -> FrozenMap:
    after = step["after"]
    return after if isinstance(after, FrozenMap) else FrozenMap()


def _inverse(change: Change) -> FrozenMap:
    if change.inverse is None:
        raise ActionImpossible(f"this has no way back: {change.irreversible_because}")
    return change.inverse


def _checked(body: Thing, thing: Thing) -> Thing:
    """``body`` with the precondition of rule 1."""
    return {**body, "metadata": {"resourceVersion": thing["metadata"]["resourceVersion"]}}


def _refuse_later(thing: Thing, fence: Fence, what: str) -> None:  # rule 3
    noted = thing["metadata"].get("annotations") or {}
    number, execution = noted.get(FENCE, "0"), noted.get(EXECUTION, fence.execution_id)
    if not _NUMBER.fullmatch(number):
        raise FenceLost(f"{what}: its annotation {FENCE} is no number: look who wrote it, and take it away")
    if (int(number), execution != fence.execution_id) > (fence.number, False):
        raise FenceLost(f"{what}: run {execution} holds it with fence {number}, this one has {fence.number}")


def _lines(before: Thing, after: Thing) -> tuple[str, ...]:
    return lines({"spec": before["spec"]}, {"spec": after["spec"]})
