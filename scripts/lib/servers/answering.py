# SPDX-License-Identifier: Apache-2.0
"""Servers that answer as they are told to, byte by byte: for what a real one would never do on purpose."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Play = Callable[[socket.socket, bytes], None]


@contextmanager
def answering(play: Play, *, trust: ssl.SSLContext | None = None, greeting: bytes = b"") -> Iterator[str]:
    """Where a server listens that gives each connection's request to ``play``, until the block ends.

    ``greeting`` is said before anything was asked.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        Thread(target=_accept, args=(listening, play, trust, greeting), daemon=True).start()
        scheme = "http" if trust is None else "https"
        yield f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"
        # Not close alone: a thread that waits in accept would keep the port.
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)


def says(status: int, body: bytes, *headers: str) -> Play:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return lambda connection, _: connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def noting(asked: list[bytes], play: Play) -> Play:
    """``play``, with each request put into ``asked``."""

    def noted(connection: socket.socket, request: bytes) -> None:
        asked.append(request)
        play(connection, request)

    return noted


def _accept(listening: socket.socket, play: Play, trust: ssl.SSLContext | None, greeting: bytes) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            Thread(target=_serve, args=(connection, play, trust, greeting), daemon=True).start()


def _serve(plain: socket.socket, play: Play, trust: ssl.SSLContext | None, greeting: bytes) -> None:
    with suppress(OSError), plain:
        connection = plain if trust is None else trust.wrap_socket(plain, server_side=True)
        with connection:
            connection.sendall(greeting)
            play(connection, connection.recv(65_536) if greeting else _asked(connection))


def _asked(connection: socket.socket) -> bytes:
    """One request, headers and body."""
    found = b""
    while b"\r\n\r\n" not in found and (piece := connection.recv(65_536)):
        found += piece
    head, _, body = found.partition(b"\r\n\r\n")
    sizes = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    while len(body) < int(sizes[0] if sizes else 0) and (piece := connection.recv(65_536)):
        body += piece
    return head + b"\r\n\r\n" + body


def certified(folder: Path, *, name: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """A certificate for the address ``name`` that nobody else trusts, and a server's context with it."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, both = folder / f"{name}.pem", folder / f"{name}.both.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(pem.read_bytes() + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return pem, context
