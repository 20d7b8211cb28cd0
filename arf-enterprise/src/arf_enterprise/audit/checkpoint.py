# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Checkpoints: what the log says of itself, signed, as C2SP has it (c2sp.org/tlog-checkpoint, c2sp.org/signed-note).

::

    arf/INSTALLATION/TENANT         the origin: also the name of the key, so none passes for another tenant's
    1234                            how many leaves
    base64 of the root
    arf.time 2026-01-02T03:04:05.000006Z          when it was signed: also the highest time that was seen

    — arf/INSTALLATION/TENANT base64(key hash || signature)
"""

from __future__ import annotations

import base64
from datetime import datetime
from hashlib import sha256

from arf_core.canonical import write_time
from arf_core.verify.notes import ED25519
from arf_enterprise.audit.signing import KeyProvider


def origin_of(installation: str, tenant: str) -> str:
    """The name of a tenant's log, and of the key that signs it."""
    return f"arf/{installation}/{tenant}"


def checkpoint_text(origin: str, *, size: int, root: bytes, at: datetime) -> str:
    """The text of a checkpoint, which is what is signed."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode('ascii')}\narf.time {write_time(at)}\n"


def signed_note(text: str, *, name: str, key: KeyProvider) -> str:
    """``text`` as a note, signed by ``key`` under ``name``."""
    raw = ED25519 + key.public_key
    line = base64.b64encode(_key_hash(name, raw) + key.sign(text.encode())).decode("ascii")
    return f"{text}\n— {name} {line}\n"


def note_key(name: str, public_key: bytes) -> str:
    """The public key as people give it to a verifier: ``name+hash+base64``."""
    raw = ED25519 + public_key
    return f"{name}+{_key_hash(name, raw).hex()}+{base64.b64encode(raw).decode('ascii')}"


def _key_hash(name: str, raw: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + raw).digest()[:4]
