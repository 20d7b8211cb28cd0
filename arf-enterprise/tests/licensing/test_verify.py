# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Attacks on a licence, each a story, each with an error of its own."""

from __future__ import annotations

import base64
import json
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arf_core.canonical import canonical_bytes
from arf_core.verify.signatures import DOMAIN
from arf_enterprise.errors import (
    EnterpriseError,
    LicenseError,
    LicenseForged,
    LicenseMalformed,
    LicenseMissing,
    LicenseRevoked,
    LicenseWrongCustomer,
    LicenseWrongProduct,
    LicenseWrongType,
)
from arf_enterprise.licensing.keyring import DEVELOPMENT_KEY, Keyring, VendorKey, package_keyring
from arf_enterprise.licensing.licence import SCHEMA, Edition, Licence
from arf_enterprise.licensing.revocations import Revocation, Revocations
from arf_enterprise.licensing.testing import (
    DEVELOPMENT,
    KEY_END,
    RING,
    START,
    STRANGER,
    VENDOR,
    key_string,
    licence,
    signed,
)
from arf_enterprise.licensing.token import MAX_SIZE, PREFIX, read, write
from arf_enterprise.licensing.verify import verify

ORDER = 2**252 + 27742317777372353535851937790883648493
"""The order of the group of Ed25519."""
GOOD = key_string()
PAYLOAD, SIGNATURE = GOOD.removeprefix(PREFIX).split(".")


def refused(text: str | None, error: type[LicenseError], **arguments: Any) -> str:
    with pytest.raises(error) as raised:
        verify(text, keyring=RING, **arguments)
    assert type(raised.value) is error
    assert str(raised.value).startswith("Enterprise license required")
    return str(raised.value)


def document(**changed: object) -> dict[str, object]:
    return {**licence().document(), **changed}


def flipped(data: bytes) -> Iterator[bytes]:
    for place in range(len(data)):
        for change in (0x01, 0xFF):
            yield bytes([*data[:place], data[place] ^ change, *data[place + 1 :]])


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.promise("LIC-1")
@pytest.mark.parametrize("edition", [edition for edition in Edition if edition is not Edition.DEVELOPMENT])
def test_a_licence_of_the_vendor_verifies_and_says_what_was_granted(edition: Edition) -> None:
    assert verify(key_string(edition), keyring=RING) == licence(edition)


def test_white_space_that_was_pasted_along_is_no_part_of_it() -> None:
    assert verify(f" \r\n{GOOD}\n\n", keyring=RING) == licence()


@pytest.mark.parametrize("text", [None, "", "  \n"])
def test_where_there_is_none_that_is_said(text: str | None) -> None:
    refused(text, LicenseMissing)


@pytest.mark.promise("LIC-1")
def test_somebody_flips_any_one_bit_and_it_is_never_accepted() -> None:
    for place in range(len(GOOD)):
        for bit in range(8):
            changed = chr(ord(GOOD[place]) ^ 1 << bit)
            text = GOOD[:place] + changed + GOOD[place + 1 :]
            if text.strip() != GOOD:
                with pytest.raises(LicenseError):
                    verify(text, keyring=RING)


@pytest.mark.promise("LIC-1")
def test_somebody_flips_any_one_byte_of_what_is_encoded_and_it_is_never_accepted() -> None:
    payload, signature = decoded(PAYLOAD), decoded(SIGNATURE)
    for altered in flipped(payload):
        with pytest.raises(LicenseError):
            verify(write(altered, signature), keyring=RING)
    for altered in flipped(signature):
        with pytest.raises(LicenseForged):
            verify(write(payload, altered), keyring=RING)


@pytest.mark.promise("LIC-1")
def test_cut_anywhere_it_is_no_licence() -> None:
    for length in range(1, len(GOOD)):
        refused(GOOD[:length], LicenseMalformed)
        refused(GOOD[length:], LicenseMalformed)


@pytest.mark.promise("LIC-1")
@pytest.mark.parametrize(
    "text",
    [
        f"{GOOD}=",
        f"{GOOD}==",
        f"{PREFIX}{PAYLOAD}==.{SIGNATURE}",
        GOOD.lower(),
        GOOD.replace("ARF-ENT-", "arf-ent-"),
        GOOD.replace("ARF-ENT-", ""),
        f"{PREFIX}{PAYLOAD[:60]}\n{PAYLOAD[60:]}.{SIGNATURE}",
        f"{PREFIX} {PAYLOAD}.{SIGNATURE}",
        f"{GOOD}.{SIGNATURE}",
        f"{GOOD} {GOOD}",
        f"\ufeff{GOOD}",
        f"{PREFIX}{PAYLOAD}.{SIGNATURE}\x00",
        GOOD.replace(".", "。"),
        "ARF-ENT-12345678901234567890",
        "{}",
    ],
)
def test_re_encoded_it_is_another_text_and_refused(text: str) -> None:
    refused(text, LicenseMalformed)


def test_standard_base64_is_not_the_spelling_of_a_licence() -> None:
    named = next(
        text
        for number in range(200)
        if set("-_") & set(text := key_string(customer=f"acme ÿþ{number}").removeprefix(PREFIX))
    )
    refused(PREFIX + named.replace("-", "+").replace("_", "/"), LicenseMalformed)


def test_the_unused_bits_of_the_last_character_are_not_free() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(decoded(SIGNATURE)) % 3 == 1
    last = alphabet.index(SIGNATURE[-1])
    for spare in range(1, 16):
        refused(GOOD[:-1] + alphabet[last ^ spare], LicenseMalformed)


@pytest.mark.promise("LIC-1")
@pytest.mark.parametrize(
    "payload",
    [
        json.dumps(document()).encode(),
        canonical_bytes(document()) + b" ",
        canonical_bytes(document()).replace(b'"acme"', b'"\\u0061cme"'),
        canonical_bytes(document()).replace(b'"nodes":20', b'"nodes":20.0'),
        canonical_bytes(document()).replace(b'{"alg"', b'{"alg":"ed25519","alg"'),
        canonical_bytes(document()).replace(b'"nodes":20', b'"nodes":20,"nodes":2000'),
        b"\xef\xbb\xbf" + canonical_bytes(document()),
        b"\xff" + canonical_bytes(document()),
        b"[" * 9000,
        b"[]",
        b"null",
        b"",
    ],
    ids="spaces trailing escape float key-twice limit-twice mark latin deep list null nothing".split(),
)  # fmt: skip
def test_json_that_is_not_canonical_is_refused_even_where_the_vendor_signed_it(payload: bytes) -> None:
    refused(write(payload, VENDOR.sign(DOMAIN + SCHEMA.encode() + b"\n" + payload)), LicenseMalformed)


@pytest.mark.promise("LIC-1")
def test_a_customer_raises_the_limits_and_the_signature_does_not_hold() -> None:
    other = canonical_bytes(document(limits={"nodes": 9999, "seats": 9999}))
    refused(f"{PREFIX}{encoded(other)}.{SIGNATURE}", LicenseForged)


@pytest.mark.promise("LIC-1")
def test_a_stranger_signs_a_licence_under_their_own_key_or_under_the_vendors_name() -> None:
    refused(key_string(key=STRANGER), LicenseForged)
    refused(signed(document(key_id=VENDOR.key_id), key=STRANGER), LicenseForged)


def test_a_signature_that_was_moved_along_the_group_is_another_and_refused() -> None:
    raw = decoded(SIGNATURE)
    moved = int.from_bytes(raw[32:], "little") + ORDER
    refused(f"{PREFIX}{PAYLOAD}.{encoded(raw[:32] + moved.to_bytes(32, 'little'))}", LicenseForged)


@pytest.mark.promise("LIC-1")
def test_somebody_swaps_the_algorithm() -> None:
    for algorithm in ("none", "HS256", "ed448", "Ed25519", ""):
        refused(f"{PREFIX}{encoded(canonical_bytes(document(alg=algorithm)))}.{SIGNATURE}", LicenseForged)
        refused(signed(document(alg=algorithm)), LicenseMalformed)


@pytest.mark.promise("LIC-1")
def test_what_the_right_key_signed_as_another_kind_is_no_licence() -> None:
    for kind in ("arf.policy-pack/1", "arf.licence-revocations/1", "arf.licence/2"):
        refused(signed(document(schema=kind), schema=kind), LicenseWrongType)
    # Signed as a policy pack, presented as a licence: the signature is over another domain.
    refused(signed(document(), schema="arf.policy-pack/1"), LicenseForged)


def test_the_signature_of_a_statement_is_none_of_a_licence() -> None:
    payload = canonical_bytes({"kind": SCHEMA, "payload": document(), "schema": "arf.statement/1"})
    refused(write(payload, VENDOR.sign(DOMAIN + SCHEMA.encode() + b"\n" + payload)), LicenseForged)


@pytest.mark.promise("LIC-1")
def test_a_licence_for_another_product_is_refused() -> None:
    assert "'arf-other'" in refused(key_string(product="arf-other"), LicenseWrongProduct)


@pytest.mark.promise("LIC-1")
def test_a_licence_of_another_customer_is_refused_where_the_installation_says_whose_it_is() -> None:
    assert verify(GOOD, keyring=RING, customer="acme").customer == "acme"
    assert "'acme'" in refused(GOOD, LicenseWrongCustomer, customer="globex")


@pytest.mark.promise("LIC-1")
def test_a_revoked_licence_is_refused_and_others_are_not() -> None:
    known = revocations("lic_0123456789abcdef")
    refused(GOOD, LicenseRevoked, revocations=[known])
    assert verify(GOOD, keyring=RING, revocations=[revocations("lic_other")]) == licence()


def test_what_anybody_could_sign_revokes_no_licence_of_a_vendor() -> None:
    anybodys = replace(revocations("lic_0123456789abcdef"), is_development=True)
    assert verify(GOOD, keyring=RING, revocations=[anybodys]) == licence()
    refused(key_string(Edition.DEVELOPMENT, key=DEVELOPMENT), LicenseRevoked, revocations=[anybodys])


@pytest.mark.promise("LIC-1")
@pytest.mark.parametrize("edition", list(Edition))
def test_a_development_key_signs_development_licences_and_no_other_key_signs_those(edition: Edition) -> None:
    right, wrong = (DEVELOPMENT, VENDOR) if edition is Edition.DEVELOPMENT else (VENDOR, DEVELOPMENT)
    assert verify(key_string(edition, key=right), keyring=RING).edition is edition
    refused(key_string(edition, key=wrong), LicenseForged)


@pytest.mark.promise("LIC-1")
def test_no_licence_outlives_its_key() -> None:
    ends = KEY_END - licence().grace
    assert verify(key_string(not_after=ends), keyring=RING).ends == KEY_END
    refused(key_string(not_after=ends + timedelta(microseconds=1)), LicenseForged)


@pytest.mark.promise("LIC-1")
def test_an_empty_list_of_features_is_no_feature() -> None:
    assert verify(key_string(features=frozenset()), keyring=RING).features == frozenset()


@pytest.mark.parametrize(
    "changed",
    [
        {"more": 1}, {"features": None}, {"features": ["b", "a"]}, {"features": ["a", "a"]}, {"features": ["*"]},
        {"features": "all"}, {"features": ["a"] * 65}, {"features": [["a"]]}, {"edition": "ultimate"},
        {"edition": ["trial"]},
        {"limits": {"nodes": 1}}, {"limits": {"nodes": 1, "seats": True}}, {"limits": {"nodes": -1, "seats": 1}},
        {"limits": {"nodes": 1.5, "seats": 1}}, {"limits": []}, {"grace_days": 91}, {"grace_days": None},
        {"customer": ""},
        {"customer": "a\nb"}, {"customer": "a" * 201}, {"licence_id": 5}, {"not_after": "2027-01-01"},
        {"not_after": "2027-01-01T00:00:00+00:00"}, {"not_after": "2025-01-01T00:00:00.000000Z"},
        {"not_after": None},
        {"not_after": "9999-12-31T23:59:59.999999Z"}, {"not_before": "2027-02-30T00:00:00.000000Z"}, {"product": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_field_that_is_wrong_is_refused_though_the_vendor_signed_it(changed: dict[str, object]) -> None:
    refused(signed(document(**changed)), LicenseMalformed)


@pytest.mark.parametrize("name", sorted(licence().document()))
def test_a_field_that_is_missing_is_refused_though_the_vendor_signed_it(name: str) -> None:
    rest = {key: value for key, value in licence().document().items() if key != name}
    refused(signed(rest), LicenseForged if name == "key_id" else LicenseMalformed)


@pytest.mark.promise("LIC-1")
def test_ten_megabytes_are_refused_before_they_are_decoded() -> None:
    for text in (PREFIX + "A" * 10_000_000, f"{GOOD}{' ' * 10_000_000}x", PREFIX + "é" * 10_000_000):
        started = time.process_time()
        assert f"at most {MAX_SIZE}" in refused(text, LicenseMalformed)
        assert time.process_time() - started < 10 * small_work()


def small_work() -> float:
    """What a few strips of such a text cost here: the measure for what is fast."""
    started = time.process_time()
    for _ in range(3):
        (" " * 10_000_000 + "x").strip()
    return max(time.process_time() - started, 0.01)


@pytest.mark.promise("LIC-1")
def test_no_argument_setting_variable_or_file_adds_a_key(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ARF_LICENSE_KEYS", "ARF_VENDOR_KEYS", "ARF_TRUSTED_KEYS", "ARF_KEYRING", "ARF_LICENSE_PUBLIC_KEY"):
        monkeypatch.setenv(name, base64.b64encode(VENDOR.public_key).decode())
    monkeypatch.chdir(tmp_path)
    (tmp_path / "keys.json").write_text(json.dumps({"keys": []}), encoding="utf-8")
    package_keyring.cache_clear()
    with pytest.raises(LicenseForged):
        verify(GOOD, keyring=package_keyring())
    with pytest.raises(TypeError):
        package_keyring().by_id["x"] = next(iter(RING.by_id.values()))  # type: ignore[index]
    with pytest.raises(AttributeError):
        package_keyring().by_id = RING.by_id  # type: ignore[misc]


@pytest.mark.promise("LIC-1")
def test_this_build_trusts_the_development_key_alone() -> None:
    assert [key.public_key for key in package_keyring().by_id.values()] == [DEVELOPMENT_KEY]
    assert package_keyring().by_id.keys() == {DEVELOPMENT.key_id}


FIELDS = st.fixed_dictionaries(
    {
        "customer": st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=40),
        "nodes": st.integers(0, 1_000_000),
        "features": st.frozensets(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True), max_size=8),
    }
)


@settings(deadline=None)
@given(FIELDS)
def test_whatever_the_vendor_grants_is_read_back_as_it_was_granted(fields: dict[str, Any]) -> None:
    granted = replace(licence(), **fields)
    assert verify(signed(granted.document()), keyring=RING) == granted


@pytest.mark.promise("LIC-2")
@settings(deadline=None)
@given(FIELDS, st.sampled_from(["forged", "cut", "bits", "type", "product", "unknown", "padding", "twice"]), st.data())
def test_no_message_or_repr_has_a_slice_of_the_key(fields: dict[str, Any], how: str, data: st.DataObject) -> None:
    granted = replace(licence(), **fields)
    text = spoiled(granted, how, data)
    with pytest.raises(EnterpriseError) as raised:
        verify(text, keyring=RING)
    said = (
        "".join(traceback.format_exception(raised.value, chain=True)) + repr(raised.value) + said_before(raised.value)
    )
    secrets = text.replace(PREFIX, "")
    assert not any(secrets[place : place + 8] in said for place in range(len(secrets) - 7))


def said_before(error: BaseException) -> str:
    """What an error came from, also where it is not shown."""
    return "" if error.__context__ is None else repr(error.__context__) + said_before(error.__context__)


def test_what_was_read_shows_nothing_of_it_either() -> None:
    said = repr(read(GOOD))
    assert not any(GOOD[place : place + 8] in said for place in range(len(PREFIX), len(GOOD) - 7))


def spoiled(granted: Licence, how: str, data: st.DataObject) -> str:
    good = signed(granted.document())
    place = data.draw(st.integers(len(PREFIX) + 1, len(good) - 10))
    match how:
        case "forged":
            return signed(replace(granted, key_id=STRANGER.key_id).document(), key=STRANGER)
        case "cut":
            return good[:place]
        case "bits":
            return good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        case "type":
            return signed({**granted.document(), "schema": "arf.other/1"}, schema="arf.other/1")
        case "product":
            return signed(replace(granted, product="arf-other").document())
        case "unknown":
            return signed({**granted.document(), "unknown": 1})
        case "padding":
            return f"{good}="
        case _:
            return f"{good}\n{good}"


def revocations(licence_id: str) -> Revocations:
    revoked = Revocation(licence_id=licence_id, revoked_at=START, reason="refunded")
    return Revocations(number=1, signed_at=START, revoked={licence_id: revoked}, is_development=False)


def test_a_ring_has_each_key_once_by_its_own_id() -> None:
    ring = Keyring.of(VendorKey(public_key=VENDOR.public_key, not_after=KEY_END, is_development=False))
    assert list(ring.by_id) == [VENDOR.key_id]
