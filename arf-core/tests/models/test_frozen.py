# SPDX-License-Identifier: Apache-2.0
"""Frozen values cannot be changed, are plain, and are equal exactly when their canonical JSON is."""

from __future__ import annotations

import copy
import pickle
from collections import UserDict
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.canonical import canonical_text
from arf_core.errors import InputError
from arf_core.models.frozen import MAX_DEPTH, FrozenMap, Shape, freeze, shown, thaw

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
LEAVES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, -0.0, 1.0, 0.5, 1e20]) | TEXT
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=12)
MAPS = st.dictionaries(TEXT, JSON, max_size=3)


@pytest.mark.promise("INT-1")
@given(MAPS)
def test_freezing_and_thawing_gives_the_same_value(value: dict[str, object]) -> None:
    assert thaw(FrozenMap(value)) == value
    assert canonical_text(FrozenMap(value)) == canonical_text(value)


@pytest.mark.promise("INT-1")
@given(MAPS, MAPS)
def test_maps_are_equal_exactly_when_their_canonical_json_is(one: dict[str, object], two: dict[str, object]) -> None:
    same = canonical_text(one) == canonical_text(two)
    assert (FrozenMap(one) == FrozenMap(two)) is same
    if same:
        assert hash(FrozenMap(one)) == hash(FrozenMap(two))


def test_true_is_not_one_at_any_depth() -> None:
    assert FrozenMap({"a": True}) != FrozenMap({"a": 1})
    assert FrozenMap({"a": [{"b": (True,)}]}) != FrozenMap({"a": [{"b": (1,)}]})
    assert FrozenMap({"a": 1.0, "b": -0.0}) == FrozenMap({"b": 0, "a": 1})


def test_a_map_equals_the_plain_mapping_it_was_made_of_and_nothing_else() -> None:
    frozen = FrozenMap({"a": [1, {"b": 2}]})
    assert frozen == {"a": [1, {"b": 2}]}
    assert frozen == {"a": (1, {"b": 2})}
    assert frozen != {"a": object()}
    assert frozen != {1: 2}
    assert frozen != [("a", 1)]


@pytest.mark.promise("INT-1")
def test_nothing_changes_a_map_after_it_is_made() -> None:
    inner: dict[str, object] = {"b": [1]}
    held = {"a": inner}
    frozen: Any = FrozenMap(held)
    inner["b"] = "changed by the one who still holds it"
    held["c"] = {}
    for attack in (
        lambda: frozen.__setitem__("a", 1),
        lambda: frozen.update(a=1),
        lambda: setattr(frozen, "_items", {}),
        lambda: delattr(frozen, "_items"),
        lambda: frozen._items.__setitem__("a", 1),
        lambda: frozen["a"].__setitem__("b", 1),
        lambda: frozen.__dict__,
    ):
        with pytest.raises((AttributeError, TypeError)):
            attack()
    frozen.__init__({"z": 1})
    assert thaw(frozen) == {"a": {"b": [1]}}


def test_a_map_cannot_be_subclassed() -> None:
    with pytest.raises(TypeError, match="cannot be subclassed"):
        type("Softer", (FrozenMap,), {})


@pytest.mark.promise("INT-1")
def test_copies_and_pickles_are_equal() -> None:
    frozen = FrozenMap({"a": [1, {"b": None}], "é": 1e20})
    assert copy.copy(frozen) is frozen
    assert copy.deepcopy(frozen) is frozen
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(frozen, protocol)) == frozen  # noqa: S301 - our own pickle


class _Colour(StrEnum):
    RED = "red"


class _Level(IntEnum):
    HIGH = 3


class _Sly(str):
    __slots__ = ("extra",)

    def __eq__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


class _Ratio(float):
    pass


def test_members_of_subclasses_become_plain_values() -> None:
    frozen = FrozenMap({_Sly("k"): [_Sly("s"), _Colour.RED, _Level.HIGH, _Ratio(0.5), True]})
    assert [type(key) for key in frozen] == [str]
    values = frozen["k"]
    assert isinstance(values, tuple)
    assert [type(value) for value in values] == [str, str, int, float, bool]
    assert values == ("s", "red", 3, 0.5, True)


def test_two_keys_that_become_one_are_refused() -> None:
    with pytest.raises(InputError, match="stands twice"):
        FrozenMap({_Sly("k"): 1, "k": 2})


def test_other_mappings_are_taken_as_maps() -> None:
    assert FrozenMap(UserDict({"a": UserDict({"b": 1})})) == {"a": {"b": 1}}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "nan is not a finite number"),
        (float("-inf"), "-inf is not a finite number"),
        (2**53, "2\\^53"),
        ([10**5000], "2\\^53"),
        ("\ud800", "lone surrogate"),
        ({"\udfff": 1}, "lone surrogate"),
        ({1: 2}, "the key 1 is not a string"),
        ({("a",): 2}, "is not a string"),
        (b"", "bytes is not a JSON value"),
        ({1}, "set is not a JSON value"),
        (Decimal(1), "Decimal is not a JSON value"),
        (iter([1]), "list_iterator is not a JSON value"),
    ],
)
def test_what_json_cannot_carry_exactly_is_refused_at_once(value: object, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        freeze([value])


def test_a_scalar_of_numpy_is_taken_or_refused_with_the_remedy() -> None:
    numpy: Any = pytest.importorskip("numpy")
    assert type(freeze(numpy.float64(0.5))) is float
    with pytest.raises(InputError, match=r"numpy\.float32 is not a JSON value: convert it with its item\(\) method"):
        freeze(numpy.float32(0.5))


@pytest.mark.parametrize("value", [[], 0, "", 1, [("a", 1)], "ab"])
def test_only_a_mapping_becomes_a_map(value: object) -> None:
    with pytest.raises(InputError, match="is not a mapping"):
        FrozenMap(value)  # type: ignore[arg-type]


def _nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


def test_nesting_is_bounded() -> None:
    freeze(_nested(MAX_DEPTH))
    FrozenMap({"a": _nested(MAX_DEPTH - 1)})
    with pytest.raises(InputError, match="more than 32 deep"):
        freeze(_nested(MAX_DEPTH + 1))
    with pytest.raises(InputError, match="more than 32 deep"):
        FrozenMap({"a": _nested(MAX_DEPTH)})


def test_nesting_is_bounded_also_where_maps_are_frozen_one_by_one() -> None:
    value = FrozenMap()
    for _ in range(MAX_DEPTH - 1):
        value = FrozenMap({"a": value})
    with pytest.raises(InputError, match="more than 32 deep"):
        FrozenMap({"a": value})


def test_a_value_that_contains_itself_is_refused() -> None:
    endless: dict[str, object] = {}
    endless["again"] = endless
    with pytest.raises(InputError, match="more than 32 deep"):
        FrozenMap(endless)


class _Hostile:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "value", [(10**5000,), "x" * 10_000, _Hostile(), [[10**5000]], {"a": list(range(1000))}, "\ud800\n"]
)
def test_any_value_can_be_shown_in_a_message(value: object) -> None:
    text = shown(value)
    assert len(text) < 300
    assert "\n" not in text
    text.encode()


@pytest.mark.promise("INT-1")
@given(st.lists(JSON, min_size=3, max_size=3))
def test_a_shape_makes_the_map_that_its_names_and_values_make(values: list[object]) -> None:
    names = ("signal", "baseline", "value")
    made, plain = Shape(*names).of(*values), FrozenMap(dict(zip(names, values, strict=True)))
    assert made == plain
    assert made.written() == plain.written() == canonical_text(plain)
    assert tuple(made) == names
    assert thaw(made) == thaw(plain)
    assert FrozenMap({"deep": made}) == FrozenMap({"deep": plain})


@pytest.mark.promise("INT-1")
@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, "\ud800", b"", {1}])
def test_a_shape_refuses_what_a_map_refuses(value: object) -> None:
    with pytest.raises(InputError) as plainly:
        FrozenMap({"a": value, "b": 1})
    with pytest.raises(InputError) as shaped:
        Shape("a", "b").of(value, 1)
    assert str(shaped.value) == str(plainly.value)


def test_a_shape_has_names_of_fields_each_once_and_a_value_for_each() -> None:
    for names in (("a", "a"), ("a", "ä"), ("a", "b c"), ("a", '"')):
        with pytest.raises(ValueError, match="not the names of fields"):
            Shape(*names)
    with pytest.raises(ValueError, match="shorter"):
        Shape("a", "b").of(1)
