# SPDX-License-Identifier: Apache-2.0
"""From the text of a policy file to a :class:`PolicySet`; a complaint says ``file:line:column`` and what was expected.

::

    schema: arf.healing-policies/1
    policies:                               # a list, at least one
      - name: slow-responses                # unique in the file
        when: latency_p99 > 500             # CEL, see policy.condition
        actions: [restart_container, alert_team]
        priority: 1                         # 1 to 1000, lower first
        cooldown_s: 300                     # 0 to 604800 seconds (a week)
        max_per_hour: 5                     # 1 to 1000
        parameters:                         # optional, by action
          restart_container: {grace_period: 60}
    remedies:                               # optional: a list, at most one of a kind
      - name: cpu-root-cause
        kind: cpu                           # instead of when and priority
        actions: [scale_out]
        cooldown_s: 600
        max_per_hour: 10
    fallback:                               # optional: one rule without when, kind and priority
      name: tell-the-team
      actions: [alert_team]
      cooldown_s: 300
      max_per_hour: 5

The digest is that of the normal form (:func:`normal_form`) in the domain ``arf.healing-policies/1``: comments, layout,
the order of keys and defaults written out do not change it; the order of policies of one priority does: it decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import Final, TypeVar

from arf_core.canonical import digest
from arf_core.errors import PolicyError
from arf_core.models.advice import Rule
from arf_core.models.frozen import thaw
from arf_core.models.signal import SignalKind
from arf_core.policy.document import Node, Place, read_document
from arf_core.policy.fields import Section, items_of, name_of, text_of
from arf_core.policy.parts import (
    COOLDOWN,
    FALLBACK,
    HOURLY,
    KIND,
    MAX_RULES,
    POLICY,
    PRIORITY,
    REMEDY,
    ROOT,
    schema_of,
    steps_of,
)
from arf_core.policy.rules import SCHEMA, HealingRule, Policy, PolicySet, Remedy
from arf_core.policy.syntax import compile_condition

DEFAULTS: Final = "defaults.yaml"
"""The name of the file of the policies that ship with the package."""


def load(text: str, *, file: str) -> PolicySet:
    """The policies in ``text``; ``file`` is the name to use in messages and rules.

    Raises:
        PolicyError: the file breaks a rule of the format above, or a condition does not compile.
    """
    node = read_document(text, file=file)
    root = ROOT.section(node)
    root.take("schema", schema_of())
    policies = sorted(root.take("policies", _list_of("policies", _policy)), key=lambda policy: policy.priority)
    remedies = root.take("remedies", _list_of("remedies", _remedy)) if "remedies" in root else ()
    fallback = root.take("fallback", _fallback) if "fallback" in root else None
    _check_kinds(remedies)
    _check_names((*policies, *remedies, *((fallback,) if fallback else ())))
    return _sealed(PolicySet(file=file, digest="", policies=tuple(policies), remedies=remedies, fallback=fallback))


@cache
def load_defaults() -> PolicySet:
    """The policies that ship with the package, read once."""
    from importlib.resources import files

    text = files("arf_core.policy").joinpath(DEFAULTS).read_text(encoding="utf-8")
    return load(text, file=DEFAULTS)


def normal_form(policies: PolicySet) -> dict[str, object]:
    """What the policies say, as plain JSON values, with defaults written out: what the digest commits to."""
    fallback = policies.fallback
    return {
        "policies": [
            {**_common(policy), "when": policy.condition.normal, "priority": policy.priority}
            for policy in policies.policies
        ],
        "remedies": [
            {**_common(remedy), "kind": remedy.kind.value}
            for remedy in sorted(policies.remedies, key=lambda remedy: remedy.kind.value)
        ],
        "fallback": None if fallback is None else _common(fallback),
    }


def _common(rule: HealingRule) -> dict[str, object]:
    return {
        "name": rule.name,
        "actions": [{"action": step.name, "parameters": thaw(step.parameters)} for step in rule.steps],
        "cooldown_s": rule.cooldown_s,
        "max_per_hour": rule.max_per_hour,
    }


_R = TypeVar("_R", bound=HealingRule)


def _sealed(policies: PolicySet) -> PolicySet:
    seal = digest(SCHEMA, normal_form(policies))
    return replace(
        policies,
        digest=seal,
        policies=tuple(_named(policy, seal) for policy in policies.policies),
        remedies=tuple(_named(remedy, seal) for remedy in policies.remedies),
        fallback=None if policies.fallback is None else _named(policies.fallback, seal),
    )


def _named(rule: _R, seal: str) -> _R:
    return replace(rule, rule=replace(rule.rule, policy_digest=seal))


def _list_of(what: str, read: Callable[[Node], _R]) -> Callable[[Node], tuple[_R, ...]]:
    return lambda node: tuple(read(item) for item in items_of(node, what=what, most=MAX_RULES))


def _policy(node: Node) -> Policy:
    section = POLICY.section(node)
    text, at = section.take("when", text_of("when"))
    return Policy(
        rule=_rule(section),
        column=section.place.column,
        condition=compile_condition(text, at=at),
        priority=section.take("priority", PRIORITY),
        steps=steps_of(section),
        cooldown_s=section.take("cooldown_s", COOLDOWN),
        max_per_hour=section.take("max_per_hour", HOURLY),
    )


def _remedy(node: Node) -> Remedy:
    section = REMEDY.section(node)
    return Remedy(
        rule=_rule(section),
        column=section.place.column,
        kind=section.take("kind", KIND),
        steps=steps_of(section),
        cooldown_s=section.take("cooldown_s", COOLDOWN),
        max_per_hour=section.take("max_per_hour", HOURLY),
    )


def _fallback(node: Node) -> HealingRule:
    section = FALLBACK.section(node)
    return HealingRule(
        rule=_rule(section),
        column=section.place.column,
        steps=steps_of(section),
        cooldown_s=section.take("cooldown_s", COOLDOWN),
        max_per_hour=section.take("max_per_hour", HOURLY),
    )


def _rule(section: Section) -> Rule:
    place = section.place
    return Rule(name=section.take("name", name_of), file=place.file, line=place.line, policy_digest="")


def _check_names(rules: Iterable[HealingRule]) -> None:
    seen: dict[str, HealingRule] = {}
    for rule in rules:
        if rule.name in seen:
            raise PolicyError(f"{_place(rule)}: the name {rule.name!r} is taken: see line {seen[rule.name].rule.line}")
        seen[rule.name] = rule


def _check_kinds(remedies: Iterable[Remedy]) -> None:
    seen: dict[SignalKind, Remedy] = {}
    for remedy in remedies:
        if remedy.kind in seen:
            line = seen[remedy.kind].rule.line
            raise PolicyError(f"{_place(remedy)}: a second remedy for {remedy.kind}: see line {line}")
        seen[remedy.kind] = remedy


def _place(rule: HealingRule) -> Place:
    return Place(file=rule.rule.file, line=rule.rule.line, column=rule.column)
