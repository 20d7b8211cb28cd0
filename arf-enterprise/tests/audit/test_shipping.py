# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Sending to real receivers: syslog over UDP, TCP and TLS, OTLP over HTTP; and to ones that misbehave."""

from __future__ import annotations

import json
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from arf_enterprise.audit.entry import Sealed, body_of, record_of
from arf_enterprise.audit.formats import Event
from arf_enterprise.audit.reading import Record
from arf_enterprise.audit.shipping import BATCH, ship_cef, ship_otlp
from arf_enterprise.audit.testing import entry
from arf_enterprise.errors import DeliveryError, RequestError


def events(count: int) -> list[Event]:
    found = []
    for number in range(count):
        body = body_of(
            entry(number), entry_id="audit_" + "0" * 32, tenant="acme", sealed=Sealed(subject="system", text=None)
        )
        text = record_of(body, sequence=number, previous=b"\0" * 32)
        found.append(Event.of(Record(sequence=number, text=text, leaf=b"")))
    return found


@contextmanager
def listening(context: ssl.SSLContext | None = None) -> Iterator[tuple[int, list[bytes]]]:
    """A receiver of octet-counted syslog: its port, and the messages it got."""
    messages: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_receive, args=(server, context, messages))
        thread.start()
        yield server.getsockname()[1], messages
        thread.join(20)


def _receive(server: socket.socket, context: ssl.SSLContext | None, messages: list[bytes]) -> None:
    try:
        plain, _ = server.accept()
        with plain if context is None else context.wrap_socket(plain, server_side=True) as opened:
            data = b""
            while chunk := opened.recv(65_536):
                data += chunk
    except OSError:
        return
    while data:
        size, _, rest = data.partition(b" ")
        messages.append(rest[: int(size)])
        data = rest[int(size) :]


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1, and a server's side with it."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "siem")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, None)
    )  # fmt: skip
    pem = folder / "siem.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(made.public_bytes(Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return pem, context


SYSLOG = re.compile(rb"<110>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z - arf-enterprise - audit_0{26} - CEF:0\|ARF\|.*")


@pytest.mark.promise("AUD-3")
def test_every_record_arrives_once_and_in_order_over_tcp() -> None:
    told: list[int] = []
    with listening() as (port, messages):
        assert ship_cef(events(300), f"syslog+tcp://127.0.0.1:{port}", told=told.append) == 300
    assert told == list(range(300))
    assert all(SYSLOG.fullmatch(message) for message in messages)
    assert [int(message.rpartition(b"cn1=")[2]) for message in messages] == list(range(300))


@pytest.mark.promise("AUD-3")
def test_over_tls_the_receiver_must_be_who_it_says(tmp_path: Path) -> None:
    pem, context = certificate(tmp_path)
    with listening(context) as (port, messages):
        assert ship_cef(events(3), f"syslog+tls://127.0.0.1:{port}", told=lambda _: None, ca=pem) == 3
    assert len(messages) == 3
    with listening(context) as (port, messages), pytest.raises(DeliveryError, match="certificate"):
        ship_cef(events(3), f"syslog+tls://127.0.0.1:{port}", told=lambda _: None)
    assert messages == []


@pytest.mark.promise("AUD-3")
def test_over_udp_each_record_is_a_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        ship_cef(events(3), f"syslog+udp://127.0.0.1:{server.getsockname()[1]}", told=lambda _: None)
        assert all(SYSLOG.fullmatch(server.recv(65_536)) for _ in range(3))


@pytest.mark.parametrize(
    "to", ["siem.example:514", "syslog+ftp://a:1", "syslog+tcp://a", "syslog+tcp://a:x", "http://a:1"]
)
def test_an_address_that_is_none_is_refused(to: str) -> None:
    with pytest.raises(RequestError, match="no syslog address"):
        ship_cef(events(1), to, told=lambda _: None)


def test_a_receiver_that_is_not_there_is_said() -> None:
    with pytest.raises(DeliveryError, match=re.escape("127.0.0.1:1 ")):
        ship_cef(events(1), "syslog+tcp://127.0.0.1:1", told=lambda _: None)


class Receiver(BaseHTTPRequestHandler):
    """An OTLP receiver that answers as it is told to."""

    answers: list[tuple[int, bytes]]
    got: list[dict[str, object]]

    def do_POST(self) -> None:
        assert self.path == "/v1/logs"
        assert self.headers["Content-Type"] == "application/json"
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        code, answer = self.answers.pop(0) if self.answers else (200, b"{}")
        if code == 200:
            self.got.append(body)
        self.send_response(code)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@contextmanager
def collector(*answers: tuple[int, bytes]) -> Iterator[tuple[str, list[dict[str, object]]]]:
    handler = type("Answering", (Receiver,), {"answers": list(answers), "got": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1/logs", handler.got  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.promise("AUD-3")
def test_otlp_goes_out_in_batches_and_what_is_busy_is_asked_again() -> None:
    told: list[int] = []
    with collector((503, b""), (429, b"")) as (to, got):
        assert ship_otlp(events(BATCH + 1), to, tenant="acme", told=told.append, pause=lambda _: None) == BATCH + 1
    assert told == [BATCH - 1, BATCH]
    logs = [one["resourceLogs"][0]["scopeLogs"][0]["logRecords"] for one in got]  # type: ignore[index]
    assert [len(one) for one in logs] == [BATCH, 1]


@pytest.mark.promise("AUD-3")
@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([(200, b'{"partialSuccess": {"rejectedLogRecords": "2"}}')], "rejected 2"),
        ([(400, b"")], "answers 400"),
        ([(503, b"")] * 9, "answers 503"),
        ([(200, b"<html>")], "not as an OTLP receiver"),
        ([(200, b"[]")], "not as an OTLP receiver"),
    ],
)
def test_what_a_receiver_does_not_take_is_an_error_and_where_to_go_on_is_known(
    answers: list[tuple[int, bytes]], said: str
) -> None:
    told: list[int] = []
    with collector((200, b"{}"), *answers) as (to, _), pytest.raises(DeliveryError, match=said):
        ship_otlp(events(BATCH * 2), to, tenant="acme", told=told.append, pause=lambda _: None)
    assert told == [BATCH - 1]


def test_otlp_wants_an_address_of_http() -> None:
    with pytest.raises(RequestError, match="no address"):
        ship_otlp(events(1), "file:///etc/passwd", tenant="acme", told=lambda _: None)
