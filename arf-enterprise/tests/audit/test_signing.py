# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Keys that sign: files, environment, commands; none of them tells its secret."""

from __future__ import annotations

import base64
import stat
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from arf_core.verify.signatures import check_ed25519
from arf_enterprise.audit.signing import CommandKey, KeyProvider, create_key_file, environment_key, file_key
from arf_enterprise.errors import AuditError, SettingError

SECRET = bytes(range(32))
COMMAND = """
import base64, sys
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
sys.stdout.buffer.write(Ed25519PrivateKey.from_private_bytes(bytes(range(32))).sign(sys.stdin.buffer.read()))
"""


def public() -> bytes:
    return Ed25519PrivateKey.from_private_bytes(SECRET).public_key().public_bytes_raw()


@pytest.fixture(params=["file", "environment", "command"])
def key(request: pytest.FixtureRequest, tmp_path: Path) -> KeyProvider:
    match request.param:
        case "file":
            create_key_file(tmp_path / "key.pem", b"passphrase")
            return file_key(tmp_path / "key.pem", b"passphrase")
        case "environment":
            return environment_key({"K": base64.b64encode(SECRET).decode()}, "K")
        case _:
            return CommandKey([sys.executable, "-c", COMMAND], public())


def test_every_provider_signs_what_its_public_key_verifies(key: KeyProvider) -> None:
    check_ed25519(key.public_key, b"message", key.sign(b"message"), signer=key.key_id)
    assert key.key_id.startswith("sha256:")
    assert len(key.public_key) == 32


def test_no_provider_tells_its_secret(key: KeyProvider) -> None:
    for text in (repr(key), str(key), str(key.key_id)):
        assert base64.b64encode(SECRET).decode() not in text
        assert SECRET.hex() not in text


def test_a_key_file_is_its_owners_alone_encrypted_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    create_key_file(file, b"passphrase")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"ENCRYPTED" in file.read_bytes()
    with pytest.raises(SettingError, match="never overwritten"):
        create_key_file(file, b"passphrase")
    with pytest.raises(SettingError, match="no key that the passphrase opens"):
        file_key(file, b"another")
    file.chmod(0o640)
    with pytest.raises(SettingError, match="chmod 600"):
        file_key(file, b"passphrase")
    with pytest.raises(SettingError, match="needs a passphrase"):
        create_key_file(tmp_path / "other.pem", b"")


def test_a_key_of_another_algorithm_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.touch(mode=0o600)
    file.write_bytes(X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(SettingError):
        file_key(file, b"")


@pytest.mark.parametrize("value", ["", "short", "AAAA", base64.b64encode(b"x" * 33).decode()])
def test_a_variable_without_a_key_is_refused_and_not_quoted(value: str) -> None:
    with pytest.raises(SettingError) as error:
        environment_key({"K": value}, "K")
    assert not value or value not in str(error.value)


@pytest.mark.parametrize(
    "command",
    [
        ["/nonexistent/signer"],
        [sys.executable, "-c", "raise SystemExit(3)"],
        [sys.executable, "-c", "print('not a signature')"],
        [sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'x' * 64)"],
        [sys.executable, "-c", COMMAND + "; sys.stdout.buffer.write(b'more')"],
    ],
)
def test_a_command_that_does_not_sign_is_an_error(command: list[str]) -> None:
    with pytest.raises(AuditError, match="no valid signature"):
        CommandKey(command, public()).sign(b"message")
