# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The parts of a governance policy, read: each from its node, with what is wrong added to ``problems``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast, get_args

from arf_core.errors import PolicyError
from arf_core.policy.condition import Condition
from arf_core.policy.document import Node, describe
from arf_core.policy.fields import items_of, name_of, number_of, text_of, whole_of
from arf_enterprise.governance.conditions import NEVER, read_condition
from arf_enterprise.governance.reading import Form, day_of, minute_of, rung_of, weekdays_of, where_of, zone_of
from arf_enterprise.governance.rules import (
    AllowIrreversible,
    Autonomous,
    Cap,
    Ceiling,
    Each,
    Freeze,
    Per,
    Rate,
    Rule,
    Where,
)
from arf_enterprise.governance.ruling import Rung

DAY_S: Final = 86_400.0
MOST_EXPIRES_S: Final = 30 * DAY_S
MOST_QUORUM: Final = 20
MOST_COUNT: Final = 100_000
MOST_INSTANCES: Final = 1_000_000


def share_of(what: str) -> Callable[[Node], float]:
    """A reader of a share from 0 to 1."""
    return number_of(what, least=0, most=1)


def approval(node: Node, problems: list[str]) -> tuple[int, float]:
    """How many people approve, and within how many seconds, where no rule says otherwise."""
    form = Form(node, what="approval", required=(), optional=("quorum", "expires_s"), problems=problems)
    return form.take("quorum", _QUORUM, 1), form.take("expires_s", _EXPIRES, DAY_S)


def rule(node: Node, problems: list[str]) -> Rule:
    """A rule."""
    form = Form(
        node, what="a rule", required=("name", "when", "then"), optional=("quorum", "expires_s"), problems=problems
    )
    then = form.take("then", rung_of("then"), Rung.DENY)
    if then is not Rung.REQUIRE_APPROVAL and ("quorum" in form or "expires_s" in form):
        form.complain("quorum and expires_s are of a rule that says require_approval")
    return Rule(
        name=form.take("name", name_of, ""),
        place=form.line,
        when=form.part("when", _condition, NEVER),
        then=then,
        quorum=form.take("quorum", _QUORUM, 1) if "quorum" in form else None,
        expires_s=form.take("expires_s", _EXPIRES, DAY_S) if "expires_s" in form else None,
    )


def autonomous(node: Node, problems: list[str]) -> Autonomous | None:
    """How well it must have gone before."""
    form = Form(node, what="autonomous", required=("success_lower", "outcomes"), optional=(), problems=problems)
    return Autonomous(
        name="autonomous",
        place=form.line,
        success_lower=form.take("success_lower", share_of("success_lower"), 1.0),
        outcomes=form.take("outcomes", whole_of("outcomes", least=0, most=MOST_COUNT), 0),
    )


def allow_irreversible(node: Node, problems: list[str]) -> AllowIrreversible | None:
    """Where people may decide on what cannot be undone."""
    form = Form(node, what="allow_irreversible", required=("quorum",), optional=("where",), problems=problems)
    return AllowIrreversible(
        name="allow_irreversible",
        place=form.line,
        where=form.part("where", _ANYWHERE, Where()),
        quorum=form.take("quorum", whole_of("quorum", least=2, most=MOST_QUORUM), MOST_QUORUM),
    )


def ceiling(node: Node, problems: list[str]) -> Ceiling:
    """A ceiling."""
    form = Form(node, what="a ceiling", required=("name", "where", "at_most"), optional=(), problems=problems)
    return Ceiling(
        name=form.take("name", name_of, ""),
        place=form.line,
        where=form.part("where", _ANYWHERE, Where()),
        at_most=form.take("at_most", rung_of("at_most"), Rung.DENY),
    )


def freeze(node: Node, problems: list[str]) -> Freeze:
    """Times at which changes are frozen."""
    optional = ("where", "at_most", "weekdays", "from", "to", "first", "last")
    form = Form(node, what="a freeze", required=("name", "zone"), optional=optional, problems=problems)
    start, end = form.take("from", minute_of("from"), 0), form.take("to", minute_of("to"), 1440)
    first, last = form.take("first", day_of("first"), None), form.take("last", day_of("last"), None)
    if ("from" in form) is not ("to" in form) or start == end or start == 1440:
        form.complain("from and to stand together, and differ; a day begins at 00:00 and ends at 24:00")
    if first is not None and last is not None and last < first:
        form.complain("last is before first")
    return Freeze(
        name=form.take("name", name_of, ""),
        place=form.line,
        zone=form.take("zone", zone_of, "UTC"),
        where=form.part("where", _ANYWHERE, Where()),
        at_most=form.take("at_most", rung_of("at_most"), Rung.DENY),
        weekdays=form.take("weekdays", weekdays_of, frozenset(range(7))),
        start=start,
        end=end,
        first=first,
        last=last,
    )


def rate(node: Node, problems: list[str]) -> Rate:
    """How often something may be done."""
    form = Form(node, what="a rate", required=("name", "at_most", "per"), optional=("where", "each"), problems=problems)
    return Rate(
        name=form.take("name", name_of, ""),
        place=form.line,
        where=form.part("where", where_of(*get_args(Each)), Where()),
        each=form.take("each", _each, ()),
        at_most=form.take("at_most", whole_of("at_most", least=0, most=MOST_COUNT), 0),
        per=form.take("per", _per, "day"),
    )


def cap(node: Node, problems: list[str]) -> Cap:
    """How much a change may reach."""
    limits = ("instances", "share", "dependents")
    form = Form(node, what="a blast radius", required=("name",), optional=("where", *limits), problems=problems)
    if not any(limit in form for limit in limits):
        form.complain(f"a blast radius caps at least one of {', '.join(limits)}")
    most = MOST_INSTANCES
    return Cap(
        name=form.take("name", name_of, ""),
        place=form.line,
        where=form.part("where", _ANYWHERE, Where()),
        instances=form.take("instances", whole_of("instances", least=0, most=most), 0) if "instances" in form else None,
        share=form.take("share", share_of("share"), 0.0) if "share" in form else None,
        dependents=form.take("dependents", whole_of("dependents", least=0, most=most), 0)
        if "dependents" in form
        else None,
    )


def _condition(node: Node, problems: list[str]) -> Condition:
    try:
        text, at = text_of("when")(node)
    except PolicyError as error:
        problems.append(str(error))
        return NEVER
    return read_condition(text, at=at, problems=problems)


def _each(node: Node) -> tuple[Each, ...]:
    known = get_args(Each)
    found = items_of(node, what="each", most=len(known))
    for item in found:
        if item.value not in known:
            raise PolicyError(f"{item.place}: each names {describe(item)}: it can name {', '.join(known)}")
    return tuple(sorted({cast("Each", item.value) for item in found}))


def _per(node: Node) -> Per:
    if node.value not in get_args(Per):
        raise PolicyError(f"{node.place}: per is {describe(node)}: it must be hour or day")
    return cast("Per", node.value)


_ANYWHERE: Final = where_of("tenant", "environment", "component", "action", "tier", "kind", "owner")
_QUORUM: Final = whole_of("quorum", least=1, most=MOST_QUORUM)
_EXPIRES: Final = number_of("expires_s", least=1, most=MOST_EXPIRES_S)
