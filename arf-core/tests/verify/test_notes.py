# SPDX-License-Identifier: Apache-2.0
"""Signed notes and checkpoints: the vector of the reference implementation, and what must be refused."""

from __future__ import annotations

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from arf_core.errors import FormatError, VerificationError
from arf_core.verify.merkle import leaf_hash
from arf_core.verify.notes import MAX_LINES, MAX_NOTE, NoteKey, check_note, read_checkpoint, read_note, read_note_key

# golang.org/x/mod/sumdb/note, note_test.go (BSD-3-Clause).
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
GO_NOTE = f"{GO_TEXT}\n{GO_LINE}".encode()

ROOT = leaf_hash(b"one")
CHECKPOINT = f"log.example/arf\n1\n{base64.b64encode(ROOT).decode()}\n"


def made_key(name: str, seed: int) -> tuple[Ed25519PrivateKey, str]:
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    raw = b"\x01" + private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    key_hash = sha256(name.encode() + b"\n" + raw).digest()[:4]
    return private, f"{name}+{key_hash.hex()}+{base64.b64encode(raw).decode()}"


LOG, LOG_KEY = made_key("log.example/arf", 1)
OTHER, OTHER_KEY = made_key("witness.example", 2)


def line(private: Ed25519PrivateKey, key: str, text: str) -> str:
    name, key_hash, _ = key.split("+", 2)
    blob = bytes.fromhex(key_hash) + private.sign(text.encode())
    return f"— {name} {base64.b64encode(blob).decode()}\n"


def note(text: str, *lines: str) -> bytes:
    return f"{text}\n{''.join(lines)}".encode()


@pytest.mark.promise("VER-1")
def test_the_note_of_the_reference_implementation_verifies() -> None:
    found = read_note(GO_NOTE)
    assert found.text == GO_TEXT
    assert check_note(found, [read_note_key(GO_KEY)]) == ("PeterNeumann",)


@pytest.mark.promise("VER-1")
def test_a_checkpoint_verifies_and_is_read() -> None:
    found = read_note(note(CHECKPOINT, line(LOG, LOG_KEY, CHECKPOINT), line(OTHER, OTHER_KEY, CHECKPOINT)))
    assert check_note(found, [read_note_key(LOG_KEY)]) == ("log.example/arf",)
    assert check_note(found, map(read_note_key, (LOG_KEY, OTHER_KEY))) == ("log.example/arf", "witness.example")
    checkpoint = read_checkpoint(found.text)
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == ("log.example/arf", 1, ROOT)
    assert checkpoint.extensions == ()
    assert read_checkpoint(f"{CHECKPOINT}time 7\n").extensions == ("time 7",)


@pytest.mark.promise("VER-2")
def test_a_known_key_whose_signature_fails_fails_the_note_though_another_holds() -> None:
    forged = line(OTHER, OTHER_KEY, "another text\n")
    found = read_note(note(CHECKPOINT, line(LOG, LOG_KEY, CHECKPOINT), forged))
    with pytest.raises(VerificationError, match=r"witness.example\+.* does not hold"):
        check_note(found, map(read_note_key, (LOG_KEY, OTHER_KEY)))
    assert check_note(found, [read_note_key(LOG_KEY)]) == ("log.example/arf",)


@pytest.mark.promise("VER-2")
def test_a_note_by_strangers_alone_does_not_verify() -> None:
    with pytest.raises(VerificationError, match="by a known key"):
        check_note(read_note(GO_NOTE), [read_note_key(LOG_KEY)])
    with pytest.raises(VerificationError, match="by a known key"):
        check_note(read_note(GO_NOTE), [])


@pytest.mark.promise("VER-2")
@given(st.integers(0, len(GO_NOTE) - 1), st.integers(1, 255))
def test_no_byte_of_a_note_can_be_flipped(place: int, mask: int) -> None:
    flipped = bytearray(GO_NOTE)
    flipped[place] ^= mask
    with pytest.raises((FormatError, VerificationError)):
        check_note(read_note(bytes(flipped)), [read_note_key(GO_KEY)])


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "an empty line"),
        (GO_TEXT.encode(), "an empty line"),
        (GO_NOTE[:-1], "end in a newline"),
        (GO_NOTE.replace("—".encode(), b"-"), "not a signature line"),
        (GO_NOTE.replace(b" x08", b"  x08"), "not a signature line"),
        (GO_NOTE.replace(b"PeterNeumann ", b"Peter+Neumann "), "not a signature line"),
        (GO_NOTE.replace(b"x08go", b"x08g="), "not base64"),
        (note("a\n", "— me AAAA\n"), "too short"),
        (note("a\n", "— me AAAAAAB=\n"), "second spelling"),
        (note("a\n", "\n"), "end in a newline"),
        (GO_NOTE.replace(b"answer", b"ans\ter"), "control characters"),
        (GO_NOTE.replace(b"answer", b"ans\xffer"), "not UTF-8"),
        (b"a" * (MAX_NOTE + 1), "at most"),
        (note("a\n", *(["— me AAAAAAAA\n"] * (MAX_LINES + 1))), "1 to 100 signature lines"),
    ],
)
def test_what_is_no_note_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        read_note(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("c74f20a3", "C74F20A3"),
        GO_KEY.replace("PeterNeumann", "Peter Neumann"),
        GO_KEY.replace("PeterNeumann", "PeterNeumanm"),
        GO_KEY.replace("ARpc", "AhpC"),
        f"{GO_KEY}=",
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        read_note_key(text)


def test_two_keys_of_one_name_and_hash_are_ambiguous() -> None:
    key = read_note_key(GO_KEY)
    other = NoteKey(name=key.name, key_hash=key.key_hash, public_key=bytes(32))
    assert check_note(read_note(GO_NOTE), [key, key]) == ("PeterNeumann",)
    with pytest.raises(FormatError, match="which is meant"):
        check_note(read_note(GO_NOTE), [key, other])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "a line each"),
        ("log\n1\n", "a line each"),
        (CHECKPOINT.removesuffix("\n"), "a line each"),
        (CHECKPOINT.replace("\n1\n", "\n\n1\n"), "no empty line"),
        (CHECKPOINT.replace("\n1\n", "\n01\n"), "the size"),
        (CHECKPOINT.replace("\n1\n", "\n-1\n"), "the size"),
        (CHECKPOINT.replace("\n1\n", f"\n{2**63}\n"), "the size"),
        (CHECKPOINT.replace("\n1\n", "\n٣\n"), "the size"),
        ("log\n1\nAAAA\n", "the root"),
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str, reason: str) -> None:
    with pytest.raises(FormatError, match=reason):
        read_checkpoint(text)
