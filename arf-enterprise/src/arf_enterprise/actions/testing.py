# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The contract that every adapter keeps, on the real component. For ours, and for those that others write.

How to use it: describe the component as a :class:`Case`, and subclass :class:`AdapterContract` beside the tests::

    class TestSupervisorRestart(AdapterContract):
        @pytest.fixture
        def case(self, world: World) -> Case:        # a fresh, running component for each test
            return RestartCase(world)

Each method named ``test_…`` is one rule and takes a new case. Where a rule cannot hold for an adapter, override its
method and say why in its docstring; do not skip it. What is awkward to promise in general (an error's text, a fence)
stands in the adapter's own tests.

1. Reading changes nothing, and the digest of what is read holds still by itself.
2. A change is not applied, then applied, then undone, and the target itself shows each.
3. Nobody's change is overwritten: a second writer is noticed, and so is what a dead process did.
4. What does not answer is given up within :attr:`Case.patience_s`; what says no is a refusal; neither tells a secret.
5. What was taken away is not well.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Protocol

from arf_core.models.action import Action, parameters_for
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Adapter, Change, Fence, Given, Progress
from arf_enterprise.actions.proving import apply_and_die, difference, fails, hold, made, planner, shows, well_as
from arf_enterprise.errors import (
    ActionImpossible,
    EnterpriseError,
    ExecutionRefused,
    TargetMoved,
    TargetRefused,
    TargetUnavailable,
)

FENCE = Fence(execution_id="execution_of_the_contract", number=7)


class Case(Protocol):
    """A real component, freshly started, and one change that is possible on it."""

    @property
    def kind(self) -> type[Adapter]:
        """The adapter's class: of a module's top level, for one rule runs it in another process."""

    @property
    def given(self) -> Given:
        """What the adapter is made of; it pickles."""

    @property
    def refused(self) -> Given | None:
        """``given`` with credentials that the target does not accept; None if it knows none."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Planted: no message may have one."""

    @property
    def patience_s(self) -> float:
        """Bounds each call on a target that does not answer."""

    @property
    def action(self) -> Action:
        """The change's."""

    @property
    def parameters(self) -> FrozenMap:
        """The change's; the rest are the action's defaults."""

    def settle(self) -> None:
        """Wait until the component is at rest: what was asked of it is done. Bounded; fails if it never is."""

    def effects(self) -> object:
        """What only a real effect changes, more than ``observe`` tells: process ids, generations, `show stat`."""

    def move(self) -> None:
        """As a second writer, without the adapter: change the very thing that the change is about."""

    def take_away(self) -> None:
        """As a second writer: stop, delete or scale to zero the component."""

    def frozen(self) -> AbstractContextManager[None]:
        """The target takes connections and does not answer (SIGSTOP), and goes on when the block ends."""

    def kill(self) -> None:
        """The target is gone, as after a power failure."""


class AdapterContract:
    """The rules; see the module. A subclass has the fixture ``case``."""

    def test_observing_twice_gives_the_same_digest(self, case: Case) -> None:
        """Rule 1: nothing that moves by itself is in the state."""
        with _adapter(case) as adapter:
            first = adapter.observe()
            hold(adapter.observe().digest == first.digest, "the digest moved by itself")
            hold(first.vitals.exists, f"the component is there, and its vitals say {first.vitals}")

    def test_a_rehearsal_changes_nothing_and_shows_both_directions(self, case: Case) -> None:
        """Rule 1: neither planning nor rehearsing leaves a trace."""
        with _adapter(case) as adapter:
            before, effects = adapter.observe(), case.effects()
            change = _planned(case, adapter)
            rehearsal = adapter.rehearse(change)
            hold(case.effects() == effects, f"the rehearsal had effects: {effects} became {case.effects()}")
            hold(adapter.observe().digest == before.digest, "the rehearsal changed the state")
            hold(bool(rehearsal.diff and rehearsal.by and change.summary), "nothing to show to those who approve")
            hold(change.inverse is None or bool(rehearsal.undo_diff), "the way back was not rehearsed")

    def test_a_change_has_an_inverse_or_says_why_it_has_none(self, case: Case) -> None:
        """No rollback, no execution."""
        with _adapter(case) as adapter:
            change = _planned(case, adapter)
        is_told = change.undo_summary if change.inverse is not None else change.irreversible_because
        hold(bool(is_told), "people are not told how it is undone, or why it cannot be")

    def test_a_change_is_applied_and_undone_and_the_target_shows_each(self, case: Case) -> None:
        """Rule 2, the whole way there and back."""
        with _adapter(case) as adapter:
            change = _planned(case, adapter)
            shows(adapter, change, Progress.NOT_APPLIED)
            adapter.apply(change, FENCE)
            case.settle()
            shows(adapter, change, Progress.APPLIED)
            if change.inverse is None:
                return
            adapter.revert(change, FENCE)
            case.settle()
            hold(adapter.observe().digest == change.before.digest, difference(change, adapter.observe()))
            hold(well_as(adapter.observe().vitals, change.before.vitals), "fewer are there than before")

    def test_applying_twice_has_no_second_effect(self, case: Case) -> None:
        """Rule 2: a call that is repeated does nothing, or is refused."""
        with _adapter(case) as adapter:
            change = _planned(case, adapter)
            adapter.apply(change, FENCE)
            case.settle()
            effects = case.effects()
            with suppress(ExecutionRefused):
                adapter.apply(change, FENCE)
            case.settle()
            hold(case.effects() == effects, f"a second effect: {effects} became {case.effects()}")

    def test_reverting_twice_leaves_what_was_there_before(self, case: Case) -> None:
        """Rule 2: undoing is repeated after a crash, too."""
        with _adapter(case) as adapter:
            change = _planned(case, adapter)
            if change.inverse is None:
                return
            adapter.apply(change, FENCE)
            case.settle()
            for _ in range(2):
                adapter.revert(change, FENCE)
                case.settle()
            hold(adapter.observe().digest == change.before.digest, difference(change, adapter.observe()))

    def test_a_writer_between_plan_and_apply_is_noticed_and_not_overwritten(self, case: Case) -> None:
        """Rule 3: the approval was for another state."""
        with _adapter(case) as adapter:
            change = _planned(case, adapter)
            case.move()
            case.settle()
            theirs, effects = adapter.observe().digest, case.effects()
            hold(theirs != change.before.digest, "the second writer's change is not seen")
            _fails(TargetMoved, case, lambda: adapter.apply(change, FENCE))
            hold(adapter.observe().digest == theirs, "the second writer's change was overwritten")
            hold(case.effects() == effects, "something was done although the target had moved")

    def test_a_crash_between_apply_and_record_is_read_back(self, case: Case) -> None:
        """Rule 3: another process applied it and died; this one sees that, and does not do it again."""
        with _adapter(case) as adapter:
            change = _planned(case, adapter)
        dead = multiprocessing.get_context("spawn").Process(
            target=apply_and_die, args=(case.kind, case.given, change, FENCE)
        )
        dead.start()
        dead.join(60)
        hold(dead.exitcode == -signal.SIGKILL, f"the other process did not get to its death: exit {dead.exitcode}")
        case.settle()
        effects = case.effects()
        with _adapter(case) as adapter:
            shows(adapter, change, Progress.APPLIED)
        hold(case.effects() == effects, "reading it back had an effect")

    def test_a_target_that_is_gone_is_unavailable_at_once(self, case: Case) -> None:
        """Rule 4: reading and writing both say so."""
        with _adapter(case) as adapter:
            change = _planned(case, adapter)
            case.kill()
            _fails(TargetUnavailable, case, adapter.observe)
            _fails(TargetUnavailable, case, lambda: adapter.apply(change, FENCE))

    def test_a_target_that_hangs_is_given_up_in_time_and_can_be_undone(self, case: Case) -> None:
        """Rule 4: what it did after all when it went on is undone from wherever it got to."""
        with _adapter(case) as adapter:
            change = _planned(case, adapter)
            with case.frozen():
                _fails(TargetUnavailable, case, adapter.observe)
                _fails(TargetUnavailable, case, lambda: adapter.apply(change, FENCE))
        case.settle()
        with _adapter(case) as adapter:
            if change.inverse is not None:
                adapter.revert(change, FENCE)
                case.settle()
                hold(adapter.observe().digest == change.before.digest, difference(change, adapter.observe()))

    def test_credentials_that_are_not_accepted_are_a_refusal(self, case: Case) -> None:
        """Rule 4: the target said no, and nothing happened."""
        if case.refused is None:
            return
        with _adapter(case) as adapter:
            change, effects = _planned(case, adapter), case.effects()
        with _adapter(case, case.refused) as stranger:
            _fails(TargetRefused, case, lambda: stranger.apply(change, FENCE))
        hold(case.effects() == effects, "something happened although the target refused")

    def test_an_action_that_it_does_not_know_is_impossible(self, case: Case) -> None:
        """Every adapter names what it can do; the rest means nothing there."""
        with _adapter(case) as adapter:
            observed = adapter.observe()
            for action in sorted(set(Action) - adapter.actions):
                parameters = FrozenMap({"target": "elsewhere"} if action is Action.TRAFFIC_SHIFT else {})
                _fails(ActionImpossible, case, planner(adapter, action, parameters_for(action, parameters), observed))

    def test_what_was_taken_away_is_not_well(self, case: Case) -> None:
        """Rule 5: health cannot be had by removing what is sick."""
        with _adapter(case) as adapter:
            before = adapter.observe().vitals
            case.take_away()
            case.settle()
            hold(not well_as(adapter.observe().vitals, before), f"{before} became {adapter.observe().vitals}")

    def test_nothing_tells_a_secret(self, case: Case) -> None:
        """Rule 4: neither how the adapter shows itself nor what it observes and plans."""
        with _adapter(case) as adapter:
            change = _planned(case, adapter)
            shown = f"{adapter!r} {case.given!r} {change!r} {change.document()!r}"
        hold(not any(secret in shown for secret in case.secrets), "a secret is shown")


def _adapter(case: Case, given: Given | None = None) -> AbstractContextManager[Adapter]:
    return made(case.kind, given or case.given)


def _planned(case: Case, adapter: Adapter) -> Change:
    return adapter.plan(case.action, parameters_for(case.action, case.parameters), adapter.observe())


def _fails(wanted: type[EnterpriseError], case: Case, call: Callable[[], object]) -> None:
    fails(wanted, call, patience_s=case.patience_s, secrets=case.secrets)
