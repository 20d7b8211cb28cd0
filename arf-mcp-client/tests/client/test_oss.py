# SPDX-License-Identifier: Apache-2.0
"""The advisory client: its one mode, what it recommends here, and what it will not seal."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import anyio
import anyio.lowlevel
import pytest

from arf_core.advisor import Advisor
from arf_core.errors import FeatureRequiresEnterpriseError, InputError, IntentError
from arf_core.models.event import ReliabilityEvent
from arf_core.models.healing_intent import HealingIntent
from arf_core.service import AdviceService
from arf_core.testing import made_incident
from arf_mcp_client import MCPMode, ModeError, NotRecommended, OSSMCPClient, ServerError, create_mcp_client

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
SLOW = [{"component": "checkout-api", "timestamp": "2026-01-02T00:00:00Z", "latency_p99": 900}]
_T = TypeVar("_T")


def run(work: Callable[[], Awaitable[_T]]) -> _T:
    return anyio.run(work)


def recommend(
    tool: str, component: str = "checkout-api", /, *, context: object = None, **parameters: object
) -> HealingIntent:
    client = OSSMCPClient(clock=lambda: NOON)
    return run(lambda: client.analyze_and_recommend(tool, component, parameters, context))  # type: ignore[arg-type]


@pytest.mark.promise("MCP-1")
def test_the_mode_is_advisory_and_says_so_in_every_way_the_plan_has() -> None:
    client = OSSMCPClient()
    assert client.mode is MCPMode.ADVISORY
    assert client.mode.value == OSSMCPClient.MODE == "advisory"
    able = client.get_capabilities()
    assert (able["mode"], able["can_execute"], able["can_advise"]) == ("advisory", False, True)
    assert able["max_incident_history"] == 1000
    assert able["enterprise_upgrade_available"] is True
    assert "autonomous_execution" in able["enterprise_features"]  # type: ignore[operator]
    assert not {"license_key", "audit_trail"} & able.keys()


@pytest.mark.promise("MCP-1")
@pytest.mark.parametrize("mode", ["approval", "autonomous", "ADVISORY", "", "anything"])
def test_another_mode_is_refused(mode: str) -> None:
    with pytest.raises(ModeError, match="the open edition has 'advisory' only"):
        OSSMCPClient(mode=mode)
    with pytest.raises(ModeError):
        MCPMode(mode)


@pytest.mark.promise("MCP-1")
def test_the_mode_cannot_be_set_deleted_or_named_anew() -> None:
    client = OSSMCPClient()
    with pytest.raises(AttributeError):
        client.mode = "autonomous"  # type: ignore[misc, assignment]
    with pytest.raises(AttributeError):
        object.__setattr__(client, "mode", "autonomous")
    for name in ("MODE", "mode"):
        with pytest.raises(ModeError, match="cannot be set"):
            setattr(OSSMCPClient, name, "autonomous")
        with pytest.raises(ModeError, match="cannot be deleted"):
            delattr(OSSMCPClient, name)
        with pytest.raises(ModeError, match="of its own"):
            type("Bold", (OSSMCPClient,), {name: "autonomous"})
    assert client.mode == "advisory"


def test_a_subclass_that_leaves_the_mode_alone_is_welcome_and_sealed_too() -> None:
    class Quiet(OSSMCPClient):
        """A client of somebody's own."""

    with pytest.raises(ModeError):
        Quiet.MODE = MCPMode.ADVISORY
    assert Quiet().mode == "advisory"


def test_a_client_has_no_method_that_carries_anything_out() -> None:
    words = {"execute", "apply", "run", "approve"}
    assert not [name for name in dir(OSSMCPClient) if words & set(name.split("_"))]


@pytest.mark.promise("MCP-1")
def test_without_telemetry_the_intent_is_the_callers_wish_and_says_so() -> None:
    intent = recommend("rollback", revision="v41")
    assert (intent.action.value, intent.component, intent.detected_at) == ("rollback", "checkout-api", NOON)
    assert intent.parameters == {"revision": "v41", "force": False}
    assert "was asked for; ARF was given no telemetry" in intent.justification
    assert intent.confidence == 0.25
    assert HealingIntent.from_json(intent.to_json()) == intent


@pytest.mark.promise("MCP-1")
def test_what_the_caller_tells_is_quoted_and_sealed_but_makes_nothing_more_certain() -> None:
    told = {
        "severity": "critical",
        "incident_id": "INC-7",
        "detected_at": "2026-01-01T00:00:00+01:00",
        "similar_incidents": [{"id": "a"}, {"id": "b"}],
        "ticket": "OPS-1",
    }
    intent = recommend("rollback", context=told)
    assert (intent.incident_id, intent.detected_at) == ("INC-7", datetime(2025, 12, 31, 23, tzinfo=UTC))
    assert intent.justification.endswith("the caller calls it critical; the caller names 2 similar incidents")
    assert intent.confidence == recommend("rollback").confidence
    assert intent.similar_incidents == ({"id": "a"}, {"id": "b"})
    assert intent.evidence == {"context": {"severity": "critical", "ticket": "OPS-1"}}


@pytest.mark.promise("MCP-1")
def test_with_telemetry_the_intent_is_the_one_that_arf_itself_recommends() -> None:
    intent = recommend("restart_container", context={"telemetry": SLOW})
    (advice,) = [Advisor().advise(event) for event in _events()]
    assert intent in advice.intents
    assert intent.policy_applied is not None


def test_other_parameters_and_an_incident_of_the_callers_are_sealed_anew() -> None:
    own = recommend("restart_container", context={"telemetry": SLOW})
    asked = recommend("restart_container", context={"telemetry": SLOW, "incident_id": "INC-1"}, grace_period=5)
    assert asked.parameters == {**own.parameters, "grace_period": 5}
    assert asked.incident_id == "INC-1"
    assert asked.justification == f"{own.justification}; the parameters are the caller's"
    assert (asked.confidence, asked.policy_applied) == (own.confidence, own.policy_applied)
    assert asked.digest != own.digest


@pytest.mark.promise("MCP-1")
def test_an_action_that_the_evidence_does_not_support_is_not_sealed() -> None:
    with pytest.raises(NotRecommended, match=r"error_rate was not reported \[mostly-failing \(defaults") as refused:
        recommend("rollback", context={"telemetry": SLOW})
    assert refused.value.instead[0].action.value == "restart_container"


@pytest.mark.parametrize(
    ("telemetry", "component"),
    [([{**SLOW[0], "latency_p99": 20}], "checkout-api"), (SLOW, "another-service")],
    ids=["all is well", "it is elsewhere"],
)
def test_an_action_where_nothing_is_wrong_is_not_sealed(telemetry: object, component: str) -> None:
    with pytest.raises(NotRecommended, match=f"nothing|anything is wrong with {component}"):
        recommend("restart_container", component, context={"telemetry": telemetry})


def test_telemetry_is_taken_as_text_bytes_or_values() -> None:
    import json

    text = json.dumps(SLOW)
    given = (SLOW, text, text.encode())
    assert len({recommend("restart_container", context={"telemetry": one}).digest for one in given}) == 1


@pytest.mark.parametrize("telemetry", ["", "garbage", b"\xff\xfe", [{"c": 1}], {"n": float("nan")}, object()])
def test_telemetry_that_cannot_be_read_is_an_error_of_the_input(telemetry: object) -> None:
    with pytest.raises(InputError):
        recommend("rollback", context={"telemetry": telemetry})


@pytest.mark.parametrize(
    ("tool", "component", "parameters", "context"),
    [
        ("delete_everything", "api", {}, None),
        ("rollback", "", {}, None),
        ("rollback", "api", {"service": "api"}, None),
        ("scale_out", "api", {"scale_factor": 99}, None),
        ("rollback", "api", {}, {"detected_at": "yesterday"}),
        ("rollback", "api", {}, {"detected_at": "2026-01-02T00:00:00"}),
        ("rollback", "api", {}, {"similar_incidents": "many"}),
        ("rollback", "api", {}, {"incident_id": 7}),
    ],
)
def test_a_question_that_breaks_a_rule_is_an_intent_error(
    tool: str, component: str, parameters: dict[str, object], context: dict[str, object] | None
) -> None:
    with pytest.raises(IntentError):
        recommend(tool, component, context=context, **parameters)


@pytest.mark.promise("MCP-1")
def test_recommend_action_takes_its_component_by_name_or_among_the_parameters() -> None:
    client = OSSMCPClient(clock=lambda: NOON)
    by_name = run(lambda: client.recommend_action("rollback", {"force": True}, component="api"))
    among = run(lambda: client.recommend_action("rollback", {"force": True, "component": "api"}))
    assert by_name == among
    with pytest.raises(IntentError, match="which component"):
        run(lambda: client.recommend_action("rollback", {}))


def test_the_memory_of_a_given_service_is_asked() -> None:
    advisor = Advisor()
    advisor.remember(
        [made_incident("inc_before", component="checkout-api", metrics=("latency_p99",), occurred_at=NOON)]
    )
    late = [{**SLOW[0], "timestamp": "2026-01-03T00:00:00Z"}]
    client = OSSMCPClient(service=AdviceService(advisor))
    intents = run(lambda: client.analyze(late))
    assert intents[0].similar_incidents[0]["incident_id"] == "inc_before"  # type: ignore[index]


def test_the_event_loop_goes_on_while_an_analysis_runs() -> None:
    beats: list[float] = []

    async def beat() -> None:
        while True:
            beats.append(time.monotonic())
            await anyio.sleep(0.001)

    async def work() -> None:
        client = OSSMCPClient()
        readings = [{**SLOW[0], "component": f"c{number}"} for number in range(3000)]
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(beat)
            await anyio.lowlevel.checkpoint()
            await client.analyze(readings)
            tasks.cancel_scope.cancel()

    run(work)
    assert len(beats) > 10


def test_the_same_client_answers_many_at_once() -> None:
    async def work() -> set[str]:
        client, digests = OSSMCPClient(), set()

        async def ask() -> None:
            digests.add((await client.analyze(SLOW))[0].digest)

        async with client, anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(ask)
        return digests

    assert len(run(work)) == 1


def test_a_server_and_a_service_are_not_both_asked() -> None:
    with pytest.raises(ValueError, match="not both"):
        OSSMCPClient("http://127.0.0.1:1", service=AdviceService(Advisor()))


def test_a_client_of_a_server_needs_to_be_connected_first() -> None:
    with pytest.raises(ServerError, match="async with"):
        run(lambda: OSSMCPClient("http://127.0.0.1:1").analyze(SLOW))


@pytest.mark.promise("CFG-2")
def test_the_factory_of_the_older_package_gives_the_client_and_warns_what_to_do() -> None:
    with pytest.warns(UserWarning, match="advisory mode only.*UPGRADE_TO_ENTERPRISE"):
        assert isinstance(create_mcp_client(), OSSMCPClient)


@pytest.mark.promise("CFG-2")
@pytest.mark.parametrize("mode", ["approval", "autonomous"])
def test_the_factory_says_what_needs_a_licence(mode: str) -> None:
    with pytest.raises(FeatureRequiresEnterpriseError, match=mode):
        create_mcp_client(mode)


def test_the_factory_refuses_a_mode_that_does_not_exist() -> None:
    with pytest.raises(ModeError):
        create_mcp_client("yolo")


def _events() -> tuple[ReliabilityEvent, ...]:
    import json

    from arf_core.ingest.reading import read

    return read(json.dumps(SLOW).encode(), now=NOON).events
