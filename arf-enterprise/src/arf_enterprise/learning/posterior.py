# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""How likely an action succeeds, learned from outcomes: for one component, one fault, as of now. Pure.

1. **Time**: an outcome weighs ``0.5 ** (age / half-life)``.
2. **Correlation**: the outcomes of one incident, or of one minute, are one cluster. ``n`` of them count as
   ``n / (1 + (n - 1) * r)`` (the design effect of Kish, Survey Sampling, 1965): with r near 1, about once.
3. **Shrinkage**: what is known of an action for a fault anywhere is the prior for the class of components, and that the
   prior for the component. Each level adds ``strength`` outcomes at the rate of the level above, which is computed
   without the level's own outcomes: nothing counts twice. Other classes say little: all of their outcomes together
   count as ``Ways.elsewhere`` at most.
4. **Placebo**: what heals by itself, at the rate q, credits nothing. The credit of a success rate p is
   ``(p - q) / (1 - q)``, never below 0 (Abbott, A method of computing the effectiveness of an insecticide, 1925). q
   comes from controls (``observed``): outcomes where nothing was done, and waiting times before something was.
5. ``lower`` is credit's lower bound: the quantile ``Ways.doubt`` of the success rate, less the placebo's mean rate.
   ``earned`` is much stricter, and what autonomy needs: it is never above ``lower``; it counts the component's own
   outcomes only, holds at every time at once (``beta.always_lower``), takes the placebo's upper bound, and is None
   where nobody knows how the fault goes on by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from math import sqrt
from typing import Final

from arf_enterprise.learning.belief import DEFAULT, Cell, Count, Counts, Estimate, Ways
from arf_enterprise.learning.beta import always_lower, quantile
from arf_enterprise.learning.observed import Observed

BASE_RATE: Final = 0.5
"""What is believed of an action of which nothing is known."""
BASE_STRENGTH: Final = 2.0
_LEAST: Final = 1e-6
MINUTE: Final = timedelta(minutes=1)


def estimate(
    cell: Cell, observations: Sequence[Observed], *, now: datetime, ways: Ways = DEFAULT, base: float = BASE_RATE
) -> Estimate:
    """What ``observations`` (``observed.settled``, in the order of time, of any cells) say of ``cell`` as of ``now``.

    ``base`` is the rate that is believed in before anything is known.
    """
    return believed(cell, counts_of(cell, observations, now=now, ways=ways), ways=ways, base=base)


def counts_of(cell: Cell, observations: Sequence[Observed], *, now: datetime, ways: Ways = DEFAULT) -> Counts:
    """What counts for ``cell``."""
    past = [one for one in observations if one.signature == cell.signature and one.at <= now]
    known = [one for one in past if one.action == cell.action and one.result.success is not None]
    own = [one for one in known if one.component == cell.component]
    others = [one for one in known if one.component != cell.component]
    alike = [one for one in others if one.kind == cell.kind]
    return Counts(
        own=count(own, now, ways),
        alike=count(alike, now, ways),
        elsewhere=count([one for one in others if one.kind != cell.kind], now, ways),
        placebo=count(controls(cell, past), now, ways),
        outcomes=len(own),
        succeeded=sum(one.result.success is True for one in own),
        class_outcomes=len(alike),
    )


def believed(cell: Cell, counts: Counts, *, ways: Ways = DEFAULT, base: float = BASE_RATE) -> Estimate:
    """What ``counts`` say of ``cell``."""
    (a, b), alone = shape(counts, ways, base), placebo_of(counts)
    lower = credit(quantile(ways.doubt, a, b), alone)
    mean, spread = mean_and_spread(counts, ways, base)
    return Estimate(
        cell=cell,
        outcomes=counts.outcomes,
        succeeded=counts.succeeded,
        effective=counts.own.total,
        class_outcomes=counts.class_outcomes,
        mean=mean,
        spread=spread,
        lower=lower,
        placebo=alone,
        controls=counts.placebo.total,
        earned=_earned(counts, lower, ways),
        is_known=counts.own.total + counts.alike.total + counts.elsewhere.total > 0,
    )


def shape(counts: Counts, ways: Ways, base: float) -> tuple[float, float]:
    """The two parameters of the beta distribution of the success rate (rule 3)."""
    rate = _mean(_at_most(counts.elsewhere, ways.elsewhere), base, BASE_STRENGTH)
    rate = _mean(counts.alike, rate, ways.strength)
    strength = ways.strength * _sureness(counts, ways)
    a, b = strength * rate + counts.own.successes, strength * (1 - rate) + counts.own.failures
    return max(a, _LEAST), max(b, _LEAST)


def mean_and_spread(counts: Counts, ways: Ways = DEFAULT, base: float = BASE_RATE) -> tuple[float, float]:
    """The mean of the credit, and its standard deviation."""
    (a, b), alone = shape(counts, ways, base), placebo_of(counts)
    spread = sqrt(a * b / (a + b + 1)) / (a + b)
    return credit(a / (a + b), alone), spread / (1 - alone)


def placebo_of(counts: Counts) -> float:
    """How often the fault heals by itself: 0 where nobody knows, for there is no reason to take credit away yet."""
    return counts.placebo.successes / (counts.placebo.total + 1.0)


def count(observations: Sequence[Observed], now: datetime, ways: Ways = DEFAULT) -> Count:
    """The weighed successes and failures of ``observations``, which are in the order of time (rules 1 and 2)."""
    successes = failures = 0.0
    for cluster in clusters(observations):
        shared = 1 / (1 + (len(cluster) - 1) * ways.correlation)
        for one in cluster:
            weight = shared * 0.5 ** ((now - one.at) / timedelta(days=ways.half_life_days))
            if one.result.success:
                successes += weight
            else:
                failures += weight
    return Count(successes, failures)


def clusters(observations: Iterable[Observed]) -> list[list[Observed]]:
    """``observations``, in the order of time, by incident, or within a minute of the first of a cluster (rule 2)."""
    found: list[list[Observed]] = []
    of_incident: dict[str, list[Observed]] = {}
    for one in observations:
        cluster = of_incident.get(one.incident_id)
        if cluster is None:
            if not found or one.at - found[-1][0].at > MINUTE:
                found.append([])
            cluster = found[-1]
        cluster.append(one)
        of_incident[one.incident_id] = cluster
    return found


def controls(cell: Cell, observations: Iterable[Observed]) -> list[Observed]:
    """The controls of a fault on a class of components (rule 4).

    Where a fault was there for longer before an action than it was watched after it, that waiting is a control in which
    it did not heal: it comes back as an outcome of nothing.
    """
    alike = (one for one in observations if (one.kind, one.signature) == (cell.kind, cell.signature))
    return [control for one in alike if (control := one.as_control) is not None]


def credit(rate: float, placebo: float) -> float:
    """What of a success rate an action can be credited with (rule 4)."""
    return max(0.0, (rate - placebo) / (1 - placebo)) if placebo < 1 else 0.0


def _mean(found: Count, rate: float, strength: float) -> float:
    return (strength * rate + found.successes) / (strength + found.total)


def _at_most(found: Count, most: float) -> Count:
    share = min(1.0, most / found.total) if found.total else 1.0
    return Count(found.successes * share, found.failures * share)


def _sureness(counts: Counts, ways: Ways) -> float:
    """How sure the level above is of its rate, 1/3 to 1: a prior that rests on little is a weak one."""
    told = counts.alike.total + _at_most(counts.elsewhere, ways.elsewhere).total
    return (told + 1.0) / (told + 3.0)


def _earned(counts: Counts, lower: float, ways: Ways) -> float | None:
    placebo, own = counts.placebo, counts.own
    if placebo.total < ways.least_controls:
        return None
    alone = quantile(1 - ways.doubt, placebo.successes + 0.5, placebo.failures + 0.5)  # Jeffreys' interval
    return min(lower, credit(always_lower(own.successes, own.failures, ways.alpha), alone))
