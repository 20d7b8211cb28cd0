# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Every role on every route: made from the routes that there are and the table of operations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from arf_enterprise.identity.principal import Role
from arf_enterprise.identity.roles import NEVER_AN_AGENT, Operation, permits
from arf_enterprise.server import (
    agent_routes,
    approval_routes,
    audit_routes,
    execution_routes,
    graph_routes,
    identity_routes,
    learning_routes,
    policy_routes,
    standing_routes,
    stop_routes,
    target_routes,
)
from arf_enterprise.server.guard import OPEN, SIGNED, operations_of, require_admin, requires, undeclared
from arf_enterprise.server.mcp_door import PATH
from arf_enterprise.server.rest import make_app
from arf_enterprise.server.settings import ServerSettings
from arf_enterprise.server.testing import Clock, Served, app_on, served
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases


def guarded() -> list[APIRoute]:
    routers = (
        standing_routes.router, identity_routes.router, audit_routes.router, target_routes.router,
        approval_routes.router, stop_routes.router, agent_routes.router, policy_routes.router,
        learning_routes.router, graph_routes.router, execution_routes.router,
    )  # fmt: skip
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return [route for route in routes if route.path not in OPEN]


CASES = [(method, route) for route in guarded() for method in sorted(route.methods or ())]
NAMES = [f"{method} {route.path}" for method, route in CASES]


@pytest.fixture(scope="module")
def shared(postgres: FreshDatabases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    clock = Clock()
    with (
        postgres.database() as database,
        served(app_on(database, tmp_path_factory.mktemp("app"), clock=clock), clock) as found,
    ):
        yield found


@pytest.fixture(scope="module")
def bearers(shared: Served) -> dict[Role, dict[str, str]]:
    return {role: shared.bearer(role) for role in Role}


def ask(shared: Served, method: str, route: APIRoute, headers: dict[str, str]) -> tuple[int, str]:
    shared.clock.passed += 1000  # nobody has to wait for what was refused before
    answer = shared.client.request(method, route.path.replace("{key_id}", "key_" + "0" * 32), headers=headers)
    return answer.status_code, answer.text


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "route"), CASES, ids=NAMES)
def test_a_role_passes_a_route_if_and_only_if_its_operations_are_permitted(
    shared: Served, bearers: dict[Role, dict[str, str]], method: str, route: APIRoute, role: Role
) -> None:
    operations = operations_of(route)
    assert operations
    status, text = ask(shared, method, route, bearers[role])
    if all(permits(role, operation) for operation in operations):
        assert status not in {401, 403, 429, 500}, text
    else:
        assert status == 403, text
        assert "ARF-E-3002" in text


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize(("method", "route"), CASES, ids=NAMES)
def test_nobody_without_a_key_passes_a_route(shared: Served, method: str, route: APIRoute) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YWRtaW46YWRtaW4="}):
        status, text = ask(shared, method, route, headers)
        assert status == 401, text
        assert "ARF-E-3001" in text


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize(("method", "route"), CASES, ids=NAMES)
def test_an_agent_passes_no_route_that_is_an_admins(shared: Served, method: str, route: APIRoute) -> None:
    roles = [role for role in Role if role not in NEVER_AN_AGENT]
    status, _ = ask(shared, method, route, shared.bearer(*roles, subject="robot", is_agent=True))
    is_admins = any(not any(permits(role, one) for role in roles) for one in operations_of(route))
    assert (status == 403) is is_admins


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize(("method", "route"), CASES, ids=NAMES)
def test_a_narrow_key_of_every_role_passes_only_what_it_names(shared: Served, method: str, route: APIRoute) -> None:
    operations = operations_of(route)
    every_other = frozenset(Operation) - operations
    assert ask(shared, method, route, shared.bearer(*Role, operations=every_other))[0] == 403
    assert ask(shared, method, route, shared.bearer(*Role, operations=operations))[0] != 403


def test_there_are_routes_to_be_tested() -> None:
    assert len(CASES) >= 10
    assert {"GET /api/v1/me", "POST /api/v1/keys", "GET /api/v1/audit/proof", "GET /metrics"} <= set(NAMES)


@pytest.mark.promise("SRV-2")
def test_no_route_of_the_application_is_left_out_of_these_tests(database: Database, tmp_path: Path) -> None:
    rest = make_app(app_on(database, tmp_path, clock=Clock()))
    made = [one for one in rest.routes if getattr(one, "path", "") not in OPEN | SIGNED | {PATH}]
    assert {id(one) for one in made} == {id(route) for _, route in CASES}


@pytest.mark.promise("SRV-2")
def test_a_route_that_declares_nothing_is_named() -> None:
    planted = FastAPI(openapi_url=None)
    planted.add_api_route("/planted", lambda: None)
    planted.add_api_route("/declared", lambda: None, dependencies=[requires(Operation.ME_READ)])
    planted.add_api_route("/deeper", lambda: None, dependencies=[Depends(_deeper)])
    planted.mount("/static", FastAPI(openapi_url=None))
    assert undeclared(planted.routes) == ["/planted", "/static"]


def _deeper(_caller: object = requires(Operation.ME_READ)) -> None:
    return None


@pytest.mark.promise("SRV-2")
def test_an_application_with_a_route_that_declares_nothing_is_not_made(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = app_on(database, tmp_path, clock=Clock())
    make_app(app)
    planted = APIRoute("/planted", lambda: None)
    monkeypatch.setattr(standing_routes.router, "routes", [*standing_routes.router.routes, planted])
    with pytest.raises(ValueError, match="/planted"):
        make_app(app)


@pytest.mark.promise("SRV-2")
def test_require_admin_lets_an_admin_pass_and_nobody_else() -> None:
    rest = FastAPI(openapi_url=None)
    rest.add_api_route("/admins", lambda: "yes", dependencies=[require_admin()])
    (route,) = [one for one in rest.routes if isinstance(one, APIRoute)]
    assert operations_of(route) == {Operation.ADMINISTER}
    assert [role for role in Role if permits(role, Operation.ADMINISTER)] == [Role.ADMIN]


def test_open_paths_say_nothing_of_the_installation(single: Served) -> None:
    known = single.app.audit_key.key_id
    for path in sorted(OPEN):
        answer = single.client.get(path)
        assert answer.status_code in {200, 503}
        assert known not in answer.text
        assert "postgresql" not in answer.text


def test_metrics_are_open_only_where_the_settings_say_so(database: Database, tmp_path: Path, clock: Clock) -> None:
    app = app_on(database, tmp_path, clock=clock)
    for is_open, status in ((True, 200), (False, 401)):
        with served(app, clock, settings=ServerSettings(open_metrics=is_open)) as found:
            assert found.client.get("/metrics").status_code == status
