# SPDX-License-Identifier: Apache-2.0
"""What is in a bundle, and how two differ."""

from __future__ import annotations

from dataclasses import replace

from arf_core.bundle.build import build
from arf_core.bundle.compare import difference, summary
from arf_core.bundle.recipe import Recipe, Source
from arf_core.verify.bundles import read_bundle


def test_a_summary_says_what_a_bundle_recommends_and_where_it_comes_from(recipe: Recipe) -> None:
    found = summary(read_bundle(build(recipe)))
    assert found["mode"] == "full"
    assert found["note"] == "the storm of January"
    assert found["made_by"] == "0.1.0"
    assert isinstance(found["intents"], list)
    assert {"action", "component", "intent_id", "digest"} == set(found["intents"][0])


def test_a_bundle_does_not_differ_from_itself(recipe: Recipe) -> None:
    one = read_bundle(build(recipe))
    assert difference(one, one) == {
        "same": True, "digests": [one.digest] * 2, "entries": [], "settings": [], "intents": []
    }  # fmt: skip


def test_settings_and_recommendations_that_differ_are_listed(recipe: Recipe) -> None:
    blind = replace(recipe, config=recipe.config.model_copy(update={"latency_critical": 1e6, "latency_warning": 1e6}))
    found = difference(read_bundle(build(recipe)), read_bundle(build(blind)))
    assert found["same"] is False
    assert found["settings"] == [
        {"name": "latency_critical", "first": 450, "second": 1e6},
        {"name": "latency_warning", "first": 150, "second": 1e6},
    ]
    assert isinstance(found["intents"], list)
    assert found["intents"]


def test_what_is_gone_what_is_new_and_what_has_other_grounds_is_told_apart(recipe: Recipe) -> None:
    before = read_bundle(build(recipe))
    fewer = replace(recipe, sources=recipe.sources[1:], memory=())
    after = read_bundle(build(fewer))
    changes = difference(before, after)["intents"]
    assert isinstance(changes, list)
    whats = {change["what"] for change in changes}
    assert "gone" in whats
    assert {change["what"] for change in difference(after, before)["intents"]} >= {"new"}  # type: ignore[attr-defined]
    later = replace(recipe, sources=(Source(data=recipe.sources[0].data.replace(b"2026", b"2027")),))
    moved = difference(read_bundle(build(replace(recipe, sources=recipe.sources[:1]))), read_bundle(build(later)))
    assert {change["what"] for change in moved["intents"]} == {  # type: ignore[attr-defined]
        "with other parameters, or of another incident or time"
    }
