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
from arf_core.errors import InputError, PolicyError
from arf_core.models.action import Action, parameters_for
from arf_core.models.advice import Rule
from arf_core.models.frozen import FrozenMap, freeze, thaw
from arf_core.models.signal import SignalKind
from arf_core.policy.document import Node, Place, read_document
from arf_core.policy.fields import Section, items_of, member_of, name_of, number_of, plain, text_of, whole_of
from arf_core.policy.rules import SCHEMA, HealingRule, Policy, PolicySet, Remedy, Step
from arf_core.policy.syntax import compile_condition

DEFAULTS: Final = "defaults.yaml"
"""The name of the file of the policies that ship with the package."""

MAX_RULES: Final = 200
"""The most policies a file can have."""


def load(text: str, *, file: str) -> PolicySet:
    """The policies in ``text``; ``file`` is the name to use in messages and rules.

    Raises:
        PolicyError: the file breaks a rule of the format above, or a condition does not compile.
    """
    node = read_document(text, file=file)
    root = Section(node, what="a policy file", required=("schema", "policies"), optional=("remedies", "fallback"))
    root.take("schema", _check_schema)
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
_COMMON: Final = ("name", "actions", "cooldown_s", "max_per_hour")


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


def _check_schema(node: Node) -> None:
    if node.value != SCHEMA:
        raise PolicyError(f"{node.place}: schema is {plain(node)!r}: this version reads {SCHEMA!r}")


def _list_of(what: str, read: Callable[[Node], _R]) -> Callable[[Node], tuple[_R, ...]]:
    return lambda node: tuple(read(item) for item in items_of(node, what=what, most=MAX_RULES))


def _policy(node: Node) -> Policy:
    section = Section(node, what="a policy", required=(*_COMMON, "when", "priority"), optional=("parameters",))
    text, at = section.take("when", text_of("when"))
    return Policy(
        rule=_rule(section),
        column=section.place.column,
        condition=compile_condition(text, at=at),
        priority=section.take("priority", whole_of("priority", least=1, most=1000)),
        steps=_steps(section),
        cooldown_s=section.take("cooldown_s", _COOLDOWN),
        max_per_hour=section.take("max_per_hour", _HOURLY),
    )


def _remedy(node: Node) -> Remedy:
    section = Section(node, what="a remedy", required=(*_COMMON, "kind"), optional=("parameters",))
    return Remedy(
        rule=_rule(section),
        column=section.place.column,
        kind=section.take("kind", member_of(SignalKind, what="kind")),
        steps=_steps(section),
        cooldown_s=section.take("cooldown_s", _COOLDOWN),
        max_per_hour=section.take("max_per_hour", _HOURLY),
    )


def _fallback(node: Node) -> HealingRule:
    section = Section(node, what="the fallback", required=_COMMON, optional=("parameters",))
    return HealingRule(
        rule=_rule(section),
        column=section.place.column,
        steps=_steps(section),
        cooldown_s=section.take("cooldown_s", _COOLDOWN),
        max_per_hour=section.take("max_per_hour", _HOURLY),
    )


_COOLDOWN: Final = number_of("cooldown_s", least=0, most=604_800)
_HOURLY: Final = whole_of("max_per_hour", least=1, most=1000)


def _rule(section: Section) -> Rule:
    place = section.place
    return Rule(name=section.take("name", name_of), file=place.file, line=place.line, policy_digest="")


def _steps(section: Section) -> tuple[Step, ...]:
    nodes = section.take("actions", lambda node: items_of(node, what="actions", most=len(Action)))
    given = section.take("parameters", _given) if "parameters" in section else {}
    steps: dict[Action, Step] = {}
    for node in nodes:
        action = member_of(Action, what="the action")(node)
        if action in steps:
            raise PolicyError(f"{node.place}: the action {action} stands here a second time")
        steps[action] = Step(
            action=action,
            name=action.value,
            parameters=_parameters(action, given.get(action, node), listed=action in given),
        )
    for action, node in given.items():
        if action not in steps:
            raise PolicyError(f"{node.place}: parameters for {action}, which is not among the actions of this rule")
    return tuple(steps.values())


def _given(node: Node) -> dict[Action, Node]:
    section = Section(node, what="parameters", required=(), optional=tuple(Action))
    return {action: section.take(action, lambda value: value) for action in Action if action in section}


def _parameters(action: Action, node: Node, *, listed: bool) -> FrozenMap:
    value = plain(node) if listed else {}
    if not isinstance(value, dict):
        raise PolicyError(f"{node.place}: the parameters of {action} are {value!r}: they must be a mapping")
    try:
        return parameters_for(action, {name: freeze(item) for name, item in value.items()})
    except InputError as error:
        raise PolicyError(f"{node.place}: {error}") from error


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
