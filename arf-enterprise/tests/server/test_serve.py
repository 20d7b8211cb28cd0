# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""The whole process: how it may be started, how it stops, and that no secret gets out of it."""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import httpx
import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from arf_enterprise.errors import SettingError
from arf_enterprise.server.settings import ServerSettings
from arf_enterprise.testing import FreshDatabases

PATIENCE_S = 60.0
EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is refused
ARF = [sys.executable, "-m", "arf_enterprise.cli"]


def environment(postgres: FreshDatabases, name: str, folder: Path, **more: str) -> dict[str, str]:
    kept = {key: os.environ[key] for key in ("PATH", "LANG") if key in os.environ}
    return {**kept, "ARF_DATA": str(folder), "ARF_DATABASE_URL": postgres.url(name), **more}


def run(settings: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ARF, *arguments], env=settings, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


@contextmanager
def serving(settings: dict[str, str], log: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A server process that is ready, and its port; it is stopped at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*ARF, "serve", "--port", str(port), *options], env=settings, stdout=output, stderr=output
        )
    try:
        wait_for(process, port, log)
        yield process, port
    finally:
        process.kill()
        process.wait()


def wait_for(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())


@pytest.mark.parametrize("host", [EVERYWHERE, "192.0.2.1", "::", "arf.example.com"])
def test_keys_do_not_go_over_a_network_in_the_clear(host: str) -> None:
    with pytest.raises(SettingError, match="in the clear"):
        ServerSettings(host=host)
    assert ServerSettings(host=host, behind_tls=True).host == host
    assert ServerSettings(host=host, certificate=Path("c"), certificate_key=Path("k")).host == host


def test_half_a_certificate_or_a_proxy_without_an_address_is_refused() -> None:
    with pytest.raises(SettingError, match="go together"):
        ServerSettings(certificate=Path("c"))
    with pytest.raises(SettingError, match="--proxy"):
        ServerSettings(proxies=("*",))


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--host", EVERYWHERE], 6, "in the clear"),
        (["--tls-certificate", "none.pem", "--tls-key", "none.pem"], 6, "cannot be used"),
        (["--port", "99999"], 6, "65535"),
        (["--unknown"], 6, "unknown"),
    ],
)
def test_a_server_that_cannot_start_says_why(
    postgres: FreshDatabases, tmp_path: Path, options: list[str], code: int, says: str
) -> None:
    done = run(environment(postgres, postgres.fresh(), tmp_path), "serve", *options)
    assert done.returncode == code, done.stderr
    assert says in done.stderr


def test_an_address_that_is_taken_is_said(postgres: FreshDatabases, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = environment(postgres, postgres.fresh(), tmp_path)
        done = run(settings, "serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 6
    assert "cannot be listened on" in done.stderr


def test_a_server_that_is_told_to_stop_finishes_what_is_under_way(postgres: FreshDatabases, tmp_path: Path) -> None:
    """A lock in the database holds the request up; the signal comes meanwhile; the answer comes all the same."""
    name = postgres.fresh()
    settings = environment(postgres, name, tmp_path)
    key = run(settings, "keys", "create", "--for", "root", "--role", "admin", "--quiet").stdout.strip()
    answers: list[int] = []
    with (
        serving(settings, tmp_path / "log") as (process, port),
        psycopg.connect(postgres.url(name, login="postgres")) as holder,
    ):

        def ask() -> None:
            asked = httpx.post(
                f"http://127.0.0.1:{port}/api/v1/keys", headers={"Authorization": f"Bearer {key}"},
                json={"subject": "bob", "roles": ["viewer"]}, timeout=PATIENCE_S, trust_env=False,
            )  # fmt: skip
            answers.append(asked.status_code)

        holder.execute("LOCK TABLE arf.api_key IN EXCLUSIVE MODE")
        thread = Thread(target=ask)
        thread.start()
        wait_until_held_up(postgres.url(name, login="postgres"))
        process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        holder.rollback()
        thread.join()
        assert process.wait(timeout=PATIENCE_S) == 0
    assert answers == [201]
    assert json.loads((tmp_path / "log").read_text().splitlines()[-1])["event"] == "stopped"


def test_while_it_serves_the_audit_log_gets_its_checkpoints(postgres: FreshDatabases, tmp_path: Path) -> None:
    settings = environment(postgres, postgres.fresh(), tmp_path)
    key = run(settings, "keys", "create", "--for", "root", "--role", "auditor", "--quiet").stdout.strip()
    with serving(settings, tmp_path / "log") as (process, port):
        end = time.monotonic() + PATIENCE_S
        url, headers = f"http://127.0.0.1:{port}/api/v1/audit/checkpoint", {"Authorization": f"Bearer {key}"}
        while (answer := httpx.get(url, headers=headers, trust_env=False)).status_code == 422:
            assert time.monotonic() < end
            time.sleep(0.1)
        assert answer.json()["size"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE_S) == 0


def wait_until_held_up(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            found = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
            if found is not None and found[0]:
                return
            time.sleep(0.02)
    raise AssertionError("nothing waits for the lock")


def certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / "cert.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def test_with_a_certificate_it_speaks_tls_and_nothing_else(postgres: FreshDatabases, tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    settings = environment(postgres, postgres.fresh(), tmp_path)
    options = ("--tls-certificate", str(chain), "--tls-key", str(key))
    with serving(settings, tmp_path / "log", *options) as (_, port):
        trust = ssl.create_default_context(cafile=str(chain))
        with httpx.Client(verify=trust, trust_env=False) as client:
            assert client.get(f"https://localhost:{port}/health").json() == {"status": "alive"}
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False)


PLANTED_LICENCE = "ARF-ENT-cGxhbnRlZC1saWNlbmNl.cGxhbnRlZC1zaWduYXR1cmU"


@pytest.mark.promise("SRV-2")
def test_no_secret_gets_out_of_the_process(postgres: FreshDatabases, tmp_path: Path) -> None:
    """Keys, tokens, passwords and a licence are planted everywhere; then everything that gets out is searched."""
    name = postgres.fresh()
    audit_key = base64.b64encode(bytes(range(32))).decode()
    settings = environment(
        postgres, name, tmp_path, ARF_LICENSE_KEY=PLANTED_LICENCE, ARF_AUDIT_KEY=audit_key, ARF_DEBUG="1"
    )
    key = run(settings, "keys", "create", "--for", "root", "--role", "admin", "--quiet").stdout.strip()
    wrong = f"{key[:-6]}WRONG0"
    token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJwbGFudGVkIn0.cGxhbnRlZC1zaWc"
    seen: list[str] = []
    with serving(settings, tmp_path / "log") as (process, port):
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            for text in (key, wrong, token):
                for path in ("/api/v1/me", "/api/v1/keys", "/api/v1/license", f"/api/v1/me?key={text}", f"/{text}"):
                    answer = client.get(path, headers={"Authorization": f"Bearer {text}", "Cookie": f"k={text}"})
                    seen.append(answer.text + repr(answer.headers))
            made = client.post("/api/v1/keys", headers={"Authorization": f"Bearer {key}"}, json={
                "subject": "bob", "roles": ["viewer"],
            })  # fmt: skip
            second = made.json()["key"]
            bad = client.post(
                "/api/v1/keys", headers={"Authorization": f"Bearer {key}"}, json={"subject": "b", "roles": [second]}
            )
            seen.append(bad.text)
        seen.append(Path(f"/proc/{process.pid}/cmdline").read_text())
        seen.append(Path(f"/proc/{process.pid}/comm").read_text())
    seen.append((tmp_path / "log").read_text())
    for arguments in (
        ["keys", "list", "--json"],
        ["status", "--json"],
        ["tenants", "list"],
        ["keys", "revoke", key],
        ["tenants", "add", key],
    ):
        done = run(settings, *arguments)
        seen.append(done.stdout + done.stderr)
    with psycopg.connect(postgres.url(name, login="postgres")) as connection:
        seen += [str(row[0]) for row in connection.execute("SELECT e::text FROM arf.audit_entry AS e")]
        seen += [str(row[0]) for row in connection.execute("SELECT application_name FROM pg_stat_activity")]
    seen.append((postgres.server.folder / "log").read_text(errors="replace"))
    everything = "\n".join(seen)
    assert len(everything) > 3000
    planted = [secret_of(key), secret_of(wrong), secret_of(second), token.split(".")[2], token.split(".")[1]]
    planted += [audit_key, *PLANTED_LICENCE.removeprefix("ARF-ENT-").split(".")]
    planted += [postgres.server.passwords["arf_app"], postgres.server.passwords["arf_owner"]]
    for secret in planted:
        for start in range(len(secret) - 7):
            assert secret[start : start + 8] not in everything, f"a slice of {planted.index(secret)} got out"


def secret_of(key: str) -> str:
    return key.split("_", 3)[3]
