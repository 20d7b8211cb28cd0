# SPDX-License-Identifier: Apache-2.0
"""The credentials are nowhere but in the header they belong in, and go nowhere but where they were given for."""

from __future__ import annotations

import copy
import logging
import pickle
import ssl
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import anyio
import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from arf_core.models.healing_intent import HealingIntent
from arf_mcp_client import Credentials, HandOffError, HandOffReceipt, Outbox, Patience, send_all, submit_intent
from played.enterprise import ANSWERS, TOKEN, PlayedEnterprise
from played.wire import FAULTS, FaultyWire

ONCE = Patience(attempts=1)
BRIEFLY = Patience(attempts=1, attempt_s=0.6)


def submit(
    url: str,
    intent: HealingIntent,
    *,
    ca_file: Path | None = None,
    allow_http: bool = False,
    patience: Patience = ONCE,
) -> HandOffReceipt:
    async def run() -> HandOffReceipt:
        return await submit_intent(url, intent, TOKEN, patience=patience, ca_file=ca_file, allow_http=allow_http)

    return anyio.run(run)


def told(error: BaseException) -> Iterator[str]:
    """Everything an error and what hangs on it says, the objects its arguments and attributes hold included."""
    seen: list[BaseException] = []
    queue: list[BaseException | None] = [error]
    while queue:
        one = queue.pop()
        if one is None or one in seen:
            continue
        seen.append(one)
        yield from (repr(one), str(one), repr(one.args), repr(vars(one)))
        if isinstance(request := getattr(one, "_request", None), httpx.Request):
            yield repr(request.headers.raw)
        queue += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
    yield "".join(traceback.format_exception(error))


@pytest.mark.parametrize("answer", sorted(ANSWERS))
def test_no_answer_brings_the_token_into_an_error_a_receipt_or_a_log(
    played: PlayedEnterprise, intent: HealingIntent, answer: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    played.say(answer)
    outbox = Outbox(tmp_path / "outbox.jsonl")
    outbox.add(intent)

    async def run() -> list[object]:
        async def hand_over(one: HealingIntent) -> HandOffReceipt:
            return await submit_intent(played.url, one, TOKEN, patience=ONCE)

        return list(await send_all(outbox, hand_over))

    (delivery,) = anyio.run(run)
    error = getattr(delivery, "error", None)
    texts = [*(told(error) if error else ()), repr(delivery), outbox.file.read_text(), caplog.text]
    assert not [text for text in texts if TOKEN in text]
    assert played.seen[0][0]["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"passes"}))
def test_no_broken_connection_leaves_the_token_in_what_it_raises(
    wire: FaultyWire, intent: HealingIntent, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    wire.fail(fault)
    with pytest.raises(HandOffError) as caught:
        submit(wire.url, intent, patience=BRIEFLY if fault == "answer never ends" else ONCE)
    assert not [text for text in (*told(caught.value), caplog.text) if TOKEN in text]


def test_a_receipt_in_which_the_server_sent_the_token_back_does_not_show_it(
    played: PlayedEnterprise, intent: HealingIntent
) -> None:
    played.say("its credentials sent back")
    receipt = submit(played.url, intent)
    assert receipt.answer["debug"] == "Authorization: Bearer [credentials]"


def test_credentials_show_and_copy_nothing() -> None:
    credentials = Credentials(token=TOKEN)
    assert TOKEN not in f"{credentials} {credentials!r}"
    with pytest.raises(TypeError):
        pickle.dumps(credentials)
    with pytest.raises(TypeError):
        copy.deepcopy(credentials)


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "tab\t", "ümlaut", "x" * 9000])
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(HandOffError, match="visible ASCII") as refused:
        Credentials(token=token)
    assert not token or token not in str(refused.value)


def test_credentials_come_from_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert Credentials.from_file(file) == Credentials.from_environment({"ARF_ENTERPRISE_TOKEN": TOKEN})
    with pytest.raises(HandOffError, match="cannot be read: No such file"):
        Credentials.from_file(tmp_path / "none")
    with pytest.raises(HandOffError, match="set ARF_ENTERPRISE_TOKEN"):
        Credentials.from_environment({})


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://arf.example", "is not https"),
        ("http://localhost.example", "is not https"),
        ("http://10.0.0.1:8080", "is not https"),
        (f"https://user:{TOKEN}@arf.example", "user name or password"),
        (f"https://arf.example/?token={TOKEN}", "query or fragment"),
        (f"https://arf.example/#{TOKEN}", "query or fragment"),
        ("ftp://arf.example", "must be http:// or https://"),
        ("arf.example", "must be http:// or https://"),
        ("https://", "must be http:// or https://"),
        ("https://arf.example\\@evil.example", "must be http:// or https://"),
        ("https://arf.example:99999", "does not exist"),
        ("https://[::1", "does not exist"),
        ("https://a b", "must be http:// or https://"),
        ("https://a\r\nX: y", "must be http:// or https://"),
    ],
)
def test_an_address_that_would_expose_the_token_is_refused(intent: HealingIntent, url: str, said: str) -> None:
    with pytest.raises(HandOffError, match=said) as refused:
        submit(url, intent)
    assert TOKEN not in str(refused.value)


def test_environment_variables_do_not_put_a_proxy_in_between(
    played: PlayedEnterprise, intent: HealingIntent, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert submit(played.url, intent).executed


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "arf.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def test_a_certificate_that_nobody_vouches_for_ends_it_before_anything_is_sent(
    certificate: tuple[Path, Path], intent: HealingIntent
) -> None:
    with PlayedEnterprise(certificate=(str(certificate[0]), str(certificate[1]))) as server:
        with pytest.raises(HandOffError, match="certificate is not trusted: self-signed") as refused:
            submit(server.url, intent)
        assert not [text for text in told(refused.value) if TOKEN in text]
        with pytest.raises(HandOffError, match="certificate is not trusted: "):
            submit(server.url, intent, allow_http=True)
        assert server.seen == []
        assert submit(server.url, intent, ca_file=certificate[0]).executed
        with pytest.raises(HandOffError, match=r"certificate is not trusted|not trusted"):
            submit(server.url.replace("127.0.0.1", "localhost"), intent, ca_file=certificate[0])


def test_a_file_of_authorities_that_is_none_is_named(intent: HealingIntent, tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("not PEM")
    with pytest.raises(HandOffError, match=r"ca\.pem cannot be read as PEM"):
        submit("https://127.0.0.1:1", intent, ca_file=file)
    assert ssl.OPENSSL_VERSION
