# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The file of channels: who is told, who may answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from arf_enterprise.errors import SettingError
from arf_enterprise.governance.channels import FILE, Channels, load_channels, read_channels
from arf_enterprise.identity.principal import Role

GOOD = """\
schema: arf.channels/1
notify:
  - name: oncall
    url: env:ONCALL_URL
    about: [approval, stop]
slack:
  signing_secret: file:/run/secrets/slack
webhooks:
  - name: pager
    secret: env:PAGER_SECRET
people:
  - subject: alice@example.com
    tenants: [acme]
    known_as: {slack: U1, pager: alice}
  - subject: bob@example.com
    tenants: [acme, globex]
    known_as: {slack: U2}
"""


def test_the_file_says_who_is_told_and_who_somebody_in_a_channel_is() -> None:
    found = load_channels(GOOD, file="channels.yaml")
    (oncall,) = found.outlets
    assert (oncall.name, oncall.form, sorted(oncall.about)) == ("oncall", "apprise", ["approval", "stop"])
    assert dict(found.secrets) == {"slack": "file:/run/secrets/slack", "pager": "env:PAGER_SECRET"}
    alice = found.person("pager", "alice")
    assert alice is not None
    assert (alice.issuer, alice.subject, alice.method) == ("channel/pager", "alice@example.com", "callback")
    assert (alice.roles, alice.tenants) == (frozenset({Role.APPROVER}), frozenset({"acme"}))
    for channel, known_as in (("slack", "U3"), ("slack", "alice"), ("pager", "U1"), ("", ""), ("pager", "bob")):
        assert found.person(channel, known_as) is None


def test_without_a_file_nobody_is_told_and_nobody_may_answer(tmp_path: Path) -> None:
    assert read_channels(tmp_path / FILE) == Channels()


def test_a_file_that_cannot_be_read_is_an_error_and_not_no_channels(tmp_path: Path) -> None:
    file = tmp_path / FILE
    for content in (b"\xff", b"", b"schema: arf.channels/2\n", b"[]"):
        file.write_bytes(content)
        with pytest.raises(SettingError, match=FILE):
            read_channels(file)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("url: env:ONCALL_URL", "url: https://hooks.example/T0/B0/token"),
        ("secret: env:PAGER_SECRET", "secret: hunter2"),
        ("name: pager", "name: slack"),
        ("about: [approval, stop]", "about: []"),
        ("about: [approval, stop]", "about: [everything]"),
        ("about: [approval, stop]", "about: [stop]\n    form: carrier-pigeon"),
        ("slack: U2", "slack: U1"),
        ("slack: U2", "teams: U2"),
        ("bob@example.com", "ALICE@example.com"),
        ("known_as: {slack: U2}", "known_as: {slack: U2}\n    roles: [admin]"),
        ("schema: arf.channels/1", "schema: arf.channels/1\nschema: arf.channels/1"),
        ("notify:", "notify_: []\nnotify:"),
        ("signing_secret:", "secret:"),
    ],
)
def test_a_file_that_is_wrong_in_one_place_is_refused_and_quotes_no_secret(old: str, new: str) -> None:
    assert GOOD.count(old) == 1
    with pytest.raises(SettingError) as caught:
        load_channels(GOOD.replace(old, new), file="channels.yaml")
    assert "hunter2" not in str(caught.value)
    assert "token" not in str(caught.value)
