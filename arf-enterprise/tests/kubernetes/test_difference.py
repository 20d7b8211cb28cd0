# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Differences: a merge patch leads from the one to the other, and a line is there for each field that differs."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from arf_enterprise.actions.kubernetes_difference import changed_fields, lines, merge_patch, strategic_patch

LEAVES = st.one_of(st.booleans(), st.integers(-9, 9), st.text("abc", max_size=3))
NAMES = st.sampled_from(["app", "spec", "env", "containers", "image", "name"])
THINGS = st.dictionaries(
    NAMES,
    st.recursive(
        LEAVES,
        lambda inner: st.one_of(st.dictionaries(NAMES, inner, max_size=3), st.lists(LEAVES, max_size=3)),
        max_leaves=8,
    ),
    max_size=4,
)


@given(THINGS, THINGS)
def test_merged_into_the_one_the_patch_makes_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert merged(before, merge_patch(before, after)) == after


@given(THINGS, THINGS)
def test_there_is_a_line_and_a_field_exactly_if_something_differs(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    named = {"containers", "env"}  # lists of these names are lists of named things; those of THINGS are not
    before, after = ({f"_{key}" if key in named else key: each for key, each in one.items()} for one in (before, after))
    assert bool(lines(before, after)) == (before != after)
    assert bool(merge_patch(before, after)) == (before != after)


def test_a_field_is_named_as_kubernetes_names_it() -> None:
    before = {"containers": [{"name": "app", "image": "a"}, {"name": "old"}], "replicas": 1}
    after = {"containers": [{"name": "app", "image": "b"}, {"name": "new"}], "replicas": 1}
    assert list(changed_fields(before, after)) == [
        ("f:containers", 'k:{"name":"app"}', "f:image"),
        ("f:containers", 'k:{"name":"new"}'),
        ("f:containers", 'k:{"name":"old"}'),
    ]


def test_a_patch_for_files_names_the_container_alone_and_gives_the_whole_where_it_must() -> None:
    one = {"containers": [{"name": "app", "image": "a", "env": [{"name": "A", "value": "1"}]}], "hosts": [{"ip": "x"}]}
    other = {
        "containers": [{"name": "app", "image": "b", "env": [{"name": "A", "value": "1"}]}],
        "hosts": [{"ip": "x"}],
    }
    assert strategic_patch({"spec": one}, {"spec": other}) == {"spec": {"containers": [{"name": "app", "image": "b"}]}}
    moved = {**other, "hosts": [{"ip": "y"}]}
    assert strategic_patch({"spec": one}, {"spec": moved}) == {"spec": {"$patch": "replace", **moved}}


def merged(thing: object, patch: object) -> object:
    """RFC 7396 section 2."""
    if not isinstance(patch, dict):
        return patch
    made = dict(thing) if isinstance(thing, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value)
    return made
