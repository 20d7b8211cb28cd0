# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Getting in: what settings may say, which kubeconfigs are used, and what is told of not getting in."""

from __future__ import annotations

import base64
import dataclasses
import ssl
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import yaml

from arf_core.models.frozen import FrozenMap
from arf_enterprise.actions.adapter import Given
from arf_enterprise.actions.kubernetes import KubernetesAdapter
from arf_enterprise.actions.kubernetes_access import access
from arf_enterprise.actions.kubernetes_api import Api
from arf_enterprise.errors import EnterpriseError, SettingError, TargetRefused, TargetUnavailable
from arf_enterprise.targets.target import Way
from lib.servers.kubernetes import ControlPlane
from lib.servers.kubernetes_namespace import Namespace

SECRET = "s3cret-t0ken-of-the-test"
WAY: dict[str, object] = {"server": "https://127.0.0.1:1", "namespace": "shop", "deployment": "checkout"}


def given(settings: dict[str, object], **credentials: str) -> Given:
    return Given(component="checkout", settings=FrozenMap(settings), credentials=credentials or {"token": SECRET})


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"namespace": "shop", "deployment": "checkout"}, "lacks 'server'"),
        ({**WAY, "server": "http://127.0.0.1:1"}, "an https address"),
        ({**WAY, "server": "https://user:password@cluster"}, "an https address"),
        ({**WAY, "namespace": "shop/../../secrets"}, "a name that Kubernetes allows"),
        ({**WAY, "deployment": "checkout?dryRun=All"}, "a name that Kubernetes allows"),
        ({**WAY, "verify": False}, "unknown key 'verify'"),
        ({**WAY, "timeout_s": 0}, "from 1 to 60"),
        ({**WAY, "timeout_s": True}, "from 1 to 60"),
        ({**WAY, "ca": "/no/such/file"}, "cannot be read"),
        ({**WAY, "track_label": "a b"}, "name of a label"),
    ],
)
def test_settings_that_it_cannot_work_with_are_refused(settings: dict[str, object], why: str) -> None:
    with pytest.raises(SettingError, match=why):
        KubernetesAdapter(given(settings))


@pytest.mark.parametrize("token", ["", " ", f"{SECRET}\r\nX-Injected: yes", f"{SECRET} {SECRET}", f"{SECRET}ü"])
def test_a_token_that_is_none_is_refused_and_not_shown(token: str) -> None:
    with pytest.raises(SettingError) as refused:
        KubernetesAdapter(given(WAY, token=token))
    assert SECRET not in f"{refused.value!r} {refused.value.__cause__!r}"


@pytest.mark.parametrize("credentials", [{"password": SECRET}, {"token": SECRET, "kubeconfig": SECRET}])
def test_credentials_of_another_kind_are_refused_and_not_shown(credentials: dict[str, str]) -> None:
    with pytest.raises(SettingError, match="'token', or 'kubeconfig'") as refused:
        KubernetesAdapter(given(WAY, **credentials))
    assert SECRET not in str(refused.value)


def kubeconfig(**over: Any) -> dict[str, Any]:
    made = {
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "here", "user": "arf"}}],
        "clusters": [{"name": "here", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "arf", "user": {"token": SECRET}}],
    }
    return {**made, **over}


@pytest.mark.parametrize(
    ("config", "why"),
    [
        (
            kubeconfig(users=[{"name": "arf", "user": {"exec": {"command": "id"}}}]),
            "programs and key files are not used",
        ),
        (
            kubeconfig(clusters=[{"name": "here", "cluster": {"insecure-skip-tls-verify": True}}]),
            "skips the verification",
        ),
        (kubeconfig(clusters=[]), "names no cluster"),
        (kubeconfig(**{"current-context": "other"}), "names no context"),
        (kubeconfig(clusters=[{"name": "here", "cluster": {}}]), "an https address"),
        (
            kubeconfig(
                clusters=[{"name": "here", "cluster": {"server": "https://c", "certificate-authority-data": "?"}}]
            ),
            "must be base64",
        ),
        (
            kubeconfig(
                clusters=[{"name": "here", "cluster": {"server": "https://c", "certificate-authority-data": ""}}]
            ),
            "has no certificate",
        ),
        (
            kubeconfig(clusters=[{"name": "here", "cluster": {"server": "https://c", "certificate-authority": 0}}]),
            "must be a text",
        ),
        ([SECRET], "no plain YAML mapping"),
    ],
)
def test_kubeconfigs_that_run_programs_or_trust_anybody_are_refused(config: object, why: str) -> None:
    with pytest.raises(SettingError, match=why) as refused:
        access(given({"namespace": "shop", "deployment": "checkout"}, kubeconfig=yaml.safe_dump(config)))
    assert SECRET not in f"{refused.value!r} {refused.value.__cause__!r}"


@pytest.mark.parametrize("text", [f"token: {SECRET}: ]", f"{SECRET}: 1\n{SECRET}: 2", f"a: &{SECRET} 1", ""])
def test_a_kubeconfig_that_is_no_plain_yaml_does_not_show_its_lines(text: str) -> None:
    with pytest.raises(SettingError, match="no plain YAML mapping") as refused:
        access(given({"namespace": "shop", "deployment": "checkout"}, kubeconfig=text))
    assert SECRET not in f"{refused.value!r} {refused.value.__cause__!r}"


def test_a_kubeconfig_and_a_server_beside_it_are_one_too_many() -> None:
    with pytest.raises(SettingError, match="leave it out of one"):
        access(given(WAY, kubeconfig=yaml.safe_dump(kubeconfig())))


def test_a_whole_kubeconfig_is_a_way_in(namespace: Namespace, plane: ControlPlane) -> None:
    namespace.deploy()
    data = base64.b64encode(plane.ca.read_bytes()).decode()
    cluster = {"server": plane.server, "certificate-authority-data": data}
    config = kubeconfig(
        clusters=[{"name": "here", "cluster": cluster}],
        users=[{"name": "arf", "user": {"token": plane.tokens["arf"]}}],
    )
    where: dict[str, object] = {"namespace": namespace.name, "deployment": "checkout"}
    adapter = KubernetesAdapter(given(where, kubeconfig=yaml.safe_dump(config)))
    assert adapter.observe().vitals.ready == 2
    adapter.close()


@pytest.mark.promise("EXE-6")
def test_the_table_of_adapters_has_it(namespace: Namespace) -> None:
    from arf_enterprise.actions.registry import make

    namespace.deploy()
    made = namespace.given()
    way = Way(
        adapter="kubernetes",
        actions=KubernetesAdapter.actions,
        settings=made.settings,
        credentials=FrozenMap({"token": "env:TOKEN"}),
    )
    adapter = make(way, "checkout", read=lambda _: made.credentials["token"])
    assert adapter.observe().vitals.ready == 2
    adapter.close()


def test_a_server_that_another_authority_vouches_for_gets_no_token(namespace: Namespace) -> None:
    theirs = namespace.given()
    settings = {key: value for key, value in theirs.settings.items() if key != "ca"}
    adapter = KubernetesAdapter(dataclasses.replace(theirs, settings=FrozenMap(settings)))
    with pytest.raises(TargetUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        adapter.observe()
    adapter.close()
    assert namespace.audited("arf") == []


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (httpx.Response(401, json={"message": f"Unauthorized {SECRET}"}), TargetRefused),
        (httpx.Response(403, json={"message": "forbidden"}), TargetRefused),
        (httpx.Response(422, json={"message": "invalid"}), TargetRefused),
        (httpx.Response(404, text="<html>no such page</html>"), TargetUnavailable),
        (httpx.Response(404, json={"error": "no such route"}), TargetUnavailable),
        (httpx.Response(408, text="slow"), TargetUnavailable),
        (httpx.Response(429, json={"message": "too many"}), TargetUnavailable),
        (httpx.Response(500, json={"message": f"oh {SECRET}"}), TargetUnavailable),
        (httpx.Response(503, text="<html>no upstream</html>"), TargetUnavailable),
        (httpx.Response(200, text="<html>log in</html>"), TargetUnavailable),
        (httpx.Response(200, text="[]"), TargetUnavailable),
        (httpx.Response(307, headers={"location": "https://elsewhere"}), TargetUnavailable),
        (httpx.ReadTimeout("slow"), TargetUnavailable),
        (httpx.ReadError("reset"), TargetUnavailable),
        (httpx.RemoteProtocolError("no http"), TargetUnavailable),
    ],
)
def test_what_a_server_or_what_stands_before_it_answers_is_told_in_our_words(
    answer: httpx.Response | Exception, wanted: type[EnterpriseError]
) -> None:
    api, path = _api(lambda _: _given_back(answer)), "/apis/apps/v1/namespaces/shop/deployments/checkout"
    calls: tuple[Callable[[], object], ...] = (lambda: api.get(path), lambda: api.patch(path, {}, dry_run=False))
    for call in calls:
        with pytest.raises(EnterpriseError, match="deployments/checkout in shop") as told:
            call()
        assert type(told.value) is wanted
        assert SECRET not in f"{told.value!r} {told.value.__cause__!r}"
    api.close()


def _given_back(answer: httpx.Response | Exception) -> httpx.Response:
    if isinstance(answer, Exception):
        raise answer
    return answer


def _api(answers: Callable[[httpx.Request], httpx.Response]) -> Api:
    """An Api whose server says what no real one can be made to say."""
    made = dataclasses.replace(access(given(WAY)), trust=ssl.create_default_context())
    api = Api(made)
    api._http.close()
    api._http = httpx.Client(base_url=made.server, transport=httpx.MockTransport(answers))
    return api
