# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""What the open edition exports arrives whole, once, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from arf_core.canonical import canonical_bytes
from arf_core.config.oss_config import OSSConfig
from arf_core.export import export_config, export_incidents
from arf_core.recall.embedding import SignalEmbedder
from arf_core.testing import MOMENT, made_incident
from arf_enterprise.cli.main import run
from arf_enterprise.identity.local import local_principal
from arf_enterprise.learning.importing import import_incidents, read_export, settings_of
from arf_enterprise.learning.memory import PersistentIncidents
from arf_enterprise.learning.testing import made_incidents
from arf_enterprise.stores.postgres.database import Database
from arf_enterprise.testing import FreshDatabases

GOLDEN = Path(__file__).resolve().parents[3] / "docs/contracts/export/1"


@pytest.fixture
def installed(postgres: FreshDatabases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database that the commands work on; its name."""
    name = postgres.fresh()
    monkeypatch.setenv("ARF_DATA", str(tmp_path))
    monkeypatch.setenv("ARF_DATABASE_URL", postgres.url(name))
    return name


def imported(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, object]:
    capsys.readouterr()
    assert run(["import", *arguments, "--json"]) == code, capsys.readouterr().err
    found: dict[str, object] = json.loads(capsys.readouterr().out) if code == 0 else {}
    return found


def state(postgres: FreshDatabases, name: str) -> list[tuple[object, ...]]:
    with postgres.database(name) as database, database.transaction("default") as tx:
        kept = tx.connection.execute("SELECT incident_id, number, content FROM memory_incident ORDER BY 1").fetchall()
        told = tx.connection.execute("SELECT position, kind, key FROM outbox ORDER BY 1").fetchall()
        audited = tx.connection.execute("SELECT entry_id FROM audit_entry ORDER BY 1").fetchall()
    return [tuple(row.values()) for row in (*kept, *told, *audited)]


@pytest.mark.promise("CLI-7")
def test_an_export_of_a_thousand_incidents_arrives_whole_and_twice_gives_the_same_state(
    installed: str, postgres: FreshDatabases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = export_incidents(made_incidents(1000))
    file = tmp_path / "incidents.json"
    file.write_bytes(canonical_bytes(document))
    rehearsed = imported(capsys, "incidents", str(file), "--dry-run")
    assert (rehearsed["added"], rehearsed["is_rehearsal"]) == (1000, True)
    assert state(postgres, installed) == []
    first = imported(capsys, "incidents", str(file))
    assert (first["count"], first["added"], first["digest"]) == (1000, 1000, document["digest"])
    once = state(postgres, installed)
    assert len(once) == 1000 + 1000 + 1
    again = imported(capsys, "incidents", str(file))
    assert (again["added"], again["changed"], again["already"]) == (0, 0, 1000)
    assert state(postgres, installed) == once
    with postgres.database(installed) as database:
        memory = PersistentIncidents(database, "default", SignalEmbedder())
        assert len(memory) == 1000


@pytest.mark.promise("CLI-7")
def test_an_incident_that_people_have_found_out_more_about_is_changed(database: Database) -> None:
    before = [made_incident("a"), made_incident("b")]
    after = [before[0], replace(before[1], fault_type="bad deploy")]
    for content, expected in ((before, (2, 0, 0)), (after, (0, 1, 1))):
        export = read_export(canonical_bytes(export_incidents(content)), kind="incidents")
        with database.transaction("default") as tx:
            done = import_incidents(
                tx, export, embedder=SignalEmbedder(), by=local_principal(["default"]), request_id="r", now=MOMENT
            )
        assert (done.added, done.changed, done.already) == expected


@pytest.mark.promise("CLI-7")
@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("kind", ["incidents", "config"])
def test_the_golden_examples_of_the_contract_are_imported(capsys: pytest.CaptureFixture[str], kind: str) -> None:
    document = json.loads((GOLDEN / f"{kind}.json").read_text(encoding="utf-8"))
    done = imported(capsys, kind, str(GOLDEN / f"{kind}.json"))
    assert (done["count"], done["digest"]) == (document["count"], document["digest"])


@pytest.mark.promise("CLI-7")
def test_settings_replace_those_that_were_imported_before(
    installed: str, postgres: FreshDatabases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "config.json"
    for config, expected in (
        (OSSConfig(recall_limit=7, currency="EUR"), {"currency": "EUR", "recall_limit": 7}),
        (OSSConfig(recall_limit=9), {"recall_limit": 9}),
        (OSSConfig(recall_limit=9), {"recall_limit": 9}),
    ):
        file.write_bytes(canonical_bytes(export_config(config)))
        imported(capsys, "config", str(file))
        with postgres.database(installed) as database, database.transaction("default") as tx:
            assert settings_of(tx) == expected
            entries = tx.connection.execute("SELECT count(*) AS n FROM audit_entry").fetchone()
    assert entries is not None
    assert entries["n"] == 2


@pytest.mark.promise("CLI-7")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"count": 2}, 2),
        ({"digest": "sha256:" + "0" * 64}, 2),
        ({"kind": "config"}, 6),
        ({"schema": "arf.export/2"}, 6),
        ({"extra": 1}, 6),
    ],
)
def test_an_export_that_was_altered_is_refused_and_nothing_is_kept(
    installed: str,
    postgres: FreshDatabases,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, object],
    code: int,
) -> None:
    document = {**export_incidents([made_incident("a"), made_incident("b"), made_incident("c")]), **change}
    file = tmp_path / "altered.json"
    file.write_bytes(canonical_bytes(document))
    imported(capsys, "incidents", str(file), code=code)
    assert state(postgres, installed) == []
