# SPDX-License-Identifier: Apache-2.0
"""Every problem of a policy file at once, each at its place; what loads has no error, and what does not has one."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.errors import PolicyError
from arf_core.policy.lint import CODES, lint
from arf_core.policy.load import load

DEFAULTS = files("arf_core.policy").joinpath("defaults.yaml").read_text(encoding="utf-8")
HEAD = "schema: arf.healing-policies/1\npolicies:\n"


def rule(name: str = "a", when: str = "latency_p99 > 500", **changed: str) -> str:
    parts = {"actions": "[rollback]", "priority": "1", "cooldown_s": "60", "max_per_hour": "5", **changed}
    return f"  - name: {name}\n    when: {when}\n" + "".join(f"    {key}: {value}\n" for key, value in parts.items())


def found(text: str) -> list[tuple[str, str]]:
    return [(f"{problem.line}:{problem.column}", problem.code) for problem in lint(text, file="p.yaml")]


@pytest.mark.promise("POL-2")
def test_every_problem_of_a_file_is_found_at_once() -> None:
    text = HEAD + rule(when="eror_rate > 5 && latency_p95 > 3 and true", actions="[rolback, scale_out, scale_out]")
    text += rule(priority="high", cooldown_s="-1", max_per_hour="0", colour="red") + "remedies: 3\nfallbak: 1\n"
    assert found(text) == [
        ("4:11", "P104"),
        ("4:28", "P104"),
        ("4:44", "P104"),
        ("5:15", "P105"),
        ("5:35", "P105"),
        ("9:11", "P106"),
        ("12:15", "P103"),
        ("13:17", "P103"),
        ("14:19", "P103"),
        ("15:5", "P102"),
        ("16:11", "P103"),
        ("17:1", "P102"),
    ]


@pytest.mark.parametrize(
    ("text", "place", "code", "words"),
    [
        (HEAD + rule(when="eror_rate > 0.1"), "4:11", "P104", "did you mean error_rate?"),
        (HEAD + rule(when="metrics.cpu > 0.1"), "4:19", "P104", "did you mean cpu_util?"),
        (HEAD + rule(actions="[rolback]"), "5:15", "P105", "did you mean rollback?"),
        (HEAD + rule(cooldwn_s="3"), "9:5", "P102", "did you mean cooldown_s?"),
        (
            HEAD + rule(when="error_rate > 5"),
            "4:24",
            "P204",
            "error_rate is a share from 0 to 1, never 5: write 0.05 for 5 %",
        ),
        (HEAD + rule(when="80 < metrics.cpu_util"), "4:11", "P204", "write 0.8 for 80 %"),
        (HEAD + rule(when="latency_p99 > 0.3"), "4:25", "P205", "write 300 for 0.3 s"),
        (HEAD + rule(when="cpu_util > 0.9 && cpu_util < 0.5"), "4:11", "P201", "is never true"),
        (HEAD + rule(when="cpu_util >= 0"), "4:11", "P202", "is always true, wherever cpu_util is known"),
        (HEAD + rule(cooldown_s="0"), "7:17", "P206", "a has no cooldown"),
        (HEAD + rule() + rule("b"), "9:5", "P203", "a (line 3) is tried first"),
        (
            HEAD + rule() + rule("b", when="latency_p99 > 600 && cpu_util > 0.5", priority="7"),
            "9:5",
            "P203",
            "b speaks only",
        ),
        ("- a\n", "1:1", "P102", "it must be a mapping with schema, policies, remedies, fallback"),
        ("", "1:1", "P101", "the file is empty"),
        ("a: [", "2:1", "P101", "this is not YAML"),
        (HEAD + "  - 3\n", "3:5", "P102", "a policy is 3"),
        ("schema: x\npolicies: []\n", "1:9", "P103", "this version reads"),
    ],
)
def test_a_problem_says_where_and_what_was_expected(text: str, place: str, code: str, words: str) -> None:
    problem = next(one for one in lint(text, file="p.yaml") if one.code == code)
    assert f"{problem.line}:{problem.column}" == place
    assert words in problem.message
    assert str(problem) == f"p.yaml:{place} {code} {problem.message}"


@pytest.mark.parametrize(
    "text",
    [
        DEFAULTS,
        HEAD + rule() + rule("b", when="latency_p99 > 400", priority="7"),
        HEAD + rule() + rule("b", actions="[rollback, alert_team]", priority="7"),
        HEAD + rule(when="error_rate > 0.5 && throughput > 80 && latency_p99 > 20"),
    ],
)
def test_a_file_that_means_what_it_says_has_no_problem(text: str) -> None:
    assert lint(text, file="p.yaml") == ()


def test_warnings_are_given_for_the_good_rules_of_a_file_with_errors() -> None:
    assert found(HEAD + rule(priority="0") + rule("b", cooldown_s="0")) == [("6:15", "P103"), ("13:17", "P206")]


def test_every_code_is_explained_and_no_other_is_given() -> None:
    problems = lint(HEAD + rule(when="x > 1", actions="[y]", z="1", priority="0"), file="p.yaml")
    assert {problem.code for problem in problems} <= set(CODES)


PIECES = st.sampled_from(
    (
        "latency_p99",
        ">",
        "500",
        "error_rate",
        "&&",
        "5",
        "[rollback]",
        "[rolback]",
        "1",
        "0",
        "-1",
        "'a'",
        "x: 1",
        "{",
        "null",
        "a: b",
        "true",
    )
)
VALUE = st.lists(PIECES, min_size=1, max_size=4).map(" ".join)


@pytest.mark.promise("POL-2")
@settings(max_examples=300)
@given(
    changed=st.dictionaries(
        st.sampled_from(("name", "when", "actions", "priority", "cooldown_s", "max_per_hour", "parameters", "extra")),
        VALUE,
        max_size=3,
    ),
    tail=st.sampled_from(("", "remedies: []\n", "fallback: {}\n", "x: 1\n", "schema: again\n", "- 1\n")),
)
def test_a_file_has_an_error_exactly_when_it_does_not_load(changed: dict[str, str], tail: str) -> None:
    keys = {"name": "a", "when": "latency_p99 > 500", **changed}
    text = HEAD + rule(keys.pop("name"), keys.pop("when"), **keys) + tail
    errors = [problem for problem in lint(text, file="p.yaml") if problem.is_error]
    try:
        load(text, file="p.yaml")
    except PolicyError as error:
        assert errors
        place = str(error).split(": ", 1)[0]
        assert place in {f"p.yaml:{problem.line}:{problem.column}" for problem in errors}
    else:
        assert errors == []


PIECES_OF_NOISE = st.sampled_from((*"#{}[]':\n\x00\r\t9é", "", '"', " |", "&a ", "*a", "- ", "!!x "))


@settings(max_examples=300)
@given(noise=st.lists(st.tuples(st.integers(0, len(DEFAULTS[:2000])), st.integers(0, 4), PIECES_OF_NOISE), max_size=4))
def test_whatever_is_in_a_file_gives_problems_with_places_and_no_exception(noise: list[tuple[int, int, str]]) -> None:
    text = DEFAULTS[:2000]
    for place, length, piece in noise:
        text = text[:place] + piece + text[place + length :]
    problems = lint(text, file="p.yaml")
    assert all(problem.line >= 1 and problem.column >= 1 and problem.code in CODES for problem in problems)
    try:
        load(text, file="p.yaml")
    except PolicyError:
        assert any(problem.is_error for problem in problems)
    else:
        assert not any(problem.is_error for problem in problems)
