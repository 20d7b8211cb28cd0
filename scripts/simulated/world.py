# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A world whose truth is known: how often each action heals each component, and how that drifts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Final

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
DAYS: Final = 60
CLASSES: Final = 5
COMPONENTS: Final = 50
ACTIONS: Final = ("rollback", "restart_container", "scale_out", "circuit_breaker", "traffic_shift")
SICK, PASSING = "sick", "passing"


@dataclass(slots=True, kw_only=True)
class World:
    """What is true: success rates by component and action (logits), how often a fault heals by itself."""

    random: Random
    adversary: str
    logits: list[dict[str, float]]
    believed: list[dict[str, float]]

    @classmethod
    def made(cls, seed: int, adversary: str) -> World:
        """A world of its own for each seed."""
        random = Random(f"{adversary} {seed}")  # noqa: S311 - a simulation
        classes = [{action: random.gauss(-0.7, 1.5) for action in ACTIONS} for _ in range(CLASSES)]
        for kind in classes:
            kind[random.choice(ACTIONS)] = random.uniform(1.8, 3.5)
        logits = [
            {action: classes[one % CLASSES][action] + random.gauss(0, 0.5) for action in ACTIONS}
            for one in range(COMPONENTS)
        ]
        believed = [dict.fromkeys(ACTIONS, 0.1) | {random.choice(ACTIONS): 0.8} for _ in range(CLASSES)]
        return cls(random=random, adversary=adversary, logits=logits, believed=believed)

    def drift(self, day: int) -> None:
        """A day passes: rates walk; half way every tenth component's best action breaks down."""
        for number, rates in enumerate(self.logits):
            for action in ACTIONS:
                rates[action] += self.random.gauss(0, 0.05)
            if day == DAYS // 2 and number % 10 == 0:
                rates[max(rates, key=rates.__getitem__)] = -1.5

    def alone(self, signature: str) -> float:
        """How often the fault heals by itself."""
        return 0.9 if signature == PASSING else 0.05

    def success(self, component: int, action: str, signature: str) -> float:
        """How often it is gone after ``action``: healed by it, or by itself."""
        healed = 0.0 if signature == PASSING else _share(self.logits[component][action])
        return healed + (1 - healed) * self.alone(signature)


def _share(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))
