# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise license``, as customers and the vendor run it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from arf_enterprise.cli.main import run
from arf_enterprise.licensing.revocations import Revocation, signed_list
from arf_enterprise.licensing.testing import DEVELOPMENT, STRANGER, development, key_string
from arf_enterprise.testing import FreshDatabases

Run = Callable[..., tuple[int, Any]]


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def arf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command in an empty folder, with nothing set up: its exit code, and its JSON."""
    monkeypatch.chdir(tmp_path)
    for name in ("ARF_LICENSE_KEY", "ARF_LICENSE_FILE", "ARF_CUSTOMER", "ARF_DATABASE_URL", "ARF_MARKETPLACE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ARF_DATA", str(tmp_path / "arf"))

    def command(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        plain = run(["license", *arguments])
        text = capsys.readouterr()
        assert "Traceback" not in text.err
        if plain == 0 and {"init", "issue", "revoke", "rotate"} & set(arguments):
            return plain, text.out
        code = run(["license", *arguments, "--json"])
        assert code == plain
        return code, json.loads(capsys.readouterr().out)

    return command


@pytest.fixture
def installation(arf: Run, postgres: FreshDatabases, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The same, in an installation with a database."""
    monkeypatch.setenv("ARF_DATABASE_URL", postgres.url(postgres.fresh()))
    return arf


@pytest.mark.promise("LIC-1")
def test_without_a_licence_it_says_so_and_makes_no_installation(arf: Run, tmp_path: Path) -> None:
    code, said = arf("show")
    assert (code, said["error"]["code"]) == (9, "ARF-E-9001")
    assert "edition" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.promise("LIC-4")
def test_show_says_what_the_licence_permits_and_warns(
    arf: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ARF_LICENSE_KEY", development(now=now(), days=6))
    code, said = arf("show")
    assert (code, said["edition"], said["state"], said["warning"]) == (0, "development", "expires_soon", 7)
    assert said["features"] == sorted(said["features"])
    assert "audit_trails" in said["features"]
    run(["license", "show"])
    shown = capsys.readouterr()
    assert "acme" in shown.out
    assert "2 nodes, 5 seats" in shown.out
    assert "5 whole days left" in shown.err


@pytest.mark.promise("LIC-1")
@pytest.mark.parametrize(
    ("text", "code"),
    [
        (key_string(key=STRANGER), "ARF-E-9003"),
        (key_string(key=DEVELOPMENT), "ARF-E-9003"),
        ("ARF-ENT-x", "ARF-E-9002"),
        (development(now=now(), product="other"), "ARF-E-9005"),
        (development(now=now() - timedelta(days=90)), "ARF-E-9008"),
        (development(now=now() + timedelta(days=90)), "ARF-E-9007"),
    ],
)
def test_each_refusal_exits_with_9_and_a_code_of_its_own(
    arf: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, code: str
) -> None:
    (tmp_path / "licence.key").write_text(text, encoding="utf-8")
    monkeypatch.setenv("ARF_LICENSE_FILE", str(tmp_path / "licence.key"))
    for arguments in (["show"], ["verify", str(tmp_path / "licence.key")]):
        exit_code, said = arf(*arguments)
        assert (exit_code, said["error"]["code"], said["error"]["exit_code"]) == (9, code, 9)
        assert said["error"]["remedy"]


def test_another_customers_licence_is_refused(arf: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARF_LICENSE_KEY", development(now=now()))
    monkeypatch.setenv("ARF_CUSTOMER", "globex")
    assert arf("show")[1]["error"]["code"] == "ARF-E-9006"


@pytest.mark.promise("LIC-1")
def test_a_licence_is_installed_shown_and_revoked(installation: Run, tmp_path: Path) -> None:
    assert installation("show")[1]["error"]["code"] == "ARF-E-9001"
    (tmp_path / "mine.key").write_text(development(now=now()), encoding="utf-8")
    assert installation("install", "mine.key")[0] == 0
    code, said = installation("show")
    assert (code, said["source"], said["licence"]["licence_id"]) == (0, "the database", "lic_0123456789abcdef")
    revoked = Revocation(licence_id="lic_0123456789abcdef", revoked_at=now(), reason="refunded")
    listed = signed_list([revoked], number=3, now=now(), signer=DEVELOPMENT)
    (tmp_path / "list.json").write_bytes(listed)
    assert installation("revocations", "install", "list.json") == (
        0,
        {"number": 3, "revoked": ["lic_0123456789abcdef"]},
    )
    code, said = installation("show")
    assert (code, said["error"]["code"]) == (9, "ARF-E-9009")


def test_a_licence_that_does_not_verify_is_not_installed(installation: Run, tmp_path: Path) -> None:
    (tmp_path / "theirs.key").write_text(key_string(key=STRANGER), encoding="utf-8")
    assert installation("install", "theirs.key")[1]["error"]["code"] == "ARF-E-9003"
    assert installation("show")[1]["error"]["code"] == "ARF-E-9001"


def test_a_request_says_what_the_vendor_has_to_know_and_sends_nothing(installation: Run) -> None:
    code, said = installation("request", "--customer", "Acme", "--edition", "starter")
    assert (code, said["customer"], said["edition"], said["nodes_in_use"]) == (0, "Acme", "starter", 0)
    assert installation("request", "--customer", "Acme", "--edition", "ultimate")[0] == 6


def test_a_file_that_is_not_there_is_bad_input(arf: Run) -> None:
    assert arf("verify", "nowhere.key")[0] == 6


@pytest.mark.promise("LIC-3")
def test_the_vendor_makes_a_key_issues_rotates_and_revokes(arf: Run, tmp_path: Path) -> None:
    (tmp_path / "passphrase").write_text("a long passphrase of the tests\n", encoding="utf-8")
    secret = ("--passphrase-file", "passphrase")
    assert arf("vendor", "init", *secret)[0] == 0
    for edition in ("trial", "starter", "professional", "enterprise"):
        assert arf("vendor", "issue", edition, "--customer", "Acme", "--out", f"{edition}.key", *secret)[0] == 0
    assert (tmp_path / "trial.key").stat().st_mode & 0o777 == 0o600
    licences = arf("vendor", "list")[1]["licences"]
    assert [licence["edition"] for licence in licences] == ["trial", "starter", "professional", "enterprise"]
    assert arf("vendor", "rotate", *secret)[0] == 0
    assert arf("vendor", "revoke", licences[0]["licence_id"], "--reason", "refunded", *secret)[0] == 0
    assert arf("vendor", "list")[1]["licences"][0]["revoked_at"]
    keys = arf("vendor", "keys", "--out", "keys.json")[1]
    assert keys == json.loads((tmp_path / "keys.json").read_text(encoding="utf-8"))
    assert (keys["build"], len(keys["keys"])) == ("release", 2)
    # A key of the vendor is none of this build.
    assert arf("verify", "trial.key")[1]["error"]["code"] == "ARF-E-9003"


@pytest.mark.promise("LIC-3")
def test_the_passphrase_is_never_an_argument_and_a_wrong_one_opens_nothing(arf: Run, tmp_path: Path) -> None:
    assert arf("vendor", "init", "--passphrase", "a long passphrase")[0] == 6
    (tmp_path / "passphrase").write_text("a long passphrase of the tests", encoding="utf-8")
    (tmp_path / "wrong").write_text("another passphrase of the tests", encoding="utf-8")
    arf("vendor", "init", "--passphrase-file", "passphrase")
    assert arf("vendor", "issue", "trial", "--customer", "Acme", "--passphrase-file", "wrong")[0] == 6
    assert arf("vendor", "list")[1]["licences"] == []


def test_a_development_licence_needs_no_vendor_and_says_what_it_is(arf: Run) -> None:
    assert (
        arf("vendor", "issue", "development", "--customer", "me", "--feature", "audit_trails", "--out", "d.key")[0] == 0
    )
    code, said = arf("verify", "d.key")
    assert (code, said["edition"], said["features"]) == (0, "development", ["audit_trails"])
    assert arf("vendor", "issue", "development", "--customer", "me", "--no-features", "--out", "e.key")[0] == 0
    assert arf("verify", "e.key")[1]["features"] == []
    assert arf("vendor", "issue", "development", "--customer", "me", "--feature", "everything")[0] == 6
    assert arf("vendor", "issue", "ultimate", "--customer", "me")[0] == 6


@pytest.mark.promise("LIC-2")
@pytest.mark.usefixtures("installation")
def test_no_command_of_a_customer_prints_or_logs_a_slice_of_the_key(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    good, bad = development(now=now()), key_string(key=STRANGER)
    with caplog.at_level(logging.DEBUG):
        said = ""
        for text in (good, bad, f"{good}x", good[:-1]):
            (tmp_path / "some.key").write_text(text, encoding="utf-8")
            monkeypatch.setenv("ARF_LICENSE_KEY", text)
            for arguments in (
                ["show"],
                ["verify", "some.key"],
                ["install", "some.key"],
                ["request", "--customer", "x"],
            ):
                for form in ([], ["--json"]):
                    run(["license", *arguments, *form])
            shown = capsys.readouterr()
            said += shown.out + shown.err
    said += caplog.text
    assert not any(text[place : place + 8] in said for text in (good, bad) for place in range(8, len(text) - 7))
