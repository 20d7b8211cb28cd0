# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The inventory: what is read, what is refused and where, and who depends on whom."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.models.action import Action
from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Given
from arf_enterprise.actions.mcp_tool import McpToolAdapter
from arf_enterprise.actions.registry import TABLE
from arf_enterprise.actions.templates import template_of
from arf_enterprise.errors import RequestError, TargetUnknown
from arf_enterprise.targets.inventory import MOST_COMPLAINTS, Inventory, load, mistakes
from arf_enterprise.targets.probe_fields import is_url, probe_settings
from arf_enterprise.targets.target import HealthPlan, Target
from arf_enterprise.targets.target_fields import ADAPTERS

GOOD = """\
schema: arf.targets/1
targets:
  - component: checkout
    environment: production
    tier: 1
    owner: team-shop
    kind: web
    depends_on: [payments, somewhere-else]
    ways:
      - adapter: supervisor
        actions: [restart_container, rollback]
        settings: {url: "http://127.0.0.1:9001/RPC2", program: checkout}
        credentials: {password: file:/run/secrets/supervisor}
      - adapter: haproxy
        actions: [traffic_shift]
    health:
      window_s: 40
      sustained_s: 5
      traffic_floor: 0.25
      probes:
        - name: answers
          kind: http
          is_symptom: true
          settings: {url: "http://127.0.0.1:9000/ready", contains: ok}
        - name: errors
          kind: prometheus
          is_symptom: true
          settings: {url: "http://127.0.0.1:9090", query: up, equals: 1}
        - {name: ready, kind: adapter, is_symptom: false}
"""
WAY = "ways: [{adapter: webhook, actions: [rollback]}]"
HEALTH = "health: {probes: [{name: p, kind: adapter, is_symptom: true}]}"


def small(component: str = "a", *, more: str = "", ways: str = WAY, health: str = HEALTH) -> str:
    fields = f"component: {component}, environment: e, tier: 1, owner: o, kind: k"
    return f"  - {{{fields}, {ways}, {health}{more}}}\n"


def file_of(*targets: str) -> str:
    return "schema: arf.targets/1\ntargets:\n" + "".join(targets)


def test_a_file_is_read_as_it_stands() -> None:
    (target,) = load(GOOD, file="targets.yaml").targets
    assert (target.component, target.tier, target.kind) == ("checkout", 1, "web")
    assert target.depends_on == ("payments", "somewhere-else")
    assert [way.adapter for way in target.ways] == ["supervisor", "haproxy"]
    way = target.way(Action.ROLLBACK)
    assert way is not None
    assert way.settings["program"] == "checkout"
    assert way.credentials == {"password": "file:/run/secrets/supervisor"}
    assert target.way(Action.SCALE_OUT) is None
    assert (target.health.window_s, target.health.sustained_s, target.health.interval_s) == (40, 5, 2)
    assert [probe.name for probe in target.health.probes] == ["answers", "errors", "ready"]


def test_a_digest_is_of_what_is_said_and_not_of_how() -> None:
    again = GOOD.replace("tier: 1", "tier: 1   # the most critical").replace("[payments, ", "['payments', ")
    assert load(again, file="b.yaml").digest == load(GOOD, file="a.yaml").digest
    assert load(GOOD.replace("tier: 1", "tier: 2"), file="a.yaml").digest != load(GOOD, file="a.yaml").digest


def test_every_adapter_of_the_table_can_be_named_and_no_other() -> None:
    assert set(ADAPTERS) == set(TABLE)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "t.yaml:1:1: the file is empty"),
        ("schema: arf.targets/2\ntargets: []", "t.yaml:1:9: the schema is 'arf.targets/2': it must be arf.targets/1"),
        ("schema: arf.targets/1", "t.yaml:1:1: the inventory lacks the key 'targets'"),
        ("[]", "t.yaml:1:1: the inventory is a list"),
        (file_of(small(), small()), "t.yaml:4:5: the component 'a' stands here a second time: see line 3"),
        (file_of(small(more=", colour: red")), "'colour' is not a key of a target"),
        (file_of(small(more=", tier: 2")), "the key 'tier' stands here a second time: see line 3"),
        (file_of(small().replace("tier: 1", "tier: 5")), "tier is 5: it must be a whole number from 1 to 4"),
        (file_of(small().replace("tier: 1", "tier: true")), "tier is true"),
        (file_of(small().replace("component: a", "component: 7")), "component is 7: it must be a text"),
        (file_of(small().replace("webhook", "webhok")), "did you mean webhook?"),
        (file_of(small().replace("[rollback]", "[reboot]")), "an action is 'reboot': it must be one of rollback"),
        (file_of(small().replace("[rollback]", "[]")), "actions is an empty list"),
        (file_of(small(health="health: {probes: []}")), "whether a change helped cannot be told"),
        (file_of(small(health=HEALTH.replace("{probes", "{window_s: .inf, probes"))), "window_s is '.inf'"),
        (file_of(small(health=HEALTH.replace("{probes", "{sustained_s: 61, probes"))), "it could never be well"),
        (file_of(small(health=HEALTH.replace("true", "'yes'"))), "is_symptom is 'yes': it must be true or false"),
        (
            file_of(
                small(ways="ways: [{adapter: webhook, actions: [rollback]}, {adapter: notify, actions: [rollback]}]")
            ),
            "rollback has a way already: see line 3",
        ),
        (
            file_of(small(health=HEALTH.replace("]", ", {name: p, kind: adapter, is_symptom: false}]"))),
            "the probe 'p' stands here a second time",
        ),
        (GOOD.replace("contains: ok", "containz: ok"), "has no setting 'containz'"),
        (GOOD.replace("equals: 1", "equals: 1, below: 2"), "needs one of below, above, equals"),
        (GOOD.replace("depends_on: [payments, somewhere-else]", "depends_on: payments"), "depends_on is 'payments'"),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, told: str) -> None:
    with pytest.raises(RequestError) as caught:
        load(text, file="t.yaml")
    assert told in str(caught.value)
    assert all(line.startswith("t.yaml:") for line in str(caught.value).splitlines())


def test_every_mistake_is_named_and_not_the_first_alone() -> None:
    text = file_of(*(small(f"c{number}").replace("tier: 1", f"tier: {number + 7}") for number in range(5)))
    found = mistakes(text, file="t.yaml")
    assert [line.split(": ")[0] for line in found] == [f"t.yaml:{line}:43" for line in range(3, 8)]


def test_a_file_full_of_mistakes_is_answered_with_a_bounded_list() -> None:
    text = file_of(*(small(f"c{number}").replace("tier: 1", "tier: 9") for number in range(400)))
    found = mistakes(text, file="t.yaml")
    assert len(found) == MOST_COMPLAINTS + 1
    assert found[-1] == f"… and {400 - MOST_COMPLAINTS} more"


@pytest.mark.parametrize(
    "secret",
    ["hunter2", "file:relative/path", "env:1SECRET", "command:vault read x", "https://u:hunter2@host/", "42hunter2"],
)
def test_a_secret_where_a_reference_belongs_is_refused_and_never_repeated(secret: str) -> None:
    text = GOOD.replace("file:/run/secrets/supervisor", f"'{secret}'")
    (told,) = mistakes(text, file="t.yaml")
    assert told.startswith("t.yaml:13:")
    assert "never the secret itself" in told
    assert secret not in told


def test_a_password_in_a_url_of_the_settings_is_refused_and_never_repeated() -> None:
    (told,) = mistakes(GOOD.replace("http://127.0.0.1:9001/RPC2", "http://admin:hunter2@h/RPC2"), file="t.yaml")
    assert "give a reference under 'credentials'" in told
    assert "hunter2" not in told


@pytest.mark.parametrize(
    "bomb",
    [
        "schema: arf.targets/1\ntargets: &a [*a]\n",
        "a: &a [x,x,x,x]\nb: &b [*a,*a,*a]\ntargets: [*b,*b]\n",
        "schema: arf.targets/1\ntargets: !!python/object/apply:os.system [id]\n",
        "schema: arf.targets/1\ntargets: " + "[" * 20_000,
        "schema: arf.targets/1\n<<: {targets: []}\n",
        "x: " + "y" * 300_000,
        "schema: arf.targets/1\n---\ntargets: []\n",
        "schema: arf.targets/1\ntargets: [\x00]\n",
    ],
)
def test_a_yaml_bomb_is_refused_with_a_place(bomb: str) -> None:
    with pytest.raises(RequestError, match=r"t\.yaml:\d+:\d+: "):
        load(bomb, file="t.yaml")


def test_arguments_of_a_tool_are_written_as_the_text_of_json() -> None:
    """As docs/targets.md has it: what the adapter reads is what stands in the file."""
    page = Path(__file__).parents[3].joinpath("docs/targets.md").read_text()
    settings = page.partition("```yaml\n")[2].partition("```")[0]
    way = "      - adapter: mcp_tool\n        actions: [scale_out]\n" + textwrap.indent(settings, "        ")
    text = GOOD.replace("      - adapter: haproxy\n        actions: [traffic_shift]\n", way)
    found = load(text, file="t.yaml").targets[0].way(Action.SCALE_OUT)
    assert found is not None
    McpToolAdapter(Given(component="shop", settings=found.settings))
    assert template_of(found.settings["applied_when"], what="t") == {"replicas": {"$parameter": "scale_factor"}}


def target(component: str, *needs: str) -> Target:
    return Target(
        component=component, environment="e", tier=1, owner="o", kind="k", depends_on=needs, health=HealthPlan()
    )


def test_who_depends_on_a_component_is_found_through_others() -> None:
    inventory = Inventory(targets=(target("web", "api"), target("api", "db"), target("job", "db"), target("db")))
    assert inventory.dependents("db") == ("api", "job", "web")
    assert inventory.dependents("web") == ()
    assert inventory.dependents("not-a-target") == ()


def test_a_component_that_is_no_target_can_be_depended_on() -> None:
    assert Inventory(targets=(target("web", "elsewhere"),)).dependents("elsewhere") == ("web",)


NAMES = st.sampled_from(["a", "b", "c", "d", "e"])


@given(st.dictionaries(NAMES, st.sets(NAMES), min_size=1))
def test_dependents_end_and_are_whole_however_dependencies_go_round(needs: dict[str, set[str]]) -> None:
    inventory = Inventory(targets=tuple(target(name, *sorted(found)) for name, found in needs.items()))
    for name in "abcde":
        expected = {one for one in needs if one != name and _reaches(needs, one, name)}
        assert inventory.dependents(name) == tuple(sorted(expected))


def _reaches(needs: dict[str, set[str]], start: str, end: str) -> bool:
    """Whether ``end`` is needed by ``start`` in at most as many steps as there are names."""
    found = {start}
    for _ in range(len("abcde")):
        found = {step for one in found for step in needs.get(one, set())} | found
    return end in found


def test_a_target_that_is_not_there_is_unknown() -> None:
    with pytest.raises(TargetUnknown, match="'db' is not in the inventory of 1 targets"):
        Inventory(targets=(target("web"),)).target("db")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h/",
        "http:///x",
        "http://u@h/",
        "http://u:p@h/",
        "http://h/#x",
        "http://h:99999/",
        "h",
        "",
        7,
        "http://h /",
    ],
)
def test_what_is_no_plain_url_is_no_address(url: object) -> None:
    assert not is_url(url)
    assert "url is" in str(probe_settings("http", FrozenMap({"url": url})))


def test_a_probe_of_the_adapter_has_no_settings() -> None:
    assert "has no setting 'url'" in str(probe_settings("adapter", FrozenMap({"url": "http://h/"})))
