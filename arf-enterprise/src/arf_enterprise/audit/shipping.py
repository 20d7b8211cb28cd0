# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Sends records to other systems: syslog over UDP, TCP or TLS, and OTLP over HTTP.

1. At least once: after each batch that was acknowledged, or handed to the network where nothing acknowledges (syslog),
   its last sequence number is told; whoever starts again names that number, and may send some records twice. Over UDP,
   datagrams can be lost without anybody noticing.
2. Messages are RFC 5424, facility 13 (log audit); over a stream they are framed by octet counting (RFC 6587 section
   3.4.1, RFC 5425 section 4.3).
3. TLS verifies the receiver's certificate and name, always; a CA file can be named.
4. OTLP: a batch that is partly rejected is an error. 429, 502, 503 and 504 are tried again, a few times.
"""

from __future__ import annotations

import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from arf_enterprise.audit.formats import Event, cef, otlp
from arf_enterprise.errors import DeliveryError, RequestError

PATIENCE_S: Final = 10.0
BATCH: Final = 500
TRIES: Final = 4
AGAIN: Final = frozenset({429, 502, 503, 504})
AUDIT: Final = 13
"""The facility of syslog for audit logs."""
MOST_DATAGRAM: Final = 60_000

Told = Callable[[int], None]
"""Is told the sequence number up to which everything was sent (rule 1)."""


def ship_cef(events: Iterable[Event], to: str, *, told: Told, ca: Path | None = None) -> int:
    """Send ``events`` to ``to``, such as ``syslog+tls://siem.example:6514``; how many there were.

    Raises:
        RequestError: the address is none of syslog+udp, syslog+tcp, syslog+tls with host and port.
        DeliveryError: the receiver does not answer, or its certificate does not hold.
    """
    count = 0
    with _syslog(_address(to), ca) as send:
        for batch in _batches(events, 1):
            send(_message(batch[0]))
            told(int(batch[0]["sequence"]))
            count += 1
    return count


def ship_otlp(
    events: Iterable[Event], to: str, *, tenant: str, told: Told, pause: Callable[[float], None] = time.sleep
) -> int:
    """Send ``events`` to the OTLP receiver at ``to``, such as ``http://collector:4318/v1/logs``; how many there were.

    Raises:
        RequestError: the address is none.
        DeliveryError: it does not answer, not well, or rejects records.
    """
    if urlsplit(to).scheme not in {"http", "https"}:
        raise RequestError(f"{to[:80]!r} is no address of an OTLP receiver: http://HOST:4318/v1/logs")
    count = 0
    for batch in _batches(events, BATCH):
        _post(to, otlp(batch, tenant=tenant), pause)
        told(int(batch[-1]["sequence"]))
        count += len(batch)
    return count


def _message(event: Event) -> bytes:  # rule 2
    severity = 4 if event.was_refused else 6
    at = event.at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return f"<{AUDIT * 8 + severity}>1 {at} - arf-enterprise - {event['entry_id'][:32]} - {cef(event)}".encode()


def _address(to: str) -> SplitResult:
    try:
        found = urlsplit(to)
        usable = found.scheme in {"syslog+udp", "syslog+tcp", "syslog+tls"} and found.hostname and found.port
    except ValueError:
        usable = False
    if not usable:
        raise RequestError(f"{to[:80]!r} is no syslog address: syslog+udp, syslog+tcp or syslog+tls, ://HOST:PORT")
    return found


@contextmanager
def _syslog(to: SplitResult, ca: Path | None) -> Iterator[Callable[[bytes], None]]:
    host, port = str(to.hostname), int(to.port or 0)
    try:
        with closing(_datagrams(host, port) if to.scheme == "syslog+udp" else _stream(to, host, port, ca)) as opened:
            if to.scheme == "syslog+udp":
                yield lambda message: _no_more(opened.send(message[:MOST_DATAGRAM]))
            else:
                yield lambda message: opened.sendall(b"%d %s" % (len(message), message))
                _half_close(opened)
    except (OSError, ssl.SSLError) as error:
        raise DeliveryError(f"{to.scheme}://{host}:{port} does not take what is sent: {error}") from error


def _stream(to: SplitResult, host: str, port: int, ca: Path | None) -> socket.socket:
    plain = socket.create_connection((host, port), timeout=PATIENCE_S)
    if to.scheme == "syslog+tcp":
        return plain
    context = ssl.create_default_context(cafile=None if ca is None else str(ca))  # rule 3
    return context.wrap_socket(plain, server_hostname=host)


def _datagrams(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    opened = socket.socket(family, kind, protocol)
    opened.connect(address)
    return opened


def _half_close(opened: socket.socket) -> None:
    """Say that nothing more comes, and wait until the receiver has closed, as one that has read everything does.

    Many receivers of TLS close without a word of it, and some never do: neither says that anything was lost.
    """
    with suppress(ssl.SSLEOFError, ssl.SSLZeroReturnError, TimeoutError):
        plain = opened.unwrap() if isinstance(opened, ssl.SSLSocket) else opened
        plain.shutdown(socket.SHUT_WR)
        while plain.recv(4096):
            pass


def _no_more(_sent: int) -> None:
    return None


def _post(to: str, body: bytes, pause: Callable[[float], None]) -> None:
    asked = urllib.request.Request(to, data=body, headers={"Content-Type": "application/json"}, method="POST")  # noqa: S310 - the scheme was checked
    for attempt in range(TRIES):
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:  # noqa: S310
                _check_accepted(to, answer.read(2**20))
                return
        except urllib.error.HTTPError as error:
            if error.code not in AGAIN or attempt == TRIES - 1:  # rule 4
                raise DeliveryError(f"{to} answers {error.code}") from error
        except OSError as error:
            raise DeliveryError(f"{to} does not answer: {error}") from error
        pause(2.0**attempt / 4)


def _check_accepted(to: str, answer: bytes) -> None:
    try:
        found = json.loads(answer or b"{}")
        rejected = int(found.get("partialSuccess", {}).get("rejectedLogRecords", 0))
    except (ValueError, AttributeError, TypeError) as error:
        raise DeliveryError(f"{to} answers 200, but not as an OTLP receiver does") from error
    if rejected:
        raise DeliveryError(f"{to} rejected {rejected} records of a batch: read its log, then send them again")


def _batches(events: Iterable[Event], size: int) -> Iterator[list[Event]]:
    source = iter(events)
    while batch := list(islice(source, size)):
        yield batch
