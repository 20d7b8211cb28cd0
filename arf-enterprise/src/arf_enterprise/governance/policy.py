# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Governance policies: what may become of an intent, in YAML for structure and CEL for conditions.

::

    schema: arf.governance-policy/1
    approval: {quorum: 1, expires_s: 86400}        # unless a rule says otherwise
    rules:
      - name: restarts outside production
        when: action == "restart_container" && environment != "production"
        then: autonomous                           # deny | advise | require_approval | autonomous
      - name: all else is approved
        when: "true"
        then: require_approval
    autonomous: {success_lower: 0.8, outcomes: 20}
    ceilings: [{name: payments, where: {component: payments}, at_most: require_approval}]
    freezes: [{name: nights, zone: Europe/Berlin, from: "22:00", to: "06:00", where: {environment: production}}]
    rates: [{name: restarts, where: {action: restart_container}, each: [component], at_most: 3, per: hour}]
    blast_radius: [{name: critical, where: {tier: 1}, instances: 1, share: 0.34, dependents: 10}]

1. The most restrictive of what applies wins. Where no rule applies, it is denied.
2. A name stands once in the file, whatever it names. Every complaint says ``file:line:column``.
3. The digest is of the normal form: defaults written out, conditions with one space between tokens, parts by name. So
   comments, order and spelling change nothing.
4. A policy with an ``autonomous`` rule says how well it must have gone before (``autonomous:``).

What each part means is in ``governance.gate``, the keys of each in the tables below, all of it in docs/governance.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, TypeVar

from arf_core.canonical import digest
from arf_core.errors import PolicyError
from arf_core.policy.document import Node, read_document
from arf_core.policy.parts import schema_of
from arf_enterprise.governance import parts
from arf_enterprise.governance.reading import Form
from arf_enterprise.governance.rules import GovernancePolicy, Part
from arf_enterprise.governance.ruling import Rung

__all__ = ["SCHEMA", "GovernancePolicy", "complaints_of", "load", "normal_form", "parts_of"]

SCHEMA: Final = "arf.governance-policy/1"
MAX_RULES: Final = 200
MAX_PARTS: Final = 100


def load(text: str, *, file: str) -> GovernancePolicy:
    """The policy in ``text``; ``file`` is its name in places.

    Raises:
        PolicyError: the first of :func:`complaints_of`.
    """
    problems: list[str] = []
    policy = _read(read_document(text, file=file), problems)
    for problem in problems:
        raise PolicyError(problem)
    return replace(policy, digest=digest(SCHEMA, normal_form(policy)))


def complaints_of(text: str, *, file: str) -> tuple[str, ...]:
    """Everything that is wrong with the policy in ``text``, each with its place; empty if it loads."""
    problems: list[str] = []
    try:
        _read(read_document(text, file=file, twice=problems), problems)
    except PolicyError as error:
        problems.append(str(error))
    return tuple(sorted(dict.fromkeys(problems), key=_where))


def normal_form(policy: GovernancePolicy) -> dict[str, object]:
    """What the policy says, as plain JSON: what the digest commits to (rule 3)."""
    allow, autonomous = policy.allow_irreversible, policy.autonomous
    return {
        "schema": SCHEMA,
        "quorum": policy.quorum,
        "expires_s": policy.expires_s,
        "minimum_confidence": policy.minimum_confidence,
        "autonomous": None if autonomous is None else autonomous.document(),
        "allow_irreversible": None if allow is None else allow.document(),
        "rules": [rule.document() for rule in _by_name(policy.rules)],
        "ceilings": [ceiling.document() for ceiling in _by_name(policy.ceilings)],
        "freezes": [freeze.document() for freeze in _by_name(policy.freezes)],
        "rates": [rate.document() for rate in _by_name(policy.rates)],
        "blast_radius": [cap.document() for cap in _by_name(policy.blast_radius)],
    }


def parts_of(policy: GovernancePolicy) -> Iterator[Part]:
    """Every part that has a name of its own, in the order of the keys above."""
    yield from policy.rules
    yield from policy.ceilings
    yield from policy.freezes
    yield from policy.rates
    yield from policy.blast_radius


def _where(problem: str) -> tuple[int, int]:
    """Line and column of a problem; the file's own name may have colons."""
    found = _PLACE.search(problem)
    return (int(found[1]), int(found[2])) if found else (0, 0)


_PLACE: Final = re.compile(r":(\d+):(\d+): ")
_P = TypeVar("_P", bound=Part)
_OPTIONAL: Final = (
    "approval", "minimum_confidence", "autonomous", "allow_irreversible", "ceilings", "freezes", "rates",
    "blast_radius",
)  # fmt: skip


def _by_name(named: Iterable[_P]) -> list[_P]:
    return sorted(named, key=lambda part: part.name)


def _read(node: Node, problems: list[str]) -> GovernancePolicy:
    root = Form(node, what="a policy", required=("schema", "rules"), optional=_OPTIONAL, problems=problems)
    root.take("schema", schema_of(SCHEMA), SCHEMA)
    quorum, expires_s = root.part("approval", parts.approval, (1, parts.DAY_S))
    policy = GovernancePolicy(
        file=node.place.file,
        digest="",
        place=root.line,
        quorum=quorum,
        expires_s=expires_s,
        rules=root.many("rules", parts.rule, most=MAX_RULES),
        minimum_confidence=root.take("minimum_confidence", parts.share_of("minimum_confidence"), 0.0),
        autonomous=root.part("autonomous", parts.autonomous, None),
        allow_irreversible=root.part("allow_irreversible", parts.allow_irreversible, None),
        ceilings=root.many("ceilings", parts.ceiling, most=MAX_PARTS),
        freezes=root.many("freezes", parts.freeze, most=MAX_PARTS),
        rates=root.many("rates", parts.rate, most=MAX_PARTS),
        blast_radius=root.many("blast_radius", parts.cap, most=MAX_PARTS),
    )
    _check_whole(policy, root)
    return policy


def _check_whole(policy: GovernancePolicy, root: Form) -> None:
    if policy.autonomous is None and any(rule.then is Rung.AUTONOMOUS for rule in policy.rules):  # rule 4
        root.complain("a rule says autonomous: say how well it must have gone before, with the key autonomous")
    allow, highest = policy.allow_irreversible, max([policy.quorum, *(rule.quorum or 1 for rule in policy.rules)])
    if allow is not None and allow.quorum <= highest:
        root.complain(f"the quorum of allow_irreversible is {allow.quorum}: more than any other, {highest}, is needed")
    seen: dict[str, Part] = {}
    for part in parts_of(policy):  # rule 2
        if part.name and (first := seen.setdefault(part.name, part)) is not part:
            root.complain(f"the name {part.name!r} stands at {first.place} and again at {part.place}: once is enough")
