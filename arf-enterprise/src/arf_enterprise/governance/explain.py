# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Why the gate says what it says: each rule, what became of its condition, and every reason."""

from __future__ import annotations

from dataclasses import dataclass

from arf_core.models.frozen import thaw
from arf_enterprise.governance.conditions import Judged
from arf_enterprise.governance.gate import Situation, judged, rule_on
from arf_enterprise.governance.rules import GovernancePolicy, Rule
from arf_enterprise.governance.ruling import Ruling, Rung


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A ruling, and what became of every rule, those that did not apply among them."""

    ruling: Ruling
    rules: tuple[tuple[Rule, Judged], ...]

    def document(self) -> dict[str, object]:
        """As JSON."""
        return {
            "schema": "arf.governance-explanation/1",
            "ruling": thaw(self.ruling.document()),
            "rules": [
                {
                    "name": rule.name,
                    "place": rule.place,
                    "then": rule.then.label,
                    "outcome": found.outcome.value,
                    "because": found.because,
                }
                for rule, found in self.rules
            ],
        }


def explain(policy: GovernancePolicy, situation: Situation) -> Explained:
    """What ``policy`` makes of ``situation``, and why."""
    return Explained(ruling=rule_on(policy, situation), rules=judged(policy, situation.facts))


def lines_of(explained: Explained) -> tuple[str, ...]:
    """The explanation for people."""
    ruling = explained.ruling
    code = f" ({ruling.code})" if ruling.code else ""
    is_asked = ruling.rung is Rung.REQUIRE_APPROVAL
    people = f", {ruling.quorum} to approve within {ruling.expires_s:g} s" if is_asked else ""
    return (
        f"{ruling.rung.label}{code}{people}",
        *(f"  {reason.rung.label:<16} {reason.rule} ({reason.place}): {reason.says}" for reason in ruling.reasons),
        "rules that do not apply:",
        *(
            f"  {rule.name} ({rule.place}): {found.because}"
            for rule, found in explained.rules
            if found.outcome.value in {"false", "unplanned"}
        ),
    )
