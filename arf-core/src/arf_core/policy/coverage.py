# SPDX-License-Identifier: Apache-2.0
"""Which rules of a policy file a table of cases covers.

A policy is covered when its condition was true in a case, was false in a case for what was measured (not for want of
it), and it was the first to offer an action in one. A remedy and the fallback are covered when they offered one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from arf_core.models.advice import Rule
from arf_core.policy.condition import evaluate
from arf_core.policy.decide import Decision
from arf_core.policy.rules import HealingRule, Policy, PolicySet
from arf_core.policy.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What the cases show of one rule; ``was_true`` and ``was_false`` are None for a rule without a condition."""

    rule: Rule
    was_true: bool | None
    was_false: bool | None
    offered: bool

    @property
    def missing(self) -> tuple[str, ...]:
        """What no case shows of it."""
        shown = {"never true": self.was_true, "never false": self.was_false, "never offered": self.offered}
        return tuple(words for words, seen in shown.items() if seen is False)

    @property
    def points(self) -> tuple[int, int]:
        """How many of its questions the cases answer, and how many it has."""
        most = 1 if self.was_true is None else 3
        return most - len(self.missing), most


def coverage_of(policies: PolicySet, subjects: Sequence[Subject], decided: Sequence[Decision]) -> tuple[Covered, ...]:
    """What ``subjects`` and what was ``decided`` about them show of each rule, in the order of the file."""
    offering = {one.rule.name for found in decided for one in found.proposals}
    covered = (_covered(rule, policies, subjects, offered=rule.name in offering) for rule in policies.rules())
    return tuple(sorted(covered, key=lambda one: one.rule.line))


def _covered(rule: HealingRule, policies: PolicySet, subjects: Sequence[Subject], *, offered: bool) -> Covered:
    if not isinstance(rule, Policy):
        return Covered(rule=rule.rule, was_true=None, was_false=None, offered=offered)
    outcomes = [evaluate(rule.condition, subject.facts(policies.names)).outcome for subject in subjects]
    return Covered(
        rule=rule.rule,
        was_true=any(one is True for one in outcomes),
        was_false=any(one is False for one in outcomes),
        offered=offered,
    )
