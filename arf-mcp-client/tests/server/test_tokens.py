# SPDX-License-Identifier: Apache-2.0
"""Tokens, with real keys: the good one passes, and every way to forge or misuse one is refused."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from arf_core.errors import SettingsError
from arf_mcp_client.server.tokens import JwtVerifier, OneToken, auth_of, read_keys
from arf_mcp_client.settings import HttpSettings, OAuth

pytestmark = pytest.mark.anyio
ISSUER, AUDIENCE = "https://id.example", "https://arf.example/mcp"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def jwks(file: Path, *, with_ec: bool = True) -> Path:
    keys = [{**RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True), "kid": "r1", "use": "sig", "alg": "RS256"}]
    if with_ec:
        keys.append({**ECAlgorithm.to_jwk(EC.public_key(), as_dict=True), "kid": "e1", "use": "sig", "alg": "ES256"})
    file.write_text(json.dumps({"keys": keys}))
    return file


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "agent-7",
        "client_id": "desk",
        "scope": "arf.read other",
        "exp": now + 60,
    }
    return {name: value for name, value in {**whole, **changed}.items() if value is not None}


def signed(
    key: Any = RSA, algorithm: str = "RS256", kid: str | None = "r1", typ: str = "at+jwt", **changed: Any
) -> str:
    headers = {"typ": typ} if kid is None else {"typ": typ, "kid": kid}
    return jwt.encode(claims(**changed), key, algorithm=algorithm, headers=headers)


@pytest.fixture
def verifier(tmp_path: Path) -> JwtVerifier:
    return JwtVerifier(OAuth(issuer=ISSUER, audience=AUDIENCE, jwks=jwks(tmp_path / "keys.json")))


async def test_a_token_of_the_issuer_for_this_server_says_who_holds_it(verifier: JwtVerifier) -> None:
    for token in (signed(), signed(EC, "ES256", "e1"), signed(aud=["https://x.example", AUDIENCE]), signed(typ="JWT")):
        holder = await verifier.verify_token(token)
        assert holder is not None
        assert (holder.client_id, holder.subject, holder.resource) == ("desk", "agent-7", AUDIENCE)
        assert holder.scopes == ["arf.read", "other"]
        assert holder.token == ""


PEM = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def unsigned() -> str:
    return jwt.encode(claims(), None, algorithm="none", headers={"kid": "r1"})  # type: ignore[arg-type]


def confused() -> str:
    """The public key misused as a shared secret: what servers that trust the token's ``alg`` fall for."""
    import base64
    import hashlib
    import hmac

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    body = f"{part({'alg': 'HS256', 'kid': 'r1', 'typ': 'at+jwt'})}.{part(claims())}"
    mac = hmac.new(PEM, body.encode(), hashlib.sha256).digest()
    return f"{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def altered() -> str:
    head, _, signature = signed().split(".")
    _, body, _ = signed(sub="somebody-else").split(".")
    return f"{head}.{body}.{signature}"


@pytest.mark.parametrize(
    "forge",
    [
        unsigned,
        confused,
        altered,
        lambda: signed(OTHER),
        lambda: signed(kid="r2"),
        lambda: signed(kid=None),
        lambda: signed(EC, "ES256", "r1"),
        lambda: signed(algorithm="RS512"),
        lambda: signed(iss="https://id.example.evil"),
        lambda: signed(iss=ISSUER + "/"),
        lambda: signed(aud="https://other.example/mcp"),
        lambda: signed(aud=None),
        lambda: signed(exp=int(time.time()) - 120),
        lambda: signed(exp=None),
        lambda: signed(exp=float("inf")),
        lambda: signed(exp="soon"),
        lambda: signed(nbf=int(time.time()) + 3600),
        lambda: signed(sub=None),
        lambda: signed(typ="dpop+jwt"),
        lambda: signed(note="x" * 20_000),
        lambda: "",
        lambda: "a.b.c",
        lambda: "....",
        lambda: signed()[:-8],
    ],
)
async def test_every_other_token_is_refused(verifier: JwtVerifier, forge: Callable[[], str]) -> None:
    assert await verifier.verify_token(forge()) is None
    assert await verifier.verify_token(signed()) is not None


async def test_keys_are_read_again_when_the_file_is_written_anew(tmp_path: Path) -> None:
    file = jwks(tmp_path / "keys.json", with_ec=False)
    verifier = JwtVerifier(OAuth(issuer=ISSUER, audience=AUDIENCE, jwks=file))
    assert await verifier.verify_token(signed(EC, "ES256", "e1")) is None
    jwks(file)
    os.utime(file, ns=(1, 1))
    assert await verifier.verify_token(signed(EC, "ES256", "e1")) is not None
    file.write_text("not a key set")
    assert await verifier.verify_token(signed(EC, "ES256", "e1")) is not None


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[]", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQ", "kid": "s"}]}'],
)
def test_a_file_without_a_usable_public_key_is_refused_at_the_start(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(content)
    with pytest.raises(SettingsError, match=r"keys\.json"):
        read_keys(file)
    with pytest.raises(SettingsError, match="nothing"):
        read_keys(tmp_path / "nothing.json")


async def test_one_token_knows_itself_and_nothing_else() -> None:
    known = OneToken("a-token-of-some-length")
    holder = await known.verify_token("a-token-of-some-length")
    assert holder is not None
    assert holder.token == ""
    for wrong in ("", "a-token-of-some-lengtH", "a-token-of-some-length ", "ü", "a-token-of-some-length\x00"):
        assert await known.verify_token(wrong) is None


def test_without_a_token_and_an_issuer_nobody_is_asked() -> None:
    assert auth_of(HttpSettings()) == (None, None)
