# SPDX-License-Identifier: Apache-2.0
"""One form of archive is read, and every other zip file is refused with its own reason. Attacks are told as stories."""

from __future__ import annotations

import io
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arf_core.errors import ArchiveError, InputError, TooLargeError
from arf_core.verify import archive, archive_form
from arf_core.verify.archive import looks_like_archive, read_archive
from arf_core.verify.archive_form import CENTRAL, END, LOCAL, MAX_ENTRIES, write_archive
from arf_core.verify.entry_names import MAX_NAME

ENTRIES = {"a.json": b"{}\n", "b/c.txt": b"hello", "empty": b""}
GOOD = write_archive(ENTRIES)
NAMES = st.text("abcdef0123456789_-", min_size=1, max_size=12)


@dataclass(frozen=True)
class Entry:
    """One entry as an attacker writes it: every field of both headers, or the two of them apart."""

    name: bytes
    content: bytes = b"x"
    flags: int = 0
    method: int = 0
    made_by: int = 3 << 8 | 20
    needs: int = 20
    time: int = 0
    date: int = 33
    crc: int | None = None
    stored: int | None = None
    size: int | None = None
    mode: int = 0o100644
    dos: int = 0
    extra: bytes = b""
    local_extra: bytes = b""
    comment: bytes = b""
    local_name: bytes | None = None
    shift: int = 0


def forged(*entries: Entry, before: bytes = b"", between: bytes = b"", gap: bytes = b"", comment: bytes = b"") -> bytes:
    body, directory = before, b""
    for number, one in enumerate(entries):
        body += between if number else b""
        offset = len(body) + one.shift
        crc = zlib.crc32(one.content) if one.crc is None else one.crc
        stored = len(one.content) if one.stored is None else one.stored
        size = len(one.content) if one.size is None else one.size
        head = (one.flags, one.method, one.time, one.date, crc, stored, size)
        local = one.name if one.local_name is None else one.local_name
        body += LOCAL.pack(b"PK\3\4", one.needs, *head, len(local), len(one.local_extra)) + local + one.local_extra
        body += one.content
        sizes = (len(one.name), len(one.extra), len(one.comment), 0, 0, one.mode << 16 | one.dos, offset)
        directory += CENTRAL.pack(b"PK\1\2", one.made_by, one.needs, *head, *sizes)
        directory += one.name + one.extra + one.comment
    count = len(entries)
    start = len(body) + len(gap)
    return (
        body + gap + directory + END.pack(b"PK\5\6", 0, 0, count, count, len(directory), start, len(comment)) + comment
    )


A, B = Entry(b"a"), Entry(b"b")


def refusal(data: bytes) -> str:
    with pytest.raises(InputError) as refused:
        read_archive(data)
    return str(refused.value)


def test_what_was_written_is_read() -> None:
    assert dict(read_archive(GOOD).entries) == ENTRIES
    assert read_archive(GOOD).damaged is None
    assert read_archive(write_archive({})).entries == {}


def test_the_forger_of_these_tests_can_write_a_good_archive() -> None:
    assert forged(A, B) == write_archive({"a": b"x", "b": b"x"})


def test_any_zip_program_reads_it() -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == ENTRIES
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {stat.filemode(info.external_attr >> 16) for info in opened.infolist()} == {"-rw-r--r--"}


@pytest.mark.promise("CLI-5")
@given(st.dictionaries(NAMES, st.binary(max_size=40), max_size=8))
def test_the_bytes_depend_on_the_content_alone(entries: dict[str, bytes]) -> None:
    shuffled = dict(sorted(entries.items(), key=lambda item: zlib.crc32(item[0].encode())))
    assert write_archive(entries) == write_archive(shuffled)
    assert read_archive(write_archive(entries)).entries == entries


ATTACKS: dict[str, tuple[bytes, str]] = {
    "an entry with an absolute path": (forged(Entry(b"/etc/passwd")), "absolute"),
    "an entry that leads to the parent folder": (forged(Entry(b"a/../../b")), "parent folder"),
    "the parent folder itself": (forged(Entry(b"..")), "parent folder"),
    "a backslash, which is a folder on Windows": (forged(Entry(b"..\\evil")), "backslash"),
    "a drive of Windows": (forged(Entry(b"C:evil")), "drive"),
    "a device of Windows": (forged(Entry(b"a/nul.txt")), "device of Windows"),
    "a name cut by a zero byte": (forged(Entry(b"a.json\0.exe")), "zero byte"),
    "a name that is empty": (forged(Entry(b"")), "no name"),
    "a name that is only a dot": (forged(Entry(b"a/./b")), "not portable"),
    "a name with two slashes": (forged(Entry(b"a//b")), "not portable"),
    "a name that ends in a dot": (forged(Entry(b"a.")), "not portable"),
    "a name with a blank": (forged(Entry(b"a b")), "not portable"),
    "a name with an escape sequence": (forged(Entry(b"a\x1b[2J")), "not portable"),
    "a name without end": (forged(Entry(b"a" * (MAX_NAME + 1))), "more than 200 characters"),
    "a name that is not ASCII": (forged(Entry("é".encode(), flags=0x800)), "not ASCII"),
    "a name that is not UTF-8": (forged(Entry(b"\xff\xfe")), "backslash"),
    "a folder": (forged(Entry(b"a/", content=b"")), "is a folder"),
    "the same name twice": (forged(A, A), "have the same name"),
    "two names that differ in case": (forged(Entry(b"A"), A), "differ only in case"),
    "two names that differ in normalisation": (
        forged(Entry("e\u0301".encode()), Entry("\u00e9".encode())),
        "differ only in their Unicode normalisation",
    ),
    "entries out of order": (forged(B, A), "not in the order"),
    "a symbolic link": (forged(replace(A, mode=stat.S_IFLNK | 0o777, content=b"/etc/passwd")), "a symbolic link"),
    "a device": (forged(replace(A, mode=stat.S_IFCHR | 0o644)), "a device, pipe or socket"),
    "a folder by its mode": (forged(replace(A, mode=stat.S_IFDIR | 0o755)), "is a folder"),
    "a folder by its attribute of MS-DOS": (forged(replace(A, mode=0, dos=0x10)), "is a folder"),
    "a program": (forged(replace(A, mode=0o100755)), "another time, mode"),
    "an encrypted entry": (forged(replace(A, flags=1)), "is encrypted"),
    "a strongly encrypted entry": (forged(replace(A, flags=0x41)), "is encrypted"),
    "sizes after the content": (forged(replace(A, flags=8)), "another time, mode"),
    "a time of its own": (forged(replace(A, time=1)), "another time, mode"),
    "another operating system": (forged(replace(A, made_by=20)), "another time, mode"),
    "a version of the far future": (forged(replace(A, needs=63)), "another time, mode"),
    "a bomb: a gigabyte in a few bytes": (
        forged(replace(A, method=8, content=zlib.compress(bytes(10**6)), size=2**30)),
        "is compressed (method 8",
    ),
    "stored, with two sizes": (forged(replace(A, size=2**31)), "states two sizes"),
    "an extra field": (forged(replace(A, extra=b"\1\0\0\0", local_extra=b"\1\0\0\0")), "an extra field or a comment"),
    "a path in an extra field (0x7075)": (forged(replace(A, extra=b"up\1\0x")), "an extra field or a comment"),
    "a comment of an entry": (forged(replace(A, comment=b"hi")), "an extra field or a comment"),
    "another name in the local header": (forged(replace(A, local_name=b"b")), "local header that differs"),
    "an extra field in the local header alone": (forged(replace(A, local_extra=b"\1\0\0\0")), "local header"),
    "an offset that overlaps the entry before": (forged(A, replace(B, shift=-len(b"x"))), "must start at"),
    "all entries on the same content": (forged(A, replace(B, shift=-32)), "must start at 32"),
    "an offset beyond the file": (forged(replace(A, shift=2**31)), "must start at 0"),
    "a size that swallows the directory": (forged(replace(A, size=200, stored=200)), "reaches into the central"),
    "a program before the archive": (forged(A, before=b"#!/bin/sh\n"), "starts at byte 10, and must start at 0"),
    "bytes between two entries": (forged(A, B, between=b"hidden"), "must start at"),
    "bytes between entries and directory": (forged(A, gap=b"hidden"), "6 bytes between the last entry"),
    "a comment of the archive": (forged(A, comment=b"hello"), "has a comment of 5 bytes"),
    "bytes after the archive": (GOOD + b"more", "4 bytes after the end"),
    "two archives in one file": (GOOD + GOOD, "between the central directory"),
    "an archive that was cut": (GOOD[:-1], "has no end"),
    "an archive without its directory": (GOOD[:40], "has no end"),
    "no archive at all": (b"PK\3\4 and nothing", "has no end"),
    "nothing": (b"", "has no end"),
}  # fmt: skip


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize("story", ATTACKS)
def test_an_attack_is_refused_for_its_own_reason(story: str) -> None:
    data, reason = ATTACKS[story]
    assert reason in refusal(data)


def with_end(**changes: int) -> bytes:
    names = ("disk", "start_disk", "here", "count", "size", "start", "comment")
    found = dict(zip(names, END.unpack(GOOD[-END.size :])[1:], strict=True))
    return GOOD[: -END.size] + END.pack(b"PK\5\6", *{**found, **changes}.values())


@pytest.mark.promise("VER-3")
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (with_end(count=0xFFFF, here=0xFFFF), "zip64"),
        (with_end(start=0xFFFFFFFF), "zip64"),
        (GOOD[: -END.size] + b"PK\6\7" + bytes(16) + GOOD[-END.size :], "zip64"),
        (with_end(disk=1), "several disks"),
        (with_end(here=2), "two numbers of entries"),
        (with_end(count=2, here=2), "beyond its 2 entries"),
        (with_end(count=4, here=4), "entry 4 of the central directory is not there"),
        (with_end(size=0), "between the central directory"),
        (with_end(start=0), "between the central directory"),
        (with_end(count=MAX_ENTRIES + 1, here=MAX_ENTRIES + 1), f"at most {MAX_ENTRIES}"),
    ],
)
def test_an_end_record_that_lies_is_refused(data: bytes, reason: str) -> None:
    assert reason in refusal(data)


@pytest.mark.promise("VER-3")
def test_a_name_longer_than_the_directory_is_refused() -> None:
    data = bytearray(forged(A))
    place = data.index(b"PK\1\2")
    struct.pack_into("<H", data, place + 28, 500)
    assert "longer than the directory" in refusal(bytes(data))


@pytest.mark.promise("VER-3")
def test_too_many_bytes_are_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_BYTES", 10)
    with pytest.raises(TooLargeError, match="at most 10"):
        read_archive(GOOD)


def test_a_damaged_content_is_told_and_not_raised() -> None:
    damaged = read_archive(GOOD.replace(b"hello", b"hallo")).damaged
    assert damaged is not None
    assert damaged.where == "b/c.txt"
    assert damaged.stated == f"crc32:{zlib.crc32(b'hello'):08x}"
    assert damaged.computed == f"crc32:{zlib.crc32(b'hallo'):08x}"


@pytest.mark.promise("VER-3")
def test_nothing_larger_than_the_archive_is_ever_held() -> None:
    """A bomb states 4 GiB and has a megabyte of deflated zeros; a second one states 1000 entries on one content."""
    bomb = forged(replace(A, method=8, content=zlib.compress(bytes(10**7)), size=2**32 - 2))
    overlaid = forged(*(replace(Entry(f"{n:04}".encode(), content=b""), shift=0) for n in range(MAX_ENTRIES)))
    tracemalloc.start()
    try:
        for data in (bomb, overlaid.replace(b"0999", b"0998")):
            refusal(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


@pytest.mark.promise("VER-3")
def test_every_flipped_bit_is_noticed_or_is_content() -> None:
    for place in range(len(GOOD)):
        for bit in range(8):
            flipped = bytearray(GOOD)
            flipped[place] ^= 1 << bit
            try:
                found = read_archive(bytes(flipped))
            except ArchiveError:
                continue
            assert found.damaged is not None or sorted(found.entries) != sorted(ENTRIES)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    for attempt in (data, GOOD[:40] + data + GOOD[-60:], data + GOOD[-END.size :]):
        with pytest.raises(InputError):
            read_archive(attempt)


def test_an_archive_is_recognised_also_when_it_is_broken() -> None:
    for data in (GOOD, GOOD[:-3], GOOD + b"x", b"#!" + GOOD, write_archive({})):
        assert looks_like_archive(data)
    for data in (b"", b"PK", b'{"schema": "arf.analysis/1"}'):
        assert not looks_like_archive(data)


def test_entries_are_ascii_when_they_are_written() -> None:
    write: Callable[[dict[str, bytes]], bytes] = archive_form.write_archive
    with pytest.raises(UnicodeEncodeError):
        write({"é": b""})
