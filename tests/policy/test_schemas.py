# SPDX-License-Identifier: Apache-2.0
"""The published JSON Schemas: those of the code, valid, true of what ships, and never stricter than the readers."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from arf_core.errors import InputError, PolicyError
from arf_core.models.action import PARAMETERS, Action
from arf_core.models.frozen import freeze
from arf_core.policy.cases import read_cases
from arf_core.policy.lint import CODES
from arf_core.policy.load import load
from arf_core.policy.schema import PARAMETER_SCHEMAS, cases_schema, policy_schema

ROOT = Path(__file__).parent.parent.parent
CONTRACT = ROOT / "docs/contracts/healing-policies/1"
PACKAGE = files("arf_core.policy")
POLICIES = Draft202012Validator(policy_schema())
CASES = Draft202012Validator(cases_schema())


def text_of(name: str) -> str:
    return PACKAGE.joinpath(name).read_text(encoding="utf-8")


@pytest.mark.promise("POL-2")
@pytest.mark.parametrize(
    ("file", "schema", "command"),
    [
        ("policy.schema.json", policy_schema(), "arf policy schema"),
        ("cases.schema.json", cases_schema(), "arf policy schema cases"),
    ],
)
def test_the_published_schema_is_that_of_the_code(file: str, schema: dict[str, object], command: str) -> None:
    Draft202012Validator.check_schema(schema)
    published = json.loads((CONTRACT / file).read_text(encoding="utf-8"))
    assert published == schema, f"run: {command} > docs/contracts/healing-policies/1/{file}"


@pytest.mark.promise("POL-2")
def test_what_ships_is_valid() -> None:
    for name in ("defaults.yaml", "starter.yaml"):
        POLICIES.validate(yaml.safe_load(text_of(name)))
    CASES.validate(yaml.safe_load(text_of("starter.cases.yaml")))


def test_the_examples_of_the_pages_are_valid() -> None:
    page = (ROOT / "docs/policies.md").read_text(encoding="utf-8")
    (policy,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (cases, _) = re.findall(r"^```yml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    POLICIES.validate(yaml.safe_load(policy))
    CASES.validate(yaml.safe_load(cases))
    assert len(read_cases(cases, file="policies.md")) == 2


def test_the_page_of_the_contract_gives_the_digest_of_its_example() -> None:
    page = (CONTRACT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert f"has the digest `{load(example, file='README.md').digest}`" in page


def test_the_page_of_policies_lists_every_code_of_lint() -> None:
    page = (ROOT / "docs/policies.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(P\d+)` \| (?:warning: )?(.*) \|$", page, re.MULTILINE))
    assert listed == dict(CODES)


BAD = [
    ("cooldown_s: 300", "cooldown_s: -1"),
    ("cooldown_s: 300", "cooldwn_s: 300"),
    ("priority: 1", "priority: high"),
    ("priority: 1", "priority: 0"),
    ("priority: 1", "priority: 1.5"),
    ("max_per_hour: 5", "max_per_hour: 0"),
    ("restart_container, alert_team", "reboot"),
    ("restart_container, alert_team", "alert_team, alert_team"),
    ("[restart_container, alert_team]", "[]"),
    ("[restart_container, alert_team]", "rollback"),
    ("name: very-slow", "name: '-x'"),
    ("name: very-slow", "name: 3"),
    ("when: latency_p99 > 500", "when: 500"),
    ("when: latency_p99 > 500", "when: ''"),
    ("    when: latency_p99 > 500\n", ""),
    ("kind: cpu", "kind: cpus"),
    ("percentage: 50", "percentage: 101"),
    ("target: healthy", "goal: healthy"),
    (", target: healthy", ""),
    ("healing-policies/1", "healing-policies/2"),
    ("policies:", "rules:"),
    ("fallback:", "fall_back:"),
]


@pytest.mark.promise("POL-2")
@pytest.mark.parametrize(("old", "new"), BAD, ids=[new or f"no {old.strip()}" for old, new in BAD])
def test_a_mistake_that_needs_no_condition_is_refused_by_schema_and_reader(old: str, new: str) -> None:
    text = text_of("defaults.yaml").replace(old, new)
    assert text != text_of("defaults.yaml")
    assert list(POLICIES.iter_errors(yaml.safe_load(text)))
    with pytest.raises(PolicyError):
        load(text, file="p.yaml")


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 5000),
    st.floats(-2, 3700, allow_nan=False),
    st.text("ab é", max_size=5),
    st.sampled_from(("low", "medium", "critical", "slack")),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text("ab", max_size=2), inner, max_size=2)),
    max_leaves=4,
)


@pytest.mark.promise("POL-2")
@pytest.mark.parametrize(("action", "name"), list(PARAMETER_SCHEMAS), ids=str)
@settings(max_examples=200, deadline=None, database=None)
@given(value=VALUES)
def test_the_schema_of_a_parameter_accepts_what_the_action_accepts(action: Action, name: str, value: Any) -> None:
    try:
        accepted = PARAMETERS[action][name].accepts(freeze(value))
    except InputError:
        accepted = False
    assert Draft202012Validator(PARAMETER_SCHEMAS[action, name]).is_valid(value) is accepted


CHANGES = st.sampled_from(
    "3 -1 0 1.5 5.0 true null '' text [] [rollback] {} {a:1} [rollback,rollback] [rollback,alert_team]".split()
)


@pytest.mark.promise("POL-2")
@settings(max_examples=300, deadline=None, database=None)
@given(
    key=st.sampled_from(("name", "when", "actions", "priority", "cooldown_s", "max_per_hour", "parameters")),
    value=CHANGES,
)
def test_what_the_schema_refuses_the_reader_refuses(key: str, value: str) -> None:
    parts = {"name": "a", "when": "latency_p99 > 5", "actions": "[rollback]", "priority": "1", "cooldown_s": "1"}
    parts |= {"max_per_hour": "1", key: value}
    rule = ", ".join(f"{name}: {one}" for name, one in parts.items())
    text = f"schema: arf.healing-policies/1\npolicies:\n  - {{{rule}}}\n"
    if not POLICIES.is_valid(yaml.safe_load(text)):
        with pytest.raises(PolicyError):
            load(text, file="p.yaml")
