# SPDX-License-Identifier: Apache-2.0
"""C2SP signed notes and checkpoints, verified (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).

1. A note is text that ends in a newline, an empty line, and signature lines: an em dash, a space, the key's name, a
   space, base64 of 4 bytes of key hash and the signature, a newline. The last empty line divides.
2. A note is at most :data:`MAX_NOTE` bytes of UTF-8 without control characters but the newline, with 1 to
   :data:`MAX_LINES` signatures.
3. A key is written ``name+hash+base64(0x01 || public key)``; its hash is the first 4 bytes of
   ``SHA-256(name || "\\n" || 0x01 || public key)`` and must recompute. The one algorithm is Ed25519.
4. A note verifies when a signature by a known key holds, and none by a known key fails. Signatures by unknown keys say
   nothing.
5. The text of a checkpoint has an origin, a size in decimal, and a root of 32 bytes in base64, a line each; what comes
   after them are extensions, kept as they are.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from arf_core.canonical import file_digest
from arf_core.errors import FormatError, VerificationError
from arf_core.verify.fields import bytes_of
from arf_core.verify.merkle import HASH_SIZE, MAX_TREE
from arf_core.verify.signatures import check_ed25519

MAX_NOTE: Final = 1_000_000
MAX_LINES: Final = 100
ED25519: Final = b"\x01"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteKey:
    """A key that signs notes: its name, the 4 bytes of its hash, and its 32 raw bytes."""

    name: str
    key_hash: bytes
    public_key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSignature:
    """One signature line: the name it states, the hash of its key, and the signature (64 bytes, if it is Ed25519)."""

    name: str
    key_hash: bytes
    sig: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note: the text that is signed, with its last newline, and its signature lines."""

    text: str
    signatures: tuple[NoteSignature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a log says of itself: its origin, how many leaves it has, their root, and lines of other meaning."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()


def read_note_key(text: str) -> NoteKey:
    """The key in ``text``.

    Raises:
        FormatError: rule 3.
    """
    parts = text.split("+", 2)
    if len(parts) != 3 or not _is_name(parts[0]) or not re.fullmatch("[0-9a-f]{8}", parts[1]):
        raise FormatError("a key of notes is written name+hash+base64, the hash in 8 hex digits")
    name, stated, encoded = parts
    raw = bytes_of(encoded, what=f"the key {name!r}", size=1 + 32)
    if raw[:1] != ED25519:
        raise FormatError(f"the key {name!r} has the algorithm {raw[0]}: the one algorithm is Ed25519 (1)")
    if (computed := _key_hash(name, raw)) != bytes.fromhex(stated):
        raise FormatError(f"the key {name!r} states the hash {stated}: it has {computed.hex()}")
    return NoteKey(name=name, key_hash=computed, public_key=raw[1:])


def named_key(name: str, public_key: bytes) -> NoteKey:
    """The key that ``public_key`` (32 raw bytes) is under ``name``; rule 3 has its hash."""
    return NoteKey(name=name, key_hash=_key_hash(name, ED25519 + public_key), public_key=public_key)


def read_note(data: bytes) -> Note:
    """The note in ``data``; nothing is said about its signatures yet.

    Raises:
        FormatError: rules 1 and 2.
    """
    text, lines = _divided(data)
    if not 1 <= len(lines) <= MAX_LINES:
        raise FormatError(f"a note has 1 to {MAX_LINES} signature lines, this has {len(lines)}")
    return Note(text=text, signatures=tuple(_line(line) for line in lines))


def check_note(note: Note, keys: Iterable[NoteKey]) -> tuple[str, ...]:
    """The names of the keys among ``keys`` whose signatures hold (rule 4).

    Raises:
        VerificationError: one by a known key does not hold, or there is none by a known key.
        FormatError: two of ``keys`` have the same name and hash.
    """
    known: dict[tuple[str, bytes], NoteKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_hash), key) != key:
            raise FormatError(f"two keys are called {key.name}+{key.key_hash.hex()}: which is meant cannot be said")
    held: dict[str, None] = {}
    for line in note.signatures:
        if (found := known.get((line.name, line.key_hash))) is not None:
            check_ed25519(found.public_key, note.text.encode(), line.sig, signer=f"{line.name}+{line.key_hash.hex()}")
            held[line.name] = None
    if not held:
        raise VerificationError(f"none of the {len(note.signatures)} signatures of the note is by a known key")
    return tuple(held)


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in the text of a note.

    Raises:
        FormatError: rule 5.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or "" in lines:
        raise FormatError("a checkpoint has an origin, a size and a root, a line each, and no empty line")
    origin, size, root, *extensions = lines
    if not re.fullmatch("0|[1-9][0-9]{0,18}", size) or int(size) > MAX_TREE:
        raise FormatError(f"the size of the checkpoint is {size[:40]!r}: it must be a decimal number below 2^63")
    return Checkpoint(
        origin=origin,
        size=int(size),
        root=bytes_of(root, what="the root of the checkpoint", size=HASH_SIZE),
        extensions=tuple(extensions),
    )


def _divided(data: bytes) -> tuple[str, list[str]]:
    if len(data) > MAX_NOTE:
        raise FormatError(f"the note has {len(data)} bytes: at most {MAX_NOTE} are read")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError(f"the note is not UTF-8: offset {error.start}") from error
    if any(character < " " and character != "\n" for character in whole):
        raise FormatError("the note has control characters")
    text, blank, signatures = whole.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise FormatError("a note is a text, an empty line, and signature lines that end in a newline")
    return f"{text}\n", signatures.removesuffix("\n").split("\n")


def _line(line: str) -> NoteSignature:
    found = re.fullmatch("— ([^ ]+) ([A-Za-z0-9+/=]+)", line)
    if found is None or not _is_name(found[1]):
        raise FormatError(f"{line[:60]!r} is not a signature line of a note")
    try:
        raw = base64.b64decode(found[2], validate=True)
    except binascii.Error as error:
        raise FormatError(f"the signature line of {found[1]!r} is not base64") from error
    if len(raw) < 5 or base64.b64encode(raw).decode("ascii") != found[2]:
        raise FormatError(f"the signature line of {found[1]!r} is too short, or has a second spelling")
    return NoteSignature(name=found[1], key_hash=raw[:4], sig=raw[4:])


def _is_name(name: str) -> bool:
    return bool(name) and "+" not in name and not any(character.isspace() for character in name)


def _key_hash(name: str, raw: bytes) -> bytes:
    return bytes.fromhex(file_digest(name.encode() + b"\n" + raw).removeprefix("sha256:"))[:4]
