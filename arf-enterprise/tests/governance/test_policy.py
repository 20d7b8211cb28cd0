# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Reading governance policies: every mistake at its place, and nothing that permits by error."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from arf_core.errors import PolicyError
from arf_enterprise.governance.policy import complaints_of, load, normal_form
from arf_enterprise.governance.templates import TEMPLATES, template

HEAD = "schema: arf.governance-policy/1\n"
ALL = (
    HEAD
    + """
approval: {quorum: 2, expires_s: 600}
minimum_confidence: 0.25
autonomous: {success_lower: 0.8, outcomes: 20}
allow_irreversible: {quorum: 3, where: {environment: staging}}
rules:
  - {name: b, when: 'tier  >=  3', then: autonomous}
  - {name: a, when: 'tier < 3', then: require_approval, quorum: 2, expires_s: 60}
ceilings:
  - {name: c, where: {component: pay, tier: [1, 2]}, at_most: require_approval}
freezes:
  - {name: d, zone: Europe/Berlin, weekdays: [fri, sat], from: "22:00", to: "06:00", first: 2026-12-01,
     last: 2027-01-06}
rates:
  - {name: e, where: {action: restart_container}, each: [component], at_most: 3, per: hour}
blast_radius:
  - {name: f, where: {tier: 1}, instances: 2, share: 0.5, dependents: 10}
"""
)


def rule(when: str) -> str:
    return HEAD + f"rules:\n  - name: it\n    when: |-\n      {when}\n    then: deny\n"


@pytest.mark.promise("GOV-1")
def test_a_policy_with_every_part_is_read() -> None:
    policy = load(ALL, file="all.yaml")
    assert [one.place for one in policy.rules] == ["all.yaml:8", "all.yaml:9"]
    assert (policy.quorum, policy.expires_s, policy.minimum_confidence) == (2, 600.0, 0.25)
    assert policy.freezes[0].weekdays == {4, 5}
    assert (policy.freezes[0].start, policy.freezes[0].end) == (1320, 360)
    assert policy.rates[0].each == ("component",)
    assert policy.blast_radius[0].share == 0.5


@pytest.mark.promise("GOV-1")
def test_the_digest_is_of_what_it_says_and_not_of_how_it_is_written() -> None:
    policy = load(ALL, file="all.yaml")
    other = ALL.replace("tier  >=  3", "tier>=3").replace("autonomous: {", "# a comment\nautonomous: {")
    lines = other.split("\n")
    swapped = "\n".join([*lines[:8], lines[9], lines[8], *lines[10:]])
    assert "name: a" in lines[9]
    assert "name: b" in lines[8]
    assert load(swapped, file="other.yaml").digest == policy.digest
    assert load(ALL.replace("quorum: 3", "quorum: 4"), file="all.yaml").digest != policy.digest
    assert set(normal_form(policy)) == {
        "schema", "quorum", "expires_s", "minimum_confidence", "autonomous", "allow_irreversible", "rules", "ceilings",
        "freezes", "rates", "blast_radius",
    }  # fmt: skip


@pytest.mark.promise("GOV-1")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("quorum: 2, expires_s: 600", "quorum: 1, expires_s: 600"),
        ("expires_s: 600", "expires_s: 601"),
        ("minimum_confidence: 0.25", "minimum_confidence: 0.5"),
        ("success_lower: 0.8", "success_lower: 0.9"),
        ("outcomes: 20", "outcomes: 21"),
        ("environment: staging", "environment: dev"),
        ("tier  >=  3", "tier > 3"),
        ("then: autonomous", "then: advise"),
        ("quorum: 2, expires_s: 60}", "quorum: 2, expires_s: 61}"),
        ("tier: [1, 2]", "tier: [1]"),
        ("at_most: require_approval", "at_most: advise"),
        ("Europe/Berlin", "Europe/Paris"),
        ("[fri, sat]", "[fri]"),
        ('"22:00"', '"22:01"'),
        ('"06:00"', '"06:01"'),
        ("2026-12-01", "2026-12-02"),
        ("2027-01-06", "2027-01-07"),
        ("each: [component]", "each: [action]"),
        ("at_most: 3", "at_most: 4"),
        ("per: hour", "per: day"),
        ("instances: 2", "instances: 3"),
        ("share: 0.5", "share: 0.6"),
        ("dependents: 10", "dependents: 11"),
    ],
)
def test_the_digest_commits_to_every_value(old: str, new: str) -> None:
    assert ALL.count(old) >= 1
    assert load(ALL.replace(old, new, 1), file="x").digest != load(ALL, file="x").digest


@pytest.mark.promise("GOV-1")
def test_every_mistake_is_told_at_its_place() -> None:
    text = (
        HEAD
        + """rules:
  - {name: a, when: 'action == "restart"', then: autonomous}
  - {name: a, when: 'tier == "1"', then: frobnicate}
  - {name: c, when: 'tier != 1 && nosuch', then: deny, quorum: 3}
freezes:
  - {name: x, zone: Mars/Base, from: "25:00", where: {tier: 9, foo: 1}}
rates: [{name: r, per: week, at_most: -1, each: [tenant]}]
blast_radius: [{name: b}]
allow_irreversible: {quorum: 1}
zzz: 1
"""
    )
    found = complaints_of(text, file="bad.yaml")
    for said in (
        "bad.yaml:3:32: 'restart' is not an action",
        "did you mean restart_container",
        "bad.yaml:4:30: tier is a number",
        "then is 'frobnicate'",
        "'nosuch' is not known",
        "quorum and expires_s are of a rule that says require_approval",
        "zone is 'Mars/Base'",
        "from is '25:00'",
        "tier is 9",
        "'foo' is not a key of where",
        "per is 'week'",
        "at_most is -1",
        "each names 'tenant'",
        "caps at least one of",
        "quorum is 1: it must be a whole number from 2",
        "'zzz' is not a key",
        "a rule says autonomous",
        "the name 'a' stands at bad.yaml:3 and again at bad.yaml:4",
    ):
        assert any(said in one for one in found), (said, found)
    assert all(one.startswith("bad.yaml:") for one in found)
    with pytest.raises(PolicyError):
        load(text, file="bad.yaml")


@pytest.mark.promise("GOV-1")
@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ('action == "restart"', "is not an action"),
        ('action in ["rollback", "rolback"]', "is not an action"),
        ('"restart" != action', "is not an action"),
        ('tier != "1"', "tier is a number"),
        ("environment != 1", "environment is a text"),
        ("reversible == 1", "reversible is a boolean"),
        ('parameters.force == "yes"', "parameters.force is a boolean"),
        ("missing || true", "'missing' is not known"),
        ("tier > 1 || true", "true decides nothing"),
        ("true || tier > 1", "true decides nothing"),
        ("tier > 1 && (false)", "false decides nothing"),
        ("parameters.scale_factor > 3", "known of scale_out only"),
        ("parameters.scale > 3", "parameters has no 'scale'"),
        ("component.matches('.*')", "matches"),
        ("[1, 2].all(x, x > 0)", "not known"),
        ("tier + 1.0", "must be true or false"),
        ("tier + 1 > 2", "double"),
        ("environment > 5.0", "mixes types"),
        ('p\u0430yments == "a"', "U+0430"),
        ('component == "p\u0430yments"', "write \\u0430"),
        ('component == "a\u200bb"', "U+200B"),
        ("(" * 300 + "tier > 1" + ")" * 300, "nested too deep"),
        ("tier > 1 && " * 90 + "tier > 1", "at most 1000"),
    ],
)
def test_a_condition_that_could_mean_something_else_is_refused(when: str, reason: str) -> None:
    found = complaints_of(rule(when), file="it.yaml")
    assert any(reason in one for one in found), found


@pytest.mark.parametrize(
    "when",
    [
        "true",
        "!" * 990 + "reversible",
        'component == "p\\u0430yments"',
        'action == "scale_out" && parameters.scale_factor > 3.0',
        "has(parameters.scale_factor) && parameters.scale_factor > 3",
        "reversible == true && (requester_is_agent == false || tier in [3, 4])",
        'parameters.severity in ["high", "critical"] || action != "alert_team"',
        "!reversible && share * 2.0 > 1.0 && dependents > 3",
        'kind.startsWith("data") || owner == "team-a" || tenant == "acme"',
        "success_lower >= 0.9 && outcomes > 10 && confidence > 0.5 && instances < 3",
    ],
)
def test_a_condition_that_is_meant_is_read(when: str) -> None:
    found = complaints_of(rule(when), file="it.yaml")
    assert found == () or "parameters.severity" in when


@pytest.mark.promise("GOV-1")
def test_a_name_in_where_that_only_looks_right_is_refused() -> None:
    text = HEAD + 'rules: [{name: a, when: "true", then: deny}]\nceilings:\n'
    for name in ("p\u0430y", '"p\\u0430y"', '"pay\\u200b"', '""', "1"):
        found = complaints_of(f"{text}  - {{name: c, where: {{component: {name}}}, at_most: deny}}\n", file="it.yaml")
        assert found, name
    assert complaints_of(f"{text}  - {{name: c, where: {{}}, at_most: deny}}\n", file="it.yaml")


@pytest.mark.promise("GOV-1")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00",
        "schema: arf.governance-policy/2\nrules: []\n",
        HEAD,
        HEAD + "rules: []\n",
        HEAD + "rules: &a [*a]\n",
        HEAD + "rules: !!python/object/apply:os.system ['true']\n",
        HEAD + "rules: " + "[" * 5000 + "]" * 5000,
        HEAD + "rules:\n" + "  - {name: a, when: 'true', then: deny}\n" * 201,
        HEAD + HEAD + "rules: [{name: a, when: 'true', then: deny}]\n",
        "- a\n",
        "{",
    ],
)
def test_what_is_no_policy_is_refused_with_a_place(text: str) -> None:
    with pytest.raises(PolicyError, match=r"^x.yaml:\d+:\d+: "):
        load(text, file="x.yaml")
    assert complaints_of(text, file="x.yaml")


def test_ten_megabytes_are_refused_at_once() -> None:
    begin = time.process_time()
    with pytest.raises(PolicyError, match="at most 262144 are read"):
        load(HEAD + "#" * 10_000_000, file="x.yaml")
    assert complaints_of(HEAD + "rules: [" + "{a: b}," * 1_500_000 + "]", file="x.yaml")
    assert time.process_time() - begin < 5  # seconds of work, not of the wall clock: parsing them would take far longer


@pytest.mark.promise("GOV-5")
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_is_a_policy(name: str) -> None:
    assert complaints_of(template(name), file=name) == ()
    assert load(template(name), file=name).rules


def test_every_file_of_a_template_is_listed() -> None:
    import arf_enterprise.governance.templates as module

    folder = Path(str(module.__file__)).parent / "starters"
    assert {file.stem for file in folder.iterdir()} == set(TEMPLATES)
