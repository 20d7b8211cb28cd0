# SPDX-License-Identifier: Apache-2.0
"""The schemas name every key, action and parameter that the readers know."""

from __future__ import annotations

from typing import Any

import pytest

from arf_core.models.action import PARAMETERS, Action
from arf_core.policy.cases import EXPECT, GIVEN
from arf_core.policy.parts import FALLBACK, POLICY, REMEDY, ROOT, Part
from arf_core.policy.schema import PARAMETER_SCHEMAS, cases_schema, policy_schema


def keys(schema: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    assert schema["additionalProperties"] is False
    return tuple(schema["properties"]), tuple(schema.get("required", ()))


@pytest.mark.promise("POL-2")
def test_the_schema_of_policies_has_the_keys_of_every_part() -> None:
    root: Any = policy_schema()
    properties = root["properties"]
    parts: list[tuple[Any, Part]] = [
        (root, ROOT),
        (properties["policies"]["items"], POLICY),
        (properties["remedies"]["items"], REMEDY),
        (properties["fallback"], FALLBACK),
    ]
    for schema, part in parts:
        assert keys(schema) == (part.keys, part.required)


def test_the_schema_of_cases_has_the_keys_of_every_part() -> None:
    case: Any = cases_schema()["properties"]
    case = case["cases"]["items"]
    assert keys(case["properties"]["given"])[0] == GIVEN.keys
    assert keys(case["properties"]["expect"])[0] == EXPECT.keys


def test_every_parameter_of_every_action_has_its_schema() -> None:
    assert set(PARAMETER_SCHEMAS) == {(action, name) for action in Action for name in PARAMETERS[action]}
