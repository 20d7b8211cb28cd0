# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The vendor's folder: keys that are encrypted, a ledger that only grows, licences that a release accepts."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from arf_core.canonical import file_digest
from arf_enterprise.errors import (
    ConflictError,
    LicenseError,
    LicenseForged,
    LicenseMalformed,
    RequestError,
    SettingError,
)
from arf_enterprise.licensing import vendor
from arf_enterprise.licensing.issue import FEATURES, TERMS
from arf_enterprise.licensing.keyring import DEVELOPMENT_KEY, Keyring, package_keyring, read_keyring
from arf_enterprise.licensing.licence import Edition, Licence
from arf_enterprise.licensing.revocations import verify_list
from arf_enterprise.licensing.verify import verify

NOW = datetime(2027, 1, 1, tzinfo=UTC)
PASSPHRASE = b"a long passphrase of the tests"
SOLD = [edition for edition in Edition if edition is not Edition.DEVELOPMENT]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "vendor"
    vendor.init(made, passphrase=PASSPHRASE, now=NOW)
    return made


def issued(folder: Path, edition: Edition = Edition.TRIAL, *, now: datetime = NOW) -> tuple[Licence, str]:
    return vendor.issue_licence(folder, edition, TERMS[edition], customer="Acme", passphrase=PASSPHRASE, now=now)


def release(folder: Path, *, now: datetime = NOW) -> Keyring:
    return read_keyring(json.dumps(vendor.release_keys(folder, now=now)).encode())


@pytest.mark.promise("LIC-3")
@pytest.mark.parametrize("edition", SOLD)
def test_a_release_with_the_vendors_keys_accepts_what_the_vendor_issued(folder: Path, edition: Edition) -> None:
    licence, text = issued(folder, edition)
    assert verify(text, keyring=release(folder)) == licence
    assert licence.features == TERMS[edition].features
    assert licence.not_after == NOW + timedelta(days=TERMS[edition].days)
    with pytest.raises(LicenseForged):
        verify(text, keyring=package_keyring())


@pytest.mark.promise("LIC-3")
def test_a_release_has_no_development_key_and_refuses_what_it_signed(folder: Path) -> None:
    _, text = vendor.issue_development(TERMS[Edition.DEVELOPMENT], customer="me", now=NOW, not_before=NOW)
    assert verify(text, keyring=package_keyring()).edition is Edition.DEVELOPMENT
    with pytest.raises(LicenseForged):
        verify(text, keyring=release(folder))
    assert all(key.public_key != DEVELOPMENT_KEY for key in release(folder).by_id.values())


def test_no_edition_gives_more_than_what_is_sold_and_no_trial_has_grace() -> None:
    assert all(terms.features <= set(FEATURES) for terms in TERMS.values())
    assert TERMS[Edition.TRIAL].grace_days == 0


@pytest.mark.promise("LIC-3")
def test_the_private_key_is_encrypted_and_its_owners_alone(folder: Path) -> None:
    file = folder / "keys/0001.pem"
    assert b"ENCRYPTED" in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    for wrong in (b"another passphrase", b""):
        with pytest.raises(SettingError):
            vendor.rotate(folder, passphrase=wrong[:5], now=NOW)
        with pytest.raises(SettingError):
            vendor.issue_licence(
                folder, Edition.TRIAL, TERMS[Edition.TRIAL], customer="Acme", passphrase=wrong, now=NOW
            )
    assert vendor.books(folder).issued == {}


@pytest.mark.promise("LIC-3")
def test_an_older_key_signs_no_more_and_what_it_signed_stays_good_until_its_end(folder: Path) -> None:
    _, before = issued(folder)
    old = vendor.books(folder).keys[0]
    fresh = vendor.rotate(folder, passphrase=b"another passphrase of the tests", now=NOW + timedelta(days=1))
    assert [key.key_id for key in vendor.books(folder).keys] == [old.key_id, fresh.key_id]
    later = vendor.issue_licence(
        folder,
        Edition.TRIAL,
        TERMS[Edition.TRIAL],
        customer="Acme",
        passphrase=b"another passphrase of the tests",
        now=NOW + timedelta(days=2),
    )
    assert later[0].key_id == fresh.key_id
    assert verify(before, keyring=release(folder)).key_id == old.key_id
    assert list(release(folder, now=old.not_after).by_id) == [fresh.key_id]


@pytest.mark.promise("LIC-3")
def test_a_licence_that_would_outlive_its_key_is_not_issued(folder: Path) -> None:
    end = vendor.books(folder).keys[0].not_after
    with pytest.raises(LicenseForged, match="later than the key"):
        issued(folder, now=end - timedelta(days=29))
    assert vendor.books(folder).issued == {}


@pytest.mark.promise("LIC-3")
def test_revoking_signs_a_whole_list_with_a_number_that_goes_up(folder: Path) -> None:
    first, second = issued(folder)[0], issued(folder, Edition.ENTERPRISE)[0]
    lists = [
        verify_list(
            vendor.revoke(folder, licence.licence_id, reason="refunded", passphrase=PASSPHRASE, now=NOW),
            keyring=release(folder),
        )
        for licence in (first, second)
    ]
    assert [found.number for found in lists] == [1, 2]
    assert set(lists[1].revoked) == {first.licence_id, second.licence_id}
    assert lists[1].has(first)
    assert verify_list((folder / "revocations.json").read_bytes(), keyring=release(folder)) == lists[1]
    with pytest.raises(ConflictError):
        vendor.revoke(folder, first.licence_id, reason="again", passphrase=PASSPHRASE, now=NOW)
    with pytest.raises(RequestError):
        vendor.revoke(folder, "lic_other", reason="unknown", passphrase=PASSPHRASE, now=NOW)


@pytest.mark.parametrize("reason", ["", "two\nlines", "a" * 2001])
def test_a_list_that_would_be_refused_is_not_signed(folder: Path, reason: str) -> None:
    licence, _ = issued(folder)
    with pytest.raises(LicenseMalformed):
        vendor.revoke(folder, licence.licence_id, reason=reason, passphrase=PASSPHRASE, now=NOW)
    assert vendor.books(folder).list_number == 0
    assert not (folder / "revocations.json").exists()


def test_the_ledger_has_every_licence_and_no_key_string(folder: Path) -> None:
    licence, text = issued(folder)
    found = vendor.books(folder).issued[licence.licence_id]
    assert (found.licence, found.digest, found.revocation) == (licence, file_digest(text.encode()), None)
    ledger = (folder / "ledger.jsonl").read_text(encoding="utf-8")
    assert not any(text[place : place + 8] in ledger for place in range(8, len(text) - 7))


def test_a_line_of_the_ledger_that_was_altered_moved_or_left_out_is_noticed(folder: Path) -> None:
    issued(folder)
    issued(folder)
    file = folder / "ledger.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    altered = [line.replace(b'"Acme"', b'"Evil"') for line in lines]
    for spoiled in (altered, [lines[0], lines[2]], [lines[0], lines[2], lines[1]], lines[1:], [*lines, b"{}\n"]):
        file.write_bytes(b"".join(spoiled))
        with pytest.raises(SettingError, match="was altered"):
            vendor.books(folder)
    file.write_bytes(b"".join(lines))
    assert len(vendor.books(folder).issued) == 2


def test_a_line_that_was_half_written_when_the_machine_stopped_is_written_over(folder: Path) -> None:
    file = folder / "ledger.jsonl"
    file.write_bytes(file.read_bytes() + b'{"at":"2027-')
    issued(folder)
    assert len(vendor.books(folder).issued) == 1


def test_several_commands_at_once_wait_for_each_other(folder: Path) -> None:
    threads = [threading.Thread(target=issued, args=[folder]) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(vendor.books(folder).issued) == 6


def test_what_is_no_vendors_folder_says_how_to_make_one(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(SettingError, match="vendor init"):
        vendor.books(tmp_path)
    with pytest.raises(ConflictError, match="rotate"):
        vendor.init(folder, passphrase=PASSPHRASE, now=NOW)
    with pytest.raises(SettingError, match="too short"):
        vendor.init(tmp_path / "more", passphrase=b"short", now=NOW)
    with pytest.raises((SettingError, LicenseError)):
        vendor.books(tmp_path / "more")
