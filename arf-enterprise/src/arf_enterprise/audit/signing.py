# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The keys that sign checkpoints, evidence packs and policy packs, behind one interface.

1. A file: PKCS #8 in PEM, encrypted with a passphrase, readable by its owner alone.
2. The environment: 32 bytes in base64, for secret stores that inject variables.
3. A command: it is given what is to be signed on standard input and answers with 64 raw bytes, for keys that never
   leave a module or service. Its public key is given beside it.

None of them prints, logs or hands out a private key.
"""

from __future__ import annotations

import base64
import binascii
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from arf_core.canonical import file_digest
from arf_core.errors import VerificationError
from arf_core.verify.signatures import SIGNATURE_SIZE, check_ed25519
from arf_core.verify.trust import KEY_SIZE
from arf_enterprise.errors import AuditError, SettingError

PATIENCE_S: Final = 10.0


class KeyProvider(Protocol):
    """Signs with one Ed25519 key."""

    @property
    def public_key(self) -> bytes:
        """The 32 raw bytes of the public key."""

    @property
    def key_id(self) -> str:
        """``sha256:`` and SHA-256 of the public key."""

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message``, 64 bytes.

        Raises:
            AuditError: the key cannot be used now.
        """


class LocalKey:
    """A key in this process."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        """A key that was loaded."""
        self._private = private
        self.public_key = private.public_key().public_bytes_raw()
        self.key_id = file_digest(self.public_key)

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message``, 64 bytes."""
        return self._private.sign(message)


def create_key_file(file: Path, passphrase: bytes) -> LocalKey:
    """A new key in ``file``, which must not exist.

    Raises:
        SettingError: there is a file already, or the passphrase is empty.
    """
    if not passphrase:
        raise SettingError("a key file needs a passphrase: name a file that has one with ARF_AUDIT_PASSPHRASE_FILE")
    private = Ed25519PrivateKey.generate()
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise SettingError(f"{file} exists: a key is never overwritten") from error
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(pem)
    return LocalKey(private)


def file_key(file: Path, passphrase: bytes) -> LocalKey:
    """The key in ``file`` (provider 1).

    Raises:
        SettingError: it cannot be read, is open to others, or the passphrase is wrong.
    """
    try:
        if file.stat().st_mode & 0o077:
            raise SettingError(f"{file} is open to other users: chmod 600 {file}")
        private = load_pem_private_key(file.read_bytes(), passphrase)
    except (OSError, ValueError, TypeError) as error:
        raise SettingError(f"{file} has no key that the passphrase opens") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise SettingError(f"{file} has a key of another algorithm: Ed25519 is the one")
    return LocalKey(private)


def environment_key(environment: Mapping[str, str], name: str) -> LocalKey:
    """The key in the variable ``name`` (provider 2).

    Raises:
        SettingError: it is not 32 bytes in base64. The value is not in the message.
    """
    try:
        raw = base64.b64decode(environment.get(name, ""), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != KEY_SIZE:
        raise SettingError(f"{name} must be a private key: {KEY_SIZE} bytes in base64")
    return LocalKey(Ed25519PrivateKey.from_private_bytes(raw))


class CommandKey:
    """A key that a command signs with (provider 3)."""

    def __init__(self, command: Sequence[str], public_key: bytes) -> None:
        """The command's own path comes first; no shell is involved."""
        self._command = tuple(command)
        self.public_key = public_key
        self.key_id = file_digest(public_key)

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message``, 64 bytes; it is checked before it is used.

        Raises:
            AuditError: the command failed, took too long, or signed with another key.
        """
        try:
            answer = subprocess.run(  # noqa: S603 - the operator's own command, without a shell
                self._command, input=message, capture_output=True, check=True, timeout=PATIENCE_S
            ).stdout
            check_ed25519(self.public_key, message, answer[: SIGNATURE_SIZE + 1], signer=self.key_id)
        except (OSError, subprocess.SubprocessError, VerificationError) as error:
            raise AuditError(f"the signing command {self._command[0]} gave no valid signature") from error
        return answer
