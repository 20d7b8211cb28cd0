# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A request for approval as lines for people: what would be done and undone, to what, why it is asked; then the digest.

1. The change is shown exactly: the words of the adapter, the difference of the dry run, and what is sent, as JSON.
2. Whatever else is shown, and has no line of its own here, is a line of JSON: nothing that the digest covers is left
   out but what ``--json`` alone has, which is named in :data:`_IN_JSON`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from arf_core.cli.output import printable

if TYPE_CHECKING:
    from arf_enterprise.governance.approval import State

_IN_JSON: Final = frozenset({"baseline", "change_digest", "decided_at", "target_digest"})
_TOLD: Final = frozenset({"summary", "change", "diff", "undo_diff", "rehearsed_by", "blast_radius", "ruling", "target"})


def line_of(state: State) -> str:
    """The request in one line."""
    given = f"{state.given} of {state.binding.quorum}"
    until = state.document()["expires_at"]
    return f"{state.approval_id}  {state.kind}  {given}  until {until}  {printable(state.summary)}"


def lines_of(state: State) -> tuple[str, ...]:
    """Everything an approver decides by."""
    from arf_core.models.frozen import thaw

    shown, binding = cast("dict[str, Any]", thaw(state.shown)), state.binding
    told = (
        f"asked by  {binding.requester_subject}, to be done with {binding.executor}; run {binding.execution_id}",
        *_target(shown.get("target")),
        *_change(shown),
        *_reach(shown.get("blast_radius")),
        *_why(shown.get("ruling")),
        *(f"{key}  {_json(value)}" for key, value in shown.items() if key not in _IN_JSON | _TOLD),  # rule 2
        *(f"{'approved' if vote.approves else 'rejected'} by {vote.subject}: {vote.reason}" for vote in state.votes),
        f"all of it arf-enterprise approvals show {state.approval_id} --json",
        f"digest    {state.digest}",
    )
    return (line_of(state), *map(printable, told))


def _target(target: Mapping[str, Any] | None) -> Iterator[str]:
    if target is not None:
        yield (f"target    {target['component']}, {target['environment']}, tier {target['tier']}, of {target['owner']}")


def _change(shown: Mapping[str, Any]) -> Iterator[str]:
    """Rule 1."""
    change = shown.get("change")
    if change is not None:
        yield f"change    {change['summary']}"
        yield from (f"  {line}" for line in shown.get("diff", ()))
        yield f"  sent    {_json(change['forward'])}"
        yield f"undo      {change['undo_summary'] or 'impossible: ' + str(change['irreversible_because'])}"
        yield from (f"  {line}" for line in shown.get("undo_diff", ()))
        yield f"  sent    {_json(change['inverse'])}"
    else:
        yield from map(str, shown.get("diff", ()))
    if "rehearsed_by" in shown:
        yield f"rehearsed {shown['rehearsed_by']}"


def _reach(blast: Mapping[str, Any] | None) -> Iterator[str]:
    if blast is not None:
        depend = ", ".join(blast["dependents"]) or "nothing"
        yield f"reach     {blast['instances']} instances, {blast['share']:.0%} of all; {depend} depends on it"


def _why(ruling: Mapping[str, Any] | None) -> Iterator[str]:
    if ruling is not None:
        yield f"policy    {ruling['policy_digest']}"
        yield from (f"  {one['rung']}  {one['rule']} ({one['place']}): {one['says']}" for one in ruling["reasons"])


def _json(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False, sort_keys=True)
