# SPDX-License-Identifier: Apache-2.0
"""The one layout: comments and meaning stay, and what is laid out stays as it is."""

from __future__ import annotations

from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.errors import PolicyError
from arf_core.policy.layout import formatted
from arf_core.policy.load import load
from arf_core.policy.source import read_source

MESSY = """\
# header

# about policies
policies: # a list
    # first
    -   # dash
        actions:
          - restart_container # why
          # own inside
          - alert_team
        name: slow   # the name


        # para
        when: |   # block
          latency_p99 > 500 &&
          error_rate > 0.1
        priority:    1
        cooldown_s: 300
        max_per_hour: 5
        parameters:
          restart_container:
            grace_period: 60
            container_id:
    # second
    - {name: "x", when: 'component == ''a # b''', actions: [rollback], # c1
       priority: 2, max_per_hour: 5, cooldown_s: 1} # end
    # - name: disabled
schema: arf.healing-policies/1
fallback: {name: f, actions: [alert_team], cooldown_s: 1e2, max_per_hour: 1} # fb
# the end
"""
NEAT = """\
# header

schema: arf.healing-policies/1

# about policies
policies:  # a list
  # first
  # dash
  - name: slow  # the name
    # para
    when: |   # block
      latency_p99 > 500 &&
      error_rate > 0.1
    actions:
      - restart_container # why
      # own inside
      - alert_team
    priority: 1
    cooldown_s: 300
    max_per_hour: 5
    parameters:
      restart_container: {grace_period: 60, container_id: null}

  # second
  - name: "x"
    when: 'component == ''a # b'''
    actions: [rollback]  # c1
    priority: 2
    cooldown_s: 1  # end
    max_per_hour: 5

  # - name: disabled

fallback:
  name: f
  actions: [alert_team]
  cooldown_s: 1e2
  max_per_hour: 1  # fb

# the end
"""


def test_a_messy_file_becomes_a_neat_one() -> None:
    assert formatted(MESSY, file="p.yaml") == NEAT


@pytest.mark.parametrize("name", ["defaults.yaml", "starter.yaml"])
def test_what_ships_is_laid_out(name: str) -> None:
    text = files("arf_core.policy").joinpath(name).read_text(encoding="utf-8")
    assert formatted(text, file=name) == text


def test_line_ends_of_other_systems_become_plain_ones() -> None:
    assert formatted(MESSY.replace("\n", "\r\n"), file="p.yaml") == NEAT


def test_a_file_that_does_not_load_is_not_laid_out() -> None:
    with pytest.raises(PolicyError, match=r"^p.yaml:8:13: the action is 'reboot'"):
        formatted(MESSY.replace("restart_container # why", "reboot"), file="p.yaml")


def test_a_hash_inside_a_text_is_no_comment() -> None:
    assert read_source(MESSY, file="p.yaml").comments.count("# b''', actions: [rollback], # c1") == 0
    assert "# c1" in read_source(MESSY, file="p.yaml").comments


COMMENT = st.sampled_from(("", "", "", "# one", "# two: 'three'", "#", "# - name: off", "#four # five"))
CONDITIONS = st.sampled_from(
    (
        "latency_p99 > 500",
        "latency_p99>500&&error_rate>0.1",
        "'component == ''a # b'''",
        "\"severity == 'critical'\"",
        "|\n{i}  latency_p99 > 500 &&\n{i}  cpu_util > 0.5",
        ">-\n{i}  latency_p99 > 500\n\n{i}  && cpu_util > 0.5",
        "latency_p99 > 500 &&\n{i}  cpu_util > 0.5",
        '"latency_p99 > 500 &&\n{i}   cpu_util > 0.5"',
    )
)
ACTIONS = st.sampled_from(
    (
        "[rollback, alert_team]",
        "[rollback,   alert_team]",
        "[\n{i}  rollback, # r\n{i}  alert_team]",
        "\n{i}  - rollback\n{i}  - alert_team",
        "\n{i}  - rollback # why\n{i}  # between\n{i}  - alert_team",
        "\n{i}- rollback\n{i}- alert_team",
    )
)
PARAMETERS = st.sampled_from(
    (
        "{rollback: {revision: 'a, b', force: true}}",
        "\n{i}  rollback:\n{i}    revision: a [x], y\n{i}  alert_team: {channels: ['x # y', z]}",
        "\n{i}  alert_team:\n{i}    channels:\n{i}      - 'x # y'\n{i}      - z",
        "\n{i}  rollback: {revision: v1} # now\n{i}  # then\n{i}  alert_team: {severity: low}",
        "{rollback: {}}",
    )
)


@st.composite
def rules(draw: st.DrawFn, number: int, dash: str) -> str:
    inner = " " * len(dash)
    parts = {
        "name": f"r{number}" if draw(st.booleans()) else f'"r{number}"',
        "when": draw(CONDITIONS),
        "actions": draw(ACTIONS),
        "priority": str(draw(st.integers(1, 3))),
        "cooldown_s": draw(st.sampled_from(("0", "1.5", "3e2", "60"))),
        "max_per_hour": "5",
    }
    if draw(st.booleans()):
        parts["parameters"] = draw(PARAMETERS)
    lines = []
    for place, key in enumerate(draw(st.permutations(sorted(parts)))):
        own, after = draw(COMMENT), draw(COMMENT)
        value = parts[key].replace("{i}", inner)
        can_follow = "\n" not in value
        gap = "" if value.startswith("\n") else draw(st.sampled_from((" ", "   ")))
        if own and place:
            lines.append(f"{inner}{own}")
        if draw(st.integers(0, 4)) == 0 and place:
            lines.append("")
        tail = f" {after}" if after and can_follow else ""
        lines.append(f"{inner if place else dash}{key}:{gap}{value}{tail}")
    before = draw(COMMENT)
    return (f"{' ' * dash.index('-')}{before}\n" if before else "") + "\n".join(lines) + "\n"


@st.composite
def policy_files(draw: st.DrawFn) -> str:
    dash = draw(st.sampled_from(("- ", "  - ", "    -   ")))
    body = [draw(rules(number, dash)) for number in range(draw(st.integers(1, 3)))]
    tail = draw(st.sampled_from(("", "  # tail\n", "\n\n   # tail\n")))
    parts = [
        f"{draw(COMMENT)}\nschema: arf.healing-policies/1 {draw(COMMENT)}\n",
        f"{draw(COMMENT)}\npolicies: {draw(COMMENT)}\n{''.join(body)}{tail}",
    ]
    if draw(st.booleans()):
        parts.append(f"fallback: {{name: f, actions: [alert_team], cooldown_s: 1, max_per_hour: 1}} {draw(COMMENT)}\n")
    return "".join(draw(st.permutations(parts))) + draw(COMMENT)


@pytest.mark.promise("POL-2")
@settings(max_examples=300)
@given(text=policy_files())
def test_laying_out_keeps_meaning_and_comments_and_does_it_once(text: str) -> None:
    done = formatted(text, file="p.yaml")
    assert load(done, file="p.yaml").digest == load(text, file="p.yaml").digest
    assert sorted(read_source(done, file="p").comments) == sorted(read_source(text, file="p").comments)
    assert formatted(done, file="p.yaml") == done
    assert not any(line != line.rstrip() for line in done.split("\n"))
    assert done.endswith("\n")
    assert not done.endswith("\n\n")
