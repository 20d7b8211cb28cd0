# SPDX-License-Identifier: LicenseRef-ARF-Enterprise
"""Bearer tokens: what is taken, and every attack that is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from arf_enterprise.errors import NotAuthenticated
from arf_enterprise.identity.provider import ALGORITHMS
from arf_enterprise.identity.testing import LocalProvider, SigningKey, local_provider, signing_key
from arf_enterprise.identity.tokens import LONGEST, MOST_BYTES, verify

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


class Known:
    """The keys of a provider, without a network."""

    def __init__(self, provider: LocalProvider) -> None:
        self._provider = provider

    def find(self, kid: str, kty: str) -> Mapping[str, object] | None:
        found = [key.jwk() for key in self._provider.keys]
        return next((key for key in found if key["kid"] == kid and key["kty"] == kty), None)


@pytest.fixture(scope="module")
def shared() -> Iterator[LocalProvider]:
    with local_provider() as provider:
        yield provider


@pytest.fixture
def provider(shared: LocalProvider) -> LocalProvider:
    shared.rotate()
    return shared


def check(provider: LocalProvider, token: str, *, now: datetime = NOW, **settings: Any) -> Mapping[str, object]:
    return verify(token, provider=provider.settings(**settings), keys=Known(provider), now=now)


def part(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed_anyhow(key: SigningKey, header: object, claims: object) -> str:
    """A token whose parts are whatever they are, truly signed by ``key``."""
    text = f"{part(header)}.{part(claims)}"
    maker = jwt.get_algorithm_by_name(key.algorithm)
    return f"{text}.{part(maker.sign(text.encode(), key.private))}"


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_by_each_algorithm_is_taken(provider: LocalProvider, algorithm: str) -> None:
    provider.rotate(algorithm)
    assert check(provider, provider.token(now=NOW))["sub"] == "alice"


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
def test_a_token_that_says_it_needs_no_signature_is_refused(provider: LocalProvider, name: str) -> None:
    header = {"alg": name, "kid": provider.keys[0].kid, "typ": "at+jwt"}
    token = f"{part(header)}.{part(provider.claims(now=NOW))}."
    with pytest.raises(NotAuthenticated, match="alg"):
        check(provider, token)


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize("name", ["HS256", "HS384", "HS512"])
@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_the_public_key_does_not_serve_as_a_shared_secret(
    provider: LocalProvider, name: str, encoding: Encoding
) -> None:
    key = provider.rotate("RS256")
    secret = key.private.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    text = f"{part({'alg': name, 'kid': key.kid, 'typ': 'at+jwt'})}.{part(provider.claims(now=NOW))}"
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[name]
    token = f"{text}.{part(hmac.digest(secret, text.encode(), digest))}"
    with pytest.raises(NotAuthenticated, match="alg"):
        check(provider, token)


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize("name", [one for one in ALGORITHMS if one != "ES256"])
def test_an_algorithm_that_is_not_the_keys_is_refused(provider: LocalProvider, name: str) -> None:
    token = signed_anyhow(provider.keys[0], {"alg": name, "kid": provider.keys[0].kid}, provider.claims(now=NOW))
    with pytest.raises(NotAuthenticated):
        check(provider, token)


def test_an_rsa_key_for_one_padding_is_not_used_for_the_other(provider: LocalProvider) -> None:
    key = provider.rotate("RS256")
    other = SigningKey(kid=key.kid, algorithm="PS256", private=key.private)
    with pytest.raises(NotAuthenticated, match="alg is not that of its key"):
        check(provider, provider.token(now=NOW, key=other))


def test_an_algorithm_that_the_settings_left_out_is_refused(provider: LocalProvider) -> None:
    with pytest.raises(NotAuthenticated, match="none of RS256"):
        check(provider, provider.token(now=NOW), algorithms=("RS256",))


@pytest.mark.promise("SRV-2")
def test_a_key_that_the_token_brings_along_is_not_looked_at(provider: LocalProvider) -> None:
    own = signing_key()
    honest = provider.keys[0]
    for header in (
        {"jwk": own.jwk(), "kid": own.kid},
        {"jwk": own.jwk(), "kid": honest.kid},
        {"jku": "http://127.0.0.1:1/keys", "kid": own.kid},
        {"x5u": "http://127.0.0.1:1/chain", "kid": honest.kid},
        {"kid": "../../etc/passwd"},
        {"kid": "' OR 1=1 --"},
    ):
        with pytest.raises(NotAuthenticated):
            check(provider, provider.token(now=NOW, key=own, header=header))


def test_a_signature_by_another_key_of_the_same_name_is_refused(provider: LocalProvider) -> None:
    forged = SigningKey(kid=provider.keys[0].kid, algorithm="ES256", private=signing_key().private)
    with pytest.raises(NotAuthenticated, match="signature does not hold"):
        check(provider, provider.token(now=NOW, key=forged))


def test_claims_that_were_altered_are_refused(provider: LocalProvider) -> None:
    header, _, signature = provider.token(now=NOW).split(".")
    altered = provider.claims(now=NOW, groups=["admin"])
    with pytest.raises(NotAuthenticated, match="signature does not hold"):
        check(provider, f"{header}.{part(altered)}.{signature}")


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"iss": "https://other.example"}, "another issuer"),
        ({"iss": None}, "another issuer"),
        ({"aud": "another-api"}, "audience"),
        ({"aud": ["another-api", "and-another"]}, "audience"),
        ({"aud": None}, "audience"),
        ({"sub": None}, "sub"),
        ({"sub": ""}, "sub"),
        ({"sub": "a\nb"}, "sub"),
        ({"sub": 7}, "sub"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 1e300}, "exp"),
        ({"iat": None}, "iat"),
        ({"cnf": {"jkt": "x"}}, "bound"),
    ],
)
def test_a_claim_that_is_missing_or_wrong_is_named(
    provider: LocalProvider, changed: dict[str, object], says: str
) -> None:
    key = provider.keys[0]
    header = {"alg": key.algorithm, "kid": key.kid, "typ": "at+jwt"}
    claims = provider.claims(now=NOW)
    claims = {name: value for name, value in {**claims, **changed}.items() if value is not None}
    with pytest.raises(NotAuthenticated, match=says):
        check(provider, signed_anyhow(key, header, claims))


def test_one_of_several_audiences_is_enough(provider: LocalProvider) -> None:
    assert check(provider, provider.token(now=NOW, aud=["other", "arf"]))["sub"] == "alice"


def test_an_issuer_that_differs_in_a_slash_is_another(provider: LocalProvider) -> None:
    with pytest.raises(NotAuthenticated, match="another issuer"):
        check(provider, provider.token(now=NOW, iss=provider.issuer + "/"))


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize("skew", [0, 60, 300])
def test_a_token_ends_when_it_says_and_no_later_than_the_clocks_may_differ(provider: LocalProvider, skew: int) -> None:
    token = provider.token(now=NOW)
    end = NOW + timedelta(seconds=600 + skew)
    allowed = timedelta(seconds=skew)
    assert check(provider, token, now=end - timedelta(seconds=1), skew=allowed)
    for late in (0, 1):
        with pytest.raises(NotAuthenticated, match="expired"):
            check(provider, token, now=end + timedelta(seconds=late), skew=allowed)


@pytest.mark.promise("SRV-2")
@pytest.mark.parametrize("claim", ["iat", "nbf"])
def test_a_token_from_the_future_is_refused(provider: LocalProvider, claim: str) -> None:
    start = int(NOW.timestamp())
    for ahead, is_taken in ((60, True), (61, False)):
        changed: dict[str, Any] = {claim: start + ahead}
        token = provider.token(now=NOW, **changed)
        if is_taken:
            assert check(provider, token)
        else:
            with pytest.raises(NotAuthenticated, match="future"):
                check(provider, token)


def test_a_token_that_lives_too_long_is_refused(provider: LocalProvider) -> None:
    start = int(NOW.timestamp())
    longest = int(LONGEST.total_seconds())
    assert check(provider, provider.token(now=NOW, exp=start + longest))
    with pytest.raises(NotAuthenticated, match="lives longer"):
        check(provider, provider.token(now=NOW, exp=start + longest + 1))


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ({"typ": "logout+jwt"}, "typ"),
        ({"typ": "dpop+jwt"}, "typ"),
        ({"typ": 7}, "typ"),
        ({"crit": ["exp"]}, "critical"),
        ({"b64": False}, "critical"),
        ({"kid": None}, "kid"),
        ({"kid": 7}, "kid"),
        ({"kid": "x" * 300}, "kid"),
        ({"kid": "unknown"}, "does not have"),
        ({"alg": ["ES256"]}, "alg"),
    ],
)
def test_a_header_that_says_something_else_is_refused(
    provider: LocalProvider, header: dict[str, object], says: str
) -> None:
    key = provider.keys[0]
    whole = {"alg": key.algorithm, "kid": key.kid, "typ": "at+jwt", **header}
    with pytest.raises(NotAuthenticated, match=says):
        check(provider, signed_anyhow(key, whole, provider.claims(now=NOW)))


def test_an_id_token_is_no_access_token_where_the_settings_say_so(provider: LocalProvider) -> None:
    assert check(provider, provider.token(now=NOW, header={"typ": "JWT"}))
    with pytest.raises(NotAuthenticated, match="typ"):
        check(provider, provider.token(now=NOW, header={"typ": "JWT"}), token_type="at+jwt")
    assert check(provider, provider.token(now=NOW, header={"typ": "application/at+jwt"}), token_type="at+jwt")


@pytest.mark.parametrize("where", [0, 1])
def test_a_doubled_key_is_refused_though_it_is_signed(provider: LocalProvider, where: int) -> None:
    key = provider.keys[0]
    parts = [json.dumps({"alg": key.algorithm, "kid": key.kid}), json.dumps(provider.claims(now=NOW))]
    parts[where] = parts[where][:-1] + ', "sub": "bob", "sub": "admin"}'
    with pytest.raises(NotAuthenticated, match="cannot be read"):
        check(provider, signed_anyhow(key, parts[0].encode(), parts[1].encode()))


@pytest.mark.parametrize(
    "token", ["", ".", "..", "a.b", "a.b.c.d", "a.b.c", "\u00e9.b.c", "e30.e30.", "W10.e30.e30", "x" * (MOST_BYTES + 1)]
)
def test_what_is_no_token_is_refused(provider: LocalProvider, token: str) -> None:
    with pytest.raises(NotAuthenticated):
        check(provider, token)


def test_no_message_quotes_the_token(provider: LocalProvider) -> None:
    good = provider.token(now=NOW, groups=["planted-secret"])
    header, claims, signature = good.split(".")
    for token in (f"{header}.{claims}.AAAA", f"{header}.{claims}", f"{header}.{claims}!.{signature}"):
        with pytest.raises(NotAuthenticated) as raised:
            check(provider, token)
        assert not any(piece in str(raised.value) for piece in (claims[:12], signature[:12], "planted"))
