# SPDX-License-Identifier: Apache-2.0
"""A policy file is read strictly, and every complaint can be found in the file."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from arf_core.errors import PolicyError
from arf_core.models.action import Action
from arf_core.models.signal import SignalKind
from arf_core.policy.document import MAX_DEPTH, MAX_TEXT
from arf_core.policy.load import load, load_defaults

DEFAULTS = files("arf_core.policy").joinpath("defaults.yaml").read_text(encoding="utf-8")
ONE = """\
schema: arf.healing-policies/1
policies:
  - name: slow
    when: latency_p99 > 500
    actions: [restart_container, alert_team]
    priority: 1
    cooldown_s: 300
    max_per_hour: 5
"""
PLACE = re.compile(r"p\.yaml:(\d+):(\d+): ")


def complaint(text: str) -> str:
    with pytest.raises(PolicyError) as caught:
        load(text, file="p.yaml")
    return str(caught.value)


@pytest.mark.promise("POL-1")
def test_the_five_defaults_are_those_of_the_plan() -> None:
    found = [
        (
            policy.condition.text,
            [str(action) for action in policy.actions],
            policy.priority,
            policy.cooldown_s,
            policy.max_per_hour,
        )
        for policy in load_defaults().policies
    ]
    assert found == [
        ("latency_p99 > 500", ["restart_container", "alert_team"], 1, 300, 5),
        ("error_rate > 0.3", ["rollback", "circuit_breaker", "alert_team"], 1, 600, 3),
        ("error_rate > 0.15", ["traffic_shift", "alert_team"], 2, 300, 5),
        ("cpu_util > 0.9 && memory_util > 0.9", ["scale_out"], 2, 600, 10),
        ("latency_p99 > 300", ["circuit_breaker"], 3, 180, 8),
    ]


def test_the_defaults_have_a_remedy_for_every_kind_and_a_fallback() -> None:
    defaults = load_defaults()
    assert {remedy.kind for remedy in defaults.remedies} == set(SignalKind)
    assert defaults.fallback is not None
    assert defaults.fallback.actions == (Action.ALERT_TEAM,)


@pytest.mark.promise("POL-5")
def test_every_step_names_every_parameter_of_its_action() -> None:
    for rule in load_defaults().rules():
        for step in rule.steps:
            if step.action is Action.TRAFFIC_SHIFT:
                assert dict(step.parameters) == {"percentage": 50, "target": "healthy"}
            assert "severity" in step.parameters or step.action is not Action.ALERT_TEAM


@pytest.mark.promise("POL-1")
def test_a_rule_says_where_it_stands() -> None:
    policies = load("# one\n" + ONE, file="p.yaml")
    assert str(policies.policies[0].rule) == "slow (p.yaml:4)"
    assert policies.policies[0].rule.policy_digest == policies.digest


def test_policies_are_tried_by_priority_and_then_as_they_stand() -> None:
    second = ONE.partition("policies:\n")[2].replace("slow", "first").replace("priority: 1", "priority: 1")
    third = second.replace("first", "last").replace("priority: 1", "priority: 9")
    text = ONE.replace("priority: 1", "priority: 5") + second + third
    assert [policy.name for policy in load(text, file="p.yaml").policies] == ["first", "slow", "last"]


def test_a_file_without_remedies_and_fallback_has_only_its_policies() -> None:
    policies = load(ONE, file="p.yaml")
    assert (policies.remedies, policies.fallback) == ((), None)


@pytest.mark.promise("POL-1")
@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (
            ("max_per_hour: 5", "max_per_hour: 5\n    cooldwon: 3"),
            "9:5",
            "'cooldwon' is not a key of a policy: known are",
        ),
        (("latency_p99 > 500", "latency_p99 => 500"), "4:23", "‘=>’ is not an operator: write ‘>=’"),
        (("latency_p99 > 500", "'latency_p99 = 500'"), "4:24", "‘=’ is not an operator: write ‘==’"),
        (
            ("latency_p99 > 500", "latency_p95 > 500"),
            "4:11",
            "'latency_p95' is not known: a condition can name latency_p99",
        ),
        (("> 500", "> 500 and error_rate > 0.1"), "4:29", "‘and’ is not an operator: write ‘&&’"),
        (("> 500", "> 500 && metrics.cpu > 0.1"), "4:40", "metrics has no 'cpu': it has latency_p99"),
        (("latency_p99 > 500", "latency_p99 >"), "4:24", "is not CEL"),
        (("latency_p99 > 500", "latency_p99 * 2 > 500"), "4:11", "write numbers it calculates with as 2.0"),
        (("latency_p99 > 500", "latency_p99"), "4:11", "it must be true or false"),
        (("latency_p99 > 500", "words.exists(w, w == 'oom')"), "4:17", "the function 'exists' is not known here"),
        (("latency_p99 > 500", "''"), "4:12", "the condition is empty"),
        (("latency_p99 > 500", "500"), "4:11", "when is 500: it must be a text"),
        (("restart_container", "reboot"), "5:15", "the action is 'reboot': it must be one of rollback"),
        (("alert_team]", "restart_container]"), "5:34", "stands here a second time"),
        (("[restart_container, alert_team]", "[]"), "5:14", "it must be a list of at least one"),
        (("[restart_container, alert_team]", "rollback"), "5:14", "actions is 'rollback': it must be a list"),
        (("alert_team]", "traffic_shift]"), "5:34", "traffic_shift needs the parameter 'target'"),
        (("priority: 1", "priority: high"), "6:15", "priority is 'high': it must be a whole number from 1 to 1000"),
        (("priority: 1", "priority: true"), "6:15", "priority is true"),
        (("priority: 1", "priority: 1.5"), "6:15", "priority is 1.5"),
        (("cooldown_s: 300", "cooldown_s: -1"), "7:17", "it must be a number from 0 to 604800"),
        (("cooldown_s: 300", "cooldown_s: .inf"), "7:17", "cooldown_s is '.inf'"),
        (("cooldown_s: 300", "cooldown_s: 1e999"), "7:17", "is too large"),
        (("    max_per_hour: 5\n", ""), "3:5", "a policy lacks the key 'max_per_hour'"),
        (("max_per_hour: 5", "max_per_hour: 0"), "8:19", "it must be a whole number from 1 to 1000"),
        (("    priority: 1", "    priority: 1\n    priority: 1"), "7:5", "stands here a second time: see line 6"),
        (("policies/1", "policies/2"), "1:9", "this version reads 'arf.healing-policies/1'"),
        (("schema: ", "scheme: "), "1:1", "'scheme' is not a key of a policy file"),
        (("name: slow", "name: 'a\\nb'"), "3:12", "the name is"),
        (("name: slow", "name: &n slow"), "3:11", "anchors and aliases are not read"),
        (("name: slow", "name: !!python/name:os.system slow"), "3:11", "tags are not read"),
        (("when:", "? [when]\n    :"), "4:7", "a key is a list: it must be a name"),
        (("    priority", "  priority"), "6:3", "this is not YAML"),
        (("max_per_hour: 5", "max_per_hour: 5\n---\na: 1"), "9:1", "a second document starts here"),
        (("slow", "sl\x00ow"), "3:13", "the character U+0000 is not allowed"),
        (
            ("max_per_hour: 5", "max_per_hour: 5\n    parameters: {rollback: {}}"),
            "9:28",
            "not among the actions of this rule",
        ),
        (
            ("max_per_hour: 5", "max_per_hour: 5\n    parameters: {restart_container: {grace_period: soon}}"),
            "9:37",
            "it must be whole seconds from 0 to 3600",
        ),
        (("max_per_hour: 5", "max_per_hour: 5\n    parameters: {alert_team: 3}"), "9:30", "they must be a mapping"),
    ],
)
def test_a_mistake_is_reported_with_its_line_column_and_what_was_expected(
    change: tuple[str, str], place: str, words: str
) -> None:
    assert change[0] in ONE
    said = complaint(ONE.replace(*change, 1))
    assert said.startswith(f"p.yaml:{place}: ")
    assert words in said


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n"])
def test_a_file_that_says_nothing_is_refused(text: str) -> None:
    assert PLACE.match(complaint(text))


@pytest.mark.parametrize("text", ["[]", "3", "a: b: c", "- [", "schema: arf.healing-policies/1\npolicies: []"])
def test_a_file_of_another_shape_is_refused(text: str) -> None:
    assert PLACE.match(complaint(text))


def test_a_doubling_bomb_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    assert complaint(bomb).startswith("p.yaml:1:4: anchors and aliases are not read")


def test_deep_nesting_and_huge_files_are_refused() -> None:
    assert f"nested more than {MAX_DEPTH} deep" in complaint("[" * 100_000)
    assert f"at most {MAX_TEXT} are read" in complaint("#" * (MAX_TEXT + 1))


def test_columns_count_characters_not_bytes() -> None:
    assert complaint(ONE.replace("priority: 1", "priority: {é😀: 1}")).startswith("p.yaml:6:15: ")
    assert complaint(ONE.replace("latency_p99 > 500", "component == 'é😀' && x > 1")).startswith(
        "p.yaml:4:32: 'x' is not known"
    )


def test_two_rules_cannot_have_one_name_nor_two_remedies_one_kind() -> None:
    again = ONE.partition("policies:\n")[2]
    assert complaint(ONE + again) == "p.yaml:9:5: the name 'slow' is taken: see line 3"
    remedy = "  - {name: NAME, kind: cpu, actions: [scale_out], cooldown_s: 1, max_per_hour: 1}\n"
    said = complaint(ONE + "remedies:\n" + remedy.replace("NAME", "a") + remedy.replace("NAME", "b"))
    assert said == "p.yaml:11:5: a second remedy for cpu: see line 10"


def test_the_place_in_a_condition_of_several_lines_is_its_beginning() -> None:
    said = complaint(ONE.replace("latency_p99 > 500", "|\n      latency_p99 > 500\n      && cpu_utl > 0.5"))
    assert said.startswith("p.yaml:4:11: 'cpu_utl' is not known")


@pytest.mark.promise("POL-1")
def test_layout_and_comments_do_not_change_the_digest_and_meaning_does() -> None:
    digest = load(ONE, file="p.yaml").digest
    respelt = """\
# the same
policies: [{"max_per_hour": 5, "cooldown_s": 300.0, 'name': slow, when: "latency_p99>500", priority: 1,
            actions: [restart_container, alert_team], parameters: {restart_container: {grace_period: 30}}}]
schema: 'arf.healing-policies/1'
"""
    assert load(respelt, file="elsewhere.yaml").digest == digest
    swapped = ("[restart_container, alert_team]", "[alert_team, restart_container]")
    numbers = (("500", "501"), ("300", "301"), ("max_per_hour: 5", "max_per_hour: 6"), ("priority: 1", "priority: 2"))
    for change in (*numbers, swapped, ("slow", "slower")):
        assert load(ONE.replace(*change), file="p.yaml").digest != digest


def test_the_digest_of_the_defaults_is_known() -> None:
    assert load_defaults().digest == load(DEFAULTS.replace("\n\n", "\n"), file="x.yaml").digest
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", load_defaults().digest)


LINES = DEFAULTS.splitlines()
SCRAPS = st.sampled_from(
    [
        *" :-[]{}'\"|>#\t\r\x00\ud800\u2028é😀\ufeff",
        "",
        "&a",
        "*a",
        "!!x",
        "=>",
        "- ",
        "? ",
        "---",
        "...",
        "%YAML 9.9",
        "1e999",
        "null",
        "latency_p99",
        "has(",
        "metrics.",
    ]
)


def place_of(text: str) -> re.Match[str] | None:
    """Where ``text`` is refused, or None if it loads."""
    try:
        load(text, file="p.yaml")
    except PolicyError as error:
        found = PLACE.match(str(error))
        if found is None:
            pytest.fail(f"no place in: {error}")
        return found
    return None


@settings(max_examples=400, deadline=None)
@given(
    line=st.integers(0, len(LINES) - 1),
    column=st.integers(0, 60),
    scrap=st.one_of(SCRAPS, st.text(max_size=6)),
    cut=st.integers(0, 12),
)
@example(line=5, column=0, scrap="\ud800", cut=0)
def test_a_mangled_file_loads_or_is_refused_with_a_place_and_nothing_else_happens(
    line: int, column: int, scrap: str, cut: int
) -> None:
    lines = list(LINES)
    lines[line] = lines[line][:column] + scrap + lines[line][column + cut :]
    if found := place_of("\n".join(lines)):
        assert 1 <= int(found[1]) <= len("\n".join(lines).splitlines()) + 1
        assert int(found[2]) >= 1


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=80))
def test_any_text_loads_or_is_refused_with_a_place(text: str) -> None:
    assert PLACE.match(complaint(text))


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(alphabet="latency_p99 error_rate><=!&|()[].,'\"+-*/?:1230truemetrics.has\\", min_size=1, max_size=40)
)
def test_any_condition_compiles_or_is_refused_with_a_place(text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    found = place_of(ONE.replace("latency_p99 > 500", quoted))
    assert found is None or found[1] in {"4", "5"}
