# SPDX-License-Identifier: Apache-2.0
"""``arf verify`` with what Enterprise made: keys, kept checkpoints, records and times, and no licence in the output."""

from __future__ import annotations

import base64
import io
import json
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from arf_core.canonical import canonical_bytes, file_digest, write_time
from arf_core.cli.main import run

KEY = Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
RAW = KEY.public_key().public_bytes_raw()
ORIGIN = "arf/inst-1/acme"


def keys() -> dict[str, Any]:
    key = {
        "key_id": file_digest(RAW),
        "public_key": base64.b64encode(RAW).decode(),
        "kinds": ["arf.audit-checkpoint/1", "arf.licence/1"],
        "not_before": "2026-01-01T00:00:00.000000Z",
        "not_after": "2027-01-01T00:00:00.000000Z",
    }
    return {"schema": "arf.trusted-keys/1", "keys": [key]}


def checkpoint(size: int, root: bytes, day: int = 2) -> str:
    at = write_time(datetime(2026, 1, day, tzinfo=UTC))
    text = f"{ORIGIN}\n{size}\n{base64.b64encode(root).decode()}\narf.time {at}\n"
    key_hash = sha256(ORIGIN.encode() + b"\n\x01" + RAW).digest()[:4]
    return f"{text}\n— {ORIGIN} {base64.b64encode(key_hash + KEY.sign(text.encode())).decode()}\n"


def licence() -> str:
    payload = canonical_bytes(
        {
            "schema": "arf.licence/1",
            "alg": "ed25519",
            "key_id": file_digest(RAW),
            "licence_id": "lic_1",
            "customer": "Acme",
            "edition": "trial",
            "product": "arf-enterprise",
            "features": [],
            "limits": {"nodes": 1, "seats": 5},
            "not_before": "2026-01-01T00:00:00.000000Z",
            "not_after": "2026-02-01T00:00:00.000000Z",
            "grace_days": 0,
            "issued_at": "2026-01-01T00:00:00.000000Z",
        }
    )
    sig = KEY.sign(b"arf.signature/1\narf.licence/1\n" + payload)
    parts = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (payload, sig)]
    return f"ARF-ENT-{'.'.join(parts)}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "keys.json").write_text(json.dumps(keys()), "utf-8")
    (tmp_path / "one.note").write_text(checkpoint(1, bytes(32)), "utf-8")
    (tmp_path / "other.note").write_text(checkpoint(1, bytes([1]) * 32), "utf-8")
    (tmp_path / "two.note").write_text(checkpoint(2, bytes(32), day=3), "utf-8")
    (tmp_path / "licence.key").write_text(licence() + "\n", "utf-8")
    return tmp_path


@pytest.mark.promise("VER-1")
@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("form", [[], ["--json"], ["--quiet"]])
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("one.note --trust keys.json", 0),
        ("one.note", 2),
        ("one.note --trust keys.json --checkpoint one.note", 0),
        ("one.note --trust keys.json --checkpoint one.note --checkpoint other.note", 2),
        ("one.note --trust keys.json --checkpoint two.note", 2),
        ("one.note --trust keys.json --checkpoint none.note", 6),
        ("one.note --trust keys.json --at 2026-01-02T00:00:00Z", 2),
        ("one.note --trust keys.json --records one.note", 2),
        ("licence.key --trust keys.json", 0),
        ("licence.key", 2),
        ("licence.key --trust keys.json --at 2026-01-31T23:59:59Z", 0),
        ("licence.key --trust keys.json --at 2026-02-01T00:00:00Z", 2),
        ("licence.key --trust keys.json --at tomorrow", 6),
        ("licence.key --trust keys.json --checkpoint one.note", 2),
    ],
)
def test_the_exit_code_is_the_answer_in_every_form(words: str, code: int, form: list[str]) -> None:
    assert run(["verify", *words.split(), *form]) == code


@pytest.mark.promise("VER-2")
@pytest.mark.usefixtures("folder")
def test_no_part_of_a_licence_is_ever_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = licence()
    assert run(["verify", text]) == 6
    assert run(["verify", text, "--json"]) == 6
    for given in (text, text[:-3], text + "=", text.replace(".", " "), "ARF-ENT-" + text):
        Path("given.key").write_text(given, "utf-8")
        for form in ([], ["--json"]):
            run(["verify", "given.key", "--trust", "keys.json", *form])
            run(["verify", "given.key", *form])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert run(["verify", "-", "--trust", "keys.json"]) == 0
    printed = "".join(capsys.readouterr())
    assert "put it into a file, or pipe it" in printed
    for part in text.removeprefix("ARF-ENT-").split("."):
        assert not any(part[at : at + 12] in printed for at in range(len(part) - 12))


@pytest.mark.usefixtures("folder")
def test_a_folder_takes_keys_and_nothing_else(tmp_path: Path) -> None:
    for words in (["--checkpoint", "one.note"], ["--records", "one.note"], ["--at", "2026-01-02T00:00:00Z"]):
        assert run(["verify", str(tmp_path), "--trust", "keys.json", *words]) == 6
    assert run(["verify", "a" * 5000]) == 6
