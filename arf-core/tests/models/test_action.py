# SPDX-License-Identifier: Apache-2.0
"""Six actions with typed parameters; nothing else can be recommended."""

from __future__ import annotations

import pytest

from arf_core.errors import InputError, IntentError
from arf_core.models.action import PARAMETERS, Action, parameters_for


@pytest.mark.promise("POL-5")
def test_there_are_six_actions_and_each_has_its_parameters() -> None:
    assert {action: tuple(PARAMETERS[action]) for action in Action} == {
        "rollback": ("revision", "force"),
        "restart_container": ("container_id", "grace_period"),
        "scale_out": ("scale_factor", "resource_profile"),
        "circuit_breaker": ("threshold", "timeout"),
        "traffic_shift": ("percentage", "target"),
        "alert_team": ("severity", "channels"),
    }


@pytest.mark.promise("POL-5")
@pytest.mark.parametrize(
    ("action", "given", "expected"),
    [
        (Action.ROLLBACK, {}, {"revision": "previous", "force": False}),
        (Action.RESTART_CONTAINER, {}, {"container_id": None, "grace_period": 30}),
        (Action.SCALE_OUT, {}, {"scale_factor": 2, "resource_profile": "standard"}),
        (Action.CIRCUIT_BREAKER, {}, {"threshold": 0.5, "timeout": 60}),
        (Action.TRAFFIC_SHIFT, {"target": "v1"}, {"percentage": 50, "target": "v1"}),
        (Action.ALERT_TEAM, {}, {"severity": "medium", "channels": ["slack", "email"]}),
    ],
)
def test_parameters_that_are_left_out_take_their_defaults(
    action: Action, given: dict[str, object], expected: dict[str, object]
) -> None:
    assert parameters_for(action, given) == expected


@pytest.mark.promise("POL-5")
@pytest.mark.parametrize(
    ("action", "name", "value"),
    [
        (Action.ROLLBACK, "revision", ""),
        (Action.ROLLBACK, "revision", "a\nb"),
        (Action.ROLLBACK, "revision", "a\u202eb"),
        (Action.ROLLBACK, "revision", "x" * 254),
        (Action.ROLLBACK, "force", 0),
        (Action.ROLLBACK, "force", "false"),
        (Action.RESTART_CONTAINER, "container_id", ""),
        (Action.RESTART_CONTAINER, "grace_period", -1),
        (Action.RESTART_CONTAINER, "grace_period", 3601),
        (Action.RESTART_CONTAINER, "grace_period", 1.5),
        (Action.RESTART_CONTAINER, "grace_period", True),
        (Action.SCALE_OUT, "scale_factor", 0),
        (Action.SCALE_OUT, "scale_factor", 11),
        (Action.SCALE_OUT, "scale_factor", "2"),
        (Action.SCALE_OUT, "resource_profile", None),
        (Action.CIRCUIT_BREAKER, "threshold", 1.01),
        (Action.CIRCUIT_BREAKER, "threshold", True),
        (Action.CIRCUIT_BREAKER, "timeout", 0),
        (Action.TRAFFIC_SHIFT, "percentage", 0),
        (Action.TRAFFIC_SHIFT, "percentage", 101),
        (Action.TRAFFIC_SHIFT, "target", None),
        (Action.ALERT_TEAM, "severity", "urgent"),
        (Action.ALERT_TEAM, "channels", []),
        (Action.ALERT_TEAM, "channels", "slack"),
        (Action.ALERT_TEAM, "channels", ["a"] * 17),
        (Action.ALERT_TEAM, "channels", ["slack", 1]),
    ],
)
def test_a_value_that_breaks_its_rule_is_refused_by_name(action: Action, name: str, value: object) -> None:
    others = {"target": "v1"} if action is Action.TRAFFIC_SHIFT else {}
    with pytest.raises(IntentError, match=rf"^{action}\.{name} is .*: it must be "):
        parameters_for(action, {**others, name: value})


@pytest.mark.parametrize("value", [30, 30.0])
def test_a_whole_number_may_be_spelled_with_a_point_and_is_kept_as_an_integer(value: float) -> None:
    kept = parameters_for(Action.RESTART_CONTAINER, {"grace_period": value})["grace_period"]
    assert kept == 30
    assert type(kept) is int


def test_an_unknown_parameter_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(
        IntentError, match="scale_out has no parameter 'command': it has resource_profile, scale_factor"
    ):
        parameters_for(Action.SCALE_OUT, {"command": "rm"})


def test_a_required_parameter_that_is_missing_is_refused() -> None:
    with pytest.raises(IntentError, match="traffic_shift needs the parameter 'target'"):
        parameters_for(Action.TRAFFIC_SHIFT, {})


@pytest.mark.parametrize("given", [[], "revision", {1: 2, "a": 3}, {"revision": 10**5000}])
def test_what_is_not_a_map_of_json_values_is_refused(given: object) -> None:
    with pytest.raises(InputError):
        parameters_for(Action.ROLLBACK, given)  # type: ignore[arg-type]


def test_the_actions_cannot_be_added_to() -> None:
    with pytest.raises(TypeError):
        PARAMETERS["delete_everything"] = {}  # type: ignore[index]
