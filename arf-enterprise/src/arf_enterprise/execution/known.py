# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What the database says when a run is decided on: the policy, the target, what ran lately, how it went before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from arf_enterprise.execution import intent as intents
from arf_enterprise.execution.run import Run
from arf_enterprise.governance import store as policies
from arf_enterprise.governance.gate import Ran
from arf_enterprise.governance.policy import GovernancePolicy
from arf_enterprise.governance.rules import SECONDS
from arf_enterprise.learning import signature
from arf_enterprise.learning.autonomy import Learned, learned
from arf_enterprise.stores.postgres.database import Transaction
from arf_enterprise.targets import store as targets
from arf_enterprise.targets.inventory import Inventory
from arf_enterprise.targets.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the database says when a run is decided on."""

    policy: GovernancePolicy
    inventory: Inventory
    target: Target
    learned: Learned | None
    recent: tuple[Ran, ...]


def known_of(transaction: Transaction, run: Run, *, now: datetime, learns: bool, is_final: bool = False) -> Known:
    """What the database says of the policy, the target and the past.

    Where it ``is_final``, and the policy has rates, no other run counts the same one until the transaction ends.

    Raises:
        PolicyMissing, TargetUnknown: there is none in force, or none of that name.
    """
    policy, inventory = policies.current(transaction), targets.current(transaction)
    if is_final and policy.rates:
        policies.one_at_a_time(transaction)
    target = inventory.target(run.component)
    past = None
    if learns and _asks_the_past(policy):
        past = learned(transaction, run.action, target.kind, target.component, signature_of(run), now=now)
    return Known(
        policy=policy,
        inventory=inventory,
        target=target,
        learned=past,
        recent=_recent(transaction, run, policy, inventory, now),
    )


def signature_of(run: Run) -> str:
    """What kind of fault the run is about, as learning has it."""
    return signature.signature_of(intents.stored(run.intent).intent.policy_applied)


def _asks_the_past(policy: GovernancePolicy) -> bool:
    """Whether the policy wants to know how it went before: only then is that worth its time."""
    bar, names = policy.autonomous, {"success_lower", "outcomes"}
    if bar is not None and (bar.success_lower > 0 or bar.outcomes > 0):
        return True
    return any(names & {*rule.when.needs, *rule.when.asks} for rule in policy.rules)


def _recent(
    transaction: Transaction, run: Run, policy: GovernancePolicy, inventory: Inventory, now: datetime
) -> tuple[Ran, ...]:
    """What ran within the longest time that a rate of the policy counts: without rates, nothing is asked."""
    longest = max((SECONDS[rate.per] for rate in policy.rates), default=None)
    if longest is None:
        return ()
    since = now - timedelta(seconds=longest)
    rows = transaction.all("recent_executions", tenant=run.tenant, execution_id=run.execution_id, since=since)
    environments = {target.component: target.environment for target in inventory.targets}
    return tuple(
        Ran(
            action=str(row["action"]),
            component=str(row["component"]),
            environment=environments.get(str(row["component"]), ""),
            at=row["created_at"],
        )
        for row in rows
    )
