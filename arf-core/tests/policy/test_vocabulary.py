# SPDX-License-Identifier: Apache-2.0
"""Conditions over another vocabulary: what governance policies use the same language with."""

from __future__ import annotations

import pytest

from arf_core.errors import PolicyError
from arf_core.policy.condition import Vocabulary
from arf_core.policy.syntax import compile_condition, complaints

READING = {"tier": 1.0, "owner": "a", "parameters": {"factor": 2.0}}
OTHER = Vocabulary(
    variables=("tier", "owner"), group="parameters", members=("factor",), readings=(READING, {**READING, "tier": 3.0})
)


def at(offset: int) -> str:
    return f"x.yaml:1:{offset + 1}"


def test_a_condition_names_what_its_vocabulary_has() -> None:
    condition = compile_condition('tier>2 && owner == "a" && parameters.factor > 1.0', at=at, vocabulary=OTHER)
    assert (condition.needs, condition.asks) == (("owner", "tier"), ("factor",))
    assert condition.normal == 'tier > 2 && owner == "a" && parameters . factor > 1.0'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("latency_p99 > 500", "x.yaml:1:1: 'latency_p99' is not known: a condition can name tier, owner"),
        ("metrics.latency_p99 > 500", "'metrics' is not known"),
        ("parameters.latency_p99 > 1", "parameters has no 'latency_p99': it has factor"),
        ("parameters > 1", "parameters is read one at a time: write parameters.factor"),
        ("owner > 1", "mixes types"),
        ("tier", "must be true or false"),
    ],
)
def test_what_another_vocabulary_has_is_not_known(text: str, reason: str) -> None:
    with pytest.raises(PolicyError, match=reason):
        compile_condition(text, at=at, vocabulary=OTHER)
    assert any(reason in one for one in complaints(text, at=at, vocabulary=OTHER))


def test_healing_policies_do_not_know_the_names_of_another_vocabulary() -> None:
    with pytest.raises(PolicyError, match="'tier' is not known: a condition can name latency_p99"):
        compile_condition("tier > 2", at=at)
