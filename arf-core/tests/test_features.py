# SPDX-License-Identifier: Apache-2.0
"""Feature flags: strict, named, and unable to unlock anything."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.advisor import Advisor
from arf_core.capabilities import ENTERPRISE_FEATURES
from arf_core.config.oss_config import OSSConfig
from arf_core.errors import FeatureRequiresEnterpriseError, SettingsError
from arf_core.features import MEANS, Features, environment_name, load
from arf_core.testing import made_event, made_incident


def test_every_flag_says_what_it_does_and_is_on_unless_turned_off() -> None:
    assert {field.name for field in fields(Features)} == set(MEANS)
    assert set(load({}).states().values()) == {True}
    assert set(load({}).origins.values()) == {"default"}


@pytest.mark.promise("CFG-3")
def test_both_ways_of_setting_a_flag_say_where_it_came_from() -> None:
    loaded = load({"ARF_ENABLE_RECALL": "false", "ARF_FEATURES": '{"impact": false, "adaptive": true}'})
    assert loaded.features == Features(recall=False, impact=False)
    assert loaded.origins["recall"] == "environment ARF_ENABLE_RECALL"
    assert loaded.origins["impact"] == loaded.origins["adaptive"] == "environment ARF_FEATURES"
    assert loaded.origins["terminal_plots"] == "default"


@pytest.mark.promise("CFG-3")
@pytest.mark.parametrize("written", ["", "1", "0", "yes", "True", "FALSE", " true", "null"])
def test_a_flag_is_true_or_false_and_nothing_else(written: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load({"ARF_ENABLE_RECALL": written})
    assert str(refused.value) == f"ARF_ENABLE_RECALL is {written!r}: it must be true or false"


@pytest.mark.promise("CFG-3")
@pytest.mark.parametrize("value", ["1", "null", '"true"', "[]"])
def test_a_flag_in_json_is_a_boolean(value: str) -> None:
    with pytest.raises(SettingsError, match=r"ARF_FEATURES sets recall to .*: it must be true or false"):
        load({"ARF_FEATURES": f'{{"recall": {value}}}'})


@pytest.mark.promise("CFG-3")
@pytest.mark.parametrize(
    "text", ["", "recall", "{", "[]", "true", '{"recall": true, "recall": false}', '{"recall": tru}', "\ufeff{}"]
)
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="ARF_FEATURES"):
        load({"ARF_FEATURES": text})


@pytest.mark.promise("CFG-3")
@pytest.mark.parametrize(
    "environment",
    [
        {"ARF_ENABLE_RECAL": "false"},
        {"ARF_ENABLE_recall": "false"},
        {"ARF_ENABLE_": "false"},
        {"ARF_FEATURES": '{"RECALL": false}'},
        {"ARF_FEATURES": '{"recal": true}'},
    ],
)
def test_an_unknown_flag_is_an_error_that_names_the_nearest(environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"names no feature flag .*: the nearest is (ARF_ENABLE_[A-Z_]+|'\w+')$"):
        load(environment)


@pytest.mark.promise("CFG-3")
def test_two_ways_that_disagree_are_an_error_and_two_that_agree_are_not() -> None:
    with pytest.raises(SettingsError, match="ARF_ENABLE_RECALL sets recall to false, but ARF_FEATURES sets it to true"):
        load({"ARF_ENABLE_RECALL": "false", "ARF_FEATURES": '{"recall": true}'})
    agreed = load({"ARF_ENABLE_RECALL": "false", "ARF_FEATURES": '{"recall": false}'})
    assert not agreed.features.recall


@pytest.mark.promise("CFG-3")
@pytest.mark.parametrize("state", ["true", "false"])
@pytest.mark.parametrize("name", [*ENTERPRISE_FEATURES, "execution", "EXECUTION_ALLOWED", "autonomous", "approval"])
def test_no_flag_unlocks_what_belongs_to_enterprise(name: str, state: str) -> None:
    for environment in ({f"ARF_ENABLE_{name.upper()}": state}, {"ARF_FEATURES": f'{{"{name}": {state}}}'}):
        with pytest.raises(FeatureRequiresEnterpriseError):
            load(environment)


@pytest.mark.promise("CFG-3")
@given(st.dictionaries(st.sampled_from(sorted(MEANS)), st.booleans()))
def test_whatever_the_flags_are_the_limits_stay_sealed(states: dict[str, bool]) -> None:
    one_by_one = {environment_name(name): "true" if on else "false" for name, on in states.items()}
    features = load(one_by_one).features
    assert load({"ARF_FEATURES": json.dumps(states)}).features == features
    config = features.applied_to(OSSConfig(revenue_per_minute=100))
    assert config.EXECUTION_ALLOWED is False
    assert config.MCP_MODE == "advisory"


@pytest.mark.promise("CFG-3")
def test_recall_that_is_off_recalls_nothing() -> None:
    config = OSSConfig()
    for features, recalled in ((Features(), True), (Features(recall=False), False)):
        advisor = Advisor(features.applied_to(config))
        past = made_incident("past", metrics=("latency_p99",), fault_type="slow", action="circuit_breaker")
        advisor.remember([past])
        assert bool(advisor.advise(made_event()).matches) is recalled


@pytest.mark.promise("CFG-3")
def test_impact_that_is_off_is_not_estimated() -> None:
    config = OSSConfig(revenue_per_minute=100, requests_per_user=3)
    subject = made_event(error_rate=0.5)
    assert Advisor(Features().applied_to(config)).advise(subject).impact is not None
    assert Advisor(Features(impact=False).applied_to(config)).advise(subject).impact is None
