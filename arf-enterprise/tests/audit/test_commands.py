# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""``arf-enterprise audit`` and ``privacy``, as people run them, with the embedded database."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from arf_core.cli.main import run as run_core
from arf_enterprise.cli.main import run

Run = Callable[..., str]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="arf-commands-"))
    made.chmod(0o711)
    monkeypatch.setenv("ARF_DATA", str(made / "arf"))
    monkeypatch.chdir(made)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def done(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str, code: int = 0) -> str:
        assert run(list(arguments)) == code
        return capsys.readouterr().out

    return call


@pytest.mark.promise("AUD-3")
def test_what_the_commands_write_is_verified_without_enterprise(
    folder: Path, done: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    done("privacy", "keep", "standard", "--days", "400")
    done("audit", "checkpoint", "-o", "kept.note")
    done("audit", "keys", "-o", "keys.json")
    done("audit", "export", "-o", "log.arfa", "--since-checkpoint", "kept.note")
    done("audit", "prove", "0", "-o", "inclusion.json")
    done("audit", "prove", "--consistency", "1", "2", "-o", "consistency.json")
    for name in ("kept.note", "log.arfa", "inclusion.json", "consistency.json"):
        assert run_core(["verify", name, "--trust", "keys.json"]) == 0, capsys.readouterr().out
        assert run_core(["verify", name]) == 2
    capsys.readouterr()
    listed = [json.loads(line) for line in done("audit", "tail", "--json").splitlines()]
    assert [one["action"] for one in listed] == ["privacy.class_set", "audit.exported"]
    assert [json.loads(line)["sequence"] for line in done("audit", "tail", "--json", "-n", "1").splitlines()] == [1]
    assert folder.joinpath("log.arfa").exists()


@pytest.mark.promise("AUD-3")
def test_every_other_form_is_printed_or_written(folder: Path, done: Run) -> None:
    done("privacy", "keep", "standard", "--days", "400")
    for form, begins in (
        ("csv", '"sequence"'),
        ("ocsf", '{"class_uid"'),
        ("cef", "CEF:0|"),
        ("otlp", '{"resourceLogs"'),
    ):
        assert done("audit", "export", "--format", form).startswith(begins)
        done("audit", "export", "--format", form, "-o", f"log.{form}")
        assert (folder / f"log.{form}").read_text().startswith(begins)
    assert len(done("audit", "export", "--format", "cef", "--after", "6").splitlines()) == 2


@pytest.mark.usefixtures("folder")
@pytest.mark.promise("AUD-4")
def test_a_person_is_shown_held_released_and_erased(done: Run) -> None:
    done("privacy", "keep", "standard", "--days", "400")
    person = json.loads(done("privacy", "show", _me(), "--json"))["records"][0]["data"]["subject"]
    assert person == _me()
    hold_id = json.loads(done("privacy", "hold", "place", "subject", person, "--reason", "case 12", "--json"))[
        "hold_id"
    ]
    refused = json.loads(done("privacy", "erase", person, "--json", code=3))
    assert refused["error"]["code"] == "ARF-E-4000"
    assert hold_id in done("privacy", "hold", "list")
    done("privacy", "hold", "release", hold_id)
    assert "erased" in done("privacy", "erase", person)
    done("privacy", "expire")


def _me() -> str:
    from arf_enterprise.identity.local import local_principal

    return local_principal(["default"]).subject


@pytest.mark.promise("AUD-3")
def test_an_evidence_pack_is_made_and_that_is_recorded(folder: Path, done: Run) -> None:
    done("privacy", "keep", "standard", "--days", "400")
    said = done(
        "audit", "evidence", "gdpr", "--from", "2020-01-01", "--to", "2100-01-01T00:00:00+01:00", "-o", "p.arfa"
    )
    assert "Art. 30: 1" in said
    assert "Art. 33: no evidence in this window" in said
    assert (folder / "p.arfa").read_bytes().startswith(b"PK")
    assert "audit.evidence_made" in done("audit", "tail")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["audit", "prove"], 6),
        (["audit", "prove", "1", "--consistency", "1", "2"], 6),
        (["audit", "checkpoint"], 6),
        (["audit", "export", "-o", "x.arfa"], 6),
        (["audit", "tail", "--tenant", "nobody"], 3),
        (["audit", "evidence", "soc2", "--from", "yesterday", "--to", "2027-01-01", "-o", "p"], 6),
        (["audit", "revoke-key", "sha256:00", "--from", "2026-01-01"], 6),
        (["privacy", "erase", "mallory"], 6),
        (["privacy", "hold", "place", "thing", "x", "--reason", "y"], 6),
        (["privacy", "hold", "release", "hold_x"], 6),
    ],
)
def test_what_cannot_be_done_exits_alike_with_and_without_json(
    folder: Path, done: Run, arguments: list[str], code: int
) -> None:
    done(*arguments, code=code)
    assert json.loads(done(*arguments, "--json", code=code))["error"]["exit_code"] == code
    assert not list(folder.glob("*.arfa"))


@pytest.mark.usefixtures("folder")
@pytest.mark.promise("AUD-2")
def test_after_its_key_was_revoked_a_log_does_not_verify(done: Run, capsys: pytest.CaptureFixture[str]) -> None:
    done("privacy", "keep", "standard", "--days", "400")
    (key,) = json.loads(done("audit", "keys", "--json"))["keys"]
    done("audit", "revoke-key", key["key_id"], "--from", "2020-01-01")
    done("audit", "keys", "-o", "keys.json")
    done("audit", "export", "-o", "log.arfa")
    assert run_core(["verify", "log.arfa", "--trust", "keys.json"]) == 2
    assert "revoked" in capsys.readouterr().out
