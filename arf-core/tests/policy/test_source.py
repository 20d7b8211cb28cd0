# SPDX-License-Identifier: Apache-2.0
"""A policy file as it is written: every comment belongs to one piece."""

from __future__ import annotations

from arf_core.policy.source import Piece, Source, read_source

TEXT = """\
# top

# about the schema
schema: arf.healing-policies/1  # the version
policies:  # a list
  # one
  - name: slow  # its name
    # why 500
    when: latency_p99 > 500
    actions: [rollback, # back
      alert_team]
    priority: 1
    cooldown_s: 1
    max_per_hour: 1
  # off: another one
fallback: {name: f, actions: [alert_team], cooldown_s: 1, max_per_hour: 1}
# the end
"""


def source() -> Source:
    return read_source(TEXT, file="p.yaml")


def piece(*path: str) -> Piece:
    """The key at ``path``; a number is the place of a rule."""
    items = source().root.items
    found = items[0]
    for name in path:
        found = items[int(name)] if name.isdigit() else next(one for one in items if one.name == name)
        items = found.value.items
    return found


def test_comments_on_their_own_lines_belong_to_what_comes_next() -> None:
    assert piece("schema").before == ["# top", "", "# about the schema"]
    assert piece("policies", "0").before == ["# one"]
    assert piece("policies", "0", "when").before == ["# why 500"]


def test_comments_behind_something_belong_to_it() -> None:
    assert piece("schema").after == "# the version"
    assert piece("policies").after == "# a list"
    assert piece("policies", "0", "name").after == "# its name"


def test_comments_inside_a_value_stay_there_and_indented_ones_at_the_end_of_their_part() -> None:
    assert piece("policies", "0", "actions").has_inside
    assert piece("policies").tail == ["# off: another one"]
    assert source().end == ("# the end",)


def test_every_comment_is_found_once_and_in_order() -> None:
    assert [comment.lstrip("# ") for comment in source().comments] == [
        "top", "about the schema", "the version", "a list", "one",
        "its name", "why 500", "back", "off: another one", "the end",
    ]  # fmt: skip


def test_values_keep_their_spelling() -> None:
    assert piece("policies", "0", "actions").value.text == "[rollback, # back\n      alert_team]"
    assert piece("fallback", "cooldown_s").value.text == "1"
