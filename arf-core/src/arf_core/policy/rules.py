# SPDX-License-Identifier: Apache-2.0
"""What a policy file says, as values.

A file has three parts: *policies* (a condition, and what to recommend while it is true), *remedies* (what to recommend
for a root cause of some kind where no condition is true) and a *fallback* (where nothing else fits). Only policies are
required: a file without remedies and fallback recommends what its policies say and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, TypeVar

from arf_core.models.action import Action
from arf_core.models.advice import Rule
from arf_core.models.frozen import FrozenMap
from arf_core.models.signal import SignalKind
from arf_core.policy.condition import Condition, names_in

SCHEMA: Final = "arf.healing-policies/1"
"""The schema of a policy file, and the hash domain of its digest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action of a rule, with every parameter it has; ``name`` is the action's name."""

    action: Action
    name: str
    parameters: FrozenMap


@dataclass(frozen=True, slots=True, kw_only=True)
class HealingRule:
    """What policies, remedies and the fallback have in common.

    ``rule`` says where it stands; ``steps`` are in the order of the file, each action at most once. After it was used
    for a component it rests ``cooldown_s`` seconds there, and it is used at most ``max_per_hour`` times in any 3600 s.
    """

    rule: Rule
    column: int
    steps: tuple[Step, ...]
    cooldown_s: float
    max_per_hour: int

    @property
    def name(self) -> str:
        """The rule's name, unique in its file."""
        return self.rule.name

    @property
    def actions(self) -> tuple[Action, ...]:
        """Its actions, in the order of the file."""
        return tuple(step.action for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(HealingRule):
    """A rule with a condition. A lower ``priority`` comes first."""

    condition: Condition
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy(HealingRule):
    """A rule for root causes whose dominant signal is of one ``kind``."""

    kind: SignalKind


@dataclass(frozen=True, kw_only=True)
class PolicySet:
    """Everything a file says. ``policies`` are in the order they are tried: by priority, then as in the file.

    ``digest`` commits to what the rules say, not to how the file is written.
    """

    file: str
    digest: str
    policies: tuple[Policy, ...]
    remedies: tuple[Remedy, ...] = ()
    fallback: HealingRule | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The variables that the conditions use."""
        return names_in(policy.condition for policy in self.policies)

    @cached_property
    def no_rule(self) -> Rule:
        """The rule to name where no rule of the file has an action."""
        return Rule(name="no rule", file=self.file, line=1, policy_digest=self.digest)

    def remedy_for(self, kind: SignalKind) -> Remedy | None:
        """The remedy for a root cause of ``kind``, if the file has one."""
        return next((remedy for remedy in self.remedies if remedy.kind is kind), None)

    def rules(self) -> Iterator[HealingRule]:
        """Every rule: policies, remedies, fallback."""
        yield from self.policies
        yield from self.remedies
        if self.fallback is not None:
            yield self.fallback


def with_action(policies: PolicySet, rule: HealingRule, action: Action) -> PolicySet:
    """``policies`` with ``action``, without parameters, as the last action of ``rule``: for asking what would be."""
    return replace(
        policies,
        policies=tuple(_listing(one, rule, action) for one in policies.policies),
        remedies=tuple(_listing(one, rule, action) for one in policies.remedies),
        fallback=None if policies.fallback is None else _listing(policies.fallback, rule, action),
    )


_Rule = TypeVar("_Rule", bound=HealingRule)


def _listing(one: _Rule, rule: HealingRule, action: Action) -> _Rule:
    if one.name != rule.name:
        return one
    step = Step(action=action, name=action.value, parameters=FrozenMap())
    return replace(one, steps=(*one.steps, step))
