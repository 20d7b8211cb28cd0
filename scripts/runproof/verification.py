# SPDX-License-Identifier: Apache-2.0
"""What `arf verify` knows of the Enterprise edition: audit logs, evidence packs, approvals and licences."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Final

_EXAMPLES: Final = Path(__file__).resolve().parents[2] / "docs" / "examples"
GOOD: Final = (
    "verify log.arfa --trust audit-keys.json",
    "verify log.arfa --trust audit-keys.json --checkpoint kept.note --checkpoint later.note --json",
    "verify newer.arfa --trust audit-keys.json --checkpoint kept.note",
    "verify record.json --trust audit-keys.json --checkpoint later.note",
    "verify consistency.json --trust audit-keys.json --quiet",
    "verify kept.note --trust audit-keys.json",
    "verify evidence.arfa --trust audit-keys.json --checkpoint later.note",
    "verify evidence.arfa --trust audit-keys.json --records log.arfa",
    "verify example.key --trust vendor-keys.json",
    "verify example.key --trust vendor-keys.json --at 2026-01-15T00:00:00Z",
    "verify revocations.json --trust vendor-keys.json",
    "verify approval.json --trust approval-keys.json",
    "verify approval.json --trust approval-keys.json --intent approved.json --json",
)
BAD: Final = (
    "verify ARF-ENT-e30.AAAA",
    "verify example.key --at yesterday",
    "verify log.arfa --checkpoint none",
    "verify pack --records log.arfa",
)
UNSOUND: Final = (
    "verify log.arfa",
    "verify older.arfa --trust audit-keys.json --checkpoint later.note",
    "verify altered.arfa --trust audit-keys.json",
    "verify record.json --trust audit-keys.json --checkpoint kept.note",
    "verify evidence.arfa --trust audit-keys.json --records older.arfa",
    "verify example.key",
    "verify example.key --trust vendor-keys.json --at 2027-01-15T00:00:00Z",
    "verify approval.json",
    "verify approval.json --trust vendor-keys.json",
    "verify other-approval.json --trust approval-keys.json",
)
"""Command lines that exit 2."""


def write_inputs(folder: Path) -> None:
    """Lay out the examples of the documentation, an export with an altered record, and an altered approval."""
    for name in ("audit", "licence", "approval"):
        for file in (_EXAMPLES / name).iterdir():
            shutil.copy(file, folder / _NAMES.get(f"{name}/{file.name}", file.name))
    altered = (folder / "log.arfa").read_bytes().replace(b"example/4", b"example/5")
    (folder / "altered.arfa").write_bytes(altered)
    other = (folder / "approval.json").read_bytes().replace(b"supervisor", b"kubernetes")
    (folder / "other-approval.json").write_bytes(other)


def drive() -> None:
    """Records in an unusual spelling, and what no command asks for."""
    from arf_core.canonical import canonical_bytes
    from arf_core.verify.audit_records import parsed_record, read_record, recognised
    from arf_core.verify.checkpoints import spelled
    from arf_core.verify.licence import read_licence

    record = json.loads((_EXAMPLES / "audit/record.json").read_bytes())["record"]
    line = canonical_bytes({**record, "object": 'example "4"'})
    assert recognised(line) is None
    assert read_record(line, what="it") == parsed_record(line, what="it")
    assert spelled(bytes(3)) == "AAAA"
    assert read_licence((_EXAMPLES / "licence/example.key").read_bytes()).edition == "development"


_NAMES: Final = {
    "audit/keys.json": "audit-keys.json",
    "licence/trust.json": "vendor-keys.json",
    "approval/keys.json": "approval-keys.json",
    "approval/intent.json": "approved.json",
}
